package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// PointWriter runs the statements that write one row, which they name by its primary key or give in full: the short path of
// UPDATE, DELETE and INSERT, with no operators to build. It keeps its memory between statements. One goroutine at a time
// uses it.
type PointWriter struct {
	update   update
	deletion deletion
	insert   insert
	targets  targets
	queries  subqueries
}

// Write runs a plan and returns how many rows it has written. ok is false, and nothing is done, for a plan that needs operators.
func (p *PointWriter) Write(ctx context.Context, env *Env, root plan.Node) (rows int64, ok bool, err error) {
	switch n := root.(type) {
	case *plan.Update:
		if n.Point == nil || n.Joined != nil || n.Returning != nil {
			return 0, false, nil
		}
		u := &p.update
		u.reset(env, n.Table, n.Rules, nil)
		u.set, u.targets = n.Set, &p.targets
		p.targets.reset(env, &u.writer, n.Where, n.Point, store.ForNoKeyUpdate)
		rows, err = p.run(ctx, &u.writer, u)
	case *plan.Delete:
		if n.Point == nil || n.Joined != nil || n.Returning != nil {
			return 0, false, nil
		}
		d := &p.deletion
		d.reset(env, n.Table, n.Rules, nil)
		d.targets = &p.targets
		p.targets.reset(env, &d.writer, n.Where, n.Point, store.ForUpdate)
		rows, err = p.run(ctx, &d.writer, d)
	case *plan.Insert:
		if n.In != nil || n.Conflict != nil || n.Returning != nil || len(n.Rows.Bound) != 1 || len(n.Rows.Plain) > 0 {
			return 0, false, nil
		}
		i := &p.insert
		i.reset(env, n.Table, n.Rules, nil)
		i.node = n
		rows, err = p.run(ctx, &i.writer, single{i})
	default:
		return 0, false, nil
	}
	return rows, true, err
}

// run runs the statement of a writer.
func (p *PointWriter) run(ctx context.Context, w *writer, s interface{ run(context.Context) error }) (int64, error) {
	if ctx.Err() != nil {
		return 0, Canceled(ctx)
	}
	if w.env.Expr.Queries == nil {
		p.queries = subqueries{env: w.env}
		w.env.Expr.Queries = &p.queries
	}
	err := s.run(ctx)
	if err == nil {
		err = w.finish(ctx)
	}
	clear(p.targets.row) // values may be large
	clear(p.insert.cells)
	return w.affected, err
}

// single is an insert of one row of expressions.
type single struct{ *insert }

func (n single) run(ctx context.Context) error {
	if err := n.evaluate(n.node.Rows.Bound[0]); err != nil {
		return err
	}
	row, err := n.newRow(n.cells, n.defaults)
	if err != nil {
		return err
	}
	return n.put(ctx, row)
}
