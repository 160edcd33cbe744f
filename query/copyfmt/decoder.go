package copyfmt

import (
	"io"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Column is one of the columns that are copied, in the order of the fields.
type Column struct {
	Name string
	Type value.Type
}

// Chunk is a batch of decoded rows that knows where each came from. Its
// vectors belong to it and are filled anew by each Next, so that one chunk can
// be used while another is filled.
type Chunk struct {
	column.Batch
}

// Where returns the error context of row i: COPY t, line 7: "...".
func (c *Chunk) Where(i int) string { panic("skeleton") }

// Line returns the line of row i, from 1 (in binary the number of the row).
func (c *Chunk) Line(i int) uint64 { panic("skeleton") }

// Decoder reads rows. One goroutine at a time may use it.
type Decoder struct{}

// NewDecoder returns a decoder of rows for a relation; the name is for error contexts.
func NewDecoder(r io.Reader, o *Options, relation string, columns []Column, st *value.Style) (*Decoder, error) {
	panic("skeleton")
}

// Next fills c with the next rows, at most column.BatchRows. It returns
// io.EOF after the last one. An error in a row is returned by the call after the
// one that gave the rows before it, and is final.
func (d *Decoder) Next(c *Chunk) error { panic("skeleton") }
