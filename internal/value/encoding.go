package value

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// CheckUTF8 returns 22021 when s is not UTF-8 or has a zero byte, which no text may hold.
func CheckUTF8(s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return errEncoding(s, i, 1)
	}
	if utf8.ValidString(s) {
		return nil
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return errEncoding(s, i, leadLength(s[i]))
		}
		i += size
	}
	return nil
}

// leadLength returns the bytes of the character that a lead byte announces: what PostgreSQL
// shows of a bad one.
func leadLength(c byte) int {
	switch {
	case c&0xE0 == 0xC0:
		return 2
	case c&0xF0 == 0xE0:
		return 3
	case c&0xF8 == 0xF0:
		return 4
	}
	return 1
}

func errEncoding(s string, i, n int) error {
	var b strings.Builder
	for j := i; j < min(i+n, len(s)); j++ {
		fmt.Fprintf(&b, " 0x%02x", s[j])
	}
	return sqlerr.New(sqlerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8":%s`, b.String())
}
