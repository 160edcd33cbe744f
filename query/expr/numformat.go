package expr

import (
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// numTemplate is a template of to_char for numbers: digits (9 and 0), the point (. and D),
// group separators (, and G) and FM, with the sign by S, MI, PL, SG or PR. Others are refused.
type numTemplate struct {
	fill    bool
	items   []byte // 9, 0, '.', ',' in order, and the letters of other text as 'l'
	before  int    // digits before the point
	after   int
	zero    int // place from the left of the first 0 before the point, -1
	lastZ   int // after the point: digits that stay under FM, up to the last 0
	point   bool
	sFirst  bool // S before the digits
	sLast   bool // S after them
	miLast  bool
	miFirst bool
	pr      bool
}

func parseNumTemplate(s string) (*numTemplate, error) {
	t := &numTemplate{zero: -1}
	refuse := func(what string) (*numTemplate, error) {
		return nil, sqlerr.NotSupported("the template pattern %q for numbers is not supported", what)
	}
	ended := false // a sign at the end came
	for i := 0; i < len(s); {
		rest := s[i:]
		up := strings.ToUpper(rest[:min(2, len(rest))])
		digits := t.before+t.after > 0
		switch {
		case ended:
			return refuse(rest)
		case up == "FM":
			t.fill = true
			i += 2
		case up == "MI":
			if digits {
				t.miLast, ended = true, true
			} else {
				if t.sFirst || t.miFirst {
					return refuse("MI")
				}
				t.miFirst = true
			}
			i += 2
		case up == "PR":
			if !digits || t.sFirst || t.miFirst {
				return refuse("PR")
			}
			t.pr, ended = true, true
			i += 2
		case rest[0] == '9' || rest[0] == '0':
			if t.point {
				t.after++
				if rest[0] == '0' {
					t.lastZ = t.after
				}
			} else {
				if rest[0] == '0' && t.zero < 0 {
					t.zero = t.before
				}
				t.before++
			}
			t.items = append(t.items, rest[0])
			i++
		case rest[0] == '.' || up[0] == 'D':
			if t.point {
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple decimal points")
			}
			t.point = true
			t.items = append(t.items, '.')
			i++
		case rest[0] == ',' || up[0] == 'G':
			if t.point || !digits {
				return refuse(",")
			}
			t.items = append(t.items, ',')
			i++
		case up[0] == 'S' && (len(up) < 2 || up[1] != 'G'):
			switch {
			case t.sFirst || t.miFirst:
				return refuse("S")
			case digits:
				t.sLast, ended = true, true
			default:
				t.sFirst = true
			}
			i++
		default:
			return refuse(rest[:1])
		}
	}
	if t.before+t.after == 0 {
		return refuse(s)
	}
	if (t.sFirst || t.miFirst) && (t.sLast || t.miLast || t.pr) {
		return refuse(s)
	}
	return t, nil
}

// numberToChar is to_char of a number.
func numberToChar(_ *Context, a []value.Value) (value.Value, error) {
	t, err := parseNumTemplate(a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	n := a[0]
	switch {
	case n.Kind() == value.Float8:
		if f := n.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return value.Value{}, sqlerr.NotSupported("to_char of NaN and infinity is not supported")
		}
		n = value.NumericFromFloat(n.Float())
	case n.Kind() != value.Numeric:
		n = value.NumericFromInt(n.Int())
	}
	if _, finite := value.NumericScale(n); !finite {
		return value.Value{}, sqlerr.NotSupported("to_char of NaN and infinity is not supported")
	}
	if n, err = value.NumericRound(n, t.after); err != nil {
		return value.Value{}, err
	}
	text := string(value.AppendText(nil, n, defaultStyle))
	negative := text[0] == '-'
	text = strings.TrimPrefix(text, "-")
	whole, fraction, _ := strings.Cut(text, ".")
	return value.NewText(t.format(whole, fraction, negative)), nil
}

// format writes the digits of a number that is rounded to the template's.
func (t *numTemplate) format(whole, fraction string, negative bool) string {
	if whole == "0" {
		whole = ""
	}
	// PostgreSQL wants a place before the point even for a zero.
	overflow := len(whole) > t.before || t.before == 0
	if overflow {
		whole, fraction = strings.Repeat("#", t.before), strings.Repeat("#", t.after)
	}
	if t.fill && t.point && !overflow {
		keep := len(fraction)
		for keep > t.lastZ && fraction[keep-1] == '0' {
			keep--
		}
		fraction = fraction[:keep]
	}
	// The digits by place: blank before the number begins.
	first := t.before - len(whole)
	if t.zero >= 0 {
		first = min(first, t.zero)
	}
	if first == t.before && t.before > 0 && fraction == "" {
		first-- // a lone zero
	}
	digits := strings.Repeat("0", t.before-len(whole)) + whole
	var b strings.Builder
	sign := func() {
		switch {
		case t.sFirst && negative:
			b.WriteByte('-')
		case t.sFirst:
			b.WriteByte('+')
		case t.miFirst || t.miLast || t.sLast:
		case t.pr && negative:
			b.WriteByte('<')
		case !t.pr && negative:
			b.WriteByte('-')
		case !t.fill:
			b.WriteByte(' ')
		}
	}
	if t.miFirst {
		if negative {
			b.WriteByte('-')
		} else if !t.fill {
			b.WriteByte(' ')
		}
	}
	place, signed, afterAt := 0, false, 0
	begun := func() bool { return place > first || place == first && first < t.before }
	for _, c := range t.items {
		switch {
		case c == ',':
			if place > first {
				b.WriteByte(',')
			} else if !t.fill {
				b.WriteByte(' ')
			}
		case c == '.':
			if !signed {
				sign()
				signed = true
			}
			if t.after > 0 || overflow {
				b.WriteByte('.')
			}
		case place < t.before:
			if begun() {
				if !signed {
					sign()
					signed = true
				}
				b.WriteByte(digits[place])
			} else if !t.fill {
				b.WriteByte(' ')
			}
			place++
		default:
			if !signed {
				sign()
				signed = true
			}
			if afterAt < len(fraction) {
				b.WriteByte(fraction[afterAt])
			}
			afterAt++
		}
	}
	switch {
	case t.sLast && negative, t.miLast && negative:
		b.WriteByte('-')
	case t.sLast:
		b.WriteByte('+')
	case t.miLast && !t.fill:
		b.WriteByte(' ')
	case t.pr && negative:
		b.WriteByte('>')
	case t.pr && !t.fill:
		b.WriteByte(' ')
	}
	return b.String()
}

func toNumber(_ *Context, a []value.Value) (value.Value, error) {
	return value.Value{}, nil
}
