package query

import (
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// serial makes a column NOT NULL with the values of a sequence of its own as default.
func (d *tableDefiner) serial(c *schema.Column, def *ast.ColumnDef) error {
	for _, con := range def.Constraints {
		if con.Kind == ast.ConNull {
			return conflictingNull(d.table, c, con)
		}
	}
	o, err := d.session.columnSequence(d.ctx, d.table, c, c.Type.Kind, nil, d.taken()...)
	if err != nil {
		return err
	}
	c.Default, c.NotNull = nextDefault(o.OID), true
	return nil
}

// identity makes a column GENERATED AS IDENTITY.
func (d *tableDefiner) identity(c *schema.Column, con *ast.Constraint) error {
	switch c.Type.Kind {
	case value.Int2, value.Int4, value.Int8:
	default:
		return sqlerr.New(sqlerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	if c.Identity = schema.IdentityByDefault; con.Always {
		c.Identity = schema.IdentityAlways
	}
	o, err := d.session.columnSequence(d.ctx, d.table, c, c.Type.Kind, con.Sequence, d.taken()...)
	if err != nil {
		return err
	}
	c.Sequence, c.NotNull = o.OID, true
	return nil
}

// taken are the names of relations that the definition has given already and no catalog knows yet.
func (d *tableDefiner) taken() []string {
	names := []string{d.table.Name, d.table.KeyName}
	for _, x := range d.indexes {
		names = append(names, x.Name)
	}
	return names
}

// freeRelation returns 42P07 for a name that a relation has.
func (d *tableDefiner) freeRelation(name string) error {
	if d.catalog.RelationExistsIn(d.table.Schema, name) || name == d.table.Name ||
		slices.ContainsFunc(d.indexes, func(x *schema.Index) bool { return x.Name == name }) {
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", name)
	}
	return nil
}

// constraints binds what is pending: the generated columns first, which the others may read. Foreign keys are left.
func (d *tableDefiner) constraints() error {
	pending := d.pending
	d.pending = nil
	slices.SortStableFunc(pending, func(a, b pendingConstraint) int { return constraintRank(a.Kind) - constraintRank(b.Kind) })
	for i := range pending {
		if err := d.constraint(&pending[i]); err != nil {
			return err
		}
	}
	return nil
}

func constraintRank(k ast.ConstraintKind) int {
	switch k {
	case ast.ConGenerated:
		return 0
	case ast.ConCheck:
		return 1
	case ast.ConPrimaryKey:
		return 2
	}
	return 3
}

// constraint adds one constraint.
func (d *tableDefiner) constraint(con *pendingConstraint) error {
	switch con.Kind {
	case ast.ConGenerated:
		c, _ := d.table.Column(con.column)
		text, err := plan.BindGenerated(con.Expr, d.table, c, &d.session.set.vars.style)
		c.Generated = text
		if e := sqlerr.As(err); e != nil && !d.isNew() { // as PostgreSQL, which has no place for it then
			at := *e
			at.Pos = 0
			return &at
		}
		return err
	case ast.ConCheck:
		return d.check(con)
	case ast.ConPrimaryKey:
		return d.primaryKey(con)
	case ast.ConUnique:
		return d.unique(con)
	case ast.ConForeignKey:
		d.foreign = append(d.foreign, *con)
		return nil
	case ast.ConExclude:
		return sqlerr.NotSupported("exclusion constraints are not supported").At(con.Pos())
	}
	return sqlerr.NotSupported("this constraint is not supported").At(con.Pos())
}

// check adds a CHECK constraint.
func (d *tableDefiner) check(con *pendingConstraint) error {
	t := d.table
	c, err := plan.BindCheck(con.Expr, t, &d.session.set.vars.style)
	if err != nil {
		return err
	}
	c.NoInherit = con.NoInherit
	if c.Name = con.Name; c.Name == "" {
		column := ""
		if len(c.Columns) == 1 {
			column = t.ColumnByNum(c.Columns[0]).Name
		}
		c.Name = constraintName(d.catalog, t, column, "check")
	} else if d.isNew() && slices.ContainsFunc(t.Checks, func(o schema.Check) bool { return o.Name == c.Name }) {
		return sqlerr.New(sqlerr.DuplicateObject, "check constraint %q already exists", c.Name)
	} else if err := d.freeConstraint(c.Name); err != nil {
		return err
	}
	t.Checks = append(t.Checks, *c)
	return nil
}

// isNew says whether the table is being created.
func (d *tableDefiner) isNew() bool {
	_, ok := d.catalog.TableByOID(d.table.OID)
	return !ok
}

// freeConstraint returns 42710 for a name that a constraint of the table has.
func (d *tableDefiner) freeConstraint(name string) error {
	if d.table.HasConstraint(name) || slices.ContainsFunc(d.indexes, func(x *schema.Index) bool { return x.Name == name }) {
		return sqlerr.New(sqlerr.DuplicateObject, "constraint %q for relation %q already exists", name, d.table.Name)
	}
	return nil
}

// primaryKey makes columns the primary key.
func (d *tableDefiner) primaryKey(con *pendingConstraint) error {
	t := d.table
	names, places := con.columns()
	switch {
	case len(t.Key) > 0:
		return sqlerr.New(sqlerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name).At(con.Pos())
	case len(con.Include) > 0:
		return sqlerr.NotSupported("INCLUDE is not supported").At(con.Pos())
	case con.UsingIndex != "":
		return sqlerr.NotSupported("PRIMARY KEY USING INDEX is not supported").At(con.Pos())
	case con.Deferrable || con.InitiallyDeferred:
		return sqlerr.NotSupported("deferrable primary keys are not supported").At(con.Pos())
	}
	for i, name := range names {
		c, ok := t.Column(name)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedColumn, "column %q named in key does not exist", name).At(con.Pos())
		}
		if t.IsKey(c.Num) {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q appears twice in primary key constraint", name).At(con.Pos())
		}
		if c.Type.Kind.IsArray() || c.Type.Kind == value.JSONB || c.Type.Kind == value.JSON {
			return sqlerr.NotSupported("a primary key on a column of type %s is not supported", c.Type.Kind).At(places[i])
		}
		c.NotNull = true
		t.Key = append(t.Key, c.Num)
	}
	if t.KeyName = con.Name; t.KeyName == "" {
		t.KeyName = relationName(d.catalog, t.Schema, t.Name, "", "pkey", d.taken()...)
	} else if err := d.freeRelation(t.KeyName); err != nil {
		t.KeyName = ""
		return err
	}
	t.KeyOID = d.session.txn.NewOID()
	return nil
}

// unique adds a UNIQUE constraint: its index, to indexes. One that says what the primary key or another says is left out.
func (d *tableDefiner) unique(con *pendingConstraint) error {
	t := d.table
	if err := refuseKeyOptions(con.Constraint, "UNIQUE"); err != nil {
		return err
	}
	x := &schema.Index{Kind: schema.BTree, Unique: true, Constraint: true, NullsNotDistinct: con.NullsNotDistinct}
	names, places := con.columns()
	for i, name := range names {
		c, ok := t.Column(name)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedColumn, "column %q named in key does not exist", name).At(con.Pos())
		}
		if x.Has(c.Num) {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q appears twice in unique constraint", name).At(con.Pos())
		}
		if err := refuseIndexed(c.Type, places[i]); err != nil {
			return err
		}
		if c.Type.Kind.IsArray() {
			return sqlerr.NotSupported("a unique constraint on a column of type %s is not supported", c.Type.Kind).At(places[i])
		}
		x.Columns = append(x.Columns, schema.IndexColumn{Num: c.Num})
	}
	if !t.HiddenKey && slices.Equal(t.Key, x.Nums()) && con.Name == "" {
		return nil
	}
	for _, o := range d.indexes {
		if slices.Equal(o.Nums(), x.Nums()) && o.NullsNotDistinct == x.NullsNotDistinct {
			if con.Name != "" {
				o.Name = con.Name
			}
			return nil
		}
	}
	if x.Name = con.Name; x.Name == "" {
		x.Name = relationName(d.catalog, t.Schema, t.Name, strings.Join(names, "_"), "key", d.taken()...)
	} else if err := d.freeRelation(x.Name); err != nil {
		return err
	}
	x.OID = d.session.txn.NewOID()
	d.indexes = append(d.indexes, x)
	return nil
}

