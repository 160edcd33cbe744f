package tidb

import (
	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/rewrite"
)

// query converts SELECT, VALUES or a set operation.
func (c *converter) query(n tast.Node) *ast.SelectStmt {
	switch n := n.(type) {
	case *tast.SelectStmt:
		return c.selectStmt(n)
	case *tast.SetOprStmt:
		return c.setOp(n.SelectList.Selects, n.With, n.OrderBy, n.Limit)
	case *tast.SetOprSelectList:
		if len(n.Selects) == 1 { // one in parentheses; what is on n is on it too
			return c.query(n.Selects[0])
		}
		return c.setOp(n.Selects, n.With, n.OrderBy, n.Limit)
	case *tast.SubqueryExpr:
		return c.query(n.Query)
	}
	fail("%T for a query", n)
	return nil
}

// setOp folds a flat list of operands to the left. No list mixes INTERSECT with
// the others, see rewrite.
func (c *converter) setOp(list []tast.Node, with *tast.WithClause, order *tast.OrderByClause, limit *tast.Limit) *ast.SelectStmt {
	w := c.with(with)
	left := c.query(list[0])
	for _, n := range list[1:] {
		right := c.query(n)
		op, all := setOperator(n)
		left = &ast.SelectStmt{Offset: left.Offset, SetOp: op, All: all, Left: left, Right: right}
	}
	left.With = w
	c.tail(left, order, limit)
	return left
}

// setOperator returns the operator before an operand of a list.
func setOperator(n tast.Node) (op ast.SetOp, all bool) {
	var t *tast.SetOprType
	switch n := n.(type) {
	case *tast.SelectStmt:
		t = n.AfterSetOperator
	case *tast.SetOprSelectList:
		t = n.AfterSetOperator
	}
	if t == nil {
		fail("no set operator on %T", n)
	}
	switch *t {
	case tast.Union:
		return ast.Union, false
	case tast.UnionAll:
		return ast.Union, true
	case tast.Except:
		return ast.Except, false
	case tast.ExceptAll:
		return ast.Except, true
	case tast.Intersect:
		return ast.Intersect, false
	case tast.IntersectAll:
		return ast.Intersect, true
	}
	fail("set operator %d", *t)
	return 0, false
}

// selectStmt converts SELECT or VALUES into the statement that the note holds.
func (c *converter) selectStmt(n *tast.SelectStmt) *ast.SelectStmt {
	w := c.with(n.With)
	var s *ast.SelectStmt
	if n.Kind == tast.SelectStmtKindValues {
		s = c.values(n.Lists)
	} else {
		s = c.rw.Select(n.Fields.Fields[0].Offset)
		if s == nil {
			fail("SELECT without a note")
		}
		c.fields(s, n.Fields.Fields)
		s.From = c.from(n.From)
		c.clauses(s, n)
	}
	s.With = w
	c.tail(s, n.OrderBy, n.Limit)
	return s
}

// fields puts the expressions into the targets. A star is there already, and a
// field that converts to nil is DISTINCT ON or stands for an empty list.
func (c *converter) fields(s *ast.SelectStmt, fields []*tast.SelectField) {
	i := 0
	for _, f := range fields {
		if f.WildCard == nil {
			e := c.expr(f.Expr)
			if e == nil {
				continue
			}
			s.Targets[i].Expr = e
		}
		i++
	}
	if i != len(s.Targets) && i != 0 {
		fail("%d fields for %d targets", i, len(s.Targets))
	}
}

func (c *converter) clauses(s *ast.SelectStmt, n *tast.SelectStmt) {
	if n.Where != nil {
		s.Where = c.expr(n.Where)
	}
	if n.GroupBy != nil {
		for _, item := range n.GroupBy.Items {
			s.GroupBy = append(s.GroupBy, c.expr(item.Expr))
		}
	}
	if n.Having != nil {
		s.Having = c.expr(n.Having.Expr)
	}
	for i := range n.WindowSpecs {
		spec := &n.WindowSpecs[i]
		note := c.note(spec.Name.O)
		if note == nil || note.Build == nil {
			fail("window %q", spec.Name.O)
		}
		var args []ast.Expr
		for _, item := range spec.PartitionBy.Items {
			args = append(args, c.expr(item.Expr))
		}
		note.Build(args)
	}
}

// tail converts ORDER BY and LIMIT, with what a marker among the sort keys adds.
func (c *converter) tail(s *ast.SelectStmt, order *tast.OrderByClause, limit *tast.Limit) {
	if order != nil {
		for _, item := range order.Items {
			c.sortKey(s, item)
		}
	}
	if limit != nil {
		s.Limit = c.expr(limit.Count)
		if limit.Offset != nil {
			s.LimitOffset = c.expr(limit.Offset)
		}
	}
}

