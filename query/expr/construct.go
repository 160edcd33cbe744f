package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// What the planner makes of bound expressions.

// Operator returns a call of the best overload of a binary operator.
func (b *Binder) Operator(op string, l, r Expr, pos int) (Expr, error) {
	return b.callOperator(op, l, r, pos)
}

// RowOperator compares two rows of equal length.
func (b *Binder) RowOperator(op string, l, r []Expr, pos int) (Expr, error) {
	if op != "=" && op != "<>" {
		return nil, sqlerr.NotSupported("this comparison of rows is not supported").At(pos)
	}
	var list []Expr
	for i := range l {
		x, err := b.callOperator(op, l[i], r[i], pos)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	logic := ast.And
	if op == "<>" {
		logic = ast.Or
	}
	return &Logic{head: head{boolType, pos}, Op: logic, Args: list}, nil
}

// NewCoalesce returns COALESCE of expressions of one type.
func NewCoalesce(list []Expr, t value.Type, pos int) Expr {
	return &Coalesce{head: head{t, pos}, Args: list}
}
