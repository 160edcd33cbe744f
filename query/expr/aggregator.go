package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// AggState accumulates one aggregate for many groups, as arrays over group
// numbers. Not safe for concurrent use. Partial states of partitions are merged in
// partition order, so that sums of floats are repeatable.
type AggState interface {
	// Grow makes room for groups [0, n); n never shrinks.
	Grow(n int)
	// Add adds the selected rows of a batch of n rows. groups[i] is the group of row i, nil
	// for group 0 of all rows; args are indexed by row, or Const.
	Add(c *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error
	// Merge adds o, a state of the same aggregate: its group g to group mapping[g] (nil: g).
	Merge(o AggState, mapping []uint32) error
	// Result returns the aggregate of a group.
	Result(c *Context, group uint32) (value.Value, error)
	// Bytes is the memory used, for the statement's budget.
	Bytes() int64
}

// Aggregator computes one AggCall over batches: its arguments, FILTER, DISTINCT
// and ORDER BY, and the state. Not safe for concurrent use.
type Aggregator struct {
	call   *AggCall
	args   []node
	direct []node // direct arguments, when they read columns
	filter node
	state  AggState
	vecs   []*column.Vec
	sel    []int32
}

// NewAggregator returns an empty aggregator.
func NewAggregator(call *AggCall) *Aggregator {
	a := &Aggregator{call: call}
	for _, x := range call.Args {
		a.args = append(a.args, compile(x))
	}
	if call.Filter != nil {
		a.filter = compile(call.Filter)
	}
	if call.Func.OrderedSet {
		a.orderedSet()
		return a
	}
	// Without an ordered result, ORDER BY alone changes nothing.
	if call.Distinct || len(call.OrderBy) > 0 && call.Func.ordered {
		for _, k := range call.OrderBy {
			a.args = append(a.args, compile(k.Expr))
		}
		a.state = newSortedAgg(call)
	} else {
		a.state = call.Func.make(call)
	}
	a.vecs = make([]*column.Vec, len(a.args))
	return a
}

// Add adds the selected rows of a batch. groups[i] is the group of row i of the
// batch, nil when all rows are in group 0; all are below n.
func (a *Aggregator) Add(c *Context, in *column.Batch, sel []int32, groups []uint32, n int) error {
	a.state.Grow(n)
	if len(a.direct) > 0 {
		if err := a.addDirect(c, in, sel, groups); err != nil {
			return err
		}
	}
	if a.filter != nil {
		var err error
		if a.sel, err = filterNode(a.filter, c, in, sel, true, a.sel[:0]); err != nil {
			return err
		}
		sel = a.sel
	}
	for i, x := range a.args {
		v, err := x.eval(c, in, sel)
		if err != nil {
			return err
		}
		a.vecs[i] = v
	}
	return a.state.Add(c, a.vecs, in.N, sel, groups)
}

// Merge adds the groups of o, an aggregator of the same call: o's group g to group
// mapping[g], below n. A nil mapping means the same numbers. o is not used afterwards.
func (a *Aggregator) Merge(o *Aggregator, mapping []uint32, n int) error {
	a.state.Grow(n)
	return a.state.Merge(o.state, mapping)
}

// Grow makes room for n groups: a group without rows has the aggregate of no rows.
func (a *Aggregator) Grow(n int) { a.state.Grow(n) }

// Result returns the value of a group.
func (a *Aggregator) Result(c *Context, group uint32) (value.Value, error) {
	return a.state.Result(c, group)
}

// Bytes is the memory used.
func (a *Aggregator) Bytes() int64 { return a.state.Bytes() }
