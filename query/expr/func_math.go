package expr

import (
	"math"
	"slices"
	"sort"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// mathFuncs is the functions on numbers.
func mathFuncs() []Func {
	f, n, i2, i4, i8 := value.Float8, value.Numeric, value.Int2, value.Int4, value.Int8
	table := []Func{
		{Name: "ceil", Args: kinds(n), Ret: n, Strict: true, fn: numeric1(value.NumericCeil)},
		{Name: "ceil", Args: kinds(f), Ret: f, Strict: true, fn: float1(math.Ceil)},
		{Name: "ceiling", Args: kinds(n), Ret: n, Strict: true, fn: numeric1(value.NumericCeil)},
		{Name: "ceiling", Args: kinds(f), Ret: f, Strict: true, fn: float1(math.Ceil)},
		{Name: "floor", Args: kinds(n), Ret: n, Strict: true, fn: numeric1(value.NumericFloor)},
		{Name: "floor", Args: kinds(f), Ret: f, Strict: true, fn: float1(math.Floor)},
		{Name: "round", Args: kinds(n), Ret: n, Strict: true, fn: numericDigits(value.NumericRound)},
		{Name: "round", Args: kinds(n, i4), Ret: n, Strict: true, fn: numericDigits(value.NumericRound)},
		{Name: "round", Args: kinds(f), Ret: f, Strict: true, fn: float1(math.RoundToEven)},
		{Name: "trunc", Args: kinds(n), Ret: n, Strict: true, fn: numericDigits(value.NumericTrunc)},
		{Name: "trunc", Args: kinds(n, i4), Ret: n, Strict: true, fn: numericDigits(value.NumericTrunc)},
		{Name: "trunc", Args: kinds(f), Ret: f, Strict: true, fn: float1(math.Trunc)},
		{Name: "sign", Args: kinds(n), Ret: n, Strict: true, fn: numeric1(value.NumericSign)},
		{Name: "sign", Args: kinds(f), Ret: f, Strict: true, fn: float1(floatSign)},
		{Name: "scale", Args: kinds(n), Ret: i4, Strict: true, fn: numericScale},
		{Name: "mod", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(value.NumericMod)},
		{Name: "div", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(value.NumericDivTrunc)},
		{Name: "power", Args: kinds(f, f), Ret: f, Strict: true, fn: floatPower},
		{Name: "power", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(value.NumericPower)},
		{Name: "pow", Args: kinds(f, f), Ret: f, Strict: true, fn: floatPower},
		{Name: "pow", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(value.NumericPower)},
		{Name: "sqrt", Args: kinds(f), Ret: f, Strict: true, fn: floatSqrt},
		{Name: "sqrt", Args: kinds(n), Ret: n, Strict: true, fn: numericTry(value.NumericSqrt)},
		{Name: "cbrt", Args: kinds(f), Ret: f, Strict: true, fn: floatCbrt},
		{Name: "exp", Args: kinds(f), Ret: f, Strict: true, fn: floatExp},
		{Name: "exp", Args: kinds(n), Ret: n, Strict: true, fn: numericTry(value.NumericExp)},
		{Name: "ln", Args: kinds(f), Ret: f, Strict: true, fn: floatLog(math.Log)},
		{Name: "ln", Args: kinds(n), Ret: n, Strict: true, fn: numericTry(value.NumericLn)},
		{Name: "log", Args: kinds(f), Ret: f, Strict: true, fn: floatLog(math.Log10)},
		{Name: "log", Args: kinds(n), Ret: n, Strict: true, fn: numericLog10},
		{Name: "log", Args: kinds(n, n), Ret: n, Strict: true, fn: numericBinary(value.NumericLog)},
		{Name: "log10", Args: kinds(f), Ret: f, Strict: true, fn: floatLog(math.Log10)},
		{Name: "log10", Args: kinds(n), Ret: n, Strict: true, fn: numericLog10},
		{Name: "pi", Ret: f, Strict: true, fn: func(*Context, []value.Value) (value.Value, error) { return value.NewFloat(math.Pi), nil }},
		{Name: "degrees", Args: kinds(f), Ret: f, Strict: true, fn: degrees},
		{Name: "radians", Args: kinds(f), Ret: f, Strict: true, fn: float1(func(x float64) float64 { return x * (math.Pi / 180) })},
		{Name: "width_bucket", Args: kinds(f, f, f, i4), Ret: i4, Strict: true, fn: widthBucket},
		{Name: "width_bucket", Args: kinds(n, n, n, i4), Ret: i4, Strict: true, fn: widthBucketNumeric},
		{Name: "width_bucket", Args: kinds(anyCompatible, anyCompatibleArray), Ret: i4, Strict: true, fn: widthBucketArray},
		{Name: "min_scale", Args: kinds(n), Ret: i4, Strict: true, fn: numericMinScale},
		{Name: "trim_scale", Args: kinds(n), Ret: n, Strict: true, fn: numeric1(value.NumericTrimScale)},
	}
	for _, k := range []value.Kind{i2, i4, i8, value.Float4, f, n} {
		table = append(table, Func{Name: "abs", Args: kinds(k), Ret: k, Strict: true, fn: absolute})
	}
	for _, k := range []value.Kind{i2, i4, i8} {
		table = append(table, Func{Name: "mod", Args: kinds(k, k), Ret: k, Strict: true, fn: intMod(k)})
	}
	return slices.Concat(table, trigFuncs(), integralFuncs(), randomFuncs())
}

func float1(f func(float64) float64) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return value.NewFloat(f(a[0].Float())), nil }
}

