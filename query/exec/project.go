package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// project computes expressions over its input.
type project struct {
	in    Operator
	expr  *expr.Context
	exprs projection
	rows  Rows
	out   column.Batch
}

func (p *project) Next(ctx context.Context, r *Rows) (bool, error) {
	ok, err := p.in.Next(ctx, &p.rows)
	if !ok || err != nil {
		return false, err
	}
	if err := p.exprs.eval(p.expr, &p.rows, &p.out); err != nil {
		return false, err
	}
	r.set(&p.out, p.rows.Sel)
	return true, nil
}

func (p *project) Close() {
	p.exprs.release()
	p.in.Close()
}

// projection is a list of compiled expressions.
type projection struct {
	parts    []*plan.Program
	compiled []*expr.Program
}

func newProjection(parts []*plan.Program) projection {
	return projection{parts: parts, compiled: make([]*expr.Program, len(parts))}
}

// eval fills out with a vector for each expression; rows keep their numbers.
func (p *projection) eval(c *expr.Context, r *Rows, out *column.Batch) error {
	if len(out.Vecs) != len(p.parts) {
		out.Vecs = make([]column.Vec, len(p.parts))
	}
	out.N = r.N
	for i, part := range p.parts {
		if col, ok := part.Expr.(*expr.Column); ok {
			out.Vecs[i] = r.Vecs[col.Index]
			continue
		}
		if p.compiled[i] == nil {
			p.compiled[i] = part.Acquire()
		}
		v, err := p.compiled[i].Eval(c, &r.Batch, r.Sel)
		if err != nil {
			return err
		}
		out.Vecs[i] = *v
	}
	return nil
}

func (p *projection) release() {
	for i, part := range p.parts {
		part.Release(p.compiled[i])
	}
	p.parts, p.compiled = nil, nil
}
