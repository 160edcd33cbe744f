package expr

import (
	"time"

	"github.com/cachalotdb/cachalot/internal/value"
)

// timeOps is the arithmetic of dates, times, timestamps and intervals.
func timeOps() []Func {
	op := func(name string, l, r, ret value.Kind, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: true, fn: fn}
	}
	stable := func(f Func) Func {
		f.Volatility = Stable // by the session's time zone
		return f
	}
	d, ts, tz, t, ttz := value.Date, value.Timestamp, value.Timestamptz, value.Time, value.Timetz
	iv, i4, f8 := value.Interval, value.Int4, value.Float8
	return []Func{
		op("+", d, i4, d, func(_ *Context, a []value.Value) (value.Value, error) { return value.DateAddDays(a[0], a[1].Int()) }),
		op("+", i4, d, d, func(_ *Context, a []value.Value) (value.Value, error) { return value.DateAddDays(a[1], a[0].Int()) }),
		op("-", d, i4, d, func(_ *Context, a []value.Value) (value.Value, error) { return value.DateAddDays(a[0], -a[1].Int()) }),
		op("-", d, d, i4, pairOf(value.DateDiff)),
		op("+", d, t, ts, pairOf(value.DateAddTime)),
		op("+", t, d, ts, swapped(pairOf(value.DateAddTime))),
		op("+", d, ttz, tz, pairOf(value.DateAddTime)),
		op("+", ttz, d, tz, swapped(pairOf(value.DateAddTime))),
		op("+", d, iv, ts, dateShift(value.TimestampAdd)),
		op("+", iv, d, ts, swapped(dateShift(value.TimestampAdd))),
		op("-", d, iv, ts, dateShift(value.TimestampSub)),

		op("+", ts, iv, ts, timestampAdd),
		op("+", iv, ts, ts, swapped(timestampAdd)),
		op("-", ts, iv, ts, timestampSub),
		op("-", ts, ts, iv, pairOf(value.TimestampDiff)),
		stable(op("+", tz, iv, tz, timestampAdd)),
		stable(op("+", iv, tz, tz, swapped(timestampAdd))),
		stable(op("-", tz, iv, tz, timestampSub)),
		op("-", tz, tz, iv, pairOf(value.TimestampDiff)),

		op("+", t, iv, t, certain(value.TimeAdd)),
		op("+", iv, t, t, swapped(certain(value.TimeAdd))),
		op("-", t, iv, t, certain(value.TimeSub)),
		op("-", t, t, iv, certain(value.TimeDiff)),
		op("+", ttz, iv, ttz, certain(value.TimeAdd)),
		op("+", iv, ttz, ttz, swapped(certain(value.TimeAdd))),
		op("-", ttz, iv, ttz, certain(value.TimeSub)),

		op("+", iv, iv, iv, pairOf(value.IntervalAdd)),
		op("-", iv, iv, iv, pairOf(value.IntervalSub)),
		op("*", iv, f8, iv, intervalMul),
		op("*", f8, iv, iv, swapped(intervalMul)),
		op("/", iv, f8, iv, func(_ *Context, a []value.Value) (value.Value, error) { return value.IntervalDiv(a[0], a[1].Float()) }),
		{Name: "-", Op: "-", Args: kinds(iv), Ret: iv, Strict: true,
			fn: func(_ *Context, a []value.Value) (value.Value, error) { return value.IntervalNeg(a[0]) }},
	}
}

// pairOf makes an implementation of a function of two values.
func pairOf(f func(a, b value.Value) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return f(a[0], a[1]) }
}

// certain makes an implementation of a function of two values that has no error.
func certain(f func(a, b value.Value) value.Value) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return f(a[0], a[1]), nil }
}

// swapped makes an implementation that takes its two arguments the other way round.
func swapped(f impl) impl {
	return func(c *Context, a []value.Value) (value.Value, error) { return f(c, []value.Value{a[1], a[0]}) }
}

func timestampAdd(c *Context, a []value.Value) (value.Value, error) {
	return value.TimestampAdd(a[0], a[1], c.location())
}

func timestampSub(c *Context, a []value.Value) (value.Value, error) {
	return value.TimestampSub(a[0], a[1], c.location())
}

// dateShift makes the sum or difference of a date and an interval: that of its midnight.
func dateShift(shift func(t, interval value.Value, loc *time.Location) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		t, err := value.DateToTimestamp(a[0])
		if err != nil {
			return t, err
		}
		return shift(t, a[1], nil)
	}
}

func intervalMul(_ *Context, a []value.Value) (value.Value, error) {
	return value.IntervalMul(a[0], a[1].Float())
}
