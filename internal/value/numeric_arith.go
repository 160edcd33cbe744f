package value

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The exact operations on numeric values. Arguments are not NULL and of kind Numeric;
// results have PostgreSQL's display scale. Errors are 22003 (overflow), 22012 (division by
// zero) and those that a function names.

var errDivisionByZero = sqlerr.New(sqlerr.DivisionByZero, "division by zero")

// AddWords adds two packed words; false when either is wide or the sum is: use
// NumericAdd then.
func AddWords(a, b int64) (int64, bool) {
	if a&0xFF == b&0xFF && !IsWide(a) {
		// Two 56-bit coefficients do not overflow an int64.
		return PackNumeric(a>>8+b>>8, int(a&0xFF))
	}
	ca, cb, scale, ok := alignWords(a, b)
	if !ok {
		return 0, false
	}
	return PackNumeric(ca+cb, scale)
}

// SubWords subtracts packed words; see AddWords.
func SubWords(a, b int64) (int64, bool) {
	ca, cb, scale, ok := alignWords(a, b)
	if !ok {
		return 0, false
	}
	return PackNumeric(ca-cb, scale)
}

// MulWords multiplies packed words; see AddWords.
func MulWords(a, b int64) (int64, bool) {
	if IsWide(a) || IsWide(b) {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(a>>8), uint64(b>>8))
	if p := int64(lo); int64(hi)-(a>>8>>63&(b>>8))-(b>>8>>63&(a>>8)) == p>>63 {
		return PackNumeric(p, int(a&0xFF)+int(b&0xFF))
	}
	return 0, false
}

// CompareWords compares two packed words that are not wide.
func CompareWords(a, b int64) int {
	if a&0xFF == b&0xFF {
		return compareInt(a, b)
	}
	if ca, cb, _, ok := alignWords(a, b); ok {
		return compareInt(ca, cb)
	}
	return compareDecimal(toDecimal(NewNumericWord(a, "")), toDecimal(NewNumericWord(b, "")))
}

// alignWords returns the coefficients at the larger of the two scales; false when one does
// not fit 62 bits there, or is wide.
func alignWords(a, b int64) (ca, cb int64, scale int, ok bool) {
	if IsWide(a) || IsWide(b) {
		return 0, 0, 0, false
	}
	ca, sa := UnpackNumeric(a)
	cb, sb := UnpackNumeric(b)
	switch {
	case sa < sb:
		ca, ok = scaleUp64(ca, sb-sa)
		return ca, cb, sb, ok
	case sb < sa:
		cb, ok = scaleUp64(cb, sa-sb)
		return ca, cb, sa, ok
	}
	return ca, cb, sa, true
}

// scaleUp64 returns n * 10^up when it fits 62 bits.
func scaleUp64(n int64, up int) (int64, bool) {
	if up > maxPackedTenPow {
		return 0, n == 0
	}
	p := tenPow[up]
	if limit := int64(1<<62) / p; n > limit || n < -limit {
		return 0, false
	}
	return n * p, true
}

// compareNumeric compares numerics; NaN is the largest and equals itself.
func compareNumeric(a, b Value) int {
	if !IsWide(a.n) && !IsWide(b.n) {
		return CompareWords(a.n, b.n)
	}
	return compareDecimal(toDecimal(a), toDecimal(b))
}

func compareDecimal(a, b decimal) int {
	if ra, rb := a.rank(), b.rank(); ra != rb || ra != 0 {
		return compareInt(int64(ra), int64(rb))
	}
	if sa, sb := a.coef.Sign(), b.coef.Sign(); sa != sb {
		return compareInt(int64(sa), int64(sb))
	}
	ca, cb, _ := align(a, b)
	return ca.Cmp(cb)
}

// rank orders the forms: -Infinity, finite, Infinity, NaN.
func (d decimal) rank() int {
	switch d.form {
	case negInf:
		return -1
	case posInf:
		return 1
	case nan:
		return 2
	}
	return 0
}

// align returns the coefficients at the larger scale.
func align(a, b decimal) (ca, cb *big.Int, scale int) {
	scale = max(a.scale, b.scale)
	return rescaleUp(a.coef, scale-a.scale), rescaleUp(b.coef, scale-b.scale), scale
}

// NumericFromInt returns n as a numeric of scale 0.
func NumericFromInt(n int64) Value {
	if w, ok := PackNumeric(n, 0); ok {
		return NewNumericWord(w, "")
	}
	return decimal{coef: big.NewInt(n)}.value()
}

