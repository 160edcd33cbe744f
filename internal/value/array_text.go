package value

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// parseArray reads an array literal: {1,NULL,"a\"b"}, with its bounds in front or not.
func parseArray(t Type, s string, st *Style) (Value, error) {
	if v, ok := parsePlainArray(t, s, st); ok {
		return v, nil
	}
	p := arrayParser{in: s, elem: Type{Kind: t.Kind.Elem(), Mod: t.Mod}, st: st}
	p.b.Reset(p.elem.Kind)
	if err := p.parse(); err != nil {
		return Null(t.Kind), err
	}
	return p.b.Value(), nil
}

// parsePlainArray is the hot path: {1,2,3} of numbers, dates and the like, in one allocation. False
// for whatever is not that plain, be it an error or not.
func parsePlainArray(t Type, s string, st *Style) (Value, bool) {
	elem := Type{Kind: t.Kind.Elem(), Mod: t.Mod}
	w := elemWidth(elem.Kind)
	if w == 0 || w == 16 || len(s) < 3 || s[0] != '{' || s[len(s)-1] != '}' {
		return Value{}, false
	}
	body := s[1 : len(s)-1]
	n := strings.Count(body, ",") + 1
	buf := make([]byte, 0, arrayHeadBytes(n)+n*w)
	buf = binary.AppendUvarint(append(buf, 1), uint64(n))
	for rest := body; ; {
		text, more := rest, false
		if i := strings.IndexByte(rest, ','); i >= 0 {
			text, rest, more = rest[:i], rest[i+1:], true
		}
		if !plainElement(text) {
			return Value{}, false
		}
		v, err := Parse(elem, text, st)
		if err != nil {
			return Value{}, false
		}
		buf = appendFixed(buf, elemWord(v), w)
		if !more {
			return NewBytes(t.Kind, ownedString(buf)), true
		}
	}
}

// plainElement says that text has no byte that an array literal treats in a special way, and is
// not NULL: it has nothing but digits, signs and punctuation of dates and times.
func plainElement(text string) bool {
	if text == "" {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c < '+' || c > ':' {
			return false
		}
	}
	return true
}

type arrayParser struct {
	in   string
	pos  int
	elem Type
	st   *Style
	b    ArrayBuilder
	err  error // of the first element that is no value: reported when the syntax is right
}

func (p *arrayParser) malformed(detail string, args ...any) error {
	e := sqlerr.New(sqlerr.InvalidTextRepresentation, `malformed array literal: "%s"`, p.in)
	if detail == "" {
		return e
	}
	return e.WithDetail(detail, args...)
}

func (p *arrayParser) space() {
	for p.pos < len(p.in) && isSpace(p.in[p.pos]) {
		p.pos++
	}
}

// accept takes c after blanks when it is next.
func (p *arrayParser) accept(c byte) bool {
	p.space()
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *arrayParser) parse() error {
	declared, err := p.bounds()
	if err != nil {
		return err
	}
	if !p.accept('{') {
		if declared >= 0 {
			return p.malformed("Array contents must start with \"{\".")
		}
		return p.malformed("Array value must start with \"{\" or dimension information.")
	}
	if !p.accept('}') {
		if err := p.elements(); err != nil {
			return err
		}
	}
	if p.space(); p.pos < len(p.in) {
		return p.malformed("Junk after closing right brace.")
	}
	if declared >= 0 && declared != p.b.Len() {
		return p.malformed("Specified array dimensions do not match array contents.")
	}
	return p.err
}

