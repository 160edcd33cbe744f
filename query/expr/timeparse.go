package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// readTime is what to_timestamp and to_date have read. A field that is 0 counts as not given.
type readTime struct {
	hour, minute, sec, millis, micros, secondOfDay int
	clock12, pm                                    bool

	year, yearDigits, century     int
	month, day, yearDay, dayOfWk  int
	week, weekOfMonth, julian     int
	bc                            bool
	weeks                         weekConvention
	zoneSign, zoneHour, zoneMinut int
	precision                     int // of FF1 to FF6

	half, era int // 1 + pm, 1 + bc once read: the same pattern twice must agree
}

func parseTimestamp(c *Context, a []value.Value) (value.Value, error) {
	var r readTime
	local, err := r.parse(a[0].Bytes(), a[1].Bytes())
	if err != nil {
		return local, err
	}
	if r.zoneSign != 0 {
		if local, err = value.TimestampToTimestamptz(local, nil); err == nil {
			east := int64(r.zoneHour*60+r.zoneMinut) * 60e6 * int64(r.zoneSign)
			local = value.NewInt(value.Timestamptz, local.Int()-east)
		}
	} else {
		local, err = value.TimestampToTimestamptz(local, c.location())
	}
	if err != nil || r.precision == 0 {
		return local, err
	}
	return value.ApplyMod(local, value.Type{Kind: value.Timestamptz, Mod: int32(r.precision)}, true)
}

func parseDate(_ *Context, a []value.Value) (value.Value, error) {
	var r readTime
	days, _, err := r.fields(a[0].Bytes(), a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	const minDate, endDate = -julian2000, 2147483494 - julian2000
	if days < minDate || days >= endDate {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, `date out of range: "%s"`, a[0].Bytes())
	}
	return value.NewInt(value.Date, days), nil
}