// refuseKeyOptions refuses what a unique or primary key constraint cannot have here.
func refuseKeyOptions(con *ast.Constraint, what string) error {
	switch {
	case len(con.Include) > 0:
		return sqlerr.NotSupported("INCLUDE is not supported").At(con.Pos())
	case con.UsingIndex != "":
		return sqlerr.NotSupported("%s USING INDEX is not supported", what).At(con.Pos())
	case con.Deferrable || con.InitiallyDeferred:
		return sqlerr.NotSupported("deferrable unique constraints are not supported").At(con.Pos())
	}
	return nil
}

// refer adds the foreign keys of a table that is there.
func (d *tableDefiner) refer(oid uint32) error {
	for i := range d.foreign {
		t, _ := d.session.catalog().TableByOID(oid)
		if err := d.session.addForeignKey(d.ctx, t, &d.foreign[i]); err != nil {
			return err
		}
	}
	return nil
}

// addConstraint is ADD CONSTRAINT, but for primary keys.
func (s *Session) addConstraint(ctx context.Context, t *schema.Table, con *ast.Constraint) error {
	def := changedTable(t)
	d := &tableDefiner{session: s, table: def, catalog: s.catalog(), ctx: ctx}
	p := &pendingConstraint{Constraint: con}
	if con.Kind == ast.ConUnique && con.UsingIndex != "" {
		return s.constraintOfIndex(t, con)
	}
	if err := d.constraint(p); err != nil {
		return err
	}
	switch con.Kind {
	case ast.ConCheck:
		c := &def.Checks[len(def.Checks)-1]
		if con.NotValid {
			c.NotValid = true
		} else if err := s.verifyCheck(ctx, def, c.Name); err != nil {
			return err
		}
		return s.txn.PutTable(def)
	case ast.ConUnique:
		return d.addIndexes(t.OID)
	}
	return d.refer(t.OID)
}

