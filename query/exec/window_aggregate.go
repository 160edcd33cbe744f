package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// windowAggregate is an aggregate over the frame of each row. There are three ways, which give the same values:
//
//  1. Frames that begin with the partition and only grow have one state, to which the new rows are added.
//  2. Where the aggregate has a moving form, rows that leave the frame are taken out of it.
//  3. Else each frame is aggregated anew, as PostgreSQL does it for what it cannot take out: the time is that
//     of the frames' sizes. A frame that equals the one before keeps its value.
type windowAggregate struct {
	call   *expr.AggCall // over the columns of in
	arg    int           // the first argument among the arguments of all calls; FILTER is the last
	args   int
	filter int // the argument that FILTER is, -1 without
	frames frames
	moving expr.Moving

	in    column.Batch // a part of the arguments
	work  int          // rows added since cancellation was looked for
	state int64        // bytes of the state that are charged
}

func newWindowAggregate(c *plan.WindowCall, firstArg int) *windowAggregate {
	call := *c.Call.Agg
	f := &windowAggregate{call: &call, arg: firstArg, args: len(call.Args), filter: -1,
		frames: frames{Frame: c.Frame}, moving: expr.NewMoving(&call)}
	args := make([]expr.Expr, len(call.Args))
	for i, x := range call.Args {
		args[i] = expr.NewColumn(i, x.Type(), "", x.Pos())
	}
	call.Args = args
	if call.Filter != nil {
		f.filter = firstArg + len(args)
		call.Filter = expr.NewColumn(len(args), call.Filter.Type(), "", call.Filter.Pos())
		f.args++
	}
	return f
}

// grows says whether every frame holds the one before.
func (f *windowAggregate) grows() bool {
	return f.frames.Start == ast.UnboundedPreceding && f.frames.Exclude == ast.ExcludeNone
}

func (f *windowAggregate) prepare(c *expr.Context) error { return f.frames.evaluate(c) }

func (f *windowAggregate) partition(p *partition, out *column.Vec) error {
	f.frames.begin(p)
	defer func() { f.release(p) }()
	switch {
	case f.grows() && (f.moving == nil || f.frames.End == ast.UnboundedFollowing):
		return f.growing(p, out)
	case f.moving != nil && f.frames.Exclude == ast.ExcludeNone:
		return f.sliding(p, out)
	}
	return f.anew(p, out)
}

// chargeState charges what a state has grown by, in steps that are worth it.
func (f *windowAggregate) chargeState(p *partition, agg *expr.Aggregator) error {
	const step = 1 << 16
	now := agg.Bytes()
	if now < f.state+step {
		return nil
	}
	more := now - f.state
	f.state = now
	return p.charge(more)
}

// release gives back what the state was charged.
func (f *windowAggregate) release(p *partition) {
	p.budget.give(f.state)
	p.taken -= f.state
	f.state = 0
}

// append adds the value of one row to the results.
func (f *windowAggregate) append(p *partition, out *column.Vec, v value.Value) error {
	if n := len(v.Bytes()); n > 0 {
		if err := p.charge(int64(n)); err != nil {
			return err
		}
	}
	out.Append(v.WithKind(out.Kind))
	return nil
}

// growing computes the first way.
func (f *windowAggregate) growing(p *partition, out *column.Vec) error {
	agg := expr.NewAggregator(f.call)
	agg.Grow(1)
	done := 0
	var v value.Value
	for row := range p.n {
		if err := f.frames.move(row); err != nil {
			return err
		}
		if end := f.frames.end; end > done || row == 0 {
			if err := f.add(p, agg, span{done, end}); err != nil {
				return err
			}
			done = max(end, done)
			var err error
			if v, err = agg.Result(p.expr, 0); err != nil {
				return err
			}
		}
		if err := f.append(p, out, v); err != nil {
			return err
		}
	}
	return nil
}

// sliding computes the second way.
func (f *windowAggregate) sliding(p *partition, out *column.Vec) error {
	m := f.moving
	var arg *column.Vec
	if len(f.call.Args) > 0 {
		arg = &p.args.Vecs[f.arg]
	}
	m.Begin(arg)
	first, end := 0, 0
	var v value.Value
	for row := range p.n {
		if err := f.frames.move(row); err != nil {
			return err
		}
		to := max(f.frames.first, f.frames.end) // an empty frame may end before it begins
		changed := row == 0
		for ; end < to; end++ {
			if f.counts(p, end) {
				m.Add(p.from + end)
				changed = true
			}
		}
		for ; first < f.frames.first; first++ {
			if f.counts(p, first) {
				m.Remove(p.from + first)
				changed = true
			}
		}
		if changed {
			var err error
			if v, err = m.Result(); err != nil {
				return err
			}
		}
		if err := f.append(p, out, v); err != nil {
			return err
		}
	}
	return nil
}

// counts says whether FILTER lets a row in.
func (f *windowAggregate) counts(p *partition, row int) bool {
	return f.filter < 0 || p.arg(f.filter, row).Bool()
}

// anew computes the third way.
func (f *windowAggregate) anew(p *partition, out *column.Vec) error {
	var last spans
	var v value.Value
	for row := range p.n {
		rows, err := f.frames.of(row)
		if err != nil {
			return err
		}
		if row == 0 || rows != last {
			last = rows
			agg := expr.NewAggregator(f.call)
			agg.Grow(1)
			for _, s := range rows {
				if err := f.add(p, agg, s); err != nil {
					return err
				}
			}
			if v, err = agg.Result(p.expr, 0); err != nil {
				return err
			}
		}
		if err := f.append(p, out, v); err != nil {
			return err
		}
	}
	return nil
}

// add adds the rows of a span to a state.
func (f *windowAggregate) add(p *partition, agg *expr.Aggregator, s span) error {
	for from := s.first; from < s.end; {
		to := min(from+column.BatchRows, s.end)
		f.in.N = to - from
		f.in.Vecs = f.in.Vecs[:0]
		for i := range f.args {
			f.in.Vecs = append(f.in.Vecs, part(&p.args.Vecs[f.arg+i], p.from+from, p.from+to))
		}
		if err := agg.Add(p.expr, &f.in, nil, nil, 1); err != nil {
			return err
		}
		if err := f.chargeState(p, agg); err != nil {
			return err
		}
		f.work += to - from
		from = to
		if f.work > 1<<16 {
			f.work = 0
			if err := Canceled(p.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
