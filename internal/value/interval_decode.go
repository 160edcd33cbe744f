package value

import (
	"math"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// parseInterval reads an interval of a type with a modifier, -1 for none: fields with units in any order,
// SQL's year-month and day-time literals, or ISO 8601.
func parseInterval(s string, mod int32, st *Style) (Value, error) {
	fields := AllIntervalFields
	if mod >= 0 {
		fields = int(mod>>intervalFieldShift) & AllIntervalFields
	}
	var inline [maxDateFields]dateField
	err := dateBadFormat
	d := intervalDecoder{fields: fields}
	if list, ok := lexDate(s[:min(len(s), maxDateText)], inline[:0]); ok && len(s) <= maxDateText {
		d.forceNegative = st.Intervals == IntervalSQL && leadingMinusOnly(list)
		err = d.decode(list)
	}
	if err == dateBadFormat {
		d = intervalDecoder{}
		err = d.decodeISO(s)
	}
	if err == dateOverflow {
		return Null(Interval), sqlerr.New(sqlerr.IntervalFieldOverflow, `interval field value out of range: "%s"`, s)
	}
	if err != dateOK {
		return Null(Interval), err.error(s, "interval")
	}
	months := int64(d.years)*monthsPerYear + int64(d.months)
	if months != int64(int32(months)) {
		return Null(Interval), errIntervalRange()
	}
	return applyIntervalMod(NewInterval(Span{Months: int32(months), Days: d.days, Micros: d.micros}), mod), nil
}

func errIntervalRange() *sqlerr.Error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
}

// leadingMinusOnly says that the first field is negative and no other has a sign: in SQL's style the sign is
// that of all fields.
func leadingMinusOnly(fields []dateField) bool {
	for i, f := range fields {
		if (i == 0) != (f.text[0] == '-') || f.text[0] == '+' {
			return false
		}
	}
	return len(fields) > 0
}

// intervalParts is a set of fields that have been read: none comes twice.
type intervalParts uint16

const (
	spanMicrosecond intervalParts = 1 << iota
	spanMillisecond
	spanSecond
	spanMinute
	spanHour
	spanDay
	spanWeek
	spanMonth
	spanYear
	spanDecade
	spanCentury
	spanMillennium

	spanAllSeconds = spanSecond | spanMillisecond | spanMicrosecond
	spanTime       = spanHour | spanMinute | spanAllSeconds
)

// intervalDecoder adds up fields. Years and months are apart until the end, as each must fit by itself.
type intervalDecoder struct {
	years, months, days int32
	micros              int64

	fields        int // the type's fields, a mask
	forceNegative bool
	have          intervalParts
	unit          dateUnit // of the number to the left, unknown until there is one
	ago           bool
}

// decode reads the fields from the right, so that a unit comes before its number.
func (d *intervalDecoder) decode(fields []dateField) dateError {
	for i := len(fields) - 1; i >= 0; i-- {
		got, err := d.field(fields[i])
		if err != dateOK {
			return err
		}
		if got&d.have != 0 {
			return dateBadFormat
		}
		d.have |= got
	}
	if d.have == 0 {
		return dateBadFormat
	}
	if d.ago {
		return d.negate()
	}
	return dateOK
}

// negate is the word ago.
func (d *intervalDecoder) negate() dateError {
	if d.micros == math.MinInt64 || d.days == math.MinInt32 || d.months == math.MinInt32 || d.years == math.MinInt32 {
		return dateOverflow
	}
	d.micros, d.days, d.months, d.years = -d.micros, -d.days, -d.months, -d.years
	return dateOK
}

func (d *intervalDecoder) field(f dateField) (intervalParts, dateError) {
	switch f.kind {
	case fieldTime:
		if err := d.time(f.text); err != dateOK {
			return 0, err
		}
		return d.timeRead(false), dateOK
	case fieldTZ:
		if strings.IndexByte(f.text, ':') >= 0 && d.time(f.text[1:]) == dateOK {
			return d.timeRead(f.text[0] == '-'), dateOK
		}
		return d.number(f.text)
	case fieldDate, fieldNumber:
		return d.number(f.text)
	}
	return 0, d.word(f.text)
}

