package value

import "strconv"

// clockSpan is an interval's parts as they are written: all of the months, and of the hours and less, have one sign.
type clockSpan struct {
	years, months, days, hours, minutes, seconds, micros int64
}

func (p Span) clock() clockSpan {
	return clockSpan{
		years: int64(p.Months) / monthsPerYear, months: int64(p.Months) % monthsPerYear, days: int64(p.Days),
		hours: p.Micros / microsPerHour, minutes: p.Micros / microsPerMinute % 60,
		seconds: p.Micros / microsPerSecond % 60, micros: p.Micros % microsPerSecond,
	}
}

// appendInterval appends an interval in a style.
func appendInterval(dst []byte, p Span, style IntervalStyle) []byte {
	c := p.clock()
	switch style {
	case IntervalSQL:
		return c.appendSQL(dst, p)
	case IntervalISO:
		return c.appendISO(dst, p)
	case IntervalPostgresVerbose:
		return c.appendVerbose(dst, p)
	}
	return c.appendPostgres(dst, p)
}

func absInt(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// appendTime appends hh:mm:ss without sign, the hours with width digits at least.
func (c *clockSpan) appendTime(dst []byte, width int) []byte {
	dst = append(appendPadded(dst, uint64(absInt(c.hours)), width), ':')
	dst = append(append2(dst, int(absInt(c.minutes))), ':')
	return c.appendSeconds(dst, 2)
}

// appendSeconds appends seconds and their fraction without sign.
func (c *clockSpan) appendSeconds(dst []byte, width int) []byte {
	dst = appendPadded(dst, uint64(absInt(c.seconds)), width)
	return appendFraction(dst, absInt(c.micros))
}

// appendFraction appends a point and microseconds without zeros at the end, nothing for 0.
func appendFraction(dst []byte, micros int64) []byte {
	if micros == 0 {
		return dst
	}
	width := 6
	for micros%10 == 0 {
		micros /= 10
		width--
	}
	return appendPadded(append(dst, '.'), uint64(micros), width)
}

// appendPostgres writes "1 year 2 mons -3 days +04:05:06". A field behind a negative one has its sign written.
func (c *clockSpan) appendPostgres(dst []byte, p Span) []byte {
	start, negative := len(dst), false
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if negative && n > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(appendInt(dst, n), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		negative = n < 0
	}
	part(c.years, "year")
	part(c.months, "mon")
	part(c.days, "day")
	if p.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	switch {
	case p.Micros < 0:
		dst = append(dst, '-')
	case negative:
		dst = append(dst, '+')
	}
	return c.appendTime(dst, 2)
}

// appendVerbose writes "@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs ago". The sign of the first field is that of the
// whole.
func (c *clockSpan) appendVerbose(dst []byte, p Span) []byte {
	dst = append(dst, '@')
	zero, ago := true, false
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if zero {
			ago = n < 0
		}
		if ago {
			n = -n
		}
		dst = append(append(appendInt(append(dst, ' '), n), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(c.years, "year")
	part(c.months, "mon")
	part(c.days, "day")
	part(c.hours, "hour")
	part(c.minutes, "min")
	if c.seconds != 0 || c.micros != 0 {
		negative := c.seconds < 0 || c.micros < 0
		if zero {
			ago = negative
		}
		dst = append(dst, ' ')
		if negative != ago {
			dst = append(dst, '-')
		}
		dst = append(c.appendSeconds(dst, 1), " sec"...)
		if absInt(c.seconds) != 1 || c.micros != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if ago {
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendSQL writes "1-2" or "3 4:05:06" with one sign where SQL has such an interval, "+1-2 -3 +4:05:06" otherwise.
func (c *clockSpan) appendSQL(dst []byte, p Span) []byte {
	negative := p.Months < 0 || p.Days < 0 || p.Micros < 0
	positive := p.Months > 0 || p.Days > 0 || p.Micros > 0
	dayTime := p.Days != 0 || p.Micros != 0
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case negative && positive, p.Months != 0 && dayTime:
		dst = appendUint(append(dst, signOf(int64(p.Months))), uint64(absInt(c.years)))
		dst = appendUint(append(dst, '-'), uint64(absInt(c.months)))
		dst = appendUint(append(dst, ' ', signOf(int64(p.Days))), uint64(absInt(c.days)))
		return c.appendTime(append(dst, ' ', signOf(p.Micros)), 1)
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case p.Months != 0:
		dst = appendUint(dst, uint64(absInt(c.years)))
		return appendUint(append(dst, '-'), uint64(absInt(c.months)))
	case p.Days != 0:
		dst = append(appendUint(dst, uint64(absInt(c.days))), ' ')
	}
	return c.appendTime(dst, 1)
}

func signOf(n int64) byte {
	if n < 0 {
		return '-'
	}
	return '+'
}

// appendISO writes "P1Y2M-3DT4H5M6S".
func (c *clockSpan) appendISO(dst []byte, p Span) []byte {
	if p == (Span{}) {
		return append(dst, "PT0S"...)
	}
	part := func(n int64, unit byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), unit)
		}
	}
	dst = append(dst, 'P')
	part(c.years, 'Y')
	part(c.months, 'M')
	part(c.days, 'D')
	if p.Micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	part(c.hours, 'H')
	part(c.minutes, 'M')
	if c.seconds == 0 && c.micros == 0 {
		return dst
	}
	if p.Micros < 0 {
		dst = append(dst, '-')
	}
	return append(c.appendSeconds(dst, 1), 'S')
}
