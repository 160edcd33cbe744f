package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// values yields rows of expressions that read no columns.
type values struct {
	expr  *expr.Context
	rows  [][]expr.Expr
	kinds []value.Kind
	batch column.Batch
	row   []value.Value
}

func newValues(env *Env, n *plan.Values) *values {
	return &values{expr: env.Expr, rows: n.Rows, kinds: kinds(n.Types())}
}

func kinds(types []value.Type) []value.Kind {
	out := make([]value.Kind, len(types))
	for i, t := range types {
		out[i] = t.Kind
	}
	return out
}

func (v *values) Next(ctx context.Context, r *Rows) (bool, error) {
	if len(v.rows) == 0 {
		return false, nil
	}
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	v.batch.Reset(v.kinds)
	n := min(len(v.rows), column.BatchRows)
	for _, row := range v.rows[:n] {
		v.row = v.row[:0]
		for _, e := range row {
			x, err := expr.EvalConst(v.expr, e)
			if err != nil {
				return false, err
			}
			v.row = append(v.row, x)
		}
		v.batch.AppendRow(v.row)
	}
	v.rows = v.rows[n:]
	r.set(&v.batch, nil)
	return true, nil
}

func (v *values) Close() {}

// none yields nothing.
type none struct{}

func (none) Next(context.Context, *Rows) (bool, error) { return false, nil }
func (none) Close()                                    {}
