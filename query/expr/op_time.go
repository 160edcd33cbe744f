package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeOps is the arithmetic of dates and timestamps. The forms with interval and
// time are there for resolution only, and refused.
func timeOps() []Func {
	op := func(name string, l, r, ret value.Kind, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: true, fn: fn}
	}
	d, ts, tz := value.Date, value.Timestamp, value.Timestamptz
	table := []Func{
		op("+", d, value.Int4, d, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.DateAddDays(a[0], a[1].Int())
		}),
		op("+", value.Int4, d, d, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.DateAddDays(a[1], a[0].Int())
		}),
		op("-", d, value.Int4, d, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.DateAddDays(a[0], -a[1].Int())
		}),
		op("-", d, d, value.Int4, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.DateDiff(a[0], a[1])
		}),
		op("-", ts, ts, intervalKind, nil),
		op("-", tz, tz, intervalKind, nil),
		op("+", d, timeKind, ts, nil),
		op("+", timeKind, d, ts, nil),
	}
	for _, k := range []value.Kind{d, ts, tz} {
		table = append(table, op("+", k, intervalKind, k, nil), op("-", k, intervalKind, k, nil),
			op("+", intervalKind, k, k, nil))
	}
	return table
}
