package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// window computes window functions over input that is sorted by the keys of the partitions and of the order.
//
// Rows are gathered until there are enough whole partitions for a batch, since one partition at a time would be
// slow where they are small. Then each function fills a column for all of them, partition by partition, and the
// rows are yielded with these columns. A partition has to fit in the statement's memory.
type window struct {
	in     Operator
	expr   *expr.Context
	node   *plan.Window
	budget *Budget
	funcs  []windowFunc

	prepared bool // the functions are

	keys   projection   // partition, then order
	keyOut column.Batch // the keys of the batch that was read last
	args   projection   // the arguments of all calls
	argOut column.Batch

	rows  gathered
	taken int64
	ended bool // the input is at its end
	at    int  // the next row to yield
	ready int  // rows before it are computed
	out   column.Batch
}

// gathered is the rows of whole partitions, and of the one that the input is in.
type gathered struct {
	rows column.Batch // the input's columns
	keys column.Batch
	args column.Batch
	// starts are the first rows of partitions.
	starts  []int
	results []column.Vec // of the rows that are computed
}

func newWindow(env *Env, in Operator, n *plan.Window) *window {
	w := &window{in: in, expr: env.Expr.Clone(), node: n, budget: env.Budget}
	keys := append([]*plan.Program(nil), n.Partition...)
	for _, k := range n.Order {
		keys = append(keys, k.Program)
	}
	w.keys = newProjection(keys)
	var args []*plan.Program
	for i := range n.Calls {
		call := n.Calls[i].Call
		w.funcs = append(w.funcs, newWindowFunc(&n.Calls[i], len(args)))
		for _, x := range call.Inputs() {
			args = append(args, plan.NewProgram(x))
		}
	}
	w.args = newProjection(args)
	return w
}

func (w *window) Next(ctx context.Context, r *Rows) (bool, error) {
	if !w.prepared {
		w.prepared = true
		for _, f := range w.funcs {
			if err := f.prepare(w.expr); err != nil {
				return false, err
			}
		}
	}
	for w.at == w.ready {
		if w.ended {
			return false, nil
		}
		if err := w.advance(ctx); err != nil {
			return false, err
		}
	}
	n := min(w.ready-w.at, column.BatchRows)
	w.out.N = n
	w.out.Vecs = w.out.Vecs[:0]
	for i := range w.rows.rows.Vecs {
		w.out.Vecs = append(w.out.Vecs, part(&w.rows.rows.Vecs[i], w.at, w.at+n))
	}
	for i := range w.rows.results {
		w.out.Vecs = append(w.out.Vecs, part(&w.rows.results[i], w.at, w.at+n))
	}
	w.at += n
	r.set(&w.out, nil)
	return true, nil
}

// part returns the elements [from, to) of a vector. It shares their memory.
func part(v *column.Vec, from, to int) column.Vec {
	if v.Const {
		return *v
	}
	out := column.Vec{Kind: v.Kind, Dict: v.Dict}
	out.I, out.F, out.S = sub(v.I, from, to), sub(v.F, from, to), sub(v.S, from, to)
	out.Codes, out.Nulls = sub(v.Codes, from, to), sub(v.Nulls, from, to)
	return out
}

// sub returns list[from:to], and nothing of a list that is not in use.
func sub[T any](list []T, from, to int) []T {
	if to > len(list) {
		return nil
	}
	return list[from:to:to]
}

// advance forgets what was yielded, reads until there is a batch of whole partitions, and computes them.
func (w *window) advance(ctx context.Context) error {
	w.rows.forget(w.at)
	w.at, w.ready = 0, 0
	var r Rows
	for !w.ended && w.rows.whole() < column.BatchRows {
		ok, err := w.in.Next(ctx, &r)
		if err != nil {
			return err
		}
		if !ok {
			w.ended = true
			break
		}
		if err := w.add(&r); err != nil {
			return err
		}
	}
	end := w.rows.whole()
	if w.ended {
		end = w.rows.rows.N
	}
	if end == 0 {
		return nil
	}
	if err := w.compute(ctx, end); err != nil {
		return err
	}
	w.ready = end
	return nil
}