// timeRead gives the time just read its sign.
func (d *intervalDecoder) timeRead(negative bool) intervalParts {
	if negative {
		d.micros = -d.micros
	}
	if d.forceNegative && d.micros > 0 {
		d.micros = -d.micros
	}
	d.unit = dateUnitDay // of a number in front
	return spanTime
}

// word reads a unit or ago.
func (d *intervalDecoder) word(f string) dateError {
	if f == "ago" {
		d.ago = true
		d.unit = dateUnitUnknown
		return dateOK
	}
	if u := dateUnits[f[:min(len(f), unitTokenBytes)]]; u != dateUnitUnknown {
		d.unit = u
		return dateOK
	}
	return dateBadFormat
}

// lastUnit is the unit of a number without one: the least of the type's fields, or seconds.
func (d *intervalDecoder) lastUnit() dateUnit {
	switch {
	case d.fields == AllIntervalFields, d.fields&fieldSecond != 0:
		return dateUnitSecond
	case d.fields&fieldMinute != 0:
		return dateUnitMinute
	case d.fields&fieldHour != 0:
		return dateUnitHour
	case d.fields&fieldDay != 0:
		return dateUnitDay
	case d.fields&fieldMonth != 0:
		return dateUnitMonth
	}
	return dateUnitYear
}

// number reads a number of the unit that stands behind it, or years-months.
func (d *intervalDecoder) number(f string) (intervalParts, dateError) {
	if d.unit == dateUnitUnknown {
		d.unit = d.lastUnit()
	}
	negative := f[0] == '-'
	digits := f
	if f[0] == '-' || f[0] == '+' {
		digits = f[1:]
	}
	end := skipDigits(digits, 0)
	whole, rest := digits[:end], digits[end:]
	n, err := intervalInt(whole, negative)
	if err != dateOK {
		return 0, err
	}
	frac := 0.0
	switch {
	case rest == "":
	case rest[0] == '-':
		months, err := strconv.ParseUint("0"+rest[1:], 10, 64)
		switch {
		case err != nil && !isRange(err):
			return 0, dateBadFormat
		case err != nil || months >= monthsPerYear:
			return 0, dateOverflow
		}
		m := int64(months)
		if negative {
			m = -m
		}
		var ok bool
		if n, ok = mulAdd(n, monthsPerYear, m); !ok {
			return 0, dateOverflow
		}
		d.unit = dateUnitMonth
	case rest[0] == '.':
		var ok bool
		if frac, ok = intervalFraction(rest); !ok {
			return 0, dateBadFormat
		}
		if negative {
			frac = -frac
		}
	default:
		return 0, dateBadFormat
	}
	if d.forceNegative {
		n, frac = -absInt(n), -math.Abs(frac)
	}
	return d.add(n, frac)
}

// intervalInt reads digits as a number with a sign; none are 0.
func intervalInt(digits string, negative bool) (int64, dateError) {
	if digits == "" {
		return 0, dateOK
	}
	if negative {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, dateOverflow
	}
	return n, dateOK
}

// intervalFraction reads ".ddd", false when more stands behind the digits.
func intervalFraction(f string) (float64, bool) {
	if skipDigits(f, 1) != len(f) {
		return 0, false
	}
	if len(f) == 1 {
		return 0, true
	}
	x, err := strconv.ParseFloat("0"+f, 64)
	return x, err == nil
}

// add adds a number of the current unit.
func (d *intervalDecoder) add(n int64, frac float64) (intervalParts, dateError) {
	got, ok := intervalParts(0), false
	switch d.unit {
	case dateUnitMicrosecond:
		got, ok = spanMicrosecond, d.addMicros(n, frac, 1)
	case dateUnitMillisecond:
		got, ok = spanMillisecond, d.addMicros(n, frac, 1000)
	case dateUnitSecond:
		got, ok = spanSecond, d.addMicros(n, frac, microsPerSecond)
		if frac != 0 {
			got = spanAllSeconds
		}
	case dateUnitMinute:
		got, ok = spanMinute, d.addMicros(n, frac, microsPerMinute)
	case dateUnitHour:
		got, ok = spanHour, d.addMicros(n, frac, microsPerHour)
		d.unit = dateUnitDay // of a number in front
	case dateUnitDay:
		got, ok = spanDay, addScaled(&d.days, n, 1) && d.addFraction(frac, microsPerDay)
	case dateUnitWeek:
		got, ok = spanWeek, addScaled(&d.days, n, 7) && d.addDays(frac, 7)
	case dateUnitMonth:
		got, ok = spanMonth, addScaled(&d.months, n, 1) && d.addDays(frac, daysPerMonth)
	case dateUnitYear:
		got, ok = spanYear, d.addYears(n, frac, 1)
	case dateUnitDecade:
		got, ok = spanDecade, d.addYears(n, frac, 10)
	case dateUnitCentury:
		got, ok = spanCentury, d.addYears(n, frac, 100)
	case dateUnitMillennium:
		got, ok = spanMillennium, d.addYears(n, frac, 1000)
	default:
		return 0, dateBadFormat
	}
	if !ok {
		return 0, dateOverflow
	}
	return got, dateOK
}