// bounds reads [lower:upper]= and returns the length, -1 when it is not there.
func (p *arrayParser) bounds() (int, error) {
	if !p.accept('[') {
		return -1, nil
	}
	lower, ok := p.int()
	upper := lower
	if !ok {
		return 0, p.malformed("\"[\" must introduce explicitly-specified array dimensions.")
	}
	if p.pos < len(p.in) && p.in[p.pos] == ':' {
		p.pos++
		if upper, ok = p.int(); !ok {
			return 0, p.malformed("Missing array dimension value.")
		}
	} else {
		lower = 1
	}
	if p.pos >= len(p.in) || p.in[p.pos] != ']' {
		return 0, p.malformed("Missing \"%s\" after array dimensions.", "]")
	}
	p.pos++
	if upper < lower {
		return 0, sqlerr.New(sqlerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
	}
	if p.space(); p.pos < len(p.in) && p.in[p.pos] == '[' {
		return 0, errMultiDim()
	}
	if !p.accept('=') {
		return 0, p.malformed("Missing \"%s\" after array dimensions.", "=")
	}
	if lower != 1 {
		return 0, sqlerr.NotSupported("arrays with a lower bound other than 1 are not supported")
	}
	return int(upper - lower + 1), nil
}

func (p *arrayParser) int() (int64, bool) {
	start := p.pos
	if p.pos < len(p.in) && (p.in[p.pos] == '-' || p.in[p.pos] == '+') {
		p.pos++
	}
	p.pos = skipDigits(p.in, p.pos)
	n, err := strconv.ParseInt(p.in[start:p.pos], 10, 32)
	return n, err == nil
}

func errMultiDim() error {
	return sqlerr.NotSupported("multidimensional arrays are not supported")
}

// elements reads up to the closing brace.
func (p *arrayParser) elements() error {
	for {
		v, err := p.element()
		if err != nil {
			return err
		}
		if p.b.Len() >= maxArrayLen {
			return sqlerr.New(sqlerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLen)
		}
		p.b.Append(v)
		switch {
		case p.accept(','):
		case p.accept('}'):
			return nil
		case p.pos >= len(p.in):
			return p.malformed("Unexpected end of input.")
		case p.in[p.pos] == '{' || p.in[p.pos] == '"':
			return p.unexpected(p.in[p.pos])
		default:
			return p.malformed("Unexpected array element.")
		}
	}
}

func (p *arrayParser) unexpected(c byte) error {
	if c == '"' {
		return p.malformed("Unexpected array element.")
	}
	return p.malformed("Unexpected \"%c\" character.", c)
}

func (p *arrayParser) element() (Value, error) {
	p.space()
	if p.pos >= len(p.in) {
		return Value{}, p.malformed("Unexpected end of input.")
	}
	switch c := p.in[p.pos]; c {
	case '{':
		return Value{}, errMultiDim()
	case '"':
		return p.quoted()
	case ',', '}':
		return Value{}, p.unexpected(c)
	}
	return p.bare()
}

// parseElem reads the value of an element. Its error waits in p.err.
func (p *arrayParser) parseElem(text string) (Value, error) {
	if p.err != nil {
		return Null(p.elem.Kind), nil
	}
	v, err := Parse(p.elem, text, p.st)
	if err != nil {
		p.err = err
		return Null(p.elem.Kind), nil
	}
	return v, nil
}

// bare reads an element without quotes, up to a comma or brace, without the blanks at its end.
func (p *arrayParser) bare() (Value, error) {
	start, end := p.pos, p.pos // end: behind the last byte that is not an unescaped blank
	var buf []byte
	escaped := false
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		if c == ',' || c == '}' {
			break
		}
		switch {
		case c == '{':
			return Value{}, p.unexpected(c)
		case c == '"':
			return Value{}, p.unexpected(c)
		case c == '\\':
			if p.pos+1 >= len(p.in) {
				return Value{}, p.malformed("Unexpected end of input.")
			}
			if !escaped {
				buf, escaped = append(buf, p.in[start:p.pos]...), true
			}
			p.pos++
			buf = append(buf, p.in[p.pos])
			end = len(buf)
		default:
			if escaped {
				buf = append(buf, c)
			}
			if !isSpace(c) {
				end = p.pos + 1
				if escaped {
					end = len(buf)
				}
			}
		}
		p.pos++
	}
	if p.pos >= len(p.in) {
		return Value{}, p.malformed("Unexpected end of input.")
	}
	if escaped {
		return p.parseElem(string(buf[:end]))
	}
	text := p.in[start:end]
	if equalFold(text, "null") {
		return Null(p.elem.Kind), nil
	}
	return p.parseElem(text)
}

// quoted reads an element in double quotes.
func (p *arrayParser) quoted() (Value, error) {
	p.pos++
	start := p.pos
	var buf []byte
	for i := start; i < len(p.in); i++ {
		switch p.in[i] {
		case '"':
			p.pos = i + 1
			if buf == nil {
				return p.parseElem(p.in[start:i])
			}
			return p.parseElem(string(append(buf, p.in[start:i]...)))
		case '\\':
			buf = append(buf, p.in[start:i]...)
			i++
			start = i
			if buf == nil {
				buf = []byte{}
			}
		}
	}
	return Value{}, p.malformed("Unexpected end of input.")
}

// firstCommonEra is 0001-01-01: dates before it are written with a blank.
const firstCommonEra = -730119

func appendArray(dst []byte, v Value, st *Style) []byte {
	k := v.kind.Elem()
	dst = append(dst, '{')
	plain := k == Int4 || k == Int8 || k == Int2 || k == Bool || k == Numeric || k == Float8 || k == Float4 || k == OID || k == Time || k == Timetz
	ArrayEach(k, v.s, func(i int, e Value) bool {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case e.IsNull():
			dst = append(dst, "NULL"...)
		case plain, k == Date && e.n >= firstCommonEra:
			dst = AppendText(dst, e, st)
		default:
			dst = appendArrayElem(dst, e, st)
		}
		return true
	})
	return append(dst, '}')
}

// appendArrayElem appends an element in quotes where the literal needs them.
func appendArrayElem(dst []byte, e Value, st *Style) []byte {
	start := len(dst)
	dst = AppendText(dst, e, st)
	text := dst[start:]
	quote := len(text) == 0 || equalFold(string(text), "null")
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			quote = true
			escapes++
		case c == '{' || c == '}' || c == ',' || isSpace(c):
			quote = true
		}
	}
	if !quote {
		return dst
	}
	quoted := strings.Clone(string(text))
	dst = append(dst[:start], '"')
	for i := range len(quoted) {
		if c := quoted[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, quoted[i])
	}
	return append(dst, '"')
}
