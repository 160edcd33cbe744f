package value

import "time"

// DateAddDays returns a date plus days; 22008 when out of range.
func DateAddDays(d Value, days int64) (Value, error) { panic("skeleton") }

// DateDiff returns a - b in days, as an int4; 22008 when one is infinite.
func DateDiff(a, b Value) (Value, error) { panic("skeleton") }

// DateToTimestamp returns midnight of a date, as a timestamp.
func DateToTimestamp(d Value) (Value, error) { panic("skeleton") }

// DateToTimestamptz returns midnight of a date in a zone.
func DateToTimestamptz(d Value, loc *time.Location) (Value, error) { panic("skeleton") }

// TimestampToDate returns the day of a timestamp.
func TimestampToDate(v Value) Value { panic("skeleton") }

// TimestamptzToDate returns the day of a timestamptz in a zone.
func TimestamptzToDate(v Value, loc *time.Location) Value { panic("skeleton") }

// TimestampToTimestamptz reads a timestamp as local time of a zone (timestamp AT TIME ZONE).
func TimestampToTimestamptz(v Value, loc *time.Location) (Value, error) { panic("skeleton") }

// TimestamptzToTimestamp returns the local time of a zone (timestamptz AT TIME ZONE).
func TimestamptzToTimestamp(v Value, loc *time.Location) (Value, error) { panic("skeleton") }

// LoadZone returns the time zone with a name ("Europe/Paris", "CET", "+02", "UTC", "EST5EDT");
// 22023 `time zone "x" not recognized`.
func LoadZone(name string) (*time.Location, error) { panic("skeleton") }

// Extract returns a field of a date, timestamp or timestamptz as EXTRACT does: a
// numeric. 22023 for a field that is not known, 0A000 for one that the kind has not.
func Extract(field string, v Value, st *Style) (Value, error) { panic("skeleton") }

// DatePart is Extract as a float8, as date_part returns it.
func DatePart(field string, v Value, st *Style) (Value, error) { panic("skeleton") }

// DateTrunc truncates a timestamp or timestamptz to a field, the latter in a zone.
func DateTrunc(field string, v Value, loc *time.Location) (Value, error) { panic("skeleton") }

// Clock returns a time as microseconds since 2000-01-01 UTC, and Time the reverse.
func Clock(t time.Time) int64 { panic("skeleton") }

// Time returns the instant of a finite timestamptz.
func Time(micros int64) time.Time { panic("skeleton") }