// mulAdd returns n*scale + add, false when it overflows.
func mulAdd(n, scale, add int64) (int64, bool) {
	p := n * scale
	if n != 0 && (p/n != scale || n == -1 && scale == math.MinInt64) {
		return 0, false
	}
	sum := p + add
	return sum, (p^sum)&(add^sum) >= 0
}

// addScaled adds n*scale to a field of 32 bits; false when it does not fit.
func addScaled(field *int32, n, scale int64) bool {
	if n != int64(int32(n)) {
		return false
	}
	sum := int64(*field) + n*scale
	product := n * scale
	if product != int64(int32(product)) || sum != int64(int32(sum)) {
		return false
	}
	*field = int32(sum)
	return true
}

// addMicros adds (n + frac) units of scale microseconds.
func (d *intervalDecoder) addMicros(n int64, frac float64, scale int64) bool {
	sum, ok := mulAdd(n, scale, d.micros)
	if !ok {
		return false
	}
	d.micros = sum
	return d.addFraction(frac, scale)
}

// addFraction adds a fraction of a unit, rounded to a microsecond.
func (d *intervalDecoder) addFraction(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	n := int64(frac)
	switch frac -= float64(n); {
	case frac > 0.5:
		n++
	case frac < -0.5:
		n--
	}
	sum, ok := mulAdd(n, 1, d.micros)
	d.micros = sum
	return ok
}

// addDays adds a fraction of a unit of scale days.
func (d *intervalDecoder) addDays(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	n := int64(frac)
	return addScaled(&d.days, n, 1) && d.addFraction(frac-float64(n), microsPerDay)
}

// addYears adds (n + frac) units of scale years: a fraction is whole months.
func (d *intervalDecoder) addYears(n int64, frac float64, scale int64) bool {
	months := math.RoundToEven(frac * float64(scale) * monthsPerYear)
	return addScaled(&d.years, n, scale) && addScaled(&d.months, int64(months), 1)
}

// time reads hh:mm, hh:mm:ss or mm:ss.fff.
func (d *intervalDecoder) time(f string) dateError {
	var n [3]int64
	count, i := 0, 0
	for {
		end := skipDigits(f, i)
		if count == len(n) {
			return dateBadFormat
		}
		bits := 32
		if count == 0 {
			bits = 64
		}
		if end > i {
			v, err := strconv.ParseInt(f[i:end], 10, bits)
			if err != nil {
				return dateOverflow
			}
			n[count] = v
		}
		count++
		if i = end; i == len(f) || f[i] != ':' {
			break
		}
		i++
	}
	if count < 2 {
		return dateBadFormat
	}
	micros := 0
	if i < len(f) {
		var err dateError
		if micros, err = fraction(f[i:]); err != dateOK {
			return err
		}
	}
	if count == 2 && (i < len(f) || d.fields == fieldMinute|fieldSecond) {
		if n[0] > math.MaxInt32 {
			return dateOverflow
		}
		n = [3]int64{0, n[0], n[1]}
	}
	if n[1] > 59 || n[2] > 60 {
		return dateOverflow
	}
	sum, ok := mulAdd(n[0], microsPerHour, n[1]*microsPerMinute+n[2]*microsPerSecond+int64(micros))
	if !ok {
		return dateOverflow
	}
	d.micros = sum
	return dateOK
}
