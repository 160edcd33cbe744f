package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// An index on an expression is one on a hidden generated column, whose text is the expression's. A condition or a sort key over a
// scan that has that text reads the column instead; then everything that finds an index for a column finds this one.

// indexedExpr is an expression over a table's whole row that a hidden column holds.
type indexedExpr struct {
	num  int16
	expr expr.Expr
}

// indexedExprs lists the expressions on which a table has indexes.
func indexedExprs(t *schema.Table, style *value.Style) []indexedExpr {
	var list []indexedExpr
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Hidden || c.Generated == "" || !inIndexColumns(t, c.Num) {
			continue
		}
		if e, err := StoredExpr(t, c.Generated, style); err == nil { // it was bound when the index was made
			list = append(list, indexedExpr{c.Num, e})
		}
	}
	return list
}

func inIndexColumns(t *schema.Table, num int16) bool {
	return slices.ContainsFunc(t.Indexes, func(x *schema.Index) bool {
		return slices.ContainsFunc(x.Columns, func(c schema.IndexColumn) bool { return c.Num == num })
	})
}

// useIndexedExprs replaces in an expression over the whole row of a table what hidden columns hold by those columns.
func useIndexedExprs(e expr.Expr, list []indexedExpr) expr.Expr {
	if len(list) == 0 {
		return e
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if _, ok := x.(*expr.Column); ok {
			return x
		}
		for _, c := range list {
			if expr.Equal(x, c.expr) {
				return expr.NewColumn(int(c.num)-1, x.Type(), c.expr.String(), ast.NoPos)
			}
		}
		return x
	})
}

// predicateImplied says whether conditions over the whole row of a table, of which all are true, make the predicate of an index true: each part
// of it must be one of them, or NOT NULL of a column that one of them compares.
func predicateImplied(t *schema.Table, x *schema.Index, conds []expr.Expr, style *value.Style) (bool, error) {
	if x.Filter == 0 {
		return true, nil
	}
	pred, err := StoredExpr(t, t.ColumnByNum(x.Filter).Generated, style)
	if err != nil {
		return false, err
	}
	for _, p := range expr.Conjuncts(pred) {
		if !slices.ContainsFunc(conds, func(c expr.Expr) bool { return expr.Equal(p, c) || impliesNotNull(c, p) }) {
			return false, nil
		}
	}
	return true, nil
}

// impliesNotNull says whether p is column IS NOT NULL and c a comparison that is true for no NULL in the column.
func impliesNotNull(c, p expr.Expr) bool {
	n, ok := p.(*expr.NullTest)
	if !ok || !n.Not {
		return false
	}
	col, ok := n.Arg.(*expr.Column)
	if !ok {
		return false
	}
	is := func(e expr.Expr) bool {
		x, ok := expr.Unrelabel(e).(*expr.Column)
		return ok && x.Index == col.Index
	}
	switch c := c.(type) {
	case *expr.Call:
		return c.Func.Op != "" && c.Func.Strict && slices.ContainsFunc(c.Args, is)
	case *expr.InList:
		return !c.Not && is(c.Arg)
	}
	return false
}
