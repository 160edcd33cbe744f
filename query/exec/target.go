package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// targets finds the rows that an UPDATE or DELETE is about and calls f for each. All are found before the
// first is changed, so that a statement never meets its own changes.
type targets struct {
	env   *Env
	where []expr.Expr // over the whole row
	point []expr.Expr // the primary key, when the condition fixes it
	in    []Operator  // else the scan, which yields the key columns first
	keys  int
	all   []int16
	row   []value.Value
}

// named is an operator that knows which rows its last batch had.
type named interface{ names() []store.Ref }

// target is one row to change.
type target struct {
	end int // of its key in the list's bytes
	ref store.Ref
}

// each calls f with each target's key, its current row and the values of that. The key's lock is held.
func (t *targets) each(ctx context.Context, w *writer, f func(key []byte, cur store.Current, row []value.Value) error) error {
	if t.point != nil {
		key, ok, err := pointKey(t.env.Expr, nil, t.point)
		if !ok || err != nil {
			return err
		}
		return t.visit(ctx, w, key, nil, f)
	}
	keys, list, err := t.find(ctx)
	if err != nil {
		return err
	}
	from := 0
	for i := range list {
		if i%256 == 0 && ctx.Err() != nil {
			return Canceled(ctx)
		}
		if err := t.visit(ctx, w, keys[from:list[i].end:list[i].end], &list[i].ref, f); err != nil {
			return err
		}
		from = list[i].end
	}
	return nil
}

// find scans for the targets and returns their keys, one after another.
func (t *targets) find(ctx context.Context) (keys []byte, list []target, err error) {
	var r Rows
	for _, op := range t.in {
		for {
			ok, err := op.Next(ctx, &r)
			if err != nil {
				return nil, nil, err
			}
			if !ok {
				break
			}
			refs := unwrap(op).(named).names()
			before := len(keys)
			for i := range r.Count() {
				row := r.at(i)
				for k := range t.keys {
					keys = value.AppendKey(keys, r.Vecs[k].Value(row))
				}
				list = append(list, target{len(keys), refs[row]})
			}
			if err := t.env.Budget.take(int64(len(keys) - before + 24*r.Count())); err != nil {
				return nil, nil, err
			}
		}
	}
	return keys, list, nil
}

// unwrap returns the operator that is measured.
func unwrap(op Operator) Operator {
	if p, ok := op.(*profiled); ok {
		return p.Operator
	}
	return op
}

// visit locks a key and calls f if its newest row is still to be changed: it is the one that the scan saw, or it
// meets the condition too (READ COMMITTED).
func (t *targets) visit(ctx context.Context, w *writer, key []byte, ref *store.Ref, f func([]byte, store.Current, []value.Value) error) error {
	cur, ok, err := w.lock(ctx, key)
	if !ok || err != nil {
		return err
	}
	t.row = cur.Values(t.row[:0], t.all)
	if ref == nil || !cur.Is(*ref) {
		ok, err := meets(t.env.Expr, t.where, t.row)
		if !ok || err != nil {
			return err
		}
	}
	return f(key, cur, t.row)
}

func (t *targets) close() {
	for _, op := range t.in {
		op.Close()
	}
}

// newTargets makes the search for the rows of an UPDATE or DELETE.
func (b *builder) newTargets(scan *plan.Scan, where, point []expr.Expr, all []int16) (*targets, *tree, error) {
	t := &targets{env: b.env, where: where, point: point, keys: len(scan.Table.Key), all: all}
	if point != nil && !b.env.Explain {
		return t, nil, nil
	}
	in, err := b.scan(scan, -1)
	if err != nil {
		return nil, nil, err
	}
	t.in, t.point = in.ops, nil
	if len(in.ops) == 1 {
		if _, ok := unwrap(in.ops[0]).(none); ok {
			t.in = nil
		}
	}
	return t, in, nil
}
