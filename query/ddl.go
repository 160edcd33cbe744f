package query

import (
	"context"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// catalogLock is the OID whose lock all statements that change the catalog take, so that names and OIDs are
// given one after another.
const catalogLock = 0

// define runs a statement that changes the catalog and returns its tag.
func (s *Session) define(ctx context.Context, st ast.Stmt) (string, error) {
	tag := definitionTag(st)
	if err := s.checkWritable(tag); err != nil {
		return "", err
	}
	if _, ok := st.(*ast.TruncateStmt); !ok { // which names nothing anew
		if err := s.txn.LockTable(ctx, catalogLock, store.AccessExclusiveLock); err != nil {
			return "", err
		}
	}
	switch st := st.(type) {
	case *ast.CreateTableStmt:
		return tag, s.createTable(st)
	case *ast.CreateIndexStmt:
		return tag, s.createIndex(ctx, st)
	case *ast.DropStmt:
		return tag, s.drop(ctx, st)
	case *ast.AlterTableStmt:
		return tag, s.alterTable(ctx, st)
	case *ast.TruncateStmt:
		return tag, s.truncate(ctx, st)
	}
	return "", unsupportedStatement(st)
}

func definitionTag(st ast.Stmt) string {
	switch st := st.(type) {
	case *ast.CreateTableStmt:
		return "CREATE TABLE"
	case *ast.CreateIndexStmt:
		return "CREATE INDEX"
	case *ast.DropStmt:
		return "DROP " + st.KindText
	case *ast.AlterTableStmt:
		if st.Kind == ast.ObjIndex {
			return "ALTER INDEX"
		}
		return "ALTER TABLE"
	case *ast.TruncateStmt:
		return "TRUNCATE TABLE"
	}
	return ""
}

// catalog returns the newest catalog with the transaction's own changes.
func (s *Session) catalog() *schema.Catalog { return s.txn.Catalog() }

// namedTable finds a table by the name in a statement: 42P01, or 42501 for a relation of the system.
func (s *Session) namedTable(cat *schema.Catalog, name ast.QualifiedName) (*schema.Table, error) {
	if err := s.checkDatabase(name); err != nil {
		return nil, err
	}
	t, err := plan.Table(cat, s.path(), name)
	if err == nil {
		return t, nil
	}
	if s.engine.cfg.System != nil {
		if _, ok := s.engine.cfg.System.Relation(name.Schema, name.Name); ok {
			return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied: %q is a system catalog", name.Name)
		}
	}
	return nil, err
}

// lockedTable locks a table for DDL and returns its newest definition.
func (s *Session) lockedTable(ctx context.Context, name ast.QualifiedName) (*schema.Table, error) {
	return s.lockedTableIn(ctx, name, store.AccessExclusiveLock)
}

func (s *Session) lockedTableIn(ctx context.Context, name ast.QualifiedName, mode store.LockMode) (*schema.Table, error) {
	t, err := s.namedTable(s.catalog(), name)
	if err != nil {
		return nil, err
	}
	if err := s.txn.LockTable(ctx, t.OID, mode); err != nil {
		return nil, err
	}
	// The wait may have let another transaction drop or rename it.
	return s.namedTable(s.catalog(), name)
}

// publicSchema refuses names in other schemas.
func publicSchema(name ast.QualifiedName) error {
	switch name.Schema {
	case "", schema.PublicSchema:
		return nil
	case "pg_catalog", "information_schema":
		return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", name.Schema).At(name.Pos())
	}
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", name.Schema).At(name.Pos())
}

// freeName returns base, or base with the first number that makes it free.
func freeName(cat *schema.Catalog, base string, also ...string) string {
	taken := func(name string) bool {
		for _, a := range also {
			if a == name {
				return true
			}
		}
		return cat.RelationExists(name)
	}
	name := base
	for i := 1; taken(name); i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}

// drop runs DROP TABLE and DROP INDEX.
func (s *Session) drop(ctx context.Context, st *ast.DropStmt) error {
	for _, name := range st.Names {
		var err error
		switch st.Kind {
		case ast.ObjTable:
			err = s.dropTable(ctx, st, name)
		case ast.ObjIndex:
			err = s.dropIndex(ctx, st, name)
		default:
			return s.dropOther(st, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropOther handles kinds of object of which there are none: IF EXISTS finds that none exists.
func (s *Session) dropOther(st *ast.DropStmt, name ast.QualifiedName) error {
	return sqlerr.NotSupported("DROP %s is not supported", st.KindText).At(name.Pos())
}

func (s *Session) dropTable(ctx context.Context, st *ast.DropStmt, name ast.QualifiedName) error {
	cat := s.catalog()
	if _, x, ok := cat.IndexNamed(name.Name); ok && name.Schema != "pg_catalog" {
		return sqlerr.New(sqlerr.WrongObjectType, "%q is not a table", x.Name).WithHint("Use DROP INDEX to remove an index.")
	}
	t, err := s.lockedTable(ctx, name)
	if err != nil {
		return s.missing(st, err, "table", name)
	}
	return s.txn.DropTable(t.OID)
}

// missing turns the absence of what is to be dropped into a notice where IF EXISTS was written.
func (s *Session) missing(st *ast.DropStmt, err error, kind string, name ast.QualifiedName) error {
	if sqlerr.Code(err) != sqlerr.UndefinedTable {
		return err
	}
	if st.IfExists {
		s.notice("NOTICE", sqlerr.New("00000", "%s %q does not exist, skipping", kind, name.Name))
		return nil
	}
	code := sqlerr.UndefinedTable
	if kind == "index" {
		code = sqlerr.UndefinedObject
	}
	return sqlerr.New(code, "%s %q does not exist", kind, name.String())
}

func (s *Session) dropIndex(ctx context.Context, st *ast.DropStmt, name ast.QualifiedName) error {
	mode := store.AccessExclusiveLock
	if st.Concurrently {
		if mode = store.ShareUpdateExclusiveLock; s.inBlock() {
			return notInBlock("DROP INDEX CONCURRENTLY")
		}
	}
	undefined := sqlerr.New(sqlerr.UndefinedTable, "index %q does not exist", name.Name)
	cat := s.catalog()
	if t, ok := cat.Table(name.Name); ok {
		return sqlerr.New(sqlerr.WrongObjectType, "%q is not an index", t.Name).WithHint("Use DROP TABLE to remove a table.")
	}
	t, _, ok := cat.IndexNamed(name.Name)
	if !ok {
		for _, t := range cat.Tables() {
			if t.KeyName == name.Name && !t.HiddenKey {
				return sqlerr.New("2BP01", "cannot drop index %s because constraint %s on table %s requires it", name.Name, name.Name, t.Name).
					WithHint("You can drop constraint %s on table %s instead.", name.Name, t.Name)
			}
		}
		return s.missing(st, undefined, "index", name)
	}
	if err := s.txn.LockTable(ctx, t.OID, mode); err != nil {
		return err
	}
	t, x, ok := s.catalog().IndexNamed(name.Name)
	if !ok {
		return s.missing(st, undefined, "index", name)
	}
	def := t.Clone()
	def.Version++
	def.Indexes = def.Indexes[:0]
	for _, o := range t.Indexes {
		if o.OID != x.OID {
			def.Indexes = append(def.Indexes, o)
		}
	}
	return s.txn.PutTable(def)
}

// truncate runs TRUNCATE: each table gets a new, empty generation.
func (s *Session) truncate(ctx context.Context, st *ast.TruncateStmt) error {
	for _, r := range st.Tables {
		t, err := s.lockedTable(ctx, r.Table)
		if err != nil {
			return err
		}
		def := t.Clone()
		def.Version++
		def.Generation = s.txn.NewGeneration()
		if err := s.txn.PutTable(def); err != nil {
			return err
		}
	}
	return nil
}
