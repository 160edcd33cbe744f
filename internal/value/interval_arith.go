package value

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

func add32(a, b int32) (int32, bool) {
	n := int64(a) + int64(b)
	return int32(n), n == int64(int32(n))
}

// IntervalAdd returns a + b; 22008 when a part overflows.
func IntervalAdd(a, b Value) (Value, error) {
	p, q := SpanOf(a), SpanOf(b)
	months, ok1 := add32(p.Months, q.Months)
	days, ok2 := add32(p.Days, q.Days)
	micros, ok3 := mulAdd(p.Micros, 1, q.Micros)
	if !ok1 || !ok2 || !ok3 {
		return Null(Interval), errIntervalRange()
	}
	return NewInterval(Span{months, days, micros}), nil
}

// IntervalNeg returns -v.
func IntervalNeg(v Value) (Value, error) {
	p := SpanOf(v)
	if p.Months == math.MinInt32 || p.Days == math.MinInt32 || p.Micros == math.MinInt64 {
		return Null(Interval), errIntervalRange()
	}
	return NewInterval(Span{-p.Months, -p.Days, -p.Micros}), nil
}

// IntervalSub returns a - b.
func IntervalSub(a, b Value) (Value, error) {
	p, q := SpanOf(a), SpanOf(b)
	months, days := int64(p.Months)-int64(q.Months), int64(p.Days)-int64(q.Days)
	micros := p.Micros - q.Micros
	if months != int64(int32(months)) || days != int64(int32(days)) || (p.Micros^q.Micros)&(p.Micros^micros) < 0 {
		return Null(Interval), errIntervalRange()
	}
	return NewInterval(Span{int32(months), int32(days), micros}), nil
}

// IntervalMul returns v * factor: fractions of months become days, and fractions of days time.
func IntervalMul(v Value, factor float64) (Value, error) {
	p := SpanOf(v)
	return scaleInterval(p, float64(p.Months)*factor, float64(p.Days)*factor, float64(p.Micros)*factor)
}

// IntervalDiv returns v / divisor; 22012 when that is 0.
func IntervalDiv(v Value, divisor float64) (Value, error) {
	if divisor == 0 {
		return Null(Interval), sqlerr.New(sqlerr.DivisionByZero, "division by zero")
	}
	p := SpanOf(v)
	return scaleInterval(p, float64(p.Months)/divisor, float64(p.Days)/divisor, float64(p.Micros)/divisor)
}

// scaleInterval returns the interval of parts that need not be whole.
func scaleInterval(p Span, months, days, micros float64) (Value, error) {
	if !fitsInt32(months) || !fitsInt32(days) {
		return Null(Interval), errIntervalRange()
	}
	p.Months, p.Days = int32(months), int32(days)
	const secondsPerDay = 86400
	moreDays := roundToMicro((months - float64(p.Months)) * daysPerMonth)
	seconds := roundToMicro((days - float64(p.Days) + moreDays - math.Trunc(moreDays)) * secondsPerDay)
	// Months and days may leave a whole day, by rounding or together.
	if math.Abs(seconds) >= secondsPerDay {
		whole := math.Trunc(seconds / secondsPerDay)
		var ok bool
		if p.Days, ok = add32(p.Days, int32(whole)); !ok {
			return Null(Interval), errIntervalRange()
		}
		seconds -= whole * secondsPerDay
	}
	var ok bool
	if p.Days, ok = add32(p.Days, int32(moreDays)); !ok {
		return Null(Interval), errIntervalRange()
	}
	total := math.RoundToEven(micros + seconds*microsPerSecond)
	if !(total >= math.MinInt64 && total < -math.MinInt64) {
		return Null(Interval), errIntervalRange()
	}
	p.Micros = int64(total)
	return NewInterval(p), nil
}

func fitsInt32(f float64) bool { return f >= math.MinInt32 && f <= math.MaxInt32 }

