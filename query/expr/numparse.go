package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// toNumber is to_number: the number that a text holds at the places of a template.
func toNumber(_ *Context, a []value.Value) (value.Value, error) {
	if a[1].Bytes() == "" {
		return value.Null(value.Numeric), nil
	}
	t, err := parseNumTemplate(a[1].Bytes())
	switch {
	case err != nil:
		return value.Value{}, err
	case t.scientific:
		return value.Value{}, sqlerr.New(sqlerr.FeatureNotSupported, `"EEEE" not supported for input`)
	case t.roman:
		return value.Value{}, sqlerr.New(sqlerr.FeatureNotSupported, `"RN" not supported for input`)
	}
	r := numReader{numTemplate: t, in: a[0].Bytes(), mark: ' '}
	r.read()
	text := string(r.mark) + strings.TrimSuffix(string(r.digits), ".")
	typ := value.Type{Kind: value.Numeric, Mod: value.NumericTypmod(t.before+t.shift+r.fraction, r.fraction)}
	v, err := value.Parse(typ, text, defaultStyle)
	if err != nil || !t.multi {
		return v, err
	}
	power, err := value.NumericPower(value.NumericFromInt(10), value.NumericFromInt(-int64(t.shift)))
	if err != nil {
		return power, err
	}
	return value.NumericMul(v, power)
}

// numReader reads digits by a template.
type numReader struct {
	*numTemplate
	in  string
	pos int

	mark      byte // the sign, ' ' before there is one
	digits    []byte
	whole     int // digits read on either side of the point
	fraction  int
	pointRead bool
}

func (r *numReader) end() bool { return r.pos >= len(r.in) }

// byte returns the byte at an offset from here, 0 past the end.
func (r *numReader) byte(offset int) byte {
	if i := r.pos + offset; i < len(r.in) {
		return r.in[i]
	}
	return 0
}

func (r *numReader) read() {
	for _, n := range r.nodes {
		if r.end() {
			return
		}
		if n.key == nil { // one character of text, whatever it is
			r.skipRune()
			continue
		}
		if r.node(n.key.id) {
			r.pos++
		}
	}
}

func (r *numReader) skipRune() {
	_, size := utf8.DecodeRuneInString(r.in[r.pos:])
	r.pos += size
}

// node reads a pattern's part. It says whether the byte at pos has been used and is to be passed.
func (r *numReader) node(id string) bool {
	c := r.byte(0)
	switch id {
	case "9", "0", ".", "D":
		r.digit(id)
		return true
	case ",", "G":
		return !r.fill && c == ','
	case "L":
		r.skipOther(1)
	case "TH":
		if !r.point {
			r.skipOther(2)
		}
	case "MI":
		if c == '-' {
			r.mark = c
			return true
		}
		r.skipOther(1)
	case "PL":
		if c == '+' {
			r.mark = c
			return true
		}
		r.skipOther(1)
	case "SG":
		if c == '-' || c == '+' {
			r.mark = c
			return true
		}
		r.skipOther(1)
	}
	return false
}

// skipOther passes over at most n characters that are no part of a number.
func (r *numReader) skipOther(n int) {
	for ; n > 0 && !r.end() && strings.IndexByte("0123456789.,+-", r.in[r.pos]) < 0; n-- {
		r.skipRune()
	}
}

// digit reads a digit or the point, a sign in front of the first one, and a sign behind the last.
func (r *numReader) digit(id string) {
	if r.byte(0) == ' ' {
		r.pos++
	}
	if r.end() {
		return
	}
	if r.mark == ' ' && (id == "0" || id == "9") && r.whole+r.fraction == 0 {
		r.leadingSign()
	}
	if r.end() {
		return
	}
	used := false
	switch c := r.byte(0); {
	case isDigit(c):
		if r.pointRead && r.fraction == r.after {
			return
		}
		r.digits = append(r.digits, c)
		if r.pointRead {
			r.fraction++
		} else {
			r.whole++
		}
		used = true
	case r.point && !r.pointRead && c == '.':
		r.digits = append(r.digits, '.')
		r.pointRead, used = true, true
	}
	if r.mark == ' ' && r.whole+r.fraction > 0 {
		r.trailingSign(used)
	}
}

func (r *numReader) leadingSign() {
	switch c := r.byte(0); {
	case c == '-', c == '<' && r.bracket:
		r.mark = '-'
	case c == '+':
		r.mark = '+'
	default:
		return
	}
	r.pos++
}

// trailingSign reads S behind the last digit, or a sign of MI, PL and SG where the template is longer than the
// number.
func (r *numReader) trailingSign(used bool) {
	switch next := r.byte(1); {
	case r.localSign && used && r.pos+1 < len(r.in) && !isDigit(next):
		if next == '-' || next == '+' {
			r.pos++
			r.mark = next
		}
	case !used && !r.localSign && (r.plus || r.minus):
		if c := r.byte(0); c == '-' || c == '+' {
			r.mark = c
		}
	}
}
