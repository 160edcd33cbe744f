package expr

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// timeMakers is the functions that make dates and times of their fields.
func timeMakers() []Func {
	t, i4, f := value.Text, value.Int4, value.Float8
	tz := value.Timestamptz
	fields := []string{"year", "month", "mday", "hour", "min", "sec"}
	return []Func{
		{Name: "make_date", Args: kinds(i4, i4, i4), Ret: value.Date, Strict: true, fn: makeDate, Names: []string{"year", "month", "day"}},
		{Name: "make_time", Args: kinds(i4, i4, f), Ret: value.Time, Strict: true, fn: makeTime, Names: []string{"hour", "min", "sec"}},
		{Name: "make_timestamp", Args: kinds(i4, i4, i4, i4, i4, f), Ret: value.Timestamp, Strict: true, fn: makeTimestamp, Names: fields},
		{Name: "make_timestamptz", Args: kinds(i4, i4, i4, i4, i4, f), Ret: tz, Volatility: Stable, Strict: true, fn: makeTimestamptz, Names: fields},
		{Name: "make_timestamptz", Args: kinds(i4, i4, i4, i4, i4, f, t), Ret: tz, Volatility: Stable, Strict: true, fn: makeTimestamptz,
			Names: append(fields[:6:6], "timezone")},
	}
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
	micros, err := timeOfFields(a[3:])
	if err != nil {
		return value.Value{}, err
	}
	v, err := value.DateToTimestamp(value.NewInt(value.Date, days))
	if err != nil {
		return v, err
	}
	return value.NewInt(value.Timestamp, v.Int()+micros), nil
}

// timeOfFields returns the microseconds of hour, minute and second.
func timeOfFields(a []value.Value) (int64, error) {
	h, m, s := a[0].Int(), a[1].Int(), a[2].Float()
	if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s <= 60) || h == 24 && (m > 0 || s > 0) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", h, m, formatSeconds(s))
	}
	return (h*60+m)*60e6 + int64(math.RoundToEven(s*1e6)), nil
}

// formatSeconds is C's %02g.
func formatSeconds(s float64) string {
	text := string(value.AppendText(nil, value.NewFloat(s), &value.Style{FloatDigits: -9}))
	if len(text) == 1 {
		return "0" + text
	}
	return text
}

func makeTime(_ *Context, a []value.Value) (value.Value, error) {
	n, err := timeOfFields(a)
	return value.NewInt(value.Time, n), err
}

func makeTimestamptz(c *Context, a []value.Value) (value.Value, error) {
	loc := c.location()
	if len(a) == 7 {
		var err error
		if loc, err = value.LoadZoneOrOffset(a[6].Bytes()); err != nil {
			return value.Value{}, err
		}
	}
	v, err := makeTimestamp(c, a[:6])
	if err != nil {
		return v, err
	}
	return value.TimestampToTimestamptz(v, loc)
}
