package query

import (
	"strings"
	"unicode/utf8"
)

// literal is an integer or string literal in a text.
type literal struct {
	start, end int // in the text; of a string with its quotes
	isString   bool
	n          int64  // the integer
	s          string // the string's value
}

// Bounds of the texts that have a shape.
const (
	maxShapeText = 4 << 10
	maxLiterals  = 64
)

// What stands in a shape for a literal.
const (
	intMark    = 0x01
	stringMark = 0x02
)

// shaper finds the shapes of texts. Its memory is used again.
type shaper struct {
	key  []byte
	list []literal
}

// shape cuts the integer and string literals out of a text: two texts with the same shape differ in nothing but the
// digits of their integers and what is between the quotes of their strings. What package lex makes of them
// therefore differs in the values of these tokens alone: an integer is left in, or no shape given, where
// more than its own digits could belong to its token; and the value of a token never decides what the next one is.
//
// There is no shape for texts with comments, parameters, dollar quotes, strings with a prefix (E”, B”, U&”), numbers that
// are not plain integers, or control characters, nor for those without a literal. The results are good until
// the next call.
func (s *shaper) shape(text string) (key []byte, list []literal, ok bool) {
	s.key, s.list = s.key[:0], s.list[:0]
	if len(text) > maxShapeText {
		return nil, nil, false
	}
	for i := 0; i < len(text); {
		end, ok := 0, true
		switch c := text[i]; {
		case isWordByte(c) && !isDigitByte(c):
			end, ok = wordEnd(text, i)
			s.key = append(s.key, text[i:end]...)
		case isDigitByte(c):
			end, ok = s.integer(text, i)
		case c == '\'':
			end, ok = s.str(text, i)
		case c == '"':
			end = strings.IndexByte(text[i+1:], '"')
			if ok = end >= 0; ok {
				end += i + 2
				s.key = append(s.key, text[i:end]...)
			}
		default:
			end, ok = i+1, plainByte(text, i)
			s.key = append(s.key, c)
		}
		if !ok || len(s.list) > maxLiterals {
			return nil, nil, false
		}
		i = end
	}
	return s.key, s.list, len(s.list) > 0
}

func isDigitByte(c byte) bool { return c >= '0' && c <= '9' }

// isWordByte says whether a byte may be within a name.
func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80 || isDigitByte(c)
}

// wordEnd returns the end of a name or keyword; false when it is the prefix of a string, or begins with $.
func wordEnd(text string, i int) (end int, ok bool) {
	if text[i] == '$' {
		return i, false
	}
	for end = i; end < len(text) && isWordByte(text[end]); end++ {
	}
	return end, end == len(text) || text[end] != '\''
}

// integer takes the integer at i; false when it is part of something else.
func (s *shaper) integer(text string, i int) (end int, ok bool) {
	n, fits := int64(0), true
	for end = i; end < len(text) && isDigitByte(text[end]); end++ {
		d := int64(text[end] - '0')
		if n > (1<<63-1-d)/10 {
			fits = false
			continue
		}
		n = n*10 + d
	}
	if i > 0 && text[i-1] == '.' || end < len(text) && (isWordByte(text[end]) || text[end] == '.') {
		return end, false
	}
	if !fits { // a numeric
		s.key = append(s.key, text[i:end]...)
		return end, true
	}
	s.key = append(s.key, intMark)
	s.list = append(s.list, literal{start: i, end: end, n: n})
	return end, true
}

// str takes the string at i.
func (s *shaper) str(text string, i int) (end int, ok bool) {
	doubled := false
	for end = i + 1; ; end++ {
		next := strings.IndexByte(text[end:], '\'')
		if next < 0 {
			return end, false
		}
		if end += next + 1; end == len(text) || text[end] != '\'' {
			break
		}
		doubled = true
	}
	v := text[i+1 : end-1]
	if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
		return end, false
	}
	if doubled {
		v = strings.ReplaceAll(v, "''", "'")
	}
	s.key = append(s.key, stringMark)
	s.list = append(s.list, literal{start: i, end: end, isString: true, s: v})
	return end, true
}

// plainByte says whether the byte at i, which is none of a name, a number or a quote, begins nothing that hides
// what follows.
func plainByte(text string, i int) bool {
	next := byte(0)
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch c := text[i]; c {
	case '-':
		return next != '-'
	case '/':
		return next != '*'
	case '&':
		return next != '\'' && next != '"'
	case '\\', 0x7F:
		return false
	case ' ', '\t', '\n', '\r', '\f':
		return true
	default:
		return c > ' '
	}
}
