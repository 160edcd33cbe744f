package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
)

// Program is an expression compiled for evaluation over batches. It owns the
// vectors that it returns and reuses them: a result is valid until the program
// runs again. Not safe for concurrent use; Clone makes one for another goroutine.
type Program struct {
	expr Expr
	root node
}

// node computes one expression for the selected rows of a batch. The result is
// indexed by row number of the batch, or Const.
type node interface {
	eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error)
}

// filter is a node that can keep rows without making a vector of booleans.
type filter interface {
	node
	// filter appends to dst the selected rows for which the predicate is want: true,
	// or false (which a NULL is not). dst may be sel[:0].
	filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error)
}

// Compile makes a program of an expression without aggregates.
func Compile(e Expr) *Program { return &Program{expr: e, root: compile(e)} }

// Clone returns a program for another goroutine.
func (p *Program) Clone() *Program { return Compile(p.expr) }

// Expr returns the expression.
func (p *Program) Expr() Expr { return p.expr }

// Eval computes the expression for the selected rows of a batch (nil: all). The
// vector is indexed by row number of the batch, only selected rows are
// meaningful, and it may be one of the batch's own.
func (p *Program) Eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	return p.root.eval(c, in, sel)
}

// Filter appends to dst the selected rows for which a boolean expression is true,
// in ascending order. dst may be sel[:0]. The result is never nil.
func (p *Program) Filter(c *Context, in *column.Batch, sel []int32, dst []int32) ([]int32, error) {
	return filterNode(p.root, c, in, sel, true, dst)
}