// addIndexes builds the indexes of unique constraints of a table that is there.
func (d *tableDefiner) addIndexes(oid uint32) error {
	for _, x := range d.indexes {
		t, _ := d.session.catalog().TableByOID(oid)
		if err := d.session.txn.AddIndex(d.ctx, t, x); err != nil {
			return err
		}
	}
	return nil
}

// constraintOfIndex makes a unique index that of a constraint: ADD CONSTRAINT name UNIQUE USING INDEX.
func (s *Session) constraintOfIndex(t *schema.Table, con *ast.Constraint) error {
	def := changedTable(t)
	at := slices.IndexFunc(def.Indexes, func(x *schema.Index) bool { return x.Name == con.UsingIndex })
	if at < 0 {
		return sqlerr.New(sqlerr.UndefinedObject, "index %q does not exist", con.UsingIndex).At(con.Pos())
	}
	x := *def.Indexes[at]
	switch {
	case x.Constraint:
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "index %q is already associated with a constraint", x.Name).At(con.Pos())
	case !x.Unique:
		return sqlerr.New(sqlerr.WrongObjectType, "%q is not a unique index", x.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(con.Pos())
	case x.Filter != 0:
		return sqlerr.New(sqlerr.WrongObjectType, "%q is a partial index", x.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(con.Pos())
	case slices.ContainsFunc(x.Columns, func(c schema.IndexColumn) bool { return t.ColumnByNum(c.Num).Hidden }):
		return sqlerr.New(sqlerr.WrongObjectType, "index %q contains expressions", x.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(con.Pos())
	}
	x.Constraint = true
	if con.Name != "" && con.Name != x.Name {
		if s.catalog().RelationExistsIn(t.Schema, con.Name) {
			return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", con.Name)
		}
		s.notice("NOTICE", sqlerr.New("00000", "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index %q to %q", x.Name, con.Name))
		x.Name = con.Name
	}
	def.Indexes[at] = &x
	return s.txn.PutTable(def)
}
