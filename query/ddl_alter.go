package query

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// alterRelation runs ALTER TABLE, INDEX, SEQUENCE, VIEW and MATERIALIZED VIEW.
func (s *Session) alterRelation(ctx context.Context, st *ast.AlterTableStmt) error {
	name := st.Table.Table
	cat := s.catalog()
	if err := s.checkDatabase(name); err != nil {
		return err
	}
	r, ok := cat.FindRelation(s.path(), name.Schema, name.Name)
	if !ok {
		return s.missingRelation(st, cat, name)
	}
	if err := fitsAlter(st, r, name.Name); err != nil {
		return err
	}
	switch kindOf(r) {
	case ast.ObjIndex:
		return s.alterIndex(ctx, st, r)
	case ast.ObjView, ast.ObjSequence:
		for _, a := range st.Actions {
			o, _ := s.catalog().Object(r.Object.OID)
			if err := s.alterRelationObject(ctx, o, a); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.txn.LockTable(ctx, r.Table.OID, store.AccessExclusiveLock); err != nil {
		return err
	}
	actions := slices.Clone(st.Actions)
	slices.SortStableFunc(actions, func(a, b *ast.AlterAction) int { return alterPass(a) - alterPass(b) })
	for _, a := range actions {
		t, ok := s.catalog().TableByOID(r.Table.OID)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name.String())
		}
		if err := s.alterTable(ctx, t, a); err != nil {
			return err
		}
	}
	return nil
}

// missingRelation is the error, or the notice, for an ALTER of what there is not.
func (s *Session) missingRelation(st *ast.AlterTableStmt, cat *schema.Catalog, name ast.QualifiedName) error {
	switch {
	case s.isSystem(name):
		return sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied: %q is a system catalog", name.Name)
	case st.IfExists:
		s.notice("NOTICE", sqlerr.New("00000", "relation %q does not exist, skipping", name.Name))
		return nil
	case name.Schema != "" && !s.schemaExists(cat, name.Schema):
		return undefinedSchema(name.Schema)
	}
	return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name.String())
}

// fitsAlter refuses an ALTER of one kind of relation that names another: ALTER TABLE does for all but what only tables have.
func fitsAlter(st *ast.AlterTableStmt, r schema.Relation, name string) error {
	kind := kindOf(r)
	if kind == st.Kind {
		return nil
	}
	if st.Kind == ast.ObjIndex && st.Actions[0].Kind == ast.RenameTable {
		return nil // PostgreSQL takes ALTER INDEX for renaming any relation
	}
	if st.Kind != ast.ObjTable {
		return sqlerr.New(sqlerr.WrongObjectType, "%q is not %s", name, relationKinds[st.Kind].article)
	}
	for _, a := range st.Actions {
		switch a.Kind {
		case ast.RenameTable, ast.RenameColumn, ast.SetSchema, ast.OwnerTo, ast.SetOptions, ast.ResetOptions, ast.ColumnDefault,
			ast.ColumnStatistics, ast.ColumnStorage:
		default:
			if kind == ast.ObjIndex && a.Kind == ast.RenameColumn {
				break
			}
			return sqlerr.New(sqlerr.WrongObjectType, "ALTER action %s cannot be performed on relation %q", actionName(a), name).
				WithDetail("This operation is not supported for %s.", plural(kind))
		}
	}
	return nil
}

func plural(kind ast.ObjectKind) string {
	if kind == ast.ObjIndex {
		return "indexes"
	}
	return relationKinds[kind].name + "s"
}

