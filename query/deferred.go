package query

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// runDeferred looks at what the transaction's deferred foreign keys have put off: before its end.
func (s *Session) runDeferred(ctx context.Context) error {
	if s.deferred.Empty() {
		return nil
	}
	return s.deferred.Run(ctx, s.constraintEnv(ctx), func(*schema.ForeignKey) bool { return true })
}

// setConstraints runs SET CONSTRAINTS. What is immediate from now on is looked at at once.
func (s *Session) setConstraints(ctx context.Context, st *ast.SetConstraintsStmt) error {
	if !s.inBlock() {
		s.warn(sqlerr.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")
	}
	if st.Names == nil {
		s.deferred.SetAll(st.Deferred)
	}
	var keys []*schema.ForeignKey
	for _, name := range st.Names {
		list, err := s.namedConstraints(name)
		if err != nil {
			return err
		}
		for _, k := range list {
			s.deferred.Set(k, st.Deferred)
		}
		keys = append(keys, list...)
	}
	if st.Deferred || s.deferred.Empty() {
		return nil
	}
	return s.deferred.Run(ctx, s.constraintEnv(ctx), func(k *schema.ForeignKey) bool {
		return st.Names == nil || slices.ContainsFunc(keys, func(o *schema.ForeignKey) bool { return o.OID == k.OID })
	})
}

// namedConstraints finds the foreign keys of a name in the first schema of the search path that has a constraint of that name.
func (s *Session) namedConstraints(name ast.QualifiedName) ([]*schema.ForeignKey, error) {
	cat := s.catalog()
	schemas := s.path().Schemas
	if name.Schema != "" {
		if !s.schemaExists(cat, name.Schema) {
			return nil, undefinedSchema(name.Schema)
		}
		schemas = []string{name.Schema}
	}
	for _, in := range schemas {
		var keys []*schema.ForeignKey
		found := false
		for _, t := range cat.Tables() {
			if t.Schema != in || !t.HasConstraint(name.Name) {
				continue
			}
			found = true
			k, ok := t.ForeignKey(name.Name)
			if !ok || !k.Deferrable {
				return nil, sqlerr.New(sqlerr.WrongObjectType, "constraint %q is not deferrable", name.Name)
			}
			keys = append(keys, k)
		}
		if found {
			return keys, nil
		}
	}
	return nil, sqlerr.New(sqlerr.UndefinedObject, "constraint %q does not exist", name.String())
}

// constraintEnv is what constraints are looked at with outside of a statement's plan.
func (s *Session) constraintEnv(ctx context.Context) *exec.Env {
	return &exec.Env{Expr: s.evaluation(ctx, nil), Txn: s.txn, Budget: &exec.Budget{Limit: s.engine.cfg.StatementMemory}}
}
