package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// form is the form of a quoted literal.
type form uint8

const (
	plainString form = iota
	escapeString
	unicodeString
	bitString
	hexString
)

func (f form) unterminated() string {
	switch f {
	case bitString:
		return "unterminated bit string literal"
	case hexString:
		return "unterminated hexadecimal string literal"
	}
	return "unterminated quoted string"
}

// quoted reads a literal in single quotes whose content begins at body. Pieces
// that are separated by blanks with a line end are one literal.
func (s *scanner) quoted(start, body int, f form) bool {
	var parts strings.Builder
	single := "" // the content when it is one piece without anything to decode
	for first := true; ; first = false {
		end, plain := s.endOfQuoted(body, f == escapeString)
		if end < 0 {
			s.pos = len(s.text)
			return s.failSyntax(start, f.unterminated())
		}
		next := s.continuation(end + 1)
		raw := s.text[body:end]
		switch {
		case first && next < 0 && plain:
			single = raw
		case f == escapeString:
			if !s.decodeEscapes(&parts, raw, body) {
				return false
			}
		default:
			parts.WriteString(strings.ReplaceAll(raw, "''", "'"))
		}
		if next < 0 {
			s.pos = end + 1
			break
		}
		body = next
	}
	val := single
	if parts.Len() > 0 {
		val = parts.String()
	}
	return s.addLiteral(start, val, f)
}

func (s *scanner) addLiteral(start int, val string, f form) bool {
	switch f {
	case escapeString:
		if strings.IndexByte(val, 0) >= 0 || !utf8.ValidString(val) {
			return s.badBytes(start, val)
		}
	case unicodeString:
		out, ok := s.decodeUnicode(start, val)
		if !ok {
			return false
		}
		val = out
	case bitString:
		val = "b" + val
	case hexString:
		val = "x" + val
	}
	kind := String
	if f == bitString || f == hexString {
		kind = BitString
	}
	s.add(kind, start, val)
	return true
}

// badBytes fails for an escape string whose escapes do not make UTF-8.
func (s *scanner) badBytes(start int, val string) bool {
	return s.failWith(sqlerr.As(checkUTF8(val)).At(start))
}

// endOfQuoted returns the place of the closing quote of the content at body, or
// -1, and whether the content has no doubled quote and no backslash that matter.
func (s *scanner) endOfQuoted(body int, backslash bool) (end int, plain bool) {
	plain = true
	for i := body; i < len(s.text); i++ {
		switch s.text[i] {
		case '\'':
			if i+1 >= len(s.text) || s.text[i+1] != '\'' {
				return i, plain
			}
			plain = false
			i++
		case '\\':
			if backslash {
				plain = false
				i++
			}
		}
	}
	return -1, false
}

// continuation returns where the content goes on after blanks with at least one
// line end and another quote, or -1.
func (s *scanner) continuation(i int) int {
	newline := false
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case c == '\n' || c == '\r':
			newline = true
			i++
		case isBlank(c):
			i++
		case c == '-' && i+1 < len(s.text) && s.text[i+1] == '-' && newline:
			for i < len(s.text) && s.text[i] != '\n' && s.text[i] != '\r' {
				i++
			}
		case c == '\'' && newline:
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

// decodeEscapes writes the content of an escape string; at is the place of raw.
func (s *scanner) decodeEscapes(out *strings.Builder, raw string, at int) bool {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\'' { // doubled
			out.WriteByte('\'')
			i++
			continue
		}
		if c != '\\' {
			out.WriteByte(c)
			continue
		}
		n, ok := s.escape(out, raw[i+1:], at+i)
		if !ok {
			return false
		}
		i += n
	}
	return true
}

// escape decodes what follows a backslash and returns how many bytes that is.
func (s *scanner) escape(out *strings.Builder, rest string, at int) (int, bool) {
	c := rest[0]
	switch c {
	case 'b':
		out.WriteByte('\b')
	case 'f':
		out.WriteByte('\f')
	case 'n':
		out.WriteByte('\n')
	case 'r':
		out.WriteByte('\r')
	case 't':
		out.WriteByte('\t')
	case 'v':
		out.WriteByte('\v')
	case 'x':
		n, v := digitsOf(rest[1:], 2, 16)
		if n == 0 {
			out.WriteByte('x')
			return 1, true
		}
		out.WriteByte(byte(v))
		return 1 + n, true
	case 'u', 'U':
		return s.unicodeEscape(out, rest, at)
	default:
		if c >= '0' && c <= '7' {
			n, v := digitsOf(rest, 3, 8)
			out.WriteByte(byte(v))
			return n, true
		}
		out.WriteByte(c)
	}
	return 1, true
}

