package value

import (
	"math"
	"math/big"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Extract returns a field of a date, timestamp, timestamptz, time, timetz or interval as EXTRACT does: a numeric, NULL for
// a field of an infinity that has no value. A timestamptz is read in the session's zone. 22023
// for a field that is not known, 0A000 for one that the kind has not.
func Extract(field string, v Value, st *Style) (Value, error) {
	unit, name := parseDateUnit(field)
	if unit == dateUnitUnknown {
		if _, known := dateWords[name]; known { // a word of dates, but no field
			unit = dateUnitOther
		}
		return Null(Numeric), errDateUnit(unit, name, v.kind)
	}
	var r Value
	var ok bool
	switch v.kind {
	case Date:
		r, ok = extractDate(unit, v.n)
	case Timestamp:
		r, ok = extractTimestamp(unit, v.n, v.n)
	case Timestamptz:
		r, ok = extractTimestamptz(unit, v.n, st)
	case Time, Timetz:
		r, ok = extractTime(unit, v)
	case Interval:
		r, ok = extractInterval(unit, SpanOf(v))
	default:
		invariant.Violated("extract from %s", v.kind)
	}
	if !ok {
		return Null(Numeric), errDateUnit(unit, name, v.kind)
	}
	return r, nil
}

// DatePart is Extract as a float8, as date_part returns it; of a date it reads midnight.
func DatePart(field string, v Value, st *Style) (Value, error) {
	if v.kind == Date {
		var err error
		if v, err = DateToTimestamp(v); err != nil {
			return Null(Float8), err
		}
	}
	n, err := Extract(field, v, st)
	if err != nil || n.IsNull() {
		return Null(Float8), err
	}
	f, err := NumericToFloat(n)
	return NewFloat(f), err
}

func extractDate(unit dateUnit, days int64) (Value, bool) {
	switch unit {
	case dateUnitMicrosecond, dateUnitMillisecond, dateUnitSecond, dateUnitMinute, dateUnitHour,
		dateUnitZone, dateUnitZoneHour, dateUnitZoneMinute:
		return Value{}, false
	}
	if days == dateInf || days == -dateInf-1 {
		return extractInfinity(unit, days < 0)
	}
	switch unit {
	case dateUnitJulian:
		return NumericFromInt(days + epochJulian), true
	case dateUnitEpoch:
		return NumericFromInt((days + epochUnixDays) * 86400), true
	}
	n, ok := dayField(unit, days)
	return NumericFromInt(n), ok
}

// dayField returns a field that depends on the day alone.
func dayField(unit dateUnit, days int64) (int64, bool) {
	year, month, day := civilOfDays(days)
	n := 0
	switch unit {
	case dateUnitDay:
		n = day
	case dateUnitMonth:
		n = month
	case dateUnitQuarter:
		n = (month-1)/3 + 1
	case dateUnitWeek:
		_, n = isoWeek(days)
	case dateUnitYear:
		n = eraYear(year)
	case dateUnitDecade:
		n = decadeOf(year)
	case dateUnitCentury:
		n = centuryOf(year)
	case dateUnitMillennium:
		n = millenniumOf(year)
	case dateUnitISOYear:
		n, _ = isoWeek(days)
		n = eraYear(n)
	case dateUnitDOW:
		n = weekday(days)
	case dateUnitISODOW:
		n = (weekday(days)+6)%7 + 1
	case dateUnitDOY:
		n = int(days-daysOfCivil(year, 1, 1)) + 1
	default:
		return 0, false
	}
	return int64(n), true
}

// extractTimestamp reads a local time; instant is what epoch counts from.
func extractTimestamp(unit dateUnit, local, instant int64) (Value, bool) {
	if isInfinite(local) {
		return extractInfinity(unit, local < 0)
	}
	days, micros := splitMicros(local)
	c := civilOf(local)
	inMinute := int64(c.sec)*microsPerSecond + int64(c.micros)
	switch unit {
	case dateUnitMicrosecond:
		return NumericFromInt(inMinute), true
	case dateUnitMillisecond:
		return scaledInt(inMinute, 3), true
	case dateUnitSecond:
		return scaledInt(inMinute, 6), true
	case dateUnitMinute:
		return NumericFromInt(int64(c.minute)), true
	case dateUnitHour:
		return NumericFromInt(int64(c.hour)), true
	case dateUnitJulian:
		return julianOf(days, micros), true
	case dateUnitEpoch:
		return epochOf(instant), true
	}
	n, ok := dayField(unit, days)
	return NumericFromInt(n), ok
}

// extractTime reads a time or timetz.
func extractTime(unit dateUnit, v Value) (Value, bool) {
	micros, east := v.n, int64(0)
	if v.kind == Timetz {
		micros, east = TimetzParts(v)
		switch unit {
		case dateUnitZone:
			return NumericFromInt(east), true
		case dateUnitZoneHour:
			return NumericFromInt(east / 3600), true
		case dateUnitZoneMinute:
			return NumericFromInt(east / 60 % 60), true
		}
	}
	switch unit {
	case dateUnitHour:
		return NumericFromInt(micros / microsPerHour), true
	case dateUnitEpoch:
		return scaledInt(micros-east*microsPerSecond, 6), true
	}
	return extractInHour(unit, micros)
}

// extractInHour reads the fields that are less than an hour.
func extractInHour(unit dateUnit, micros int64) (Value, bool) {
	switch unit {
	case dateUnitMicrosecond:
		return NumericFromInt(micros % microsPerMinute), true
	case dateUnitMillisecond:
		return scaledInt(micros%microsPerMinute, 3), true
	case dateUnitSecond:
		return scaledInt(micros%microsPerMinute, 6), true
	case dateUnitMinute:
		return NumericFromInt(micros / microsPerMinute % 60), true
	}
	return Value{}, false
}

func extractInterval(unit dateUnit, p Span) (Value, bool) {
	years, months := int64(p.Months/monthsPerYear), int64(p.Months%monthsPerYear)
	n := int64(0)
	switch unit {
	case dateUnitHour:
		n = p.Micros / microsPerHour
	case dateUnitDay:
		n = int64(p.Days)
	case dateUnitMonth:
		n = months
	case dateUnitQuarter:
		n = months/3 + 1
	case dateUnitYear:
		n = years
	case dateUnitDecade:
		n = years / 10
	case dateUnitCentury:
		n = years / 100
	case dateUnitMillennium:
		n = years / 1000
	case dateUnitEpoch:
		return epochOfInterval(p), true
	default:
		return extractInHour(unit, p.Micros)
	}
	return NumericFromInt(n), true
}

// epochOfInterval returns an interval in seconds, its years counting 365.25 days.
func epochOfInterval(p Span) Value {
	years, months := int64(p.Months/monthsPerYear), int64(p.Months%monthsPerYear)
	seconds := (years*(4*365+1) + months*4*daysPerMonth + int64(p.Days)*4) * (86400 / 4)
	if micros, ok := mulAdd(seconds, microsPerSecond, p.Micros); ok {
		return scaledInt(micros, 6)
	}
	sum, err := NumericAdd(NumericFromInt(seconds), scaledInt(p.Micros, 6))
	if err != nil {
		invariant.Violated("epoch of interval %+v: %v", p, err)
	}
	return sum
}

// scaledInt returns n * 10^-scale.
func scaledInt(n int64, scale int) Value {
	if w, ok := PackNumeric(n, scale); ok {
		return NewNumericWord(w, "")
	}
	return decimal{coef: big.NewInt(n), scale: scale}.value()
}

// epochOf returns seconds since 1970-01-01.
func epochOf(instant int64) Value {
	const sinceEpoch = epochUnixSeconds * microsPerSecond
	if instant <= math.MaxInt64-sinceEpoch {
		return scaledInt(instant+sinceEpoch, 6)
	}
	// Past int64 PostgreSQL divides, and the quotient has four digits behind the point.
	micros, err := NumericAdd(NumericFromInt(instant), NumericFromInt(sinceEpoch))
	if err == nil {
		micros, err = NumericDiv(micros, NumericFromInt(microsPerSecond))
	}
	if err == nil {
		micros, err = NumericRound(micros, 6)
	}
	if err != nil {
		invariant.Violated("epoch of %d: %v", instant, err)
	}
	return micros
}

// julianOf returns the Julian day with the part of the day behind it.
func julianOf(days, micros int64) Value {
	part, err := NumericDiv(NumericFromInt(micros), NumericFromInt(microsPerDay))
	if err == nil {
		part, err = NumericAdd(NumericFromInt(days+epochJulian), part)
	}
	if err != nil {
		invariant.Violated("julian day of %d: %v", days, err)
	}
	return part
}

func extractTimestamptz(unit dateUnit, t int64, st *Style) (Value, bool) {
	switch unit {
	case dateUnitZone, dateUnitZoneHour, dateUnitZoneMinute:
	default:
		if isInfinite(t) {
			return extractInfinity(unit, t < 0)
		}
		return extractTimestamp(unit, localOf(t, st.Location), t)
	}
	if isInfinite(t) {
		return Null(Numeric), true
	}
	off := offsetAt(t, st.Location)
	switch unit {
	case dateUnitZoneHour:
		off /= 3600
	case dateUnitZoneMinute:
		off = off / 60 % 60
	}
	return NumericFromInt(off), true
}

// extractInfinity reads an infinity: fields that only grow are infinite, others have no value.
func extractInfinity(unit dateUnit, negative bool) (Value, bool) {
	switch unit {
	case dateUnitYear, dateUnitDecade, dateUnitCentury, dateUnitMillennium, dateUnitJulian,
		dateUnitISOYear, dateUnitEpoch:
		if negative {
			return decimal{form: negInf}.value(), true
		}
		return decimal{form: posInf}.value(), true
	}
	return Null(Numeric), true
}
