package value

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// parseBytea reads the hex form `\x0aff` or the escape form `a\\b\001`.
func parseBytea(s string) (string, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHex(s[2:])
	}
	if strings.IndexByte(s, '\\') < 0 {
		return strings.Clone(s), nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s) && s[i+1]-'0' <= 3 && s[i+2]-'0' <= 7 && s[i+3]-'0' <= 7:
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		default:
			return "", sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(out), nil
}

// parseHex reads pairs of digits, with white space between pairs.
func parseHex(s string) (string, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		hi := hexDigit(s[i])
		if hi > 15 {
			return "", errHexDigit(s[i:])
		}
		if i+1 >= len(s) {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		lo := hexDigit(s[i+1])
		if lo > 15 {
			return "", errHexDigit(s[i+1:])
		}
		out = append(out, hi<<4|lo)
		i += 2
	}
	return ownedString(out), nil
}

func errHexDigit(s string) error {
	_, size := utf8.DecodeRuneInString(s)
	return sqlerr.New(sqlerr.InvalidParameterValue, `invalid hexadecimal digit: "%s"`, s[:size])
}

func appendBytea(dst []byte, s string, escape bool) []byte {
	if !escape {
		dst = append(dst, '\\', 'x')
		for i := range len(s) {
			dst = append(dst, lowerHex[s[i]>>4], lowerHex[s[i]&15])
		}
		return dst
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