// actionName is how PostgreSQL's messages call an action of ALTER TABLE.
func actionName(a *ast.AlterAction) string {
	names := map[ast.AlterKind]string{
		ast.AddColumn: "ADD COLUMN", ast.DropColumn: "DROP COLUMN", ast.ColumnDefault: "ALTER COLUMN ... SET DEFAULT",
		ast.SetNotNull: "ALTER COLUMN ... SET NOT NULL", ast.DropNotNull: "ALTER COLUMN ... DROP NOT NULL",
		ast.ColumnType: "ALTER COLUMN ... SET DATA TYPE", ast.AddConstraint: "ADD CONSTRAINT", ast.DropConstraint: "DROP CONSTRAINT",
		ast.AlterConstraint: "ALTER CONSTRAINT", ast.ValidateConstraint: "VALIDATE CONSTRAINT", ast.SetLogged: "SET LOGGED",
		ast.AddIdentity: "ALTER COLUMN ... ADD IDENTITY", ast.SetIdentity: "ALTER COLUMN ... SET", ast.DropIdentity: "ALTER COLUMN ... DROP IDENTITY",
		ast.DropExpression: "ALTER COLUMN ... DROP EXPRESSION", ast.RenameConstraint: "RENAME CONSTRAINT", ast.SetTablespace: "SET TABLESPACE",
		ast.ColumnOptions: "ALTER COLUMN ... SET", ast.ColumnCompression: "ALTER COLUMN ... SET COMPRESSION",
	}
	return names[a.Kind]
}

// alterPass orders the actions of one ALTER TABLE as PostgreSQL runs them.
func alterPass(a *ast.AlterAction) int {
	switch a.Kind {
	case ast.DropColumn, ast.DropConstraint, ast.DropNotNull, ast.DropIdentity, ast.DropExpression:
		return 0
	case ast.ColumnType:
		return 1
	case ast.AddColumn:
		return 2
	case ast.SetNotNull, ast.AddIdentity, ast.SetIdentity:
		return 3
	case ast.AddConstraint:
		return 4
	case ast.ColumnDefault:
		if a.Expr == nil {
			return 0
		}
		return 4
	}
	return 5
}

// alterTable does one action on a table or materialized view.
func (s *Session) alterTable(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	switch a.Kind {
	case ast.AddColumn:
		return s.addColumn(ctx, t, a)
	case ast.DropColumn:
		return s.dropColumnNamed(ctx, t, a)
	case ast.ColumnType:
		return s.columnType(ctx, t, a)
	case ast.RenameColumn:
		return s.renameColumn(t, a)
	case ast.RenameTable:
		return s.renameTable(t, a.NewName)
	case ast.RenameConstraint:
		return s.renameConstraint(t, a)
	case ast.SetSchema:
		return s.moveTable(t, a.NewName)
	case ast.ColumnDefault:
		return s.columnDefault(t, a)
	case ast.DropNotNull:
		return s.dropNotNull(t, a)
	case ast.SetNotNull:
		return s.setNotNull(ctx, t, a)
	case ast.AddConstraint, ast.DropConstraint, ast.AlterConstraint, ast.ValidateConstraint, ast.AddIdentity, ast.SetIdentity,
		ast.DropIdentity, ast.DropExpression:
		return s.alterConstraints(ctx, t, a)
	case ast.ColumnStatistics, ast.ColumnStorage, ast.ColumnOptions, ast.ColumnCompression:
		_, err := alteredColumn(t, a.Name)
		return err
	case ast.OwnerTo:
		return s.checkRole(a.NewName)
	case ast.SetOptions, ast.ResetOptions, ast.SetLogged:
		return nil // tuning that has no counterpart
	case ast.OtherAction:
		switch a.Word {
		case "replica identity default", "replica identity full", "replica identity nothing", "set without cluster", "set without oids":
			return nil
		}
	}
	return sqlerr.NotSupported("this action of ALTER TABLE is not supported").At(a.Pos())
}

// changedTable returns a copy of a definition to be changed.
func changedTable(t *schema.Table) *schema.Table {
	def := t.Clone()
	def.Version++
	return def
}

