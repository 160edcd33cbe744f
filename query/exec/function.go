package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// function yields the rows of a table function.
type function struct {
	expr  *expr.Context
	node  *plan.Function
	next  func(*column.Batch) (bool, error) // nil before the first Next
	batch column.Batch
	kinds []value.Kind
}

func newFunction(env *Env, n *plan.Function) *function {
	return &function{expr: env.Expr, node: n, kinds: kinds(n.Types())}
}

func (f *function) Next(ctx context.Context, r *Rows) (bool, error) {
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	if f.next == nil {
		if err := f.start(); err != nil {
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

func (f *function) start() error {
	args := make([]value.Value, len(f.node.Args))
	for i, a := range f.node.Args {
		var err error
		if args[i], err = expr.EvalConst(f.expr, a); err != nil {
			return err
		}
	}
	var err error
	f.next, err = f.node.Func.Rows(f.expr, args)
	return err
}

func (f *function) Close() {}
