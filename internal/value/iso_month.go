package value

// isoMonth is a month as YYYY-MM- writes it, and where its days lie. The zero value is none.
type isoMonth struct {
	text   uint64 // YYYY-MM-, little-endian
	before int64  // the day number of the day before its first
	days   int    // in it
}

// read makes m the month that eight bytes stand for; false for what is none, or of the year 0. Dates that
// stand together are mostly of one month: compare with text first.
func (m *isoMonth) read(text uint64) bool {
	const zeros = 0x2D30302D30303030 // 0000-00-
	d := text ^ zeros
	// A digit is at most 9 now and a dash 0: with 6 or 15 added, each byte stays below 16.
	if (d|(d+0x0F06060F06060606))&0xF0F0F0F0F0F0F0F0 != 0 {
		return false
	}
	year := 1000*int(d&15) + 100*int(d>>8&15) + 10*int(d>>16&15) + int(d>>24&15)
	month := 10*int(d>>40&15) + int(d>>48&15)
	if year == 0 || month < 1 || month > 12 {
		return false
	}
	*m = isoMonth{text, daysOfCivil(year, month, 1) - 1, daysIn(year, month)}
	return true
}

// day returns the day number of a day of m, given as two digits; false when m has no such day.
func (m *isoMonth) day(a, b byte) (int64, bool) {
	n, ok := twoDigits(a, b)
	return m.before + int64(n), ok && n >= 1 && n <= m.days
}
