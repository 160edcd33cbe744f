package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/plan"
)

// cteRows are the rows of a CTE in one run of its query, made as they are asked for. Safe for concurrent use.
type cteRows struct {
	mu   sync.Mutex // guards in and rows
	in   Operator   // nil when it has ended
	rows keptRows
	tree *tree
}

// batch returns a batch by its number, nil when there are not as many.
func (c *cteRows) batch(ctx context.Context, i int) (*column.Batch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i == len(c.rows.batches) {
		if ok, err := c.more(ctx); !ok || err != nil {
			return nil, err
		}
	}
	return c.rows.batches[i], nil
}

// more makes another batch; false when there are none.
func (c *cteRows) more(ctx context.Context) (bool, error) {
	if c.in == nil {
		return false, nil
	}
	var r Rows
	ok, err := c.in.Next(ctx, &r)
	if err != nil {
		return false, err
	}
	if !ok {
		c.in.Close()
		c.in = nil
		return false, nil
	}
	return true, c.rows.add(&r)
}

func (c *cteRows) close() {
	if c.in != nil {
		c.in.Close()
		c.in = nil
	}
	c.rows.clear()
}

// cteScan reads the rows of a CTE.
type cteScan struct {
	from *cteRows
	at   int
}

func (s *cteScan) Next(ctx context.Context, r *Rows) (bool, error) {
	b, err := s.from.batch(ctx, s.at)
	if b == nil || err != nil {
		return false, err
	}
	r.set(b, nil)
	s.at++
	return true, nil
}

func (s *cteScan) Close() {}

// with closes the CTEs that it has opened, after what reads them. Those that modify tables run to their end first,
// whether they are read or not.
type with struct {
	Operator
	ctes  []*cteRows
	first []*cteRows
	late  *Events // looked at when all is done; nil without modifications
}

func (w *with) Next(ctx context.Context, r *Rows) (bool, error) {
	for len(w.first) > 0 {
		more, err := w.first[0].more(ctx)
		if err != nil {
			return false, err
		}
		if !more {
			w.first = w.first[1:]
		}
	}
	ok, err := w.Operator.Next(ctx, r)
	if err == nil { // all modifications are done with the first batch, and nobody has seen it
		err = w.late.Run(ctx)
	}
	return ok && err == nil, err
}

func (w *with) Close() {
	w.Operator.Close()
	for _, c := range w.ctes {
		c.close()
	}
}

func (b *builder) with(n *plan.With) (*tree, error) {
	env := b.env.inner(b.env.Expr.Clone())
	env.Workers, env.Explain, env.Profile = b.env.Workers, b.env.Explain, b.env.Profile
	inner := &builder{env: env}
	op := &with{}
	if env.late == nil && slices.ContainsFunc(n.CTEs, func(c *plan.CTE) bool { return c.Modifies }) {
		op.late = NewEvents(env)
		env.late = op.late
	}
	var steps []*tree
	fail := func(err error) (*tree, error) {
		for _, c := range op.ctes {
			c.close()
		}
		return nil, err
	}
	for _, c := range n.CTEs {
		t, err := inner.build(c.Root, -1)
		if err != nil {
			return fail(err)
		}
		rows := &cteRows{in: inner.single(t), rows: keptRows{budget: b.env.Budget}, tree: t}
		env.setCTE(c, rows)
		op.ctes = append(op.ctes, rows)
		if c.Modifies {
			op.first = append(op.first, rows)
		}
		if t.step != nil {
			t.step.Subplan = "CTE " + c.Name
		}
		steps = append(steps, t)
	}
	t, err := inner.build(n.In, -1)
	if err != nil {
		return fail(err)
	}
	op.Operator = inner.single(t)
	out := &tree{ops: []Operator{op}, rows: t.rows, touched: t.touched, step: t.step}
	if t.step != nil {
		for _, s := range steps {
			t.step.Kids = append(t.step.Kids, s.step)
		}
	}
	return out, nil
}

func (b *builder) cteScan(n *plan.CTEScan) (*tree, error) {
	rows := b.env.cte(n.CTE)
	t := &tree{ops: []Operator{&cteScan{from: rows}}, rows: rows.tree.rows}
	s := b.step("CTE Scan")
	if s != nil {
		s.Relation, s.Alias = n.CTE.Name, n.Alias
	}
	return b.wrap(t, s, n), nil
}

// recursion runs a recursive query: the step is built again for each round, over the rows of the last one.
type recursion struct {
	env  *Env
	node *plan.Recursion
	in   Operator  // of the round that runs
	work *keptRows // the rows that it reads
	next *keptRows // the rows that it has found
	seen *distinct // nil with ALL
	feed *handover
}

// handover gives a distinct the batches of one operator after another.
type handover struct{ in Operator }

func (h *handover) Next(ctx context.Context, r *Rows) (bool, error) { return h.in.Next(ctx, r) }
func (h *handover) Close()                                          {}

func (b *builder) recursion(n *plan.Recursion) (*tree, error) {
	init, err := b.build(n.Init, -1)
	if err != nil {
		return nil, err
	}
	op := &recursion{env: b.env, node: n, in: b.single(init), next: &keptRows{budget: b.env.Budget}, work: &keptRows{budget: b.env.Budget}}
	if !n.All {
		op.feed = &handover{}
		op.seen = newDistinct(b.env, op.feed, &plan.Distinct{In: n.Init})
	}
	t := &tree{ops: []Operator{op}, rows: init.rows * 10, touched: init.touched}
	kids := []*tree{init}
	if b.env.Explain {
		env := b.env.inner(b.env.Expr)
		env.Explain = true
		env.setWork(n.Table, op.work)
		step, err := (&builder{env: env}).build(n.Step, -1)
		if err != nil {
			return nil, err
		}
		step.close()
		kids = append(kids, step)
	}
	return b.wrap(t, b.step("Recursive Union"), n, kids...), nil
}

func (c *recursion) Next(ctx context.Context, r *Rows) (bool, error) {
	for {
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		ok, err := c.pull(ctx, r)
		if err != nil {
			return false, err
		}
		if ok {
			return true, c.next.add(r)
		}
		c.in.Close()
		c.in = none{}
		if c.next.count() == 0 {
			return false, nil
		}
		c.work.clear()
		c.work, c.next = c.next, c.work
		env := c.env.inner(c.env.Expr.Clone())
		env.setWork(c.node.Table, c.work)
		if c.in, _, err = Build(c.node.Step, env); err != nil {
			c.in = none{}
			return false, err
		}
	}
}

// pull reads the next new rows of the round.
func (c *recursion) pull(ctx context.Context, r *Rows) (bool, error) {
	if c.seen == nil {
		return c.in.Next(ctx, r)
	}
	c.feed.in = c.in
	return c.seen.Next(ctx, r)
}

func (c *recursion) Close() {
	c.in.Close()
	if c.seen != nil {
		c.seen.Close()
	}
	c.work.clear()
	c.next.clear()
}

func (b *builder) workScan(n *plan.WorkScan) (*tree, error) {
	rows := b.env.work(n.Table)
	t := &tree{ops: []Operator{&reader{batches: rows.batches}}, rows: float64(rows.count())}
	s := b.step("WorkTable Scan")
	if s != nil {
		s.Relation, s.Alias = n.Table.Name, n.Alias
	}
	return b.wrap(t, s, n), nil
}
