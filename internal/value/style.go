package value

import "time"

// Style is how a session writes and reads values as text: its DateStyle,
// TimeZone and the like. Read-only once in use. Functions that take a *Style take no nil.
type Style struct {
	Location    *time.Location // TimeZone; nil means UTC
	DateFormat  DateFormat
	DateOrder   DateOrder
	FloatDigits int  // extra_float_digits; 1 and above: shortest exact
	ByteaEscape bool // bytea_output = escape
	Intervals   IntervalStyle
	Names       OIDNames  // of regclass and its kin; nil: they print as numbers
	Types       UserTypes // nil: there are none
	// Now is the statement's time in microseconds since 2000-01-01 UTC, for
	// 'now', 'today' and the like as date input.
	Now int64
}

// DateFormat is the first half of DateStyle.
type DateFormat uint8

// The date formats.
const (
	DateISO DateFormat = iota
	DateSQL
	DatePostgres
	DateGerman
)

// DateOrder is the second half of DateStyle.
type DateOrder uint8

// The date orders.
const (
	OrderMDY DateOrder = iota
	OrderDMY
	OrderYMD
)

// IntervalStyle is the setting of that name.
type IntervalStyle uint8

// The interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQL
	IntervalISO
)

// DefaultStyle is ISO, MDY, UTC, shortest floats, hex bytea.
func DefaultStyle() *Style { return &Style{Location: time.UTC, FloatDigits: 1} }
