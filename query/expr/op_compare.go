package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// comparisonOps is =, <>, <, <=, > and >= over every pair of kinds that compares without
// a cast: equal kinds, any two integers or floats, names and texts.
func comparisonOps() []Func {
	var table []Func
	pairs := [][2]value.Kind{{anyArray, anyArray}}
	ints := []value.Kind{value.Int2, value.Int4, value.Int8}
	for _, a := range ints {
		for _, b := range ints {
			pairs = append(pairs, [2]value.Kind{a, b})
		}
	}
	for _, k := range []value.Kind{value.Bool, value.Float8, value.Numeric, value.Text, value.Bpchar, value.Bytea, value.Date,
		value.Timestamp, value.Timestamptz, value.UUID, value.JSONB,
		value.Float4, value.Time, value.Timetz, value.Interval, value.OID, value.Name, value.Char, value.Enum} {
		pairs = append(pairs, [2]value.Kind{k, k})
	}
	pairs = append(pairs, [2]value.Kind{value.Float4, value.Float8}, [2]value.Kind{value.Float8, value.Float4},
		[2]value.Kind{value.Name, value.Text}, [2]value.Kind{value.Text, value.Name})
	for op, test := range comparisons {
		for _, p := range pairs {
			table = append(table, Func{Name: "compare", Op: op, Args: kinds(p[0], p[1]), Ret: value.Bool,
				Strict: true, kernel: compareKernel, fn: comparison(test)})
		}
	}
	return table
}

// comparisons is what each operator makes of Compare's answer.
var comparisons = map[string]func(cmp int) bool{
	"=":  func(c int) bool { return c == 0 },
	"<>": func(c int) bool { return c != 0 },
	"<":  func(c int) bool { return c < 0 },
	"<=": func(c int) bool { return c <= 0 },
	">":  func(c int) bool { return c > 0 },
	">=": func(c int) bool { return c >= 0 },
}

func comparison(test func(int) bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		return value.NewBool(test(value.Compare(a[0], a[1]))), nil
	}
}
