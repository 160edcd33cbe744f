package expr

import (
	"math/big"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// integralFuncs is the functions of divisors, and factorial.
func integralFuncs() []Func {
	i4, i8, n := value.Int4, value.Int8, value.Numeric
	return []Func{
		{Name: "gcd", Args: kinds(i4, i4), Ret: i4, Strict: true, fn: gcd},
		{Name: "gcd", Args: kinds(i8, i8), Ret: i8, Strict: true, fn: gcd},
		{Name: "gcd", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(numericGCD)},
		{Name: "lcm", Args: kinds(i4, i4), Ret: i4, Strict: true, fn: lcm},
		{Name: "lcm", Args: kinds(i8, i8), Ret: i8, Strict: true, fn: lcm},
		{Name: "lcm", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(numericLCM)},
		{Name: "factorial", Args: kinds(i8), Ret: n, Strict: true, fn: factorial},
	}
}

func gcd(_ *Context, a []value.Value) (value.Value, error) {
	x, err := intGCD(a[0].Kind(), a[0].Int(), a[1].Int())
	return value.NewInt(a[0].Kind(), x), err
}

// intGCD is the greatest common divisor; it may be one more than the kind holds.
func intGCD(k value.Kind, x, y int64) (int64, error) {
	for y != 0 {
		if y == -1 { // the smallest integer has no remainder by it
			return 1, nil
		}
		x, y = y, x%y
	}
	if x >= 0 {
		return x, nil
	}
	r, ok := subInt(0, x)
	if v, err := intResult(k, r, ok); err != nil {
		return v.Int(), err
	}
	return r, nil
}

func lcm(_ *Context, a []value.Value) (value.Value, error) {
	k, x, y := a[0].Kind(), a[0].Int(), a[1].Int()
	if x == 0 || y == 0 {
		return value.NewInt(k, 0), nil
	}
	d, err := intGCD(k, x, y)
	if err != nil {
		return value.Value{}, err
	}
	r, ok := mulInt(x/d, y)
	if ok && r < 0 {
		r, ok = subInt(0, r)
	}
	return intResult(k, r, ok)
}

// finite says whether neither of two numerics is NaN or infinite.
func finite(a, b value.Value) bool {
	_, x := value.NumericScale(a)
	_, y := value.NumericScale(b)
	return x && y
}

func numericNaN() (value.Value, error) {
	return value.Parse(value.Of(value.Numeric), "NaN", defaultStyle)
}

func isZero(v value.Value) bool { return value.Compare(v, value.NumericFromInt(0)) == 0 }

// numericGCD has the larger scale of the two.
func numericGCD(a, b value.Value) (value.Value, error) {
	if !finite(a, b) {
		return numericNaN()
	}
	x, y := value.NumericAbs(a), value.NumericAbs(b)
	for !isZero(y) {
		r, err := value.NumericMod(x, y)
		if err != nil {
			return r, err
		}
		x, y = y, r
	}
	return withScaleOf(x, a, b)
}

func withScaleOf(x, a, b value.Value) (value.Value, error) {
	i, _ := value.NumericScale(a)
	j, _ := value.NumericScale(b)
	return value.NumericRound(x, max(i, j))
}

func numericLCM(a, b value.Value) (value.Value, error) {
	if !finite(a, b) {
		return numericNaN()
	}
	if isZero(a) || isZero(b) {
		return withScaleOf(value.NumericFromInt(0), a, b)
	}
	d, err := numericGCD(a, b)
	if err != nil {
		return d, err
	}
	q, err := value.NumericDivTrunc(a, d)
	if err != nil {
		return q, err
	}
	m, err := value.NumericMul(q, b)
	if err != nil {
		return m, err
	}
	return withScaleOf(value.NumericAbs(m), a, b)
}

// maxFactorial is the largest number whose factorial a numeric holds.
const maxFactorial = 32177

func factorial(_ *Context, a []value.Value) (value.Value, error) {
	n := a[0].Int()
	switch {
	case n < 0:
		return value.Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > maxFactorial:
		return value.Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	return value.Parse(value.Of(value.Numeric), new(big.Int).MulRange(1, n).String(), defaultStyle)
}
