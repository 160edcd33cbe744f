package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeSeriesFuncs is generate_series over timestamps and numerics.
func timeSeriesFuncs() []SetFunc {
	n := value.Numeric
	col := []SetColumn{{Kind: n}}
	table := []SetFunc{
		{Name: "generate_series", Args: kinds(n, n), Columns: col, Strict: true, Rows: numericSeries},
		{Name: "generate_series", Args: kinds(n, n, n), Columns: col, Strict: true, Rows: numericSeries},
	}
	for _, k := range []value.Kind{value.Timestamp, value.Timestamptz} {
		v := Immutable
		if k == value.Timestamptz {
			v = Stable // days and months by the session's zone
		}
		table = append(table, SetFunc{Name: "generate_series", Args: kinds(k, k, value.Interval),
			Columns: []SetColumn{{Kind: k}}, Volatility: v, Strict: true, Rows: timestampSeries})
	}
	return table
}

// timestampSeries counts from the first argument to the second by an interval.
func timestampSeries(c *Context, args []value.Value) (func([]value.Value) (bool, error), error) {
	at, last, step := args[0], args[1], args[2]
	sign := value.Compare(step, value.NewInterval(value.Span{}))
	if sign == 0 {
		return nil, errZeroStep
	}
	begun := false
	return func(row []value.Value) (bool, error) {
		if begun {
			var err error
			if at, err = value.TimestampAdd(at, step, c.location()); err != nil {
				return false, err
			}
		}
		begun = true
		if value.Compare(at, last)*sign > 0 {
			return false, nil
		}
		row[0] = at
		return true, nil
	}, nil
}

var errZeroStep = sqlerr.New(sqlerr.InvalidParameterValue, "step size cannot equal zero")

// numericSeries counts from the first argument to the second by the third.
func numericSeries(_ *Context, args []value.Value) (func([]value.Value) (bool, error), error) {
	for i, what := range []string{"start value", "stop value", "step size"}[:len(args)] {
		if _, finite := value.NumericScale(args[i]); !finite {
			kind := "infinity"
			if string(value.AppendText(nil, args[i], defaultStyle)) == "NaN" {
				kind = "NaN"
			}
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "%s cannot be %s", what, kind)
		}
	}
	zero := value.NumericFromInt(0)
	at, last, step := args[0], args[1], value.NumericFromInt(1)
	if len(args) == 3 {
		step = args[2]
	}
	sign := value.Compare(step, zero)
	if sign == 0 {
		return nil, errZeroStep
	}
	begun := false
	return func(row []value.Value) (bool, error) {
		if begun {
			var err error
			if at, err = value.NumericAdd(at, step); err != nil {
				return false, err
			}
		}
		begun = true
		if value.Compare(at, last)*sign > 0 {
			return false, nil
		}
		row[0] = at
		return true, nil
	}, nil
}
