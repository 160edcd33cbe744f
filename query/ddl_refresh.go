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

// refresh runs REFRESH MATERIALIZED VIEW: the rows of its query, as of now, become a new generation. CONCURRENTLY does the
// same: readers go on with the old one until COMMIT either way.
func (s *Session) refresh(ctx context.Context, st *ast.RefreshMatViewStmt) error {
	t, err := s.namedTable(s.catalog(), st.Name)
	if err != nil {
		return err
	}
	if t.View == nil {
		return sqlerr.NotSupported("%q is not a materialized view", t.Name)
	}
	switch {
	case st.Concurrently && st.WithNoData:
		return sqlerr.New(sqlerr.SyntaxError, "CONCURRENTLY and WITH NO DATA options cannot be used together")
	case st.Concurrently && t.Unpopulated:
		return sqlerr.NotSupported("CONCURRENTLY cannot be used when the materialized view is not populated")
	case st.Concurrently && !slices.ContainsFunc(t.Indexes, func(x *schema.Index) bool { return x.Unique && x.Filter == 0 }):
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "cannot refresh materialized view %q concurrently",
			quoteIdent(t.Schema)+"."+quoteIdent(t.Name)).
			WithHint("Create a unique index with no WHERE clause on one or more columns of the materialized view.")
	}
	if err := s.txn.LockTable(ctx, t.OID, store.AccessExclusiveLock); err != nil {
		return err
	}
	def := changedTable(t)
	def.Generation, def.Unpopulated = s.txn.NewGeneration(), st.WithNoData
	if st.WithNoData {
		return s.txn.PutTable(def)
	}
	src := &prepared{stmt: st, key: planKey{settings: s.set.vars.planKey}, remake: func(cat *schema.Catalog) (*plan.Plan, error) { return plan.OfView(t.View, s.planOptions(cat)) }}
	if src.plan, err = src.remake(s.catalog()); err != nil {
		return err
	}
	_, err = s.fill(ctx, src, nil, def)
	return err
}
