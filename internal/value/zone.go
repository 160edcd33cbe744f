package value

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a machine without zoneinfo answers as any other

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

//go:embed zones/names.txt
var zoneNamesText string

//go:embed zones/abbrevs.txt
var zoneAbbrevsText string

// zoneNames maps lower-case names to the proper ones: PostgreSQL takes any case.
var zoneNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string, 640)
	for name := range listLines(zoneNamesText) {
		names[strings.ToLower(name)] = name
	}
	return names
})

// zoneAbbrev is an abbreviation of the Default set: an offset, or a zone that has used it.
type zoneAbbrev struct {
	name   string // upper case
	offset int    // seconds east of UTC
	zone   string // "" for a fixed offset
	dst    bool
}

var zoneAbbrevs = sync.OnceValue(func() map[string]zoneAbbrev {
	abbrevs := make(map[string]zoneAbbrev, 224)
	for line := range listLines(zoneAbbrevsText) {
		f := strings.Fields(line)
		a := zoneAbbrev{name: f[0], dst: len(f) > 2}
		var err error
		if a.offset, err = strconv.Atoi(f[1]); err != nil {
			a.zone = f[1]
		}
		abbrevs[strings.ToLower(a.name)] = a
	}
	return abbrevs
})

// listLines yields the lines of a list that are not comments.
func listLines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(line) {
				return
			}
		}
	}
}

// zoneCache keeps loaded zones by lower-case name: a *time.Location each, of the names of the
// list only.
var zoneCache sync.Map

// loadNamed returns the IANA zone of a name in any case, or the zone of a POSIX
// specification with a fixed offset ("XYZ-3", "<+0330>-3:30").
func loadNamed(name string) (*time.Location, bool) {
	lower := strings.ToLower(name)
	if loc, ok := zoneCache.Load(lower); ok {
		return loc.(*time.Location), true
	}
	proper, ok := zoneNames()[lower]
	if !ok {
		return parsePOSIXZone(name)
	}
	if lower == "utc" {
		return time.UTC, true
	}
	loc, err := time.LoadLocation(proper)
	if err != nil {
		return nil, false
	}
	zoneCache.Store(strings.ToLower(proper), loc) // not name, whose bytes may be the caller's
	return loc, true
}

// parsePOSIXZone reads NAME[+-]hh[:mm[:ss]]: an offset west of UTC, as POSIX counts. With rules
// for daylight saving time behind it, it is not a fixed offset and not supported.
func parsePOSIXZone(spec string) (*time.Location, bool) {
	name, rest := "", spec
	if strings.HasPrefix(spec, "<") {
		end := strings.IndexByte(spec, '>')
		if end < 0 {
			return nil, false
		}
		name, rest = spec[1:end], spec[end+1:]
	} else {
		i := strings.IndexFunc(spec, func(r rune) bool { return r >= '0' && r <= '9' || r == '+' || r == '-' || r == ',' })
		if i < 0 {
			return nil, false
		}
		name, rest = spec[:i], spec[i:]
	}
	west, ok := parsePOSIXOffset(rest)
	if !ok {
		return nil, false
	}
	if name == "" {
		name = "UTC"
	}
	return time.FixedZone(strings.Clone(name), -west), true
}

// maxPOSIXHours is how far POSIX lets an offset go.
const maxPOSIXHours = 24 * 7

func parsePOSIXOffset(s string) (seconds int, ok bool) {
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	unit := 3600
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || unit == 0 || unit < 3600 && n > 59 || n >= maxPOSIXHours {
			return 0, false
		}
		seconds += int(n) * unit
		unit /= 60
	}
	return sign * seconds, true
}

// LoadZone returns the time zone that a name means: an abbreviation ("CET", "PST"), an IANA name in
// any case ("Europe/Paris"), or a POSIX specification ("UTC-2", which is east). An
// abbreviation is a fixed offset, or the zone that it stands for. 22023 `time zone "x"
// not recognized`.
func LoadZone(name string) (*time.Location, error) {
	if a, ok := zoneAbbrevs()[strings.ToLower(name)]; ok {
		if a.zone == "" {
			return time.FixedZone(a.name, a.offset), nil
		}
		if loc, ok := loadNamed(a.zone); ok {
			return loc, nil
		}
	}
	if loc, ok := loadNamed(name); ok {
		return loc, nil
	}
	return nil, errZone(name)
}

// LoadZoneOrOffset is LoadZone that also takes a number of hours with a sign ("+02", "-3:30"), east of UTC.
func LoadZoneOrOffset(name string) (*time.Location, error) {
	if name != "" && isDigit(name[0]) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, `invalid input syntax for type numeric time zone: "%s"`, name).
			WithHint(`Numeric time zones must have "-" or "+" as first character.`)
	}
	var d dateDecoder
	switch d.offset(name) {
	case dateOK:
		return time.FixedZone("", int(d.out.offset)), nil
	case dateZoneOverflow:
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, `numeric time zone "%s" out of range`, name)
	}
	return LoadZone(name)
}

// LoadZoneName is LoadZone without abbreviations: what the setting TimeZone takes.
func LoadZoneName(name string) (*time.Location, error) {
	if loc, ok := loadNamed(name); ok {
		return loc, nil
	}
	return nil, errZone(name)
}

func errZone(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidParameterValue, `time zone "%s" not recognized`, name)
}

// abbrevOffset returns seconds east of UTC that an abbreviation means at a local time, given in
// seconds since 1970-01-01: of a zone that has used it, its last use up to then, or the first one after,
// or the zone's own offset when it never did.
func (a *zoneAbbrev) abbrevOffset(local int64) int64 {
	if a.zone == "" {
		return int64(a.offset)
	}
	loc, ok := loadNamed(a.zone)
	if !ok {
		return 0
	}
	at := time.Unix(local-offsetOfLocal(local, loc), 0).In(loc)
	for t := at; ; {
		if name, off := t.Zone(); strings.EqualFold(name, a.name) {
			return int64(off)
		}
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			break
		}
		t = start.Add(-time.Second)
	}
	horizon := at.AddDate(maxZoneSearch, 0, 0)
	for t := at; t.Before(horizon); {
		_, end := t.ZoneBounds()
		if end.IsZero() {
			break
		}
		t = end
		if name, off := t.Zone(); strings.EqualFold(name, a.name) {
			return int64(off)
		}
	}
	return offsetOfLocal(local, loc)
}

// maxZoneSearch bounds, in years, the search for a later use of an abbreviation: rules repeat
// for ever.
const maxZoneSearch = 200
