package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// The template patterns of to_char, to_date and to_timestamp. Those that are not here
// (localised names, fixed format, Roman numerals ...) are refused.

// field is one template pattern, or literal text.
type field struct {
	key     string // upper-case: "YYYY"; "" for literal text
	text    string // as written: its case decides that of names
	fill    bool   // FM: no padding
	ordinal string // "TH" or "th"
	quoted  bool   // literal text from double quotes
}

// timeKeys in the order of matching: longer ones before their prefixes.
var timeKeys = []string{
	"A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "CC", "DAY", "DDD", "DD", "DY", "D", "HH24", "HH12", "HH", "IDDD", "ID",
	"IW", "IYYY", "IYY", "IY", "I", "J", "MI", "MM", "MONTH", "MON", "MS", "OF", "P.M.", "PM", "Q", "RM", "SSSSS", "SSSS",
	"SS", "TZH", "TZM", "TZ", "US", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y",
	"FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "FX",
}

// parseTemplate splits a template of dates.
func parseTemplate(s string) ([]field, error) {
	var list []field
	for i := 0; i < len(s); {
		if s[i] == '"' {
			end := strings.IndexByte(s[i+1:], '"')
			if end < 0 {
				end = len(s) - i - 1
			}
			text := s[i+1 : i+1+end]
			if strings.Contains(text, `\`) {
				return nil, sqlerr.NotSupported("a backslash in a template is not supported")
			}
			list = append(list, field{text: text, quoted: true})
			i = min(len(s), i+end+2)
			continue
		}
		f := field{}
		rest := s[i:]
		if len(rest) > 2 && strings.EqualFold(rest[:2], "FM") {
			f.fill = true
			rest = rest[2:]
		}
		if len(rest) > 2 && strings.EqualFold(rest[:2], "TM") {
			return nil, sqlerr.NotSupported("the template prefix TM is not supported")
		}
		for _, k := range timeKeys {
			if len(rest) >= len(k) && strings.EqualFold(rest[:len(k)], k) {
				f.key, f.text = k, rest[:len(k)]
				break
			}
		}
		if f.key == "" {
			_, n := utf8.DecodeRuneInString(s[i:])
			list = append(list, field{text: s[i : i+n]})
			i += n
			continue
		}
		rest = rest[len(f.key):]
		if len(rest) >= 2 && strings.EqualFold(rest[:2], "TH") {
			f.ordinal = rest[:2]
			rest = rest[2:]
		}
		if len(rest) >= 2 && strings.EqualFold(rest[:2], "SP") {
			return nil, sqlerr.NotSupported("the template suffix SP is not supported")
		}
		list = append(list, f)
		i = len(s) - len(rest)
	}
	return list, nil
}

// timeToChar is to_char of a timestamp or timestamptz.
func timeToChar(c *Context, a []value.Value) (value.Value, error) {
	if a[1].Bytes() == "" {
		return value.Null(value.Text), nil
	}
	if ok, _ := isFinite(c, a); !ok.Bool() {
		return value.Null(value.Text), nil
	}
	t := value.Time(a[0].Int()).UTC()
	zoned := a[0].Kind() == value.Timestamptz
	if zoned {
		t = t.In(c.location())
	}
	if t.Year() < 1 {
		return value.Value{}, sqlerr.NotSupported("to_char of a date before Christ is not supported")
	}
	fields, err := parseTemplate(a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	var b strings.Builder
	for _, f := range fields {
		if f.key == "" {
			b.WriteString(f.text)
			continue
		}
		if err := f.write(&b, t, zoned); err != nil {
			return value.Value{}, err
		}
	}
	return value.NewText(b.String()), nil
}

// write writes one field of a time.
func (f field) write(b *strings.Builder, t time.Time, zoned bool) error {
	number := func(n, width int) {
		s := strconv.Itoa(n)
		if !f.fill {
			s = fmt.Sprintf("%0*d", width, n)
		}
		b.WriteString(s)
		if f.ordinal != "" {
			b.WriteString(ordinal(n, f.ordinal == strings.ToUpper(f.ordinal)))
		}
	}
	name := func(s string, width int) {
		switch {
		case f.text == strings.ToUpper(f.text):
			s = strings.ToUpper(s)
		case f.text == strings.ToLower(f.text):
			s = strings.ToLower(s)
		}
		if !f.fill {
			s += strings.Repeat(" ", max(0, width-len(s)))
		}
		b.WriteString(s)
	}
	isoYear, isoWeek := t.ISOWeek()
	hour12 := (t.Hour()+11)%12 + 1
	half := [2]string{"am", "pm"}[t.Hour()/12]
	upper := f.text == strings.ToUpper(f.text)
	cased := func(s string) {
		if upper {
			s = strings.ToUpper(s)
		}
		b.WriteString(s)
	}
	switch f.key {
	case "A.M.", "P.M.":
		cased(half[:1] + "." + half[1:] + ".")
	case "AM", "PM":
		cased(half)
	case "A.D.", "B.C.":
		cased("a.d.")
	case "AD", "BC":
		cased("ad")
	case "CC":
		number((t.Year()+99)/100, 2)
	case "DAY":
		name(t.Weekday().String(), 9)
	case "DY":
		name(t.Weekday().String()[:3], 0)
	case "DDD":
		number(t.YearDay(), 3)
	case "DD":
		number(t.Day(), 2)
	case "D":
		number(int(t.Weekday())+1, 0)
	case "HH24":
		number(t.Hour(), 2)
	case "HH12", "HH":
		number(hour12, 2)
	case "ID":
		number((int(t.Weekday())+6)%7+1, 0)
	case "IW":
		number(isoWeek, 2)
	case "IYYY":
		number(isoYear, 4)
	case "IYY":
		number(isoYear%1000, 3)
	case "IY":
		number(isoYear%100, 2)
	case "I":
		number(isoYear%10, 1)
	case "IDDD":
		number((isoWeek-1)*7+(int(t.Weekday())+6)%7+1, 3)
	case "J":
		days := (t.Unix() + int64(zoneOffset(t))) / 86400
		if (t.Unix()+int64(zoneOffset(t)))%86400 < 0 {
			days--
		}
		number(int(days)+2440588, 0)
	case "MI":
		number(t.Minute(), 2)
	case "MM":
		number(int(t.Month()), 2)
	case "MONTH":
		name(t.Month().String(), 9)
	case "MON":
		name(t.Month().String()[:3], 0)
	case "MS", "FF3":
		number2(b, f, t.Nanosecond()/1e6, 3)
	case "US", "FF6":
		number2(b, f, t.Nanosecond()/1e3, 6)
	case "FF1", "FF2", "FF4", "FF5":
		digits := int(f.key[2] - '0')
		b.WriteString(fmt.Sprintf("%06d", t.Nanosecond()/1e3)[:digits])
	case "Q":
		number((int(t.Month())+2)/3, 0)
	case "SSSS", "SSSSS":
		number(t.Hour()*3600+t.Minute()*60+t.Second(), 0)
	case "SS":
		number(t.Second(), 2)
	case "WW":
		number((t.YearDay()-1)/7+1, 2)
	case "W":
		number((t.Day()-1)/7+1, 0)
	case "YYYY":
		number(t.Year(), 4)
	case "YYY":
		number(t.Year()%1000, 3)
	case "YY":
		number(t.Year()%100, 2)
	case "Y":
		number(t.Year()%10, 1)
	case "Y,YYY":
		b.WriteString(fmt.Sprintf("%d,%03d", t.Year()/1000, t.Year()%1000))
		if f.ordinal != "" {
			b.WriteString(ordinal(t.Year(), f.ordinal == "TH"))
		}
	case "TZ", "OF", "TZH", "TZM":
		return f.writeZone(b, t, zoned)
	default:
		return sqlerr.NotSupported("the template pattern %q is not supported", f.text)
	}
	return nil
}

// number2 writes a fraction, which FM does not shorten.
func number2(b *strings.Builder, f field, n, width int) {
	fmt.Fprintf(b, "%0*d", width, n)
	if f.ordinal != "" {
		b.WriteString(ordinal(n, f.ordinal == strings.ToUpper(f.ordinal)))
	}
}

func zoneOffset(t time.Time) int {
	_, off := t.Zone()
	return off
}

func (f field) writeZone(b *strings.Builder, t time.Time, zoned bool) error {
	name, off := t.Zone()
	sign := '+'
	if off < 0 {
		sign, off = '-', -off
	}
	if !zoned {
		// A timestamp has no zone, and PostgreSQL writes nothing or zeros.
		switch f.key {
		case "TZ":
			return nil
		case "OF":
			b.WriteString("+00")
		case "TZH":
			b.WriteString("+00")
		case "TZM":
			b.WriteString("00")
		}
		return nil
	}
	switch f.key {
	case "TZ":
		if name == "" || name[0] == '+' || name[0] == '-' {
			return sqlerr.NotSupported("TZ of a time zone without an abbreviation is not supported")
		}
		if f.text == strings.ToLower(f.text) {
			name = strings.ToLower(name)
		}
		b.WriteString(name)
	case "OF":
		fmt.Fprintf(b, "%c%02d", sign, off/3600)
		if m := off / 60 % 60; m != 0 {
			fmt.Fprintf(b, ":%02d", m)
		}
	case "TZH":
		fmt.Fprintf(b, "%c%02d", sign, off/3600)
	default:
		fmt.Fprintf(b, "%02d", off/60%60)
	}
	return nil
}

// ordinal returns the English suffix of a number.
func ordinal(n int, upper bool) string {
	s := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			s = "st"
		case 2:
			s = "nd"
		case 3:
			s = "rd"
		}
	}
	if upper {
		return strings.ToUpper(s)
	}
	return s
}

// parsedTime is what to_timestamp has read.
type parsedTime struct {
	year, month, day    int
	hour, minute        int
	second, micros      int
	clock12, pm, halved bool
}

func parseTimestamp(c *Context, a []value.Value) (value.Value, error) {
	v, err := parseByTemplate(a[0].Bytes(), a[1].Bytes())
	if err != nil {
		return v, err
	}
	return value.TimestampToTimestamptz(v, c.location())
}

func parseDate(_ *Context, a []value.Value) (value.Value, error) {
	v, err := parseByTemplate(a[0].Bytes(), a[1].Bytes())
	if err != nil {
		return v, err
	}
	return value.TimestampToDate(v), nil
}

func isSeparator(c byte) bool {
	return c > 0x20 && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// parseByTemplate is DCH_from_char: a separator of the template takes at most one separator
// or blank of the input, and blanks before fields are skipped.
func parseByTemplate(s, template string) (value.Value, error) {
	fields, err := parseTemplate(template)
	if err != nil {
		return value.Value{}, err
	}
	p := parsedTime{month: 1, day: 1}
	rest := s
	extra := 0 // characters skipped beyond the template's
	for i, f := range fields {
		if f.key == "FX" {
			return value.Value{}, sqlerr.NotSupported("the template pattern FX is not supported")
		}
		if f.key != "" || i == 0 {
			for rest != "" && isSpace(rest[0]) {
				rest = rest[1:]
				extra++
			}
		}
		if f.key == "" {
			text := f.text
			for text != "" {
				if !f.quoted && (isSpace(text[0]) || isSeparator(text[0])) {
					extra--
					if rest != "" && (isSpace(rest[0]) || isSeparator(rest[0])) {
						rest = rest[1:]
						extra++
					}
					text = text[1:]
					continue
				}
				_, n := utf8.DecodeRuneInString(text)
				text = text[n:]
				if extra > 0 {
					extra--
				} else if rest != "" {
					_, n := utf8.DecodeRuneInString(rest)
					rest = rest[n:]
				}
			}
			continue
		}
		if rest == "" {
			break
		}
		if rest, err = p.read(f, rest, i+1 == len(fields) || !takesDigits(fields[i+1])); err != nil {
			return value.Value{}, err
		}
	}
	return p.value(s)
}

// takesDigits says whether a field may begin with a digit, so that a number before it must keep
// to its width.
func takesDigits(f field) bool {
	switch f.key {
	case "", "AM", "PM", "A.M.", "P.M.", "MON", "MONTH", "DAY", "DY":
		return f.key == "" && f.text != "" && f.text[0] >= '0' && f.text[0] <= '9'
	}
	return true
}

// read takes a field from the front of s. A number that is alone takes all digits there are.
func (p *parsedTime) read(f field, s string, alone bool) (string, error) {
	var err error
	number := func(dst *int, width int) {
		if f.fill || alone {
			width = len(s)
		}
		var n, used int
		n, used, err = leadingInt(s, width, f)
		*dst, s = n, s[used:]
		if f.ordinal != "" && len(s) >= 2 {
			s = s[2:]
		}
	}
	switch f.key {
	case "YYYY":
		number(&p.year, 4)
	case "YY":
		before := len(s)
		number(&p.year, 2)
		if before-len(s) <= 2 {
			// The year nearest to 2020.
			if p.year < 70 {
				p.year += 2000
			} else if p.year < 100 {
				p.year += 1900
			}
		}
	case "MM":
		number(&p.month, 2)
	case "DD":
		number(&p.day, 2)
	case "HH24":
		number(&p.hour, 2)
	case "HH12", "HH":
		p.clock12 = true
		number(&p.hour, 2)
	case "MI":
		number(&p.minute, 2)
	case "SS":
		number(&p.second, 2)
	case "MS", "US":
		digits := map[string]int{"MS": 3, "US": 6}[f.key]
		used := 0
		for used < len(s) && used < digits && s[used] >= '0' && s[used] <= '9' {
			used++
		}
		if used == 0 {
			return s, badField(s, f)
		}
		n, _ := strconv.Atoi((s[:used] + "000000")[:6])
		p.micros, s = n, s[used:]
	case "AM", "PM", "A.M.", "P.M.":
		n := len(f.key)
		if len(s) < n {
			return s, badHalf(s, f)
		}
		switch strings.ToUpper(s[:n]) {
		case "AM", "A.M.":
		case "PM", "P.M.":
			p.pm = true
		default:
			return s, badHalf(s, f)
		}
		p.halved, s = true, s[n:]
	case "MON", "MONTH":
		for m := time.January; m <= time.December; m++ {
			name := m.String()
			if f.key == "MON" {
				name = name[:3]
			}
			if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
				p.month = int(m)
				return s[len(name):], nil
			}
		}
		return s, badHalf(s, f)
	case "DAY", "DY":
		for d := time.Sunday; d <= time.Saturday; d++ {
			name := d.String()
			if f.key == "DY" {
				name = name[:3]
			}
			if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
				return s[len(name):], nil
			}
		}
		return s, badHalf(s, f)
	default:
		return s, sqlerr.NotSupported("reading the template pattern %q is not supported", f.text)
	}
	return s, err
}

// leadingInt reads at most width characters as an integer.
func leadingInt(s string, width int, f field) (n, used int, err error) {
	for used < len(s) && used < width && s[used] >= '0' && s[used] <= '9' {
		used++
	}
	if used == 0 {
		return 0, 0, badField(s, f)
	}
	if n, err = strconv.Atoi(s[:used]); err != nil || n > 1<<31-1 {
		return 0, 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "value for %q in source string is out of range", f.text).
			WithDetail("Value must be in the range %d to %d.", -1<<31, 1<<31-1)
	}
	return n, used, nil
}

func badField(s string, f field) error {
	end := min(len(s), len(f.key))
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid value %q for %q", s[:end], f.text).
		WithDetail("Value must be an integer.")
}

// badHalf is the error of a name that is none of a list.
func badHalf(s string, f field) error {
	end := strings.IndexFunc(s, unicode.IsSpace)
	if end < 0 {
		end = len(s)
	}
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, "invalid value %q for %q", s[:end], f.text).
		WithDetail("The given value did not match any of the allowed values for this field.")
}

func (p *parsedTime) value(s string) (value.Value, error) {
	if p.clock12 {
		if p.hour < 1 || p.hour > 12 {
			return value.Value{}, sqlerr.New(sqlerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", p.hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		switch {
		case p.pm && p.hour < 12:
			p.hour += 12
		case !p.pm && p.hour == 12 && p.halved:
			p.hour = 0
		}
	}
	if p.year == 0 {
		return value.Value{}, sqlerr.NotSupported("to_timestamp without a year is not supported")
	}
	days, ok := dayNumber(int64(p.year), int64(p.month), int64(p.day))
	if !ok || p.hour > 23 || p.minute > 59 || p.second > 59 {
		return value.Value{}, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date/time field value out of range: %q", s)
	}
	midnight, err := value.DateToTimestamp(value.NewInt(value.Date, days))
	if err != nil {
		return midnight, err
	}
	return value.NewInt(value.Timestamp, midnight.Int()+int64(p.hour*3600+p.minute*60+p.second)*1e6+int64(p.micros)), nil
}
