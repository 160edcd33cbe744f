package server

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// maxRowBytes is PostgreSQL's limit on a message, and so on a row.
const maxRowBytes = 1<<30 - 1

// fieldAppender appends value i of a vec, which is not NULL, in one format and
// without its length. i is already 0 for a constant.
type fieldAppender func(dst []byte, v *column.Vec, i int, st *value.Style) []byte

// rowWriter writes the rows of one portal as DataRow messages straight from
// the vectors to the output. Its functions are chosen once per column; a row
// allocates nothing (BenchmarkDataRow).
type rowWriter struct {
	fields []fieldAppender
	style  *value.Style
}

// reset prepares for columns in formats, keeping memory.
func (rw *rowWriter) reset(columns []Column, formats []int16, st *value.Style) {
	rw.fields = rw.fields[:0]
	for i, c := range columns {
		rw.fields = append(rw.fields, appenderOf(c.Type.Kind, formatOf(formats, i) == 1))
	}
	rw.style = st
}

// appendRow appends row i of a batch as one DataRow.
func (rw *rowWriter) appendRow(dst []byte, b *column.Batch, i int) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 'D', 0, 0, 0, 0, byte(len(rw.fields)>>8), byte(len(rw.fields)))
	for c, appendField := range rw.fields {
		v := &b.Vecs[c]
		at := i
		if v.Const {
			at = 0
		}
		if v.Nulls != nil && v.Nulls[at] {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		size := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = appendField(dst, v, at, rw.style)
		binary.BigEndian.PutUint32(dst[size:], uint32(len(dst)-size-4))
	}
	n := len(dst) - start - 1
	if n > maxRowBytes {
		return dst[:start], sqlerr.New(sqlerr.ProgramLimitExceeded, "row is too long for a message: %d bytes", n)
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(n))
	return dst, nil
}

// appenderOf chooses how values of a kind are appended.
func appenderOf(k value.Kind, binary bool) fieldAppender {
	if binary {
		switch k {
		case value.Bool:
			return appendByteInt
		case value.Int2:
			return appendInt16
		case value.Int4, value.Date:
			return appendInt32
		case value.Int8, value.Timestamp, value.Timestamptz:
			return appendInt64
		case value.Float8:
			return appendFloatBits
		case value.Text, value.Varchar, value.Bytea, value.UUID, value.Unknown:
			return appendStored
		}
		return appendAnyBinary
	}
	switch k {
	case value.Int2, value.Int4, value.Int8:
		return appendDecimal
	case value.Text, value.Varchar, value.Unknown:
		return appendStored
	}
	return appendAnyText
}

func appendByteInt(dst []byte, v *column.Vec, i int, _ *value.Style) []byte {
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

// appendStored appends bytes that are stored in the form that is sent.
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

func appendUint32(dst []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(dst, n) }
