package jsonquery

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// moment is a date or time with the zone it was written in.
type moment struct {
	v   value.Value // a date, time, timetz, timestamp or timestamptz
	iso string      // as a JSON string has it, without quotes
}

// text returns the moment as a document.
func (m *moment) text() string { return string(value.JSONQuote(nil, m.iso)) }

// datetime makes a date or time of a string in one of the forms of ISO 8601 that PostgreSQL tries.
func (r *run) datetime(x *jsonpath.Item, e *entry, found *list) (status, error) {
	text, isString := stringOf(e)
	if !isString {
		return r.fail(sqlerr.InvalidSQLJSONDatetime, "jsonpath item method .datetime() can only be applied to a string")
	}
	if x.Left != nil {
		return failure, sqlerr.NotSupported("the jsonpath method .datetime() with a template is not supported")
	}
	m, recognized := parseMoment(text)
	if !recognized {
		if r.silent {
			return failure, nil
		}
		return failure, sqlerr.New(sqlerr.InvalidSQLJSONDatetime, `datetime format is not recognized: "%s"`, text).
			WithHint("Use a datetime template argument to specify the input data format.")
	}
	return r.next(x, &entry{when: m}, found)
}

// matches says whether s has the form of a pattern, in which 0 stands for a digit; rest is what follows.
func matches(s, pattern string) (rest string, fits bool) {
	if len(s) < len(pattern) {
		return s, false
	}
	for i := range len(pattern) {
		if pattern[i] == '0' && (s[i] < '0' || s[i] > '9') || pattern[i] != '0' && s[i] != pattern[i] {
			return s, false
		}
	}
	return s[len(pattern):], true
}

// parseMoment reads a date, a time, or both with a blank or T between them; a time may have a fraction and a zone.
func parseMoment(s string) (*moment, bool) {
	rest, hasDate := matches(s, "0000-00-00")
	if hasDate && rest == "" {
		return newMoment(value.Date, s, s)
	}
	date := s[:len(s)-len(rest)]
	if hasDate {
		if rest[0] != ' ' && rest[0] != 'T' {
			return nil, false
		}
		rest = rest[1:]
	}
	clock, zone, fits := clockAndZone(rest)
	if !fits {
		return nil, false
	}
	kind, sep := value.Time, ""
	switch {
	case hasDate && zone != "":
		kind, sep = value.Timestamptz, "T"
	case hasDate:
		kind, sep = value.Timestamp, "T"
	case zone != "":
		kind = value.Timetz
	}
	return newMoment(kind, date+" "+clock+zone, date+sep+plainClock(clock)+zone)
}

// clockAndZone splits HH:MM:SS[.fraction][+HH[:MM]].
func clockAndZone(s string) (clock, zone string, fits bool) {
	rest, fits := matches(s, "00:00:00")
	if !fits {
		return "", "", false
	}
	if strings.HasPrefix(rest, ".") {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 || n > 7 {
			return "", "", false
		}
		rest = rest[n:]
	}
	clock = s[:len(s)-len(rest)]
	if rest == "" {
		return clock, "", true
	}
	for _, form := range []string{"+00:00", "-00:00", "+00", "-00"} {
		if after, is := matches(rest, form); is && after == "" {
			if zone = rest; len(zone) == 3 {
				zone += ":00"
			}
			return clock, zone, true
		}
	}
	return "", "", false
}

// plainClock drops the zeros at the end of a fraction.
func plainClock(clock string) string {
	if !strings.Contains(clock, ".") {
		return clock
	}
	return strings.TrimSuffix(strings.TrimRight(clock, "0"), ".")
}

func newMoment(k value.Kind, text, iso string) (*moment, bool) {
	v, err := value.Parse(value.Of(k), text, plain)
	if err != nil || strings.HasPrefix(text, "0000") || strings.Contains(text, "24:") || strings.Contains(text, ":60") {
		return nil, false
	}
	return &moment{v: v, iso: iso}, true
}

// compareMoments compares dates and times: false for a date with a time of day. Where one side alone has a zone that of the session counts for
// the other, if the run may use it.
func (r *run) compareMoments(a, b *moment) (int, bool, error) {
	ka, kb := a.v.Kind(), b.v.Kind()
	if clock(ka) != clock(kb) {
		return 0, false, nil
	}
	if ka == kb {
		return value.Compare(a.v, b.v), true, nil
	}
	wide := value.Timestamp
	switch {
	case clock(ka):
		wide = value.Timetz
	case ka == value.Timestamptz || kb == value.Timestamptz:
		wide = value.Timestamptz
	}
	x, err := r.widen(a, wide)
	if err != nil {
		return 0, false, err
	}
	y, err := r.widen(b, wide)
	if err != nil {
		return 0, false, err
	}
	return value.Compare(x, y), true, nil
}

func clock(k value.Kind) bool { return k == value.Time || k == value.Timetz }

func (r *run) widen(m *moment, k value.Kind) (value.Value, error) {
	from := m.v.Kind()
	if from == k {
		return m.v, nil
	}
	st := r.style
	if k == value.Timestamp {
		st = plain
	}
	if st == nil {
		names := map[value.Kind]string{value.Date: "date", value.Time: "time", value.Timetz: "timetz",
			value.Timestamp: "timestamp", value.Timestamptz: "timestamptz"}
		return m.v, sqlerr.New(sqlerr.FeatureNotSupported, "cannot convert value from %s to %s without time zone usage", names[from], names[k]).
			WithHint("Use *_tz() function for time zone support.")
	}
	return value.Cast(m.v, value.Of(k), value.CastExplicit, st)
}
