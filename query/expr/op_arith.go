package expr

import (
	"math"
	"math/bits"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

func intRangeError(k value.Kind) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", k)
}

var (
	errDivisionByZero = sqlerr.New(sqlerr.DivisionByZero, "division by zero")
	errFloatOverflow  = sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	errFloatUnderflow = sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
)

// fits says whether n is in the range of an integer kind.
func fits(k value.Kind, n int64) bool {
	switch k {
	case value.Int2:
		return n == int64(int16(n))
	case value.Int4:
		return n == int64(int32(n))
	}
	return true
}

// The checked operations on int64; false on overflow.

func addInt(a, b int64) (int64, bool) {
	c := a + b
	return c, (a^c)&(b^c) >= 0
}

func subInt(a, b int64) (int64, bool) {
	c := a - b
	return c, (a^b)&(a^c) >= 0
}

func mulInt(a, b int64) (int64, bool) {
	if a == int64(int32(a)) && b == int64(int32(b)) {
		return a * b, true
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	shi := int64(hi)
	if a < 0 {
		shi -= b
	}
	if b < 0 {
		shi -= a
	}
	n := int64(lo)
	return n, shi == n>>63
}

func intResult(k value.Kind, n int64, ok bool) (value.Value, error) {
	if !ok || !fits(k, n) {
		return value.Value{}, intRangeError(k)
	}
	return value.NewInt(k, n), nil
}

// intBinary makes the implementation of a checked operation whose result has kind k.
func intBinary(k value.Kind, op func(a, b int64) (int64, bool)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		n, ok := op(a[0].Int(), a[1].Int())
		return intResult(k, n, ok)
	}
}

func intDiv(k value.Kind) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		x, y := a[0].Int(), a[1].Int()
		switch y {
		case 0:
			return value.Value{}, errDivisionByZero
		case -1:
			n, ok := subInt(0, x)
			return intResult(k, n, ok)
		}
		return value.NewInt(k, x/y), nil
	}
}

func intMod(k value.Kind) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		switch a[1].Int() {
		case 0:
			return value.Value{}, errDivisionByZero
		case -1:
			return value.NewInt(k, 0), nil
		}
		return value.NewInt(k, a[0].Int()%a[1].Int()), nil
	}
}

// intBits makes the implementation of an operation on bits, cut to the kind's width.
func intBits(k value.Kind, op func(a, b int64) int64) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		n := op(a[0].Int(), a[1].Int())
		switch k {
		case value.Int2:
			n = int64(int16(n))
		case value.Int4:
			n = int64(int32(n))
		}
		return value.NewInt(k, n), nil
	}
}

// shift returns the shift of a kind of some bits: as in C on the machines PostgreSQL
// runs on, the count is taken modulo the width (32 for smallint).
func shift(k value.Kind, left bool) func(a, b int64) int64 {
	mask := int64(31)
	if k == value.Int8 {
		mask = 63
	}
	return func(a, b int64) int64 {
		if left {
			return a << uint(b&mask)
		}
		return a >> uint(b&mask)
	}
}

// floatChecked returns r, or the error of a result that overflowed from finite operands.
func floatChecked(r float64, operands ...float64) (value.Value, error) {
	if math.IsInf(r, 0) {
		for _, x := range operands {
			if math.IsInf(x, 0) {
				return value.NewFloat(r), nil
			}
		}
		return value.Value{}, errFloatOverflow
	}
	return value.NewFloat(r), nil
}

func floatAdd(_ *Context, a []value.Value) (value.Value, error) {
	x, y := a[0].Float(), a[1].Float()
	return floatChecked(x+y, x, y)
}

func floatSub(_ *Context, a []value.Value) (value.Value, error) {
	x, y := a[0].Float(), a[1].Float()
	return floatChecked(x-y, x, y)
}

func floatMul(_ *Context, a []value.Value) (value.Value, error) {
	x, y := a[0].Float(), a[1].Float()
	r := x * y
	if r == 0 && x != 0 && y != 0 {
		return value.Value{}, errFloatUnderflow
	}
	return floatChecked(r, x, y)
}

