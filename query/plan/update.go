package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *builder) updateStmt(s *ast.UpdateStmt) (Node, []Column, error) {
	s, err := b.updateThrough(s)
	if err != nil {
		return nil, nil, err
	}
	return b.within(s.With, s, func() (Node, []Column, error) {
		m, err := b.modification(s.Table, s.From, s.Where)
		if err != nil {
			return nil, nil, err
		}
		n := &Update{Table: m.table}
		if n.Set, err = b.assignments(m.table, m.scope, s.Set); err != nil {
			return nil, nil, err
		}
		columns, err := b.returningIn(m.scope, s.Returning, &n.Returning)
		if err != nil {
			return nil, nil, err
		}
		if n.Rules, err = RulesOf(m.table, b.Style); err != nil {
			return nil, nil, err
		}
		n.Scan, n.Joined, n.Where, n.Point = m.finish(n.Set, n.Returning)
		return n, columns, nil
	})
}

func (b *builder) deleteStmt(s *ast.DeleteStmt) (Node, []Column, error) {
	s, err := b.deleteThrough(s)
	if err != nil {
		return nil, nil, err
	}
	return b.within(s.With, s, func() (Node, []Column, error) {
		m, err := b.modification(s.Table, s.Using, s.Where)
		if err != nil {
			return nil, nil, err
		}
		n := &Delete{Table: m.table}
		columns, err := b.returningIn(m.scope, s.Returning, &n.Returning)
		if err != nil {
			return nil, nil, err
		}
		if n.Rules, err = RulesOf(m.table, b.Style); err != nil {
			return nil, nil, err
		}
		n.Scan, n.Joined, n.Where, n.Point = m.finish(nil, n.Returning)
		return n, columns, nil
	})
}

// within binds a statement that changes a table inside its WITH clause.
func (b *builder) within(w *ast.WithClause, s ast.Node, bind func() (Node, []Column, error)) (Node, []Column, error) {
	if w == nil {
		return bind()
	}
	names := b.ctes
	defer func() { b.ctes = names }()
	kept, err := b.with(w, s)
	if err != nil {
		return nil, nil, err
	}
	n, columns, err := bind()
	if err == nil && len(kept) > 0 {
		n = &With{CTEs: kept, In: n}
	}
	return n, columns, err
}

// modification is the part that UPDATE and DELETE share: which rows they are about.
type modification struct {
	table *schema.Table
	scope *scope // the table's columns, then those of FROM or USING
	scan  *Scan
	where []expr.Expr
	// tree yields the scope's row for each row to change and its partners; nil where a scan of the table does.
	tree Node
}

// modification binds the table of an UPDATE or DELETE, what it is joined with, and the condition. The condition is kept
// to look again at rows that changed meanwhile.
func (b *builder) modification(r *ast.RangeVar, from []ast.FromItem, where ast.Expr) (*modification, error) {
	t, err := b.writeTable(r)
	if err != nil {
		return nil, err
	}
	rel, err := tableRelation(t, r.Alias)
	if err != nil {
		return nil, err
	}
	m := &modification{table: t, scope: b.newScope(), scan: newScan(t, rel.alias)}
	src := m.scope.single(m.scan, rel)
	m.scope.show(src)
	for _, item := range from {
		next, err := b.fromItem(m.scope, item)
		if err == nil {
			src, err = b.join(InnerJoin, src, next)
		}
		if err != nil {
			return nil, err
		}
		m.scope.show(src)
	}
	cond, err := b.where(m.scope, where)
	if err != nil {
		return nil, err
	}
	if cond != nil {
		m.where = expr.Conjuncts(cond)
	}
	in, rest := b.unnest(src.node, m.where)
	if in == Node(m.scan) {
		m.scan.Where = programs(m.where)
		return m, nil
	}
	m.tree = filtered(in, programs(rest))
	// What has become a join is taken apart: the condition that is kept is bound anew.
	if cond, err = b.where(m.scope, where); err == nil && cond != nil {
		m.where = expr.Conjuncts(cond)
	}
	return m, err
}

