package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// What the planner makes of bound expressions.

// Operator returns a call of the best overload of a binary operator.
func (b *Binder) Operator(op string, l, r Expr, pos int) (Expr, error) {
	return b.callOperator(op, l, r, pos)
}

// NewCoalesce returns COALESCE of expressions of one type.
func NewCoalesce(list []Expr, t value.Type, pos int) Expr {
	return &Coalesce{head: head{t, pos}, Args: list}
}
