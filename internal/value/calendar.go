package value

import "strings"

// DayNumber returns the days since 2000-01-01 of a date of the proleptic Gregorian calendar, whose years are
// astronomical: 0 is 1 BC. Months and days out of range count on.
func DayNumber(year, month, day int) int64 {
	m := month - 1
	carry := m / 12
	if m%12 < 0 {
		carry--
	}
	return daysOfCivil(year+carry, m-carry*12+1, 1) + int64(day) - 1
}

// CivilDay is the reverse of DayNumber.
func CivilDay(days int64) (year, month, day int) { return civilOfDays(days) }

// DaysIn returns the days of a month.
func DaysIn(year, month int) int { return daysIn(year, month) }

// Weekday returns the day of the week, 0 for Sunday.
func Weekday(days int64) int { return weekday(days) }

// ZoneAbbreviation returns the abbreviation that a zone has at an instant, and its seconds east of UTC.
func ZoneAbbreviation(t int64, st *Style) (string, int) {
	if isUTC(st.Location) {
		return "UTC", 0
	}
	name, off := GoTime(t).In(st.Location).Zone()
	return zoneAbbreviation(name), off
}

// zoneAbbreviation takes the abbreviation out of the name of a POSIX zone: -03 of <-03>+03.
func zoneAbbreviation(name string) string {
	if strings.HasPrefix(name, "<") {
		if end := strings.IndexByte(name, '>'); end > 0 {
			return name[1:end]
		}
	}
	return name
}
