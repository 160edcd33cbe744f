package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// limit yields count rows after the first skip; a negative count is no limit.
type limit struct {
	in    Operator
	skip  int64
	count int64
	sel   []int32
}

func (l *limit) Next(ctx context.Context, r *Rows) (bool, error) {
	for l.count != 0 {
		ok, err := l.in.Next(ctx, r)
		if !ok || err != nil {
			return false, err
		}
		n := int64(r.Count())
		if n <= l.skip {
			l.skip -= n
			continue
		}
		from, to := l.skip, n
		l.skip = 0
		if l.count >= 0 {
			to = min(to, from+l.count)
			l.count -= to - from
		}
		if from > 0 || to < n {
			l.cut(r, int(from), int(to))
		}
		return true, nil
	}
	return false, nil
}

// cut keeps the rows [from, to) of those that count.
func (l *limit) cut(r *Rows, from, to int) {
	if r.Sel != nil {
		r.Sel = r.Sel[from:to]
		return
	}
	l.sel = l.sel[:0]
	for i := from; i < to; i++ {
		l.sel = append(l.sel, int32(i))
	}
	r.Sel = l.sel
}

func (l *limit) Close() { l.in.Close() }

// limits evaluates LIMIT and OFFSET; a negative count is no limit.
func limits(c *expr.Context, n *plan.Limit) (skip, count int64, err error) {
	count = -1
	if n.Offset != nil {
		v, err := expr.EvalConst(c, n.Offset)
		if err != nil {
			return 0, 0, err
		}
		if skip = v.Int(); !v.IsNull() && skip < 0 {
			return 0, 0, sqlerr.New(sqlerr.InvalidRowCountInOffset, "OFFSET must not be negative")
		}
		if v.IsNull() {
			skip = 0
		}
	}
	if n.Count != nil {
		v, err := expr.EvalConst(c, n.Count)
		if err != nil {
			return 0, 0, err
		}
		if !v.IsNull() {
			if count = v.Int(); count < 0 {
				return 0, 0, sqlerr.New(sqlerr.InvalidRowCountInLimit, "LIMIT must not be negative")
			}
		}
	}
	return skip, count, nil
}
