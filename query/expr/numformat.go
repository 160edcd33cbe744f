package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// numTemplate is a template of to_char and to_number for numbers.
type numTemplate struct {
	nodes []templateNode

	before, after int // digits before and behind the point
	shift         int // digits behind V: the number is multiplied by as many tens
	signBefore    int // digits in front of S
	firstZero     int // place of the first 0 before the point, -1 without
	lastZero      int // place of the last 0, counted from 1

	sign                                       signPlace // of S
	point, zero, fill, bracket, minus, plus    bool
	roman, scientific, localSign, multi, blank bool
}

// signPlace is where S puts the sign.
type signPlace uint8

const (
	noSign signPlace = iota
	signFirst
	signLast
)

func errNumTemplate(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.SyntaxError, format, args...)
}

func parseNumTemplate(s string) (*numTemplate, error) {
	t := &numTemplate{firstZero: -1}
	for s != "" {
		n := templateNode{key: findKey(numberKeys, s)}
		if n.key == nil {
			t.nodes, s = appendTemplateText(t.nodes, s)
			continue
		}
		s = s[len(n.key.name):]
		if err := t.add(n.key.id); err != nil {
			return nil, err
		}
		t.nodes = append(t.nodes, n)
	}
	return t, nil
}

// add takes a pattern into account.
func (t *numTemplate) add(id string) error {
	if t.scientific && id != "EEEE" {
		return errNumTemplate(`"EEEE" must be the last pattern used`)
	}
	switch id {
	case "9", "0":
		if t.bracket {
			return errNumTemplate(`"%s" must be ahead of "PR"`, id)
		}
		t.addDigit(id == "0")
	case "B":
		t.blank = t.blank || t.before == 0 && t.after == 0 && !t.zero
	case "D", ".":
		switch {
		case t.point:
			return errNumTemplate("multiple decimal points")
		case t.multi:
			return errNumTemplate(`cannot use "V" and decimal point together`)
		}
		t.point = true
	case "FM":
		t.fill = true
	case "V":
		if t.point {
			return errNumTemplate(`cannot use "V" and decimal point together`)
		}
		t.multi = true
	case "RN":
		t.roman = true
	case "EEEE":
		switch {
		case t.scientific:
			return errNumTemplate(`cannot use "EEEE" twice`)
		case t.blank || t.fill || t.localSign || t.bracket || t.minus || t.plus || t.roman || t.multi:
			return errNumTemplate(`"EEEE" is incompatible with other formats`).
				WithDetail(`"EEEE" may only be used together with digit and decimal point patterns.`)
		}
		t.scientific = true
	default:
		return t.addSign(id)
	}
	return nil
}

func (t *numTemplate) addDigit(zero bool) {
	switch {
	case !zero && t.multi:
		t.shift++
		return
	case zero && !t.zero && !t.point:
		t.zero, t.firstZero = true, t.before
	}
	if t.point {
		t.after++
	} else {
		t.before++
	}
	if zero {
		t.lastZero = t.before + t.after
	}
}

