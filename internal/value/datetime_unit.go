package value

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// dateUnit is a field of EXTRACT and date_trunc.
type dateUnit uint8

const (
	dateUnitUnknown dateUnit = iota
	dateUnitMicrosecond
	dateUnitMillisecond
	dateUnitSecond
	dateUnitMinute
	dateUnitHour
	dateUnitDay
	dateUnitWeek
	dateUnitMonth
	dateUnitQuarter
	dateUnitYear
	dateUnitDecade
	dateUnitCentury
	dateUnitMillennium
	dateUnitISOYear
	dateUnitDOW
	dateUnitISODOW
	dateUnitDOY
	dateUnitJulian
	dateUnitEpoch
	dateUnitZone
	dateUnitZoneHour
	dateUnitZoneMinute
	dateUnitOther // known, and no field: for the error
)

// unitTokenBytes is how much of a unit's name PostgreSQL looks at.
const unitTokenBytes = 10

// dateUnits maps the names, cut to unitTokenBytes.
var dateUnits = map[string]dateUnit{
	"microsecon": dateUnitMicrosecond, "us": dateUnitMicrosecond, "usec": dateUnitMicrosecond,
	"usecond": dateUnitMicrosecond, "useconds": dateUnitMicrosecond, "usecs": dateUnitMicrosecond,
	"millisecon": dateUnitMillisecond, "ms": dateUnitMillisecond, "msec": dateUnitMillisecond,
	"msecond": dateUnitMillisecond, "mseconds": dateUnitMillisecond, "msecs": dateUnitMillisecond,
	"s": dateUnitSecond, "sec": dateUnitSecond, "second": dateUnitSecond, "seconds": dateUnitSecond,
	"secs": dateUnitSecond,
	"m":    dateUnitMinute, "min": dateUnitMinute, "mins": dateUnitMinute, "minute": dateUnitMinute,
	"minutes": dateUnitMinute,
	"h":       dateUnitHour, "hour": dateUnitHour, "hours": dateUnitHour, "hr": dateUnitHour, "hrs": dateUnitHour,
	"d": dateUnitDay, "day": dateUnitDay, "days": dateUnitDay,
	"w": dateUnitWeek, "week": dateUnitWeek, "weeks": dateUnitWeek,
	"mon": dateUnitMonth, "mons": dateUnitMonth, "month": dateUnitMonth, "months": dateUnitMonth,
	"qtr": dateUnitQuarter, "quarter": dateUnitQuarter,
	"y": dateUnitYear, "year": dateUnitYear, "years": dateUnitYear, "yr": dateUnitYear, "yrs": dateUnitYear,
	"dec": dateUnitDecade, "decade": dateUnitDecade, "decades": dateUnitDecade, "decs": dateUnitDecade,
	"c": dateUnitCentury, "cent": dateUnitCentury, "centuries": dateUnitCentury, "century": dateUnitCentury,
	"mil": dateUnitMillennium, "mils": dateUnitMillennium, "millennia": dateUnitMillennium, "millennium": dateUnitMillennium,
	"isoyear": dateUnitISOYear, "dow": dateUnitDOW, "isodow": dateUnitISODOW, "doy": dateUnitDOY,
	"j": dateUnitJulian, "jd": dateUnitJulian, "julian": dateUnitJulian, "epoch": dateUnitEpoch,
	"timezone": dateUnitZone, "timezone_h": dateUnitZoneHour, "timezone_m": dateUnitZoneMinute,
}

// parseDateUnit returns the unit of a name in any case, and the name as it is shown in errors.
func parseDateUnit(name string) (dateUnit, string) {
	lower := strings.ToLower(name)
	return dateUnits[lower[:min(len(lower), unitTokenBytes)]], lower
}

// errDateUnit is the complaint about a unit that a kind has not.
func errDateUnit(u dateUnit, name string, k Kind) error {
	if u == dateUnitUnknown {
		return sqlerr.New(sqlerr.InvalidParameterValue, `unit "%s" not recognized for type %s`, name, k)
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, `unit "%s" not supported for type %s`, name, k)
}

// isoWeek returns the ISO 8601 year and week of a day.
func isoWeek(days int64) (year, week int) {
	thursday := days - int64((weekday(days)+6)%7) + 3
	year, _, _ = civilOfDays(thursday)
	return year, int(thursday-daysOfCivil(year, 1, 1))/7 + 1
}

// The numbers of a decade, century and millennium of an astronomical year. There is no year 0,
// so the first century ends with year 100.
func decadeOf(year int) int {
	if year >= 0 {
		return year / 10
	}
	return -((8 - (year - 1)) / 10)
}

func centuryOf(year int) int {
	if year > 0 {
		return (year + 99) / 100
	}
	return -((99 - (year - 1)) / 100)
}

func millenniumOf(year int) int {
	if year > 0 {
		return (year + 999) / 1000
	}
	return -((999 - (year - 1)) / 1000)
}

// eraYear returns the year as it is written: there is no year 0, and 1 BC is -1.
func eraYear(year int) int {
	if year > 0 {
		return year
	}
	return year - 1
}
