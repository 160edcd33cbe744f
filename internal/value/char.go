package value

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// char(n), PostgreSQL's bpchar: a value is stored padded with blanks to n characters, and the blanks
// at its end count in no comparison.

// TrimPad returns a bpchar's text without the blanks at its end: what counts in comparisons.
func TrimPad(s string) string {
	n := len(s)
	for n > 0 && s[n-1] == ' ' {
		n--
	}
	return s[:n]
}

// blanks pads the usual lengths without making a string.
var blanks = strings.Repeat(" ", 256)

func blanksOf(n int) string {
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// applyVarcharMod fits a text to varchar(n): blanks beyond n go, anything else beyond n
// is 22001 unless the cast is explicit.
func applyVarcharMod(v Value, mod int32, explicit bool) (Value, error) {
	limit := int(mod) - 4
	if limit < 0 || len(v.s) <= limit || utf8.RuneCountInString(v.s) <= limit {
		return v, nil
	}
	return truncate(v, limit, "character varying", explicit)
}

// applyBpcharMod fits a text to char(n): a shorter one is padded, a longer one is cut as by varchar(n).
func applyBpcharMod(v Value, mod int32, explicit bool) (Value, error) {
	limit := int(mod) - 4
	if limit < 0 {
		return v, nil
	}
	switch n := utf8.RuneCountInString(v.s); {
	case n > limit:
		return truncate(v, limit, "character", explicit)
	case n == 0:
		v.s = blanksOf(limit)
	case n < limit:
		v.s += blanksOf(limit - n)
	}
	return v, nil
}

// truncate cuts a text after limit characters, of which it has more.
func truncate(v Value, limit int, typeName string, explicit bool) (Value, error) {
	cut := 0
	for range limit {
		_, size := utf8.DecodeRuneInString(v.s[cut:])
		cut += size
	}
	if !explicit && TrimPad(v.s[cut:]) != "" {
		return Null(v.kind), sqlerr.New(sqlerr.StringDataRightTruncation,
			"value too long for type %s(%d)", typeName, limit)
	}
	v.s = v.s[:cut]
	return v, nil
}