func (t *numTemplate) addSign(id string) error {
	if id != "S" && id != "PR" && t.localSign && (id == "MI" || id == "PL" || id == "SG") {
		return errNumTemplate(`cannot use "S" and "%s" together`, id)
	}
	switch id {
	case "S":
		switch {
		case t.localSign:
			return errNumTemplate(`cannot use "S" twice`)
		case t.plus || t.minus || t.bracket:
			return errNumTemplate(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		case !t.point:
			t.sign, t.signBefore = signFirst, t.before
		default:
			t.sign = signLast
		}
		t.localSign = true
	case "MI":
		t.minus = true
	case "PL":
		t.plus = true
	case "SG":
		t.minus, t.plus = true, true
	case "PR":
		if t.localSign || t.plus || t.minus {
			return errNumTemplate(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		t.bracket = true
	}
	return nil
}

// numberToChar is to_char of a number.
func numberToChar(_ *Context, a []value.Value) (value.Value, error) {
	if a[1].Bytes() == "" {
		return value.NewText(""), nil
	}
	t, err := parseNumTemplate(a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	var digits string
	switch {
	case t.roman:
		digits, err = romanOf(a[0])
	case t.scientific:
		digits, err = t.scientificOf(a[0])
	default:
		digits, err = t.digitsOf(a[0])
	}
	if err != nil {
		return value.Value{}, err
	}
	if t.scientific {
		return value.NewText(digits), nil
	}
	text, err := t.write(digits)
	return value.NewText(text), err
}

// romanOf rounds to an integer and writes it in Roman digits, ### beyond 1 to 3999.
func romanOf(v value.Value) (string, error) {
	n := int64(0)
	switch v.Kind() {
	case value.Int8:
		if n = v.Int(); n != int64(int32(n)) {
			return "", intRangeError(value.Int4)
		}
	case value.Float4, value.Float8:
		f := math.RoundToEven(v.Float())
		if math.Abs(f) < 4000 {
			n = int64(f)
		}
	case value.Numeric:
		var err error
		if n, err = value.NumericToInt(v, value.Int4); err != nil {
			return "", err
		}
	default:
		n = v.Int()
	}
	if n < 1 || n > 3999 {
		return strings.Repeat("#", 15), nil
	}
	var b strings.Builder
	for _, d := range []struct {
		n int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"},
		{9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= d.n {
			b.WriteString(d.s)
			n -= d.n
		}
	}
	return b.String(), nil
}

// scientificOf writes d.ddde+xx, a blank in front when there is no minus.
func (t *numTemplate) scientificOf(v value.Value) (string, error) {
	signed := func(s string) string {
		if s[0] == '-' {
			return s
		}
		return " " + strings.TrimPrefix(s, "+")
	}
	switch v.Kind() {
	case value.Int2, value.Int4:
		return signed(fmt.Sprintf("%.*e", t.after, float64(v.Int()))), nil
	case value.Float4, value.Float8:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return signed(fmt.Sprintf("%.*e", t.after, f)), nil
		}
	case value.Int8:
		v = value.NumericFromInt(v.Int())
		fallthrough
	default:
		if _, finite := value.NumericScale(v); finite {
			s, err := scientificNumeric(v, t.after)
			return signed(s), err
		}
	}
	s := []byte(" " + strings.Repeat("#", t.before+t.after+5))
	if t.before+1 < len(s) {
		s[t.before+1] = '.'
	}
	return string(s), nil
}

// scientificNumeric writes a numeric with some digits behind the point of its first one, rounded half away from 0.
func scientificNumeric(v value.Value, after int) (string, error) {
	text := string(value.AppendText(nil, v, defaultStyle))
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	exponent := 0
	if whole != "0" {
		exponent = len(whole) - 1
	} else if first := strings.IndexFunc(fraction, func(r rune) bool { return r != '0' }); first >= 0 {
		exponent = -first - 1
	}
	mantissa, err := value.Parse(value.Of(value.Numeric), "1e"+strconv.Itoa(-exponent), defaultStyle)
	if err == nil {
		mantissa, err = value.NumericMul(value.NumericAbs(v), mantissa)
	}
	if err == nil {
		mantissa, err = value.NumericRound(mantissa, after)
	}
	// One that rounds up to 10 stays so, as in PostgreSQL.
	return fmt.Sprintf("%s%se%+03d", sign, value.AppendText(nil, mantissa, defaultStyle), exponent), err
}

// Digits that a decimal keeps through a float.
const (
	float8Digits = 15
	float4Digits = 6
)

// digitsOf writes a number with the template's digits behind the point. It may change their number.
func (t *numTemplate) digitsOf(v value.Value) (string, error) {
	shift := math.Pow10(t.shift)
	switch v.Kind() {
	case value.Float4, value.Float8:
		f, digits := v.Float(), float8Digits
		if t.multi {
			f *= shift
			t.before += t.shift
		}
		if v.Kind() == value.Float4 {
			f, digits = float64(float32(f)), float4Digits
		}
		switch n := len(fixedFloat(math.Abs(f), 0)); {
		case n >= digits:
			t.after = 0
		case n+t.after > digits:
			t.after = digits - n
		}
		return fixedFloat(f, t.after), nil
	case value.Numeric:
		var err error
		if t.multi {
			var ten value.Value
			if ten, err = value.Parse(value.Of(value.Numeric), "1e"+strconv.Itoa(t.shift), defaultStyle); err == nil {
				v, err = value.NumericMul(v, ten)
			}
			t.before += t.shift
		}
		if err == nil {
			v, err = value.NumericRound(v, t.after)
		}
		return string(value.AppendText(nil, v, defaultStyle)), err
	}
	n := v.Int()
	if t.multi {
		t.before += t.shift
		if v.Kind() == value.Int8 {
			var ok bool
			if n, ok = mulInt(n, int64(shift)); !ok || shift > math.MaxInt64 {
				return "", intRangeError(value.Int8)
			}
		} else {
			n = int64(int32(n * int64(int32(int64(shift)))))
		}
	}
	s := strconv.FormatInt(n, 10)
	if t.after > 0 {
		s += "." + strings.Repeat("0", t.after)
	}
	return s, nil
}

// fixedFloat is C's %.*f.
func fixedFloat(f float64, digits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'f', digits, 64)
}
