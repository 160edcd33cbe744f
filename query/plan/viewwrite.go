package plan

import (
	"reflect"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// updatable is a view that is a plain part of one table: INSERT, UPDATE and DELETE on it are turned into ones on the table.
type updatable struct {
	object *schema.Object
	table  *schema.Table
	nums   []int16 // the table's column of each column of the view
	where  ast.Expr
	from   *schema.ViewName // the table as the view names it
	alias  string           // that it has in the view's query
}

// throughView returns the table of a writing statement, if it names a view.
func (b *builder) throughView(r *ast.RangeVar, verb string) (*updatable, error) {
	if b.view != nil {
		return nil, nil
	}
	if r.Table.Schema == "" && b.ctes.find(r.Table.Name) != nil {
		return nil, nil
	}
	found, ok := b.Catalog.FindRelation(b.Path, r.Table.Schema, r.Table.Name)
	if !ok || found.Object == nil || found.Object.View == nil {
		return nil, nil
	}
	b.relation(r.Table)
	return b.updatable(found.Object, verb)
}

// updatable looks whether a view can be written through: 55000 when it cannot in PostgreSQL, 0A000 when it cannot here.
func (b *builder) updatable(o *schema.Object, verb string) (*updatable, error) {
	v := o.View
	list, err := parse.Parse(v.Query, parse.Options{BareLiterals: v.BareLiterals})
	if err != nil {
		return nil, err
	}
	q := list[0].Stmt.(*ast.SelectStmt)
	if why := notUpdatable(q); why != "" {
		return nil, notWritable(o, verb, why)
	}
	u := &updatable{object: o, where: q.Where}
	item := q.From[0].(*ast.RangeVar)
	for i := range v.Names {
		if n := &v.Names[i]; n.Schema == item.Table.Schema && n.Name == item.Table.Name {
			u.from = n
		}
	}
	if u.from == nil {
		return nil, notWritable(o, verb, "Views that do not select from a single table or view are not automatically updatable.")
	}
	if u.table, _ = b.Catalog.TableByOID(u.from.OID); u.table == nil || u.table.View != nil {
		return nil, sqlerr.NotSupported("writing through a view of a view is not supported")
	}
	if u.alias = u.from.Name; item.Alias != nil {
		if u.alias = item.Alias.Name; len(item.Alias.Columns) > 0 {
			return nil, sqlerr.NotSupported("writing through a view with a list of column aliases is not supported")
		}
	}
	for _, t := range q.Targets {
		ref, ok := t.Expr.(*ast.ColumnRef)
		if !ok {
			return nil, sqlerr.NotSupported("writing through a view with computed columns is not supported")
		}
		for num, name := range u.from.Columns {
			if name != "" && (ref.Star || name == ref.Parts[len(ref.Parts)-1].Name) {
				if slices.Contains(u.nums, int16(num+1)) {
					return nil, sqlerr.NotSupported("writing through a view that has a column twice is not supported")
				}
				u.nums = append(u.nums, int16(num+1))
			}
		}
	}
	if len(u.nums) != len(v.Columns) {
		return nil, sqlerr.NotSupported("writing through this view is not supported")
	}
	return u, nil
}

// notUpdatable says why PostgreSQL does not write through a view; "" when it does.
func notUpdatable(q *ast.SelectStmt) string {
	what := ""
	switch {
	case q.Distinct:
		what = "DISTINCT"
	case len(q.GroupBy) > 0:
		what = "GROUP BY"
	case q.Having != nil:
		what = "HAVING"
	case q.SetOp != ast.NoSetOp:
		what = "UNION, INTERSECT, or EXCEPT"
	case q.With != nil:
		what = "WITH"
	case q.Limit != nil || q.LimitOffset != nil:
		what = "LIMIT or OFFSET"
	}
	if what != "" {
		return "Views containing " + what + " are not automatically updatable."
	}
	if q.Values == nil && len(q.From) == 1 {
		if r, ok := q.From[0].(*ast.RangeVar); ok && r.Sample == nil {
			return ""
		}
	}
	return "Views that do not select from a single table or view are not automatically updatable."
}

// hiddenName is what a column that the view does not show is called while a statement is bound.
func hiddenName(name string) string { return "\x01" + name }

// target is the table in the place of the view: under the view's name, or the alias, and with the view's column names.
func (u *updatable) target(r *ast.RangeVar) *ast.RangeVar {
	name := u.object.Name
	if r.Alias != nil {
		name = r.Alias.Name
	}
	alias := &ast.Alias{Offset: r.Offset, Name: name}
	for i := range u.table.Columns {
		c := &u.table.Columns[i]
		if !c.Hidden {
			alias.Columns = append(alias.Columns, ast.Ident{Offset: ast.NoPos, Name: u.shown(c)})
		}
	}
	return &ast.RangeVar{Offset: r.Offset, Alias: alias,
		Table: ast.QualifiedName{Offset: r.Table.Offset, Schema: u.table.Schema, Name: u.table.Name}}
}

// shown is the name of a column of the table in the view.
func (u *updatable) shown(c *schema.Column) string {
	if i := slices.Index(u.nums, c.Num); i >= 0 {
		return u.object.View.Columns[i].Name
	}
	return hiddenName(c.Name)
}

// condition is the view's WHERE and one of the statement.
func (u *updatable) condition(name string, where ast.Expr) (ast.Expr, error) {
	if u.where == nil {
		return where, nil
	}
	var err error
	ast.Inspect(u.where, func(n ast.Node) bool {
		if _, ok := n.(*ast.SubLink); ok {
			err = sqlerr.NotSupported("writing through a view with a subquery in WHERE is not supported")
		}
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	own := copyTree(reflect.ValueOf(&u.where).Elem(), func(ref *ast.ColumnRef) *ast.ColumnRef {
		column := ref.Parts[len(ref.Parts)-1].Name
		for i, then := range u.from.Columns {
			if then == column {
				return &ast.ColumnRef{Offset: ast.NoPos, Parts: []ast.Ident{{Offset: ast.NoPos, Name: name},
					{Offset: ast.NoPos, Name: u.shown(u.table.ColumnByNum(int16(i + 1)))}}}
			}
		}
		return ref
	}).Interface().(ast.Expr)
	if where == nil {
		return own, nil
	}
	return &ast.BoolExpr{Offset: ast.NoPos, Op: ast.And, Args: []ast.Expr{own, where}}, nil
}

// copyTree copies a tree with its column references replaced.
func copyTree(v reflect.Value, f func(*ast.ColumnRef) *ast.ColumnRef) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(copyTree(v.Elem(), f))
		return out
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		if ref, ok := v.Interface().(*ast.ColumnRef); ok {
			return reflect.ValueOf(f(ref))
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(copyTree(v.Elem(), f))
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(copyTree(v.Index(i), f))
		}
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(copyTree(v.Field(i), f))
			}
		}
		return out
	}
	return v
}

