package value

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Dates are days, timestamps microseconds, since 2000-01-01. The largest and smallest number of
// either are infinity and -infinity.
const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
	microsPerDay    = 24 * microsPerHour

	epochUnixDays    = 10957 // 2000-01-01 in days since 1970-01-01
	epochUnixSeconds = epochUnixDays * 86400
	epochJulian      = 2451545 // 2000-01-01 as a Julian day

	dateInf = math.MaxInt32

	// PostgreSQL's range: from Julian day 0, 4714-11-24 BC, to before 5874898-01-01 for dates and
	// 294277-01-01 for timestamps.
	minDate      = -epochJulian
	endDate      = 2147483494 - epochJulian
	minTimestamp = -211813488000000000
	endTimestamp = 9223371331200000000
)

// civil is a broken-down local time. Years are astronomical: 0 is 1 BC.
type civil struct {
	year, month, day  int
	hour, minute, sec int
	micros            int // within the second
}

// daysOfCivil returns the day number of a date of the proleptic Gregorian calendar.
func daysOfCivil(year, month, day int) int64 {
	// Years that begin in March put the leap day last. They are counted from one before all of them, so that the
	// divisions are of numbers that are not negative; after an era of 400 years the calendar comes again.
	const eras = 1 << 40
	y, m := uint64(year+400*eras), uint64(month)
	if m <= 2 {
		y--
		m += 12
	}
	doy := (153*m-457)/5 + uint64(day) - 1
	return int64(365*y+y/4-y/100+y/400+doy) - 146097*eras - 719468 - epochUnixDays
}

// civilOfDays is the reverse of daysOfCivil.
func civilOfDays(days int64) (year, month, day int) {
	z := days + 719468 + epochUnixDays
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y := yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp + 3)
	if month > 12 {
		month -= 12
		y++
	}
	return int(y), month, day
}

// splitMicros splits a local timestamp into its day and the microseconds in it.
func splitMicros(t int64) (days, micros int64) {
	days = t / microsPerDay
	micros = t - days*microsPerDay
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	return days, micros
}

// civilOf breaks a local timestamp down.
func civilOf(t int64) civil {
	days, m := splitMicros(t)
	var c civil
	c.year, c.month, c.day = civilOfDays(days)
	c.hour = int(m / microsPerHour)
	c.minute = int(m / microsPerMinute % 60)
	c.sec = int(m / microsPerSecond % 60)
	c.micros = int(m % microsPerSecond)
	return c
}

// seconds returns c as seconds since 1970-01-01 of its own local time.
func (c *civil) seconds() int64 {
	return (daysOfCivil(c.year, c.month, c.day)+epochUnixDays)*86400 +
		int64(c.hour)*3600 + int64(c.minute)*60 + int64(c.sec)
}

// timestamp returns c as a timestamp, false when it is far out of the type's range: the caller
// checks the range itself.
func (c *civil) timestamp() (int64, bool) {
	days := daysOfCivil(c.year, c.month, c.day)
	// One day more at either end: a zone's offset may bring it into range.
	if days < minDate-1 || days > endTimestamp/microsPerDay {
		return 0, false
	}
	return days*microsPerDay + int64(c.hour)*microsPerHour + int64(c.minute)*microsPerMinute +
		int64(c.sec)*microsPerSecond + int64(c.micros), true
}

var monthDays = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysIn returns the days of a month.
func daysIn(year, month int) int {
	if month == 2 && isLeap(year) {
		return 29
	}
	return monthDays[month]
}

func isInfinite(t int64) bool { return t == math.MaxInt64 || t == math.MinInt64 }

// finiteRange says whether t is a finite timestamp in range.
func finiteRange(t int64) bool { return t >= minTimestamp && t < endTimestamp }

// isUTC says whether a location needs no rules.
func isUTC(loc *time.Location) bool { return loc == nil || loc == time.UTC }

// offsetAt returns seconds east of UTC in a zone at an instant.
func offsetAt(t int64, loc *time.Location) int64 {
	if isUTC(loc) {
		return 0
	}
	_, off := GoTime(t).In(loc).Zone()
	return int64(off)
}

// offsetOfLocal returns seconds east of UTC for a local time of a zone, given as seconds since
// 1970-01-01. A time that the clocks skipped or showed twice is standard time, as in
// PostgreSQL: the offset before a gap, and the one after a fold.
func offsetOfLocal(local int64, loc *time.Location) int64 {
	if isUTC(loc) {
		return 0
	}
	// There is at most one change between a day before and the local time.
	before := time.Unix(local-86400, 0).In(loc)
	_, off := before.Zone()
	_, end := before.ZoneBounds()
	if end.IsZero() {
		return int64(off)
	}
	boundary := end.Unix()
	_, offAfter := end.Zone()
	atBefore, atAfter := local-int64(off), local-int64(offAfter)
	switch {
	case atBefore < boundary && atAfter < boundary:
		return int64(off)
	case atBefore >= boundary && atAfter >= boundary:
		return int64(offAfter)
	case atBefore > atAfter: // a gap
		return int64(off)
	}
	return int64(offAfter)
}

// localOf returns the local timestamp of an instant in a zone.
func localOf(t int64, loc *time.Location) int64 {
	return t + offsetAt(t, loc)*microsPerSecond
}

// Clock returns a time as microseconds since 2000-01-01 UTC.
func Clock(t time.Time) int64 {
	return (t.Unix()-epochUnixSeconds)*microsPerSecond + int64(t.Nanosecond()/1000)
}

// GoTime returns the instant of a finite timestamptz.
func GoTime(micros int64) time.Time {
	sec := micros / microsPerSecond
	frac := micros - sec*microsPerSecond
	return time.Unix(sec+epochUnixSeconds, frac*1000)
}

func errTimestampRange() *sqlerr.Error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
}

func errDateRange() *sqlerr.Error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range")
}

// applyTimestampMod rounds to the precision of timestamp(p).
func applyTimestampMod(v Value, mod int32) (Value, error) {
	if mod < 0 || mod >= 6 || isInfinite(v.n) {
		return v, nil
	}
	unit := tenPow[6-mod]
	n := v.n
	if n >= 0 {
		n = (n + unit/2) / unit * unit
	} else {
		n = -((-n + unit/2) / unit * unit)
	}
	if !finiteRange(n) {
		return Null(v.kind), errTimestampRange()
	}
	return NewInt(v.kind, n), nil
}