// roundToMicro rounds away what float arithmetic leaves below a microsecond.
func roundToMicro(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// JustifyHours makes days of 24 hours; the days and hours left have one sign.
func JustifyHours(v Value) (Value, error) {
	p := SpanOf(v)
	days := p.Micros / microsPerDay
	p.Micros -= days * microsPerDay
	var ok bool
	if p.Days, ok = add32(p.Days, int32(days)); !ok {
		return Null(Interval), errIntervalRange()
	}
	p.alignTime()
	return NewInterval(p), nil
}

// alignTime gives the time of less than a day the sign of the days.
func (p *Span) alignTime() {
	switch {
	case p.Days > 0 && p.Micros < 0:
		p.Micros += microsPerDay
		p.Days--
	case p.Days < 0 && p.Micros > 0:
		p.Micros -= microsPerDay
		p.Days++
	}
}

// JustifyDays makes months of 30 days; the months and days left have one sign.
func JustifyDays(v Value) (Value, error) {
	p := SpanOf(v)
	if !p.carryDays() {
		return Null(Interval), errIntervalRange()
	}
	switch {
	case p.Months > 0 && p.Days < 0:
		p.Days += daysPerMonth
		p.Months--
	case p.Months < 0 && p.Days > 0:
		p.Days -= daysPerMonth
		p.Months++
	}
	return NewInterval(p), nil
}

// carryDays moves whole months out of the days; false on overflow.
func (p *Span) carryDays() (ok bool) {
	months := p.Days / daysPerMonth
	p.Days -= months * daysPerMonth
	p.Months, ok = add32(p.Months, months)
	return ok
}

// JustifyInterval makes days of 24 hours and months of 30 days; all parts left have one sign.
func JustifyInterval(v Value) (Value, error) {
	p := SpanOf(v)
	ok := true
	if p.Days > 0 && p.Micros > 0 || p.Days < 0 && p.Micros < 0 { // so that the days do not overflow on the way
		ok = p.carryDays()
	}
	if ok {
		days := p.Micros / microsPerDay
		p.Micros -= days * microsPerDay
		p.Days, ok = add32(p.Days, int32(days))
	}
	if ok {
		ok = p.carryDays()
	}
	if !ok {
		return Null(Interval), errIntervalRange()
	}
	switch {
	case p.Months > 0 && (p.Days < 0 || p.Days == 0 && p.Micros < 0):
		p.Days += daysPerMonth
		p.Months--
	case p.Months < 0 && (p.Days > 0 || p.Days == 0 && p.Micros > 0):
		p.Days -= daysPerMonth
		p.Months++
	}
	p.alignTime()
	return NewInterval(p), nil
}

// TimestampAdd returns a timestamp or timestamptz plus an interval: first the months, then the days, both by the local
// time of a zone for a timestamptz, then the time. A day that the month has not is its last one.
func TimestampAdd(t, interval Value, loc *time.Location) (Value, error) {
	if isInfinite(t.n) {
		return t, nil
	}
	p := SpanOf(interval)
	n, ok := t.n, true
	if p.Months != 0 {
		n, ok = addLocal(t.kind, n, loc, func(c *civil) bool { return c.addMonths(p.Months) })
	}
	if ok && p.Days != 0 {
		n, ok = addLocal(t.kind, n, loc, func(c *civil) bool {
			c.year, c.month, c.day = civilOfDays(daysOfCivil(c.year, c.month, c.day) + int64(p.Days))
			return true
		})
	}
	if ok {
		n, ok = mulAdd(n, 1, p.Micros)
	}
	if !ok || !finiteRange(n) {
		return Null(t.kind), errTimestampRange()
	}
	return NewInt(t.kind, n), nil
}

// TimestampSub returns a timestamp or timestamptz minus an interval.
func TimestampSub(t, interval Value, loc *time.Location) (Value, error) {
	p := SpanOf(interval)
	if p.Months == math.MinInt32 || p.Days == math.MinInt32 || p.Micros == math.MinInt64 {
		return Null(t.kind), errTimestampRange()
	}
	return TimestampAdd(t, NewInterval(Span{-p.Months, -p.Days, -p.Micros}), loc)
}

// addLocal changes the local time of n; false when that is out of range.
func addLocal(k Kind, n int64, loc *time.Location, change func(c *civil) bool) (int64, bool) {
	if k == Timestamptz {
		n = localOf(n, loc)
	}
	c := civilOf(n)
	if !change(&c) {
		return 0, false
	}
	n, ok := c.timestamp()
	if ok && k == Timestamptz {
		n -= offsetOfLocal(c.seconds(), loc) * microsPerSecond
	}
	return n, ok && finiteRange(n)
}

// addMonths moves c by months.
func (c *civil) addMonths(months int32) bool {
	m := int64(c.year)*monthsPerYear + int64(c.month-1) + int64(months)
	year := m / monthsPerYear
	if m%monthsPerYear < 0 {
		year--
	}
	c.year, c.month = int(year), int(m-year*monthsPerYear)+1
	c.day = min(c.day, daysIn(c.year, c.month))
	return true
}

// TimestampDiff returns a - b of timestamps or timestamptzs as days and time; 22008 when one is infinite.
func TimestampDiff(a, b Value) (Value, error) {
	if isInfinite(a.n) || isInfinite(b.n) {
		return Null(Interval), sqlerr.New(sqlerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	return JustifyHours(NewInterval(Span{Micros: a.n - b.n})) // wraps as PostgreSQL's does
}

// Age returns a - b of timestamps or timestamptzs in years, months, days and time, timestamptzs by the local times of
// a zone. Days that are borrowed from a month are as many as the earlier time's month has.
func Age(a, b Value, loc *time.Location) Value {
	if a.kind == Timestamptz {
		if !isInfinite(a.n) {
			a.n = localOf(a.n, loc)
		}
		if !isInfinite(b.n) {
			b.n = localOf(b.n, loc)
		}
	}
	negative := a.n < b.n
	if negative {
		a, b = b, a
	}
	x, y := civilOf(a.n), civilOf(b.n)
	micros := x.timeOfDay() - y.timeOfDay()
	days := x.day - y.day
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	months := (x.year-y.year)*monthsPerYear + x.month - y.month
	for days < 0 {
		days += daysIn(y.year, y.month)
		months--
	}
	p := Span{Months: int32(months), Days: int32(days), Micros: micros}
	if negative {
		p = Span{-p.Months, -p.Days, -p.Micros}
	}
	return NewInterval(p)
}

// DateBin returns the start of the bin of a stride that t, a timestamp or timestamptz, falls in, counted from an
// origin.
func DateBin(stride, t, origin Value) (Value, error) {
	p := SpanOf(stride)
	switch {
	case isInfinite(t.n):
		return t, nil
	case isInfinite(origin.n):
		return Null(t.kind), sqlerr.New(sqlerr.DatetimeFieldOverflow, "origin out of range")
	case p.Months != 0:
		return Null(t.kind), sqlerr.New(sqlerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	width, ok := mulAdd(int64(p.Days), microsPerDay, p.Micros)
	if !ok {
		return Null(t.kind), errIntervalRange()
	}
	if width <= 0 {
		return Null(t.kind), sqlerr.New(sqlerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := t.n - origin.n
	if (t.n^origin.n)&(t.n^diff) < 0 {
		return Null(t.kind), errIntervalRange()
	}
	into := diff % width
	if into < 0 {
		into += width
	}
	n, ok := mulAdd(origin.n, 1, diff-into)
	if !ok || !finiteRange(n) {
		return Null(t.kind), errTimestampRange()
	}
	return NewInt(t.kind, n), nil
}

// IntervalTrunc truncates an interval to a field. 22023 for a field that is not known, 0A000 for one that it cannot be
// truncated to.
func IntervalTrunc(field string, v Value) (Value, error) {
	unit, name := parseDateUnit(field)
	if unit >= dateUnitISOYear && unit <= dateUnitEpoch {
		unit = dateUnitUnknown // EXTRACT's own fields
	}
	p := SpanOf(v)
	truncMonths := func(n int32) { p = Span{Months: p.Months / n * n} }
	switch unit {
	case dateUnitMillennium:
		truncMonths(1000 * monthsPerYear)
	case dateUnitCentury:
		truncMonths(100 * monthsPerYear)
	case dateUnitDecade:
		truncMonths(10 * monthsPerYear)
	case dateUnitYear:
		truncMonths(monthsPerYear)
	case dateUnitQuarter:
		truncMonths(3)
	case dateUnitMonth:
		truncMonths(1)
	case dateUnitDay:
		p.Micros = 0
	case dateUnitHour:
		p.Micros = p.Micros / microsPerHour * microsPerHour
	case dateUnitMinute:
		p.Micros = p.Micros / microsPerMinute * microsPerMinute
	case dateUnitSecond:
		p.Micros = p.Micros / microsPerSecond * microsPerSecond
	case dateUnitMillisecond:
		p.Micros = p.Micros / 1000 * 1000
	case dateUnitMicrosecond:
	case dateUnitWeek:
		return Null(Interval), sqlerr.New(sqlerr.FeatureNotSupported, `unit "%s" not supported for type interval`, name).
			WithDetail("Months usually have fractional weeks.")
	default:
		return Null(Interval), errDateUnit(unit, name, Interval)
	}
	return NewInterval(p), nil
}

// TimeAdd returns a time or timetz plus the time of an interval, past midnight from 0 again.
func TimeAdd(t, interval Value) Value {
	return shiftTime(t, SpanOf(interval).Micros%microsPerDay)
}

// TimeSub returns a time or timetz minus the time of an interval.
func TimeSub(t, interval Value) Value {
	return shiftTime(t, -(SpanOf(interval).Micros % microsPerDay))
}

func shiftTime(t Value, by int64) Value {
	if t.kind == Timetz {
		micros, east := TimetzParts(t)
		_, micros = splitMicros(micros + by)
		return NewTimetz(micros, east)
	}
	_, micros := splitMicros(t.n + by)
	return NewInt(Time, micros)
}

// TimeShift returns a time or timetz moved by microseconds, which may take it out of the range of times: a bound to
// compare times with.
func TimeShift(t Value, by int64) Value {
	if t.kind == Timetz {
		by <<= timetzZoneBits
	}
	return NewInt(t.kind, t.n+by)
}

// TimeDiff returns a - b of times.
func TimeDiff(a, b Value) Value { return NewInterval(Span{Micros: a.n - b.n}) }

// DateAddTime returns the timestamp of a date and a time, or the timestamptz of a date and a timetz.
func DateAddTime(d, t Value) (Value, error) {
	v, err := DateToTimestamp(d)
	k := Timestamp
	if t.kind == Timetz {
		k = Timestamptz
	}
	if err != nil || isInfinite(v.n) {
		return v.WithKind(k), err
	}
	n := v.n + t.n
	if t.kind == Timetz {
		micros, east := TimetzParts(t)
		n = v.n + micros - east*microsPerSecond
	}
	if !finiteRange(n) {
		return Null(k), errTimestampRange()
	}
	return NewInt(k, n), nil
}

// TimetzAtZone returns the timetz of the same instant in another zone: the offset that the zone has at an instant, now.
func TimetzAtZone(t Value, loc *time.Location, now int64) Value {
	return TimetzAtOffset(t, offsetAt(now, loc))
}

// TimetzAtOffset returns the timetz of the same instant at seconds east of UTC.
func TimetzAtOffset(t Value, east int64) Value {
	micros, was := TimetzParts(t)
	_, micros = splitMicros(micros + (east-was)*microsPerSecond)
	return NewTimetz(micros, east)
}
