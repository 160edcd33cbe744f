package query

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// catalogLock is the OID whose lock all statements that change the catalog take, so that names and OIDs are
// given one after another.
const catalogLock = 0

// defines says whether a statement is one that define runs.
func defines(st ast.Stmt) bool { return definitionTag(st) != "" }

// define runs a statement that changes the catalog and returns its tag. text is what it was parsed from.
func (s *Session) define(ctx context.Context, st ast.Stmt, text string) (string, error) {
	tag := definitionTag(st)
	temp := s.definesTemp(st)
	if err := s.checkWritable(tag); err != nil {
		return "", err
	}
	if _, ok := st.(*ast.TruncateStmt); !ok && !temp { // which names nothing anew
		if err := s.txn.LockTable(ctx, catalogLock, store.AccessExclusiveLock); err != nil {
			return "", err
		}
	}
	switch st := st.(type) {
	case *ast.CreateTableStmt:
		return tag, s.createTable(ctx, st)
	case *ast.CreateIndexStmt:
		return tag, s.createIndex(ctx, st)
	case *ast.CreateSequenceStmt:
		return tag, s.createSequence(ctx, st)
	case *ast.CreateSchemaStmt:
		return tag, s.createSchema(st)
	case *ast.CreateTableAsStmt:
		return s.createTableAs(ctx, st, text)
	case *ast.RefreshMatViewStmt:
		return tag, s.refresh(ctx, st)
	case *ast.CreateViewStmt:
		return tag, s.createView(st)
	case *ast.CreateTypeStmt:
		return tag, s.createType(st)
	case *ast.CreateDomainStmt:
		return tag, s.createDomain(st)
	case *ast.CommentStmt:
		return tag, s.comment(st)
	case *ast.CreateExtensionStmt:
		return tag, s.createExtension(st)
	case *ast.DropStmt:
		return tag, s.drop(ctx, st)
	case *ast.AlterTableStmt:
		return tag, s.alterRelation(ctx, st)
	case *ast.AlterObjectStmt:
		return tag, s.alterObject(ctx, st)
	case *ast.TruncateStmt:
		return tag, s.truncate(ctx, st)
	}
	return "", unsupportedStatement(st)
}

// alterKinds are the kinds of relation in the tags of ALTER.
var alterTags = map[ast.ObjectKind]string{
	ast.ObjTable: "ALTER TABLE", ast.ObjIndex: "ALTER INDEX", ast.ObjSequence: "ALTER SEQUENCE", ast.ObjView: "ALTER VIEW",
	ast.ObjMaterializedView: "ALTER MATERIALIZED VIEW", ast.ObjSchema: "ALTER SCHEMA", ast.ObjType: "ALTER TYPE", ast.ObjDomain: "ALTER DOMAIN",
}

func definitionTag(st ast.Stmt) string {
	switch st := st.(type) {
	case *ast.CreateTableStmt:
		return "CREATE TABLE"
	case *ast.CreateIndexStmt:
		return "CREATE INDEX"
	case *ast.CreateSequenceStmt:
		return "CREATE SEQUENCE"
	case *ast.CreateSchemaStmt:
		return "CREATE SCHEMA"
	case *ast.CreateTableAsStmt:
		if st.Materialized {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE TABLE AS"
	case *ast.RefreshMatViewStmt:
		return "REFRESH MATERIALIZED VIEW"
	case *ast.CreateViewStmt:
		return "CREATE VIEW"
	case *ast.CreateTypeStmt:
		return "CREATE TYPE"
	case *ast.CreateDomainStmt:
		return "CREATE DOMAIN"
	case *ast.CommentStmt:
		return "COMMENT"
	case *ast.CreateExtensionStmt:
		return "CREATE EXTENSION"
	case *ast.DropStmt:
		return "DROP " + st.KindText
	case *ast.AlterTableStmt:
		return alterTags[st.Kind]
	case *ast.AlterObjectStmt:
		return alterTags[st.Kind]
	case *ast.TruncateStmt:
		return "TRUNCATE TABLE"
	}
	return ""
}

// catalog returns the newest catalog with the transaction's own changes.
func (s *Session) catalog() *schema.Catalog { return s.txn.Catalog() }

// namedTable finds a table by the name in a statement: 42P01, 3F000 for a schema that there is not, or 42501 for a relation
// of the system.
func (s *Session) namedTable(cat *schema.Catalog, name ast.QualifiedName) (*schema.Table, error) {
	if err := s.checkDatabase(name); err != nil {
		return nil, err
	}
	t, err := plan.Table(cat, s.path(), name)
	switch {
	case err == nil:
		return t, nil
	case s.isSystem(name):
		return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied: %q is a system catalog", name.Name)
	case name.Schema != "" && !s.schemaExists(cat, name.Schema):
		return nil, undefinedSchema(name.Schema)
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

// truncate runs TRUNCATE: each table gets a new, empty generation.
func (s *Session) truncate(ctx context.Context, st *ast.TruncateStmt) error {
	var tables []*schema.Table
	for _, r := range st.Tables {
		t, err := s.lockedTable(ctx, r.Table)
		if err != nil {
			return err
		}
		if t.View != nil {
			return sqlerr.New(sqlerr.WrongObjectType, "%q is not a table", t.Name)
		}
		if !slices.ContainsFunc(tables, func(o *schema.Table) bool { return o.OID == t.OID }) {
			tables = append(tables, t)
		}
	}
	tables, err := s.truncated(ctx, tables, st.Cascade)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if st.RestartIdentity {
			if err := s.restartOwnedSequences(ctx, t); err != nil {
				return err
			}
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
