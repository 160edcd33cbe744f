package value

import (
	"math/big"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// parseNumeric reads a numeric without modifier.
func parseNumeric(s string) (Value, error) {
	if w, ok := parseNumericWord(s); ok {
		return NewNumericWord(w, ""), nil
	}
	d, err := parseDecimal(s)
	if err != nil {
		return Null(Numeric), err
	}
	return d.checked()
}

// parseNumericWord is the hot path: sign, at most 16 digits and a point.
func parseNumericWord(s string) (int64, bool) {
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i = 1
	}
	if len(s)-i > 17 { // 16 digits and a point fit the packed coefficient
		return 0, false
	}
	var coef int64
	digits, point := 0, -1
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if c <= 9 {
			coef = coef*10 + int64(c)
			digits++
			continue
		}
		if s[i] != '.' || point >= 0 {
			return 0, false
		}
		point = digits
	}
	if digits == 0 || digits > 16 {
		return 0, false
	}
	scale := 0
	if point >= 0 {
		scale = digits - point
	}
	if neg {
		coef = -coef
	}
	return coef<<8 | int64(scale), true
}

// parseDecimal reads every form of a numeric. Exponents are applied: the scale is what
// remains behind the point.
func parseDecimal(s string) (decimal, error) {
	t := trimSpace(s)
	switch {
	case equalFold(t, "nan"):
		return decimal{form: nan}, nil
	case equalFold(t, "infinity"), equalFold(t, "inf"), equalFold(t, "+infinity"), equalFold(t, "+inf"):
		return decimal{form: posInf}, nil
	case equalFold(t, "-infinity"), equalFold(t, "-inf"):
		return decimal{form: negInf}, nil
	}
	return parseFinite(s, t)
}

// parseFinite reads t; s is the whole text for the error.
func parseFinite(s, t string) (decimal, error) {
	i := 0
	neg := false
	if i < len(t) && (t[i] == '-' || t[i] == '+') {
		neg = t[i] == '-'
		i++
	}
	digits := make([]byte, 0, len(t))
	scale, seenPoint := 0, false
	for ; i < len(t); i++ {
		switch c := t[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
			if seenPoint {
				scale++
			}
			continue
		case c == '.' && !seenPoint:
			seenPoint = true
			continue
		}
		break
	}
	if len(digits) == 0 {
		return decimal{}, errSyntax("numeric", s)
	}
	if i < len(t) {
		if !isExponent(t[i:]) {
			return decimal{}, errSyntax("numeric", s)
		}
		exp, err := strconv.ParseInt(t[i+1:], 10, 32)
		if err != nil || exp >= maxExponent || exp <= -maxExponent {
			return decimal{}, errNumericOverflow
		}
		scale -= int(exp)
	}
	return makeDecimal(neg, digits, scale)
}

// makeDecimal returns the decimal of a run of digits; a negative scale adds zeros.
func makeDecimal(neg bool, digits []byte, scale int) (decimal, error) {
	coef, _ := new(big.Int).SetString(string(digits), 10)
	if scale > maxScale {
		return decimal{}, errNumericOverflow
	}
	if scale < 0 {
		// Refuse before multiplying: the exponent may be huge.
		if coef.Sign() != 0 && digitCount(coef)-scale > maxIntDigits {
			return decimal{}, errNumericOverflow
		}
		if coef.Sign() != 0 {
			coef = rescaleUp(coef, -scale)
		}
		scale = 0
	}
	if neg {
		coef.Neg(coef)
	}
	return decimal{coef: coef, scale: scale}, nil
}

// maxExponent bounds what is written behind an e, before the limits of the type are looked at.
const maxExponent = 1 << 30

// isExponent says whether s is "e[+-]digits".
func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	return i < len(s) && skipDigits(s, i) == len(s)
}

// appendNumeric appends the text of a numeric.
func appendNumeric(dst []byte, v Value) []byte {
	if !IsWide(v.n) {
		coef, scale := UnpackNumeric(v.n)
		return appendScaled(dst, coef, scale)
	}
	return appendDecimal(dst, decodeWide(v.s))
}

// appendScaled appends coef * 10^-scale.
func appendScaled(dst []byte, coef int64, scale int) []byte {
	u := uint64(coef)
	if coef < 0 {
		dst = append(dst, '-')
		u = -u
	}
	if scale == 0 {
		return appendUint(dst, u)
	}
	if scale <= maxPackedTenPow {
		p := uint64(tenPow[scale])
		q := u / p
		dst = appendUint(dst, q)
		dst = append(dst, '.')
		return appendPadded(dst, u-q*p, scale)
	}
	dst = append(dst, '0', '.')
	return appendPadded(dst, u, scale)
}

func appendDecimal(dst []byte, d decimal) []byte {
	switch d.form {
	case nan:
		return append(dst, "NaN"...)
	case posInf:
		return append(dst, "Infinity"...)
	case negInf:
		return append(dst, "-Infinity"...)
	}
	if d.scale == 0 {
		return d.coef.Append(dst, 10)
	}
	if d.coef.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(d.coef).Append(nil, 10)
	if len(digits) <= d.scale {
		dst = append(dst, '0', '.')
		for i := len(digits); i < d.scale; i++ {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	point := len(digits) - d.scale
	dst = append(dst, digits[:point]...)
	dst = append(dst, '.')
	return append(dst, digits[point:]...)
}

// typmodScale splits the modifier of numeric(p,s).
func typmodScale(mod int32) (precision, scale int) {
	m := int(mod) - 4
	return m >> 16 & 0xffff, (m&0x7ff ^ 1024) - 1024
}

// applyNumericMod rounds v to the scale of numeric(p,s) and checks its precision.
func applyNumericMod(v Value, mod int32) (Value, error) {
	if mod < 4 {
		return v, nil
	}
	precision, scale := typmodScale(mod)
	if w, ok := fitWord(v.n, precision, scale); ok {
		return NewNumericWord(w, ""), nil
	}
	d := toDecimal(v)
	switch d.form {
	case nan:
		return v, nil
	case posInf, negInf:
		return Null(Numeric), errFieldOverflow().WithDetail(
			"A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	d = d.roundTo(scale)
	if digitCount(d.coef)-d.scale > precision-scale {
		limit := "1"
		if precision != scale {
			limit = "10^" + strconv.Itoa(precision-scale)
		}
		return Null(Numeric), errFieldOverflow().WithDetail(
			"A field with precision %d, scale %d must round to an absolute value less than %s.", precision, scale, limit)
	}
	return d.checked()
}

// fitWord is applyNumericMod for a packed word that needs no rounding.
func fitWord(word int64, precision, scale int) (int64, bool) {
	if IsWide(word) {
		return 0, false
	}
	coef, have := UnpackNumeric(word)
	if have > scale || precision > maxPackedTenPow {
		return 0, false
	}
	up := scale - have
	if up > maxPackedTenPow || scale > maxPackedScale {
		return 0, false
	}
	limit := tenPow[precision] / tenPow[up]
	if coef >= limit || coef <= -limit {
		return 0, false
	}
	return PackNumeric(coef*tenPow[up], scale)
}

func errFieldOverflow() *sqlerr.Error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow")
}
