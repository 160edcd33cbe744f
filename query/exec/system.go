package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// system yields the rows of a relation of the system.
type system struct {
	expr  *expr.Context
	node  *plan.System
	next  func(*column.Batch) (bool, error) // nil before the first Next
	batch column.Batch
	kinds []value.Kind
}

func newSystem(env *Env, n *plan.System) *system {
	return &system{expr: env.Expr, node: n, kinds: kinds(n.Types())}
}

func (f *system) Next(ctx context.Context, r *Rows) (bool, error) {
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	if f.next == nil {
		var err error
		if f.next, err = f.node.Relation.Rows(f.expr); err != nil {
			return false, err
		}
	}
	f.batch.Reset(f.kinds)
	ok, err := f.next(&f.batch)
	if err != nil || !ok {
		return false, err
	}
	r.set(&f.batch, nil)
	return true, nil
}

func (f *system) Close() {}
