package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// clockParts is a time or an interval as to_char sees it.
type clockParts struct {
	year, month, day    int // the year is astronomical
	hour                int64
	minute, sec, micros int
	yearDay             int
	days                int64 // since 2000-01-01, of a time
	interval            bool
	zone                string // abbreviation, "" of a timestamp without
	offset              int    // seconds east of UTC
}

// timeToChar is to_char of a timestamp, timestamptz or interval.
func timeToChar(c *Context, a []value.Value) (value.Value, error) {
	if a[1].Bytes() == "" {
		return value.Null(value.Text), nil
	}
	if ok, _ := isFinite(c, a); !ok.Bool() {
		return value.Null(value.Text), nil
	}
	p := partsOf(c, a[0])
	var buf [64]byte
	dst := buf[:0]
	for _, n := range parseDateTemplate(a[1].Bytes()) {
		if n.key == nil {
			dst = append(dst, n.text...)
			continue
		}
		var err error
		if dst, err = p.append(dst, n); err != nil {
			return value.Value{}, err
		}
	}
	return value.NewText(string(dst)), nil
}

func partsOf(c *Context, v value.Value) clockParts {
	var p clockParts
	if v.Kind() == value.Interval {
		s := value.SpanOf(v)
		p.interval = true
		p.year, p.month, p.day = int(s.Months/12), int(s.Months%12), int(s.Days)
		p.yearDay = int(s.Months)*30 + p.day
		p.setTime(s.Micros)
		return p
	}
	local := v.Int()
	if v.Kind() == value.Timestamptz {
		p.zone, p.offset = value.ZoneAbbreviation(local, c.style())
		local += int64(p.offset) * 1e6
	}
	const day = 86400e6
	p.days = local / day
	micros := local - p.days*day
	if micros < 0 {
		micros += day
		p.days--
	}
	p.year, p.month, p.day = value.CivilDay(p.days)
	p.yearDay = int(p.days-value.DayNumber(p.year, 1, 1)) + 1
	p.setTime(micros)
	return p
}

func (p *clockParts) setTime(micros int64) {
	p.hour = micros / 3600e6
	p.minute = int(micros / 60e6 % 60)
	p.sec = int(micros / 1e6 % 60)
	p.micros = int(micros % 1e6)
}

// writtenYear is the year as people count: there is no year 0.
func (p *clockParts) writtenYear(year int) int {
	if p.interval || year > 0 {
		return year
	}
	return 1 - year
}

// errForInterval is 22007.
func errForInterval() error {
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
		WithHint("Intervals are not tied to specific calendar dates.")
}

// noInterval are the patterns that an interval has no answer to.
var noInterval = map[string]bool{
	"TZ": true, "TZH": true, "TZM": true, "OF": true, "A.D.": true, "B.C.": true, "AD": true, "BC": true, "MONTH": true,
	"MON": true, "DAY": true, "DY": true, "D": true, "ID": true,
}

// append appends a pattern's part.
func (p *clockParts) append(dst []byte, n templateNode) ([]byte, error) {
	if p.interval && noInterval[n.key.id] {
		return dst, errForInterval()
	}
	switch n.key.id {
	case "A.M.", "P.M.", "AM", "PM", "A.D.", "B.C.", "AD", "BC", "MONTH", "MON", "DAY", "DY", "RM":
		return append(dst, p.name(n)...), nil
	case "TZ", "TZH", "TZM", "OF":
		return p.appendZone(dst, n), nil
	case "FX":
		return dst, nil
	}
	digits := p.number(n)
	dst = append(dst, digits...)
	if n.ordinal != "" && digits != "" {
		dst = append(dst, ordinalSuffix(digits, n.ordinal)...)
	}
	return dst, nil
}

// padded writes a number with zeros in front; a sign counts as one place more. FM leaves them away.
func (n templateNode) padded(x int64, width int) string {
	if n.fill {
		return strconv.FormatInt(x, 10)
	}
	if x < 0 {
		width++
	}
	return fmt.Sprintf("%0*d", width, x)
}

// number returns the digits of a pattern.
func (p *clockParts) number(n templateNode) string {
	id := n.key.id
	switch id {
	case "HH", "HH12":
		h := p.hour % 12
		if h == 0 {
			h = 12
		}
		if p.hour < 0 && !n.fill { // the width is that of the whole hours
			return fmt.Sprintf("%03d", h)
		}
		return n.padded(h, 2)
	case "HH24":
		return n.padded(p.hour, 2)
	case "MI":
		return n.padded(int64(p.minute), 2)
	case "SS":
		return n.padded(int64(p.sec), 2)
	case "MS":
		return fmt.Sprintf("%03d", p.micros/1000)
	case "US":
		return fmt.Sprintf("%06d", p.micros)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		x, width := p.micros, int(id[2]-'0')
		for i := width; i < 6; i++ {
			x /= 10
		}
		return fmt.Sprintf("%0*d", width, x)
	case "SSSS", "SSSSS":
		return strconv.FormatInt(p.hour*3600+int64(p.minute)*60+int64(p.sec), 10)
	case "MM":
		return n.padded(int64(p.month), 2)
	case "Q":
		if p.month == 0 {
			return ""
		}
		return strconv.Itoa((p.month-1)/3 + 1)
	case "CC":
		return n.padded(int64(p.century()), 2)
	case "D":
		return strconv.Itoa(value.Weekday(p.days) + 1)
	case "ID":
		return strconv.Itoa((value.Weekday(p.days)+6)%7 + 1)
	case "DD":
		return n.fixed(p.day, 2)
	case "DDD":
		return n.fixed(p.yearDay, 3)
	case "WW":
		return n.fixed((p.yearDay-1)/7+1, 2)
	case "W":
		return strconv.Itoa((p.day-1)/7 + 1)
	case "J":
		return strconv.Itoa(julianDay(p.year, p.month, p.day))
	case "IW":
		_, week, _ := isoDate(p.year, p.month, p.day)
		return n.fixed(week, 2)
	case "IDDD":
		_, _, day := isoDate(p.year, p.month, p.day)
		return n.fixed(day, 3)
	}
	return p.yearNumber(n)
}