// parse reads a local timestamp by a template.
func (r *readTime) parse(s, template string) (value.Value, error) {
	days, micros, err := r.fields(s, template)
	if err != nil {
		return value.Value{}, err
	}
	if days > math.MaxInt32 || days < math.MinInt32 {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	v, err := value.DateToTimestamp(value.NewInt(value.Date, days))
	if err != nil || days < -julian2000 {
		return v, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	return value.NewInt(value.Timestamp, v.Int()+micros), nil
}

// fields reads a text by a template, and returns the day and the microseconds in it.
func (r *readTime) fields(s, template string) (days, micros int64, err error) {
	if err := r.scan(s, parseDateTemplate(template)); err != nil {
		return 0, 0, err
	}
	if err := r.setTime(); err != nil {
		return 0, 0, err
	}
	overflow := sqlerr.New(sqlerr.DatetimeFieldOverflow, `date/time field value out of range: "%s"`, s)
	date, err := r.date(overflow)
	if err != nil {
		return 0, 0, err
	}
	fraction := r.millis*1000 + r.micros
	if r.hour < 0 || r.hour > 23 || r.minute < 0 || r.minute > 59 || r.sec < 0 || r.sec > 59 || fraction < 0 || fraction >= 1e6 {
		return 0, 0, overflow
	}
	if r.zoneSign != 0 && (r.zoneHour < 0 || r.zoneHour > 15 || r.zoneMinut < 0 || r.zoneMinut > 59) {
		return 0, 0, sqlerr.New(sqlerr.InvalidTimeZoneDisplacement, `time zone displacement out of range: "%s"`, s)
	}
	return date, int64(r.hour*3600+r.minute*60+r.sec)*1e6 + int64(fraction), nil
}

// scan reads a text by a template: a separator of the template takes at most one separator or blank of the
// text, other characters of the template any one character, and blanks before fields are skipped.
func (r *readTime) scan(s string, nodes []templateNode) error {
	t := &templateReader{in: s, nodes: nodes}
	for ; t.at < len(nodes) && t.pos < len(s); t.at++ {
		n := nodes[t.at]
		if !t.exact && (n.key == nil && t.at == 0 || n.key != nil && n.key.id != "FX") {
			t.skipSpace()
		}
		if n.key == nil {
			t.literal(n)
			continue
		}
		if n.key.week != anyWeeks {
			if r.weeks != anyWeeks && r.weeks != n.key.week {
				return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid combination of date conventions").
					WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
			}
			r.weeks = n.key.week
		}
		if err := r.read(t, n); err != nil {
			return err
		}
		if !t.exact {
			t.extra = 0
			t.skipSpace()
		}
	}
	return nil
}

// read reads a field.
func (r *readTime) read(t *templateReader, n templateNode) error {
	var err error
	switch id := n.key.id; id {
	case "FX":
		t.exact = true
		return nil
	case "A.M.", "P.M.", "AM", "PM":
		r.clock12 = true
		return t.half(n, &r.half, &r.pm, map[string]bool{"AM": false, "PM": true, "A.M.": false, "P.M.": true})
	case "A.D.", "B.C.", "AD", "BC":
		return t.half(n, &r.era, &r.bc, map[string]bool{"AD": false, "BC": true, "A.D.": false, "B.C.": true})
	case "HH", "HH12":
		_, err = t.number(n, &r.hour, 2)
		r.clock12 = true
	case "HH24":
		_, err = t.number(n, &r.hour, 2)
	case "MI":
		_, err = t.number(n, &r.minute, 2)
	case "SS":
		_, err = t.number(n, &r.sec, 2)
	case "MS":
		err = t.fraction(n, &r.millis, 3)
	case "US":
		err = t.fraction(n, &r.micros, 6)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		r.precision = int(id[2] - '0')
		err = t.fractionOf(n, &r.micros, r.precision, 6)
	case "SSSS", "SSSSS":
		_, err = t.number(n, &r.secondOfDay, len(id))
	case "TZ", "OF":
		return sqlerr.New(sqlerr.FeatureNotSupported, `formatting field "%s" is only supported in to_char`, n.key.name)
	case "TZH":
		// A minus may have been taken for a separator.
		r.zoneSign = 1
		switch c := t.in[t.pos]; {
		case c == '+' || c == '-' || c == ' ':
			if c == '-' {
				r.zoneSign = -1
			}
			t.pos++
		case t.extra > 0 && t.pos > 0 && t.in[t.pos-1] == '-':
			r.zoneSign = -1
		}
		_, err = t.number(n, &r.zoneHour, 2)
		return err
	case "TZM":
		if r.zoneSign == 0 {
			r.zoneSign = 1
		}
		_, err = t.number(n, &r.zoneMinut, 2)
		return err
	case "MONTH", "MON", "DAY", "DY", "RM":
		return r.readName(t, n)
	default:
		err = r.readDay(t, n)
	}
	if err == nil && n.ordinal != "" {
		t.pos = min(t.pos+2, len(t.in))
	}
	return err
}

// readName reads a month or day by its name.
func (r *readTime) readName(t *templateReader, n templateNode) error {
	var list []string
	switch n.key.id {
	case "MONTH":
		list = monthNames[:]
	case "MON":
		list = shortMonths
	case "DAY":
		list = dayNames[:]
	case "DY":
		list = shortDays
	default:
		list = romanBackwards
	}
	i, ok := t.word(list)
	if !ok {
		return t.errWord(n)
	}
	switch n.key.id {
	case "DAY", "DY":
		if r.dayOfWk != 0 && r.dayOfWk != i {
			return errConflict(n)
		}
		r.dayOfWk = i + 1
		return nil
	case "RM":
		i = 11 - i
	}
	return setField(&r.month, i+1, n)
}

// Short names, and Roman months with XII before XI before X.
var (
	shortMonths    = shortened(monthNames[:])
	shortDays      = shortened(dayNames[:])
	romanBackwards = []string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}
)

func shortened(names []string) []string {
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = s[:3]
	}
	return out
}

// readDay reads the number of a field of a date.
func (r *readTime) readDay(t *templateReader, n templateNode) error {
	id := n.key.id
	width := len(id)
	switch id {
	case "MM":
		return t.plain(n, &r.month, width)
	case "DDD", "IDDD":
		return t.plain(n, &r.yearDay, 3)
	case "DD":
		return t.plain(n, &r.day, width)
	case "D":
		return t.plain(n, &r.dayOfWk, width)
	case "ID":
		if err := t.plain(n, &r.dayOfWk, 1); err != nil {
			return err
		}
		if r.dayOfWk++; r.dayOfWk > 7 { // from Sunday, as D counts
			r.dayOfWk = 1
		}
		return nil
	case "WW", "IW":
		return t.plain(n, &r.week, width)
	case "W":
		return t.plain(n, &r.weekOfMonth, width)
	case "Q": // says nothing of the day
		return t.plain(n, nil, width)
	case "CC":
		return t.plain(n, &r.century, width)
	case "J":
		return t.plain(n, &r.julian, width)
	case "Y,YYY":
		r.yearDigits = 4
		return t.thousands(n, &r.year)
	}
	used, err := t.number(n, &r.year, width)
	if err != nil {
		return err
	}
	r.yearDigits = width
	if width < 4 && used < 4 {
		r.year = nearYear(r.year)
	}
	return nil
}

