package plan

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

const dayMicros = 24 * 60 * 60 * 1_000_000

// bareDates compares dates with dates where a statement compares a date, made a timestamp, with a constant timestamp, as
// date + interval is one: an index on the date serves then, and no value has to be made.
func bareDates(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		call, ok := x.(*expr.Call)
		if !ok || len(call.Args) != 2 {
			return x
		}
		op, arg, other := call.Func.Op, call.Args[0], call.Args[1]
		if _, ok := arg.(*expr.Const); ok {
			op, arg, other = call.Func.Commuted(), other, arg
		}
		c, ok := other.(*expr.Const)
		cast, isCast := arg.(*expr.Cast)
		if !ok || !isCast || c.Val.IsNull() || c.Type().Kind != value.Timestamp || cast.Type().Kind != value.Timestamp ||
			cast.Arg.Type().Kind != value.Date {
			return x
		}
		if y := dateComparison(op, cast.Arg, c); y != nil {
			return y
		}
		return x
	})
}

// dateComparison is date op timestamp as a comparison of dates; nil when there is none.
func dateComparison(op string, date expr.Expr, c *expr.Const) expr.Expr {
	at := c.Val.Int()
	if at == math.MinInt64 || at == math.MaxInt64 {
		return nil // infinite
	}
	day := at / dayMicros
	if at%dayMicros < 0 {
		day--
	}
	midnight := at%dayMicros == 0
	switch {
	case op == "<" && !midnight:
		op = "<="
	case op == ">=" && !midnight:
		op = ">"
	case op == "=" && !midnight:
		return nil
	}
	switch op {
	case "<", "<=", ">", ">=", "=":
	default:
		return nil
	}
	if day < math.MinInt32/2 || day > math.MaxInt32/2 {
		return nil
	}
	k := expr.NewConst(value.NewInt(value.Date, day), value.Of(value.Date), c.Pos())
	y, err := (&expr.Binder{Style: value.DefaultStyle()}).Operator(op, date, k, c.Pos())
	if err != nil {
		return nil
	}
	return y
}
