package jsonpath

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// tokenKind is a kind of token. Keywords are identifiers that a word is kept of.
type tokenKind uint8

const (
	endToken tokenKind = iota
	opToken            // text is the operator or the single character
	stringToken
	numberToken
	intToken
	variableToken
	wordToken // an identifier; word is its keyword, if it is one
)

type token struct {
	kind tokenKind
	text string // unescaped
	word string // a keyword in lower case, "" for another identifier
	near string // what an error at this token quotes, "" for "at end"
}

// keywords and whether they are so in lower case only.
var keywords = map[string]bool{
	"is": false, "to": false, "abs": false, "lax": false, "flag": false, "last": false, "null": true, "size": false, "true": true,
	"type": false, "with": false, "false": true, "floor": false, "double": false, "exists": false, "starts": false, "strict": false,
	"ceiling": false, "unknown": false, "datetime": false, "keyvalue": false, "like_regex": false,
}

// lexer takes a text apart. After the first error next returns the end.
type lexer struct {
	in  string
	pos int
	err error
}

// special says whether c is a character of its own.
func special(c byte) bool { return strings.IndexByte(`?%$.[]{}()|&!=<>@#,*:-+/`, c) >= 0 }

func blank(c byte) bool { return strings.IndexByte(" \t\n\r\f", c) >= 0 }

// other says whether c is part of an identifier.
func other(c byte) bool { return !special(c) && !blank(c) && c != '\\' && c != '"' }

// fail sets the error: message at or near a text of the input.
func (l *lexer) fail(message, near string) {
	if l.err != nil {
		return
	}
	if near == "" {
		l.err = sqlerr.New(sqlerr.SyntaxError, "%s at end of jsonpath input", message)
		return
	}
	l.err = sqlerr.New(sqlerr.SyntaxError, "%s at or near \"%s\" of jsonpath input", message, near)
}

func (l *lexer) peek(i int) byte {
	if l.pos+i < len(l.in) {
		return l.in[l.pos+i]
	}
	return 0
}

func (l *lexer) next() token {
	for l.err == nil && l.pos < len(l.in) {
		switch c := l.in[l.pos]; {
		case blank(c):
			l.pos++
		case c == '/' && l.peek(1) == '*':
			l.comment()
		case c >= '0' && c <= '9' || c == '.' && l.peek(1) >= '0' && l.peek(1) <= '9':
			return l.number()
		case c == '"':
			l.pos++
			return token{kind: stringToken, text: l.quoted(), near: `"`}
		case c == '$' && l.peek(1) == '"':
			l.pos += 2
			return token{kind: variableToken, text: l.quoted(), near: `"`}
		case c == '$' && l.pos+1 < len(l.in) && other(l.in[l.pos+1]):
			start := l.pos
			for l.pos++; l.pos < len(l.in) && other(l.in[l.pos]); {
				l.pos++
			}
			return token{kind: variableToken, text: l.in[start+1 : l.pos], near: l.in[start:l.pos]}
		case special(c):
			return l.operator()
		default:
			return l.identifier()
		}
	}
	if l.err != nil {
		l.pos = len(l.in)
	}
	return token{}
}

func (l *lexer) comment() {
	end := strings.Index(l.in[l.pos+2:], "*/")
	if end < 0 {
		l.fail("unexpected end of comment", "")
		return
	}
	l.pos += end + 4
}

// operators of two characters.
var operators = []string{"&&", "||", "**", "==", "!=", "<>", "<=", ">="}

