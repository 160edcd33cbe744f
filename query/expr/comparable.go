package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// RequireOrdering refuses to sort by what has no order: 42883.
func RequireOrdering(e Expr, pos int) error {
	if kindOf(e).Comparable() {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an ordering operator for type %s", kindOf(e)).
		WithHint("Use an explicit ordering operator or modify the query.").At(pos)
}

// RequireEquality refuses to group by, or to look for repeats of, what has no equality: 42883.
func RequireEquality(e Expr, pos int) error {
	if kindOf(e).Comparable() {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an equality operator for type %s", kindOf(e)).At(pos)
}

// comparableArrays refuses operators that compare the elements of arrays when those have no order: arrays of any kind have the
// operators, and PostgreSQL finds out when they are used.
func comparableArrays(op string, k value.Kind) error {
	if !k.IsArray() || k.Comparable() {
		return nil
	}
	switch op {
	case "=", "<>", "@>", "<@", "&&":
		return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an equality operator for type %s", k.Elem())
	case "<", "<=", ">", ">=":
		return sqlerr.New(sqlerr.UndefinedFunction, "could not identify a comparison function for type %s", k.Elem())
	}
	return nil
}