// assigned finds the table's column that an assignment to the view names.
func (u *updatable) assigned(list []*ast.AssignTarget) ([]*ast.AssignTarget, error) {
	out := make([]*ast.AssignTarget, len(list))
	for i, a := range list {
		at := slices.IndexFunc(u.object.View.Columns, func(c schema.ViewColumn) bool { return c.Name == a.Name })
		if at < 0 {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", a.Name, u.object.Name).At(a.Pos())
		}
		c := *a
		c.Name = u.table.ColumnByNum(u.nums[at]).Name
		out[i] = &c
	}
	return out, nil
}

// returning expands * in a RETURNING list to the columns of the view.
func (u *updatable) returning(name string, list []*ast.Target) []*ast.Target {
	var out []*ast.Target
	for _, t := range list {
		ref, ok := t.Expr.(*ast.ColumnRef)
		if !ok || !ref.Star || len(ref.Parts) > 0 && ref.Parts[len(ref.Parts)-1].Name != name {
			out = append(out, t)
			continue
		}
		for _, c := range u.object.View.Columns {
			out = append(out, &ast.Target{Offset: t.Offset, Expr: &ast.ColumnRef{Offset: ref.Offset,
				Parts: []ast.Ident{{Offset: ref.Offset, Name: name}, {Offset: ref.Offset, Name: c.Name}}}})
		}
	}
	return out
}

// insertThrough returns an INSERT into the table of a view; the statement itself when it names a table.
func (b *builder) insertThrough(s *ast.InsertStmt) (*ast.InsertStmt, error) {
	u, err := b.throughView(s.Table, "insert into")
	if u == nil || err != nil {
		return s, err
	}
	if s.OnConflict != nil {
		return nil, sqlerr.NotSupported("ON CONFLICT through a view is not supported").At(s.OnConflict.Pos())
	}
	c := *s
	c.Table = u.target(s.Table)
	columns := s.Columns
	if columns == nil && s.Query != nil {
		for _, col := range u.object.View.Columns {
			columns = append(columns, &ast.AssignTarget{Offset: s.Offset, Name: col.Name})
		}
		if v := s.Query.Values; v != nil && len(v.Rows[0]) < len(columns) {
			columns = columns[:len(v.Rows[0])] // the rest get their defaults
		}
	}
	if c.Columns, err = u.assigned(columns); err != nil {
		return nil, err
	}
	c.Returning = u.returning(c.Table.Alias.Name, s.Returning)
	return &c, nil
}

// updateThrough is insertThrough for an UPDATE.
func (b *builder) updateThrough(s *ast.UpdateStmt) (*ast.UpdateStmt, error) {
	u, err := b.throughView(s.Table, "update")
	if u == nil || err != nil {
		return s, err
	}
	c := *s
	c.Table = u.target(s.Table)
	c.Set = make([]*ast.Assignment, len(s.Set))
	for i, a := range s.Set {
		x := *a
		if x.Targets, err = u.assigned(a.Targets); err != nil {
			return nil, err
		}
		c.Set[i] = &x
	}
	if c.Where, err = u.condition(c.Table.Alias.Name, s.Where); err != nil {
		return nil, err
	}
	c.Returning = u.returning(c.Table.Alias.Name, s.Returning)
	return &c, nil
}

// deleteThrough is insertThrough for a DELETE.
func (b *builder) deleteThrough(s *ast.DeleteStmt) (*ast.DeleteStmt, error) {
	u, err := b.throughView(s.Table, "delete from")
	if u == nil || err != nil {
		return s, err
	}
	c := *s
	c.Table = u.target(s.Table)
	if c.Where, err = u.condition(c.Table.Alias.Name, s.Where); err != nil {
		return nil, err
	}
	c.Returning = u.returning(c.Table.Alias.Name, s.Returning)
	return &c, nil
}
