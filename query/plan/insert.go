package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

func (b *builder) insertStmt(s *ast.InsertStmt) (Node, []Column, error) {
	s, err := b.insertThrough(s)
	if err != nil {
		return nil, nil, err
	}
	return b.within(s.With, s, func() (Node, []Column, error) { return b.insertInto(s) })
}

func (b *builder) insertInto(s *ast.InsertStmt) (Node, []Column, error) {
	t, err := b.writeTable(s.Table)
	if err != nil {
		return nil, nil, err
	}
	cols, err := insertColumns(t, s.Columns)
	if err != nil {
		return nil, nil, err
	}
	n := &Insert{Table: t}
	var width int
	switch {
	case s.Query == nil: // DEFAULT VALUES
		n.Rows = &InsertRows{Bound: [][]expr.Expr{{}}}
	case s.Query.Values != nil && plainValues(s.Query):
		n.Rows, width, err = b.insertValues(t, cols, s)
	default:
		n.In, width, err = b.insertQuery(t, cols, s)
	}
	if err != nil {
		return nil, nil, err
	}
	if n.Sources, err = b.sources(t, cols[:width], n.Rows, s.Overriding); err != nil {
		return nil, nil, err
	}
	if n.Rules, err = RulesOf(t, b.Style); err != nil {
		return nil, nil, err
	}
	if n.Conflict, err = b.onConflict(t, s); err != nil {
		return nil, nil, err
	}
	columns, err := b.returning(t, s.Table, s.Returning, &n.Returning)
	return n, columns, err
}

// plainValues says whether a query is VALUES without clauses.
func plainValues(s *ast.SelectStmt) bool {
	return len(s.OrderBy) == 0 && s.Limit == nil && s.LimitOffset == nil && s.With == nil && len(s.Locking) == 0
}

// writeTable finds the table of an INSERT, UPDATE or DELETE.
func (b *builder) writeTable(r *ast.RangeVar) (*schema.Table, error) {
	t, err := b.table(r.Table)
	if err != nil {
		if f, ok := b.Catalog.FindRelation(b.Path, r.Table.Schema, r.Table.Name); ok && f.Object != nil && f.Object.Sequence != nil {
			return nil, sqlerr.New(sqlerr.WrongObjectType, "cannot change sequence %q", r.Table.Name)
		}
		if found, ok := b.Catalog.FindRelation(b.Path, r.Table.Schema, r.Table.Name); ok && found.Object != nil && found.Object.View != nil {
			return nil, sqlerr.NotSupported("writing through views is not supported").At(r.Pos())
		}
		if b.System != nil {
			if f, ok := b.System.Relation(r.Table.Schema, r.Table.Name); ok {
				return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for relation %s", f.Name).At(r.Pos())
			}
		}
		return nil, err
	}
	if t.View != nil {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "cannot change materialized view %q", t.Name)
	}
	b.writes = append(b.writes, t)
	return t, nil
}

// insertColumns resolves the column list; without one it is all columns.
func insertColumns(t *schema.Table, list []*ast.AssignTarget) ([]*schema.Column, error) {
	var cols []*schema.Column
	if list == nil {
		for i := range t.Columns {
			if !t.Columns[i].Hidden {
				cols = append(cols, &t.Columns[i])
			}
		}
		return cols, nil
	}
	for _, a := range list {
		c, err := assignedColumn(t, a)
		if err != nil {
			return nil, err
		}
		for i, o := range cols {
			switch {
			case o != c:
			case len(a.Path) > 0 && len(list[i].Path) > 0:
				return nil, sqlerr.NotSupported("INSERT into several parts of a column is not supported").At(a.Pos())
			default:
				return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", a.Name).At(a.Pos())
			}
		}
		cols = append(cols, c)
	}
	return cols, nil
}

// assignedColumn finds the column that a statement assigns, or a part of.
func assignedColumn(t *schema.Table, a *ast.AssignTarget) (*schema.Column, error) {
	c, ok := t.Column(a.Name)
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", a.Name, t.Name).At(a.Pos())
	}
	return c, nil
}

