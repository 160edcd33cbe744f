package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// distinct yields the rows that differ from every earlier one in some columns.
type distinct struct {
	in     Operator
	expr   *expr.Context
	on     projection // empty: all columns
	keys   column.Batch
	table  *groupTable
	budget *Budget
	taken  int64
	sel    []int32
}

func newDistinct(env *Env, in Operator, n *plan.Distinct) *distinct {
	d := &distinct{in: in, expr: env.Expr.Clone(), budget: env.Budget, on: newProjection(n.On)}
	types := n.In.Types()
	if n.On != nil {
		types = types[:0]
		for _, p := range n.On {
			types = append(types, p.Expr.Type())
		}
	}
	d.table = newGroupTable(kinds(types))
	return d
}

func (d *distinct) Next(ctx context.Context, r *Rows) (bool, error) {
	for {
		ok, err := d.in.Next(ctx, r)
		if !ok || err != nil {
			return false, err
		}
		keys := r.Vecs
		if len(d.on.parts) > 0 {
			if err := d.on.eval(d.expr, r, &d.keys); err != nil {
				return false, err
			}
			keys = d.keys.Vecs
		}
		if len(keys) == 0 {
			return d.first(r)
		}
		seen := uint32(d.table.n)
		groups := d.table.add(keys, r.N, r.Sel)
		out := d.sel[:0]
		forRows(r.N, r.Sel, func(row int) {
			if groups[row] == seen { // groups are numbered as they come
				out = append(out, int32(row))
				seen++
			}
		})
		d.sel = out
		if err := d.charge(); err != nil {
			return false, err
		}
		if len(out) > 0 {
			r.Sel = out
			return true, nil
		}
	}
}

// first yields one row when rows have no columns: all are equal.
func (d *distinct) first(r *Rows) (bool, error) {
	if d.sel != nil {
		return false, nil
	}
	d.sel = []int32{int32(r.at(0))}
	r.Sel = d.sel
	return true, nil
}

func (d *distinct) charge() error {
	now := d.table.bytes()
	err := d.budget.take(now - d.taken)
	d.taken = now
	return err
}

func (d *distinct) Close() {
	d.budget.give(d.taken)
	d.on.release()
	d.in.Close()
}
