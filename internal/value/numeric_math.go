package value

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Roots, logarithms and powers. The scale of a result is chosen exactly as PostgreSQL chooses
// it; its digits are the correctly rounded ones, from apd with guard digits.

// log10e is PostgreSQL's constant for turning a natural logarithm into a decimal one. The
// chosen scale depends on its truncation, so it is not math.Log10E.
const log10e = 0.434294481903252

// guardDigits are computed beyond the digits wanted, and rounded away.
const guardDigits = 12

var (
	errNegativeSqrt    = sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
	errLogZero         = sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	errLogNegative     = sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	errPowerZeroNeg    = sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
	errPowerNegComplex = sqlerr.New(sqlerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
)

// NumericSqrt returns the square root; 2201F for a negative argument.
func NumericSqrt(a Value) (Value, error) {
	d := toDecimal(a)
	switch {
	case d.form == nan || d.form == posInf:
		return a, nil
	case d.sign() < 0:
		return Null(Numeric), errNegativeSqrt
	}
	weight, _ := d.weight()
	scale := chooseScale(2*weight+1, d.scale)
	// floor(sqrt(coef * 10^n)) at one digit more, then rounded: a half is never exact
	// unless the root itself ends there, so rounding the floor is right.
	shift := 2*(scale+1) - d.scale
	n := d.coef
	if shift >= 0 {
		n = rescaleUp(n, shift)
	} else {
		n = new(big.Int).Quo(n, bigTenPow(-shift))
	}
	root := decimal{coef: new(big.Int).Sqrt(n), scale: scale + 1}
	return root.roundTo(scale).checked()
}

// chooseScale returns the scale that leaves 16 significant digits of a result with the decimal
// exponent dweight, but not less than the scales of the arguments.
func chooseScale(dweight int, scales ...int) int {
	scale := max(minSigDigits-dweight, 0)
	for _, s := range scales {
		scale = max(scale, s)
	}
	return min(scale, maxChosenScale)
}

// NumericExp returns e to the power of a.
func NumericExp(a Value) (Value, error) {
	d := toDecimal(a)
	switch d.form {
	case nan, posInf:
		return a, nil
	case negInf:
		return NumericFromInt(0), nil
	}
	f := d.float()
	val := min(max(f*log10e, -maxResultScale), maxResultScale)
	return expTo(d, f, chooseScale(int(val), d.scale))
}

// expTo returns e^d rounded to a scale; f is d as a float.
func expTo(d decimal, f float64, scale int) (Value, error) {
	if math.Abs(f) >= maxResultScale*3 {
		if f > 0 {
			return Null(Numeric), errNumericOverflow
		}
		return decimal{coef: new(big.Int), scale: scale}.value(), nil
	}
	digits := int(f*log10e) + scale + guardDigits
	if digits < guardDigits {
		return decimal{coef: new(big.Int), scale: scale}.value(), nil
	}
	var r apd.Decimal
	// apd's Exp needs its precision times 23 above the argument.
	_, err := apdContext(max(digits, int(math.Abs(f)/20)+guardDigits)).Exp(&r, toApd(d))
	return fromApd(&r, err, scale)
}

// NumericLn returns the natural logarithm; 2201E unless a is positive.
func NumericLn(a Value) (Value, error) {
	d := toDecimal(a)
	if d.form == nan {
		return a, nil
	}
	if err := checkLog(d); err != nil {
		return Null(Numeric), err
	}
	if d.form == posInf {
		return a, nil
	}
	dweight := lnWeight(d)
	scale := chooseScale(dweight, d.scale)
	r, err := ln(d, scale+max(dweight, 0)+guardDigits)
	return fromApd(r, err, scale)
}

func checkLog(d decimal) error {
	switch s := d.sign(); {
	case s < 0:
		return errLogNegative
	case s == 0:
		return errLogZero
	}
	return nil
}

// ln returns the natural logarithm with at least the given digits.
func ln(d decimal, digits int) (*apd.Decimal, error) {
	// Near 1 the logarithm is small and loses the digits that cancel.
	digits += max(0, -lnWeight(d))
	var r apd.Decimal
	_, err := apdContext(digits).Ln(&r, toApd(d))
	return &r, err
}

// lnWeight estimates the decimal exponent of ln(d), in PostgreSQL's way (estimate_ln_dweight):
// scales depend on it.
func lnWeight(d decimal) int {
	if d.form != finite || d.sign() <= 0 {
		return 0
	}
	if near := (decimal{coef: big.NewInt(9), scale: 1}); compareDecimal(d, near) >= 0 &&
		compareDecimal(d, decimal{coef: big.NewInt(11), scale: 1}) <= 0 {
		x := addDecimal(d, decimal{coef: big.NewInt(-1)})
		if x.sign() == 0 {
			return 0
		}
		return x.dweight()
	}
	weight, _ := d.weight()
	dweight := weight * decDigits
	// The first two base-10000 digits, or the one there is.
	digits := d.leading(dweight)
	if d.base10000Digits() > 1 {
		dweight -= decDigits
		digits = d.leading(dweight)
	}
	lnVar := math.Log(float64(digits)) + float64(dweight)*2.302585092994046
	return int(math.Log10(math.Abs(lnVar)))
}

// base10000Digits returns the length of d in PostgreSQL's base-10000 digits, without zeros at
// either end; d is finite and not 0.
func (d decimal) base10000Digits() int {
	weight, _ := d.weight()
	last := -d.scale // exponent of the last digit that is not 0
	digits := d.coef.Append(nil, 10)
	for i := len(digits) - 1; i > 0 && digits[i] == '0'; i-- {
		last++
	}
	return weight - floorDiv(last, decDigits) + 1
}

// NumericLog returns the logarithm of x to a base; 2201E unless both are positive.
func NumericLog(base, x Value) (Value, error) {
	b, d := toDecimal(base), toDecimal(x)
	if b.form == nan || d.form == nan {
		return decimal{form: nan}.value(), nil
	}
	if err := checkLog(b); err != nil {
		return Null(Numeric), err
	}
	if err := checkLog(d); err != nil {
		return Null(Numeric), err
	}
	switch {
	case b.form == posInf && d.form == posInf:
		return decimal{form: nan}.value(), nil
	case b.form == posInf:
		return NumericFromInt(0), nil
	case d.form == posInf:
		return x, nil
	}
	dweight := lnWeight(d) - lnWeight(b)
	scale := chooseScale(dweight, b.scale, d.scale)
	digits := scale + max(dweight, 0) + guardDigits
	lb, err := ln(b, digits)
	if err != nil {
		return fromApd(lb, err, scale)
	}
	if lb.IsZero() {
		return Null(Numeric), errDivisionByZero
	}
	ld, err := ln(d, digits)
	if err != nil {
		return fromApd(ld, err, scale)
	}
	var r apd.Decimal
	_, err = apdContext(digits).Quo(&r, ld, lb)
	return fromApd(&r, err, scale)
}

// NumericPower returns a to the power of b; 2201F where that is not real.
func NumericPower(a, b Value) (Value, error) {
	x, y := toDecimal(a), toDecimal(b)
	if x.form != finite || y.form != finite {
		return powerSpecial(x, y)
	}
	if x.sign() == 0 && y.sign() < 0 {
		return Null(Numeric), errPowerZeroNeg
	}
	if x.sign() < 0 && !y.isInt() {
		return Null(Numeric), errPowerNegComplex
	}
	if y.isInt() {
		if e := y.truncTo(0).coef; e.IsInt64() && fitsInt(e.Int64(), Int4) {
			return powerInt(x, int(e.Int64()), y.scale)
		}
	}
	if x.sign() == 0 {
		return decimal{coef: new(big.Int), scale: minSigDigits}.value(), nil
	}
	return powerReal(x, y)
}

// powerSpecial is power with a NaN or an infinity, by POSIX pow(3).
func powerSpecial(x, y decimal) (Value, error) {
	one := func(d decimal) bool {
		return d.form == finite && compareDecimal(d, decimal{coef: bigOne}) == 0
	}
	zero := func(d decimal) bool { return d.form == finite && d.coef.Sign() == 0 }
	switch {
	case one(x) || zero(y):
		return NumericFromInt(1), nil
	case x.form == nan || y.form == nan:
		return decimal{form: nan}.value(), nil
	case zero(x) && y.sign() < 0:
		return Null(Numeric), errPowerZeroNeg
	case y.form != finite:
		return powerOfInfinity(x, y)
	case y.sign() < 0:
		return NumericFromInt(0), nil
	case x.form == negInf && y.isInt() && y.truncTo(0).coef.Bit(0) == 1:
		return decimal{form: negInf}.value(), nil
	case x.form == negInf && !y.isInt():
		return Null(Numeric), errPowerNegComplex
	}
	return decimal{form: posInf}.value(), nil
}

// powerOfInfinity raises x to an infinite power.
func powerOfInfinity(x, y decimal) (Value, error) {
	abs := x
	if x.sign() < 0 {
		abs = x.neg()
	}
	c := compareDecimal(abs, decimal{coef: bigOne})
	switch {
	case c == 0:
		return NumericFromInt(1), nil
	case (c > 0) == (y.form == posInf):
		return decimal{form: posInf}.value(), nil
	}
	return NumericFromInt(0), nil
}

// powerInt raises x to an integer power; expScale is the exponent's display scale.
func powerInt(x decimal, exp, expScale int) (Value, error) {
	f := 0.0 // the result's decimal exponent, about
	if x.sign() != 0 {
		f = float64(exp) * log10Of(x)
	}
	if f > maxIntDigits {
		return Null(Numeric), errNumericOverflow
	}
	if f+1 < -maxChosenScale {
		return decimal{coef: new(big.Int), scale: maxChosenScale}.value(), nil
	}
	scale := chooseScale(int(f), x.scale, expScale)
	switch {
	case exp == 0:
		return decimal{coef: bigOne}.roundTo(scale).checked()
	case x.sign() == 0:
		return decimal{coef: new(big.Int), scale: scale}.value(), nil
	case exp == 1:
		return x.roundTo(scale).checked()
	case exp == 2:
		return decimal{coef: new(big.Int).Mul(x.coef, x.coef), scale: 2 * x.scale}.roundTo(scale).checked()
	}
	return powerExact(x, exp, f, scale)
}

// powerExact multiplies out a small power, and rounds as it goes for a large one.
func powerExact(x decimal, exp int, f float64, scale int) (Value, error) {
	n := exp
	if n < 0 {
		n = -n
	}
	if bits := float64(x.coef.BitLen()) * float64(n); bits < 1<<16 {
		p := decimal{coef: new(big.Int).Exp(x.coef, big.NewInt(int64(n)), nil), scale: x.scale * n}
		if exp < 0 {
			return quotient(decimal{coef: bigOne}, p, scale, divRound).checked()
		}
		return p.roundTo(scale).checked()
	}
	// Repeated squaring: each step loses less than a unit in the last place, and the
	// relative error grows with the exponent, so its digits are guarded too.
	ctx := apdContext(int(math.Abs(f)) + scale + guardDigits + 2*digitCount64(uint64(n)))
	result, square := apd.New(1, 0), toApd(x)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			if _, err := ctx.Mul(result, result, square); err != nil {
				return fromApd(result, err, scale)
			}
		}
		if n > 1 {
			if _, err := ctx.Mul(square, square, square); err != nil {
				return fromApd(square, err, scale)
			}
		}
	}
	if exp > 0 {
		return fromApd(result, nil, scale)
	}
	var r apd.Decimal
	_, err := ctx.Quo(&r, apd.New(1, 0), result)
	return fromApd(&r, err, scale)
}

