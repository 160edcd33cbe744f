package query

import (
	"context"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// createIndex runs CREATE INDEX, and CREATE INDEX CONCURRENTLY, which is the same here: writers of the table go on
// while the index is built, other DDL waits.
func (s *Session) createIndex(ctx context.Context, st *ast.CreateIndexStmt) error {
	if err := refuseIndex(st); err != nil {
		return err
	}
	if st.Concurrently && s.inBlock() {
		return notInBlock("CREATE INDEX CONCURRENTLY")
	}
	t, err := s.lockedTableIn(ctx, st.Table.Table, store.ShareUpdateExclusiveLock)
	if err != nil {
		return err
	}
	x, err := indexDefinition(t, st)
	if err != nil {
		return err
	}
	cat := s.catalog()
	if st.Name == nil {
		x.Name = freeName(cat, t.Schema, indexBaseName(t, x))
	} else if x.Name = st.Name.Name; cat.RelationExistsIn(t.Schema, x.Name) {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists, skipping", x.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", x.Name)
	}
	x.OID = s.txn.NewOID()
	return s.txn.AddIndex(ctx, t, x)
}

// notInBlock is the error of a statement that wants to be a transaction of its own.
func notInBlock(statement string) error {
	return sqlerr.New(sqlerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", statement)
}

// refuseIndex refuses the forms of CREATE INDEX that are not there.
func refuseIndex(st *ast.CreateIndexStmt) error {
	refuse := func(what string, pos int) error { return sqlerr.NotSupported("%s not supported", what).At(pos) }
	switch {
	case st.Unique:
		return refuse("unique indexes are", st.Pos())
	case st.Where != nil:
		return refuse("partial indexes are", st.Where.Pos())
	case len(st.Include) > 0:
		return refuse("INCLUDE is", st.Include[0].Pos())
	}
	for _, e := range st.Elems {
		switch {
		case e.Expr != nil:
			return refuse("indexes on expressions are", e.Pos())
		case len(e.Collation) > 0 && e.Collation[len(e.Collation)-1].Name != "C":
			return refuse("this collation of an index is", e.Pos())
		}
	}
	return nil
}

// indexDefinition makes the definition of an index but for its name and OID.
func indexDefinition(t *schema.Table, st *ast.CreateIndexStmt) (*schema.Index, error) {
	x := &schema.Index{}
	array := false
	for _, e := range st.Elems {
		c, ok := t.Column(e.Column)
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", e.Column)
		}
		if c.Type.Kind == value.JSONB {
			return nil, sqlerr.NotSupported("an index on a column of type jsonb is not supported").At(e.Pos())
		}
		if c.Type.Kind.IsArray() {
			if array = true; len(st.Elems) > 1 {
				return nil, sqlerr.NotSupported("an index on an array column and others is not supported").At(e.Pos())
			}
		}
		xc := schema.IndexColumn{Num: c.Num, Desc: e.Dir == ast.SortDesc}
		xc.NullsFirst = e.Nulls == ast.NullsFirst || e.Nulls == ast.NullsDefault && xc.Desc
		x.Columns = append(x.Columns, xc)
	}
	switch strings.ToLower(st.Method) {
	case "":
		if x.Kind = schema.BTree; array {
			x.Kind = schema.Dictionary
		}
	case "btree":
		if x.Kind = schema.BTree; array {
			return nil, sqlerr.NotSupported("a btree index on an array column is not supported").At(st.Elems[0].Pos())
		}
	case "hash", "dictionary", "dict", "gin":
		x.Kind = schema.Dictionary
		for i, e := range st.Elems {
			if e.Dir != ast.SortDefault || e.Nulls != ast.NullsDefault {
				return nil, sqlerr.NotSupported("access method %q does not support ASC/DESC or NULLS FIRST/LAST options", st.Method).At(e.Pos())
			}
			x.Columns[i].NullsFirst = false
		}
	default:
		return nil, sqlerr.New(sqlerr.UndefinedObject, "access method %q does not exist", st.Method)
	}
	return x, nil
}

// indexBaseName is the name that an index gets: table_column_column_idx, cut to 63 bytes in the table's and the
// columns' parts.
func indexBaseName(t *schema.Table, x *schema.Index) string {
	var cols []string
	for _, c := range x.Columns {
		cols = append(cols, t.ColumnByNum(c.Num).Name)
	}
	table, col := t.Name, strings.Join(cols, "_")
	const room = 63 - len("__idx")
	for len(table)+len(col) > room {
		if len(table) > len(col) {
			table = table[:len(table)-1]
		} else {
			col = col[:len(col)-1]
		}
	}
	return strings.ToValidUTF8(table, "") + "_" + strings.ToValidUTF8(col, "") + "_idx"
}
