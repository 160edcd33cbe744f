package server

import (
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vecform"
)

// maxRowBytes is PostgreSQL's limit on a message, and so on a row.
const maxRowBytes = 1<<30 - 1

// rowWriter writes the rows of one portal as DataRow messages straight from
// the vectors to the output. Its functions are chosen once per column; a row
// allocates nothing (BenchmarkDataRow).
type rowWriter struct {
	fields []vecform.Appender
	style  *value.Style
}

// reset prepares for columns in formats, keeping memory.
func (rw *rowWriter) reset(columns []Column, formats []int16, st *value.Style) {
	rw.fields = rw.fields[:0]
	for i, c := range columns {
		form := vecform.Text
		if formatOf(formats, i) == 1 {
			form = vecform.Binary
		}
		rw.fields = append(rw.fields, form(c.Type.Kind))
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

func appendUint32(dst []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(dst, n) }

func appendUint16(dst []byte, n uint16) []byte { return binary.BigEndian.AppendUint16(dst, n) }
