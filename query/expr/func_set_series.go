package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// seriesFuncs is generate_series over integers.
func seriesFuncs() []SetFunc {
	var table []SetFunc
	for _, k := range []value.Kind{value.Int4, value.Int8} {
		col := []SetColumn{{Kind: k}}
		table = append(table,
			SetFunc{Name: "generate_series", Args: kinds(k, k), Columns: col, Strict: true, Rows: integerSeries},
			SetFunc{Name: "generate_series", Args: kinds(k, k, k), Columns: col, Strict: true, Rows: integerSeries})
	}
	return table
}

// integerSeries counts from the first argument to the second by the third.
func integerSeries(_ *Context, args []value.Value) (func([]value.Value) (bool, error), error) {
	kind := args[0].Kind()
	at, last, step := args[0].Int(), args[1].Int(), int64(1)
	if len(args) == 3 {
		step = args[2].Int()
	}
	if step == 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "step size cannot equal zero")
	}
	done := false
	return func(row []value.Value) (bool, error) {
		if done || step > 0 && at > last || step < 0 && at < last {
			return false, nil
		}
		row[0] = value.NewInt(kind, at)
		next := at + step
		done = next > at != (step > 0) // overflow ends the series
		at = next
		return true, nil
	}, nil
}
