package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// scan reads the rows of one partition that meet the scan's condition.
type scan struct {
	expr  *expr.Context
	open  func() *store.Scan
	rows  *store.Scan // nil before the first Next
	batch column.Batch
	sel   []int32
	own   condition // the whole condition, for the transaction's own rows
	base  condition // what the index did not answer
}

// newScan returns the scan of one partition.
func newScan(env *Env, s *plan.Scan, a *plan.Access, tv *store.TableView, part int) *scan {
	p := tv.Part(part)
	op := &scan{expr: env.Expr.Clone()}
	op.base = newCondition(a.Left)
	if len(a.Left) == len(s.Where) {
		op.own = op.base
	} else {
		op.own = newCondition(s.Where)
	}
	switch a.Kind {
	case plan.IndexSets:
		op.open = func() *store.Scan {
			set := a.Lookup.Set(p, part)
			return p.Scan(&set, s.Cols)
		}
	case plan.IndexWalk:
		op.open = func() *store.Scan {
			return p.Walk(a.Walk.Index, a.WalkRange, a.Walk.Reverse, s.Cols)
		}
	default:
		op.open = func() *store.Scan { return p.Scan(nil, s.Cols) }
	}
	return op
}

func (s *scan) Next(ctx context.Context, r *Rows) (bool, error) {
	if s.rows == nil {
		s.rows = s.open()
	}
	for {
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		if !s.rows.Next(&s.batch) {
			return false, nil
		}
		cond := &s.base
		if s.rows.Own() {
			cond = &s.own
		}
		sel, err := cond.filter(s.expr, &s.batch, nil, &s.sel)
		if err != nil {
			return false, err
		}
		if sel == nil || len(sel) > 0 {
			r.set(&s.batch, sel)
			return true, nil
		}
	}
}

// names returns the names of the rows of the last batch, by row number.
func (s *scan) names() []store.Ref { return s.rows.Refs() }

func (s *scan) Close() {
	s.base.release()
	s.own.release()
}

// condition is a conjunction of compiled predicates.
type condition struct {
	parts    []*plan.Program
	compiled []*expr.Program
}

func newCondition(parts []*plan.Program) condition {
	return condition{parts: parts, compiled: make([]*expr.Program, len(parts))}
}

// filter returns the selected rows for which all parts are true: sel itself, nil for all, when
// there are no parts. buf keeps the memory of the result.
func (c *condition) filter(x *expr.Context, b *column.Batch, sel []int32, buf *[]int32) ([]int32, error) {
	for i, p := range c.parts {
		if c.compiled[i] == nil {
			c.compiled[i] = p.Acquire()
		}
		out, err := c.compiled[i].Filter(x, b, sel, (*buf)[:0])
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = []int32{}
		}
		*buf, sel = out, out
		if len(sel) == 0 {
			break
		}
	}
	return sel, nil
}

func (c *condition) release() {
	for i, p := range c.parts {
		p.Release(c.compiled[i])
		c.compiled[i] = nil
	}
	c.parts, c.compiled = nil, nil
}
