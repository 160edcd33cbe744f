package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// ties yields count rows after the first skip, and those after them that are equal to the last of them in
// some keys. A negative count is no limit.
type ties struct {
	in    Operator
	expr  *expr.Context
	skip  int64
	count int64
	exprs projection
	keys  column.Batch
	last  column.Batch // the keys of the last of the count rows, once it was seen
	rows  limit        // only its memory for selections
	done  bool
}

// ties makes the operator of a limit with ties.
func (b *builder) ties(n *plan.Limit) (*tree, error) {
	skip, count, err := limits(b.env.Expr, n)
	if err != nil {
		return nil, err
	}
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	t := &tree{rows: in.rows, touched: in.touched}
	if count >= 0 {
		t.rows = min(in.rows, float64(count))
	}
	t.ops = []Operator{&ties{in: b.single(in), expr: b.env.Expr.Clone(), skip: skip, count: count,
		exprs: newProjection(n.Ties), done: count == 0}}
	return b.wrap(t, b.step("Limit"), n, in), nil
}

func (t *ties) Next(ctx context.Context, r *Rows) (bool, error) {
	for !t.done {
		ok, err := t.in.Next(ctx, r)
		if !ok || err != nil {
			return false, err
		}
		n := int64(r.Count())
		if n <= t.skip {
			t.skip -= n
			continue
		}
		from := t.skip
		t.skip = 0
		to := n
		if t.count >= 0 {
			if to, err = t.end(r, from, n); err != nil {
				return false, err
			}
		}
		if from == to {
			continue
		}
		if from > 0 || to < n {
			t.rows.cut(r, int(from), int(to))
		}
		return true, nil
	}
	return false, nil
}

// end returns the first of the rows [from, n) that is not yielded any more.
func (t *ties) end(r *Rows, from, n int64) (int64, error) {
	if t.count > n-from {
		t.count -= n - from
		return n, nil
	}
	if err := t.exprs.eval(t.expr, r, &t.keys); err != nil {
		return 0, err
	}
	at := from + t.count
	if t.count > 0 {
		t.count = 0
		row := []int32{int32(r.at(int(at - 1)))}
		t.last = column.Batch{}
		appendRows(&t.last, &t.keys, row)
	}
	for ; at < n; at++ {
		if !t.equal(r.at(int(at))) {
			t.done = true
			break
		}
	}
	return at, nil
}

// equal says whether a row of the batch has the keys of the last row.
func (t *ties) equal(row int) bool {
	for i := range t.keys.Vecs {
		if compareKey(&plan.SortKey{}, &t.keys.Vecs[i], row, &t.last.Vecs[i], 0) != 0 {
			return false
		}
	}
	return true
}

func (t *ties) Close() {
	t.exprs.release()
	t.in.Close()
}
