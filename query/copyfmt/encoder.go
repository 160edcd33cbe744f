package copyfmt

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vecform"
)

// Encoder writes rows, one Write a row: what COPY TO STDOUT's messages carry.
// One goroutine at a time may use it.
type Encoder struct {
	w       io.Writer
	o       *Options
	st      *value.Style
	columns []encodeColumn
	names   []string

	buf    []byte
	head   []byte // of the binary format, to go out with the first row
	rows   int64
	buffer func() []byte // where rows are built
}

// encodeColumn says how the values of a column are written.
type encodeColumn struct {
	appendTo   vecform.Appender
	plain      bool // no value ever needs an escape or a quote
	forceQuote bool
}

// NewEncoder returns an encoder. When w has an AvailableBuffer method, as
// bufio.Writer has, rows are built in that buffer.
func NewEncoder(w io.Writer, o *Options, columns []Column, st *value.Style) (*Encoder, error) {
	if err := o.CheckColumns(columns); err != nil {
		return nil, err
	}
	e := &Encoder{w: w, o: o, st: st}
	e.buffer = func() []byte { return e.buf[:0] }
	if b, ok := w.(interface{ AvailableBuffer() []byte }); ok {
		e.buffer = b.AvailableBuffer
	}
	for _, c := range columns {
		col := encodeColumn{
			appendTo:   vecform.Text(c.Type.Kind),
			plain:      plainKind(c.Type.Kind, o),
			forceQuote: o.ForceQuoteAll || slices.Contains(o.ForceQuote, c.Name),
		}
		if o.Format == Binary {
			col.appendTo = vecform.Binary(c.Type.Kind)
		}
		e.columns = append(e.columns, col)
		e.names = append(e.names, c.Name)
	}
	return e, nil
}

// plainKind says whether the text of a kind's values has no byte that the options give
// a meaning to. The common delimiters are in no number, date or uuid.
func plainKind(k value.Kind, o *Options) bool {
	switch k {
	case value.Bool, value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric,
		value.Date, value.Timestamp, value.Timestamptz, value.UUID, value.Float4, value.Time, value.Timetz, value.OID:
	default:
		return false
	}
	switch o.Delimiter {
	case '\t', ',', ';', '|':
	default:
		return false
	}
	return o.Format == Text || o.Format == CSV && o.Quote == '"' && o.Null == ""
}

// Begin writes the header, if there is one. Call it before the first Rows.
func (e *Encoder) Begin() error {
	if e.o.Format == Binary {
		e.head = append([]byte(binarySignature), 0, 0, 0, 0, 0, 0, 0, 0)
		return nil
	}
	if e.o.Header == NoHeader {
		return nil
	}
	b := e.buffer()
	for i, name := range e.names {
		if i > 0 {
			b = append(b, e.o.Delimiter)
		}
		start := len(b)
		b = append(b, name...)
		if e.o.Format == CSV {
			b = e.quoteCSV(b, start, false)
		} else {
			b = e.escapeText(b, start)
		}
	}
	return e.write(append(b, '\n'))
}

// Rows writes rows [from, to) of a batch.
func (e *Encoder) Rows(b *column.Batch, from, to int) error {
	for i := from; i < to; i++ {
		var row []byte
		if e.o.Format == Binary {
			row = e.binaryRow(b, i)
		} else {
			row = e.textRow(b, i)
		}
		if err := e.write(row); err != nil {
			return err
		}
		e.rows++
	}
	return nil
}

// End writes the trailer, if there is one, and returns the number of rows written.
func (e *Encoder) End() (int64, error) {
	if e.o.Format != Binary {
		return e.rows, nil
	}
	return e.rows, e.write(append(e.takeHead(e.buffer()), 0xff, 0xff))
}

func (e *Encoder) write(b []byte) error {
	e.buf = b // its memory serves again when the writer lends none
	_, err := e.w.Write(b)
	return err
}

func (e *Encoder) textRow(b *column.Batch, i int) []byte {
	dst := e.buffer()
	for c := range e.columns {
		if c > 0 {
			dst = append(dst, e.o.Delimiter)
		}
		col, v := &e.columns[c], &b.Vecs[c]
		at := i
		if v.Const {
			at = 0
		}
		if v.Nulls != nil && v.Nulls[at] {
			dst = append(dst, e.o.Null...)
			continue
		}
		start := len(dst)
		dst = col.appendTo(dst, v, at, e.st)
		switch {
		case e.o.Format == CSV && (!col.plain || col.forceQuote):
			dst = e.quoteCSV(dst, start, col.forceQuote)
		case e.o.Format == Text && !col.plain:
			dst = e.escapeText(dst, start)
		}
	}
	return append(dst, '\n')
}

// takeHead appends the header of the binary format, once.
func (e *Encoder) takeHead(dst []byte) []byte {
	dst = append(dst, e.head...)
	e.head = nil
	return dst
}

func (e *Encoder) binaryRow(b *column.Batch, i int) []byte {
	dst := e.takeHead(e.buffer())
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(e.columns)))
	for c := range e.columns {
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
		dst = e.columns[c].appendTo(dst, v, at, e.st)
		binary.BigEndian.PutUint32(dst[size:], uint32(len(dst)-size-4))
	}
	return dst
}
