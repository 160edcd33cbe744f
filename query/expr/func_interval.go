package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// intervalFuncs is the functions that make, adjust and measure intervals, and OVERLAPS.
func intervalFuncs() []Func {
	t, ts, tz, iv, i4 := value.Text, value.Timestamp, value.Timestamptz, value.Interval, value.Int4
	zero := value.NewInt(i4, 0)
	table := []Func{
		{Name: "age", Args: kinds(ts, ts), Ret: iv, Strict: true, fn: age},
		{Name: "age", Args: kinds(tz, tz), Ret: iv, Strict: true, fn: age},
		{Name: "age", Args: kinds(ts), Ret: iv, Volatility: Stable, Strict: true, fn: ageToday},
		{Name: "age", Args: kinds(tz), Ret: iv, Volatility: Stable, Strict: true, fn: ageToday},
		{Name: "justify_hours", Args: kinds(iv), Ret: iv, Strict: true, fn: onInterval(value.JustifyHours)},
		{Name: "justify_days", Args: kinds(iv), Ret: iv, Strict: true, fn: onInterval(value.JustifyDays)},
		{Name: "justify_interval", Args: kinds(iv), Ret: iv, Strict: true, fn: onInterval(value.JustifyInterval)},
		{Name: "make_interval", Args: kinds(i4, i4, i4, i4, i4, i4, value.Float8), Ret: iv, Strict: true, fn: makeInterval,
			Names:    []string{"years", "months", "weeks", "days", "hours", "mins", "secs"},
			Defaults: []value.Value{zero, zero, zero, zero, zero, zero, value.NewFloat(0)}},
		{Name: "date_bin", Args: kinds(iv, ts, ts), Ret: ts, Strict: true, fn: dateBin},
		{Name: "date_bin", Args: kinds(iv, tz, tz), Ret: tz, Strict: true, fn: dateBin},
		{Name: "date_trunc", Args: kinds(t, iv), Ret: iv, Strict: true, fn: func(_ *Context, a []value.Value) (value.Value, error) {
			return value.IntervalTrunc(a[0].Bytes(), a[1])
		}},
	}
	for _, k := range []value.Kind{value.Time, value.Timetz, ts, tz} {
		for _, args := range [][]value.Kind{{k, k, k, k}, {k, iv, k, iv}, {k, iv, k, k}, {k, k, k, iv}} {
			if k == value.Timetz && (args[1] == iv || args[3] == iv) {
				continue // PostgreSQL has none
			}
			v := Immutable
			if k == tz && (args[1] == iv || args[3] == iv) {
				v = Stable
			}
			table = append(table, Func{Name: "overlaps", Args: args, Ret: value.Bool, Volatility: v, fn: overlaps})
		}
	}
	return table
}

func onInterval(f func(value.Value) (value.Value, error)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return f(a[0]) }
}

func age(c *Context, a []value.Value) (value.Value, error) {
	return value.Age(a[0], a[1], c.location()), nil
}

// ageToday is age of one timestamp: from it to midnight of the current date.
func ageToday(c *Context, a []value.Value) (value.Value, error) {
	today, err := currentDate(c, nil)
	if err != nil {
		return today, err
	}
	if a[0].Kind() == value.Timestamptz {
		today, err = value.DateToTimestamptz(today, c.location())
	} else {
		today, err = value.DateToTimestamp(today)
	}
	if err != nil {
		return today, err
	}
	return value.Age(today, a[0], c.location()), nil
}

// makeInterval adds its arguments up, whole numbers modulo 2^32 and 2^64 as PostgreSQL does.
func makeInterval(_ *Context, a []value.Value) (value.Value, error) {
	n := func(i int) int32 { return int32(a[i].Int()) }
	secs := a[6].Float() * 1e6
	if math.IsNaN(secs) || math.IsInf(secs, 0) {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
	}
	const minute = 60e6
	return value.NewInterval(value.Span{
		Months: n(0)*12 + n(1),
		Days:   n(2)*7 + n(3),
		Micros: a[4].Int()*60*minute + a[5].Int()*minute + int64(math.RoundToEven(secs)),
	}), nil
}

func dateBin(_ *Context, a []value.Value) (value.Value, error) {
	return value.DateBin(a[0], a[1], a[2])
}

// overlaps is (s1, e1) OVERLAPS (s2, e2): of an end that is an interval, from its start on. An end that is
// NULL is unknown, not open.
func overlaps(c *Context, a []value.Value) (value.Value, error) {
	s1, e1, err := period(c, a[0], a[1])
	if err != nil {
		return value.Value{}, err
	}
	s2, e2, err := period(c, a[2], a[3])
	if err != nil {
		return value.Value{}, err
	}
	null := value.Null(value.Bool)
	if s1.IsNull() || s2.IsNull() {
		return null, nil
	}
	switch order := value.Compare(s1, s2); {
	case order > 0:
		s1, e1, s2, e2 = s2, e2, s1, e1
	case order == 0:
		if e1.IsNull() || e2.IsNull() {
			return null, nil
		}
		return value.NewBool(true), nil
	}
	// The period that begins first must reach into the other.
	switch {
	case e1.IsNull():
		return null, nil
	case value.Compare(s2, e1) < 0:
		return value.NewBool(true), nil
	case e2.IsNull():
		return null, nil
	}
	return value.NewBool(false), nil
}

// period returns the ends of a period in order; of one with an end that is NULL, the other first.
func period(c *Context, start, end value.Value) (from, to value.Value, err error) {
	if end.Kind() == value.Interval {
		switch {
		case start.IsNull() || end.IsNull():
			end = value.Null(start.Kind())
		case start.Kind() == value.Time:
			end = value.TimeAdd(start, end)
		default:
			if end, err = value.TimestampAdd(start, end, c.location()); err != nil {
				return start, end, err
			}
		}
	}
	if start.IsNull() || !end.IsNull() && value.Compare(start, end) > 0 {
		return end, start, nil
	}
	return start, end, nil
}