// finish makes the search for the rows, given the other expressions of the statement. Joined yields only the
// columns that are read, and all expressions are moved to fit.
func (m *modification) finish(set []Assignment, returning []*Program) (scan *Scan, joined Node, where []expr.Expr, point []expr.Expr) {
	if m.tree == nil {
		point = m.scan.pointKeys()
		m.scan.useIndexedExprs()
		m.scan.pruneTo(m.table.Key)
		return m.scan, nil, m.where, point
	}
	width := len(m.table.Columns)
	used := make([]bool, m.scope.width())
	note := func(e expr.Expr) { expr.Columns(e, func(i int) { used[i] = true }) }
	for _, a := range set {
		if a.Expr != nil {
			note(a.Expr)
		}
	}
	for _, p := range returning {
		note(p.Expr)
	}
	for _, e := range m.where {
		note(e)
	}
	p := &Project{In: m.tree}
	column := func(i int) *Program {
		_, c := m.scope.at(i)
		return NewProgram(expr.NewColumn(i, c.typ, quoteIdent(c.name), ast.NoPos))
	}
	for _, num := range m.table.Key {
		p.Exprs = append(p.Exprs, column(int(num)-1))
	}
	place := make([]int, len(used))
	next := width
	for i := range place {
		if place[i] = i; i >= width && used[i] {
			place[i] = next
			next++
			p.Exprs = append(p.Exprs, column(i))
		}
	}
	for i := range set {
		if set[i].Expr != nil {
			set[i].Expr = moveColumns(set[i].Expr, place)
		}
	}
	mapPrograms(returning, func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
	for _, e := range m.where {
		where = append(where, moveColumns(e, place))
	}
	return nil, p, where, nil
}

// assignments binds SET. The expressions are over the scope's row.
func (b *builder) assignments(t *schema.Table, sc *scope, list []*ast.Assignment) ([]Assignment, error) {
	var out []Assignment
	binder := b.binder(sc, "UPDATE")
	for _, a := range list {
		values := []ast.Expr{a.Value}
		if a.Multi {
			switch v := a.Value.(type) {
			case *ast.RowExpr:
				values = v.Args
			case *ast.SubLink:
				n, err := b.countColumns(sc, v)
				if err != nil {
					return nil, err
				}
				if n != len(a.Targets) {
					return nil, sqlerr.New(sqlerr.SyntaxError, "number of columns does not match number of values").At(v.Pos())
				}
				values = splitColumns(v, n)
			default:
				if len(a.Targets) == 1 {
					break
				}
				return nil, sqlerr.NotSupported("this source for a multiple-column UPDATE is not supported").At(a.Value.Pos())
			}
		}
		if len(values) != len(a.Targets) {
			return nil, sqlerr.New(sqlerr.SyntaxError, "number of columns does not match number of values").At(a.Value.Pos())
		}
		for i, target := range a.Targets {
			x, err := b.assignment(t, binder, target, values[i], out)
			if err != nil {
				return nil, err
			}
			at := slices.IndexFunc(out, func(o Assignment) bool { return o.Num == x.Num })
			switch {
			case at < 0:
				out = append(out, x)
			case x.Part && out[at].Part:
				out[at] = x // made of the earlier one
			default:
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple assignments to same column %q", target.Name)
			}
		}
	}
	return out, nil
}

// assignment binds one target of SET; earlier are those before it.
func (b *builder) assignment(t *schema.Table, binder *expr.Binder, target *ast.AssignTarget, e ast.Expr, earlier []Assignment) (Assignment, error) {
	c, err := assignedColumn(t, target)
	if err != nil {
		return Assignment{}, err
	}
	_, isDefault := e.(*ast.SetToDefault)
	if !isDefault && (c.Generated != "" || c.Identity == schema.IdentityAlways) {
		why := "a generated column"
		if c.Generated == "" {
			why = "an identity column defined as GENERATED ALWAYS"
		}
		return Assignment{}, sqlerr.New(sqlerr.GeneratedAlways, "column %q can only be updated to DEFAULT", c.Name).
			WithDetail("Column %q is %s.", c.Name, why)
	}
	if isDefault {
		if len(target.Path) > 0 {
			return Assignment{}, sqlerr.New(sqlerr.FeatureNotSupported, "cannot set an array element to DEFAULT").At(target.Pos())
		}
		x, err := DefaultExpr(c, b.Style)
		return Assignment{Num: c.Num, Expr: x}, err
	}
	x, err := binder.Bind(e)
	if err != nil {
		return Assignment{}, err
	}
	if len(target.Path) > 0 {
		var whole expr.Expr = expr.NewColumn(int(c.Num)-1, c.Type, quoteIdent(c.Name), target.Pos())
		for _, o := range earlier {
			if o.Num == c.Num {
				whole = o.Expr
			}
		}
		x, err = binder.AssignPart(whole, target.Path, x, c.Name, target.Pos())
		return Assignment{Num: c.Num, Expr: x, Part: true}, err
	}
	x, err = binder.Assign(x, c.Type, c.Name)
	return Assignment{Num: c.Num, Expr: x}, err
}

// countColumns returns how many columns a subquery has.
func (b *builder) countColumns(sc *scope, s *ast.SubLink) (int, error) {
	if s.Kind != ast.ExprSubLink {
		return 1, nil
	}
	back := b.level
	defer b.leave(back)
	b.enter(sc)
	_, columns, err := b.selectStmt(s.Query)
	return len(columns), err
}

// splitColumns splits a subquery of several columns into one of each.
func splitColumns(s *ast.SubLink, n int) []ast.Expr {
	if s.Kind != ast.ExprSubLink || n == 1 {
		return []ast.Expr{s}
	}
	alias := &ast.Alias{Offset: s.Offset, Name: "*SELECT*"}
	for i := range n {
		alias.Columns = append(alias.Columns, ast.Ident{Offset: s.Offset, Name: "column" + itoa(i+1)})
	}
	var out []ast.Expr
	for i := range n {
		q := &ast.SelectStmt{Offset: s.Query.Offset,
			Targets: []*ast.Target{{Offset: s.Offset, Expr: &ast.ColumnRef{Offset: s.Offset, Parts: alias.Columns[i : i+1]}}},
			From:    []ast.FromItem{&ast.RangeSubselect{Offset: s.Offset, Query: s.Query, Alias: alias}}}
		out = append(out, &ast.SubLink{Offset: s.Offset, Kind: ast.ExprSubLink, Query: q})
	}
	return out
}