func (l *lexer) operator() token {
	text := l.in[l.pos : l.pos+1]
	for _, op := range operators {
		if strings.HasPrefix(l.in[l.pos:], op) {
			text = op
		}
	}
	l.pos += len(text)
	t := token{kind: opToken, text: text, near: text}
	if text == "<>" {
		t.text = "!="
	}
	return t
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

func (l *lexer) number() token {
	start, i := l.pos, l.pos
	kind := intToken
	if l.in[i] == '0' {
		i++
	} else {
		i = digits(l.in, i)
	}
	if i < len(l.in) && l.in[i] == '.' {
		kind = numberToken
		i = digits(l.in, i+1)
	}
	if i < len(l.in) && l.in[i]|0x20 == 'e' {
		exp := i + 1
		if exp < len(l.in) && (l.in[exp] == '+' || l.in[exp] == '-') {
			exp++
		}
		switch end := digits(l.in, exp); {
		case end > exp:
			kind, i = numberToken, end
		case exp > i+1:
			l.fail("invalid numeric literal", l.in[start:exp])
			return token{}
		}
	}
	if i < len(l.in) && other(l.in[i]) {
		word := start
		for word < len(l.in) && other(l.in[word]) {
			word++
		}
		if word > i+1 {
			return l.identifier() // PostgreSQL's lexer takes what is longest
		}
		l.fail("trailing junk after numeric literal", l.in[start:i+1])
		return token{}
	}
	l.pos = i
	text, ok := plainNumber(l.in[start:i])
	if !ok {
		l.err = sqlerr.New(sqlerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	return token{kind: kind, text: text, near: l.in[start:i]}
}

// quoted reads a string behind its opening quote.
func (l *lexer) quoted() string {
	var b strings.Builder
	for l.err == nil {
		if l.pos >= len(l.in) {
			l.fail("unexpected end of quoted string", "")
			return ""
		}
		switch c := l.in[l.pos]; c {
		case '"':
			l.pos++
			return b.String()
		case '\\':
			l.escape(&b)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return ""
}

// identifier reads a word, which may have escapes.
func (l *lexer) identifier() token {
	var b strings.Builder
	for l.err == nil && l.pos < len(l.in) {
		c := l.in[l.pos]
		if c == '\\' {
			l.escape(&b)
			continue
		}
		if !other(c) {
			break
		}
		b.WriteByte(c)
		l.pos++
	}
	t := token{kind: wordToken, text: b.String()}
	// PostgreSQL's lexer knows the word only when it has seen what follows: that is what it quotes.
	for end := l.pos; end < len(l.in) && blank(l.in[end]); end++ {
		t.near = l.in[l.pos : end+1]
	}
	lower := strings.ToLower(t.text)
	if only, ok := keywords[lower]; ok && (!only || lower == t.text) {
		t.word = lower
	}
	return t
}

// escape reads what begins with a backslash.
func (l *lexer) escape(b *strings.Builder) {
	if l.pos+1 >= len(l.in) {
		l.fail("unexpected end after backslash", `\`)
		return
	}
	c := l.in[l.pos+1]
	switch c {
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'v':
		c = '\v'
	case 'x':
		l.hex(b)
		return
	case 'u':
		l.unicode(b)
		return
	default:
		_, size := utf8.DecodeRuneInString(l.in[l.pos+1:])
		b.WriteString(l.in[l.pos+1 : l.pos+1+size])
		l.pos += 1 + size
		return
	}
	b.WriteByte(c)
	l.pos += 2
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

// hexRun reads up to n hexadecimal digits at i and returns the end.
func (l *lexer) hexRun(i, n int) (r rune, end int) {
	for end = i; end < len(l.in) && end < i+n; end++ {
		d, ok := hexDigit(l.in[end])
		if !ok {
			break
		}
		r = r<<4 | d
	}
	return r, end
}

// hex reads \xHH.
func (l *lexer) hex(b *strings.Builder) {
	r, end := l.hexRun(l.pos+2, 2)
	if end != l.pos+4 {
		l.fail("invalid hex character sequence", l.in[l.pos:end])
		return
	}
	l.put(b, r)
	l.pos = end
}

// put appends a character that an escape stands for.
func (l *lexer) put(b *strings.Builder, r rune) {
	if r == 0 {
		l.err = sqlerr.New(sqlerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail(`\u0000 cannot be converted to text.`)
		return
	}
	b.WriteRune(r)
}

// code reads \uXXXX or \u{X..} at pos, up to six digits in braces.
func (l *lexer) code() (rune, bool) {
	start := l.pos
	if l.peek(2) == '{' {
		r, end := l.hexRun(l.pos+3, 6)
		if end == l.pos+3 || end >= len(l.in) || l.in[end] != '}' {
			l.fail("invalid unicode sequence", l.in[start:end])
			return 0, false
		}
		l.pos = end + 1
		return r, true
	}
	r, end := l.hexRun(l.pos+2, 4)
	if end != l.pos+6 {
		l.fail("invalid unicode sequence", l.in[start:end])
		return 0, false
	}
	l.pos = end
	return r, true
}

func (l *lexer) surrogate(detail string) {
	if l.err == nil {
		l.err = sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type jsonpath").WithDetail("%s", detail)
	}
}

// unicode reads the escape of a character, which may be two of halves of a pair.
func (l *lexer) unicode(b *strings.Builder) {
	r, ok := l.code()
	high := rune(-1)
	for ok {
		isHigh, isLow := r >= 0xD800 && r <= 0xDBFF, r >= 0xDC00 && r <= 0xDFFF
		switch {
		case isHigh && high >= 0:
			l.surrogate("Unicode high surrogate must not follow a high surrogate.")
			return
		case isHigh:
			high = r
			if l.peek(0) != '\\' || l.peek(1) != 'u' {
				l.surrogate("Unicode low surrogate must follow a high surrogate.")
				return
			}
			r, ok = l.code()
			continue
		case isLow != (high >= 0):
			l.surrogate("Unicode low surrogate must follow a high surrogate.")
			return
		case isLow:
			r = 0x10000 + (high-0xD800)<<10 + (r - 0xDC00)
		}
		if r > utf8.MaxRune {
			l.fail("invalid unicode sequence", l.in[:l.pos])
			return
		}
		l.put(b, r)
		return
	}
}