// NumericFromFloat returns f with 15 significant digits, as PostgreSQL's cast does.
func NumericFromFloat(f float64) Value {
	switch {
	case math.IsNaN(f):
		return decimal{form: nan}.value()
	case math.IsInf(f, 1):
		return decimal{form: posInf}.value()
	case math.IsInf(f, -1):
		return decimal{form: negInf}.value()
	}
	var buf [32]byte
	d, err := parseDecimal(string(appendFloatG(buf[:0], f, 15)))
	if err != nil { // a finite float8 is within the limits of numeric
		return decimal{form: nan}.value()
	}
	return d.value()
}

// NumericToInt returns v rounded half away from zero as an integer of kind k (Int2, Int4,
// Int8); 22003 when it is out of range, 0A000 for NaN and the infinities.
func NumericToInt(v Value, k Kind) (int64, error) {
	if w, ok := roundWord(v.n, 0, roundHalfAway); ok {
		if n, _ := UnpackNumeric(w); fitsInt(n, k) {
			return n, nil
		}
		return 0, errIntRange(k)
	}
	d := toDecimal(v)
	switch d.form {
	case nan:
		return 0, sqlerr.New(sqlerr.FeatureNotSupported, "cannot convert NaN to %s", k)
	case posInf, negInf:
		return 0, sqlerr.New(sqlerr.FeatureNotSupported, "cannot convert infinity to %s", k)
	}
	if r := d.roundTo(0).coef; r.IsInt64() && fitsInt(r.Int64(), k) {
		return r.Int64(), nil
	}
	return 0, errIntRange(k)
}

// NumericToFloat returns the float8 nearest to v; 22003 when there is none.
func NumericToFloat(v Value) (float64, error) {
	if !IsWide(v.n) {
		// Both exact: one rounding, so the quotient is the nearest.
		if c, s := UnpackNumeric(v.n); s <= maxPackedTenPow && c < 1<<53 && c > -1<<53 {
			return float64(c) / float64(tenPow[s]), nil
		}
	}
	d := toDecimal(v)
	switch d.form {
	case nan:
		return math.NaN(), nil
	case posInf:
		return math.Inf(1), nil
	case negInf:
		return math.Inf(-1), nil
	}
	f := d.float()
	if math.IsInf(f, 0) || f == 0 && d.coef.Sign() != 0 {
		return 0, sqlerr.New(sqlerr.NumericValueOutOfRange,
			`"%s" is out of range for type double precision`, appendDecimal(nil, d))
	}
	return f, nil
}

// NumericAdd returns a + b.
func NumericAdd(a, b Value) (Value, error) {
	if w, ok := AddWords(a.n, b.n); ok {
		return NewNumericWord(w, ""), nil
	}
	return addDecimal(toDecimal(a), toDecimal(b)).checked()
}

func addDecimal(a, b decimal) decimal {
	switch {
	case a.form == nan || b.form == nan:
		return decimal{form: nan}
	case a.form != finite && b.form != finite && a.form != b.form:
		return decimal{form: nan}
	case a.form != finite:
		return a
	case b.form != finite:
		return b
	}
	ca, cb, scale := align(a, b)
	return decimal{coef: new(big.Int).Add(ca, cb), scale: scale}
}

// NumericSub returns a - b.
func NumericSub(a, b Value) (Value, error) {
	if w, ok := SubWords(a.n, b.n); ok {
		return NewNumericWord(w, ""), nil
	}
	return addDecimal(toDecimal(a), toDecimal(b).neg()).checked()
}

// neg returns -d.
func (d decimal) neg() decimal {
	switch d.form {
	case nan:
		return d
	case posInf:
		return decimal{form: negInf}
	case negInf:
		return decimal{form: posInf}
	}
	return decimal{coef: new(big.Int).Neg(d.coef), scale: d.scale}
}

// infinity returns the infinity of a sign, and NaN for 0.
func infinity(sign int) decimal {
	switch {
	case sign > 0:
		return decimal{form: posInf}
	case sign < 0:
		return decimal{form: negInf}
	}
	return decimal{form: nan}
}

// NumericMul returns a * b.
func NumericMul(a, b Value) (Value, error) {
	if w, ok := MulWords(a.n, b.n); ok {
		return NewNumericWord(w, ""), nil
	}
	return mulDecimal(toDecimal(a), toDecimal(b)).checked()
}

func mulDecimal(a, b decimal) decimal {
	if a.form == nan || b.form == nan {
		return decimal{form: nan}
	}
	if a.form != finite || b.form != finite {
		return infinity(a.sign() * b.sign())
	}
	d := decimal{coef: new(big.Int).Mul(a.coef, b.coef), scale: a.scale + b.scale}
	if d.scale > maxScale {
		return d.roundTo(maxScale)
	}
	return d
}

