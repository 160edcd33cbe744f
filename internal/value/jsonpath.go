package value

import (
	"github.com/cachalotdb/cachalot/internal/jsonpath"
)

// A jsonpath's stored bytes are its text as it was written: the canonical text that is its output does not read as the same path
// in every case, in PostgreSQL neither.

// JSONPathOf returns the path of a jsonpath.
func JSONPathOf(v Value) (*jsonpath.Path, error) { return jsonpath.Parse(v.s) }

// appendPath appends the canonical text of a path.
func appendPath(dst []byte, s string) []byte {
	p, err := jsonpath.Parse(s)
	if err != nil { // not of a valid value
		return append(dst, s...)
	}
	return append(dst, p.String()...)
}
