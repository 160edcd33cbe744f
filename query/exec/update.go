package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// update changes the rows of a table that meet a condition.
type update struct {
	writer
	targets *targets
	set     []plan.Assignment
}

func (b *builder) update(n *plan.Update) (*tree, error) {
	u := &update{writer: newWriter(b.env, n.Table, n.Rules, n.Returning), set: n.Set}
	var in *tree
	var err error
	if u.targets, in, err = b.newTargets(n.Scan, n.Joined, n.Where, n.Point, &u.writer, store.ForNoKeyUpdate); err != nil {
		return nil, err
	}
	return b.modify(u, "Update", n.Table.Name, n, in), nil
}

// modify finishes the tree of a modifying operator.
func (b *builder) modify(op Modifier, name, table string, n plan.Node, in *tree) *tree {
	s := b.step(name)
	var kids []*tree
	if s != nil {
		s.Relation, s.Alias = table, table
		if in != nil {
			kids = []*tree{in}
		}
	}
	t := &tree{ops: []Operator{op}}
	b.wrap(t, s, n, kids...)
	return t
}

func (u *update) Next(ctx context.Context, r *Rows) (bool, error) { return u.yield(ctx, r, u.run) }

func (u *update) run(ctx context.Context) error { return u.targets.each(ctx, &u.writer, u) }

// change implements rowChange.
func (u *update) change(ctx context.Context, key []byte, cur store.Current, old []value.Value) error {
	row := slices.Clone(old)
	if err := assign(u.env.Expr, u.table.Columns, u.set, old, row); err != nil {
		return err
	}
	n := len(u.all) // beyond it is what the table is joined with
	if err := u.replace(ctx, key, cur, old[:n:n], row[:n:n]); err != nil {
		return err
	}
	return u.wrote(row)
}

func (u *update) Close() { u.targets.close() }

// deletion removes the rows of a table that meet a condition.
type deletion struct {
	writer
	targets *targets
}

func (b *builder) delete(n *plan.Delete) (*tree, error) {
	d := &deletion{writer: newWriter(b.env, n.Table, n.Rules, n.Returning)}
	var in *tree
	var err error
	if d.targets, in, err = b.newTargets(n.Scan, n.Joined, n.Where, n.Point, &d.writer, store.ForUpdate); err != nil {
		return nil, err
	}
	return b.modify(d, "Delete", n.Table.Name, n, in), nil
}

func (d *deletion) Next(ctx context.Context, r *Rows) (bool, error) { return d.yield(ctx, r, d.run) }

func (d *deletion) run(ctx context.Context) error { return d.targets.each(ctx, &d.writer, d) }

// change implements rowChange.
func (d *deletion) change(ctx context.Context, key []byte, cur store.Current, row []value.Value) error {
	n := len(d.all)
	if err := d.remove(ctx, key, cur, row[:n:n]); err != nil {
		return err
	}
	return d.wrote(row)
}

func (d *deletion) Close() { d.targets.close() }
