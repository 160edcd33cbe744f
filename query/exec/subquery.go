package exec

import (
	"context"
	"sync"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// subqueries runs the queries inside the expressions of one run of a query. It implements expr.Queries.
type subqueries struct {
	env *Env
	mu  sync.Mutex
	// once has the results of those that depend on nothing. Several goroutines may wait for the first.
	once map[expr.QueryPlan]*onceResult
}

type onceResult struct {
	once   sync.Once
	result any
	err    error
}

// Once implements expr.Queries.
func (s *subqueries) Once(q *expr.Subquery, make func() (any, error)) (any, error) {
	s.mu.Lock()
	r := s.once[q.Plan]
	if r == nil {
		r = &onceResult{}
		if s.once == nil {
			s.once = map[expr.QueryPlan]*onceResult{}
		}
		s.once[q.Plan] = r
	}
	s.mu.Unlock()
	r.once.Do(func() { r.err = Guard(func() (err error) { r.result, err = make(); return err }) })
	return r.result, r.err
}

// Run implements expr.Queries.
func (s *subqueries) Run(c *expr.Context, p expr.QueryPlan, row func([]value.Value) (bool, error)) error {
	ctx := c.Ctx
	if ctx == nil {
		ctx = context.Background()
	}
	x := c.Clone()
	op, _, err := Build(p.(*plan.Subplan).Root, s.env.inner(x))
	if err != nil {
		return err
	}
	defer op.Close()
	var r Rows
	var vals []value.Value
	for {
		ok, err := op.Next(ctx, &r)
		if err != nil || !ok {
			return err
		}
		for i := range r.Count() {
			vals = r.Row(vals[:0], r.at(i))
			if more, err := row(vals); err != nil || !more {
				return err
			}
		}
	}
}

// inner returns the environment of a query that runs inside another, in an expression context of its own, on the
// goroutine that calls it.
func (env *Env) inner(x *expr.Context) *Env {
	e := *env
	e.Expr, e.Workers, e.Explain, e.Profile = x, 1, false, false
	e.attach()
	return &e
}

// attach gives the expressions of the environment what runs their subqueries.
func (env *Env) attach() {
	if env.Explain && !env.Profile {
		env.Expr.Queries = nil // nothing is run
		return
	}
	env.Expr.Queries = &subqueries{env: env}
}

// running is what a query has open for those inside it. Immutable: an inner environment has a longer list.
type running struct {
	cte  *plan.CTE
	rows *cteRows
	work *plan.WorkTable
	kept *keptRows
	up   *running
}

func (env *Env) setCTE(c *plan.CTE, rows *cteRows) {
	env.running = &running{cte: c, rows: rows, up: env.running}
}

func (env *Env) setWork(w *plan.WorkTable, rows *keptRows) {
	env.running = &running{work: w, kept: rows, up: env.running}
}

// cte returns the rows of a CTE.
func (env *Env) cte(c *plan.CTE) *cteRows {
	for r := env.running; r != nil; r = r.up {
		if r.cte == c {
			return r.rows
		}
	}
	return nil
}

// work returns the rows of a working table.
func (env *Env) work(w *plan.WorkTable) *keptRows {
	for r := env.running; r != nil; r = r.up {
		if r.work == w {
			return r.kept
		}
	}
	return nil
}
