package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// targets finds the rows that an UPDATE or DELETE is about and changes each. All are found before the
// first is changed, so that a statement never meets its own changes.
type targets struct {
	env   *Env
	where []expr.Expr // over the whole row
	point []expr.Expr // the primary key, when the condition fixes it
	in    []Operator  // else the scan, which yields the key columns first
	// joined yields the key columns, then what is read beside the row; the first partner of a row counts.
	joined Operator
	keys   int
	all    []int16
	mode   store.LockMode
	row    []value.Value
	key    []byte
}

// rowChange is what is done with each target: key is its key, whose lock is held, cur its current row and row the values
// of that, with what is read beside it after them. They are the caller's when it returns.
type rowChange interface {
	change(ctx context.Context, key []byte, cur store.Current, row []value.Value) error
}

// named is an operator that knows which rows its last batch had.
type named interface{ names() []store.Ref }

// target is one row to change.
type target struct {
	end   int // of its key in the list's bytes
	ref   store.Ref
	extra []value.Value // what is read beside the row
}

// each changes each target.
func (t *targets) each(ctx context.Context, w *writer, f rowChange) error {
	if t.point != nil {
		var ok bool
		var err error
		t.key, ok, err = pointKey(t.env.Expr, t.key[:0], t.point)
		if !ok || err != nil {
			return err
		}
		ref, ok := t.env.View.Table(w.table.OID).Lookup(t.key)
		if !ok { // what is not there is not locked
			return nil
		}
		return t.visit(ctx, w, t.key, target{ref: ref}, true, f)
	}
	find := t.find
	if t.joined != nil {
		find = func(ctx context.Context) ([]byte, []target, error) { return t.findJoined(ctx, w.table.OID) }
	}
	keys, list, err := find(ctx)
	if err != nil {
		return err
	}
	from := 0
	for i := range list {
		if i%256 == 0 && ctx.Err() != nil {
			return Canceled(ctx)
		}
		if err := t.visit(ctx, w, keys[from:list[i].end:list[i].end], list[i], false, f); err != nil {
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
				list = append(list, target{end: len(keys), ref: refs[row]})
			}
			if err := t.env.Budget.take(int64(len(keys) - before + 24*r.Count())); err != nil {
				return nil, nil, err
			}
		}
	}
	return keys, list, nil
}

// findJoined is find where the rows are found by a join.
func (t *targets) findJoined(ctx context.Context, oid uint32) (keys []byte, list []target, err error) {
	var r Rows
	seen := map[string]struct{}{}
	view := t.env.View.Table(oid)
	for {
		ok, err := t.joined.Next(ctx, &r)
		if err != nil || !ok {
			return keys, list, err
		}
		before := len(keys)
		extras := len(r.Vecs) - t.keys
		for i := range r.Count() {
			row, start := r.at(i), len(keys)
			for k := range t.keys {
				keys = value.AppendKey(keys, r.Vecs[k].Value(row))
			}
			if _, again := seen[string(keys[start:])]; again {
				keys = keys[:start]
				continue
			}
			seen[string(keys[start:])] = struct{}{}
			tg := target{end: len(keys)}
			if tg.ref, ok = view.Lookup(keys[start:]); !ok {
				keys = keys[:start]
				continue
			}
			for k := range extras {
				tg.extra = append(tg.extra, r.Vecs[t.keys+k].Value(row))
			}
			list = append(list, tg)
		}
		if err := t.env.Budget.take(int64(2*(len(keys)-before) + (64+32*extras)*r.Count())); err != nil {
			return nil, nil, err
		}
	}
}

// unwrap returns the operator that is measured.
func unwrap(op Operator) Operator {
	if p, ok := op.(*profiled); ok {
		return p.Operator
	}
	return op
}

// visit locks a key and changes its row if the newest one is still to be changed: it is the one that the statement's View
// showed, or, at READ COMMITTED, it meets the condition too. test says that the condition was not tested on that one.
func (t *targets) visit(ctx context.Context, w *writer, key []byte, tg target, test bool, f rowChange) error {
	txn := t.env.Txn
	mark := txn.LockMark()
	cur, ok, err := w.lock(ctx, key, t.mode)
	if err != nil {
		return err
	}
	if changed := !ok || !cur.Is(tg.ref); changed {
		if txn.Isolation() != store.ReadCommitted {
			return store.SerializationFailure(!ok)
		}
		test = true
	}
	if !ok {
		txn.UnlockTo(mark)
		return nil
	}
	t.row = append(cur.Values(t.row[:0], t.all), tg.extra...)
	if test {
		ok, err := meets(t.env.Expr, t.where, t.row)
		if !ok || err != nil {
			return err
		}
	}
	return f.change(ctx, key, cur, t.row)
}

func (t *targets) close() {
	for _, op := range t.in {
		op.Close()
	}
	if t.joined != nil {
		t.joined.Close()
	}
}

// reset makes it the search for the row of a key, and keeps memory.
func (t *targets) reset(env *Env, w *writer, where, point []expr.Expr, mode store.LockMode) {
	*t = targets{env: env, where: where, point: point, keys: len(w.table.Key), all: w.all, mode: mode, row: t.row, key: t.key}
}

// newTargets makes the search for the rows of an UPDATE or DELETE.
func (b *builder) newTargets(scan *plan.Scan, joined plan.Node, where, point []expr.Expr, w *writer, mode store.LockMode) (*targets, *tree, error) {
	t := &targets{env: b.env, where: where, point: point, keys: len(w.table.Key), all: w.all, mode: mode}
	if joined != nil {
		in, err := b.build(joined, -1)
		if err != nil {
			return nil, nil, err
		}
		t.joined = b.single(in)
		return t, in, nil
	}
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
