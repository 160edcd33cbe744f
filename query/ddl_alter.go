package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// alterTable runs ALTER TABLE, and ALTER INDEX ... RENAME.
func (s *Session) alterTable(ctx context.Context, st *ast.AlterTableStmt) error {
	switch st.Kind {
	case ast.ObjTable:
	case ast.ObjIndex:
		return s.alterIndex(ctx, st)
	default:
		return sqlerr.NotSupported("this ALTER is not supported").At(st.Pos())
	}
	if _, err := s.lockedTable(ctx, st.Table.Table); err != nil {
		if st.IfExists && sqlerr.Code(err) == sqlerr.UndefinedTable {
			s.notice("NOTICE", sqlerr.New("00000", "relation %q does not exist, skipping", st.Table.Table.Name))
			return nil
		}
		return err
	}
	name := st.Table.Table
	for _, a := range st.Actions {
		t, err := s.namedTable(s.catalog(), name)
		if err != nil {
			return err
		}
		if err := s.alter(ctx, t, a); err != nil {
			return err
		}
		if a.Kind == ast.RenameTable {
			name.Name = a.NewName
		}
	}
	return nil
}

// alter does one action.
func (s *Session) alter(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	switch a.Kind {
	case ast.AddColumn:
		return s.addColumn(t, a)
	case ast.RenameColumn:
		return s.renameColumn(t, a)
	case ast.RenameTable:
		return s.renameTable(t, a)
	case ast.ColumnDefault:
		return s.columnDefault(t, a)
	case ast.DropNotNull:
		return s.dropNotNull(t, a)
	case ast.SetNotNull:
		return s.setNotNull(ctx, t, a)
	case ast.AddConstraint:
		if a.Constraint.Kind == ast.ConPrimaryKey {
			return s.addPrimaryKey(ctx, t, a.Constraint)
		}
		return refuseConstraint(a.Constraint)
	case ast.SetOptions, ast.ResetOptions, ast.ColumnStatistics, ast.ColumnStorage, ast.OwnerTo:
		return nil // tuning that has no counterpart; there is one owner
	}
	return sqlerr.NotSupported("this action of ALTER TABLE is not supported").At(a.Pos())
}

// changed returns a copy of a definition to be changed.
func changedTable(t *schema.Table) *schema.Table {
	def := t.Clone()
	def.Version++
	return def
}

func (s *Session) addColumn(t *schema.Table, a *ast.AlterAction) error {
	if c, ok := t.Column(a.Def.Name); ok {
		if a.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists, skipping", c.Name, t.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists", c.Name, t.Name)
	}
	for _, con := range a.Def.Constraints {
		if con.Kind == ast.ConPrimaryKey {
			return sqlerr.NotSupported("ADD COLUMN with PRIMARY KEY is not supported").At(con.Pos())
		}
	}
	def := changedTable(t)
	d := &tableDefiner{session: s, table: def, catalog: s.catalog()}
	c, err := d.column(a.Def)
	if err != nil {
		return err
	}
	missing := value.Null(c.Type.Kind)
	if c.Default != "" {
		e, err := plan.DefaultExpr(c, &s.set.vars.style)
		if err != nil {
			return err
		}
		if !expr.IsConst(e) {
			return sqlerr.NotSupported("ADD COLUMN with a volatile default is not supported").At(a.Pos())
		}
		if missing, err = expr.EvalConst(s.evaluation(context.Background(), nil), e); err != nil {
			return err
		}
	}
	if !missing.IsNull() {
		c.Missing = value.AppendStored(nil, missing)
	}
	if c.NotNull && missing.IsNull() && !s.empty(t) {
		return columnHasNulls(t, c.Name)
	}
	return s.txn.PutTable(def)
}

func columnHasNulls(t *schema.Table, name string) error {
	err := sqlerr.New(sqlerr.NotNullViolation, "column %q of relation %q contains null values", name, t.Name)
	err.Schema, err.Table, err.Column = t.Schema, t.Name, name
	return err
}

// empty says whether a table has no rows.
func (s *Session) empty(t *schema.Table) bool {
	some := false
	_ = s.eachBatch(context.Background(), t, nil, func(*column.Batch) error { // f never fails
		some = true
		return errStop
	})
	return !some
}

// errStop ends eachBatch early.
var errStop = sqlerr.New("00000", "stop")

