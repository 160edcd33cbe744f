package query

import (
	"strconv"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// onlyValue refuses every value but the default: the setting is there for
// clients that make sure of it.
func onlyValue(s *setting, v, _ string) (string, error) {
	if strings.EqualFold(v, s.boot) {
		return s.boot, nil
	}
	return "", sqlerr.NotSupported("parameter %q can only be %q", s.name, s.boot)
}

// checkASCII replaces what is not printable ASCII, as PostgreSQL does for names that go into logs.
func checkASCII(_ *setting, v, _ string) (string, error) {
	clean := []byte(v)
	for i, c := range clean {
		if c < 32 || c > 126 {
			clean[i] = '?'
		}
	}
	return string(clean), nil
}

func checkEncoding(s *setting, v, _ string) (string, error) {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(v)) {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii", "latin1", "iso88591", "win1252", "windows1252", "latin9", "iso885915":
		return "", sqlerr.NotSupported("client encoding %q is not supported", v).WithHint("Use UTF8.")
	}
	return "", s.invalid(v)
}

func checkLocale(s *setting, v, _ string) (string, error) {
	switch strings.ToLower(v) {
	case "", "c", "posix", "c.utf8", "c.utf-8", "en_us.utf-8", "en_us.utf8":
		return v, nil
	}
	return "", s.invalid(v)
}

func checkRole(_ *setting, v, _ string) (string, error) {
	if v == "none" {
		return v, nil
	}
	return "", sqlerr.NotSupported("SET ROLE is not supported")
}

func checkTimeZone(s *setting, v, _ string) (string, error) {
	name, _, err := loadZone(v)
	if err != nil {
		return "", s.invalid(v)
	}
	return name, nil
}

// loadZone reads a TimeZone setting: a zone's name or a number of hours east of Greenwich. The name
// is as SHOW prints it.
func loadZone(v string) (string, *time.Location, error) {
	if hours, err := strconv.ParseFloat(v, 64); err == nil && hours > -168 && hours < 168 {
		seconds := int(hours * 3600)
		name := posixZone(seconds)
		return name, time.FixedZone(name, seconds), nil
	}
	if east, ok := parsePosixZone(v); ok {
		return v, time.FixedZone(v, east), nil
	}
	loc, err := value.LoadZone(v)
	if err != nil {
		return "", nil, err
	}
	name := loc.String()
	if name == "" {
		name = v
	}
	return name, loc, nil
}

// posixZone is a fixed offset as PostgreSQL names it: "<+08>-08", whose last part is west-positive.
func posixZone(east int) string {
	text := func(sign byte, n int) string {
		s := string(sign) + pad2(n/3600)
		if n%3600 != 0 {
			s += ":" + pad2(n/60%60)
		}
		return s
	}
	if east < 0 {
		return "<" + text('-', -east) + ">" + text('+', -east)
	}
	return "<" + text('+', east) + ">" + text('-', east)
}

func pad2(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// parsePosixZone reads what posixZone wrote, so that a shown zone can be set again.
func parsePosixZone(v string) (east int, ok bool) {
	name, rest, found := strings.Cut(v, ">")
	if !found || !strings.HasPrefix(name, "<") || len(rest) < 3 {
		return 0, false
	}
	h, m, _ := strings.Cut(rest[1:], ":")
	hours, err := strconv.Atoi(h)
	if err != nil {
		return 0, false
	}
	minutes := 0
	if m != "" {
		if minutes, err = strconv.Atoi(m); err != nil {
			return 0, false
		}
	}
	east = hours*3600 + minutes*60
	switch rest[0] {
	case '+':
		return -east, true
	case '-':
		return east, true
	}
	return 0, false
}

func checkDateStyle(s *setting, v, current string) (string, error) {
	format, order, err := parseDateStyle(current, value.DateISO, value.OrderMDY)
	if err == nil {
		format, order, err = parseDateStyle(v, format, order)
	}
	if err != nil {
		return "", s.invalid(v).WithDetail("%s", err.Error())
	}
	return dateFormatNames[format] + ", " + dateOrderNames[order], nil
}

var (
	dateFormatNames = [...]string{value.DateISO: "ISO", value.DateSQL: "SQL", value.DatePostgres: "Postgres", value.DateGerman: "German"}
	dateOrderNames  = [...]string{value.OrderMDY: "MDY", value.OrderDMY: "DMY", value.OrderYMD: "YMD"}
)

type dateStyleError string

func (e dateStyleError) Error() string { return string(e) }

// parseDateStyle reads a DateStyle; what it does not mention stays as given.
func parseDateStyle(v string, format value.DateFormat, order value.DateOrder) (value.DateFormat, value.DateOrder, error) {
	haveFormat, haveOrder := false, false
	setFormat := func(f value.DateFormat) bool {
		ok := !haveFormat || format == f
		format, haveFormat = f, true
		return ok
	}
	setOrder := func(o value.DateOrder) bool {
		ok := !haveOrder || order == o
		order, haveOrder = o, true
		return ok
	}
	for _, word := range strings.Split(v, ",") {
		word = strings.Trim(strings.TrimSpace(word), `"`)
		ok := true
		switch w := strings.ToLower(word); {
		case w == "iso":
			ok = setFormat(value.DateISO)
		case w == "sql":
			ok = setFormat(value.DateSQL)
		case strings.HasPrefix(w, "postgres"):
			ok = setFormat(value.DatePostgres)
		case w == "german":
			ok = setFormat(value.DateGerman)
			if !haveOrder {
				order = value.OrderDMY
			}
		case w == "ymd":
			ok = setOrder(value.OrderYMD)
		case w == "dmy", strings.HasPrefix(w, "euro"):
			ok = setOrder(value.OrderDMY)
		case w == "mdy", strings.HasPrefix(w, "noneuro"), w == "us":
			ok = setOrder(value.OrderMDY)
		case w == "default":
		default:
			return 0, 0, dateStyleError(`Unrecognized key word: "` + word + `".`)
		}
		if !ok {
			return 0, 0, dateStyleError(`Conflicting "datestyle" specifications.`)
		}
	}
	return format, order, nil
}
