package exec

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// aggregate groups the rows of its inputs, one input a fragment. Each fragment aggregates its own rows; the
// partial states are merged in the order of the fragments.
//
// Grouping sets are put in chains in which each set holds the next (a ROLLUP is one
// chain). Rows are aggregated for the first set of a chain only; the states of the others are
// merged from the set before, level by level.
type aggregate struct {
	in      []Operator
	expr    *expr.Context
	node    *plan.Aggregate
	chains  []chain
	workers int
	budget  *Budget
	taken   atomic.Int64 // from the budget, until the operator is closed

	results []*column.Batch // one a grouping set, nil before the first Next
	set     int
	at      int
	out     column.Batch
	idx     []uint32
}

// chain is a list of grouping sets, each a subset of the one before; numbers are those of the node.
type chain []int

func newAggregate(env *Env, in []Operator, n *plan.Aggregate) *aggregate {
	return &aggregate{in: in, expr: env.Expr, node: n, chains: chains(n.Sets), workers: env.Workers, budget: env.Budget}
}

// chains puts sets into as few chains as a greedy walk from large to small finds.
func chains(sets [][]int) []chain {
	order := make([]int, len(sets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(sets[b]) - len(sets[a]) })
	var out []chain
	for _, s := range order {
		at := slices.IndexFunc(out, func(c chain) bool { return contains(sets[c[len(c)-1]], sets[s]) })
		if at < 0 {
			out = append(out, chain{s})
		} else {
			out[at] = append(out[at], s)
		}
	}
	return out
}

func contains(big, small []int) bool {
	for _, k := range small {
		if !slices.Contains(big, k) {
			return false
		}
	}
	return true
}

// charge takes bytes from the statement's budget. A query inside another runs many times: Close gives them back.
func (a *aggregate) charge(n int64) error {
	a.taken.Add(n)
	return a.budget.take(n)
}

// partial is the state of one grouping set.
type partial struct {
	keys  []int // key numbers
	table *groupTable
	aggs  []*expr.Aggregator
}

func (a *aggregate) newPartial(set int) *partial {
	p := &partial{keys: a.node.Sets[set]}
	ks := make([]value.Kind, len(p.keys))
	for i, k := range p.keys {
		ks[i] = a.node.Keys[k].Expr.Type().Kind
	}
	p.table = newGroupTable(ks)
	for _, call := range a.node.Aggs {
		p.aggs = append(p.aggs, expr.NewAggregator(call))
	}
	return p
}

func (a *aggregate) Next(ctx context.Context, r *Rows) (bool, error) {
	if a.results == nil {
		if err := a.run(ctx); err != nil {
			return false, err
		}
	}
	for a.set < len(a.results) {
		b := a.results[a.set]
		if a.at >= b.N {
			a.results[a.set] = nil
			a.set, a.at = a.set+1, 0
			continue
		}
		n := min(b.N-a.at, column.BatchRows)
		if n == b.N {
			r.set(b, nil)
		} else {
			a.slice(b, a.at, n)
			r.set(&a.out, nil)
		}
		a.at += n
		return true, nil
	}
	return false, nil
}

func (a *aggregate) slice(b *column.Batch, from, n int) {
	a.idx = a.idx[:0]
	for i := range n {
		a.idx = append(a.idx, uint32(from+i))
	}
	if len(a.out.Vecs) != len(b.Vecs) {
		a.out.Vecs = make([]column.Vec, len(b.Vecs))
	}
	a.out.N = n
	for i := range b.Vecs {
		a.out.Vecs[i].Pick(&b.Vecs[i], a.idx)
	}
}

// run aggregates all input.
func (a *aggregate) run(ctx context.Context) error {
	parts := make([][]*partial, len(a.in))
	err := each(ctx, len(a.in), a.workers, func(ctx context.Context, i int) error {
		var err error
		parts[i], err = a.fragment(ctx, a.in[i])
		return err
	})
	if err != nil {
		return err
	}
	a.results = make([]*column.Batch, len(a.node.Sets))
	for c, ch := range a.chains {
		p := parts[0][c]
		for _, other := range parts[1:] {
			if err := p.merge(other[c], nil); err != nil {
				return err
			}
		}
		if err := a.finish(ch, p); err != nil {
			return err
		}
	}
	return nil
}

