package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// restriction returns a scan's condition as a serializable transaction remembers it, or nil when only the whole
// table will do: for no condition, and for one that need not come out the same at COMMIT.
func (env *Env) restriction(n *plan.Scan) *store.Condition {
	if len(n.Where) == 0 {
		return nil
	}
	for _, p := range n.Where {
		if expr.VolatilityOf(p.Expr) == expr.Volatile {
			return nil
		}
	}
	c := env.Expr.Clone()
	c.Ctx = context.Background() // the statement's has ended by then
	where := n.Where
	return &store.Condition{Cols: n.Cols, Test: func(row []value.Value) bool {
		for _, p := range where {
			v, err := expr.Eval(c, p.Expr, row)
			if err != nil {
				return true // a doubt is a hit
			}
			if v.IsNull() || !v.Bool() {
				return false
			}
		}
		return true
	}}
}
