package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// addColumn is ADD COLUMN. With a default that is the same for all rows nothing is written: rows that were there have
// it as the column's Missing; else the table is rewritten.
func (s *Session) addColumn(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	if c, ok := t.Column(a.Def.Name); ok {
		if a.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists, skipping", c.Name, t.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists", c.Name, t.Name)
	}
	def := changedTable(t)
	d := &tableDefiner{session: s, table: def, catalog: s.catalog(), ctx: ctx}
	c, err := d.column(a.Def)
	if err != nil {
		return err
	}
	var key []pendingConstraint
	d.pending = slices.DeleteFunc(d.pending, func(p pendingConstraint) bool {
		if p.Kind == ast.ConPrimaryKey {
			key = append(key, p)
			c.NotNull = true
		}
		return p.Kind == ast.ConPrimaryKey
	})
	checks := len(def.Checks)
	if err := d.constraints(); err != nil {
		return err
	}
	if err := s.putColumn(ctx, t, def, c); err != nil {
		return err
	}
	for _, check := range def.Checks[checks:] {
		if err := s.verifyCheck(ctx, def, check.Name); err != nil {
			return err
		}
	}
	for i := range key {
		now, _ := s.catalog().TableByOID(t.OID)
		if err := s.addPrimaryKey(ctx, now, &key[i]); err != nil {
			return err
		}
	}
	if err := d.addIndexes(t.OID); err != nil {
		return err
	}
	return d.refer(t.OID)
}

