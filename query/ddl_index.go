package query

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// createIndex runs CREATE INDEX, and CREATE INDEX CONCURRENTLY, which is the same here: writers of the table go on
// while the index is built, other DDL waits. Writers wait for a unique index, and everybody for one on an expression or with a
// predicate, for which the table gets hidden columns.
func (s *Session) createIndex(ctx context.Context, st *ast.CreateIndexStmt) error {
	if err := refuseIndex(st); err != nil {
		return err
	}
	if st.Concurrently && s.inBlock() {
		return notInBlock("CREATE INDEX CONCURRENTLY")
	}
	mode := store.ShareUpdateExclusiveLock
	switch {
	case st.Where != nil || slices.ContainsFunc(st.Elems, func(e *ast.IndexElem) bool { return e.Expr != nil }):
		mode = store.AccessExclusiveLock
	case st.Unique:
		mode = store.ShareLock
	}
	t, err := s.lockedTableIn(ctx, st.Table.Table, mode)
	if err != nil {
		return err
	}
	cat := s.catalog()
	if st.Name != nil && cat.RelationExistsIn(t.Schema, st.Name.Name) {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists, skipping", st.Name.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", st.Name.Name)
	}
	d := &indexDefiner{session: s, table: t}
	x, err := d.index(st)
	if err != nil {
		return err
	}
	if st.Name == nil {
		x.Name = relationName(cat, t.Schema, t.Name, strings.Join(d.names, "_"), "idx")
	} else {
		x.Name = st.Name.Name
	}
	if d.table != t {
		if err := s.putHidden(ctx, t, d.table); err != nil {
			return err
		}
		t = d.table
	}
	x.OID = s.txn.NewOID()
	return s.txn.AddIndex(ctx, t, x)
}

// putHidden puts a definition with more hidden columns, which are computed for the rows there are.
func (s *Session) putHidden(ctx context.Context, t, def *schema.Table) error {
	if s.empty(t) {
		return s.txn.PutTable(def)
	}
	def.Generation = s.txn.NewGeneration()
	return s.rewrite(ctx, t, def, nil)
}

// notInBlock is the error of a statement that wants to be a transaction of its own.
func notInBlock(statement string) error {
	return sqlerr.New(sqlerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", statement)
}

// refuseIndex refuses the forms of CREATE INDEX that are not there.
func refuseIndex(st *ast.CreateIndexStmt) error {
	if len(st.Include) > 0 {
		return sqlerr.NotSupported("INCLUDE is not supported").At(st.Include[0].Pos())
	}
	for _, e := range st.Elems {
		if len(e.Collation) > 0 {
			switch e.Collation[len(e.Collation)-1].Name {
			case "C", "POSIX", "default", "C.UTF-8", "C.utf8", "ucs_basic":
			default:
				return sqlerr.NotSupported("this collation of an index is not supported").At(e.Pos())
			}
		}
	}
	return nil
}

// indexDefiner makes the definition of an index.
type indexDefiner struct {
	session *Session
	table   *schema.Table // a copy with hidden columns when the index needs some
	names   []string      // of the columns, for the index's own
}

// index makes the definition but for its name and OID.
func (d *indexDefiner) index(st *ast.CreateIndexStmt) (*schema.Index, error) {
	x := &schema.Index{Unique: st.Unique, NullsNotDistinct: st.NullsNotDistinct}
	array := false
	for _, e := range st.Elems {
		c, err := d.element(e)
		if err != nil {
			return nil, err
		}
		if err := refuseIndexed(c.Type, e.Pos()); err != nil {
			return nil, err
		}
		if c.Type.Kind.IsArray() {
			if array = true; len(st.Elems) > 1 || st.Unique {
				return nil, sqlerr.NotSupported("an index on an array column and others, or a unique one, is not supported").At(e.Pos())
			}
		}
		xc := schema.IndexColumn{Num: c.Num, Desc: e.Dir == ast.SortDesc}
		xc.NullsFirst = e.Nulls == ast.NullsFirst || e.Nulls == ast.NullsDefault && xc.Desc
		x.Columns = append(x.Columns, xc)
	}
	if err := indexMethod(x, st, array); err != nil {
		return nil, err
	}
	if st.Where != nil {
		text, err := plan.BindPredicate(st.Where, d.table, &d.session.set.vars.style)
		if err != nil {
			return nil, err
		}
		x.Filter = d.hidden(text, value.Of(value.Bool)).Num
	}
	return x, nil
}

// element returns the column of one element: for an expression a hidden one.
func (d *indexDefiner) element(e *ast.IndexElem) (*schema.Column, error) {
	if e.Expr == nil {
		c, ok := d.table.Column(e.Column)
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", e.Column)
		}
		d.names = append(d.names, c.Name)
		return c, nil
	}
	x, text, err := plan.BindIndexExpr(e.Expr, d.table, &d.session.set.vars.style)
	if err != nil {
		return nil, err
	}
	if c, ok := x.(*expr.Column); ok { // a column in parentheses
		c := d.table.ColumnByNum(int16(c.Index + 1))
		d.names = append(d.names, c.Name)
		return c, nil
	}
	d.names = append(d.names, plan.IndexColumnName(e.Expr))
	return d.hidden(text, x.Type()), nil
}

