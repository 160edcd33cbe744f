package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// numericSeriesFuncs is generate_series over numerics.
func numericSeriesFuncs() []SetFunc {
	n := value.Numeric
	col := []SetColumn{{Kind: n}}
	return []SetFunc{
		{Name: "generate_series", Args: kinds(n, n), Columns: col, Strict: true, Rows: numericSeries},
		{Name: "generate_series", Args: kinds(n, n, n), Columns: col, Strict: true, Rows: numericSeries},
	}
}

// numericSeries counts from the first argument to the second by the third.
func numericSeries(_ *Context, a []value.Value) (nextRow, error) {
	for i, v := range a {
		if _, ok := value.NumericScale(v); ok {
			continue
		}
		what := "infinity"
		if f, _ := value.NumericToFloat(v); math.IsNaN(f) {
			what = "NaN"
		}
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%s cannot be %s", []string{"start value", "stop value", "step size"}[i], what)
	}
	at, stop, step := a[0], a[1], value.NumericFromInt(1)
	if len(a) == 3 {
		step = a[2]
	}
	if isZero(step) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "step size cannot equal zero")
	}
	up := value.Compare(step, value.NumericFromInt(0)) > 0
	return func(row []value.Value) (bool, error) {
		if c := value.Compare(at, stop); up && c > 0 || !up && c < 0 {
			return false, nil
		}
		row[0] = at
		var err error
		at, err = value.NumericAdd(at, step)
		return true, err
	}, nil
}
