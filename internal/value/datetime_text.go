package value

import (
	"math"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The hot path of dates and timestamps is ISO 8601, read and written by hand-written loops without
// allocation. Everything else that PostgreSQL accepts goes through datetime_lex.go and
// datetime_decode.go.

// parseDate reads a date.
func parseDate(s string, st *Style) (int64, error) {
	if len(s) == len("2006-01-02") {
		if days, ok := parseISODate(s); ok {
			return days, nil
		}
	}
	r, err := decodeDateTime(s, "date", st)
	if err != nil {
		return 0, err
	}
	switch r.special {
	case specialEpoch:
		return -epochUnixDays, nil
	case specialInfinity:
		return dateInf, nil
	case specialNegInfinity:
		return -dateInf - 1, nil
	}
	days := daysOfCivil(r.year, r.month, r.day)
	if days < minDate || days >= endDate {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, `date out of range: "%s"`, s)
	}
	return days, nil
}

// parseISODate reads the YYYY-MM-DD at the front of s, which has 10 bytes or more.
func parseISODate(s string) (int64, bool) {
	var m isoMonth
	if _ = s[9]; !m.read(le64(s)) {
		return 0, false
	}
	return m.day(s[8], s[9])
}

func twoDigits(a, b byte) (int, bool) {
	a -= '0'
	b -= '0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// parseTimestamp reads a timestamp or timestamptz.
func parseTimestamp(k Kind, s string, st *Style) (int64, error) {
	if n, ok := parseISOTimestamp(k, s, st); ok {
		return n, nil
	}
	name := "timestamp"
	if k == Timestamptz {
		name = "timestamp with time zone"
	}
	r, err := decodeDateTime(s, name, st)
	if err != nil {
		return 0, err
	}
	switch r.special {
	case specialEpoch:
		return -epochUnixSeconds * microsPerSecond, nil
	case specialInfinity:
		return math.MaxInt64, nil
	case specialNegInfinity:
		return math.MinInt64, nil
	}
	n, ok := r.timestamp()
	if ok && k == Timestamptz {
		n, ok = addMicros(n, -r.offset*microsPerSecond)
	}
	if !ok || !finiteRange(n) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, `timestamp out of range: "%s"`, s)
	}
	return n, nil
}

// addMicros adds, false on overflow.
func addMicros(a, b int64) (int64, bool) {
	c := a + b
	return c, (c > a) == (b > 0)
}

// parseISOTimestamp reads YYYY-MM-DD HH:MM:SS[.ffffff][Z|+HH[:MM]], with T for the blank too, and
// a bare date. False for everything else, also for what is out of range.
func parseISOTimestamp(k Kind, s string, st *Style) (int64, bool) {
	if len(s) < 10 {
		return 0, false
	}
	days, ok := parseISODate(s)
	if !ok {
		return 0, false
	}
	if len(s) == 10 {
		return zoned(k, days*microsPerDay, "", st)
	}
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	hour, ok1 := twoDigits(s[11], s[12])
	minute, ok2 := twoDigits(s[14], s[15])
	sec, ok3 := twoDigits(s[17], s[18])
	if !(ok1 && ok2 && ok3) || hour > 23 || minute > 59 || sec > 59 {
		return 0, false
	}
	n := days*microsPerDay + int64(hour)*microsPerHour + int64(minute)*microsPerMinute + int64(sec)*microsPerSecond
	i := 19
	if i < len(s) && s[i] == '.' {
		i++
		unit := int64(microsPerSecond / 10)
		from := i
		for ; i < len(s) && s[i]-'0' <= 9; i++ {
			n += int64(s[i]-'0') * unit
			unit /= 10
		}
		if i == from || i-from > 6 { // a seventh digit rounds
			return 0, false
		}
	}
	return zoned(k, n, s[i:], st)
}

// zoned applies a zone's text to a local time: "" is the session's zone.
func zoned(k Kind, local int64, zone string, st *Style) (int64, bool) {
	var off int64
	switch {
	case zone == "":
		if k == Timestamp {
			return local, true
		}
		off = offsetOfLocal(floorSeconds(local)+epochUnixSeconds, st.Location)
	case zone == "Z" || zone == "z":
	default:
		var ok bool
		if off, ok = parseISOOffset(zone); !ok {
			return 0, false
		}
	}
	if k == Timestamp { // PostgreSQL reads the zone and ignores it
		return local, true
	}
	n := local - off*microsPerSecond
	return n, finiteRange(n)
}

func floorSeconds(micros int64) int64 {
	sec := micros / microsPerSecond
	if micros%microsPerSecond < 0 {
		sec--
	}
	return sec
}

// parseISOOffset reads +HH, +HHMM or +HH:MM as seconds east.
func parseISOOffset(z string) (int64, bool) {
	if z[0] != '+' && z[0] != '-' || len(z) != 3 && len(z) != 5 && len(z) != 6 {
		return 0, false
	}
	hours, ok := twoDigits(z[1], z[2])
	minutes, okm := 0, true
	if len(z) > 3 {
		minutes, okm = twoDigits(z[len(z)-2], z[len(z)-1])
	}
	if !ok || !okm || hours > maxOffsetHours || minutes > 59 || len(z) == 6 && z[3] != ':' {
		return 0, false
	}
	off := int64(hours*3600 + minutes*60)
	if z[0] == '-' {
		off = -off
	}
	return off, true
}

var (
	monthNames = [...]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	dayNames   = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)