// putColumn puts the definition of a table with one more column.
func (s *Session) putColumn(ctx context.Context, t, def *schema.Table, c *schema.Column) error {
	if c.Generated != "" && !s.empty(t) {
		def.Generation = s.txn.NewGeneration()
		return s.rewrite(ctx, t, def, nil)
	}
	missing := value.Null(c.Type.Kind)
	e, err := plan.DefaultExpr(c, &s.set.vars.style)
	if err != nil {
		return err
	}
	if e != nil {
		if expr.VolatilityOf(e) == expr.Volatile {
			if s.empty(t) {
				return s.txn.PutTable(def)
			}
			def.Generation = s.txn.NewGeneration()
			return s.rewrite(ctx, t, def, map[int16]expr.Expr{c.Num: e})
		}
		if missing, err = expr.EvalConst(s.evaluation(ctx, nil), e); err != nil {
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

// dropColumnNamed is DROP COLUMN.
func (s *Session) dropColumnNamed(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	c, ok := t.Column(a.Name)
	switch {
	case ok:
	case systemColumn(a.Name):
		return sqlerr.NotSupported("cannot drop system column %q", a.Name)
	case a.IfExists:
		s.notice("NOTICE", sqlerr.New("00000", "column %q of relation %q does not exist, skipping", a.Name, t.Name))
		return nil
	default:
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", a.Name, t.Name)
	}
	d := s.newDropper(a.Cascade)
	d.add(ref{kind: columnRef, oid: t.OID, num: c.Num})
	return d.run(ctx)
}

// dropColumn takes a column out of a table: it stays, hidden, and everything of the table that reads it goes.
func (s *Session) dropColumn(ctx context.Context, t *schema.Table, num int16) error {
	def := changedTable(t)
	var gone []int16 // with it, the hidden columns of indexes that read it
	for i := range def.Columns {
		c := &def.Columns[i]
		if c.Num == num || c.Hidden && c.Generated != "" && slices.Contains(plan.StoredColumns(t, c.Generated), num) {
			gone = append(gone, c.Num)
		}
	}
	def.Indexes = slices.DeleteFunc(def.Indexes, func(x *schema.Index) bool {
		return slices.Contains(gone, x.Filter) ||
			slices.ContainsFunc(x.Columns, func(c schema.IndexColumn) bool { return slices.Contains(gone, c.Num) })
	})
	def.Checks = slices.DeleteFunc(slices.Clone(def.Checks), func(c schema.Check) bool { return slices.Contains(c.Columns, num) })
	for _, k := range t.ForeignKeys {
		if slices.Contains(k.Columns, num) {
			if err := s.forgetForeignKey(def, k); err != nil {
				return err
			}
		}
	}
	for _, n := range gone {
		c := def.ColumnByNum(n)
		*c = schema.Column{Num: n, Name: fmt.Sprintf("........pg.dropped.%d........", n), Type: c.Type, Missing: c.Missing,
			Document: false, Hidden: true, Dropped: true}
		c.Type.User = 0
	}
	if t.IsKey(num) {
		addHiddenKeyTo(def)
		def.Generation = s.txn.NewGeneration()
		return s.rewrite(ctx, t, def, nil)
	}
	return s.txn.PutTable(def)
}

// addHiddenKeyTo takes the primary key away from a table.
func addHiddenKeyTo(def *schema.Table) {
	def.Key, def.KeyName, def.KeyOID = nil, "", 0
	addHiddenKey(def)
}

// forgetForeignKey takes a foreign key out of def, which is put later, and out of the list of the table that it refers to.
func (s *Session) forgetForeignKey(def *schema.Table, gone *schema.ForeignKey) error {
	def.ForeignKeys = slices.DeleteFunc(slices.Clone(def.ForeignKeys), func(k *schema.ForeignKey) bool { return k.OID == gone.OID })
	if slices.ContainsFunc(def.ForeignKeys, func(k *schema.ForeignKey) bool { return k.Table == gone.Table }) {
		return nil
	}
	if gone.Table == def.OID {
		def.ReferencedBy = slices.DeleteFunc(slices.Clone(def.ReferencedBy), func(oid uint32) bool { return oid == def.OID })
		return nil
	}
	parent, ok := s.catalog().TableByOID(gone.Table)
	if !ok {
		return nil
	}
	p := changedTable(parent)
	p.ReferencedBy = slices.DeleteFunc(slices.Clone(p.ReferencedBy), func(oid uint32) bool { return oid == def.OID })
	return s.txn.PutTable(p)
}

// columnType is ALTER COLUMN ... TYPE: the table is rewritten.
func (s *Session) columnType(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	c, err := alteredColumn(t, a.Name)
	if err != nil {
		return err
	}
	to, err := s.columnTypeOf(a.Def)
	if err != nil {
		return err
	}
	if err := s.mayChangeType(t, c); err != nil {
		return err
	}
	conv, err := s.conversion(t, c, to, a)
	if err != nil {
		return err
	}
	if to == c.Type && a.Expr == nil {
		return nil
	}
	def := changedTable(t)
	n := def.ColumnByNum(c.Num)
	n.Type, n.Missing = to, nil
	if n.Default != "" {
		if n.Default, err = s.convertedDefault(c, n); err != nil {
			return err
		}
	}
	if err := s.reboundRules(t, def); err != nil {
		return err
	}
	def.Generation = s.txn.NewGeneration()
	return s.rewrite(ctx, t, def, map[int16]expr.Expr{c.Num: conv})
}

// mayChangeType refuses to change the type of a column that something else has taken it from.
func (s *Session) mayChangeType(t *schema.Table, c *schema.Column) error {
	cat := s.catalog()
	var err error
	eachView(cat, func(oid uint32, v *schema.View) {
		if err == nil && v.UsesColumn(t.OID, c.Num) {
			err = sqlerr.NotSupported("cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on %s depends on column %q", s.describe(cat, ref{oid: oid}), c.Name)
		}
	})
	if users := generatedFrom(t, c.Num); err == nil && len(users) > 0 {
		err = sqlerr.NotSupported("cannot alter type of a column used by a generated column").
			WithDetail("Column %q is used by generated column %q.", c.Name, t.ColumnByNum(users[0].num).Name)
	}
	return err
}

// conversion returns the expression over the old row that makes the new value.
func (s *Session) conversion(t *schema.Table, c *schema.Column, to value.Type, a *ast.AlterAction) (expr.Expr, error) {
	b := &expr.Binder{Scope: plan.RowScope(t), Style: &s.set.vars.style, Clause: "USING"}
	e := expr.Expr(expr.NewColumn(int(c.Num)-1, c.Type, quoteIdent(c.Name), -1))
	if a.Expr != nil {
		var err error
		if e, err = b.Bind(a.Expr); err != nil {
			return nil, err
		}
	}
	x, err := b.Assign(e, to, c.Name)
	switch {
	case sqlerr.Code(err) != sqlerr.DatatypeMismatch:
		return x, err
	case a.Expr != nil:
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "result of USING clause for column %q cannot be cast automatically to type %s",
			c.Name, s.typeName(to)).WithHint("You might need to add an explicit cast.")
	}
	return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %q cannot be cast automatically to type %s", c.Name, s.typeName(to)).
		WithHint("You might need to specify \"USING %s::%s\".", quoteIdent(c.Name), value.FormatType(to))
}

// typeName is a type's name in messages.
func (s *Session) typeName(t value.Type) string { return s.set.vars.style.NameOf(t) }

// convertedDefault returns the default of a column for its new type.
func (s *Session) convertedDefault(old, c *schema.Column) (string, error) {
	e, err := plan.DefaultExpr(old, &s.set.vars.style)
	if err != nil || e == nil {
		return "", err
	}
	b := &expr.Binder{Style: &s.set.vars.style, Clause: "DEFAULT"}
	x, err := b.Assign(e, c.Type, c.Name)
	if sqlerr.Code(err) == sqlerr.DatatypeMismatch {
		return "", sqlerr.New(sqlerr.DatatypeMismatch, "default for column %q cannot be cast automatically to type %s", c.Name, s.typeName(c.Type))
	}
	if err != nil {
		return "", err
	}
	return x.String(), nil
}

// reboundRules binds the expressions of a table anew, after the type of a column has changed: the error is that of an expression
// that has no meaning any more.
func (s *Session) reboundRules(_, def *schema.Table) error {
	_, err := plan.RulesOf(def, &s.set.vars.style)
	return err
}

// renameColumn is RENAME COLUMN. Views go on naming the column as they did.
func (s *Session) renameColumn(t *schema.Table, a *ast.AlterAction) error {
	c, ok := t.Column(a.Name)
	if !ok {
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", a.Name)
	}
	if systemColumn(a.NewName) {
		return sqlerr.New(sqlerr.DuplicateColumn, "column name %q conflicts with a system column name", a.NewName)
	}
	if _, dup := t.Column(a.NewName); dup {
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q of relation %q already exists", a.NewName, t.Name)
	}
	def, err := plan.RenameInRules(t, c.Num, a.NewName, &s.set.vars.style)
	if err != nil {
		return err
	}
	def.Version++
	return s.txn.PutTable(def)
}

// alterColumn changes one column's definition.
func (s *Session) alterColumn(t *schema.Table, name string, change func(c *schema.Column) error) error {
	def := changedTable(t)
	c, err := alteredColumn(def, name)
	if err != nil {
		return err
	}
	if err := change(c); err != nil {
		return err
	}
	return s.txn.PutTable(def)
}

func (s *Session) columnDefault(t *schema.Table, a *ast.AlterAction) error {
	return s.alterColumn(t, a.Name, func(c *schema.Column) (err error) {
		switch {
		case c.Generated != "":
			return sqlerr.New(sqlerr.SyntaxError, "column %q of relation %q is a generated column", c.Name, t.Name)
		case c.Identity != schema.NotIdentity:
			err := sqlerr.New(sqlerr.SyntaxError, "column %q of relation %q is an identity column", c.Name, t.Name)
			if a.Expr == nil {
				return err.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
			}
			return err
		}
		c.Default = ""
		if a.Expr != nil {
			c.Default, err = s.defaultText(a.Expr, c)
		}
		return err
	})
}

func (s *Session) dropNotNull(t *schema.Table, a *ast.AlterAction) error {
	return s.alterColumn(t, a.Name, func(c *schema.Column) error {
		if c.Identity != schema.NotIdentity {
			return sqlerr.New(sqlerr.SyntaxError, "column %q of relation %q is an identity column", c.Name, t.Name)
		}
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
