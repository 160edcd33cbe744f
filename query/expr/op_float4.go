package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/value"
)

// float4Ops is the arithmetic of float4, alone and with float8.
func float4Ops() []Func {
	f4, f8 := value.Float4, value.Float8
	table := []Func{
		{Name: "+", Op: "+", Args: kinds(f4), Ret: f4, Strict: true, fn: identity},
		{Name: "-", Op: "-", Args: kinds(f4), Ret: f4, Strict: true, fn: negate},
		{Name: "@", Op: "@", Args: kinds(f4), Ret: f4, Strict: true, fn: absolute},
	}
	for _, o := range []struct {
		name string
		own  func(x, y float32) float32
		wide impl
	}{
		{"+", func(x, y float32) float32 { return x + y }, floatAdd},
		{"-", func(x, y float32) float32 { return x - y }, floatSub},
		{"*", func(x, y float32) float32 { return x * y }, floatMul},
		{"/", func(x, y float32) float32 { return x / y }, floatDiv},
	} {
		table = append(table,
			Func{Name: o.name, Op: o.name, Args: kinds(f4, f4), Ret: f4, Strict: true, fn: float4Binary(o.name, o.own)},
			Func{Name: o.name, Op: o.name, Args: kinds(f4, f8), Ret: f8, Strict: true, fn: o.wide},
			Func{Name: o.name, Op: o.name, Args: kinds(f8, f4), Ret: f8, Strict: true, fn: o.wide})
	}
	return table
}

// float4Binary makes an operation in single precision: 22003 for a result that overflows, or that is 0 where
// the operands do not make it so.
func float4Binary(name string, op func(x, y float32) float32) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		x, y := a[0].Float(), a[1].Float()
		if name == "/" && y == 0 && !math.IsNaN(x) {
			return value.Value{}, errDivisionByZero
		}
		r := op(float32(x), float32(y))
		infinite := math.IsInf(x, 0) || math.IsInf(y, 0) && name != "/"
		switch {
		case math.IsInf(float64(r), 0) && !infinite:
			return value.Value{}, errFloatOverflow
		case r == 0 && name == "*" && x != 0 && y != 0, r == 0 && name == "/" && x != 0 && !math.IsInf(y, 0):
			return value.Value{}, errFloatUnderflow
		}
		return value.NewFloat4(r), nil
	}
}