// fragment aggregates the rows of one input for the first set of each chain.
func (a *aggregate) fragment(ctx context.Context, in Operator) ([]*partial, error) {
	list := make([]*partial, len(a.chains))
	for i, c := range a.chains {
		list[i] = a.newPartial(c[0])
	}
	x := a.expr.Clone()
	keys := newProjection(a.node.Keys)
	defer keys.release()
	var r Rows
	var keyRows column.Batch
	var vecs []column.Vec
	var taken int64
	for {
		ok, err := in.Next(ctx, &r)
		if err != nil || !ok {
			return list, err
		}
		if err := keys.eval(x, &r, &keyRows); err != nil {
			return nil, err
		}
		var used int64
		for _, p := range list {
			vecs = vecs[:0]
			for _, k := range p.keys {
				vecs = append(vecs, keyRows.Vecs[k])
			}
			groups := p.table.add(vecs, r.N, r.Sel)
			for _, agg := range p.aggs {
				if err := agg.Add(x, &r.Batch, r.Sel, groups, p.table.n); err != nil {
					return nil, err
				}
				used += agg.Bytes()
			}
			used += p.table.bytes()
		}
		if used > taken {
			if err := a.charge(used - taken); err != nil {
				return nil, err
			}
			taken = used
		}
	}
}

// merge adds the groups of o, whose keys hold those of p; keep has the places of p's keys among o's, nil when they are
// the same.
func (p *partial) merge(o *partial, keep []int) error {
	mapping := make([]uint32, o.table.n)
	vecs := o.table.keys
	if keep != nil {
		vecs = make([]column.Vec, len(keep))
		for i, k := range keep {
			vecs[i] = o.table.keys[k]
		}
	}
	if len(vecs) > 0 {
		copy(mapping, p.table.add(vecs, o.table.n, nil))
	}
	for i, agg := range p.aggs {
		if err := agg.Merge(o.aggs[i], mapping, p.table.n); err != nil {
			return err
		}
	}
	return nil
}

// finish makes the results of the sets of a chain from the state of its first.
func (a *aggregate) finish(ch chain, p *partial) error {
	for i, set := range ch {
		var err error
		if a.results[set], err = a.result(set, p); err != nil {
			return err
		}
		if i+1 == len(ch) {
			break
		}
		next := a.newPartial(ch[i+1])
		keep := make([]int, len(next.keys))
		for j, k := range next.keys {
			keep[j] = slices.Index(p.keys, k)
		}
		if err := next.merge(p, keep); err != nil {
			return err
		}
		used := next.table.bytes()
		for _, agg := range next.aggs {
			used += agg.Bytes()
		}
		if err := a.charge(used); err != nil {
			return err
		}
		p = next
	}
	return nil
}

// result makes the rows of one grouping set: keys, aggregates, GROUPING() masks.
func (a *aggregate) result(set int, p *partial) (*column.Batch, error) {
	const word = 16 // a value with its share of the null flags and of what a growing slice leaves unused
	if err := a.charge(int64(p.table.n) * word * int64(len(a.node.Aggs))); err != nil {
		return nil, err
	}
	b := &column.Batch{N: p.table.n}
	for k, prog := range a.node.Keys {
		var v column.Vec
		if i := slices.Index(p.keys, k); i >= 0 {
			v = p.table.keys[i]
		} else {
			v.Reset(prog.Expr.Type().Kind)
			v.SetConst(value.Null(prog.Expr.Type().Kind))
		}
		b.Vecs = append(b.Vecs, v)
	}
	for i, agg := range p.aggs {
		agg.Grow(p.table.n)
		var v column.Vec
		v.Reset(a.node.Aggs[i].Type().Kind)
		for g := range p.table.n {
			x, err := agg.Result(a.expr, uint32(g))
			if err != nil {
				return nil, err
			}
			v.Append(x)
		}
		b.Vecs = append(b.Vecs, v)
	}
	for _, args := range a.node.Groupings {
		mask := int64(0)
		for _, k := range args {
			mask <<= 1
			if !slices.Contains(a.node.Sets[set], k) {
				mask |= 1
			}
		}
		var v column.Vec
		v.Reset(value.Int4)
		v.SetConst(value.NewInt(value.Int4, mask))
		b.Vecs = append(b.Vecs, v)
	}
	return b, nil
}

func (a *aggregate) Close() {
	a.budget.give(a.taken.Load())
	for _, op := range a.in {
		op.Close()
	}
}
