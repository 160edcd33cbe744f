package expr

import (
	"math"
	"slices"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeFuncs is the functions on dates, times and intervals.
func timeFuncs() []Func {
	t, d, ts, tz, f, n, i4 := value.Text, value.Date, value.Timestamp, value.Timestamptz, value.Float8, value.Numeric, value.Int4
	tm, ttz, iv := value.Time, value.Timetz, value.Interval
	table := []Func{
		{Name: "now", Ret: tz, Volatility: Stable, Strict: true, fn: txnTime},
		{Name: "transaction_timestamp", Ret: tz, Volatility: Stable, Strict: true, fn: txnTime},
		{Name: "current_date", Ret: d, Volatility: Stable, Strict: true, fn: currentDate},
		{Name: "localtimestamp", Ret: ts, Volatility: Stable, Strict: true, fn: localTimestamp},
		{Name: "current_time", Ret: ttz, Volatility: Stable, Strict: true, fn: currentTime},
		{Name: "localtime", Ret: tm, Volatility: Stable, Strict: true, fn: localTime},
		{Name: "timeofday", Ret: t, Volatility: Volatile, Strict: true, fn: timeOfDay},
		{Name: "statement_timestamp", Ret: tz, Volatility: Stable, Strict: true, fn: stmtTime},
		{Name: "clock_timestamp", Ret: tz, Volatility: Volatile, Strict: true, fn: clockTime},
		{Name: "extract", Args: kinds(t, d), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, ts), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, tz), Ret: n, Volatility: Stable, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, iv), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, tm), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, ttz), Ret: n, Strict: true, fn: extract},
		{Name: "date_part", Args: kinds(t, d), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, ts), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, tz), Ret: f, Volatility: Stable, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, iv), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, tm), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, ttz), Ret: f, Strict: true, fn: datePart},
		{Name: "date_trunc", Args: kinds(t, ts), Ret: ts, Strict: true, fn: dateTrunc},
		{Name: "date_trunc", Args: kinds(t, tz), Ret: tz, Volatility: Stable, Strict: true, fn: dateTrunc},
		{Name: "date_trunc", Args: kinds(t, tz, t), Ret: tz, Volatility: Stable, Strict: true, fn: dateTrunc},
		{Name: "timezone", Args: kinds(t, ts), Ret: tz, Strict: true, fn: atTimeZone},
		{Name: "timezone", Args: kinds(t, tz), Ret: ts, Strict: true, fn: atTimeZone},
		{Name: "timezone", Args: kinds(t, ttz), Ret: ttz, Volatility: Stable, Strict: true, fn: atTimeZone},
		{Name: "timezone", Args: kinds(iv, ts), Ret: tz, Strict: true, fn: atInterval},
		{Name: "timezone", Args: kinds(iv, tz), Ret: ts, Strict: true, fn: atInterval},
		{Name: "timezone", Args: kinds(iv, ttz), Ret: ttz, Strict: true, fn: atInterval},
		{Name: "timestamp", Args: kinds(d, tm), Ret: ts, Strict: true, fn: pairOf(value.DateAddTime)},
		{Name: "timestamptz", Args: kinds(d, tm), Ret: tz, Volatility: Stable, Strict: true, fn: dateTimeZoned},
		{Name: "timestamptz", Args: kinds(d, ttz), Ret: tz, Strict: true, fn: pairOf(value.DateAddTime)},
		{Name: "to_timestamp", Args: kinds(f), Ret: tz, Strict: true, fn: toTimestamp},
		{Name: "to_timestamp", Args: kinds(t, t), Ret: tz, Volatility: Stable, Strict: true, fn: parseTimestamp},
		{Name: "to_date", Args: kinds(t, t), Ret: d, Strict: true, fn: parseDate},
		{Name: "isfinite", Args: kinds(iv), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "isfinite", Args: kinds(d), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "isfinite", Args: kinds(ts), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "isfinite", Args: kinds(tz), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "to_char", Args: kinds(ts, t), Ret: t, Volatility: Stable, Strict: true, fn: timeToChar},
		{Name: "to_char", Args: kinds(tz, t), Ret: t, Volatility: Stable, Strict: true, fn: timeToChar},
		{Name: "to_char", Args: kinds(i4, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(value.Int8, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(n, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(f, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(value.Float4, t), Ret: t, Volatility: Stable, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(iv, t), Ret: t, Volatility: Stable, Strict: true, fn: timeToChar},
		{Name: "to_number", Args: kinds(t, t), Ret: n, Volatility: Stable, Strict: true, fn: toNumber},
	}
	return slices.Concat(table, timeMakers(), intervalFuncs())
}

func (c *Context) location() *time.Location {
	if l := c.style().Location; l != nil {
		return l
	}
	return time.UTC
}

func txnTime(c *Context, _ []value.Value) (value.Value, error) {
	return value.NewInt(value.Timestamptz, c.TxnTime), nil
}

func currentDate(c *Context, _ []value.Value) (value.Value, error) {
	return value.TimestamptzToDate(value.NewInt(value.Timestamptz, c.TxnTime), c.location()), nil
}

func localTimestamp(c *Context, _ []value.Value) (value.Value, error) {
	return value.TimestamptzToTimestamp(value.NewInt(value.Timestamptz, c.TxnTime), c.location())
}

func stmtTime(c *Context, _ []value.Value) (value.Value, error) {
	return value.NewInt(value.Timestamptz, c.StmtTime), nil
}

func clockTime(c *Context, _ []value.Value) (value.Value, error) {
	return value.NewInt(value.Timestamptz, c.clock()), nil
}

func extract(c *Context, a []value.Value) (value.Value, error) {
	return value.Extract(a[0].Bytes(), a[1], c.style())
}

func datePart(c *Context, a []value.Value) (value.Value, error) {
	return value.DatePart(a[0].Bytes(), a[1], c.style())
}

func dateTrunc(c *Context, a []value.Value) (value.Value, error) {
	loc := c.location()
	if len(a) == 3 {
		var err error
		if loc, err = value.LoadZone(a[2].Bytes()); err != nil {
			return value.Value{}, err
		}
	}
	return value.DateTrunc(a[0].Bytes(), a[1], loc)
}

// atTimeZone is AT TIME ZONE: its arguments are the zone, then the time.
func atTimeZone(c *Context, a []value.Value) (value.Value, error) {
	loc, err := value.LoadZone(a[0].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	return inZone(a[1], loc, c.StmtTime)
}

// inZone is AT TIME ZONE a location; a timetz gets the offset of now.
func inZone(v value.Value, loc *time.Location, now int64) (value.Value, error) {
	switch v.Kind() {
	case value.Timestamp:
		return value.TimestampToTimestamptz(v, loc)
	case value.Timetz:
		return value.TimetzAtZone(v, loc, now), nil
	}
	return value.TimestamptzToTimestamp(v, loc)
}

// atInterval is AT TIME ZONE an interval: a distance east of UTC.
func atInterval(c *Context, a []value.Value) (value.Value, error) {
	p := value.SpanOf(a[0])
	if p.Months != 0 || p.Days != 0 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, `interval time zone "%s" must not include months or days`,
			value.AppendText(nil, a[0], c.style()))
	}
	return inZone(a[1], time.FixedZone("", int(p.Micros/1e6)), c.StmtTime)
}

// dateTimeZoned is timestamptz(date, time), in the session's zone.
func dateTimeZoned(c *Context, a []value.Value) (value.Value, error) {
	v, err := value.DateAddTime(a[0], a[1])
	if err != nil {
		return v, err
	}
	return value.TimestampToTimestamptz(v, c.location())
}

func currentTime(c *Context, _ []value.Value) (value.Value, error) {
	return value.Cast(value.NewInt(value.Timestamptz, c.TxnTime), value.Of(value.Timetz), value.CastExplicit, c.style())
}

func localTime(c *Context, _ []value.Value) (value.Value, error) {
	return value.Cast(value.NewInt(value.Timestamptz, c.TxnTime), value.Of(value.Time), value.CastExplicit, c.style())
}

// timeOfDay is timeofday(): the clock as C's date prints it.
func timeOfDay(c *Context, _ []value.Value) (value.Value, error) {
	return value.NewText(value.GoTime(c.clock()).In(c.location()).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
}

// toTimestamp is to_timestamp(seconds since 1970).
func toTimestamp(_ *Context, a []value.Value) (value.Value, error) {
	f := a[0].Float()
	switch {
	case math.IsNaN(f):
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp cannot be NaN")
	case math.IsInf(f, 1):
		return value.NewInt(value.Timestamptz, math.MaxInt64), nil
	case math.IsInf(f, -1):
		return value.NewInt(value.Timestamptz, math.MinInt64), nil
	case f < -210866803200 || f >= 9224318016000:
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: \"%g\"", f)
	}
	// Away from 1970 first, as PostgreSQL does, so that the rounding is the same.
	return value.NewInt(value.Timestamptz, int64(math.RoundToEven((f-epoch2000/1e6)*1e6))), nil
}

func isFinite(_ *Context, a []value.Value) (value.Value, error) {
	n := a[0].Int()
	switch a[0].Kind() {
	case value.Interval: // there are no infinite ones
		return value.NewBool(true), nil
	case value.Date:
		return value.NewBool(n != math.MaxInt32 && n != math.MinInt32), nil
	}
	return value.NewBool(n != math.MaxInt64 && n != math.MinInt64), nil
}
