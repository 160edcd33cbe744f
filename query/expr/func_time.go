package expr

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeFuncs is the functions on dates and times.
func timeFuncs() []Func {
	t, d, ts, tz, f, n, i4 := value.Text, value.Date, value.Timestamp, value.Timestamptz, value.Float8, value.Numeric, value.Int4
	return []Func{
		{Name: "now", Ret: tz, Volatility: Stable, Strict: true, fn: txnTime},
		{Name: "transaction_timestamp", Ret: tz, Volatility: Stable, Strict: true, fn: txnTime},
		{Name: "current_date", Ret: d, Volatility: Stable, Strict: true, fn: currentDate},
		{Name: "localtimestamp", Ret: ts, Volatility: Stable, Strict: true, fn: localTimestamp},
		{Name: "statement_timestamp", Ret: tz, Volatility: Stable, Strict: true, fn: stmtTime},
		{Name: "clock_timestamp", Ret: tz, Volatility: Volatile, Strict: true, fn: clockTime},
		{Name: "extract", Args: kinds(t, d), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, ts), Ret: n, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, tz), Ret: n, Volatility: Stable, Strict: true, fn: extract},
		{Name: "extract", Args: kinds(t, intervalKind), Ret: n, Strict: true, fn: nil},
		{Name: "date_part", Args: kinds(t, d), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, ts), Ret: f, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, tz), Ret: f, Volatility: Stable, Strict: true, fn: datePart},
		{Name: "date_part", Args: kinds(t, intervalKind), Ret: f, Strict: true, fn: nil},
		{Name: "date_trunc", Args: kinds(t, ts), Ret: ts, Strict: true, fn: dateTrunc},
		{Name: "date_trunc", Args: kinds(t, tz), Ret: tz, Volatility: Stable, Strict: true, fn: dateTrunc},
		{Name: "date_trunc", Args: kinds(t, tz, t), Ret: tz, Volatility: Stable, Strict: true, fn: dateTrunc},
		{Name: "date_trunc", Args: kinds(t, intervalKind), Ret: intervalKind, Strict: true, fn: nil},
		{Name: "timezone", Args: kinds(t, ts), Ret: tz, Strict: true, fn: atTimeZone},
		{Name: "timezone", Args: kinds(t, tz), Ret: ts, Strict: true, fn: atTimeZone},
		{Name: "timezone", Args: kinds(intervalKind, ts), Ret: tz, Strict: true, fn: nil},
		{Name: "timezone", Args: kinds(intervalKind, tz), Ret: ts, Strict: true, fn: nil},
		{Name: "make_date", Args: kinds(i4, i4, i4), Ret: d, Strict: true, fn: makeDate},
		{Name: "make_timestamp", Args: kinds(i4, i4, i4, i4, i4, f), Ret: ts, Strict: true, fn: makeTimestamp},
		{Name: "make_timestamptz", Args: kinds(i4, i4, i4, i4, i4, f), Ret: tz, Volatility: Stable, Strict: true, fn: makeTimestamptz},
		{Name: "make_timestamptz", Args: kinds(i4, i4, i4, i4, i4, f, t), Ret: tz, Volatility: Stable, Strict: true, fn: makeTimestamptz},
		{Name: "to_timestamp", Args: kinds(f), Ret: tz, Strict: true, fn: toTimestamp},
		{Name: "to_timestamp", Args: kinds(t, t), Ret: tz, Volatility: Stable, Strict: true, fn: parseTimestamp},
		{Name: "to_date", Args: kinds(t, t), Ret: d, Strict: true, fn: parseDate},
		{Name: "isfinite", Args: kinds(d), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "isfinite", Args: kinds(ts), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "isfinite", Args: kinds(tz), Ret: value.Bool, Strict: true, fn: isFinite},
		{Name: "to_char", Args: kinds(ts, t), Ret: t, Volatility: Stable, Strict: true, fn: timeToChar},
		{Name: "to_char", Args: kinds(tz, t), Ret: t, Volatility: Stable, Strict: true, fn: timeToChar},
		{Name: "to_char", Args: kinds(i4, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(value.Int8, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(n, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(f, t), Ret: t, Strict: true, fn: numberToChar},
		{Name: "to_char", Args: kinds(intervalKind, t), Ret: t, Strict: true, fn: nil},
	}
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
func atTimeZone(_ *Context, a []value.Value) (value.Value, error) {
	loc, err := value.LoadZone(a[0].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	if a[1].Kind() == value.Timestamp {
		return value.TimestampToTimestamptz(a[1], loc)
	}
	return value.TimestamptzToTimestamp(a[1], loc)
}

// dayNumber returns the date of a civil day in days since 2000-01-01, false when there is no such day. Years
// before 1 are negative: there is no year 0.
func dayNumber(year, month, day int64) (int64, bool) {
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 31 || year < -4713 || year > 5874897 {
		return 0, false
	}
	if year < 0 {
		year++
	}
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if t.Day() != int(day) {
		return 0, false
	}
	return (t.Unix() - epoch2000/1e6) / 86400, true
}

func makeDate(_ *Context, a []value.Value) (value.Value, error) {
	days, ok := dayNumber(a[0].Int(), a[1].Int(), a[2].Int())
	if !ok {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d",
			a[0].Int(), a[1].Int(), a[2].Int())
	}
	return value.DateAddDays(value.NewInt(value.Date, 0), days)
}

func makeTimestamp(_ *Context, a []value.Value) (value.Value, error) {
	days, ok := dayNumber(a[0].Int(), a[1].Int(), a[2].Int())
	if !ok {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d",
			a[0].Int(), a[1].Int(), a[2].Int())
	}
	h, m, s := a[3].Int(), a[4].Int(), a[5].Float()
	if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s <= 60) || h == 24 && (m > 0 || s > 0) {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%02g", h, m, s)
	}
	v, err := value.DateToTimestamp(value.NewInt(value.Date, days))
	if err != nil {
		return v, err
	}
	return value.NewInt(value.Timestamp, v.Int()+(h*60+m)*60e6+int64(math.RoundToEven(s*1e6))), nil
}

func makeTimestamptz(c *Context, a []value.Value) (value.Value, error) {
	loc := c.location()
	if len(a) == 7 {
		var err error
		if loc, err = value.LoadZone(a[6].Bytes()); err != nil {
			return value.Value{}, err
		}
	}
	v, err := makeTimestamp(c, a[:6])
	if err != nil {
		return v, err
	}
	return value.TimestampToTimestamptz(v, loc)
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
	if a[0].Kind() == value.Date {
		return value.NewBool(n != math.MaxInt32 && n != math.MinInt32), nil
	}
	return value.NewBool(n != math.MaxInt64 && n != math.MinInt64), nil
}