// eachBatch calls f with the given columns of all rows of a table.
func (s *Session) eachBatch(ctx context.Context, t *schema.Table, cols []int16, f func(*column.Batch) error) error {
	view := s.txn.View()
	defer view.Close()
	tv := view.Table(t.OID)
	for i := range tv.Parts() {
		scan := tv.Part(i).Scan(nil, cols)
		var b column.Batch
		for scan.Next(&b) {
			if ctx.Err() != nil {
				return exec.Canceled(ctx)
			}
			if err := f(&b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) renameColumn(t *schema.Table, a *ast.AlterAction) error {
	if _, ok := t.Column(a.Name); !ok {
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", a.Name)
	}
	if _, dup := t.Column(a.NewName); dup {
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists", a.NewName, t.Name)
	}
	def := changedTable(t)
	c, _ := def.Column(a.Name)
	c.Name = a.NewName
	return s.txn.PutTable(def)
}

func (s *Session) renameTable(t *schema.Table, a *ast.AlterAction) error {
	if s.catalog().RelationExists(a.NewName) {
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", a.NewName)
	}
	def := changedTable(t)
	def.Name = a.NewName
	return s.txn.PutTable(def)
}

// alterColumn changes one column's definition.
func (s *Session) alterColumn(t *schema.Table, name string, change func(c *schema.Column) error) error {
	def := changedTable(t)
	c, ok := def.Column(name)
	if !ok {
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
	}
	if err := change(c); err != nil {
		return err
	}
	return s.txn.PutTable(def)
}

func (s *Session) columnDefault(t *schema.Table, a *ast.AlterAction) error {
	return s.alterColumn(t, a.Name, func(c *schema.Column) (err error) {
		c.Default = ""
		if a.Expr != nil {
			c.Default, err = s.defaultText(a.Expr, c)
		}
		return err
	})
}

func (s *Session) dropNotNull(t *schema.Table, a *ast.AlterAction) error {
	return s.alterColumn(t, a.Name, func(c *schema.Column) error {
		if t.IsKey(c.Num) {
			return sqlerr.New(sqlerr.InvalidTableDefinition, "column %q is in a primary key", c.Name)
		}
		c.NotNull = false
		return nil
	})
}

func (s *Session) setNotNull(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	return s.alterColumn(t, a.Name, func(c *schema.Column) error {
		c.NotNull = true
		return s.eachBatch(ctx, t, []int16{c.Num}, func(b *column.Batch) error {
			for i := range b.N {
				if b.Vecs[0].IsNull(i) {
					return columnHasNulls(t, c.Name)
				}
			}
			return nil
		})
	})
}

// addPrimaryKey gives a table a primary key: its rows move to a new generation, which is keyed by it.
func (s *Session) addPrimaryKey(ctx context.Context, t *schema.Table, con *ast.Constraint) error {
	if !t.HiddenKey {
		return sqlerr.New(sqlerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
	}
	def := changedTable(t)
	def.Key, def.HiddenKey = nil, false
	d := &tableDefiner{session: s, table: def, catalog: s.catalog()}
	if err := d.constraint(con); err != nil {
		return err
	}
	// The hidden column keeps its number and is NULL from now on.
	hidden := &def.Columns[t.Key[0]-1]
	hidden.NotNull = false
	def.KeyOID, def.Generation = s.txn.NewOID(), s.txn.NewGeneration()
	return s.rewrite(ctx, t, def)
}

// rewrite copies the rows of a table to a new generation of it.
func (s *Session) rewrite(ctx context.Context, old, def *schema.Table) error {
	view := s.txn.View()
	defer view.Close()
	if err := s.txn.PutTable(def); err != nil {
		return err
	}
	feed, err := s.txn.Feed(ctx, def)
	if err != nil {
		return err
	}
	err = s.copyRows(ctx, view.Table(old.OID), def, feed)
	if closeErr := feed.Close(ctx); err == nil {
		err = closeErr
	}
	if e := sqlerr.As(err); e != nil && e.Code == sqlerr.UniqueViolation {
		c := *e
		c.Message = "could not create unique index \"" + def.KeyName + "\""
		if n := len(c.Detail) - len("already exists."); n > 0 && c.Detail[n:] == "already exists." {
			c.Detail = c.Detail[:n] + "is duplicated."
		}
		return &c
	}
	return err
}

func (s *Session) copyRows(ctx context.Context, from *store.TableView, def *schema.Table, feed *store.Feed) error {
	cols := make([]int16, len(def.Columns))
	for i := range cols {
		cols[i] = int16(i + 1)
	}
	var b column.Batch
	for i := range from.Parts() {
		scan := from.Part(i).Scan(nil, cols)
		for scan.Next(&b) {
			if ctx.Err() != nil {
				return exec.Canceled(ctx)
			}
			for _, num := range def.Key {
				for row := range b.N {
					if b.Vecs[num-1].IsNull(row) {
						return columnHasNulls(def, def.ColumnByNum(num).Name)
					}
				}
			}
			if err := feed.Add(ctx, &b); err != nil {
				return err
			}
		}
	}
	return nil
}

// alterIndex runs ALTER INDEX ... RENAME TO.
func (s *Session) alterIndex(ctx context.Context, st *ast.AlterTableStmt) error {
	for _, a := range st.Actions {
		switch a.Kind {
		case ast.RenameTable:
		case ast.SetOptions, ast.ResetOptions:
			continue
		default:
			return sqlerr.NotSupported("this action of ALTER INDEX is not supported").At(a.Pos())
		}
		t, _, ok := s.catalog().IndexNamed(st.Table.Table.Name)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", st.Table.Table.String()).At(st.Table.Pos())
		}
		if err := s.txn.LockTable(ctx, t.OID, store.AccessExclusiveLock); err != nil {
			return err
		}
		if s.catalog().RelationExists(a.NewName) {
			return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", a.NewName)
		}
		def := changedTable(t)
		for i, x := range def.Indexes {
			if x.Name == st.Table.Table.Name {
				renamed := *x
				renamed.Name = a.NewName
				def.Indexes[i] = &renamed
			}
		}
		if err := s.txn.PutTable(def); err != nil {
			return err
		}
	}
	return nil
}
