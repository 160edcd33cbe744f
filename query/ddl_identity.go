package query

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// addIdentity is ALTER COLUMN ... ADD GENERATED AS IDENTITY.
func (s *Session) addIdentity(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	c, err := alteredColumn(def, a.Name)
	switch {
	case err != nil:
		return err
	case !c.NotNull:
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q must be declared NOT NULL before identity can be added", c.Name, t.Name)
	case c.Identity != schema.NotIdentity:
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q is already an identity column", c.Name, t.Name)
	case c.Default != "":
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q already has a default value", c.Name, t.Name)
	}
	d := &tableDefiner{session: s, table: def, catalog: s.catalog(), ctx: ctx}
	if err := d.identity(c, a.Constraint); err != nil {
		return err
	}
	return s.txn.PutTable(def)
}

// setIdentity is ALTER COLUMN ... SET GENERATED, SET sequence options, RESTART.
func (s *Session) setIdentity(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	c, err := alteredColumn(def, a.Name)
	if err != nil {
		return err
	}
	if c.Identity == schema.NotIdentity {
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", c.Name, t.Name)
	}
	var options []*ast.OptionDef
	for _, o := range a.Options {
		if o.Name != "generated" {
			options = append(options, o)
		} else {
			c.Identity = schema.Identity(constText(o.Value.(*ast.Const)))
		}
	}
	if len(options) > 0 {
		if o, ok := s.catalog().Object(c.Sequence); ok {
			if err := s.alterSequence(ctx, o, options); err != nil {
				return err
			}
		}
	}
	return s.txn.PutTable(def)
}

// dropIdentity is ALTER COLUMN ... DROP IDENTITY.
func (s *Session) dropIdentity(t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	c, err := alteredColumn(def, a.Name)
	if err != nil {
		return err
	}
	if c.Identity == schema.NotIdentity {
		if a.IfExists {
			s.notice("NOTICE", sqlerr.New("00000", "column %q of relation %q is not an identity column, skipping", c.Name, t.Name))
			return nil
		}
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", c.Name, t.Name)
	}
	sequence := c.Sequence
	c.Identity, c.Sequence = schema.NotIdentity, 0
	if err := s.txn.PutTable(def); err != nil {
		return err
	}
	return s.txn.DropObject(sequence)
}

// dropExpression is ALTER COLUMN ... DROP EXPRESSION: the values stay.
func (s *Session) dropExpression(t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	c, err := alteredColumn(def, a.Name)
	if err != nil {
		return err
	}
	if c.Generated == "" {
		if a.IfExists {
			s.notice("NOTICE", sqlerr.New("00000", "column %q of relation %q is not a stored generated column, skipping", c.Name, t.Name))
			return nil
		}
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "column %q of relation %q is not a stored generated column", c.Name, t.Name)
	}
	c.Generated = ""
	return s.txn.PutTable(def)
}

// verifyCheck sees that the rows there are meet a CHECK constraint of a definition.
func (s *Session) verifyCheck(ctx context.Context, t *schema.Table, name string) error {
	check, _ := t.Check(name)
	e, err := plan.StoredExpr(t, check.Expr, s.evaluation(ctx, nil).Style)
	if err != nil {
		return err
	}
	c := s.evaluation(ctx, nil)
	row := make([]value.Value, len(t.Columns))
	return s.eachBatch(ctx, t, check.Columns, func(b *column.Batch) error {
		for i := range b.N {
			for j, num := range check.Columns {
				row[num-1] = b.Vecs[j].Value(i)
			}
			v, err := expr.Eval(c, e, row)
			if err != nil {
				return err
			}
			if !v.IsNull() && !v.Bool() {
				return sqlerr.New(sqlerr.CheckViolation, "check constraint %q of relation %q is violated by some row", name, t.Name).
					WithConstraint(t.Schema, t.Name, name)
			}
		}
		return nil
	})
}

// validateConstraint is VALIDATE CONSTRAINT.
func (s *Session) validateConstraint(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	for i := range def.Checks {
		if c := &def.Checks[i]; c.Name == a.Name {
			if err := s.verifyCheck(ctx, t, c.Name); err != nil {
				return err
			}
			c.NotValid = false
			return s.txn.PutTable(def)
		}
	}
	for i, k := range def.ForeignKeys {
		if k.Name == a.Name {
			if err := s.verifyForeignKey(ctx, t, k); err != nil {
				return err
			}
			valid := *k
			valid.NotValid = false
			def.ForeignKeys[i] = &valid
			return s.txn.PutTable(def)
		}
	}
	if t.HasConstraint(a.Name) {
		return sqlerr.New(sqlerr.WrongObjectType, "constraint %q of relation %q is not a foreign key or check constraint", a.Name, t.Name)
	}
	return sqlerr.New(sqlerr.UndefinedObject, "constraint %q of relation %q does not exist", a.Name, t.Name)
}

// alterForeignKey is ALTER CONSTRAINT: whether and when a foreign key may be deferred.
func (s *Session) alterForeignKey(t *schema.Table, a *ast.AlterAction) error {
	def := changedTable(t)
	at := slices.IndexFunc(def.ForeignKeys, func(k *schema.ForeignKey) bool { return k.Name == a.Name })
	if at < 0 {
		if t.HasConstraint(a.Name) {
			return sqlerr.New(sqlerr.WrongObjectType, "constraint %q of relation %q is not a foreign key constraint", a.Name, t.Name)
		}
		return sqlerr.New(sqlerr.UndefinedObject, "constraint %q of relation %q does not exist", a.Name, t.Name)
	}
	k := *def.ForeignKeys[at]
	k.Deferrable, k.Deferred = a.Constraint.Deferrable, a.Constraint.InitiallyDeferred
	def.ForeignKeys[at] = &k
	return s.txn.PutTable(def)
}
