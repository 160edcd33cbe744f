package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// templateReader goes along text and template.
type templateReader struct {
	in    string
	pos   int
	nodes []templateNode
	at    int  // the node
	exact bool // FX: no blanks are skipped
	// extra is the characters that were skipped beyond what the template said.
	extra int
}

func (t *templateReader) skipSpace() {
	for t.pos < len(t.in) && isSpace(t.in[t.pos]) {
		t.pos++
		t.extra++
	}
}

// skipRune moves past one character.
func (t *templateReader) skipRune() {
	_, size := utf8.DecodeRuneInString(t.in[t.pos:])
	t.pos += size
}

// literal passes over text of the template. The text may be at its end already, by skipped blanks.
func (t *templateReader) literal(n templateNode) {
	switch {
	case t.exact:
		t.skipRune()
	case n.space || n.separator:
		t.extra--
		if t.pos < len(t.in) && (isSpace(t.in[t.pos]) || isSeparator(t.in[t.pos])) {
			t.pos++
			t.extra++
		}
	case t.extra > 0:
		t.extra--
	default:
		t.skipRune()
	}
}

func (t *templateReader) plain(n templateNode, dst *int, width int) error {
	_, err := t.number(n, dst, width)
	return err
}

// fraction reads digits as the first ones behind the point, of width digits in all.
func (t *templateReader) fraction(n templateNode, dst *int, width int) error {
	return t.fractionOf(n, dst, width, width)
}

func (t *templateReader) fractionOf(n templateNode, dst *int, width, unit int) error {
	used, err := t.number(n, dst, width)
	if err != nil || used < 1 {
		return err
	}
	for ; used < unit; used++ {
		*dst *= 10
	}
	return nil
}

// thousands reads Y,YYY.
func (t *templateReader) thousands(n templateNode, dst *int) error {
	rest := strings.TrimLeft(t.in[t.pos:], " \t\n\v\f\r")
	high, used, ok := leadingInt(rest, len(rest))
	if ok && used < len(rest) && rest[used] == ',' {
		tail := rest[used+1:]
		low, width, ok := leadingInt(tail, 3)
		if ok {
			t.pos = len(t.in) - len(tail) + width
			return setField(dst, int(high)*1000+int(low), n)
		}
	}
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, `invalid input string for "Y,YYY"`)
}

// leadingInt reads a sign and digits, as C's strtol, of at most width bytes. Blanks in front count.
func leadingInt(s string, width int) (n int64, used int, ok bool) {
	s = s[:min(width, len(s))]
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	from := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(s[from:i], 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	return n, i, true
}

// endsField says whether what follows the current node cannot be taken for more digits of it.
func (t *templateReader) endsField(n templateNode) bool {
	if n.ordinal != "" || t.at+1 >= len(t.nodes) {
		return true
	}
	next := t.nodes[t.at+1]
	if next.key != nil {
		return !next.key.digit
	}
	return !(len(next.text) == 1 && isDigit(next.text[0]))
}

// number reads a number of exactly width digits, or of as many as there are where nothing can follow or FM says so. It
// returns the bytes read.
func (t *templateReader) number(n templateNode, dst *int, width int) (int, error) {
	start := t.pos
	for t.pos < len(t.in) && isSpace(t.in[t.pos]) {
		t.pos++
	}
	rest := t.in[t.pos:]
	shown := rest[:min(width, len(rest))]
	var x int64
	if n.fill || t.endsField(n) {
		x0, used, ok := leadingInt(t.in[start:], len(t.in))
		if t.pos = start; ok {
			x, t.pos = x0, start+used
		}
	} else {
		const hint = `If your source string is not fixed-width, try using the "FM" modifier.`
		if len(rest) < width {
			return 0, sqlerr.New(sqlerr.InvalidDatetimeFormat, `source string too short for "%s" formatting field`, n.key.name).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(rest)).WithHint(hint)
		}
		x0, used, ok := leadingInt(rest, width)
		if ok && used < width {
			return 0, sqlerr.New(sqlerr.InvalidDatetimeFormat, `invalid value "%s" for "%s"`, shown, n.key.name).
				WithDetail("Field requires %d characters, but only %d could be parsed.", width, used).WithHint(hint)
		}
		x = x0
		t.pos += used
	}
	if t.pos == start {
		return 0, sqlerr.New(sqlerr.InvalidDatetimeFormat, `invalid value "%s" for "%s"`, shown, n.key.name).
			WithDetail("Value must be an integer.")
	}
	if x != int64(int32(x)) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, `value for "%s" in source string is out of range`, n.key.name).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	if dst != nil {
		if err := setField(dst, int(x), n); err != nil {
			return 0, err
		}
	}
	return t.pos - start, nil
}

// setField gives a field its value, which must not contradict an earlier one.
func setField(dst *int, x int, n templateNode) error {
	if *dst != 0 && *dst != x {
		return errConflict(n)
	}
	*dst = x
	return nil
}

func errConflict(n templateNode) error {
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, `conflicting values for "%s" field in formatting string`, n.key.name).
		WithDetail("This value contradicts a previous setting for the same field type.")
}

// word reads one of a list of words, in any case.
func (t *templateReader) word(list []string) (int, bool) {
	rest := t.in[t.pos:]
	for i, w := range list {
		if len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) {
			t.pos += len(w)
			return i, true
		}
	}
	return 0, false
}

// half reads one of two words, with or without dots as the pattern has them; true is the second's.
func (t *templateReader) half(n templateNode, seen *int, dst *bool, words map[string]bool) error {
	for w, second := range words {
		if len(w) != len(n.key.id) {
			continue
		}
		if _, ok := t.word([]string{w}); !ok {
			continue
		}
		if *seen == 2 && !second { // AM behind PM; PM behind AM is not noticed
			return errConflict(n)
		}
		*seen = 1 + b2i(second)
		*dst = second
		return nil
	}
	return t.errWord(n)
}

// errWord is the error of a word that is none of the list.
func (t *templateReader) errWord(n templateNode) error {
	word := t.in[t.pos:]
	if end := strings.IndexAny(word, " \t\n\f\r\v"); end >= 0 {
		word = word[:end]
	}
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, `invalid value "%s" for "%s"`, word, n.key.name).
		WithDetail("The given value did not match any of the allowed values for this field.")
}
