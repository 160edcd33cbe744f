// Package vecform appends values of a column.Vec in PostgreSQL's text and
// binary forms, straight from the vector: what result rows and COPY are made of.
package vecform

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Appender appends value i of a vec, which is not NULL, in one form and without
// a length. It allocates nothing but room in dst. For a constant vec i is 0.
type Appender func(dst []byte, v *column.Vec, i int, st *value.Style) []byte

// Text returns the appender of a kind's text form.
func Text(k value.Kind) Appender {
	switch k {
	case value.Int2, value.Int4, value.Int8:
		return appendDecimal
	case value.Text, value.Varchar, value.Bpchar, value.Name, value.JSON, value.Unknown:
		return appendStored
	}
	return appendAnyText
}

// Binary returns the appender of a kind's binary form.
func Binary(k value.Kind) Appender {
	switch k {
	case value.Bool:
		return appendByte
	case value.Int2:
		return appendInt16
	case value.Int4, value.Date:
		return appendInt32
	case value.Int8, value.Timestamp, value.Timestamptz, value.Time:
		return appendInt64
	case value.Float8:
		return appendFloatBits
	case value.Text, value.Varchar, value.Bpchar, value.Name, value.JSON, value.Bytea, value.UUID, value.Interval, value.Unknown:
		return appendStored
	}
	return appendAnyBinary
}

func appendByte(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return append(dst, byte(v.I[i]))
}

func appendInt16(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(v.I[i]))
}

func appendInt32(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(v.I[i]))
}

func appendInt64(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v.I[i]))
}

func appendFloatBits(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.F[i]))
}

func appendDecimal(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return strconv.AppendInt(dst, v.I[i], 10)
}

// appendStored appends bytes that are stored in the form wanted.
func appendStored(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	if v.Codes != nil {
		return append(dst, v.Dict.String(v.Codes[i])...)
	}
	return append(dst, v.S[i]...)
}

func appendAnyText(dst []byte, v *column.Vec, i int, st *value.Style) []byte {
	return value.AppendText(dst, v.Value(i), st)
}

func appendAnyBinary(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
	return value.AppendBinary(dst, v.Value(i))
}
