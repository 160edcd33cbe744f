package exec

import (
	"context"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// joinBuild is the inner side of a hash join: its rows, kept, and the table of their keys. The fragments of
// the outer side share it; the first that needs it makes it. Safe for concurrent use.
type joinBuild struct {
	in      []Operator
	workers int
	keys    []*plan.Program
	kept    []bool // the columns of the input that are kept
	kinds   []value.Kind
	// nulls says that rows with NULL in a key are kept though they have no match; first that one row of
	// each key is enough.
	nulls, first bool
	expr         *expr.Context
	budget       *Budget

	mu    sync.Mutex
	made  bool
	err   error
	rows  column.Batch
	table *joinTable
	taken int64
	users int // that have not been closed

	// matched has a bit for each row that has found a match, of the fragments that have ended; ended is closed
	// when running, the number of those that have not, is 0.
	matched []uint64
	running int
	ended   chan struct{}
}

// ready makes the table unless it is there.
func (b *joinBuild) ready(ctx context.Context) (*joinTable, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.made {
		b.made = true
		b.err = b.make(ctx)
	}
	return b.table, b.err
}

// collected are the rows of one input and their keys.
type collected struct {
	rows, keys column.Batch
	taken      int64
}

func (b *joinBuild) make(ctx context.Context) error {
	parts := make([]collected, len(b.in))
	err := each(ctx, len(b.in), b.workers, func(ctx context.Context, i int) error {
		return b.collect(ctx, b.in[i], &parts[i])
	})
	for i := range parts {
		b.taken += parts[i].taken
	}
	if err != nil {
		return err
	}
	all := parts[0]
	for i := range parts[1:] {
		appendBatch(&all.rows, &parts[i+1].rows)
		appendBatch(&all.keys, &parts[i+1].keys)
		parts[i+1] = collected{}
	}
	b.rows = all.rows
	keys := make([]column.Vec, len(b.keys))
	for i, p := range b.keys {
		if at, ok := b.keptColumn(p); ok {
			keys[i] = b.rows.Vecs[at]
		} else {
			keys[i] = all.keys.Vecs[i]
		}
	}
	b.table = newJoinTable(keys, b.rows.N, b.first)
	more := b.table.bytes()
	b.taken += more
	return b.budget.take(more)
}

// keptColumn returns the column that a key is, if it is kept as one anyway.
func (b *joinBuild) keptColumn(p *plan.Program) (int, bool) {
	if c, ok := p.Expr.(*expr.Column); ok && b.kept[c.Index] {
		return c.Index, true
	}
	return 0, false
}

func appendBatch(dst, src *column.Batch) {
	for i := range src.Vecs {
		if src.Vecs[i].Len() > 0 {
			dst.Vecs[i].AppendVec(&src.Vecs[i], 0, src.N)
		}
	}
	dst.N += src.N
}

// collect reads one input.
func (b *joinBuild) collect(ctx context.Context, in Operator, c *collected) error {
	x := b.expr.Clone()
	keys := newProjection(b.keys)
	defer keys.release()
	c.rows.Reset(b.kinds)
	keyKinds := make([]value.Kind, len(b.keys))
	for i, p := range b.keys {
		keyKinds[i] = p.Expr.Type().Kind
	}
	c.keys.Reset(keyKinds)
	var r Rows
	var keyRows column.Batch
	var buf []int32
	for {
		ok, err := in.Next(ctx, &r)
		if err != nil || !ok {
			return err
		}
		if err := keys.eval(x, &r, &keyRows); err != nil {
			return err
		}
		sel := r.Sel
		if !b.nulls {
			sel = withoutNulls(keyRows.Vecs, r.N, sel, &buf)
		}
		n := r.N
		if sel != nil {
			n = len(sel)
		}
		if n == 0 {
			continue
		}
		bytes := int64(0)
		for i, kept := range b.kept {
			if kept {
				c.rows.Vecs[i].AppendSel(&r.Vecs[i], r.N, sel)
				bytes += int64(n) * vecWidth(b.kinds[i])
			}
		}
		for i, p := range b.keys {
			if _, ok := b.keptColumn(p); !ok {
				c.keys.Vecs[i].AppendSel(&keyRows.Vecs[i], r.N, sel)
				bytes += int64(n) * vecWidth(keyKinds[i])
			}
		}
		c.rows.N += n
		c.keys.N += n
		c.taken += bytes
		if err := b.budget.take(bytes); err != nil {
			return err
		}
	}
}

// vecWidth is about how many bytes a kept value takes.
func vecWidth(k value.Kind) int64 {
	if k.Rep() == value.RepBytes {
		return 16
	}
	return 8
}

// withoutNulls returns the selected rows without a NULL among keys; sel when that is all.
func withoutNulls(keys []column.Vec, n int, sel []int32, buf *[]int32) []int32 {
	some := false
	for i := range keys {
		some = some || keys[i].Nulls != nil
	}
	if !some {
		return sel
	}
	out := (*buf)[:0]
	if out == nil {
		out = make([]int32, 0, column.BatchRows)
	}
	forRows(n, sel, func(row int) {
		if !anyNull(keys, row) {
			out = append(out, int32(row))
		}
	})
	*buf = out
	return out
}

// end adds what a fragment has matched.
func (b *joinBuild) end(matched []uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.matched == nil {
		b.matched = matched
	} else {
		for i, w := range matched {
			b.matched[i] |= w
		}
	}
	if b.running--; b.running == 0 {
		close(b.ended)
	}
}

// close is called once by each user; the last one releases all.
func (b *joinBuild) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return
	}
	for _, op := range b.in {
		op.Close()
	}
	b.budget.give(b.taken)
	b.taken, b.rows, b.table = 0, column.Batch{}, nil
}
