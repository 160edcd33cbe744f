package exec

import (
	"container/heap"
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// merge yields the rows of inputs that are sorted by the same keys, in their order. Rows with equal
// keys come in the order of the inputs.
type merge struct {
	in   []Operator
	expr *expr.Context
	keys []plan.SortKey

	heads   []*head // a heap, nil before the first Next
	started bool
	out     column.Batch
	size    int // of the next batch: few rows at first, for a LIMIT above that wants no more
}

// firstMerged is how many rows the first batch of a merge has; each has twice
// as many as the one before.
const firstMerged = 16

// head is an input with the batch that it is at.
type head struct {
	op    Operator
	order int
	exprs projection
	rows  Rows
	keys  column.Batch
	at    int // among the rows that count
}

func newMerge(env *Env, in []Operator, keys []plan.SortKey) *merge {
	return &merge{in: in, expr: env.Expr, keys: keys}
}

func (m *merge) Next(ctx context.Context, r *Rows) (bool, error) {
	if !m.started {
		if err := m.start(ctx); err != nil {
			return false, err
		}
	}
	if len(m.heads) == 0 {
		return false, nil
	}
	first := &m.heads[0].rows
	if m.out.Vecs == nil {
		m.out.Vecs = make([]column.Vec, len(first.Vecs))
	}
	m.out.N = 0
	for i := range m.out.Vecs {
		m.out.Vecs[i].Reset(first.Vecs[i].Kind)
	}
	m.size = min(max(2*m.size, firstMerged), column.BatchRows)
	for m.out.N < m.size && len(m.heads) > 0 {
		h := m.heads[0]
		row := h.rows.at(h.at)
		for i := range m.out.Vecs {
			m.out.Vecs[i].AppendVec(&h.rows.Vecs[i], row, row+1)
		}
		m.out.N++
		if err := m.advance(ctx, h); err != nil {
			return false, err
		}
	}
	r.set(&m.out, nil)
	return true, nil
}

func (m *merge) start(ctx context.Context) error {
	m.started = true
	for i, op := range m.in {
		parts := make([]*plan.Program, len(m.keys))
		for j, k := range m.keys {
			parts[j] = k.Program
		}
		h := &head{op: op, order: i, exprs: newProjection(parts)}
		ok, err := m.fill(ctx, h)
		if err != nil {
			return err
		}
		if ok {
			m.heads = append(m.heads, h)
		}
	}
	heap.Init((*headHeap)(m))
	return nil
}

// fill reads the next batch of an input.
func (m *merge) fill(ctx context.Context, h *head) (bool, error) {
	ok, err := h.op.Next(ctx, &h.rows)
	if !ok || err != nil {
		h.exprs.release()
		return false, err
	}
	h.at = 0
	return true, h.exprs.eval(m.expr, &h.rows, &h.keys)
}

// advance moves the first head to its next row.
func (m *merge) advance(ctx context.Context, h *head) error {
	h.at++
	if h.at < h.rows.Count() {
		heap.Fix((*headHeap)(m), 0)
		return nil
	}
	ok, err := m.fill(ctx, h)
	if err != nil {
		return err
	}
	if ok {
		heap.Fix((*headHeap)(m), 0)
	} else {
		heap.Pop((*headHeap)(m))
	}
	return nil
}

func (m *merge) Close() {
	for _, h := range m.heads {
		h.exprs.release()
	}
	for _, op := range m.in {
		op.Close()
	}
}

// headHeap orders the heads by their rows.
type headHeap merge

func (h *headHeap) Len() int { return len(h.heads) }
func (h *headHeap) Less(i, j int) bool {
	a, b := h.heads[i], h.heads[j]
	for k := range h.keys {
		c := compareKey(&h.keys[k], &a.keys.Vecs[k], a.rows.at(a.at), &b.keys.Vecs[k], b.rows.at(b.at))
		if c != 0 {
			return c < 0
		}
	}
	return a.order < b.order
}
func (h *headHeap) Swap(i, j int) { h.heads[i], h.heads[j] = h.heads[j], h.heads[i] }
func (h *headHeap) Push(x any)    { h.heads = append(h.heads, x.(*head)) }
func (h *headHeap) Pop() any {
	last := h.heads[len(h.heads)-1]
	h.heads = h.heads[:len(h.heads)-1]
	return last
}

// gatherSorted starts its sorted inputs side by side: each sorts on a goroutine of its own before the merge
// reads them one after another.
type gatherSorted struct {
	*merge
	workers int
	ready   bool
}

// preparer is an operator that does its work before the first row.
type preparer interface {
	prepare(ctx context.Context) error
}

func (g *gatherSorted) Next(ctx context.Context, r *Rows) (bool, error) {
	if !g.ready {
		err := each(ctx, len(g.in), g.workers, func(ctx context.Context, i int) error {
			op := g.in[i]
			if p, ok := op.(*profiled); ok {
				op = p.Operator
			}
			return op.(preparer).prepare(ctx)
		})
		if err != nil {
			return false, err
		}
		g.ready = true
	}
	return g.merge.Next(ctx, r)
}
