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

// recording collects what a view's query names, while the view is made.
type recording struct {
	names []schema.ViewName
	uses  []schema.ViewUse
}

// Definition plans the query of a view or materialized view and returns the view's definition, without its text, and the plan. A column
// without a type is text.
func Definition(q *ast.SelectStmt, opts Options) (*schema.View, *Plan, error) {
	rec := &recording{}
	p, err := make1(q, opts, rec)
	if err != nil {
		return nil, nil, err
	}
	v := &schema.View{Names: rec.names, Uses: rec.uses}
	for _, c := range p.Columns {
		v.Columns = append(v.Columns, schema.ViewColumn{Name: c.Name, Type: c.Type})
	}
	return v, p, nil
}

// named notes that the query names a relation.
func (r *recording) named(name ast.QualifiedName, rel schema.Relation) {
	n := schema.ViewName{Schema: name.Schema, Name: name.Name}
	if t := rel.Table; t != nil {
		n.OID, n.In = t.OID, t.Schema
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Hidden {
				n.Columns = append(n.Columns, "")
			} else {
				n.Columns = append(n.Columns, c.Name)
			}
		}
	} else {
		n.OID, n.In = rel.Object.OID, rel.Object.Schema
		if v := rel.Object.View; v != nil {
			for _, c := range v.Columns {
				n.Columns = append(n.Columns, c.Name)
			}
		}
	}
	r.note(n)
}

// namedType notes that the query names a type.
func (r *recording) namedType(in, name string, o *schema.Object) {
	r.note(schema.ViewName{Schema: in, Name: name, In: o.Schema, OID: o.OID})
}

func (r *recording) note(n schema.ViewName) {
	for i := range r.names {
		if o := &r.names[i]; o.Schema == n.Schema && o.Name == n.Name && o.OID == n.OID {
			return
		}
	}
	r.names = append(r.names, n)
}

// used notes that the query reads a column.
func (r *recording) used(oid uint32, num int16) {
	for i := range r.uses {
		if u := &r.uses[i]; u.OID == oid {
			if !slices.Contains(u.Columns, num) {
				u.Columns = append(u.Columns, num)
			}
			return
		}
	}
	r.uses = append(r.uses, schema.ViewUse{OID: oid, Columns: []int16{num}})
}

// pinned finds what a name in the text of the view that is being expanded stands for.
func (b *builder) pinned(name ast.QualifiedName) (*schema.ViewName, schema.Relation, bool) {
	for i := range b.view.Names {
		n := &b.view.Names[i]
		if n.Schema != name.Schema || n.Name != name.Name {
			continue
		}
		if t, ok := b.Catalog.TableByOID(n.OID); ok {
			return n, schema.Relation{Table: t}, true
		}
		if o, ok := b.Catalog.Object(n.OID); ok && o.Kind.IsRelation() {
			return n, schema.Relation{Object: o}, true
		}
	}
	return nil, schema.Relation{}, false
}

// asPinned gives a relation the names that it had when the view that names it was made.
func (r *relation) asPinned(n *schema.ViewName) {
	r.alias, r.table, r.schema = n.Name, n.Name, n.In
	for i := range r.columns {
		c := &r.columns[i]
		if i >= len(n.Columns) || n.Columns[i] == "" {
			c.hidden = true
			continue
		}
		c.name = n.Columns[i]
	}
}

// viewRelation expands a view where it is named in FROM.
func (b *builder) viewRelation(o *schema.Object, pin *schema.ViewName, alias *ast.Alias) (Node, *relation, error) {
	n, err := b.expand(o)
	if err != nil {
		return nil, nil, err
	}
	r := &relation{alias: o.Name, table: o.Name, schema: o.Schema}
	for i, c := range o.View.Columns {
		r.columns = append(r.columns, scopeColumn{name: c.Name, typ: c.Type, tableOID: o.OID, attNum: int16(i + 1)})
	}
	if pin != nil {
		r.asPinned(pin)
	}
	return n, r, r.rename(alias)
}

// expand plans the query of a view. It sees nothing of the query around it.
func (b *builder) expand(o *schema.Object) (Node, error) {
	v := o.View
	list, err := parse.Parse(v.Query, parse.Options{BareLiterals: v.BareLiterals})
	if err != nil {
		return nil, err
	}
	q, ok := list[0].Stmt.(*ast.SelectStmt)
	if !ok {
		return nil, sqlerr.New(sqlerr.InternalError, "view %q is not a query: %s", o.Name, v.Query)
	}
	if slices.Contains(b.views, o.OID) { // CREATE OR REPLACE VIEW has made it read itself
		return nil, sqlerr.New(sqlerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation %q", o.Name)
	}
	outer := *b
	defer func() {
		b.view, b.record, b.views = outer.view, outer.record, outer.views
		b.ctes, b.level, b.openTargets = outer.ctes, outer.level, outer.openTargets
		b.params, b.Style = outer.params, outer.Style
	}()
	b.view, b.record, b.views = v, nil, append(slices.Clip(b.views), o.OID)
	b.ctes, b.level, b.openTargets = nil, nil, nil
	b.params = expr.NewParamTypes(nil)
	if b.ViewStyle != nil {
		b.Style = b.ViewStyle(v)
	}
	b.Style = withTypes(b.Style, func(t userTypes) value.UserTypes { return pinnedTypes{t, v, b.Catalog} })
	n, columns, err := b.selectStmt(q)
	if e := sqlerr.As(err); e != nil {
		c := *e
		c.Pos = 0 // in a text that the user has not sent now
		return nil, &c
	}
	if err != nil {
		return nil, err
	}
	if len(columns) < len(v.Columns) {
		return nil, sqlerr.New(sqlerr.InternalError, "view %q has %d columns and its query %d", o.Name, len(v.Columns), len(columns))
	}
	return n, nil
}

// notWritable is the 55000 error of a write to a view that is no plain part of a table.
func notWritable(o *schema.Object, verb, detail string) *sqlerr.Error {
	clause := map[string]string{"insert into": "INSERT", "update": "UPDATE", "delete from": "DELETE"}[verb]
	err := sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "cannot %s view %q", verb, o.Name)
	if detail != "" {
		err = err.WithDetail("%s", detail)
	}
	trigger := map[string]string{"INSERT": "inserting into", "UPDATE": "updating", "DELETE": "deleting from"}[clause]
	return err.WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.", trigger, clause, clause)
}

// OfView plans the query of a materialized view as it is to be run now.
func OfView(v *schema.View, opts Options) (*Plan, error) {
	o := &schema.Object{Name: "view", View: v}
	b := &builder{Options: opts, params: expr.NewParamTypes(nil), slots: &slots{}}
	n, err := b.expand(o)
	if err != nil {
		return nil, err
	}
	p := &Plan{Root: n}
	for _, c := range v.Columns {
		p.Columns = append(p.Columns, Column{Name: c.Name, Type: c.Type})
	}
	return p, b.finish(p)
}