func (c *converter) sortKey(s *ast.SelectStmt, item *tast.ByItem) {
	note, args := c.markerCall(item.Expr)
	if note != nil {
		switch n := note.Node.(type) {
		case *rewrite.Tail:
			c.tailMarker(s, n, args)
			return
		case *ast.SortItem:
			n.Expr = c.expr(args[0])
			n.Offset = ast.Offset(n.Expr.Pos())
			s.OrderBy = append(s.OrderBy, n)
			return
		}
	}
	out := &ast.SortItem{Expr: c.expr(item.Expr)}
	out.Offset = ast.Offset(out.Expr.Pos())
	switch {
	case item.Desc:
		out.Dir = ast.SortDesc
	case !item.NullOrder: // a direction was written
		out.Dir = ast.SortAsc
	}
	s.OrderBy = append(s.OrderBy, out)
}

func (c *converter) tailMarker(s *ast.SelectStmt, t *rewrite.Tail, args []tast.ExprNode) {
	if t.HasLimit {
		s.Limit, args = c.expr(args[0]), args[1:]
	}
	if t.HasOffset {
		s.LimitOffset = c.expr(args[0])
	}
	s.WithTies = t.WithTies
	s.Locking = t.Locking
}

// values converts the rows that are in the text; the others are there already.
func (c *converter) values(lists []*tast.RowExpr) *ast.SelectStmt {
	note, args := c.markerCall(lists[0].Values[0])
	if note == nil {
		fail("VALUES without a note")
	}
	s, ok := note.Node.(*ast.SelectStmt)
	if !ok {
		fail("VALUES with a note of %T", note.Node)
	}
	lists[0].Values[0] = args[0]
	rows := s.Values.Rows
	for i := range rows {
		if rows[i] != nil {
			continue
		}
		if len(lists) == 0 {
			fail("too few rows")
		}
		rows[i], lists = c.exprs(lists[0].Values), lists[1:]
	}
	if len(lists) != 0 {
		fail("too many rows")
	}
	return s
}

func (c *converter) with(n *tast.WithClause) *ast.WithClause {
	if n == nil {
		return nil
	}
	var with *ast.WithClause
	for _, t := range n.CTEs {
		cte := node[*rewrite.CTE](c, t.Name.O)
		with = cte.With
		if !cte.Changes {
			cte.CTE.Query = c.query(t.Query)
		}
	}
	return with
}

// from converts FROM; a comma is a join without ON, which leans to the left.
func (c *converter) from(n *tast.TableRefsClause) []ast.FromItem {
	if n == nil {
		return nil
	}
	var list []ast.FromItem
	refs := n.TableRefs
	var rights []tast.ResultSetNode
	var first tast.ResultSetNode = refs
	for {
		j, ok := first.(*tast.Join)
		if !ok || j.On != nil || j.ExplicitParens && j.Right != nil {
			break
		}
		if j.Right != nil {
			rights = append(rights, j.Right)
		}
		first = j.Left
	}
	if !isDummy(first) {
		list = append(list, c.fromItem(first))
	}
	for i := len(rights) - 1; i >= 0; i-- {
		list = append(list, c.fromItem(rights[i]))
	}
	return list
}

// isDummy reports whether n is the table that stands for no FROM at all.
func isDummy(n tast.ResultSetNode) bool {
	if ts, ok := n.(*tast.TableSource); ok {
		if t, ok := ts.Source.(*tast.TableName); ok {
			return t.Name.O == rewrite.Marker
		}
	}
	return false
}

func (c *converter) fromItem(n tast.ResultSetNode) ast.FromItem {
	switch n := n.(type) {
	case *tast.Join:
		return c.join(n)
	case *tast.TableSource:
		return c.tableSource(n)
	}
	fail("%T in FROM", n)
	return nil
}

func (c *converter) join(n *tast.Join) ast.FromItem {
	if n.Right == nil { // a single item in parentheses
		return c.fromItem(n.Left)
	}
	if n.On == nil {
		fail("join without ON")
	}
	note, args := c.markerCall(n.On.Expr)
	if note == nil {
		fail("join without a note")
	}
	j, ok := note.Node.(*ast.JoinExpr)
	if !ok {
		fail("join with a note of %T", note.Node)
	}
	j.Left, j.Right = c.fromItem(n.Left), c.fromItem(n.Right)
	if len(args) > 0 {
		j.On = c.expr(args[0])
	}
	return j
}

func (c *converter) tableSource(n *tast.TableSource) ast.FromItem {
	switch src := n.Source.(type) {
	case *tast.TableName:
		rv := node[*ast.RangeVar](c, n.AsName.O)
		if rv.Table.Name != src.Name.O {
			fail("table %q", src.Name.O)
		}
		return rv
	case *tast.SelectStmt:
		note := c.note(n.AsName.O)
		if note == nil {
			fail("subquery without a note")
		}
		if f, ok := note.Node.(*ast.RangeFunction); ok {
			for i, field := range src.Fields.Fields {
				f.Funcs[i].Func = c.expr(field.Expr)
			}
			return f
		}
	}
	r := node[*ast.RangeSubselect](c, n.AsName.O)
	r.Query = c.query(n.Source)
	return r
}