// alteredColumn finds a column that an action names.
func alteredColumn(t *schema.Table, name string) (*schema.Column, error) {
	if c, ok := t.Column(name); ok {
		return c, nil
	}
	if systemColumn(name) {
		return nil, sqlerr.NotSupported("cannot alter system column %q", name)
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
}

// renameTable gives a table or materialized view another name.
func (s *Session) renameTable(t *schema.Table, to string) error {
	if s.catalog().RelationExistsIn(t.Schema, to) {
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", to)
	}
	def := changedTable(t)
	def.Name = to
	return s.txn.PutTable(def)
}

// moveTable puts a table with its indexes and the sequences that it owns into another schema.
func (s *Session) moveTable(t *schema.Table, to string) error {
	cat := s.catalog()
	to, err := s.moveTarget(cat, t.Schema, to)
	if err != nil || to == t.Schema {
		return err
	}
	names := []string{t.Name}
	if !t.HiddenKey {
		names = append(names, t.KeyName)
	}
	for _, x := range t.Indexes {
		names = append(names, x.Name)
	}
	for _, name := range names {
		if cat.RelationExistsIn(to, name) {
			return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists in schema %q", name, to)
		}
	}
	def := changedTable(t)
	def.Schema = to
	if err := s.txn.PutTable(def); err != nil {
		return err
	}
	for _, q := range cat.OwnedSequences(t.OID, 0) {
		if err := s.moveObject(q, to); err != nil {
			return err
		}
	}
	return nil
}

// moveTarget returns the schema that SET SCHEMA names.
func (s *Session) moveTarget(cat *schema.Catalog, from, to string) (string, error) {
	if to == "pg_temp" {
		to = s.set.namespace.temp
	}
	switch {
	case schema.IsTemp(from) != schema.IsTemp(to) || schema.IsTemp(to):
		return "", sqlerr.NotSupported("cannot move objects into or out of temporary schemas")
	case to == systemSchema || to == informationSchema:
		return "", sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", to)
	case !s.schemaExists(cat, to):
		return "", undefinedSchema(to)
	}
	return to, nil
}

// moveObject puts an object that is no table into another schema.
func (s *Session) moveObject(o *schema.Object, to string) error {
	cat := s.catalog()
	to, err := s.moveTarget(cat, o.Schema, to)
	if err != nil || to == o.Schema {
		return err
	}
	if o.Kind.IsRelation() && cat.RelationExistsIn(to, o.Name) {
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists in schema %q", o.Name, to)
	}
	if _, dup := cat.Type(to, o.Name); dup && o.Kind.IsType() {
		return sqlerr.New(sqlerr.DuplicateObject, "type %q already exists in schema %q", o.Name, to)
	}
	moved := *o
	moved.Schema = to
	return s.txn.PutObject(&moved)
}

// renameConstraint renames a constraint, with its index if it has one.
func (s *Session) renameConstraint(t *schema.Table, a *ast.AlterAction) error {
	if !t.HasConstraint(a.Name) {
		return sqlerr.New(sqlerr.UndefinedObject, "constraint %q for table %q does not exist", a.Name, t.Name)
	}
	x, isIndex := t.Index(a.Name)
	isKey := !t.HiddenKey && t.KeyName == a.Name
	switch {
	case (isIndex || isKey) && s.catalog().RelationExistsIn(t.Schema, a.NewName):
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", a.NewName)
	case t.HasConstraint(a.NewName):
		return sqlerr.New(sqlerr.DuplicateObject, "constraint %q for relation %q already exists", a.NewName, t.Name)
	}
	def := changedTable(t)
	switch {
	case isKey:
		def.KeyName = a.NewName
	case isIndex:
		renameIndex(def, x.OID, a.NewName)
	}
	def.Checks = slices.Clone(def.Checks)
	for i := range def.Checks {
		if def.Checks[i].Name == a.Name {
			def.Checks[i].Name = a.NewName
		}
	}
	def.ForeignKeys = slices.Clone(def.ForeignKeys)
	for i, k := range def.ForeignKeys {
		if k.Name == a.Name {
			renamed := *k
			renamed.Name = a.NewName
			def.ForeignKeys[i] = &renamed
		}
	}
	return s.txn.PutTable(def)
}

// renameIndex gives an index of a definition another name.
func renameIndex(def *schema.Table, oid uint32, to string) {
	for i, x := range def.Indexes {
		if x.OID == oid {
			renamed := *x
			renamed.Name = to
			def.Indexes[i] = &renamed
		}
	}
}

// alterIndex runs ALTER INDEX.
func (s *Session) alterIndex(ctx context.Context, st *ast.AlterTableStmt, r schema.Relation) error {
	if err := s.txn.LockTable(ctx, r.Table.OID, store.AccessExclusiveLock); err != nil {
		return err
	}
	for _, a := range st.Actions {
		switch a.Kind {
		case ast.SetOptions, ast.ResetOptions, ast.ColumnStatistics:
			continue
		case ast.OwnerTo:
			if err := s.checkRole(a.NewName); err != nil {
				return err
			}
			continue
		case ast.RenameTable:
		default:
			return sqlerr.NotSupported("this action of ALTER INDEX is not supported").At(a.Pos())
		}
		if s.catalog().RelationExistsIn(r.Table.Schema, a.NewName) {
			return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", a.NewName)
		}
		t, _ := s.catalog().TableByOID(r.Table.OID)
		def := changedTable(t)
		if r.Key {
			def.KeyName = a.NewName
		} else {
			renameIndex(def, r.Index.OID, a.NewName)
		}
		if err := s.txn.PutTable(def); err != nil {
			return err
		}
	}
	return nil
}

// alterRelationObject does one action on a view or a sequence.
func (s *Session) alterRelationObject(ctx context.Context, o *schema.Object, a *ast.AlterAction) error {
	switch a.Kind {
	case ast.RenameTable:
		if s.catalog().RelationExistsIn(o.Schema, a.NewName) {
			return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", a.NewName)
		}
		renamed := *o
		renamed.Name = a.NewName
		return s.txn.PutObject(&renamed)
	case ast.SetSchema:
		if q := o.Sequence; q != nil && q.Owner != 0 {
			t, _ := s.catalog().TableByOID(q.Owner)
			return sqlerr.NotSupported("cannot move an owned sequence into another schema").
				WithDetail("Sequence %q is linked to table %q.", o.Name, t.Name)
		}
		return s.moveObject(o, a.NewName)
	case ast.OwnerTo:
		return s.checkRole(a.NewName)
	case ast.SetOptions, ast.ResetOptions, ast.SetLogged:
		return nil
	case ast.SequenceOptions:
		return s.alterSequence(ctx, o, a.Options)
	case ast.RenameColumn:
		if o.View != nil {
			return s.renameViewColumn(o, a)
		}
	}
	return sqlerr.NotSupported("this action of ALTER %s is not supported", relationKinds[kindOf(schema.Relation{Object: o})].drop[len("DROP "):]).At(a.Pos())
}

// renameViewColumn runs ALTER VIEW ... RENAME COLUMN.
func (s *Session) renameViewColumn(o *schema.Object, a *ast.AlterAction) error {
	at := slices.IndexFunc(o.View.Columns, func(c schema.ViewColumn) bool { return c.Name == a.Name })
	switch {
	case at < 0:
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", a.Name)
	case slices.ContainsFunc(o.View.Columns, func(c schema.ViewColumn) bool { return c.Name == a.NewName }):
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists", a.NewName, o.Name)
	}
	renamed, view := *o, *o.View
	view.Columns = slices.Clone(view.Columns)
	view.Columns[at].Name = a.NewName
	renamed.View = &view
	return s.txn.PutObject(&renamed)
}

// alterObject runs ALTER SCHEMA, TYPE and DOMAIN.
func (s *Session) alterObject(ctx context.Context, st *ast.AlterObjectStmt) error {
	if st.Kind == ast.ObjSchema {
		return s.alterSchema(ctx, st)
	}
	return s.alterType(ctx, st)
}