// appendDate appends a date in the session's style.
func appendDate(dst []byte, days int64, st *Style) []byte {
	switch days {
	case dateInf:
		return append(dst, "infinity"...)
	case -dateInf - 1:
		return append(dst, "-infinity"...)
	}
	year, month, day := civilOfDays(days)
	dst = appendCivilDate(dst, year, month, day, st)
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendCivilDate appends a date without the mark of its era.
func appendCivilDate(dst []byte, year, month, day int, st *Style) []byte {
	if year <= 0 {
		year = 1 - year
	}
	sep := byte('-')
	switch st.DateFormat {
	case DateISO:
		dst = append(appendYear(dst, year), '-')
		dst = append(append2(dst, month), '-')
		return append2(dst, day)
	case DateSQL:
		sep = '/'
	case DateGerman:
		sep = '.'
	}
	first, second := month, day
	if st.DateOrder == OrderDMY || st.DateFormat == DateGerman {
		first, second = day, month
	}
	dst = append(append2(dst, first), sep)
	dst = append(append2(dst, second), sep)
	return appendYear(dst, year)
}

func appendYear(dst []byte, year int) []byte {
	if year <= 9999 {
		return append2(append2(dst, year/100), year%100)
	}
	return appendUint(dst, uint64(year))
}

// appendTimestamp appends a timestamp without zone.
func appendTimestamp(dst []byte, t int64, st *Style) []byte {
	if isInfinite(t) {
		return appendInfinity(dst, t)
	}
	c := civilOf(t)
	dst = appendLocal(dst, &c, st)
	return appendEra(dst, &c)
}

// appendTimestamptz appends an instant in the session's zone.
func appendTimestamptz(dst []byte, t int64, st *Style) []byte {
	if isInfinite(t) {
		return appendInfinity(dst, t)
	}
	name, off := "UTC", 0
	if !isUTC(st.Location) {
		name, off = GoTime(t).In(st.Location).Zone()
	}
	c := civilOf(t + int64(off)*microsPerSecond)
	dst = appendLocal(dst, &c, st)
	if st.DateFormat == DateISO {
		dst = appendOffset(dst, off)
	} else {
		dst = appendZoneName(append(dst, ' '), name)
	}
	return appendEra(dst, &c)
}

// maxZoneName is PostgreSQL's MAXTZLEN.
const maxZoneName = 10

func appendZoneName(dst []byte, name string) []byte {
	name = zoneAbbreviation(name)
	return append(dst, name[:min(len(name), maxZoneName)]...)
}

func appendInfinity(dst []byte, t int64) []byte {
	if t < 0 {
		return append(dst, "-infinity"...)
	}
	return append(dst, "infinity"...)
}

func appendEra(dst []byte, c *civil) []byte {
	if c.year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// appendLocal appends date and time of day.
func appendLocal(dst []byte, c *civil, st *Style) []byte {
	if st.DateFormat != DatePostgres {
		dst = append(appendCivilDate(dst, c.year, c.month, c.day, st), ' ')
		return appendTimeOfDay(dst, c)
	}
	dst = append(append(dst, dayNames[weekday(daysOfCivil(c.year, c.month, c.day))]...), ' ')
	if st.DateOrder == OrderDMY {
		dst = append(append2(dst, c.day), ' ')
		dst = append(dst, monthNames[c.month]...)
	} else {
		dst = append(append(dst, monthNames[c.month]...), ' ')
		dst = append2(dst, c.day)
	}
	dst = appendTimeOfDay(append(dst, ' '), c)
	year := c.year
	if year <= 0 {
		year = 1 - year
	}
	return appendYear(append(dst, ' '), year)
}

// weekday returns 0 for Sunday.
func weekday(days int64) int { // 2000-01-01 was a Saturday
	w := (days + 6) % 7
	if w < 0 {
		w += 7
	}
	return int(w)
}

func appendTimeOfDay(dst []byte, c *civil) []byte {
	dst = append(append2(dst, c.hour), ':')
	dst = append(append2(dst, c.minute), ':')
	dst = append2(dst, c.sec)
	if c.micros == 0 {
		return dst
	}
	m, width := c.micros, 6
	for m%10 == 0 {
		m /= 10
		width--
	}
	return appendPadded(append(dst, '.'), uint64(m), width)
}

// appendOffset appends +HH[:MM[:SS]].
func appendOffset(dst []byte, off int) []byte {
	if off < 0 {
		dst = append(dst, '-')
		off = -off
	} else {
		dst = append(dst, '+')
	}
	dst = append2(dst, off/3600)
	if off%3600 != 0 {
		dst = append2(append(dst, ':'), off/60%60)
		if off%60 != 0 {
			dst = append2(append(dst, ':'), off%60)
		}
	}
	return dst
}

// appendJSONTime appends a date or timestamp as to_jsonb does: ISO 8601 with a T.
func appendJSONTime(dst []byte, v Value, st *Style) []byte {
	iso := Style{Location: st.Location}
	dst = append(dst, '"')
	start := len(dst)
	if v.kind == Timestamptz && !isInfinite(v.n) {
		dst = appendJSONInstant(dst, v.n, iso.Location)
	} else {
		dst = AppendText(dst, v, &iso)
	}
	for i := start; i < len(dst) && v.kind != Date; i++ {
		if dst[i] == ' ' {
			dst[i] = 'T'
			break
		}
	}
	return append(dst, '"')
}

// appendJSONInstant writes an instant with an offset that always has minutes.
func appendJSONInstant(dst []byte, t int64, loc *time.Location) []byte {
	off := int(offsetAt(t, loc))
	c := civilOf(t + int64(off)*microsPerSecond)
	dst = appendOffset(appendLocal(dst, &c, &Style{}), off)
	if off%3600 == 0 {
		dst = append(dst, ":00"...)
	}
	return appendEra(dst, &c)
}
