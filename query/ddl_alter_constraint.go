package query

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// alterConstraints does the actions of ALTER TABLE on constraints, identity and generated columns.
func (s *Session) alterConstraints(ctx context.Context, t *schema.Table, a *ast.AlterAction) error {
	switch a.Kind {
	case ast.AddConstraint:
		if a.Constraint.Kind == ast.ConPrimaryKey {
			return s.addPrimaryKey(ctx, t, &pendingConstraint{Constraint: a.Constraint})
		}
		return s.addConstraint(ctx, t, a.Constraint)
	case ast.AlterConstraint:
		return s.alterForeignKey(t, a)
	case ast.ValidateConstraint:
		return s.validateConstraint(ctx, t, a)
	case ast.AddIdentity:
		return s.addIdentity(ctx, t, a)
	case ast.SetIdentity:
		return s.setIdentity(ctx, t, a)
	case ast.DropIdentity:
		return s.dropIdentity(t, a)
	case ast.DropExpression:
		return s.dropExpression(t, a)
	case ast.DropConstraint:
		if !t.HasConstraint(a.Name) {
			if a.IfExists {
				s.notice("NOTICE", sqlerr.New("00000", "constraint %q of relation %q does not exist, skipping", a.Name, t.Name))
				return nil
			}
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q of relation %q does not exist", a.Name, t.Name)
		}
		d := s.newDropper(a.Cascade)
		d.add(ref{kind: constraintRef, oid: t.OID, name: a.Name})
		return d.run(ctx)
	}
	return sqlerr.NotSupported("this action of ALTER TABLE is not supported").At(a.Pos())
}

// dropConstraintOf takes a constraint, or an index, out of a table.
func (s *Session) dropConstraintOf(ctx context.Context, t *schema.Table, name string) error {
	def := changedTable(t)
	if !t.HiddenKey && t.KeyName == name {
		addHiddenKeyTo(def)
		def.Generation = s.txn.NewGeneration()
		return s.rewrite(ctx, t, def, nil)
	}
	if k, ok := t.ForeignKey(name); ok {
		if err := s.forgetForeignKey(def, k); err != nil {
			return err
		}
		return s.txn.PutTable(def)
	}
	def.Checks = slices.DeleteFunc(slices.Clone(def.Checks), func(c schema.Check) bool { return c.Name == name })
	def.Indexes = slices.DeleteFunc(def.Indexes, func(x *schema.Index) bool { return x.Name == name })
	dropUnusedHidden(def)
	return s.txn.PutTable(def)
}

// addPrimaryKey gives a table a primary key: its rows move to a new generation, which is keyed by it.
func (s *Session) addPrimaryKey(ctx context.Context, t *schema.Table, con *pendingConstraint) error {
	if !t.HiddenKey {
		return sqlerr.New(sqlerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name)
	}
	def := changedTable(t)
	def.Key, def.HiddenKey = nil, false
	d := &tableDefiner{session: s, table: def, catalog: s.catalog(), ctx: ctx}
	if err := d.constraint(con); err != nil {
		return err
	}
	// The hidden column keeps its number and is NULL from now on.
	hidden := &def.Columns[t.Key[0]-1]
	hidden.NotNull = false
	def.Generation = s.txn.NewGeneration()
	return s.rewrite(ctx, t, def, nil)
}
