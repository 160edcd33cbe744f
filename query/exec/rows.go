package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Rows is a batch and which of its rows count.
type Rows struct {
	column.Batch
	// Sel lists the rows that count, ascending; nil is all.
	Sel []int32
}

// Count returns the number of rows that count.
func (r *Rows) Count() int {
	if r.Sel != nil {
		return len(r.Sel)
	}
	return r.N
}

// at returns the batch's row number of the i-th row that counts.
func (r *Rows) at(i int) int {
	if r.Sel != nil {
		return int(r.Sel[i])
	}
	return i
}

// set makes r rows of a batch.
func (r *Rows) set(b *column.Batch, sel []int32) {
	r.N, r.Vecs, r.Sel = b.N, b.Vecs, sel
}

// Operator yields rows, a batch at a time. One goroutine at a time uses it.
type Operator interface {
	// Next fills r with at least one row and returns true, or returns false at the end. What r
	// holds is the operator's and valid until the next call.
	Next(ctx context.Context, r *Rows) (bool, error)
	// Close releases what the operator and those below it hold. It is called once, also after an error.
	Close()
}

// Canceled returns the error of a context that has ended: its cause where that says what
// happened, else 57014.
func Canceled(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return nil
	}
	if e := sqlerr.As(cause); e != nil {
		return e
	}
	return sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")
}

// indexes converts a selection to what column.Vec.Pick takes.
func indexes(dst []uint32, sel []int32) []uint32 {
	dst = dst[:0]
	for _, i := range sel {
		dst = append(dst, uint32(i))
	}
	return dst
}

// Dense makes the rows that count of r a batch without gaps. dst keeps the memory between calls; the
// result is r's own batch when all its rows count.
func Dense(r *Rows, dst *column.Batch, idx *[]uint32) *column.Batch {
	if r.Sel == nil {
		return &r.Batch
	}
	*idx = indexes(*idx, r.Sel)
	if len(dst.Vecs) != len(r.Vecs) {
		dst.Vecs = make([]column.Vec, len(r.Vecs))
	}
	dst.N = len(r.Sel)
	for i := range r.Vecs {
		dst.Vecs[i].Pick(&r.Vecs[i], *idx)
	}
	return dst
}
