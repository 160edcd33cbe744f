package expr

import (
	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/value"
)

// AggFunc is one overload of an aggregate function. Immutable.
type AggFunc struct {
	Name string
	Args []value.Kind // pseudo kinds included; empty for count(*)
	Ret  value.Kind
	// OrderedSet marks the aggregates that are called with WITHIN GROUP (ORDER BY ...): the first Direct kinds of
	// Args are the direct arguments', the others the sort keys'. A call keeps them in AggCall.Direct and
	// AggCall.OrderBy, coerced to these kinds, and has no AggCall.Args.
	OrderedSet bool
	Direct     int
	// Hypothetical marks rank and its kin, of any number of sort keys: one direct argument for each, with which it
	// has a common type. Direct and Args are then 0 and empty. They are window functions as well.
	Hypothetical bool
	// ordered says that the result depends on the order of input, so that DISTINCT
	// input comes sorted.
	ordered bool
	// final computes an ordered-set aggregate over the sorted rows of a group; make is nil then.
	final func(c *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error)
	// make returns an empty state for a call whose arguments have the kinds args.
	make func(call *AggCall) AggState
}

// AggCall is a call of an aggregate. It cannot be evaluated as an expression: the
// planner puts a Column of the aggregation's output in its place (Rewrite), and
// an Aggregator computes it.
type AggCall struct {
	head
	Func *AggFunc
	Args []Expr
	// Direct are the direct arguments of an ordered-set aggregate. They have one value in a group: the planner sees
	// to it that they read grouped columns only.
	Direct   []Expr
	Distinct bool
	OrderBy  []SortKey
	Filter   Expr // nil without
}

// SortKey is one key of an ORDER BY inside an aggregate.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

func (e *AggCall) children(f func(Expr)) {
	each(e.Args, f)
	each(e.Direct, f)
	for _, k := range e.OrderBy {
		f(k.Expr)
	}
	if e.Filter != nil {
		f(e.Filter)
	}
}

func (e *AggCall) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	direct, other := rebuildList(e.Direct, f)
	changed = changed || other
	c := *e
	c.Args, c.Direct = args, direct
	if len(e.OrderBy) > 0 {
		c.OrderBy = make([]SortKey, len(e.OrderBy))
		for i, k := range e.OrderBy {
			x := f(k.Expr)
			changed = changed || x != k.Expr
			k.Expr = x
			c.OrderBy[i] = k
		}
	}
	if e.Filter != nil {
		c.Filter = f(e.Filter)
		changed = changed || c.Filter != e.Filter
	}
	if !changed {
		return e
	}
	return &c
}

func (e *AggCall) same(o Expr) bool {
	x, ok := o.(*AggCall)
	if !ok || x.Func != e.Func || x.Distinct != e.Distinct || len(x.Args) != len(e.Args) || len(x.Direct) != len(e.Direct) ||
		len(x.OrderBy) != len(e.OrderBy) || (x.Filter == nil) != (e.Filter == nil) {
		return false
	}
	for i, k := range e.OrderBy {
		if k.Desc != x.OrderBy[i].Desc || k.NullsFirst != x.OrderBy[i].NullsFirst {
			return false
		}
	}
	return true
}

func (e *AggCall) eval(*Context, []value.Value) (value.Value, error) {
	invariant.Violated("aggregate %s evaluated as an expression", e.Func.Name)
	return value.Value{}, nil
}
