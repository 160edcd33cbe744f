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
func indexedExprs(t *schema.Table) []indexedExpr {
	var list []indexedExpr
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Hidden || c.Generated == "" || !inIndexColumns(t, c.Num) {
			continue
		}
		if e, err := StoredExpr(t, c.Generated, nil); err == nil { // it was bound when the index was made
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

// useExpressionIndexes makes conditions of scans, and sorts right over them, read the hidden columns of indexes. Scans yield all columns
// of their tables still.
func useExpressionIndexes(n Node) {
	switch n := n.(type) {
	case nil:
		return
	case *Scan:
		n.useIndexedExprs()
		return
	case *Sort:
		if s, ok := n.In.(*Scan); ok && s.whole() {
			if list := indexedExprs(s.Table); len(list) > 0 {
				for _, k := range n.Keys {
					k.Program.Expr = useIndexedExprs(k.Program.Expr, list)
				}
			}
		}
	}
	for _, in := range n.Inputs() {
		useExpressionIndexes(in)
	}
}

// useIndexedExprs makes the conditions of a scan of all columns read the hidden columns of indexes.
func (s *Scan) useIndexedExprs() {
	if len(s.Where) == 0 || !s.whole() {
		return
	}
	if list := indexedExprs(s.Table); len(list) > 0 {
		mapPrograms(s.Where, func(e expr.Expr) expr.Expr { return useIndexedExprs(e, list) })
	}
}

// whole says whether column i of the scan is the table's column i+1.
func (s *Scan) whole() bool {
	if len(s.Cols) != len(s.Table.Columns) {
		return false
	}
	for i, num := range s.Cols {
		if int(num) != i+1 {
			return false
		}
	}
	return true
}

// partialIndex is a partial index with the parts of its predicate, over the row of a scan.
type partialIndex struct {
	index *schema.Index
	parts []expr.Expr
}

// partialIndexes binds the predicates of the partial indexes of a scan's table that read nothing but what the scan yields.
func (s *Scan) partialIndexes() []partialIndex {
	var list []partialIndex
	for _, x := range s.Table.Indexes {
		if x.Filter == 0 {
			continue
		}
		pred, err := StoredExpr(s.Table, s.Table.ColumnByNum(x.Filter).Generated, nil)
		if err != nil {
			continue // of a type that only the session knows
		}
		place := make([]int, len(s.Table.Columns))
		missing := false
		expr.Columns(pred, func(i int) {
			place[i] = slices.Index(s.Cols, int16(i+1))
			missing = missing || place[i] < 0
		})
		if !missing {
			list = append(list, partialIndex{x, expr.Conjuncts(moveColumns(pred, place))})
		}
	}
	return list
}

// notePartialIndexes gives the scans of a tree, whose columns are those that they will keep, their partial indexes.
func notePartialIndexes(n Node) {
	switch n := n.(type) {
	case nil:
		return
	case *Scan:
		n.partial = n.partialIndexes()
		return
	case *Sort:
		if n.Narrow != nil {
			notePartialIndexes(n.Narrow)
		}
	}
	for _, in := range n.Inputs() {
		notePartialIndexes(in)
	}
}

// impliedBy says whether conditions over the row of the scan, of which all are true, make the predicate true.
func (p *partialIndex) impliedBy(conds []expr.Expr) bool { return implied(p.parts, conds) }

// implied says whether all parts are among the conditions, or follow from one of them.
func implied(parts, conds []expr.Expr) bool {
	for _, p := range parts {
		if !slices.ContainsFunc(conds, func(c expr.Expr) bool { return expr.Equal(p, c) || impliesNotNull(c, p) || impliesRange(c, p) }) {
			return false
		}
	}
	return true
}

// impliesRange says whether a comparison of a column with a constant follows from another one of the same column.
func impliesRange(c, p expr.Expr) bool {
	want, ok := constrain(p)
	if !ok || want.loose || want.kind != isBetween && want.kind != isOneOf {
		return false
	}
	has, ok := constrain(c)
	if !ok || has.column != want.column {
		return false
	}
	within := func(v value.Value, inclusive bool) bool {
		if !want.sameKind(v.Kind()) {
			return false
		}
		if want.kind == isOneOf {
			return inclusive && slices.ContainsFunc(want.values, func(w value.Value) bool { return value.Equal(v, w) })
		}
		lo := !want.lo.set || value.Compare(v, want.lo.value) > 0 || value.Compare(v, want.lo.value) == 0 && (want.lo.inclusive || !inclusive)
		hi := !want.hi.set || value.Compare(v, want.hi.value) < 0 || value.Compare(v, want.hi.value) == 0 && (want.hi.inclusive || !inclusive)
		return lo && hi
	}
	switch has.kind {
	case isOneOf:
		return !slices.ContainsFunc(has.values, func(v value.Value) bool { return !within(v, true) })
	case isBetween:
		if want.kind == isOneOf {
			return false
		}
		lo := !want.lo.set || has.lo.set && within(has.lo.value, has.lo.inclusive)
		hi := !want.hi.set || has.hi.set && within(has.hi.value, has.hi.inclusive)
		return lo && hi
	}
	return false
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
	return implied(expr.Conjuncts(pred), conds), nil
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
