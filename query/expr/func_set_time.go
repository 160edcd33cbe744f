package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeSeriesFuncs is generate_series over timestamps.
func timeSeriesFuncs() []SetFunc {
	var table []SetFunc
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