// hidden returns the hidden column with the value of an expression, one that is there or a new one.
func (d *indexDefiner) hidden(text string, typ value.Type) *schema.Column {
	for i := range d.table.Columns {
		if c := &d.table.Columns[i]; c.Hidden && c.Generated == text && c.Type == typ {
			return c
		}
	}
	if now, _ := d.session.catalog().TableByOID(d.table.OID); now == d.table {
		d.table = changedTable(d.table)
	}
	num := int16(len(d.table.Columns) + 1)
	d.table.Columns = append(d.table.Columns, schema.Column{Num: num, Name: hiddenExprName + strconv.Itoa(int(num)), Type: typ,
		Hidden: true, Generated: text})
	return &d.table.Columns[num-1]
}

// dropUnusedHidden drops the hidden columns of indexes that there are no more.
func dropUnusedHidden(def *schema.Table) {
	for i := range def.Columns {
		c := &def.Columns[i]
		if !c.Hidden || c.Generated == "" || slices.ContainsFunc(def.Indexes, func(x *schema.Index) bool { return x.Filter == c.Num || x.Has(c.Num) }) {
			continue
		}
		c.Generated, c.Dropped = "", true
	}
}

// hiddenExprName begins the names of the columns of indexes. SQL cannot name them.
const hiddenExprName = "\x01expr"

// refuseIndexed refuses types that no index is on.
func refuseIndexed(t value.Type, pos int) error {
	if t.Kind == value.JSONB || t.Kind == value.JSON {
		return sqlerr.NotSupported("an index on a column of type %s is not supported", t.Kind).At(pos)
	}
	return nil
}

// indexMethod reads USING.
func indexMethod(x *schema.Index, st *ast.CreateIndexStmt, array bool) error {
	switch strings.ToLower(st.Method) {
	case "":
		if x.Kind = schema.BTree; array {
			x.Kind = schema.Dictionary
		}
	case "btree":
		if x.Kind = schema.BTree; array {
			return sqlerr.NotSupported("a btree index on an array column is not supported").At(st.Elems[0].Pos())
		}
	case "hash", "dictionary", "dict", "gin":
		if m := strings.ToLower(st.Method); x.Unique && (m == "hash" || m == "gin") {
			return sqlerr.NotSupported("access method \"%s\" does not support unique indexes", m)
		}
		x.Kind = schema.Dictionary
		for i, e := range st.Elems {
			if e.Dir != ast.SortDefault || e.Nulls != ast.NullsDefault {
				return sqlerr.NotSupported("access method %q does not support ASC/DESC or NULLS FIRST/LAST options", st.Method).At(e.Pos())
			}
			x.Columns[i].NullsFirst = false
		}
	default:
		return sqlerr.New(sqlerr.UndefinedObject, "access method %q does not exist", st.Method)
	}
	return nil
}
