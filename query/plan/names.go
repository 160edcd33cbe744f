package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// dependency is something of the catalog that a plan was made with: what a name stood for, or an OID.
type dependency struct {
	schema, name string // as written; name is "" for an OID
	oid          uint32
	isType       bool
	relation     schema.Relation
	typ          *schema.Object
}

// holds says whether the dependency is still met in a catalog.
func (d *dependency) holds(cat *schema.Catalog, path *schema.Path) bool {
	switch {
	case d.name == "" && d.relation.Table != nil:
		t, _ := cat.TableByOID(d.oid)
		return t == d.relation.Table
	case d.name == "":
		o, _ := cat.Object(d.oid)
		return o == d.relation.Object && o != nil || o == d.typ && o != nil
	case d.isType:
		t, _ := cat.FindType(*path, d.schema, d.name)
		return t == d.typ
	}
	r, _ := cat.FindRelation(*path, d.schema, d.name)
	return r == d.relation
}

// relation finds what a name stands for and notes that the plan depends on it. In a view it is what the name stood for when the
// view was made, and pin says how it was called.
func (b *builder) relation(name ast.QualifiedName) (r schema.Relation, pin *schema.ViewName, ok bool) {
	if b.view != nil {
		if pin, r, ok := b.pinned(name); ok {
			b.uses = append(b.uses, dependency{oid: pin.OID, relation: r})
			if r.Table != nil {
				b.tables = append(b.tables, r.Table)
			}
			return r, pin, true
		}
		return schema.Relation{}, nil, false
	}
	if name.Catalog != "" && name.Catalog != b.Database || schema.IsTemp(name.Schema) && name.Schema != b.Path.Temp {
		return schema.Relation{}, nil, false
	}
	r, ok = b.Catalog.FindRelation(b.Path, name.Schema, name.Name)
	if ok {
		if b.record != nil && !r.IsIndex() {
			b.record.named(name, r)
		}
		b.uses = append(b.uses, dependency{schema: name.Schema, name: name.Name, relation: r})
		if r.IsTable() {
			b.tables = append(b.tables, r.Table)
		}
	}
	return r, nil, ok
}

// table finds the table of a name and notes that the plan depends on it.
func (b *builder) table(name ast.QualifiedName) (*schema.Table, error) {
	r, _, ok := b.relation(name)
	if !ok {
		return nil, b.undefined(name)
	}
	if !r.IsTable() {
		return nil, notTable(r, name).At(name.Pos())
	}
	return r.Table, nil
}

// undefined is the error for a name that stands for nothing.
func (b *builder) undefined(name ast.QualifiedName) error {
	if schema.IsTemp(name.Schema) && name.Schema != b.Path.Temp {
		return sqlerr.NotSupported("cannot access temporary tables of other sessions").At(name.Pos())
	}
	if name.Catalog != "" && name.Catalog != b.Database {
		return sqlerr.NotSupported("cross-database references are not implemented: \"%s\"", name.String()).At(name.Pos())
	}
	return UndefinedRelation(name).At(name.Pos())
}

// UndefinedRelation is the 42P01 error for a name that stands for nothing.
func UndefinedRelation(name ast.QualifiedName) *sqlerr.Error {
	return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name.String())
}

// notTable is the error for a relation that has no rows.
func notTable(r schema.Relation, name ast.QualifiedName) *sqlerr.Error {
	if r.IsIndex() {
		return sqlerr.New(sqlerr.WrongObjectType, "cannot open relation %q", name.Name).
			WithDetail("This operation is not supported for indexes.")
	}
	return sqlerr.New(sqlerr.WrongObjectType, "%q is not a table", name.Name)
}

// Table finds the table of a name written in a statement: 42P01 when there is none.
func Table(cat *schema.Catalog, path schema.Path, name ast.QualifiedName) (*schema.Table, *sqlerr.Error) {
	r, ok := cat.FindRelation(path, name.Schema, name.Name)
	if !ok {
		return nil, UndefinedRelation(name)
	}
	if !r.IsTable() {
		return nil, notTable(r, name)
	}
	return r.Table, nil
}
