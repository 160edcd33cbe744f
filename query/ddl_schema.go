package query

import (
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// createSchema runs CREATE SCHEMA.
func (s *Session) createSchema(st *ast.CreateSchemaStmt) error {
	owner, name := st.Owner, st.Name
	if owner != "" {
		if err := s.checkRole(owner); err != nil {
			return err
		}
		if name == owner {
			name = s.roleName(owner)
		}
	}
	cat := s.catalog()
	if err := reservedSchema(name); err != nil {
		return err
	}
	if _, ok := cat.Schema(name); ok {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateSchema, "schema %q already exists, skipping", name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateSchema, "schema %q already exists", name)
	}
	return s.txn.PutObject(&schema.Object{OID: s.txn.NewOID(), Kind: schema.SchemaObject, Name: name})
}

// reservedSchema refuses the names that are the system's.
func reservedSchema(name string) error {
	switch {
	case strings.HasPrefix(name, "pg_"):
		return sqlerr.New(sqlerr.ReservedName, "unacceptable schema name %q", name).
			WithDetail("The prefix \"pg_\" is reserved for system schemas.")
	case name == informationSchema:
		return sqlerr.New(sqlerr.DuplicateSchema, "schema %q already exists", name)
	}
	return nil
}

// roleName is the role that a name in a statement stands for.
func (s *Session) roleName(written string) string {
	switch written {
	case "current_user", "session_user", "current_role":
		return s.cfg.User
	}
	return written
}

// checkRole refuses roles that there are not: there is one, the session's user.
func (s *Session) checkRole(written string) error {
	if name := s.roleName(written); name != s.cfg.User {
		return sqlerr.New(sqlerr.UndefinedObject, "role %q does not exist", name)
	}
	return nil
}

// alterSchema runs ALTER SCHEMA.
func (s *Session) alterSchema(ctx context.Context, st *ast.AlterObjectStmt) error {
	name := st.Name.Name
	o, ok := s.catalog().Schema(name)
	if !ok {
		if name == systemSchema || name == informationSchema {
			return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", name)
		}
		return undefinedSchema(name)
	}
	if st.Action.Kind == ast.OwnerTo {
		return s.checkRole(st.Action.NewName)
	}
	to := st.Action.NewName
	if _, dup := s.catalog().Schema(to); dup {
		return sqlerr.New(sqlerr.DuplicateSchema, "schema %q already exists", to)
	}
	if err := reservedSchema(to); err != nil {
		return err
	}
	renamed := *o
	renamed.Name = to
	if err := s.txn.PutObject(&renamed); err != nil {
		return err
	}
	return s.moveAll(ctx, name, to)
}

// moveAll moves everything in a schema to another that is empty.
func (s *Session) moveAll(ctx context.Context, from, to string) error {
	for _, t := range s.catalog().Tables() {
		if t.Schema != from {
			continue
		}
		if err := s.txn.LockTable(ctx, t.OID, store.AccessExclusiveLock); err != nil {
			return err
		}
		def := changedTable(t)
		def.Schema = to
		if err := s.txn.PutTable(def); err != nil {
			return err
		}
	}
	for _, o := range s.catalog().Objects() {
		if o.Schema != from {
			continue
		}
		moved := *o
		moved.Schema = to
		if err := s.txn.PutObject(&moved); err != nil {
			return err
		}
	}
	return nil
}

// dropSchemas runs DROP SCHEMA.
func (s *Session) dropSchemas(ctx context.Context, st *ast.DropStmt) error {
	d := s.newDropper(st.Cascade)
	for _, n := range st.Names {
		switch o, ok := d.cat.Schema(n.Name); {
		case ok:
			d.add(ref{kind: schemaRef, oid: o.OID})
		case n.Name == systemSchema || n.Name == informationSchema:
			return sqlerr.New(sqlerr.DependentObjectsStillExist, "cannot drop schema %s because it is required by the database system", n.Name)
		case st.IfExists:
			s.notice("NOTICE", sqlerr.New("00000", "schema %q does not exist, skipping", n.Name))
		default:
			return undefinedSchema(n.Name)
		}
	}
	return d.run(ctx)
}

// inSchema are the refs of everything in a schema.
func inSchema(cat *schema.Catalog, name string) []ref {
	var list []ref
	for _, t := range cat.Tables() {
		if t.Schema == name {
			list = append(list, ref{kind: relationRef, oid: t.OID})
		}
	}
	for _, o := range cat.Objects() {
		switch {
		case o.Schema != name:
		case o.Kind.IsRelation():
			list = append(list, ref{kind: relationRef, oid: o.OID})
		case o.Kind.IsType():
			list = append(list, ref{kind: typeRef, oid: o.OID})
		}
	}
	return slices.Clip(list)
}
