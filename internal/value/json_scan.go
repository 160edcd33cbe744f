package value

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Walking a document: the normalised text of a jsonb, or a json without blanks around it. It is known to be valid, so scanning
// checks nothing: a string ends at the first quote that no backslash escapes, and so on.

// members walks the elements of an array or the pairs of an object in order.
type members struct {
	doc   string
	pos   int
	key   string // the raw key with quotes; "" in an array
	value string // the raw value
}

// membersOf returns the members of a container, and none of a scalar.
func membersOf(doc string) members {
	if doc == "" || doc[0] != '{' && doc[0] != '[' {
		return members{}
	}
	return members{doc: doc, pos: 1}
}

// next moves to the next member, false at the end.
func (m *members) next() bool {
	// Behind the bracket, or behind a value: a comma or the closing bracket.
	m.pos = skipBlanks(m.doc, m.pos)
	if m.pos >= len(m.doc)-1 {
		return false
	}
	if m.doc[m.pos] == ',' {
		m.pos = skipBlanks(m.doc, m.pos+1)
	}
	if m.doc[0] == '{' {
		end := skipJSONString(m.doc, m.pos)
		m.key = m.doc[m.pos:end]
		m.pos = skipBlanks(m.doc, skipBlanks(m.doc, end)+1)
	}
	end := skipJSON(m.doc, m.pos)
	m.value = m.doc[m.pos:end]
	m.pos = end
	return true
}

func jsonBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipBlanks(doc string, pos int) int {
	for pos < len(doc) && jsonBlank(doc[pos]) {
		pos++
	}
	return pos
}

// skipJSON returns the end of the value that begins at pos.
func skipJSON(doc string, pos int) int {
	switch doc[pos] {
	case '"':
		return skipJSONString(doc, pos)
	case '{', '[':
		depth := 0
		for pos < len(doc) {
			switch doc[pos] {
			case '"':
				pos = skipJSONString(doc, pos)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			pos++
			if depth == 0 {
				return pos
			}
		}
		return pos
	}
	for pos < len(doc) && doc[pos] != ',' && doc[pos] != ']' && doc[pos] != '}' && !jsonBlank(doc[pos]) {
		pos++
	}
	return pos
}

func skipJSONString(doc string, pos int) int {
	for pos++; pos < len(doc); pos++ {
		switch doc[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return pos
}

// jsonCount returns the number of members of a container.
func jsonCount(doc string) int {
	n := 0
	for m := membersOf(doc); m.next(); {
		n++
	}
	return n
}

// jsonNumber returns the numeric of a raw number.
func jsonNumber(raw string) Value {
	v, err := parseNumeric(raw)
	if err != nil { // not in normalised text
		return decimal{form: nan}.value()
	}
	return v
}

// jsonUnquote returns the text of a raw string, whose escapes are known to be of characters that a text can have.
func jsonUnquote(raw string) string {
	body := raw[1 : len(raw)-1]
	esc := strings.IndexByte(body, '\\')
	if esc < 0 {
		return body
	}
	buf := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			buf = append(buf, body[i])
			continue
		}
		i++
		switch c := body[i]; c {
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, _ := hex4(body[i+1:])
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(body) {
				low, _ := hex4(body[i+3:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			buf = utf8.AppendRune(buf, r)
		default:
			buf = append(buf, c)
		}
	}
	return string(buf)
}

// hex4 reads four hexadecimal digits.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		d := hexDigit(s[i])
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// hexDigit returns the value of a hexadecimal digit, 255 for another byte.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

const lowerHex = "0123456789abcdef"

// JSONQuote appends s as a JSON string literal, as PostgreSQL writes one.
func JSONQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// jsonKeyLess is the order of an object's keys: shorter first, then bytewise.
func jsonKeyLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}