// julian2000 is 2000-01-01 as a Julian day.
const julian2000 = 2451545

// julianDay returns the Julian day of a date. The parts of an interval may be any numbers: what they give is
// PostgreSQL's arithmetic.
func julianDay(year, month, day int) int {
	if month > 2 {
		month, year = month+1, year+4800
	} else {
		month, year = month+13, year+4799
	}
	century := year / 100
	return year*365 - 32167 + year/4 - century + century/4 + 7834*month/256 + day
}

// isoYearStart returns the Julian day of the Monday that an ISO 8601 year begins with.
func isoYearStart(year int) int {
	fourth := julianDay(year, 1, 4) // always in week 1
	return fourth - ((fourth%7)+7)%7
}

// isoDate returns the ISO 8601 year, week and day of the year of a date.
func isoDate(year, month, day int) (isoYear, week, isoDay int) {
	julian := julianDay(year, month, day)
	isoYear = year
	if julian < isoYearStart(year) {
		isoYear--
	}
	week = (julian-isoYearStart(isoYear))/7 + 1
	if week >= 52 && julian >= isoYearStart(isoYear+1) {
		isoYear++
	}
	if isoYear != year {
		week = (julian-isoYearStart(isoYear))/7 + 1
	}
	return isoYear, week, julian - isoYearStart(isoYear) + 1
}

// fixed is padded of a number whose sign takes a place of the width.
func (n templateNode) fixed(x, width int) string {
	if n.fill {
		return strconv.Itoa(x)
	}
	return fmt.Sprintf("%0*d", width, x)
}

func (p *clockParts) century() int {
	switch {
	case p.interval:
		return p.year / 100
	case p.year > 0:
		return (p.year-1)/100 + 1
	}
	return p.year/100 - 1
}

// yearNumber returns the digits of YYYY and its kin.
func (p *clockParts) yearNumber(n templateNode) string {
	id := n.key.id
	written := p.writtenYear(p.year)
	if id == "Y,YYY" {
		thousands := written / 1000
		return fmt.Sprintf("%d,%03d", thousands, written-thousands*1000)
	}
	year, width := written, len(id)
	if id[0] == 'I' {
		iso, _, _ := isoDate(p.year, p.month, p.day)
		year = p.writtenYear(iso)
	}
	if width == 1 {
		return strconv.Itoa(year % 10)
	}
	if written < 0 {
		width++
	}
	switch len(id) {
	case 3:
		year %= 1000
	case 2:
		year %= 100
	}
	return n.fixed(year, width)
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	romanMonth = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// name returns the words of a pattern, in the pattern's case.
func (p *clockParts) name(n templateNode) string {
	s, width := "", 0
	switch n.key.id {
	case "AM", "PM":
		s = [2]string{"AM", "PM"}[b2i(p.afternoon())]
	case "A.M.", "P.M.":
		s = [2]string{"A.M.", "P.M."}[b2i(p.afternoon())]
	case "AD", "BC":
		s = [2]string{"AD", "BC"}[b2i(p.year <= 0)]
	case "A.D.", "B.C.":
		s = [2]string{"A.D.", "B.C."}[b2i(p.year <= 0)]
	case "MONTH":
		s, width = monthNames[p.month-1], 9
	case "MON":
		s = monthNames[p.month-1][:3]
	case "DAY":
		s, width = dayNames[value.Weekday(p.days)], 9
	case "DY":
		s = dayNames[value.Weekday(p.days)][:3]
	case "RM":
		if s, width = p.romanMonth(), 4; s == "" {
			return ""
		}
	}
	switch {
	case n.key.name == n.key.id:
		s = strings.ToUpper(s)
	case n.key.name[0] >= 'a':
		s = strings.ToLower(s)
	}
	if n.fill || n.localized && n.key.id != "RM" {
		return s
	}
	return fmt.Sprintf("%-*s", width, s)
}

func (p *clockParts) afternoon() bool { return p.hour%24 >= 12 }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// romanMonth is that of a date. An interval's whole years are month XII, or I when negative, and negative months count
// from XII down.
func (p *clockParts) romanMonth() string {
	switch {
	case p.month > 0:
		return romanMonth[p.month-1]
	case p.month < 0:
		return romanMonth[12+p.month]
	case p.year > 0:
		return romanMonth[11]
	case p.year < 0:
		return romanMonth[0]
	}
	return ""
}

func (p *clockParts) appendZone(dst []byte, n templateNode) []byte {
	sign, off := byte('+'), p.offset
	if off < 0 {
		sign, off = '-', -off
	}
	switch n.key.id {
	case "TZ":
		if n.key.name == "tz" {
			return append(dst, strings.ToLower(p.zone)...)
		}
		return append(dst, p.zone...)
	case "TZH":
		return fmt.Appendf(dst, "%c%02d", sign, off/3600)
	case "TZM":
		return fmt.Appendf(dst, "%02d", off%3600/60)
	}
	dst = append(append(dst, sign), n.fixed(off/3600, 2)...)
	if off%3600 != 0 {
		dst = fmt.Appendf(dst, ":%02d", off%3600/60)
	}
	return dst
}