// insertValues binds the rows of VALUES to the columns they go to.
func (b *builder) insertValues(t *schema.Table, cols []*schema.Column, s *ast.InsertStmt) (*InsertRows, int, error) {
	v := s.Query.Values
	width := len(v.Rows[0])
	if err := checkWidth(cols, width, s, v.Rows[0]); err != nil {
		return nil, 0, err
	}
	rows := &InsertRows{}
	for _, c := range cols[:width] {
		rows.Types = append(rows.Types, c.Type)
		rows.Names = append(rows.Names, c.Name)
	}
	binder := b.binder(nil, "VALUES")
	whole := wholeColumns(s.Columns)
	domains := slices.ContainsFunc(cols[:width], func(c *schema.Column) bool { return isDomain(c.Type) })
	for i, row := range v.Rows {
		if len(row) != width {
			return nil, 0, sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(row[0].Pos())
		}
		if i >= v.PlainFrom && len(v.Rows) > 1 && whole && !domains && constants(row) {
			rows.Plain = append(rows.Plain, row)
			continue
		}
		if len(rows.Plain) > 0 {
			// Rows keep their order: what was plain before this row is bound too.
			for _, p := range rows.Plain {
				bound, err := bindRow(binder, cols, s.Columns, p)
				if err != nil {
					return nil, 0, err
				}
				rows.Bound = append(rows.Bound, bound)
			}
			rows.Plain = nil
		}
		bound, err := bindRow(binder, cols, s.Columns, row)
		if err != nil {
			return nil, 0, err
		}
		rows.Bound = append(rows.Bound, bound)
	}
	return rows, width, nil
}

// constants says whether a row is made of constants alone.
func constants(row []ast.Expr) bool {
	for _, c := range row {
		if _, ok := c.(*ast.Const); !ok {
			return false
		}
	}
	return true
}