// log10Of returns log10|d| from the first 16 digits, as PostgreSQL approximates it.
func log10Of(d decimal) float64 {
	weight, _ := d.weight()
	n := min(d.base10000Digits(), decDigits)
	p := (weight - n + 1) * decDigits
	return math.Log10(float64(d.leading(p))) + float64(p)
}

// powerReal returns e^(y ln x) for what has no integer exponent, x not 0.
func powerReal(x, y decimal) (Value, error) {
	odd := x.sign() < 0 && y.truncTo(0).coef.Bit(0) == 1
	if x.sign() < 0 {
		x = x.neg()
	}
	lx, err := ln(x, 8+guardDigits)
	if err != nil {
		return fromApd(lx, err, 0)
	}
	lnx := mustFromApd(lx)
	// PostgreSQL estimates from a logarithm of about 8 digits.
	f := mulDecimal(lnx.roundTo(max(8-lnWeight(x), 0)), y).float()
	if math.Abs(f) > maxResultScale*3.01 {
		if f > 0 {
			return Null(Numeric), errNumericOverflow
		}
		return decimal{coef: new(big.Int), scale: maxChosenScale}.value(), nil
	}
	val := int(f * log10e)
	scale := chooseScale(val, x.scale, y.scale)

	digits := max(scale+val, 0) + guardDigits
	lx, err = ln(x, digits+8)
	if err != nil {
		return fromApd(lx, err, scale)
	}
	product := mulDecimal(mustFromApd(lx), y)
	r, err := expTo(product, f, scale)
	if err != nil || !odd {
		return r, err
	}
	return NumericNeg(r), nil
}

