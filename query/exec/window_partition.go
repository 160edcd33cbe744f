package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// partition is the rows of one partition among those that are gathered. Its rows are numbered from 0.
type partition struct {
	*gathered
	ctx      context.Context
	expr     *expr.Context
	budget   *Budget
	taken    int64 // for results and states, until the operator is closed
	order    []plan.SortKey
	firstKey int // of the order among the keys

	from, n int
	// groups are the first rows of the groups of peers, and then n; group is the number of each row's.
	groups []int
	group  []int32
	known  bool // groups is this partition's
}

// begin moves to the rows [from, to).
func (p *partition) begin(from, to int) { p.from, p.n, p.known = from, to-from, false }

// peers finds the groups of peers. Without an order all rows are peers.
func (p *partition) peers() {
	if p.known {
		return
	}
	p.known = true
	p.groups = append(p.groups[:0], 0)
	p.group = p.group[:0]
	to := p.firstKey + len(p.order)
	for row := range p.n {
		if row > 0 && !p.same(p.from+row-1, p.from+row, p.firstKey, to) {
			p.groups = append(p.groups, row)
		}
		p.group = append(p.group, int32(len(p.groups)-1))
	}
	p.groups = append(p.groups, p.n)
}

// peersOf returns the rows [first, end) that are peers of a row, itself included.
func (p *partition) peersOf(row int) (first, end int) {
	p.peers()
	g := p.group[row]
	return p.groups[g], p.groups[g+1]
}

// arg returns an argument's value at a row.
func (p *partition) arg(i, row int) value.Value { return p.args.Vecs[i].Value(p.from + row) }

// charge takes bytes from the statement's budget.
func (p *partition) charge(n int64) error {
	if err := p.budget.take(n); err != nil {
		return err
	}
	p.taken += n
	return nil
}

// windowFunc is one call of a window function.
type windowFunc interface {
	// prepare is called once, before there are rows.
	prepare(c *expr.Context) error
	// partition appends the value of each row of a partition.
	partition(p *partition, out *column.Vec) error
}

// newWindowFunc makes the function of a call of which the arguments begin at firstArg.
func newWindowFunc(c *plan.WindowCall, firstArg int) windowFunc {
	if c.Call.Agg != nil {
		return newWindowAggregate(c, firstArg)
	}
	kind := c.Call.Func.Kind
	switch {
	case kind.ReadsFrame():
		return &frameValue{kind: kind, arg: firstArg, frames: frames{Frame: c.Frame}}
	case kind == expr.Lag || kind == expr.Lead:
		return &neighbour{ahead: kind == expr.Lead, arg: firstArg, args: len(c.Call.Args)}
	case kind == expr.Ntile:
		return &ntile{arg: firstArg}
	}
	return ranking(kind)
}
