package value

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// maxJSONDepth bounds the nesting of a document, as PostgreSQL's stack limit does.
const maxJSONDepth = 6000

// parseJSON reads a document and returns its normalised text, which is s itself where it is written so.
func parseJSON(s string) (string, error) {
	if isNormalJSON(s) {
		return s, nil
	}
	return normalizeJSON(s)
}

// normalizeJSON reads a document and returns its normalised text: jsonb's output form,
// `{"a": 1, "bb": [true, null]}`, with an object's keys ordered by length and then bytes, the
// last of equal keys kept, numbers as numeric writes them, and one way to write a string.
func normalizeJSON(s string) (string, error) {
	p := jsonParser{in: s, out: make([]byte, 0, len(s)+len(s)/8)}
	p.value(0)
	if p.err == nil {
		if p.space(); p.pos < len(p.in) {
			p.expected("end of input")
		}
	}
	if p.err != nil {
		return "", p.err
	}
	return ownedString(p.out), nil
}

// checkJSON returns the error of a text that is no document of type json, which is kept as written: unlike jsonb's,
// its numbers have any size and its escapes any code.
func checkJSON(s string) error {
	p := jsonParser{in: s, verbatim: true}
	p.value(0)
	if p.err == nil {
		if p.space(); p.pos < len(p.in) {
			p.expected("end of input")
		}
	}
	return p.err
}

// jsonParser normalises in one pass. After the first error everything returns at once.
type jsonParser struct {
	in  string
	pos int
	out []byte
	err error

	verbatim bool // only the syntax counts: out is not used
	escapes  bool // with verbatim: of strings it counts too whether a text can have what they escape

	lineStart int // where the line of pos begins, and its number from 0: for the error
	line      int
}

// jsonMember is a pair of an object as it stands in out.
type jsonMember struct {
	key        string // unescaped
	start, end int    // of `"key": value` in out
}

func (p *jsonParser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case '\n':
			p.line++
			p.lineStart = p.pos + 1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.pos++
	}
}

// peek returns the first byte of the next token, 0 at the end.
func (p *jsonParser) peek() byte {
	p.space()
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *jsonParser) value(depth int) {
	if depth > maxJSONDepth {
		p.err = sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded")
		return
	}
	switch c := p.peek(); {
	case c == '{':
		p.object(depth)
	case c == '[':
		p.array(depth)
	case c == '"':
		p.string()
	case c == '-' || c >= '0' && c <= '9':
		p.number()
	case p.word("true"), p.word("false"), p.word("null"):
	default:
		p.expected("JSON value")
	}
}

// word copies a keyword.
func (p *jsonParser) word(w string) bool {
	if p.token() != w {
		return false
	}
	p.pos += len(w)
	p.out = append(p.out, w...)
	return true
}

func (p *jsonParser) array(depth int) {
	p.pos++
	p.out = append(p.out, '[')
	if p.peek() == ']' {
		p.pos++
		p.out = append(p.out, ']')
		return
	}
	for p.err == nil {
		p.value(depth + 1)
		if p.err != nil {
			return
		}
		switch p.peek() {
		case ',':
			p.pos++
			p.out = append(p.out, ", "...)
		case ']':
			p.pos++
			p.out = append(p.out, ']')
			return
		default:
			p.expected(`"," or "]"`)
		}
	}
}

func (p *jsonParser) object(depth int) {
	p.pos++
	p.out = append(p.out, '{')
	first := len(p.out)
	if p.peek() == '}' {
		p.pos++
		p.out = append(p.out, '}')
		return
	}
	var inline [16]jsonMember
	list := inline[:0]
	want := `string or "}"`
	for p.err == nil {
		list = append(list, p.member(depth, want))
		if p.err != nil {
			return
		}
		switch p.peek() {
		case ',':
			p.pos++
			p.out = append(p.out, ", "...)
			want = "string"
		case '}':
			p.pos++
			p.sortMembers(first, list)
			p.out = append(p.out, '}')
			return
		default:
			p.expected(`"," or "}"`)
		}
	}
}

// member reads `"key" : value`.
func (p *jsonParser) member(depth int, want string) jsonMember {
	m := jsonMember{start: len(p.out)}
	if p.peek() != '"' {
		p.expected(want)
		return m
	}
	m.key = p.string()
	if p.err != nil {
		return m
	}
	if p.peek() != ':' {
		p.expected(`":"`)
		return m
	}
	p.pos++
	p.out = append(p.out, ": "...)
	p.value(depth + 1)
	m.end = len(p.out)
	return m
}

