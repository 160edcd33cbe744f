package value

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Span is an interval taken apart: months, days and microseconds, which do not mix, since neither months
// nor days have a fixed length.
type Span struct {
	Months, Days int32
	Micros       int64
}

// An interval's stored bytes are its binary wire form: microseconds, days and months, big-endian, in 8, 4 and
// 4 bytes. Frozen.
const intervalBytes = 16

const (
	monthsPerYear = 12
	daysPerMonth  = 30 // where an interval counts as a length
)

// NewInterval returns an interval.
func NewInterval(p Span) Value {
	var b [intervalBytes]byte
	binary.BigEndian.PutUint64(b[:], uint64(p.Micros))
	binary.BigEndian.PutUint32(b[8:], uint32(p.Days))
	binary.BigEndian.PutUint32(b[12:], uint32(p.Months))
	return NewBytes(Interval, string(b[:]))
}

// SpanOf takes an interval that is not NULL apart.
func SpanOf(v Value) Span {
	_ = v.s[intervalBytes-1]
	return Span{
		Micros: int64(be32(v.s))<<32 | int64(be32(v.s[4:])),
		Days:   int32(be32(v.s[8:])),
		Months: int32(be32(v.s[12:])),
	}
}

func be32(b string) uint32 {
	_ = b[3]
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// canonical returns the length that intervals compare by: whole days, months counting 30 and 24 hours one, and the
// microseconds left, from 0 to a day.
func (p Span) canonical() (days, micros int64) {
	days, micros = splitMicros(p.Micros)
	return days + int64(p.Days) + int64(p.Months)*daysPerMonth, micros
}

func compareInterval(a, b Value) int {
	aDays, aMicros := SpanOf(a).canonical()
	bDays, bMicros := SpanOf(b).canonical()
	if aDays != bDays {
		return compareInt(aDays, bDays)
	}
	return compareInt(aMicros, bMicros)
}

// appendKeyInterval appends the canonical days and microseconds.
func appendKeyInterval(dst []byte, v Value) []byte {
	days, micros := SpanOf(v).canonical()
	return AppendKeyInt(AppendKeyInt(dst, days), micros)
}

// interval returns the interval of a length with as few months and days as hold it.
func (d *keyDecoder) interval() Value {
	days, micros := d.int(), d.int()
	var p Span
	p.Days = int32(max(math.MinInt32, min(math.MaxInt32, days)))
	rest := days - int64(p.Days)
	p.Months = int32(max(math.MinInt32, min(math.MaxInt32, rest/daysPerMonth)))
	rest -= int64(p.Months) * daysPerMonth
	// What months cannot hold, and less than a month beyond the most days, are hours.
	if micros < 0 || micros >= microsPerDay {
		d.fail()
	}
	if rest < 0 { // both of one sign: the product alone may not fit
		rest, micros = rest+1, micros-microsPerDay
	}
	var ok bool
	if p.Micros, ok = mulAdd(rest, microsPerDay, micros); !ok {
		d.fail()
	}
	if d.bad {
		return Null(Interval)
	}
	return NewInterval(p)
}

// An interval's modifier is its fields as a mask, shifted by intervalFieldShift, and its precision in the low bits.
const (
	intervalFieldShift    = 16
	intervalFullPrecision = 0xFFFF
	maxTimePrecision      = 6

	fieldMonth  = 1 << 1
	fieldYear   = 1 << 2
	fieldDay    = 1 << 3
	fieldHour   = 1 << 10
	fieldMinute = 1 << 11
	fieldSecond = 1 << 12
)

// AllIntervalFields is the mask of an interval that is not restricted.
const AllIntervalFields = 0x7FFF

// intervalFields are the masks of the fields that SQL lets an interval be restricted to, by their names.
var intervalFields = map[int]string{
	fieldYear: " year", fieldMonth: " month", fieldDay: " day", fieldHour: " hour", fieldMinute: " minute",
	fieldSecond: " second", fieldYear | fieldMonth: " year to month", fieldDay | fieldHour: " day to hour",
	fieldDay | fieldHour | fieldMinute:               " day to minute",
	fieldDay | fieldHour | fieldMinute | fieldSecond: " day to second",
	fieldHour | fieldMinute:                          " hour to minute",
	fieldHour | fieldMinute | fieldSecond:            " hour to second",
	fieldMinute | fieldSecond:                        " minute to second",
	AllIntervalFields:                                "",
}

// IntervalTypmod returns the modifier of an interval with a mask of fields, 0 for all, and a precision, -1 for the
// full one; false when SQL knows no such fields.
func IntervalTypmod(fields, precision int) (int32, bool) {
	if fields == 0 {
		fields = AllIntervalFields
	}
	if _, ok := intervalFields[fields]; !ok {
		return 0, false
	}
	if precision < 0 {
		precision = intervalFullPrecision
	}
	return int32(fields<<intervalFieldShift | precision), true
}

// intervalModText is what stands behind the word interval.
func intervalModText(mod int32) string {
	var b strings.Builder
	b.WriteString(intervalFields[int(mod>>intervalFieldShift)&AllIntervalFields])
	if p := mod & intervalFullPrecision; p != intervalFullPrecision {
		b.WriteString("(" + strconv.Itoa(int(p)) + ")")
	}
	return b.String()
}

// applyIntervalMod clears what is below the fields of a modifier, and rounds to its precision.
func applyIntervalMod(v Value, mod int32) Value {
	if mod < 0 || v.IsNull() {
		return v
	}
	p := SpanOf(v)
	switch fields := int(mod>>intervalFieldShift) & AllIntervalFields; {
	case fields == fieldYear:
		p = Span{Months: p.Months / monthsPerYear * monthsPerYear}
	case fields&^(fieldYear|fieldMonth) == 0:
		p = Span{Months: p.Months}
	case fields == fieldDay:
		p.Micros = 0
	case fields&^(fieldDay|fieldHour) == 0:
		p.Micros = p.Micros / microsPerHour * microsPerHour
	case fields&^(fieldDay|fieldHour|fieldMinute) == 0:
		p.Micros = p.Micros / microsPerMinute * microsPerMinute
	}
	if precision := mod & intervalFullPrecision; precision < maxTimePrecision {
		p.Micros = roundMicros(p.Micros, precision)
	}
	return NewInterval(p)
}
