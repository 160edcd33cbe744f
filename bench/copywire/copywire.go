// Package copywire writes the rows of COPY ... FROM STDIN (FORMAT binary) fast: a
// workload that feeds a million rows should measure the server, not its own client.
package copywire

import (
	"encoding/binary"
	"time"
)

// Header starts a binary COPY stream and Trailer ends it.
const (
	Header  = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	Trailer = "\xff\xff"
)

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Day returns a date as Postgres counts: days since 2000-01-01.
func Day(t time.Time) int32 {
	y, m, d := t.Date()
	return int32(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 - epoch.Unix()/86400)
}

// Row starts a row of so many fields.
func Row(b []byte, fields int) []byte { return binary.BigEndian.AppendUint16(b, uint16(fields)) }

// Null adds a NULL.
func Null(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

// Int4 adds an integer.
func Int4(b []byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0, 0, 0, 4), uint32(v))
}

// Int8 adds a bigint.
func Int8(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), uint64(v))
}

// Text adds a text.
func Text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// JSONB adds a jsonb document.
func JSONB(b []byte, doc string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(doc)+1))
	return append(append(b, 1), doc...)
}

// Date adds a date, given as Day counts.
func Date(b []byte, day int32) []byte { return Int4(b, day) }

// TimestampTZ adds a timestamptz.
func TimestampTZ(b []byte, t time.Time) []byte {
	return Int8(b, t.UnixMicro()-epoch.UnixMicro())
}

// Numeric adds the numeric v / 10^scale, with scale 0 or 2 and v not negative.
func Numeric(b []byte, v int64, scale int) []byte {
	var digits [6]uint16
	weight, n := 0, 0
	whole, fraction := v, int64(0)
	if scale == 2 {
		whole, fraction = v/100, v%100*100
	}
	switch {
	case whole == 0:
		weight = -1
	default:
		for p := whole; p >= 10000; p /= 10000 {
			weight++
		}
		for i := weight; i >= 0; i-- {
			digits[i] = uint16(whole % 10000)
			whole /= 10000
		}
		n = weight + 1
	}
	if fraction != 0 {
		digits[n] = uint16(fraction)
		n++
	} else {
		for n > 0 && digits[n-1] == 0 {
			n--
		}
	}
	if n == 0 {
		weight = 0
	}
	b = binary.BigEndian.AppendUint32(b, uint32(8+2*n))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = binary.BigEndian.AppendUint16(b, uint16(weight))
	b = append(b, 0, 0) // positive
	b = binary.BigEndian.AppendUint16(b, uint16(scale))
	for _, d := range digits[:n] {
		b = binary.BigEndian.AppendUint16(b, d)
	}
	return b
}

const dateOID = 1082

// Dates adds a date[].
func Dates(b []byte, days []int32) []byte {
	if len(days) == 0 {
		b = append(b, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0)
		return binary.BigEndian.AppendUint32(b, dateOID)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(20+8*len(days)))
	b = append(b, 0, 0, 0, 1, 0, 0, 0, 0) // one dimension, no NULLs
	b = binary.BigEndian.AppendUint32(b, dateOID)
	b = binary.BigEndian.AppendUint32(b, uint32(len(days)))
	b = append(b, 0, 0, 0, 1) // lower bound
	for _, d := range days {
		b = Int4(b, d)
	}
	return b
}
