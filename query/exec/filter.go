package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/query/expr"
)

// filter yields the rows of its input that meet a condition.
type filter struct {
	in   Operator
	expr *expr.Context
	cond condition
	sel  []int32
}

func (f *filter) Next(ctx context.Context, r *Rows) (bool, error) {
	for {
		ok, err := f.in.Next(ctx, r)
		if !ok || err != nil {
			return false, err
		}
		sel, err := f.cond.filter(f.expr, &r.Batch, r.Sel, &f.sel)
		if err != nil {
			return false, err
		}
		if sel == nil || len(sel) > 0 {
			r.Sel = sel
			return true, nil
		}
	}
}

func (f *filter) Close() {
	f.cond.release()
	f.in.Close()
}