// sortMembers puts the members that stand in out from first on into the order of keys.
func (p *jsonParser) sortMembers(first int, list []jsonMember) {
	inOrder := true
	for i := 1; i < len(list) && inOrder; i++ {
		inOrder = jsonKeyLess(list[i-1].key, list[i].key)
	}
	if inOrder {
		return
	}
	old := slices.Clone(p.out[first:])
	// Stable: of equal keys the last one written comes last, and wins.
	slices.SortStableFunc(list, func(a, b jsonMember) int {
		switch {
		case jsonKeyLess(a.key, b.key):
			return -1
		case jsonKeyLess(b.key, a.key):
			return 1
		}
		return 0
	})
	p.out = p.out[:first]
	for i, m := range list {
		if i+1 < len(list) && list[i+1].key == m.key {
			continue
		}
		if len(p.out) > first {
			p.out = append(p.out, ", "...)
		}
		p.out = append(p.out, old[m.start-first:m.end-first]...)
	}
}

// string copies a string literal in its normal form and returns its text.
func (p *jsonParser) string() string {
	start := p.pos + 1
	if i := plainStringEnd(p.in, start); i < len(p.in) {
		if p.in[i] != '"' {
			return p.escaped(start)
		}
		p.out = append(p.out, p.in[start-1:i+1]...)
		p.pos = i + 1
		return p.in[start:i]
	}
	p.pos = len(p.in)
	p.fail(p.pos, "Token \"%s\" is invalid.", p.in[start-1:])
	return ""
}

