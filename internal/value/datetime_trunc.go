package value

import (
	"time"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// DateTrunc truncates a timestamp or timestamptz to a field, the latter by the local time of a
// zone. 22023 for a field that is not known, 0A000 for one that cannot be truncated to.
func DateTrunc(field string, v Value, loc *time.Location) (Value, error) {
	if isInfinite(v.n) {
		return v, nil
	}
	unit, name := parseDateUnit(field)
	if unit >= dateUnitISOYear && unit <= dateUnitEpoch {
		unit = dateUnitUnknown // EXTRACT's own fields
	}
	local, off := v.n, int64(0)
	switch v.kind {
	case Timestamptz:
		off = offsetAt(v.n, loc)
		local += off * microsPerSecond
	case Timestamp:
	default:
		invariant.Violated("date_trunc of %s", v.kind)
	}
	c := civilOf(local)
	if !c.truncate(unit, local) {
		return Null(v.kind), errDateUnit(unit, name, v.kind)
	}
	n, ok := c.timestamp()
	if v.kind == Timestamptz {
		if unit >= dateUnitDay { // another day may have another offset
			off = offsetOfLocal(c.seconds(), loc)
		}
		n -= off * microsPerSecond
	}
	if !ok || !finiteRange(n) {
		return Null(v.kind), errTimestampRange()
	}
	return NewInt(v.kind, n), nil
}

// truncate clears what is below a unit; false for one that cannot be truncated to.
func (c *civil) truncate(unit dateUnit, local int64) bool {
	switch unit {
	case dateUnitMicrosecond:
		return true
	case dateUnitMillisecond:
		c.micros = c.micros / 1000 * 1000
		return true
	}
	c.micros = 0
	switch unit {
	case dateUnitSecond:
		return true
	case dateUnitMinute:
		c.sec = 0
		return true
	case dateUnitHour:
		c.minute, c.sec = 0, 0
		return true
	}
	c.hour, c.minute, c.sec = 0, 0, 0
	switch unit {
	case dateUnitDay:
	case dateUnitWeek:
		days, _ := splitMicros(local)
		c.year, c.month, c.day = civilOfDays(days - int64((weekday(days)+6)%7))
	case dateUnitMonth:
		c.day = 1
	case dateUnitQuarter:
		c.day, c.month = 1, (c.month-1)/3*3+1
	case dateUnitYear, dateUnitDecade, dateUnitCentury, dateUnitMillennium:
		c.day, c.month = 1, 1
		c.year = firstYear(unit, c.year)
	default:
		return false
	}
	return true
}

// firstYear returns the year that a decade, century or millennium begins with.
func firstYear(unit dateUnit, year int) int {
	switch unit {
	case dateUnitDecade:
		return decadeOf(year) * 10
	case dateUnitCentury:
		if year > 0 {
			return centuryOf(year)*100 - 99
		}
		return centuryOf(year)*100 + 1
	case dateUnitMillennium:
		if year > 0 {
			return millenniumOf(year)*1000 - 999
		}
		return millenniumOf(year)*1000 + 1
	}
	return year
}
