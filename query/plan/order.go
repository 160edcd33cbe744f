package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindOrderBy binds the keys of ORDER BY.
func (q *query) bindOrderBy() error {
	for _, item := range q.stmt.OrderBy {
		k, err := sortDirection(item)
		if err != nil {
			return err
		}
		if k.expr, k.target, err = q.listEntry(item.Expr, "ORDER BY"); err != nil {
			return err
		}
		if err := expr.RequireOrdering(k.expr, item.Expr.Pos()); err != nil {
			return err
		}
		q.keys = append(q.keys, k)
	}
	return nil
}

// sortDirection returns a key without its expression.
func sortDirection(item *ast.SortItem) (sortKey, error) {
	k := sortKey{target: -1}
	switch item.Dir {
	case ast.SortDesc:
		k.desc = true
	case ast.SortUsing:
		switch item.UsingOp {
		case "<":
		case ">":
			k.desc = true
		default:
			return k, sqlerr.New(sqlerr.WrongObjectType, "operator %s is not a valid ordering operator", item.UsingOp).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").At(item.Pos())
		}
	}
	k.nullsFirst = item.Nulls == ast.NullsFirst || item.Nulls == ast.NullsDefault && k.desc
	return k, nil
}

// listEntry binds an entry of ORDER BY or DISTINCT ON: a position or name of the select list, or an
// expression over the input. It returns the index of the target that it is, or -1.
func (q *query) listEntry(e ast.Expr, clause string) (expr.Expr, int, error) {
	if i, ok, err := q.byPosition(e, clause); ok || err != nil {
		if err != nil {
			return nil, 0, err
		}
		return q.targets[i].expr, i, nil
	}
	if name, ok := plainName(e); ok {
		i, err := q.byName(name, e, clause)
		if err != nil {
			return nil, 0, err
		}
		if i >= 0 {
			return q.targets[i].expr, i, nil
		}
	}
	x, err := q.aggregateBinder(clause).BindText(e)
	if err != nil {
		return nil, 0, err
	}
	return x, q.targetOf(x), nil
}

// targetOf returns the index of the target that computes e, or -1.
func (q *query) targetOf(e expr.Expr) int {
	for i := range q.targets {
		if expr.Equal(q.targets[i].expr, e) {
			return i
		}
	}
	return -1
}

// byPosition resolves a position in the select list; ok says whether e is one.
func (q *query) byPosition(e ast.Expr, clause string) (index int, ok bool, err error) {
	c, isConst := e.(*ast.Const)
	if !isConst {
		return 0, false, nil
	}
	if c.Kind != ast.Int {
		return 0, false, sqlerr.New(sqlerr.SyntaxError, "non-integer constant in %s", clause).At(e.Pos())
	}
	if c.Int < 1 || c.Int > int64(len(q.targets)) {
		return 0, false, sqlerr.New(sqlerr.InvalidColumnReference, "%s position %d is not in select list", clause, c.Int).At(e.Pos())
	}
	return int(c.Int - 1), true, nil
}

// plainName returns the name of an unqualified column reference.
func plainName(e ast.Expr) (string, bool) {
	ref, ok := e.(*ast.ColumnRef)
	if !ok || ref.Star || len(ref.Parts) != 1 {
		return "", false
	}
	return ref.Parts[0].Name, true
}

// byName finds the target with an output name, -1 when there is none.
func (q *query) byName(name string, e ast.Expr, clause string) (int, error) {
	found := -1
	for i := range q.targets {
		if q.targets[i].Name != name {
			continue
		}
		if found >= 0 && !expr.Equal(q.targets[found].expr, q.targets[i].expr) {
			return 0, sqlerr.New(sqlerr.AmbiguousColumn, "%s %q is ambiguous", clause, name).At(e.Pos())
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// bindDistinct checks the keys of ORDER BY against DISTINCT and binds DISTINCT ON.
func (q *query) bindDistinct() error {
	s := q.stmt
	if !s.Distinct {
		return nil
	}
	if len(s.DistinctOn) == 0 {
		for _, t := range q.targets {
			if err := expr.RequireEquality(t.expr, t.expr.Pos()); err != nil {
				return err
			}
		}
		for i, k := range q.keys {
			if k.target < 0 {
				return sqlerr.New(sqlerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").
					At(s.OrderBy[i].Expr.Pos())
			}
		}
		return nil
	}
	var at []int // where each of q.on is written
	for _, e := range s.DistinctOn {
		x, _, err := q.listEntry(e, "DISTINCT ON")
		if err == nil {
			err = expr.RequireEquality(x, e.Pos())
		}
		if err != nil {
			return err
		}
		if !containsExpr(q.on, x) {
			q.on = append(q.on, x)
			at = append(at, e.Pos())
		}
	}
	return q.matchDistinctOn(at)
}

// matchDistinctOn checks that the first keys of ORDER BY are those of DISTINCT ON.
func (q *query) matchDistinctOn(at []int) error {
	mismatch := func(i int) error {
		return sqlerr.New(sqlerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(at[i])
	}
	other := false // a key that is not in DISTINCT ON was there
	for n, k := range q.keys {
		if keyBefore(q.keys[:n], k.expr) {
			continue // it orders nothing
		}
		i := indexOfExpr(q.on, k.expr)
		if i >= 0 && other {
			return mismatch(i)
		}
		other = other || i < 0
	}
	for i, e := range q.on {
		if other && !keyBefore(q.keys, e) {
			return mismatch(i)
		}
	}
	return nil
}

func keyBefore(keys []sortKey, e expr.Expr) bool {
	for _, k := range keys {
		if expr.Equal(k.expr, e) {
			return true
		}
	}
	return false
}

func containsExpr(list []expr.Expr, e expr.Expr) bool { return indexOfExpr(list, e) >= 0 }

func indexOfExpr(list []expr.Expr, e expr.Expr) int {
	for i, x := range list {
		if expr.Equal(x, e) {
			return i
		}
	}
	return -1
}
