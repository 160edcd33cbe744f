package value

import (
	"math"
	"strconv"
)

// decodeISO reads an interval as ISO 8601 writes it: with designators, P1Y2M3DT4H5M6S, or in the alternative
// format, P0001-02-03T04:05:06 and P00010203T040506.
func (d *intervalDecoder) decodeISO(s string) dateError {
	if len(s) < 2 || s[0] != 'P' {
		return dateBadFormat
	}
	p := isoSpan{in: s[1:], d: d}
	datePart, first := true, true
	for p.in != "" {
		if p.in[0] == 'T' {
			datePart, first = false, true
			p.in = p.in[1:]
			continue
		}
		if err := p.number(); err != dateOK {
			return err
		}
		unit := byte(0)
		if p.in != "" {
			unit, p.in = p.in[0], p.in[1:]
		}
		var done bool
		var err dateError
		if datePart {
			done, err = p.datePart(unit, first)
			datePart = !(unit == 'T' || p.time)
		} else {
			done, err = p.timePart(unit, first)
		}
		if err != dateOK || done {
			return err
		}
		first = false
		if p.time { // a T ended the date
			p.time, first = false, true
		}
	}
	return dateOK
}

// isoSpan is the state between the numbers of an ISO 8601 interval.
type isoSpan struct {
	in     string
	d      *intervalDecoder
	n      int64 // the last number, and what it looked like
	frac   float64
	digits int
	time   bool // a T has just ended the date
}

// maxISONumber bounds a number, so that it and its fraction are exact.
const maxISONumber = 1e15

// number reads a number off the front.
func (p *isoSpan) number() dateError {
	if c := p.byte(); !isDigit(c) && c != '-' && c != '.' {
		return dateBadFormat
	}
	start := 0
	if p.in[0] == '-' {
		start = 1
	}
	end := skipDigits(p.in, start)
	p.digits = end - start
	if end < len(p.in) && p.in[end] == '.' {
		end = skipDigits(p.in, end+1)
	}
	if e := end; e > start && e < len(p.in) && p.in[e]|0x20 == 'e' { // strtod takes an exponent
		e++
		if e < len(p.in) && (p.in[e] == '-' || p.in[e] == '+') {
			e++
		}
		if to := skipDigits(p.in, e); to > e {
			end = to
		}
	}
	x, err := strconv.ParseFloat(p.in[:end], 64)
	if err != nil {
		return dateBadFormat
	}
	if x < -maxISONumber || x > maxISONumber {
		return dateOverflow
	}
	whole := math.Trunc(x)
	p.n, p.frac = int64(whole), x-whole
	p.in = p.in[end:]
	return dateOK
}

// byte returns the next byte, 0 at the end.
func (p *isoSpan) byte() byte {
	if p.in == "" {
		return 0
	}
	return p.in[0]
}

func isoResult(ok bool) dateError {
	if !ok {
		return dateOverflow
	}
	return dateOK
}

// datePart adds a number in front of the T. done says that the interval has ended.
func (p *isoSpan) datePart(unit byte, first bool) (done bool, err dateError) {
	d := p.d
	switch unit {
	case 'Y':
		return false, isoResult(d.addYears(p.n, p.frac, 1))
	case 'M':
		return false, isoResult(p.months())
	case 'W':
		return false, isoResult(addScaled(&d.days, p.n, 7) && d.addDays(p.frac, 7))
	case 'D':
		return false, isoResult(p.days())
	case 'T', 0:
		if p.digits == 8 && first {
			p.time = unit == 'T'
			return unit == 0, isoResult(addScaled(&d.years, p.n/10000, 1) && addScaled(&d.months, p.n/100%100, 1) &&
				addScaled(&d.days, p.n%100, 1) && d.addFraction(p.frac, microsPerDay))
		}
	case '-':
	default:
		return false, dateBadFormat
	}
	if !first {
		return false, dateBadFormat
	}
	if !d.addYears(p.n, p.frac, 1) {
		return false, dateOverflow
	}
	if unit != '-' {
		p.time = unit == 'T'
		return unit == 0, dateOK
	}
	for _, add := range []func() bool{p.months, p.days} {
		if err := p.number(); err != dateOK {
			return false, err
		}
		if !add() {
			return false, dateOverflow
		}
		switch p.byte() {
		case 0:
			return true, dateOK
		case 'T':
			return false, dateOK
		case '-':
			p.in = p.in[1:]
		default:
			return false, dateBadFormat
		}
	}
	return false, dateBadFormat
}

func (p *isoSpan) months() bool {
	return addScaled(&p.d.months, p.n, 1) && p.d.addDays(p.frac, daysPerMonth)
}

func (p *isoSpan) days() bool {
	return addScaled(&p.d.days, p.n, 1) && p.d.addFraction(p.frac, microsPerDay)
}

// timePart adds a number behind the T.
func (p *isoSpan) timePart(unit byte, first bool) (done bool, err dateError) {
	d := p.d
	switch unit {
	case 'H':
		return false, isoResult(d.addMicros(p.n, p.frac, microsPerHour))
	case 'M':
		return false, isoResult(d.addMicros(p.n, p.frac, microsPerMinute))
	case 'S':
		return false, isoResult(d.addMicros(p.n, p.frac, microsPerSecond))
	case 0:
		if p.digits == 6 && first {
			return true, isoResult(d.addMicros(p.n/10000, 0, microsPerHour) && d.addMicros(p.n/100%100, 0, microsPerMinute) &&
				d.addMicros(p.n%100, 0, microsPerSecond) && d.addFraction(p.frac, 1))
		}
	case ':':
	default:
		return false, dateBadFormat
	}
	if !first {
		return false, dateBadFormat
	}
	if !d.addMicros(p.n, p.frac, microsPerHour) {
		return false, dateOverflow
	}
	if unit == 0 {
		return true, dateOK
	}
	for _, scale := range []int64{microsPerMinute, microsPerSecond} {
		if err := p.number(); err != dateOK {
			return false, err
		}
		if !d.addMicros(p.n, p.frac, scale) {
			return false, dateOverflow
		}
		switch c := p.byte(); {
		case c == 0:
			return true, dateOK
		case c != ':' || scale == microsPerSecond:
			return false, dateBadFormat
		}
		p.in = p.in[1:]
	}
	return false, dateBadFormat
}