// escaped reads a string with escapes; start is behind its quote.
func (p *jsonParser) escaped(start int) string {
	buf := make([]byte, 0, 64)
	i := start
	for i < len(p.in) {
		c := p.in[i]
		i++
		switch {
		case c == '"':
			p.pos = i
			text := string(buf)
			p.out = JSONQuote(p.out, text)
			return text
		case c < ' ':
			p.fail(i-1, "Character with value 0x%02x must be escaped.", c)
			return ""
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		buf, i = p.escape(buf, i)
		if p.err != nil {
			return ""
		}
	}
	p.fail(len(p.in), "Token \"%s\" is invalid.", p.in[start-1:])
	return ""
}

// escape reads what follows a backslash at i and returns the place behind it.
func (p *jsonParser) escape(buf []byte, i int) ([]byte, int) {
	if i >= len(p.in) {
		return buf, i // the caller reports the missing quote
	}
	switch c := p.in[i]; c {
	case '"', '\\', '/':
		buf = append(buf, c)
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
		return p.unicode(buf, i+1)
	default:
		_, size := utf8.DecodeRuneInString(p.in[i:])
		p.fail(i+size, "Escape sequence \"\\%s\" is invalid.", p.in[i:i+size])
	}
	return buf, i + 1
}

// unicode reads the digits of \uXXXX at i, and of the low half of a surrogate pair.
func (p *jsonParser) unicode(buf []byte, i int) ([]byte, int) {
	r, ok := hex4(p.in[i:])
	switch {
	case skipHex(p.in, i) == len(p.in): // cut off: the caller reports the missing quote
		return buf, len(p.in)
	case !ok:
		p.fail(min(i+4, len(p.in)), `"\u" must be followed by four hexadecimal digits.`)
		return buf, i
	case p.verbatim && !p.escapes:
		return buf, i + 4
	case r == 0:
		p.err = p.where(sqlerr.New(sqlerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail(`\u0000 cannot be converted to text.`), i+4)
		return buf, i
	case r >= 0xDC00 && r <= 0xDFFF:
		p.fail(i+4, "Unicode low surrogate must follow a high surrogate.")
		return buf, i
	case r < 0xD800 || r > 0xDBFF:
		return utf8.AppendRune(buf, r), i + 4
	}
	i += 4
	low := rune(0)
	_, size := utf8.DecodeRuneInString(p.in[i:])
	end := i + size // of what stands where the low half should
	if strings.HasPrefix(p.in[i:], `\u`) {
		low, ok = hex4(p.in[i+2:])
		end = min(i+6, len(p.in))
	}
	switch {
	case low >= 0xD800 && low <= 0xDBFF:
		p.fail(end, "Unicode high surrogate must not follow a high surrogate.")
	case !ok || low < 0xDC00 || low > 0xDFFF:
		p.fail(end, "Unicode low surrogate must follow a high surrogate.")
	default:
		r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
	}
	return utf8.AppendRune(buf, r), i + 6
}

// skipHex returns the end of at most four hexadecimal digits at i.
func skipHex(s string, i int) int {
	end := i
	for end < len(s) && end < i+4 && hexDigit(s[end]) <= 15 {
		end++
	}
	return end
}

// number copies a number as numeric writes it.
func (p *jsonParser) number() {
	start, i := p.pos, p.pos
	if p.in[i] == '-' {
		i++
	}
	digits := i
	i = skipDigits(p.in, i)
	bad := i == digits || p.in[digits] == '0' && i > digits+1
	plain := true
	if i < len(p.in) && p.in[i] == '.' {
		from := i + 1
		i = skipDigits(p.in, from)
		bad = bad || i == from
	}
	if i < len(p.in) && p.in[i]|0x20 == 'e' {
		plain = false
		i++
		if i < len(p.in) && (p.in[i] == '+' || p.in[i] == '-') {
			i++
		}
		from := i
		i = skipDigits(p.in, from)
		bad = bad || i == from
	}
	// What sticks to a number is part of a bad token.
	for i < len(p.in) && jsonWordByte(p.in[i]) {
		bad = true
		i++
	}
	if bad {
		p.pos = start
		p.fail(i, "Token \"%s\" is invalid.", p.in[start:i])
		return
	}
	p.pos = i
	if p.verbatim {
		return
	}
	text := p.in[start:i]
	// Without a sign and an exponent it is numeric's own form already.
	if plain && text[0] != '-' && len(text) < 1000 {
		p.out = append(p.out, text...)
		return
	}
	v, err := parseNumeric(text)
	if err != nil {
		p.err = err
		return
	}
	p.out = appendNumeric(p.out, v)
}

func skipDigits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

func jsonWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// token returns the token at pos: a run of word bytes, or one byte.
func (p *jsonParser) token() string {
	i := p.pos
	for i < len(p.in) && jsonWordByte(p.in[i]) {
		i++
	}
	if i == p.pos && i < len(p.in) {
		i++
	}
	return p.in[p.pos:i]
}

// expected reports the token at pos where something else must stand.
func (p *jsonParser) expected(what string) {
	p.space()
	if p.pos >= len(p.in) {
		p.fail(p.pos, "The input string ended unexpectedly.")
		return
	}
	tok := p.token()
	switch c := tok[0]; {
	case strings.IndexByte(`{}[]:,`, c) >= 0, tok == "true", tok == "false", tok == "null":
	case c == '"':
		start := p.pos
		p.string()
		if p.err != nil {
			return
		}
		tok = p.in[start:p.pos]
		p.pos = start
	case c == '-' || c >= '0' && c <= '9':
		start := p.pos
		p.number()
		if p.err != nil {
			return
		}
		tok = p.in[start:p.pos]
		p.pos = start
	default:
		p.fail(p.pos+len(tok), "Token \"%s\" is invalid.", tok)
		return
	}
	if what == "end of input" {
		p.fail(p.pos+len(tok), "Expected end of input, but found \"%s\".", tok)
		return
	}
	p.fail(p.pos+len(tok), "Expected %s, but found \"%s\".", what, tok)
}

// fail sets the syntax error; end is where the bad token ends.
func (p *jsonParser) fail(end int, detail string, args ...any) {
	p.err = p.where(sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type json").
		WithDetail(detail, args...), end)
}

// jsonContextBytes is how much of the line PostgreSQL shows in front of an error.
const jsonContextBytes = 50

// where adds the line up to end to an error.
func (p *jsonParser) where(e *sqlerr.Error, end int) *sqlerr.Error {
	from := p.lineStart
	for end-from >= jsonContextBytes {
		_, size := utf8.DecodeRuneInString(p.in[from:])
		from += size
	}
	prefix, suffix := "", ""
	if from-p.lineStart <= len("...") {
		from = p.lineStart
	} else {
		prefix = "..."
	}
	if end < len(p.in) && p.in[end] != '\n' && p.in[end] != '\r' {
		suffix = "..."
	}
	return e.WithWhere("JSON data, line %d: %s%s%s", min(p.line, math.MaxInt32)+1, prefix, p.in[from:end], suffix)
}