func numeric1(f func(value.Value) value.Value) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return f(a[0]), nil }
}

func numericTry(f func(value.Value) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return f(a[0]) }
}

// numericDigits is round and trunc, to 0 digits when they are not given.
func numericDigits(f func(value.Value, int) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		digits := 0
		if len(a) == 2 {
			digits = int(a[1].Int())
		}
		return f(a[0], digits)
	}
}

func numericScale(_ *Context, a []value.Value) (value.Value, error) {
	n, ok := value.NumericScale(a[0])
	if !ok {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(n)), nil
}

func numericLog10(_ *Context, a []value.Value) (value.Value, error) {
	return value.NumericLog(value.NumericFromInt(10), a[0])
}

func floatSign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

var errPowerZero = sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")

func floatPower(_ *Context, a []value.Value) (value.Value, error) {
	x, y := a[0].Float(), a[1].Float()
	switch {
	case x == 0 && y < 0 && !math.IsNaN(y):
		return value.Value{}, errPowerZero
	case x < 0 && !math.IsInf(x, 0) && y != math.Floor(y) && !math.IsNaN(y):
		return value.Value{}, sqlerr.New(sqlerr.InvalidArgumentForPower,
			"a negative number raised to a non-integer power yields a complex result")
	}
	r := math.Pow(x, y)
	if r == 0 && x != 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return value.Value{}, errFloatUnderflow
	}
	return floatChecked(r, x, y)
}

func floatSqrt(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].Float() < 0 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
	}
	return value.NewFloat(math.Sqrt(a[0].Float())), nil
}

func floatCbrt(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewFloat(math.Cbrt(a[0].Float())), nil
}

func floatExp(_ *Context, a []value.Value) (value.Value, error) {
	x := a[0].Float()
	r := math.Exp(x)
	if r == 0 && !math.IsInf(x, 0) {
		return value.Value{}, errFloatUnderflow
	}
	return floatChecked(r, x)
}

func floatLog(f func(float64) float64) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		switch x := a[0].Float(); {
		case x == 0:
			return value.Value{}, sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of zero")
		case x < 0:
			return value.Value{}, sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
		default:
			return value.NewFloat(f(x)), nil
		}
	}
}

func bucketError(msg string) error {
	return sqlerr.New("2201G", "%s", msg)
}

