package value

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// A time is microseconds since midnight, up to and including 24:00:00. A timetz is one number whose
// order is PostgreSQL's, by the UTC time and then by the zone:
//
//	(micros + west*1e6) << timetzZoneBits | west + 1<<(timetzZoneBits-1)
//
// micros is the local time, west the seconds that its zone is west of UTC.
const timetzZoneBits = 17

// maxZoneOffset bounds the seconds of a zone's offset: below it in either direction.
const maxZoneOffset = (maxOffsetHours + 1) * 3600

// NewTimetz returns the timetz of a local time in microseconds since midnight and seconds east of UTC. The
// caller knows that both are in range.
func NewTimetz(micros, east int64) Value {
	utc := micros - east*microsPerSecond
	return NewInt(Timetz, utc<<timetzZoneBits|(1<<(timetzZoneBits-1)-east))
}

// TimetzParts returns the local time in microseconds since midnight and the seconds east of UTC.
func TimetzParts(v Value) (micros, east int64) {
	east = 1<<(timetzZoneBits-1) - v.n&(1<<timetzZoneBits-1)
	return v.n>>timetzZoneBits + east*microsPerSecond, east
}

func fitsTimetz(n int64) bool {
	micros, east := TimetzParts(Value{n: n})
	return micros >= 0 && micros <= microsPerDay && east < maxZoneOffset && east > -maxZoneOffset
}

// roundMicros rounds microseconds to a precision of 0 to 5 digits behind the second, half away from 0.
func roundMicros(n int64, precision int32) int64 {
	unit := tenPow[6-precision]
	if n >= 0 {
		return (n + unit/2) / unit * unit
	}
	return -((-n + unit/2) / unit * unit)
}

// applyTimeMod rounds to the precision of time(p) or timetz(p).
func applyTimeMod(v Value, mod int32) Value {
	if mod < 0 || mod >= 6 || v.IsNull() {
		return v
	}
	if v.kind == Timetz {
		micros, east := TimetzParts(v)
		return NewTimetz(roundMicros(micros, mod), east)
	}
	return NewInt(Time, roundMicros(v.n, mod))
}

// parseBinaryTime reads the binary form of a time or timetz, whose length is right.
func parseBinaryTime(t Type, b []byte) (Value, error) {
	micros := int64(binary.BigEndian.Uint64(b))
	if micros < 0 || micros > microsPerDay {
		return Null(t.Kind), sqlerr.New(sqlerr.DatetimeFieldOverflow, "time out of range")
	}
	v := NewInt(Time, micros)
	if t.Kind == Timetz {
		west := int64(int32(binary.BigEndian.Uint32(b[8:])))
		if west <= -maxZoneOffset || west >= maxZoneOffset {
			return Null(Timetz), sqlerr.New(sqlerr.InvalidTimeZoneDisplacement, "time zone displacement out of range")
		}
		v = NewTimetz(micros, -west)
	}
	return applyTimeMod(v, t.Mod), nil
}

// toTimeOfDay is the cast to time: of a timestamptz in the session's zone. An infinity has none and gives NULL.
func toTimeOfDay(v Value, st *Style) Value {
	n := v.n
	switch v.kind {
	case Timetz:
		n, _ = TimetzParts(v)
		return NewInt(Time, n)
	case Interval:
		n = SpanOf(v).Micros
	case Timestamptz:
		if isInfinite(n) {
			return Null(Time)
		}
		n = localOf(n, st.Location)
	case Timestamp:
		if isInfinite(n) {
			return Null(Time)
		}
	}
	_, micros := splitMicros(n)
	return NewInt(Time, micros)
}

// toTimetz is the cast to timetz: of a time with the offset that the session's zone has today.
func toTimetz(v Value, st *Style) Value {
	if v.kind == Time {
		return NewTimetz(v.n, offsetToday(v.n, st.Location, st))
	}
	if isInfinite(v.n) {
		return Null(Timetz)
	}
	off := offsetAt(v.n, st.Location)
	_, micros := splitMicros(v.n + off*microsPerSecond)
	return NewTimetz(micros, off)
}

// offsetToday returns seconds east of UTC in a zone at a local time of the session's current date.
func offsetToday(micros int64, loc *time.Location, st *Style) int64 {
	today, _ := splitMicros(localOf(st.Now, st.Location))
	return offsetOfLocal((today+epochUnixDays)*86400+micros/microsPerSecond, loc)
}

func appendTime(dst []byte, micros int64) []byte {
	c := civil{
		hour: int(micros / microsPerHour), minute: int(micros / microsPerMinute % 60),
		sec: int(micros / microsPerSecond % 60), micros: int(micros % microsPerSecond),
	}
	return appendTimeOfDay(dst, &c)
}

func appendTimetz(dst []byte, v Value) []byte {
	micros, east := TimetzParts(v)
	return appendOffset(appendTime(dst, micros), int(east))
}

// parseTime reads a time or timetz.
func parseTime(k Kind, s string, st *Style) (Value, error) {
	if micros, ok := parseISOTime(s); ok {
		if k == Time {
			return NewInt(Time, micros), nil
		}
		return NewTimetz(micros, offsetToday(micros, st.Location, st)), nil
	}
	return decodeTime(k, s, st)
}

// parseISOTime reads HH:MM:SS[.ffffff], the hot path.
func parseISOTime(s string) (int64, bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	hour, ok1 := twoDigits(s[0], s[1])
	minute, ok2 := twoDigits(s[3], s[4])
	sec, ok3 := twoDigits(s[6], s[7])
	if !(ok1 && ok2 && ok3) || hour > 23 || minute > 59 || sec > 59 {
		return 0, false
	}
	n := int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(sec)*microsPerSecond
	if len(s) == 8 {
		return n, true
	}
	if s[8] != '.' || len(s) > 15 || skipDigits(s, 9) != len(s) {
		return 0, false
	}
	unit := int64(microsPerSecond / 10)
	for i := 9; i < len(s); i++ {
		n += int64(s[i]-'0') * unit
		unit /= 10
	}
	return n, true
}

// microsOf returns the time of day of c.
func (c *civil) timeOfDay() int64 {
	return int64(c.hour)*microsPerHour + int64(c.minute)*microsPerMinute + int64(c.sec)*microsPerSecond + int64(c.micros)
}

// numericFromFloat4 is the cast of a float4 to numeric: its first six significant digits.
func numericFromFloat4(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return NumericFromFloat(f)
	}
	v, err := parseNumeric(string(appendFloatG(nil, f, float4Digits)))
	if err != nil {
		return NumericFromFloat(f)
	}
	return v
}
