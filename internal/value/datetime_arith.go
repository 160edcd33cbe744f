package value

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// DateAddDays returns a date plus days; 22008 when it is out of range.
func DateAddDays(d Value, days int64) (Value, error) {
	if infiniteDate(d.n) {
		return d, nil
	}
	n, ok := addMicros(d.n, days)
	if !ok || n < minDate || n >= endDate {
		return Null(Date), errDateRange()
	}
	return NewInt(Date, n), nil
}

func infiniteDate(n int64) bool { return n == dateInf || n == -dateInf-1 }

// DateDiff returns a - b in days, as an int4; 22008 when one is infinite.
func DateDiff(a, b Value) (Value, error) {
	if infiniteDate(a.n) || infiniteDate(b.n) {
		return Null(Int4), sqlerr.New(sqlerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return NewInt(Int4, int64(int32(a.n-b.n))), nil // wraps as PostgreSQL's does
}

// DateToTimestamp returns midnight of a date, as a timestamp; 22008 when that has no timestamp.
func DateToTimestamp(d Value) (Value, error) {
	switch {
	case d.n == dateInf:
		return NewInt(Timestamp, math.MaxInt64), nil
	case d.n == -dateInf-1:
		return NewInt(Timestamp, math.MinInt64), nil
	case d.n >= endTimestamp/microsPerDay:
		return Null(Timestamp), sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return NewInt(Timestamp, d.n*microsPerDay), nil
}

// DateToTimestamptz returns midnight of a date in a zone.
func DateToTimestamptz(d Value, loc *time.Location) (Value, error) {
	t, err := DateToTimestamp(d)
	if err != nil || isInfinite(t.n) {
		return t.WithKind(Timestamptz), err
	}
	n := t.n - offsetOfLocal(floorSeconds(t.n)+epochUnixSeconds, loc)*microsPerSecond
	if !finiteRange(n) {
		return Null(Timestamptz), sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return NewInt(Timestamptz, n), nil
}

// TimestampToDate returns the day of a timestamp.
func TimestampToDate(v Value) Value {
	switch v.n {
	case math.MaxInt64:
		return NewInt(Date, dateInf)
	case math.MinInt64:
		return NewInt(Date, -dateInf-1)
	}
	days, _ := splitMicros(v.n)
	return NewInt(Date, days)
}

// TimestamptzToDate returns the day of a timestamptz in a zone.
func TimestamptzToDate(v Value, loc *time.Location) Value {
	if !isInfinite(v.n) {
		v.n = localOf(v.n, loc)
	}
	return TimestampToDate(v)
}

// TimestampToTimestamptz reads a timestamp as local time of a zone (timestamp AT TIME ZONE).
func TimestampToTimestamptz(v Value, loc *time.Location) (Value, error) {
	if isInfinite(v.n) {
		return NewInt(Timestamptz, v.n), nil
	}
	n := v.n - offsetOfLocal(floorSeconds(v.n)+epochUnixSeconds, loc)*microsPerSecond
	if !finiteRange(n) {
		return Null(Timestamptz), errTimestampRange()
	}
	return NewInt(Timestamptz, n), nil
}

// TimestamptzToTimestamp returns the local time of a zone (timestamptz AT TIME ZONE).
func TimestamptzToTimestamp(v Value, loc *time.Location) (Value, error) {
	if isInfinite(v.n) {
		return NewInt(Timestamp, v.n), nil
	}
	n := localOf(v.n, loc)
	if !finiteRange(n) {
		return Null(Timestamp), errTimestampRange()
	}
	return NewInt(Timestamp, n), nil
}
