package query

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// The OIDs of the system catalogs that comments are kept by.
const (
	classCatalog      = 1259 // pg_class
	typeCatalog       = 1247 // pg_type
	namespaceCatalog  = 2615 // pg_namespace
	constraintCatalog = 2606 // pg_constraint
	databaseCatalog   = 1262 // pg_database
)

// comment runs COMMENT ON.
func (s *Session) comment(st *ast.CommentStmt) error {
	c, err := s.commented(st)
	if err != nil {
		return err
	}
	text := ""
	if st.Text != nil {
		text = *st.Text
	}
	for _, o := range s.catalog().Objects() {
		old := o.Comment
		if old == nil || old.Object != c.Object || old.Class != c.Class || old.Column != c.Column || old.Constraint != c.Constraint {
			continue
		}
		if text == "" {
			return s.txn.DropObject(o.OID)
		}
		changed := *o
		c.Text = text
		changed.Comment = c
		return s.txn.PutObject(&changed)
	}
	if text == "" {
		return nil
	}
	c.Text = text
	return s.txn.PutObject(&schema.Object{OID: s.txn.NewOID(), Kind: schema.CommentObject, Comment: c})
}

// commented returns a comment on what the statement names, without its text.
func (s *Session) commented(st *ast.CommentStmt) (*schema.Comment, error) {
	cat, name := s.catalog(), st.Name
	switch st.Kind {
	case ast.ObjSchema:
		o, ok := cat.Schema(name.Name)
		if !ok {
			return nil, undefinedSchema(name.Name)
		}
		return &schema.Comment{Object: o.OID, Class: namespaceCatalog}, nil
	case ast.ObjDatabase:
		if name.Name != s.cfg.Database {
			s.warn(sqlerr.InvalidCatalogName, "database %q does not exist", name.Name)
		}
		return &schema.Comment{Object: databaseOID, Class: databaseCatalog}, nil
	case ast.ObjType, ast.ObjDomain:
		o, ok := cat.FindType(s.path(), name.Schema, name.Name)
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", name.String())
		}
		return &schema.Comment{Object: o.OID, Class: typeCatalog}, nil
	case ast.ObjTable, ast.ObjView, ast.ObjMaterializedView, ast.ObjSequence, ast.ObjIndex, ast.ObjColumn, ast.ObjConstraint:
		return s.commentedRelation(st)
	}
	return nil, sqlerr.NotSupported("COMMENT ON %s is not supported", st.KindText).At(st.Pos())
}

// commentedRelation is commented for a relation or a part of one.
func (s *Session) commentedRelation(st *ast.CommentStmt) (*schema.Comment, error) {
	cat, name := s.catalog(), st.Name
	if err := s.checkDatabase(name); err != nil {
		return nil, err
	}
	r, ok := cat.FindRelation(s.path(), name.Schema, name.Name)
	if !ok {
		if name.Schema != "" && !s.schemaExists(cat, name.Schema) {
			return nil, undefinedSchema(name.Schema)
		}
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name.String())
	}
	c := &schema.Comment{Class: classCatalog}
	switch {
	case r.Index != nil:
		c.Object = r.Index.OID
	case r.Key:
		c.Object = r.Table.KeyOID
	case r.Table != nil:
		c.Object = r.Table.OID
	default:
		c.Object = r.Object.OID
	}
	switch kind := kindOf(r); {
	case st.Kind == ast.ObjColumn:
		c.Column = relationColumnNum(r, st.Column)
		if c.Column == 0 {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", st.Column, name.Name)
		}
	case st.Kind == ast.ObjConstraint:
		if r.Table == nil || !r.Table.HasConstraint(st.Column) {
			return nil, sqlerr.New(sqlerr.UndefinedObject, "constraint %q for table %q does not exist", st.Column, name.Name)
		}
		c.Class, c.Constraint = constraintCatalog, st.Column
	case kind != st.Kind:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "%q is not %s", name.Name, relationKinds[st.Kind].article)
	}
	return c, nil
}

// relationColumnNum is the number of a column of a table or view, 0 when there is none.
func relationColumnNum(r schema.Relation, name string) int16 {
	if r.IsTable() {
		if c, ok := r.Table.Column(name); ok {
			return c.Num
		}
	}
	if r.Object != nil && r.Object.View != nil {
		for i, c := range r.Object.View.Columns {
			if c.Name == name {
				return int16(i + 1)
			}
		}
	}
	return 0
}

// commentOn returns the text of a comment: obj_description and col_description.
func (s *Session) commentOn(object, class uint32, column int16) (string, bool) {
	for _, o := range s.catalog().Objects() {
		if c := o.Comment; c != nil && c.Object == object && c.Column == column && c.Constraint == "" && (c.Class == class || class == 0) {
			return c.Text, true
		}
	}
	return "", false
}

// dropComments drops the comments on an object and its parts.
func (s *Session) dropComments(r ref) error {
	for _, o := range s.catalog().Objects() {
		c := o.Comment
		if c == nil || c.Object != r.oid || r.kind == defaultRef || r.kind == columnRef && c.Column != r.num ||
			r.kind == constraintRef && c.Constraint != r.name {
			continue
		}
		if err := s.txn.DropObject(o.OID); err != nil {
			return err
		}
	}
	return nil
}

// createExtension runs CREATE EXTENSION: the functions of these are there anyway, or are unknown one by one.
func (s *Session) createExtension(st *ast.CreateExtensionStmt) error {
	switch st.Name {
	case "plpgsql":
		if !st.IfNotExists {
			return sqlerr.New(sqlerr.DuplicateObject, "extension %q already exists", st.Name)
		}
		s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateObject, "extension %q already exists, skipping", st.Name))
		return nil
	case "pgcrypto", "uuid-ossp":
		return nil
	}
	return sqlerr.NotSupported("extension %q is not supported", st.Name).At(st.Pos())
}
