package jsonquery

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// keyValue makes an object of each pair of an object: its key, its value, and a number that stands for the object.
func (r *run) keyValue(x *jsonpath.Item, e *entry, found *list) (status, error) {
	if e.kind() != '{' {
		return r.fail(sqlerr.SQLJSONObjectNotFound, "jsonpath item method .keyvalue() can only be applied to an object")
	}
	id := strconv.FormatInt(e.objectID(), 10)
	st := notFound
	var err error
	e.members(func(key string, m *entry) bool {
		if st = ok; x.Next == nil && found == nil {
			return false
		}
		doc := append([]byte(`{"id": `), id...)
		doc = value.JSONQuote(append(doc, `, "key": `...), key)
		doc = append(append(append(doc, `, "value": `...), m.doc...), '}')
		pair := &entry{doc: string(doc), id: r.nextID}
		r.nextID++
		st, err = r.next(x, pair, found)
		return err == nil && st != failure && !(st == ok && found == nil)
	})
	return st, err
}

// objectID is the number that PostgreSQL gives an object: that of the document it is part of, and its place in the binary form of that.
func (x *entry) objectID() int64 {
	root, offset := x.place()
	return root.id*10000000000 + int64(offset)
}

// place returns the document that an entry is part of, and where in its binary form a container begins.
func (x *entry) place() (root *entry, offset int) {
	if x.parent == nil {
		return x, 0
	}
	root, start := x.parent.place()
	w := value.JSONMembers(x.parent.doc)
	var keys, values []string
	for {
		key, doc, more := w.Next()
		if !more {
			break
		}
		keys, values = append(keys, key), append(values, doc)
	}
	at := start + 4 + 4*len(values)
	if x.parent.kind() == '{' {
		at += 4 * len(values)
		for _, k := range keys {
			at += len(k)
		}
	}
	for _, doc := range values[:x.nth] {
		at = afterBinary(doc, at)
	}
	return root, aligned(at)
}

func aligned(at int) int { return (at + 3) &^ 3 }

// afterBinary returns where a document ends whose binary form begins at a place: a container has a header and a word for each key and value, then these;
// numbers and containers are aligned to four bytes.
func afterBinary(doc string, at int) int {
	switch doc[0] {
	case '"':
		text, _ := value.JSONText(doc)
		return at + len(text)
	case 't', 'f', 'n':
		return at
	case '{', '[':
		var values []string
		keyBytes := 0
		w := value.JSONMembers(doc)
		for {
			key, v, more := w.Next()
			if !more {
				break
			}
			keyBytes += len(key)
			values = append(values, v)
		}
		words := len(values)
		if doc[0] == '{' {
			words *= 2
		}
		at = aligned(at) + 4 + 4*words + keyBytes
		for _, v := range values {
			at = afterBinary(v, at)
		}
		return at
	}
	return aligned(at) + numericBytes(doc)
}

// numericBytes returns the size of a numeric in PostgreSQL: the length, a header of two bytes, or four for what a short one cannot
// say, and two bytes for each group of four digits, without those that are zero at the ends.
func numericBytes(text string) int {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	scale := len(frac)
	if n := len(whole) % 4; n > 0 {
		whole = strings.Repeat("0", 4-n) + whole
	}
	if n := len(frac) % 4; n > 0 {
		frac += strings.Repeat("0", 4-n)
	}
	weight := len(whole)/4 - 1
	digits := whole + frac
	for strings.HasPrefix(digits, "0000") {
		digits = digits[4:]
		weight--
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	header := 6
	if scale > 63 || digits != "" && (weight > 63 || weight < -64) {
		header = 8
	}
	return header + len(digits)/2
}
