package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
)

// requireOrdering returns 42883 for an expression whose type has no order: json.
func requireOrdering(e expr.Expr, pos int) error {
	if e.Type().Kind.Comparable() {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an ordering operator for type %s", e.Type().Kind).
		WithHint("Use an explicit ordering operator or modify the query.").At(pos)
}

// requireEquality is requireOrdering for what is only grouped.
func requireEquality(e expr.Expr, pos int) error {
	if e.Type().Kind.Comparable() {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an equality operator for type %s", e.Type().Kind).At(pos)
}
