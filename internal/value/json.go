package value

import (
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The functions on jsonb take stored bytes (Value.Bytes), the normalised text.

// JSONGet returns member key of an object (->); false when there is none.
func JSONGet(doc, key string) (string, bool) {
	if doc[0] != '{' {
		return "", false
	}
	for m := membersOf(doc); m.next(); {
		if jsonKeyIs(m.key, key) {
			return m.value, true
		}
	}
	return "", false
}

// jsonKeyIs says whether a raw string is key.
func jsonKeyIs(raw, key string) bool {
	if raw[1:len(raw)-1] == key {
		return jsonUnquote(raw) == key
	}
	return len(raw) > len(key)+2 && jsonUnquote(raw) == key
}

// JSONIndex returns element i of an array (->), from the end for i < 0. A scalar is an array of
// itself, as PostgreSQL stores it.
func JSONIndex(doc string, i int) (string, bool) {
	switch doc[0] {
	case '{':
		return "", false
	case '[':
	default:
		return doc, i == 0 || i == -1
	}
	if i < 0 {
		i += jsonCount(doc)
	}
	for m := membersOf(doc); i >= 0 && m.next(); i-- {
		if i == 0 {
			return m.value, true
		}
	}
	return "", false
}

// JSONPath follows a path of keys and indexes (#>).
func JSONPath(doc string, path []string) (string, bool) {
	for _, step := range path {
		ok := false
		switch doc[0] {
		case '{':
			doc, ok = JSONGet(doc, step)
		case '[':
			var i int64
			var err error
			if i, err = strconv.ParseInt(trimSpace(step), 10, 32); err == nil {
				doc, ok = JSONIndex(doc, int(i))
			}
		}
		if !ok {
			return "", false
		}
	}
	return doc, true
}

// JSONText returns a document as ->> gives it: a string without its quotes; false for a
// JSON null.
func JSONText(doc string) (string, bool) {
	switch doc[0] {
	case '"':
		return jsonUnquote(doc), true
	case 'n':
		return "", false
	}
	return doc, true
}

// JSONTypeof returns "object", "array", "string", "number", "boolean" or "null".
func JSONTypeof(doc string) string {
	switch doc[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// JSONContains says whether a contains b (@>): every pair or element of b is in a, at the
// same place. An array also contains a scalar that is one of its elements, at top level only.
func JSONContains(a, b string) bool {
	if a[0] == '[' && b[0] != '[' && b[0] != '{' {
		return jsonHasElem(a, b)
	}
	return jsonContains(a, b)
}

func jsonContains(a, b string) bool {
	if a[0] != b[0] {
		if JSONTypeof(a) != "number" || JSONTypeof(b) != "number" {
			return false
		}
	}
	switch b[0] {
	case '{':
		for m := membersOf(b); m.next(); {
			v, ok := JSONGet(a, jsonUnquote(m.key))
			if !ok || !jsonContains(v, m.value) {
				return false
			}
		}
		return true
	case '[':
		for m := membersOf(b); m.next(); {
			if !jsonHasElem(a, m.value) {
				return false
			}
		}
		return true
	}
	return compareJSON(a, b) == 0
}

// jsonHasElem says whether an element of array a contains elem.
func jsonHasElem(a, elem string) bool {
	for m := membersOf(a); m.next(); {
		if jsonContains(m.value, elem) {
			return true
		}
	}
	return false
}

// JSONExists says whether key is a top-level key, or a top-level string element, of doc (?). A
// document that is a string exists in itself.
func JSONExists(doc, key string) bool {
	switch doc[0] {
	case '{':
		_, ok := JSONGet(doc, key)
		return ok
	case '[':
		for m := membersOf(doc); m.next(); {
			if m.value[0] == '"' && jsonKeyIs(m.value, key) {
				return true
			}
		}
	case '"':
		return jsonKeyIs(doc, key)
	}
	return false
}

// JSONArrayLength returns the number of elements; 22023 when doc is not an array.
func JSONArrayLength(doc string) (int, error) {
	switch doc[0] {
	case '[':
		return jsonCount(doc), nil
	case '{':
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "cannot get array length of a non-array")
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "cannot get array length of a scalar")
}

// JSONEach calls yield with each member in turn until it returns false: with key and value of an
// object's pairs (the key unescaped), with an empty key for an array's elements.
func JSONEach(doc string, yield func(key, value string) bool) {
	for m := membersOf(doc); m.next(); {
		key := ""
		if m.key != "" {
			key = jsonUnquote(m.key)
		}
		if !yield(key, m.value) {
			return
		}
	}
}

// ToJSONB appends v as to_jsonb gives it; NULL is null. Dates and timestamps are ISO 8601
// strings whatever the style; arrays become arrays.
func ToJSONB(dst []byte, v Value, st *Style) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int2, Int4, Int8:
		return appendInt(dst, v.n)
	case Numeric, Float8:
		return appendJSONNumber(dst, v)
	case JSONB:
		return append(dst, v.s...)
	case Date, Timestamp, Timestamptz:
		return appendJSONTime(dst, v, st)
	}
	if v.kind.IsArray() {
		dst = append(dst, '[')
		ArrayEach(v.kind.Elem(), v.s, func(i int, e Value) bool {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = ToJSONB(dst, e, st)
			return true
		})
		return append(dst, ']')
	}
	return JSONQuote(dst, string(AppendText(nil, v, st)))
}

// appendJSONNumber appends a numeric or float8; what JSON has no number for is a string.
func appendJSONNumber(dst []byte, v Value) []byte {
	text := AppendText(nil, v, DefaultStyle())
	if c := text[len(text)-1]; c < '0' || c > '9' { // NaN, Infinity
		return JSONQuote(dst, string(text))
	}
	n, err := parseNumeric(string(text)) // a float8's exponent is written out
	if err != nil {
		return JSONQuote(dst, string(text))
	}
	return appendNumeric(dst, n)
}
