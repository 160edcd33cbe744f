package value

import (
	"math"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// JSONChange says what is done at the end of a path.
type JSONChange uint8

// The changes.
const (
	JSONReplace      JSONChange = iota // what is there; without it nothing changes
	JSONCreate                         // jsonb_set: replaced, or added to the container that the path leads to
	JSONDelete                         // #-
	JSONInsertBefore                   // jsonb_insert: in front of an element; a key must be new
	JSONInsertAfter
	jsonFill // an assignment to a subscript: whatever the path needs is made
)

// JSONSetPath returns doc changed at a path; part is the new value. Paths through what is not there change nothing; 22P02 when an element is no
// index where one is needed. null is the number, from 1, of the first element that is NULL, 0 without one: 22004 when the path is followed so far.
func JSONSetPath(doc string, path []string, null int, part string, change JSONChange) (string, error) {
	w := jsonSetter{path: path, null: null, part: part, change: change}
	if err := w.value(doc, 0); err != nil {
		return doc, err
	}
	return parseJSON(string(w.out))
}

// JSONAssign returns doc with part at a path, as an assignment to a subscripted jsonb makes it: containers on the way that are not there are
// made, and arrays are filled up with nulls. 22023 when the path leads through a scalar.
func JSONAssign(doc string, path []string, part string) (string, error) {
	return JSONSetPath(doc, path, 0, part, jsonFill)
}

// jsonSetter writes a changed document to out; the keys of objects may come in any order there, and parseJSON sorts them.
type jsonSetter struct {
	path   []string
	null   int // the level of a path element that is NULL, from 1, or 0
	part   string
	change JSONChange
	out    []byte
}

func (w *jsonSetter) value(doc string, level int) error {
	if w.null == level+1 {
		return sqlerr.New(sqlerr.NullValueNotAllowed, "path element at position %d is null", w.null)
	}
	switch doc[0] {
	case '{':
		return w.object(doc, level)
	case '[':
		return w.array(doc, level)
	}
	if w.change == jsonFill && level < len(w.path) {
		return sqlerr.New(sqlerr.InvalidParameterValue, "cannot replace existing key").
			WithDetail("The path assumes key is a composite object, but it is a scalar value.")
	}
	w.out = append(w.out, doc...)
	return nil
}

// creates says whether a value that is not there is added.
func (w *jsonSetter) creates() bool { return w.change >= JSONCreate && w.change != JSONDelete }

// comma separates members; open is the place behind the bracket.
func (w *jsonSetter) comma(open int) {
	if len(w.out) > open {
		w.out = append(w.out, ',')
	}
}

func (w *jsonSetter) object(doc string, level int) error {
	w.out = append(w.out, '{')
	open := len(w.out)
	done := level >= len(w.path)
	last := level == len(w.path)-1
	for m := membersOf(doc); m.next(); {
		found := !done && jsonKeyIs(m.key, w.path[level])
		done = done || found
		switch {
		case !found:
			w.comma(open)
			w.out = append(append(append(w.out, m.key...), ':'), m.value...)
		case !last:
			w.comma(open)
			w.out = append(append(w.out, m.key...), ':')
			if err := w.value(m.value, level+1); err != nil {
				return err
			}
		case w.change == JSONInsertBefore || w.change == JSONInsertAfter:
			return sqlerr.New(sqlerr.InvalidParameterValue, "cannot replace existing key").
				WithHint("Try using the function jsonb_set to replace key value.")
		case w.change != JSONDelete:
			w.comma(open)
			w.out = append(append(append(w.out, m.key...), ':'), w.part...)
		}
	}
	if !done && (last && w.creates() || !last && w.change == jsonFill) {
		w.comma(open)
		w.out = append(JSONQuote(w.out, w.path[level]), ':')
		if err := w.rest(level + 1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// maxJSONElems bounds what an assignment fills an array up to: below PostgreSQL's limit, which is one of memory.
const maxJSONElems = 1 << 24

func errJSONElems() error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "number of jsonb array elements exceeds the maximum allowed (%d)", maxJSONElems)
}

// rest writes the new value within the containers that the path from level on asks for.
func (w *jsonSetter) rest(level int) error {
	var ends []byte
	for ; level < len(w.path); level++ {
		if i, ok := JSONPathIndex(w.path[level]); ok {
			if i >= maxJSONElems {
				return errJSONElems()
			}
			w.out = append(w.out, '[')
			w.nulls(i)
			ends = append(ends, ']')
		} else {
			w.out = append(JSONQuote(append(w.out, '{'), w.path[level]), ':')
			ends = append(ends, '}')
		}
	}
	slices.Reverse(ends)
	w.out = append(append(w.out, w.part...), ends...)
	return nil
}

// nulls writes n nulls with a comma behind each.
func (w *jsonSetter) nulls(n int) {
	for range n {
		w.out = append(w.out, "null,"...)
	}
}

// index reads the element of the path at level as an index of an array of n elements: math.MinInt for one in front of the first.
func (w *jsonSetter) index(level, n int) (int, error) {
	i, ok := JSONPathIndex(w.path[level])
	switch {
	case !ok:
		return 0, sqlerr.New(sqlerr.InvalidTextRepresentation, `path element at position %d is not an integer: "%s"`, level+1, w.path[level])
	case i >= 0 && w.change != jsonFill:
		return min(i, n), nil
	case i >= maxJSONElems:
		return 0, errJSONElems()
	case i >= 0:
		return i, nil
	case -i <= n:
		return n + i, nil
	case w.change == jsonFill:
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "path element at position %d is out of range: %d", level+1, i)
	}
	return math.MinInt, nil
}

func (w *jsonSetter) array(doc string, level int) error {
	n := jsonCount(doc)
	at, last, done := n, level == len(w.path)-1, level >= len(w.path)
	if !done {
		var err error
		if at, err = w.index(level, n); err != nil {
			return err
		}
	}
	w.out = append(w.out, '[')
	open := len(w.out)
	if last && w.creates() && (at == math.MinInt || n == 0) {
		if w.change == jsonFill && n == 0 {
			w.nulls(at)
		}
		w.out = append(w.out, w.part...)
		done = true
	}
	i := 0
	for m := membersOf(doc); m.next(); i++ {
		switch {
		case i != at || level >= len(w.path):
			w.comma(open)
			w.out = append(w.out, m.value...)
		case !last:
			done = true
			w.comma(open)
			if err := w.value(m.value, level+1); err != nil {
				return err
			}
		default:
			done = true
			w.replace(m.value, open)
		}
	}
	if !done && last && w.creates() || !done && !last && w.change == jsonFill {
		w.comma(open)
		w.nulls(at - n)
		if err := w.rest(level + 1); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// replace writes what the change makes of an element.
func (w *jsonSetter) replace(old string, open int) {
	if w.change == JSONDelete {
		return
	}
	w.comma(open)
	switch w.change {
	case JSONInsertBefore:
		w.out = append(append(append(w.out, w.part...), ','), old...)
	case JSONInsertAfter:
		w.out = append(append(append(w.out, old...), ','), w.part...)
	default:
		w.out = append(w.out, w.part...)
	}
}

// JSONWithout returns a container without the members whose key, or of an array whose string, drop says; 22023 for a scalar.
func JSONWithout(doc string, drop func(key string) bool) (string, error) {
	if doc[0] != '{' && doc[0] != '[' {
		return doc, sqlerr.New(sqlerr.InvalidParameterValue, "cannot delete from scalar")
	}
	out := []byte{doc[0]}
	for m := membersOf(doc); m.next(); {
		raw := m.key
		if doc[0] == '[' {
			raw = m.value
		}
		if raw[0] == '"' && drop(jsonUnquote(raw)) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		if m.key != "" {
			out = append(append(out, m.key...), ": "...)
		}
		out = append(out, m.value...)
	}
	return ownedString(append(out, doc[len(doc)-1])), nil
}

// JSONWithoutIndex returns an array without element i, from the end for i < 0; 22023 for what is no array.
func JSONWithoutIndex(doc string, i int) (string, error) {
	switch doc[0] {
	case '{':
		return doc, sqlerr.New(sqlerr.InvalidParameterValue, "cannot delete from object using integer index")
	case '[':
	default:
		return doc, sqlerr.New(sqlerr.InvalidParameterValue, "cannot delete from scalar")
	}
	if i < 0 {
		i += jsonCount(doc)
	}
	out, n := []byte{'['}, 0
	for m := membersOf(doc); m.next(); n++ {
		if n == i {
			continue
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(out, m.value...)
	}
	return ownedString(append(out, ']')), nil
}

// JSONStripNulls returns a document without the members of its objects, at any depth, that are null; blank is what is written behind commas and colons.
func JSONStripNulls(doc, blank string) string { return string(appendStripped(nil, doc, blank)) }

func appendStripped(dst []byte, doc, blank string) []byte {
	switch doc[0] {
	case '"':
		return JSONQuote(dst, jsonUnquote(doc))
	case '{', '[':
	default:
		return append(dst, doc...)
	}
	dst = append(dst, doc[0])
	open := len(dst)
	for m := membersOf(doc); m.next(); {
		if m.key != "" && m.value == "null" {
			continue
		}
		if len(dst) > open {
			dst = append(append(dst, ','), blank...)
		}
		if m.key != "" {
			dst = append(append(JSONQuote(dst, jsonUnquote(m.key)), ':'), blank...)
		}
		dst = appendStripped(dst, m.value, blank)
	}
	return append(dst, doc[len(doc)-1])
}

// JSONPretty returns a document with a line for each member, indented by four blanks a level.
func JSONPretty(doc string) string { return string(appendPretty(nil, doc, 0)) }

func appendPretty(dst []byte, doc string, level int) []byte {
	if doc[0] != '{' && doc[0] != '[' {
		return append(dst, doc...)
	}
	dst = append(dst, doc[0])
	first := true
	for m := membersOf(doc); m.next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = appendIndent(dst, level+1)
		if m.key != "" {
			dst = append(append(dst, m.key...), ": "...)
		}
		dst = appendPretty(dst, m.value, level+1)
	}
	return append(appendIndent(dst, level), doc[len(doc)-1])
}

func appendIndent(dst []byte, level int) []byte {
	return append(append(dst, '\n'), strings.Repeat("    ", level)...)
}