// nearYear returns the year of at most three digits that is nearest to 2020.
func nearYear(year int) int {
	switch {
	case year < 70:
		return year + 2000
	case year < 100:
		return year + 1900
	case year < 520:
		return year + 2000
	case year < 1000:
		return year + 1000
	}
	return year
}

// setTime works the time of day out.
func (r *readTime) setTime() error {
	if x := r.secondOfDay; x != 0 {
		for _, f := range []struct {
			dst  *int
			part int
		}{{&r.hour, x / 3600}, {&r.minute, x % 3600 / 60}, {&r.sec, x % 60}} {
			if *f.dst == 0 {
				*f.dst = f.part
			}
		}
	}
	if !r.clock12 {
		return nil
	}
	if r.hour < 1 || r.hour > 12 {
		return sqlerr.New(sqlerr.InvalidDatetimeFormat, `hour "%d" is invalid for the 12-hour clock`, r.hour).
			WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
	}
	switch {
	case r.pm && r.hour < 12:
		r.hour += 12
	case !r.pm && r.hour == 12:
		r.hour = 0
	}
	return nil
}

// date works the day out of what was read of year, month, week and day.
func (r *readTime) date(overflow error) (int64, error) {
	year, month, day := r.astronomicalYear(), 1, 1
	set := r.year != 0 || r.century != 0 // of what is checked
	hasMonth, hasDay := false, false
	if r.julian != 0 {
		year, month, day = value.CivilDay(int64(r.julian) - julian2000)
		set, hasMonth, hasDay = true, true, true
	}
	if r.week != 0 {
		if r.weeks == isoWeeks {
			d := int64(isoYearStart(year)-julian2000) + int64(r.week-1)*7
			switch {
			case r.dayOfWk > 1:
				d += int64(r.dayOfWk - 2)
			case r.dayOfWk != 0:
				d += 6
			}
			year, month, day = value.CivilDay(d)
			set, hasMonth, hasDay = true, true, true
		} else {
			r.yearDay = (r.week-1)*7 + 1
		}
	}
	if r.weekOfMonth != 0 {
		r.day = (r.weekOfMonth-1)*7 + 1
	}
	if r.day != 0 {
		day, hasDay, set = r.day, true, true
	}
	if r.month != 0 {
		month, hasMonth, set = r.month, true, true
	}
	if r.yearDay != 0 && (month <= 1 || day <= 1) {
		if year == 0 && !r.bc {
			return 0, sqlerr.New(sqlerr.InvalidDatetimeFormat, "cannot calculate day of year without year information")
		}
		set, hasMonth, hasDay = true, true, true
		if r.weeks == isoWeeks {
			year, month, day = value.CivilDay(int64(isoYearStart(year)-julian2000+r.yearDay) - 1)
		} else {
			month, day = dayOfYear(year, month, day, r.yearDay)
		}
	}
	if set {
		switch {
		case hasMonth && (month < 1 || month > 12), hasDay && (day < 1 || day > 31):
			return 0, overflow
		case (r.year != 0 || r.century != 0 || r.julian != 0 || r.weeks == isoWeeks && (r.week != 0 || r.yearDay != 0)) &&
			hasMonth && hasDay && day > value.DaysIn(year, month):
			return 0, overflow
		}
	}
	return value.DayNumber(year, month, day), nil
}

// dayOfYear returns month and day of a day of the year, where they are not given.
func dayOfYear(year, month, day, n int) (int, int) {
	m := 1
	for m <= 12 && n > value.DaysIn(year, m) {
		n -= value.DaysIn(year, m)
		m++
	}
	if month <= 1 {
		month = m
	}
	if day <= 1 {
		day = n
	}
	return month, day
}

// astronomicalYear returns the year from its digits, century and era; 0 without any.
func (r *readTime) astronomicalYear() int {
	century := r.century
	if r.bc {
		century = -century
	}
	switch {
	case r.year != 0 && r.century != 0 && r.yearDigits <= 2:
		y := r.year % 100
		switch {
		case y != 0 && century >= 0:
			return y + (century-1)*100
		case y != 0:
			return (century+1)*100 - y + 1
		case century >= 0:
			return century * 100
		}
		return century*100 + 1
	case r.year != 0:
		y := r.year
		if r.bc {
			y = -y
		}
		if y < 0 {
			y++
		}
		return y
	case r.century != 0 && century >= 0:
		return (century-1)*100 + 1
	case r.century != 0:
		return century*100 + 1
	}
	return 0
}
