package expr

import (
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// numWriter writes digits by a template. It goes along the template's places, of which there may be more than digits:
// the first ones are blank.
type numWriter struct {
	*numTemplate
	digits   string // with a point, without sign
	at       int    // in digits
	negative bool
	out      []byte

	place      int // of the template, from 0
	places     int // the last one that a sign may follow
	blanks     int // places in front of the first digit
	relevant   int // under FM: the last digit behind the point that counts, the point itself, or -1
	signed     bool
	inside     bool // a digit has been written at the last place
	bracketing bool
	err        error
}

// write returns the text of digits, rounded to the template.
func (t *numTemplate) write(digits string) (string, error) {
	w := &numWriter{numTemplate: t, relevant: -1}
	if t.roman {
		w.digits, w.signed = digits, true
	} else {
		w.negative = strings.HasPrefix(digits, "-")
		w.digits = strings.TrimPrefix(digits, "-")
		w.fit()
		w.prepareSign()
	}
	w.places = t.after + t.before - 1
	if !w.signed && w.blanks == 0 {
		w.places++
	}
	for _, n := range t.nodes {
		if n.key == nil {
			w.out = append(w.out, n.text...)
			continue
		}
		w.node(n.key)
	}
	// A digit that there is not ends the text, as in C.
	text, _, _ := strings.Cut(string(w.out), "\x00")
	return text, w.err
}

// fit counts the blanks, or replaces digits that are too many.
func (w *numWriter) fit() {
	whole := strings.IndexByte(w.digits, '.')
	if whole < 0 {
		whole = len(w.digits)
	}
	switch {
	case whole < w.before:
		w.blanks = w.before - whole
	case whole > w.before:
		w.digits = strings.Repeat("#", w.before) + "." + strings.Repeat("#", w.after)
	}
	point := strings.IndexByte(w.digits, '.')
	if !w.fill || !w.point || point < 0 {
		return
	}
	w.relevant = point
	for i := point + 1; i < len(w.digits); i++ {
		if w.digits[i] != '0' {
			w.relevant = i
		}
	}
	if w.lastZero > w.blanks {
		w.relevant = max(w.relevant, min(len(w.digits)-1, w.lastZero-w.blanks))
	}
}

// prepareSign decides whether a sign stands with the digits.
func (w *numWriter) prepareSign() {
	w.bracketing = w.bracket
	switch {
	case w.plus || w.minus:
		w.signed = w.minus
	default:
		if w.fill && !w.negative {
			w.bracketing = false
			w.signed = !w.localSign
		}
		if w.sign == signFirst && w.before == w.signBefore {
			w.sign = signLast
		}
	}
}

func (w *numWriter) digit() byte {
	if w.at < len(w.digits) {
		return w.digits[w.at]
	}
	return 0
}

// leadingZero says that the digit is the 0 of 0.x, which no place of the template asks for.
func (w *numWriter) leadingZero() bool {
	return !w.zero && w.at == 0 && w.digits[0] == '0' && w.after != 0
}

// wholeOnly says that under FM nothing behind the point counts.
func (w *numWriter) wholeOnly() bool {
	return w.relevant >= 0 && w.digits[w.relevant] == '.'
}

func (w *numWriter) node(k *templateKey) {
	switch k.id {
	case "9", "0", ".", "D":
		if !w.roman {
			w.digitPlace(k.id)
		}
	case ",", "G":
		switch {
		case w.inside:
			w.out = append(w.out, ',')
		case !w.fill:
			w.out = append(w.out, ' ')
		}
	case "L": // the currency's symbol, which C has not
		w.out = append(w.out, ' ')
	case "RN":
		s := w.digits
		if k.name == "rn" {
			s = strings.ToLower(s)
		}
		if !w.fill {
			s = fmt.Sprintf("%15s", s)
		}
		w.out = append(w.out, s...)
	case "TH":
		if !w.roman && w.digits[0] != '#' && !w.negative && !w.point {
			if !isDigit(w.digits[len(w.digits)-1]) { // the template has no digits
				w.err = sqlerr.New(sqlerr.InvalidTextRepresentation, `"%s" is not a number`, w.digits)
				return
			}
			w.out = append(w.out, ordinalSuffix(w.digits, k.name)...)
		}
	case "MI":
		w.markSign(w.negative, '-')
	case "PL":
		w.markSign(!w.negative && !w.roman, '+')
	case "SG":
		switch {
		case w.roman:
			w.out = append(w.out, 0)
		default:
			w.out = append(w.out, w.signByte())
		}
	}
}

// markSign writes the sign of MI or PL, or a blank in its place.
func (w *numWriter) markSign(here bool, sign byte) {
	switch {
	case here:
		w.out = append(w.out, sign)
	case !w.fill:
		w.out = append(w.out, ' ')
	}
}

func (w *numWriter) signByte() byte {
	if w.negative {
		return '-'
	}
	return '+'
}

// writeSign writes the sign in front of the first digit, once.
func (w *numWriter) writeSign() {
	begun := w.place >= w.blanks || w.zero && w.firstZero == w.place
	if w.signed || !begun || w.leadingZero() && !w.wholeOnly() {
		return
	}
	switch {
	case w.localSign:
		if w.sign != signFirst {
			return
		}
		w.out = append(w.out, w.signByte())
	case w.bracketing:
		w.out = append(w.out, [2]byte{' ', '<'}[b2i(w.negative)])
	case w.negative:
		w.out = append(w.out, '-')
	case !w.fill:
		w.out = append(w.out, ' ')
	}
	w.signed = true
}

// digitPlace writes one place of digits.
func (w *numWriter) digitPlace(id string) {
	w.inside = false
	w.writeSign()
	switch {
	case w.place < w.blanks && (!w.zero || w.firstZero > w.place):
		if !w.fill {
			w.out = append(w.out, ' ')
		}
	case w.place < w.blanks:
		w.out = append(w.out, '0')
		w.inside = true
	default:
		w.nextDigit(id)
	}
	end := w.places
	if w.blanks > 0 {
		end++
	}
	if w.point {
		end++
	}
	if w.relevant >= 0 && w.relevant == w.at {
		end = w.place
	}
	if w.place+1 == end {
		switch {
		case w.signed && w.bracketing:
			w.out = append(w.out, [2]byte{' ', '>'}[b2i(w.negative)])
		case w.localSign && w.sign == signLast:
			w.out = append(w.out, w.signByte())
		}
	}
	w.place++
}

// nextDigit writes the next digit or the point.
func (w *numWriter) nextDigit(id string) {
	switch c := w.digit(); {
	case c == '.':
		if !w.wholeOnly() || w.fill {
			w.out = append(w.out, '.')
		}
	case w.relevant >= 0 && w.at > w.relevant && id != "0":
	case w.leadingZero():
		switch {
		case !w.fill:
			w.out = append(w.out, ' ')
		case w.wholeOnly():
			w.out = append(w.out, '0')
		}
	default:
		w.out = append(w.out, c)
		w.inside = true
	}
	if w.at < len(w.digits) {
		w.at++
	}
}
