package copyfmt

import (
	"io"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Encoder writes rows, one Write a row: what COPY TO STDOUT's messages carry.
// One goroutine at a time may use it.
type Encoder struct{}

// NewEncoder returns an encoder. When w has an AvailableBuffer method, as
// bufio.Writer has, rows are built in that buffer.
func NewEncoder(w io.Writer, o *Options, columns []Column, st *value.Style) (*Encoder, error) {
	panic("skeleton")
}

// Begin writes the header, if there is one. Call it before the first Rows.
func (e *Encoder) Begin() error { panic("skeleton") }

// Rows writes rows [from, to) of a batch.
func (e *Encoder) Rows(b *column.Batch, from, to int) error { panic("skeleton") }

// End writes the trailer, if there is one, and returns the number of rows written.
func (e *Encoder) End() (int64, error) { panic("skeleton") }