// bindRow binds a row of VALUES; DEFAULT is nil.
func bindRow(b *expr.Binder, cols []*schema.Column, targets []*ast.AssignTarget, row []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(row))
	for j, cell := range row {
		if _, ok := cell.(*ast.SetToDefault); ok {
			continue
		}
		x, err := b.Bind(cell)
		if err != nil {
			return nil, err
		}
		out[j] = x
	}
	// All are bound before any is assigned: a parameter in two columns of different types is an error.
	for j, x := range out {
		if x == nil {
			continue
		}
		var err error
		if out[j], err = assignInserted(b, x, cols[j], targets, j); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// assignInserted converts a value to the column that it is inserted into. One for a part of it, col[1] say, makes an array of that part alone.
func assignInserted(b *expr.Binder, x expr.Expr, c *schema.Column, targets []*ast.AssignTarget, j int) (expr.Expr, error) {
	if targets == nil || len(targets[j].Path) == 0 {
		return b.Assign(x, c.Type, c.Name)
	}
	at := targets[j].Pos()
	return b.AssignPart(expr.NewConst(value.Null(c.Type.Kind), c.Type, at), targets[j].Path, x, c.Name, at)
}

// wholeColumns says whether no column of an INSERT has subscripts.
func wholeColumns(targets []*ast.AssignTarget) bool {
	return !slices.ContainsFunc(targets, func(a *ast.AssignTarget) bool { return len(a.Path) > 0 })
}

func checkWidth(cols []*schema.Column, width int, s *ast.InsertStmt, row []ast.Expr) error {
	switch {
	case width > len(cols):
		pos := s.Query.Pos()
		if row != nil {
			pos = row[len(cols)].Pos()
		}
		return sqlerr.New(sqlerr.SyntaxError, "INSERT has more expressions than target columns").At(pos)
	case width < len(cols) && s.Columns != nil:
		return sqlerr.New(sqlerr.SyntaxError, "INSERT has more target columns than expressions").At(s.Columns[width].Pos())
	}
	return nil
}

// insertQuery plans INSERT .. SELECT.
func (b *builder) insertQuery(t *schema.Table, cols []*schema.Column, s *ast.InsertStmt) (Node, int, error) {
	open := map[int]expr.Expr{}
	b.openTargets, b.openStmt = open, s.Query
	in, columns, err := b.selectStmt(s.Query)
	if err != nil {
		return nil, 0, err
	}
	if err := checkWidth(cols, len(columns), s, nil); err != nil {
		return nil, 0, err
	}
	p := &Project{In: in}
	binder := b.binder(nil, "INSERT")
	for i, c := range columns {
		pos := s.Query.Pos()
		if i < len(s.Query.Targets) {
			pos = s.Query.Targets[i].Expr.Pos()
		}
		var source expr.Expr = expr.NewColumn(i, c.Type, quoteIdent(c.Name), pos)
		if x, ok := open[i]; ok {
			source = x
		}
		x, err := assignInserted(binder, source, cols[i], s.Columns, i)
		if err != nil {
			return nil, 0, err
		}
		p.Exprs = append(p.Exprs, NewProgram(x))
	}
	return p, len(columns), nil
}

// sources says where each column of the table gets its value, given the columns of the input.
func (b *builder) sources(t *schema.Table, cols []*schema.Column, rows *InsertRows, over ast.Overriding) ([]ColumnSource, error) {
	out := make([]ColumnSource, len(t.Columns))
	for i := range t.Columns {
		t := &t.Columns[i]
		out[i].Input = -1
		for j, c := range cols {
			if c.Num != t.Num {
				continue
			}
			given, err := mayGive(c, rows.givesOnlyDefault(j), over)
			if err != nil {
				return nil, err
			}
			if given {
				out[i].Input = j
			}
		}
		var err error
		if out[i].Default, err = DefaultExpr(t, b.Style); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// givesOnlyDefault says whether DEFAULT is all that the rows have for one of their columns.
func (r *InsertRows) givesOnlyDefault(col int) bool {
	if r == nil || len(r.Plain) > 0 {
		return false
	}
	for _, row := range r.Bound {
		if row[col] != nil {
			return false
		}
	}
	return true
}

// mayGive says whether a column takes the values that an INSERT has for it: an identity column that is
// overridden does not, and generated ones may be given DEFAULT only.
func mayGive(c *schema.Column, onlyDefault bool, over ast.Overriding) (bool, error) {
	refused := sqlerr.New(sqlerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column %q", c.Name)
	switch {
	case c.Generated != "":
		if !onlyDefault {
			return false, refused.WithDetail("Column %q is a generated column.", c.Name)
		}
		return false, nil
	case c.Identity == schema.NotIdentity:
		return true, nil
	case over == ast.OverridingUser:
		return false, nil
	case c.Identity == schema.IdentityAlways && over != ast.OverridingSystem && !onlyDefault:
		return false, refused.WithDetail("Column %q is an identity column defined as GENERATED ALWAYS.", c.Name).
			WithHint("Use OVERRIDING SYSTEM VALUE to override.")
	}
	return true, nil
}

// DefaultExpr returns a column's default, the next value of an identity column's sequence; nil for NULL.
func DefaultExpr(c *schema.Column, style *value.Style) (expr.Expr, error) {
	if c.Identity != schema.NotIdentity {
		return expr.NewNextValue(c.Sequence, c.Type), nil
	}
	if c.Default == "" {
		return domainDefault(c, style)
	}
	list, err := parse.Parse("SELECT "+c.Default, parse.Options{})
	if err != nil {
		return nil, err
	}
	sel, ok := list[0].Stmt.(*ast.SelectStmt)
	if !ok || len(sel.Targets) != 1 {
		return nil, sqlerr.New(sqlerr.InternalError, "default of column %q is not an expression: %s", c.Name, c.Default)
	}
	return BindDefault(sel.Targets[0].Expr, c, style)
}

// BindDefault binds a default expression to its column's type.
func BindDefault(e ast.Expr, c *schema.Column, style *value.Style) (expr.Expr, error) {
	b := &expr.Binder{Style: style, Clause: "DEFAULT", Scope: noDefaultColumns{}}
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	if !canAssign(b, x, c) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but default expression is of type %s",
			c.Name, c.Type.Kind, x.Type().Kind).WithHint("You will need to rewrite or cast the expression.")
	}
	return b.Assign(x, c.Type, c.Name)
}

func canAssign(b *expr.Binder, e expr.Expr, c *schema.Column) bool {
	_, err := b.Assign(e, c.Type, c.Name)
	return sqlerr.Code(err) != sqlerr.DatatypeMismatch
}

// noDefaultColumns refuses column names in DEFAULT.
type noDefaultColumns struct{}

func (noDefaultColumns) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression").At(ref.Pos())
}

// returning binds a RETURNING list over the row of the table.
func (b *builder) returning(t *schema.Table, r *ast.RangeVar, list []*ast.Target, out *[]*Program) ([]Column, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rel, err := tableRelation(t, r.Alias)
	if err != nil {
		return nil, err
	}
	sc := b.newScope()
	sc.add(rel)
	return b.returningIn(sc, list, out)
}

// returningIn binds a RETURNING list over the row of a scope.
func (b *builder) returningIn(sc *scope, list []*ast.Target, out *[]*Program) ([]Column, error) {
	if len(list) == 0 {
		return nil, nil
	}
	targets, err := b.bindTargetList(list, sc, b.binder(sc, "RETURNING"), false)
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(targets))
	for i, t := range targets {
		columns[i] = t.Column
		*out = append(*out, NewProgram(t.expr))
	}
	return columns, nil
}