// apdContext returns a context of the given digits that rounds half up and traps what
// would be wrong.
func apdContext(digits int) *apd.Context {
	ctx := apd.BaseContext.WithPrecision(uint32(digits))
	ctx.Rounding = apd.RoundHalfUp
	ctx.MaxExponent = apd.MaxExponent
	ctx.MinExponent = apd.MinExponent
	ctx.Traps = apd.DefaultTraps
	return ctx
}

// toApd returns a finite d as apd's type.
func toApd(d decimal) *apd.Decimal {
	r := apd.NewWithBigInt(new(apd.BigInt).SetMathBigInt(new(big.Int).Abs(d.coef)), int32(-d.scale))
	r.Negative = d.coef.Sign() < 0
	return r
}

// mustFromApd returns a finite apd number with all of its digits; the scale may be negative.
func mustFromApd(r *apd.Decimal) decimal {
	coef := new(big.Int).Set(r.Coeff.MathBigInt())
	if r.Negative {
		coef.Neg(coef)
	}
	if r.Exponent > 0 {
		return decimal{coef: rescaleUp(coef, int(r.Exponent))}
	}
	return decimal{coef: coef, scale: int(-r.Exponent)}
}

// fromApd rounds a result to a scale. apd's own errors are overflows here: the domain of
// each function was checked before.
func fromApd(r *apd.Decimal, err error, scale int) (Value, error) {
	if err != nil || r.Form != apd.Finite {
		return Null(Numeric), errNumericOverflow
	}
	return mustFromApd(r).roundTo(scale).checked()
}
