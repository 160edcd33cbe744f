// Package clienttext checks text that a client sent: PostgreSQL accepts UTF-8
// without zero bytes.
package clienttext

import (
	"bytes"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Check returns nil for valid text, else 22021 for its first bad byte sequence.
func Check(b []byte) *sqlerr.Error {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return nil
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return sqlerr.New(sqlerr.CharacterNotInRepertoire,
				"invalid byte sequence for encoding \"UTF8\": %s", hex(b[i:]))
		}
		i += n
	}
	return nil
}

// hex writes the bad sequence that b begins with as PostgreSQL does: as many
// bytes as the first one announces, at most what is there.
func hex(b []byte) string {
	n := 1
	switch c := b[0]; {
	case c >= 0xf0 && c < 0xf8:
		n = 4
	case c >= 0xe0 && c < 0xf0:
		n = 3
	case c >= 0xc0 && c < 0xe0:
		n = 2
	}
	const digits = "0123456789abcdef"
	var out []byte
	for i, c := range b[:min(n, len(b))] {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, '0', 'x', digits[c>>4], digits[c&15])
	}
	return string(out)
}
