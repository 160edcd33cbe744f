package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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
	t := value.GoTime(a[0].Int()).UTC()
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
