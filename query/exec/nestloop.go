package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// nestedLoop joins by testing every pair of rows: the plain join, for conditions that no other can use, and for lateral
// ones, whose right side runs again for each left row. It is the twin that the other joins are tested against.
type nestedLoop struct {
	env   *Env
	expr  *expr.Context
	node  *plan.Join
	left  Operator
	right Operator // nil when lateral

	inner   *keptRows // the right side's rows
	matched [][]bool  // of them, for RightJoin and FullJoin
	kinds   []value.Kind
	lefts   int // columns of the left side

	rows  Rows // of the left side, from at on
	at    int
	ended bool // the left side has
	row   []value.Value
	batch column.Batch
	place [2]int // where the walk over unmatched right rows is
}

func newNestedLoop(env *Env, n *plan.Join, left, right Operator) *nestedLoop {
	return &nestedLoop{env: env, expr: env.Expr.Clone(), node: n, left: left, right: right, kinds: kinds(n.Types()),
		lefts: len(n.Left.Types()), inner: &keptRows{budget: env.Budget}}
}

func (j *nestedLoop) Next(ctx context.Context, r *Rows) (bool, error) {
	if j.right != nil {
		if err := j.inner.fill(ctx, j.right); err != nil {
			return false, err
		}
		j.right.Close()
		j.right = nil
		for _, b := range j.inner.batches {
			j.matched = append(j.matched, make([]bool, b.N))
		}
	}
	j.batch.Reset(j.kinds)
	for j.batch.N < column.BatchRows {
		ok, err := j.advance(ctx)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
	}
	if j.batch.N == 0 {
		return false, nil
	}
	r.set(&j.batch, nil)
	return true, nil
}

// advance joins the next left row, or gives the next right rows without a match.
func (j *nestedLoop) advance(ctx context.Context) (bool, error) {
	for !j.ended && j.at == j.rows.Count() {
		ok, err := j.left.Next(ctx, &j.rows)
		if err != nil {
			return false, err
		}
		j.at, j.ended = 0, !ok
	}
	if j.ended {
		return j.unmatched(), nil
	}
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	j.row = j.rows.Row(j.row[:0], j.rows.at(j.at))
	j.at++
	if len(j.node.Slots) > 0 {
		if err := j.rerun(ctx); err != nil {
			return false, err
		}
	}
	found := false
	for bi, b := range j.inner.batches {
		for i := range b.N {
			j.row = b.Row(j.row[:j.lefts], i)
			ok, err := j.meets()
			if err != nil {
				return false, err
			}
			if !ok {
				continue
			}
			found = true
			if len(j.node.Slots) == 0 {
				j.matched[bi][i] = true
			}
			switch j.node.Kind {
			case plan.SemiJoin:
				j.batch.AppendRow(j.row[:j.lefts])
				return true, nil
			case plan.AntiJoin:
				return true, nil
			}
			j.batch.AppendRow(j.row)
		}
	}
	if found {
		return true, nil
	}
	switch j.node.Kind {
	case plan.AntiJoin:
		j.batch.AppendRow(j.row[:j.lefts])
	case plan.LeftJoin, plan.FullJoin:
		j.row = j.row[:j.lefts]
		for _, k := range j.kinds[j.lefts:] {
			j.row = append(j.row, value.Null(k))
		}
		j.batch.AppendRow(j.row)
	}
	return true, nil
}

// rerun runs a lateral right side for the left row.
func (j *nestedLoop) rerun(ctx context.Context) error {
	x := j.env.Expr.Clone()
	for i, s := range j.node.Slots {
		v, err := expr.Eval(j.expr, j.node.Args[i].Expr, j.row)
		if err != nil {
			return err
		}
		x.SetSlot(s, v)
	}
	j.inner.clear()
	env := j.env.inner(x)
	right, _, err := Build(j.node.Right, env)
	if err != nil {
		return err
	}
	defer right.Close()
	// What is tested beside the right side reads its slots too.
	j.expr.Slots = x.Slots
	return j.inner.fill(ctx, right)
}

// meets tests the condition on the pair in row.
func (j *nestedLoop) meets() (bool, error) {
	for _, p := range j.node.On {
		v, err := expr.Eval(j.expr, p.Expr, j.row)
		if err != nil || v.IsNull() || !v.Bool() {
			return false, err
		}
	}
	return true, nil
}

// unmatched adds the next right rows that nothing matched; false when there are none.
func (j *nestedLoop) unmatched() bool {
	if j.node.Kind != plan.RightJoin && j.node.Kind != plan.FullJoin {
		return false
	}
	for ; j.place[0] < len(j.inner.batches); j.place[0]++ {
		b := j.inner.batches[j.place[0]]
		for j.place[1] < b.N {
			i := j.place[1]
			j.place[1]++
			if j.matched[j.place[0]][i] {
				continue
			}
			j.row = j.row[:0]
			for _, k := range j.kinds[:j.lefts] {
				j.row = append(j.row, value.Null(k))
			}
			j.row = b.Row(j.row, i)
			j.batch.AppendRow(j.row)
			return true
		}
		j.place[1] = 0
	}
	return false
}

func (j *nestedLoop) Close() {
	j.inner.clear()
	j.left.Close()
	if j.right != nil {
		j.right.Close()
	}
}
