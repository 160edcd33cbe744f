package plan

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Window yields the columns of its input and after them the values of window functions. The input comes
// sorted by Partition and then by Order; rows stay in that order.
type Window struct {
	In Node
	// Partition are the keys of PARTITION BY: rows equal in them are one partition.
	Partition []*Program
	// Order are the keys of ORDER BY: rows of a partition equal in them are peers.
	Order []SortKey
	Calls []WindowCall
}

// WindowCall is one column that a Window adds.
type WindowCall struct {
	Call  *expr.WindowCall // its arguments are columns of the input
	Frame Frame
}

// Frame says which rows of the partition, seen from a row, an aggregate or first_value is over.
type Frame struct {
	Mode       ast.FrameMode
	Start, End ast.BoundKind
	// StartOffset and EndOffset have one value for the statement; nil where the bound has none.
	StartOffset, EndOffset expr.Expr
	Exclude                ast.FrameExclusion
	// Bound compares with the offsets of a RANGE frame.
	Bound expr.RangeBound
}

// defaultFrame is the frame of a window without one: RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
var defaultFrame = Frame{Mode: ast.FrameRange, Start: ast.UnboundedPreceding, End: ast.CurrentRow}

// Types implements Node.
func (n *Window) Types() []value.Type {
	types := append([]value.Type(nil), n.In.Types()...)
	for _, c := range n.Calls {
		types = append(types, c.Call.Type())
	}
	return types
}

// Inputs implements Node.
func (n *Window) Inputs() []Node { return []Node{n.In} }

// mapExprs replaces each expression of the node.
func (n *Window) mapExprs(f func(expr.Expr) expr.Expr) {
	mapPrograms(n.Partition, f)
	for _, k := range n.Order {
		k.Program.Expr = f(k.Program.Expr)
	}
	for i := range n.Calls {
		c := &n.Calls[i]
		c.Call = expr.Rewrite(c.Call, func(x expr.Expr) expr.Expr {
			if x == expr.Expr(c.Call) {
				return x
			}
			return f(x)
		}).(*expr.WindowCall)
		if c.Frame.StartOffset != nil {
			c.Frame.StartOffset = f(c.Frame.StartOffset)
		}
		if c.Frame.EndOffset != nil {
			c.Frame.EndOffset = f(c.Frame.EndOffset)
		}
	}
}