func widthBucket(_ *Context, a []value.Value) (value.Value, error) {
	x, lo, hi, n := a[0].Float(), a[1].Float(), a[2].Float(), a[3].Int()
	switch {
	case n <= 0:
		return value.Value{}, bucketError("count must be greater than zero")
	case math.IsNaN(x) || math.IsNaN(lo) || math.IsNaN(hi):
		return value.Value{}, bucketError("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(lo, 0) || math.IsInf(hi, 0):
		return value.Value{}, bucketError("lower and upper bounds must be finite")
	case lo == hi:
		return value.Value{}, bucketError("lower bound cannot equal upper bound")
	}
	var b int64
	if lo < hi {
		switch {
		case x < lo:
			b = 0
		case x >= hi:
			b = n + 1
		default:
			b = int64(math.Min(float64(n)*((x-lo)/(hi-lo)), float64(n-1))) + 1
		}
	} else {
		switch {
		case x > lo:
			b = 0
		case x <= hi:
			b = n + 1
		default:
			b = int64(math.Min(float64(n)*((lo-x)/(lo-hi)), float64(n-1))) + 1
		}
	}
	return intResult(value.Int4, b, true)
}

func widthBucketNumeric(_ *Context, a []value.Value) (value.Value, error) {
	x, lo, hi, n := a[0], a[1], a[2], a[3].Int()
	if n <= 0 {
		return value.Value{}, bucketError("count must be greater than zero")
	}
	for i, v := range a[:3] {
		if _, finite := value.NumericScale(v); !finite {
			if f, _ := value.NumericToFloat(v); math.IsNaN(f) {
				return value.Value{}, bucketError("operand, lower bound, and upper bound cannot be NaN")
			}
			if i > 0 {
				return value.Value{}, bucketError("lower and upper bounds must be finite")
			}
		}
	}
	order := value.Compare(lo, hi)
	if order == 0 {
		return value.Value{}, bucketError("lower bound cannot equal upper bound")
	}
	// Downwards is upwards with the signs changed.
	if order > 0 {
		x, lo, hi = value.NumericNeg(x), value.NumericNeg(lo), value.NumericNeg(hi)
	}
	if value.Compare(x, lo) < 0 {
		return value.NewInt(value.Int4, 0), nil
	}
	if value.Compare(x, hi) >= 0 {
		return intResult(value.Int4, n+1, true)
	}
	// floor((x - lo) * n / (hi - lo)) + 1
	num, err := value.NumericSub(x, lo)
	if err == nil {
		num, err = value.NumericMul(num, value.NumericFromInt(n))
	}
	if err != nil {
		return value.Value{}, err
	}
	den, err := value.NumericSub(hi, lo)
	if err != nil {
		return value.Value{}, err
	}
	// The quotient is rounded before it is cut, as there, so that a number just below a bound may count as above it.
	q, err := value.NumericDiv(num, den)
	if err != nil {
		return value.Value{}, err
	}
	q = value.NumericFloor(q)
	b, err := value.NumericToInt(q, value.Int4)
	return value.NewInt(value.Int4, b+1), err
}

// widthBucketArray is width_bucket(operand, thresholds): how many of the ascending thresholds are not above it.
func widthBucketArray(_ *Context, a []value.Value) (value.Value, error) {
	dims := value.ArrayDims(a[1].Bytes())
	switch {
	case len(dims) > 1:
		return value.Value{}, sqlerr.New(sqlerr.ArraySubscriptError, "thresholds must be one-dimensional array")
	case value.ArrayHasNull(a[1].Bytes()):
		return value.Value{}, sqlerr.New(sqlerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
	}
	list := value.ArrayElems(a[1])
	n := sort.Search(len(list), func(i int) bool { return value.Compare(a[0], list[i]) < 0 })
	return value.NewInt(value.Int4, int64(n)), nil
}

// numericMinScale is min_scale: the fraction's digits without the zeros at its end.
func numericMinScale(c *Context, a []value.Value) (value.Value, error) {
	return numericScale(c, []value.Value{value.NumericTrimScale(a[0])})
}

// degrees turns radians to degrees.
func degrees(_ *Context, a []value.Value) (value.Value, error) {
	x := a[0].Float()
	return floatChecked(x/(math.Pi/180), x)
}