func floatDiv(_ *Context, a []value.Value) (value.Value, error) {
	x, y := a[0].Float(), a[1].Float()
	if y == 0 && !math.IsNaN(x) {
		return value.Value{}, errDivisionByZero
	}
	r := x / y
	if r == 0 && x != 0 && !math.IsInf(y, 0) {
		return value.Value{}, errFloatUnderflow
	}
	return floatChecked(r, x)
}

func numericBinary(op func(a, b value.Value) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return op(a[0], a[1]) }
}

// arithmeticOps is the operators on numbers.
func arithmeticOps() []Func {
	op := func(name string, k kernel, l, r, ret value.Kind, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: true, kernel: k, fn: fn}
	}
	prefix := func(name string, k value.Kind, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(k), Ret: k, Strict: true, fn: fn}
	}
	var table []Func
	ints := []value.Kind{value.Int2, value.Int4, value.Int8}
	for i, l := range ints {
		for j, r := range ints {
			k := ints[max(i, j)]
			table = append(table,
				op("+", addKernel, l, r, k, intBinary(k, addInt)),
				op("-", subKernel, l, r, k, intBinary(k, subInt)),
				op("*", mulKernel, l, r, k, intBinary(k, mulInt)),
				op("/", noKernel, l, r, k, intDiv(k)))
		}
		table = append(table,
			op("%", noKernel, l, l, l, intMod(l)),
			op("&", noKernel, l, l, l, intBits(l, func(a, b int64) int64 { return a & b })),
			op("|", noKernel, l, l, l, intBits(l, func(a, b int64) int64 { return a | b })),
			op("#", noKernel, l, l, l, intBits(l, func(a, b int64) int64 { return a ^ b })),
			op("<<", noKernel, l, value.Int4, l, intBits(l, shift(l, true))),
			op(">>", noKernel, l, value.Int4, l, intBits(l, shift(l, false))),
			prefix("+", l, identity), prefix("-", l, negate), prefix("@", l, absolute),
			prefix("~", l, func(_ *Context, a []value.Value) (value.Value, error) {
				return value.NewInt(a[0].Kind(), ^a[0].Int()), nil
			}))
	}
	f, n := value.Float8, value.Numeric
	table = append(table,
		op("+", addKernel, f, f, f, floatAdd),
		op("-", subKernel, f, f, f, floatSub),
		op("*", mulKernel, f, f, f, floatMul),
		op("/", noKernel, f, f, f, floatDiv),
		op("^", noKernel, f, f, f, floatPower),
		prefix("+", f, identity), prefix("-", f, negate), prefix("@", f, absolute),
		prefix("|/", f, floatSqrt), prefix("||/", f, floatCbrt),
		op("+", addKernel, n, n, n, numericBinary(value.NumericAdd)),
		op("-", subKernel, n, n, n, numericBinary(value.NumericSub)),
		op("*", mulKernel, n, n, n, numericBinary(value.NumericMul)),
		op("/", noKernel, n, n, n, numericBinary(value.NumericDiv)),
		op("%", noKernel, n, n, n, numericBinary(value.NumericMod)),
		op("^", noKernel, n, n, n, numericBinary(value.NumericPower)),
		prefix("+", n, identity), prefix("-", n, negate), prefix("@", n, absolute))
	return append(table, float4Ops()...)
}

func identity(_ *Context, a []value.Value) (value.Value, error) { return a[0], nil }

func negate(_ *Context, a []value.Value) (value.Value, error) {
	switch k := a[0].Kind(); k {
	case value.Float8, value.Float4:
		return value.NewFloatOf(k, -a[0].Float()), nil
	case value.Numeric:
		return value.NumericNeg(a[0]), nil
	default:
		n, ok := subInt(0, a[0].Int())
		return intResult(k, n, ok)
	}
}

func absolute(c *Context, a []value.Value) (value.Value, error) {
	switch a[0].Kind() {
	case value.Float8, value.Float4:
		return value.NewFloatOf(a[0].Kind(), math.Abs(a[0].Float())), nil
	case value.Numeric:
		return value.NumericAbs(a[0]), nil
	}
	if a[0].Int() < 0 {
		return negate(c, a)
	}
	return a[0], nil
}