// NumericDiv returns a / b, rounded to the scale PostgreSQL selects: at least 16
// significant digits, and the scale of both arguments.
func NumericDiv(a, b Value) (Value, error) {
	if q, ok := divide128(a.n, b.n); ok {
		return q.value(), nil
	}
	x, y := toDecimal(a), toDecimal(b)
	if d, done, err := divSpecial(x, y); done {
		return d, err
	}
	scale := divScale(x, y)
	return quotient(x, y, scale, divRound).checked()
}

// quotient returns x / y at a scale.
func quotient(x, y decimal, scale int, div func(a, b *big.Int) *big.Int) decimal {
	num, den := x.coef, y.coef
	if up := scale + y.scale - x.scale; up >= 0 {
		num = rescaleUp(num, up)
	} else {
		den = rescaleUp(den, -up)
	}
	return decimal{coef: div(num, den), scale: scale}
}

// divScale is PostgreSQL's select_div_scale.
func divScale(x, y decimal) int {
	wx, fx := x.weight()
	wy, fy := y.weight()
	qweight := wx - wy
	if fx <= fy {
		qweight--
	}
	scale := max(minSigDigits-qweight*decDigits, x.scale, y.scale, 0)
	return min(scale, maxChosenScale)
}

// divSpecial divides where an argument is not finite or b is zero.
func divSpecial(a, b decimal) (v Value, done bool, err error) {
	switch {
	case a.form == nan || b.form == nan:
		return decimal{form: nan}.value(), true, nil
	case a.form != finite && b.form != finite:
		return decimal{form: nan}.value(), true, nil
	case b.form == finite && b.coef.Sign() == 0:
		return Null(Numeric), true, errDivisionByZero
	case a.form != finite:
		return infinity(a.sign() * b.sign()).value(), true, nil
	case b.form != finite:
		return NumericFromInt(0), true, nil
	}
	return Value{}, false, nil
}

// NumericDivTrunc returns div(a, b): the quotient truncated to an integer.
func NumericDivTrunc(a, b Value) (Value, error) {
	x, y := toDecimal(a), toDecimal(b)
	if d, done, err := divSpecial(x, y); done {
		return d, err
	}
	return quotient(x, y, 0, func(a, b *big.Int) *big.Int { return new(big.Int).Quo(a, b) }).checked()
}

// NumericMod returns a % b, with the sign of a.
func NumericMod(a, b Value) (Value, error) {
	if ca, cb, scale, ok := alignWords(a.n, b.n); ok && cb != 0 {
		if w, ok := PackNumeric(ca%cb, scale); ok {
			return NewNumericWord(w, ""), nil
		}
	}
	x, y := toDecimal(a), toDecimal(b)
	switch {
	case x.form == nan || y.form == nan:
		return decimal{form: nan}.value(), nil
	case y.form == finite && y.coef.Sign() == 0:
		return Null(Numeric), errDivisionByZero
	case x.form != finite:
		return decimal{form: nan}.value(), nil
	case y.form != finite:
		return a, nil
	}
	ca, cb, scale := align(x, y)
	return decimal{coef: new(big.Int).Rem(ca, cb), scale: scale}.checked()
}

// NumericNeg returns -a.
func NumericNeg(a Value) Value {
	if !IsWide(a.n) {
		coef, scale := UnpackNumeric(a.n)
		if w, ok := PackNumeric(-coef, scale); ok {
			return NewNumericWord(w, "")
		}
	}
	return toDecimal(a).neg().value()
}

// NumericAbs returns |a|.
func NumericAbs(a Value) Value {
	if !IsWide(a.n) && a.n >= 0 {
		return a
	}
	if toDecimal(a).sign() < 0 {
		return NumericNeg(a)
	}
	return a
}

// NumericSign returns -1, 0, 1 or NaN.
func NumericSign(a Value) Value {
	d := toDecimal(a)
	if d.form == nan {
		return a
	}
	return NumericFromInt(int64(d.sign()))
}

// NumericScale returns scale(a), false for NaN and the infinities.
func NumericScale(a Value) (int, bool) {
	if !IsWide(a.n) {
		_, scale := UnpackNumeric(a.n)
		return scale, true
	}
	d := toDecimal(a)
	return d.scale, d.form == finite
}

// NumericTrimScale returns trim_scale(a): without the zeros at the end of its fraction.
func NumericTrimScale(a Value) Value {
	d := toDecimal(a)
	if d.form != finite {
		return a
	}
	return d.truncTo(d.minScale()).value()
}

// minScale returns the least scale that keeps every digit of a finite d.
func (d decimal) minScale() int {
	if d.coef.Sign() == 0 {
		return 0
	}
	digits := d.coef.Append(nil, 10)
	scale := d.scale
	for i := len(digits) - 1; scale > 0 && digits[i] == '0'; i-- {
		scale--
	}
	return scale
}
