package expr

import (
	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/value"
)

// WindowFunc is one overload of a function that only OVER a window has a value. Immutable.
type WindowFunc struct {
	Name string
	Kind WindowKind
	Args []value.Kind
	Ret  value.Kind
}

// WindowKind says which window function it is.
type WindowKind uint8

// The window functions. The last three look at the frame of a row, the others at its partition.
const (
	RowNumber WindowKind = iota
	Rank
	DenseRank
	PercentRank
	CumeDist
	Ntile
	Lag
	Lead
	FirstValue
	LastValue
	NthValue
)

// ReadsFrame says whether the function's value depends on the frame.
func (k WindowKind) ReadsFrame() bool { return k >= FirstValue }

// ReadsPeers says whether the function's value depends on which rows are peers in the order.
func (k WindowKind) ReadsPeers() bool { return k >= Rank && k <= CumeDist }

// WindowCall is a call of a window function, or of an aggregate, OVER a window. It cannot be
// evaluated as an expression: the planner puts a Column of a window operation's output in its place.
type WindowCall struct {
	head
	// Func is nil when Agg is set. Args are the arguments of Func.
	Func *WindowFunc
	Args []Expr
	// Agg is the aggregate, with its own arguments and FILTER. It is no operand of the call, so that
	// HasAggregate does not find it; what is aggregated within its arguments is.
	Agg *AggCall
	// Window numbers the windows of the query: calls of one query with the same window have the same number.
	Window int
}

// Inputs are the expressions over the rows of the window that the call reads: arguments and FILTER.
func (e *WindowCall) Inputs() []Expr { return operands(e) }

func (e *WindowCall) children(f func(Expr)) {
	if e.Agg != nil {
		e.Agg.children(f)
		return
	}
	each(e.Args, f)
}

func (e *WindowCall) rebuild(f func(Expr) Expr) Expr {
	c := *e
	if e.Agg != nil {
		c.Agg = e.Agg.rebuild(f).(*AggCall)
		if c.Agg == e.Agg {
			return e
		}
		return &c
	}
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c.Args = args
	return &c
}

func (e *WindowCall) same(o Expr) bool {
	x, ok := o.(*WindowCall)
	if !ok || x.Window != e.Window || x.Func != e.Func || (x.Agg == nil) != (e.Agg == nil) || len(x.Args) != len(e.Args) {
		return false
	}
	return e.Agg == nil || e.Agg.same(x.Agg)
}

func (e *WindowCall) eval(*Context, []value.Value) (value.Value, error) {
	invariant.Violated("window function %s evaluated as an expression", e.Name())
	return value.Value{}, nil
}

// Name is the function's name.
func (e *WindowCall) Name() string {
	if e.Agg != nil {
		return e.Agg.Func.Name
	}
	return e.Func.Name
}

func (e *WindowCall) String() string { return deparse(e) }

func (e *WindowCall) deparse(d *deparser) {
	if e.Agg != nil {
		d.expr(e.Agg)
	} else {
		d.WriteString(e.Func.Name + "(")
		d.list(e.Args, ", ")
		d.WriteString(")")
	}
	d.WriteString(" OVER (?)") // as PostgreSQL's EXPLAIN
}

// HasWindow says whether e contains a call of a window function.
func HasWindow(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*WindowCall); ok {
			found = true
		}
		return !found
	})
	return found
}
