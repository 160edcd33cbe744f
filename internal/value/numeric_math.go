package value

import (
	"math"
	"math/big"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Roots, logarithms and powers. The scale of a result is chosen exactly as PostgreSQL chooses it;
// its digits are the correctly rounded ones.

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
	return d.sqrt(chooseScale(2*weight+1, d.scale))
}

// NumericSqrtAt returns the square root of a number that is not negative, rounded once, to a scale.
func NumericSqrtAt(a Value, scale int) (Value, error) {
	return toDecimal(a).sqrt(scale)
}

// sqrt returns the square root of a finite number that is not negative.
func (d decimal) sqrt(scale int) (Value, error) {
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
	return expDecimal(d, f, scale+guardDigits).roundTo(scale).checked()
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
	scale := chooseScale(lnWeight(d), d.scale)
	return lnDecimal(d, scale+guardDigits).roundTo(scale).checked()
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
	// As many digits of the quotient as it has on both sides of the point, relative to the
	// smaller logarithm.
	digits := scale + max(dweight, 0) + guardDigits + max(-lnWeight(b), -lnWeight(d), 0)
	lb := lnDecimal(b, digits)
	if lb.sign() == 0 {
		return Null(Numeric), errDivisionByZero
	}
	return quotient(lnDecimal(d, digits), lb, scale, divRound).checked()
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
			return powerInt(x, int(e.Int64()))
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
	case x.form == negInf && !y.isInt():
		return Null(Numeric), errPowerNegComplex
	case y.sign() < 0:
		return NumericFromInt(0), nil
	case x.form == negInf && y.truncTo(0).coef.Bit(0) == 1:
		return decimal{form: negInf}.value(), nil
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

// powerInt raises x to an integer power. Its scale is 16 digits or that of x, however large or
// small the result is.
func powerInt(x decimal, exp int) (Value, error) {
	scale := min(max(minSigDigits, x.scale), maxChosenScale)
	switch {
	case exp == 0:
		return decimal{coef: bigOne}.roundTo(scale).checked()
	case exp == 1:
		return x.roundTo(scale).checked()
	case x.sign() == 0:
		return decimal{coef: new(big.Int), scale: scale}.value(), nil
	case exp == 2:
		return decimal{coef: new(big.Int).Mul(x.coef, x.coef), scale: 2 * x.scale}.roundTo(scale).checked()
	}
	f := float64(exp) * log10Of(x) // the result's decimal exponent, about
	if f > maxIntDigits+1 {
		return Null(Numeric), errNumericOverflow
	}
	if f+1 < float64(-scale) && exp != -1 {
		return decimal{coef: new(big.Int), scale: scale}.value(), nil
	}
	return powerExact(x, exp, f, scale)
}

// maxExactBits is the size up to which a power is multiplied out.
const maxExactBits = 1 << 20

// powerExact multiplies out a power, or rounds as it goes when that gets too large.
func powerExact(x decimal, exp int, f float64, scale int) (Value, error) {
	n := exp
	if n < 0 {
		n = -n
	}
	var p decimal
	if float64(x.coef.BitLen())*float64(n) < maxExactBits {
		p = decimal{coef: new(big.Int).Exp(x.coef, big.NewInt(int64(n)), nil), scale: x.scale * n}
	} else {
		// Each step loses less than a unit in the last place, and the relative error grows with
		// the exponent, so its digits are guarded too.
		p = powerRounded(x, n, int(math.Abs(f))+scale+guardDigits+2*digitCount64(uint64(n)))
	}
	if exp > 0 {
		return p.roundTo(scale).checked()
	}
	return quotient(decimal{coef: bigOne}, p, scale, divRound).checked()
}

// powerRounded is repeated squaring with a number of significant digits. Scales may be of any size,
// and negative, underway.
func powerRounded(x decimal, n, digits int) decimal {
	result, square := decimal{coef: bigOne}, x.significant(digits)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result = result.times(square).significant(digits)
		}
		if n > 1 {
			square = square.times(square).significant(digits)
		}
	}
	if result.scale < 0 {
		return decimal{coef: rescaleUp(result.coef, -result.scale)}
	}
	return result
}

// times multiplies finite decimals without limits of scale.
func (d decimal) times(o decimal) decimal {
	return decimal{coef: new(big.Int).Mul(d.coef, o.coef), scale: d.scale + o.scale}
}

// significant cuts a finite d to a number of significant digits.
func (d decimal) significant(digits int) decimal {
	excess := digitCount(d.coef) - digits
	if excess <= 0 {
		return d
	}
	return decimal{coef: divRound(d.coef, bigTenPow(excess)), scale: d.scale - excess}
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
	// PostgreSQL estimates from a logarithm of about 8 digits.
	estScale := max(8-lnWeight(x), 0)
	f := lnDecimal(x, estScale+guardDigits).roundTo(estScale).times(y).roundTo(estScale).float()
	if math.Abs(f) > maxResultScale*3.01 {
		if f > 0 {
			return Null(Numeric), errNumericOverflow
		}
		return decimal{coef: new(big.Int), scale: maxChosenScale}.value(), nil
	}
	val := int(f * log10e)
	scale := chooseScale(val, x.scale, y.scale)

	digits := max(scale+val, 0) + max(y.dweight(), 0) + guardDigits
	r, err := expTo(lnDecimal(x, digits).times(y), f, scale)
	if err != nil || !odd {
		return r, err
	}
	return NumericNeg(r), nil
}