// whole returns how many rows are in partitions that are known to be complete.
func (g *gathered) whole() int {
	if len(g.starts) == 0 {
		return 0
	}
	return g.starts[len(g.starts)-1]
}

// add gathers the rows of a batch.
func (w *window) add(r *Rows) error {
	if err := w.keys.eval(w.expr, r, &w.keyOut); err != nil {
		return err
	}
	if err := w.args.eval(w.expr, r, &w.argOut); err != nil {
		return err
	}
	g := &w.rows
	from := g.rows.N
	appendRows(&g.rows, &r.Batch, r.Sel)
	appendRows(&g.keys, &w.keyOut, r.Sel)
	appendRows(&g.args, &w.argOut, r.Sel)
	for row := from; row < g.rows.N; row++ {
		if row == 0 || !g.same(row-1, row, 0, len(w.node.Partition)) {
			g.starts = append(g.starts, row)
		}
	}
	const word = 16 // a value with its share of the null flags and of what a growing slice leaves unused
	bytes := int64(g.rows.N) * int64(word*(len(g.rows.Vecs)+len(g.keys.Vecs)+len(g.args.Vecs)+len(w.node.Calls)))
	if bytes > w.taken {
		if err := w.budget.take(bytes - w.taken); err != nil {
			return err
		}
		w.taken = bytes
	}
	return nil
}

// same says whether two rows are equal in the keys [from, to).
func (g *gathered) same(a, b, from, to int) bool {
	for k := from; k < to; k++ {
		if !equalAt(&g.keys.Vecs[k], a, b) {
			return false
		}
	}
	return true
}

// equalAt says whether elements a and b are equal; NULLs are.
func equalAt(v *column.Vec, a, b int) bool {
	if v.Nulls != nil && (v.IsNull(a) || v.IsNull(b)) {
		return v.IsNull(a) == v.IsNull(b)
	}
	switch {
	case v.Const:
		return true
	case v.Kind.Rep() == value.RepInt:
		return v.I[a] == v.I[b]
	case v.Codes != nil && v.Codes[a] == v.Codes[b]:
		return true
	}
	return value.Compare(v.Value(a), v.Value(b)) == 0
}

// forget drops the first n rows, of which the partitions are done.
func (g *gathered) forget(n int) {
	if n == 0 {
		return
	}
	for _, b := range []*column.Batch{&g.rows, &g.keys, &g.args} {
		rest := b.N - n
		for i := range b.Vecs {
			var kept column.Vec
			kept.Reset(b.Vecs[i].Kind)
			kept.AppendVec(&b.Vecs[i], n, b.N)
			b.Vecs[i] = kept
		}
		b.N = rest
	}
	next := 0
	for next < len(g.starts) && g.starts[next] < n {
		next++
	}
	g.starts = append(g.starts[:0], g.starts[next:]...)
	for i := range g.starts {
		g.starts[i] -= n
	}
}

// compute fills the results for the rows before end, which are whole partitions.
func (w *window) compute(ctx context.Context, end int) error {
	g := &w.rows
	if g.results == nil {
		g.results = make([]column.Vec, len(w.node.Calls))
	}
	for i, c := range w.node.Calls {
		// Fresh memory: what was yielded before may still be in use above.
		g.results[i] = column.Vec{}
		g.results[i].Reset(c.Call.Type().Kind)
	}
	p := &partition{gathered: g, ctx: ctx, expr: w.expr, budget: w.budget, order: w.node.Order, firstKey: len(w.node.Partition)}
	defer func() { w.taken += p.taken }()
	for i, from := range g.starts {
		to := end
		if from >= end {
			break
		}
		if i+1 < len(g.starts) {
			to = g.starts[i+1]
		}
		p.begin(from, to)
		for k, f := range w.funcs {
			if err := f.partition(p, &g.results[k]); err != nil {
				return err
			}
		}
		if err := Canceled(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *window) Close() {
	w.budget.give(w.taken)
	w.keys.release()
	w.args.release()
	w.in.Close()
}