// unicodeEscape decodes uXXXX or UXXXXXXXX in an escape string, with surrogate pairs.
func (s *scanner) unicodeEscape(out *strings.Builder, rest string, at int) (int, bool) {
	want := 4
	if rest[0] == 'U' {
		want = 8
	}
	n, v := digitsOf(rest[1:], want, 16)
	if n < want {
		s.pos = min(len(s.text), at+2+n)
		return 0, s.failWith(sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid Unicode escape").
			WithHint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.").At(at))
	}
	used := 1 + n
	if v >= 0xd800 && v < 0xdc00 {
		m, low := 0, 0
		if tail := rest[used:]; len(tail) >= 6 && tail[0] == '\\' && tail[1] == 'u' {
			m, low = digitsOf(tail[2:], 4, 16)
		}
		if m != 4 || low < 0xdc00 || low > 0xdfff {
			s.pos = min(len(s.text), at+1+used)
			return 0, s.failSyntax(at, "invalid Unicode surrogate pair")
		}
		v = (v-0xd800)<<10 + (low - 0xdc00) + 0x10000
		used += 6
	} else if v >= 0xdc00 && v <= 0xdfff {
		s.pos = min(len(s.text), at+1+used)
		return 0, s.failSyntax(at, "invalid Unicode surrogate pair")
	}
	if v == 0 || v > utf8.MaxRune {
		s.pos = min(len(s.text), at+1+used)
		return 0, s.failSyntax(at, "invalid Unicode escape value")
	}
	out.WriteRune(rune(v))
	return used, true
}

// digitsOf reads at most limit digits of the base at the beginning of str.
func digitsOf(str string, limit, base int) (n, value int) {
	for n < limit && n < len(str) {
		d := digitValue(str[n])
		if d < 0 || d >= base {
			break
		}
		value = value*base + d
		n++
	}
	return n, value
}

func digitValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// quotedIdent reads "name" or U&"name".
func (s *scanner) quotedIdent(start int, unicode bool) bool {
	body := start + 1
	if unicode {
		body = start + 3
	}
	end, plain := body, true
	for {
		i := strings.IndexByte(s.text[end:], '"')
		if i < 0 {
			s.pos = len(s.text)
			return s.failSyntax(start, "unterminated quoted identifier")
		}
		end += i
		if end+1 >= len(s.text) || s.text[end+1] != '"' {
			break
		}
		plain = false
		end += 2
	}
	s.pos = end + 1
	val := s.text[body:end]
	if val == "" {
		return s.failSyntax(start, "zero-length delimited identifier")
	}
	if !plain {
		val = strings.ReplaceAll(val, `""`, `"`)
	}
	if unicode {
		out, ok := s.decodeUnicode(start, val)
		if !ok {
			return false
		}
		val = out
	}
	for i := 0; i < len(val); i++ {
		if val[i] <= lastReserved {
			return s.fail(start, sqlerr.InvalidName, "control character not allowed in identifier")
		}
	}
	s.add(QuotedID, start, s.truncate(val, start))
	return true
}

// lastReserved is the last of the bytes that no name may hold: the rewriter
// marks its own names with byte 1, and no user can then spell one.
const lastReserved = 6

// decodeUnicode decodes the \XXXX and \+XXXXXX of a U& literal, after reading a
// UESCAPE clause that may follow it.
func (s *scanner) decodeUnicode(start int, val string) (string, bool) {
	esc, ok := s.uescape()
	if !ok {
		return "", false
	}
	if strings.IndexByte(val, esc) < 0 {
		return val, true
	}
	var out strings.Builder
	high := 0 // the first half of a surrogate pair that waits for the second
	for i := 0; i < len(val); {
		if val[i] != esc || i+1 < len(val) && val[i+1] == esc {
			if high != 0 {
				return "", s.failSyntax(start, "invalid Unicode surrogate pair")
			}
			out.WriteByte(val[i])
			if val[i] == esc {
				i++
			}
			i++
			continue
		}
		skip, want := 1, 4
		if i+1 < len(val) && val[i+1] == '+' {
			skip, want = 2, 6
		}
		n, v := digitsOf(val[i+skip:], want, 16)
		if n < want {
			return "", s.failWith(sqlerr.New(sqlerr.SyntaxError, "invalid Unicode escape").
				WithHint("Unicode escapes must be \\XXXX or \\+XXXXXX.").At(start))
		}
		i += skip + n
		isLow := v >= 0xdc00 && v <= 0xdfff
		switch {
		case isLow != (high != 0):
			return "", s.failSyntax(start, "invalid Unicode surrogate pair")
		case isLow:
			out.WriteRune(rune((high-0xd800)<<10 + (v - 0xdc00) + 0x10000))
			high = 0
		case v >= 0xd800 && v < 0xdc00:
			high = v
		case v == 0 || v > utf8.MaxRune:
			return "", s.failSyntax(start, "invalid Unicode escape value")
		default:
			out.WriteRune(rune(v))
		}
	}
	if high != 0 {
		return "", s.failSyntax(start, "invalid Unicode surrogate pair")
	}
	return out.String(), true
}

// uescape reads UESCAPE 'c' when it follows, and returns the escape character,
// a backslash when it does not.
func (s *scanner) uescape() (byte, bool) {
	const word = "uescape"
	save := s.pos
	if !s.skipBlank() {
		return 0, false
	}
	if len(s.text)-s.pos < len(word) || !strings.EqualFold(s.text[s.pos:s.pos+len(word)], word) ||
		isIdentPart(s.peek(len(word))) {
		s.pos = save
		return '\\', true
	}
	s.pos += len(word)
	if !s.skipBlank() {
		return 0, false
	}
	start := s.pos
	if s.peek(0) != '\'' {
		s.pos = min(len(s.text), s.pos+1)
		return 0, s.failSyntax(start, "UESCAPE must be followed by a simple string literal")
	}
	c := s.peek(1)
	if end, _ := s.endOfQuoted(s.pos+1, false); end < 0 {
		s.pos = len(s.text)
		return 0, s.failSyntax(start, plainString.unterminated())
	}
	s.pos = min(len(s.text), s.pos+3)
	if s.text[s.pos-1] != '\'' || c >= 0x80 || isBlank(c) || digitValue(c) >= 0 || strings.IndexByte("+'\"", c) >= 0 {
		return 0, s.failSyntax(start, "invalid Unicode escape character")
	}
	return c, true
}
