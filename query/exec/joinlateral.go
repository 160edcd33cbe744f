package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
)

// lateralJoin runs its right side for each left row with slots set from it, and remembers what the runs gave by the values
// of the slots.
type lateralJoin struct {
	in Operator
	matcher
	env  *Env
	node *plan.Join
	args projection
	memo bool // two runs with the same arguments give the same

	argRows column.Batch
	open    bool // rows has a batch that is not done with
	at      int  // the next outer row that counts
	runs    map[string]keptSpan
	key     []byte
	rest    keptSpan // of the run of the row before at: what is not yet paired
	kept    column.Batch
	taken   int64
	inner   []uint32
	none    column.Batch
}

// keptSpan is a part of the rows that are kept.
type keptSpan struct{ from, to int }

// maxKept is the number of rows of runs beyond which they are forgotten at the next outer batch.
const maxKept = 16 * column.BatchRows

func newLateralJoin(env *Env, n *plan.Join, in Operator, cols []int, memo bool) *lateralJoin {
	shape := joinShape{left: len(n.Left.Types()), right: len(n.Right.Types()), cols: cols, rest: n.On}
	l := &lateralJoin{in: in, env: env, node: n, args: newProjection(n.Args), memo: memo,
		matcher: matcher{joinKeep: keepOf(n.Kind, false), pair: newJoinRow(env, &shape)}}
	l.none.Reset(kinds(n.Right.Types()))
	l.forget()
	return l
}

// forget drops the rows of earlier runs.
func (l *lateralJoin) forget() {
	l.env.Budget.give(l.taken)
	l.taken = 0
	l.runs = map[string]keptSpan{}
	l.kept.Reset(kinds(l.node.Right.Types()))
}

func (l *lateralJoin) Next(ctx context.Context, r *Rows) (bool, error) {
	for {
		if !l.open {
			ok, err := l.in.Next(ctx, &l.rows)
			if !ok || err != nil {
				return false, err
			}
			if err := l.args.eval(l.pair.expr, &l.rows, &l.argRows); err != nil {
				return false, err
			}
			l.clearHits()
			l.open, l.at, l.rest = true, 0, keptSpan{}
			if l.kept.N > maxKept || !l.memo {
				l.forget()
			}
		}
		ok, err := l.more(ctx, r)
		if ok || err != nil {
			return ok, err
		}
	}
}

// more makes the next pairs of the batch, or what follows the last.
func (l *lateralJoin) more(ctx context.Context, r *Rows) (bool, error) {
	if err := l.fill(ctx); err != nil {
		return false, err
	}
	if len(l.inner) == 0 {
		l.open = false
		return l.unmatched(r, &l.none), nil
	}
	l.pair.pick(l.pair.outer, &l.rows.Batch, l.probe)
	l.pair.pick(l.pair.inner, &l.kept, l.inner)
	sel, err := l.pair.test(nil)
	if err != nil || sel != nil && len(sel) == 0 {
		return false, err
	}
	l.note(sel)
	if l.semi || l.anti {
		return false, nil
	}
	l.pair.yield(r, sel)
	return true, nil
}

// fill makes pairs until there are enough or the batch ends.
func (l *lateralJoin) fill(ctx context.Context) error {
	l.probe, l.inner = l.probe[:0], l.inner[:0]
	for len(l.inner) < column.BatchRows {
		if l.rest.from < l.rest.to {
			n := min(l.rest.to-l.rest.from, column.BatchRows-len(l.inner))
			row := uint32(l.rows.at(l.at - 1))
			for i := range n {
				l.probe, l.inner = append(l.probe, row), append(l.inner, uint32(l.rest.from+i))
			}
			l.rest.from += n
			continue
		}
		if l.at == l.rows.Count() {
			return nil
		}
		var err error
		if l.rest, err = l.run(ctx, l.rows.at(l.at)); err != nil {
			return err
		}
		l.at++
	}
	return nil
}

// run returns the rows of the right side for an outer row.
func (l *lateralJoin) run(ctx context.Context, row int) (keptSpan, error) {
	if ctx.Err() != nil {
		return keptSpan{}, Canceled(ctx)
	}
	l.key = l.key[:0]
	for i := range l.argRows.Vecs {
		l.key = appendExact(l.key, l.argRows.Vecs[i].Value(row))
	}
	if l.memo {
		if s, ok := l.runs[string(l.key)]; ok {
			return s, nil
		}
	}
	x := l.env.Expr.Clone()
	for i, s := range l.node.Slots {
		x.SetSlot(s, l.argRows.Vecs[i].Value(row))
	}
	op, _, err := Build(l.node.Right, l.env.inner(x))
	if err != nil {
		return keptSpan{}, err
	}
	defer op.Close()
	s := keptSpan{from: l.kept.N}
	var r Rows
	for {
		ok, err := op.Next(ctx, &r)
		if err != nil {
			return s, err
		}
		if !ok {
			break
		}
		n := r.Count()
		bytes := int64(0)
		for i := range r.Vecs {
			l.kept.Vecs[i].AppendSel(&r.Vecs[i], r.N, r.Sel)
			bytes += int64(n) * vecWidth(r.Vecs[i].Kind)
		}
		l.kept.N += n
		l.taken += bytes
		if err := l.env.Budget.take(bytes); err != nil {
			return s, err
		}
	}
	s.to = l.kept.N
	if l.memo {
		l.runs[string(l.key)] = s
	}
	return s, nil
}

// appendExact appends what tells a value from all that are not exactly it: 1.0 and 1.00 are equal and
// not the same.
func appendExact(dst []byte, v value.Value) []byte { return value.AppendStored(dst, v) }

func (l *lateralJoin) Close() {
	l.args.release()
	l.pair.close()
	l.in.Close()
	l.env.Budget.give(l.taken)
	l.taken = 0
}
