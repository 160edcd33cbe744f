package value

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The functions on jsonb take stored bytes (Value.Bytes), the normalised text; those on json the text of JSONDoc.

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
func JSONPath(doc string, path []string) (string, bool) { return jsonPath(doc, path, JSONGet) }

func jsonPath(doc string, path []string, get func(doc, key string) (string, bool)) (string, bool) {
	for _, step := range path {
		ok := false
		switch doc[0] {
		case '{':
			doc, ok = get(doc, step)
		case '[':
			var i int
			if i, ok = JSONPathIndex(step); ok {
				doc, ok = JSONIndex(doc, i)
			}
		}
		if !ok {
			return "", false
		}
	}
	return doc, true
}

// JSONPathIndex reads an element of a path as an index, as C's strtol does: blanks in front of it are passed over.
func JSONPathIndex(step string) (int, bool) {
	for step != "" && isSpace(step[0]) {
		step = step[1:]
	}
	i, err := strconv.ParseInt(step, 10, 32)
	return int(i), err == nil
}

// JSONDoc returns the text of a json or jsonb as the functions here take it. With escapes those of a json are checked to be of characters that
// a text can have: 22P05 and 22P02, as functions that return or compare texts raise them.
func JSONDoc(v Value, escapes bool) (string, error) {
	if v.kind != JSON {
		return v.s, nil
	}
	doc := v.s[skipBlanks(v.s, 0):]
	for doc != "" && jsonBlank(doc[len(doc)-1]) {
		doc = doc[:len(doc)-1]
	}
	if escapes && strings.Contains(doc, `\u`) {
		p := jsonParser{in: v.s, verbatim: true, escapes: true}
		p.value(0)
		return doc, p.err
	}
	return doc, nil
}

// RawJSONGet is JSONGet of a json, where the last of equal keys counts.
func RawJSONGet(doc, key string) (value string, ok bool) {
	if doc[0] != '{' {
		return "", false
	}
	for m := membersOf(doc); m.next(); {
		if jsonKeyIs(m.key, key) {
			value, ok = m.value, true
		}
	}
	return value, ok
}

// RawJSONIndex is JSONIndex of a json: a scalar is no array.
func RawJSONIndex(doc string, i int) (string, bool) {
	if doc[0] != '[' {
		return "", false
	}
	return JSONIndex(doc, i)
}

// RawJSONPath is JSONPath of a json.
func RawJSONPath(doc string, path []string) (string, bool) { return jsonPath(doc, path, RawJSONGet) }

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

// JSONWalk walks the members of a document. Not safe for concurrent use.
type JSONWalk struct{ m members }

// JSONMembers returns a walk over the members of a container; a scalar has none.
func JSONMembers(doc string) *JSONWalk { return &JSONWalk{membersOf(doc)} }

// Next returns the next member, of an object with its key, unescaped; false at the end.
func (w *JSONWalk) Next() (key, value string, ok bool) {
	if !w.m.next() {
		return "", "", false
	}
	if w.m.key != "" {
		key = jsonUnquote(w.m.key)
	}
	return key, w.m.value, true
}
