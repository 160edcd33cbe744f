package expr

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

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
