package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// lockRows locks the rows of its input one by one, and no more than are asked for: the rows of a LIMIT above. It
// yields their newest values.
type lockRows struct {
	env    *Env
	in     Operator
	node   *plan.LockRows
	tables []*store.TableView
	want   int // rows still asked for; negative for all

	rows  Rows // of the input, from at on
	at    int
	done  bool
	out   column.Batch
	kinds []value.Kind
	key   []byte
	row   []value.Value
	now   []value.Value
}

func (b *builder) lockRows(n *plan.LockRows, want float64) (*tree, error) {
	in, err := b.build(n.In, want)
	if err != nil {
		return nil, err
	}
	op := &lockRows{env: b.env, in: b.single(in), node: n, want: int(want), kinds: kinds(n.Types())}
	for _, t := range n.Tables {
		op.tables = append(op.tables, b.env.View.Table(t.Table.OID))
	}
	return b.wrap(&tree{ops: []Operator{op}, rows: in.rows, touched: in.touched}, b.step("LockRows"), n, in), nil
}

func (l *lockRows) Next(ctx context.Context, r *Rows) (bool, error) {
	l.out.Reset(l.kinds)
	for !l.done && l.out.N < column.BatchRows && l.want != 0 {
		if l.at == l.rows.Count() {
			ok, err := l.in.Next(ctx, &l.rows)
			if err != nil {
				return false, err
			}
			l.at, l.done = 0, !ok
			continue
		}
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		l.row = l.rows.Row(l.row[:0], l.rows.at(l.at))
		l.at++
		ok, err := l.lock(ctx)
		if err != nil {
			return false, err
		}
		if ok {
			l.out.AppendRow(l.row)
			l.want--
		}
	}
	if l.out.N == 0 {
		return false, nil
	}
	r.set(&l.out, nil)
	return true, nil
}

// lock locks what the row in l.row was made of and puts its newest values there; false when it does not count any more.
func (l *lockRows) lock(ctx context.Context) (bool, error) {
	mark := l.env.Txn.LockMark()
	changed := false
	for i := range l.node.Tables {
		c, ok, err := l.lockOne(ctx, &l.node.Tables[i], l.tables[i])
		if err != nil {
			return false, err
		}
		if !ok {
			l.env.Txn.UnlockTo(mark)
			return false, nil
		}
		changed = changed || c
	}
	if !changed {
		return true, nil
	}
	for _, p := range l.node.Where {
		v, err := expr.Eval(l.env.Expr, p.Expr, l.row)
		if err != nil || v.IsNull() || !v.Bool() {
			return false, err
		}
	}
	return true, nil
}

// lockOne locks the row of one table. It says whether the row has changed since the snapshot, and ok when it is there and
// locked.
func (l *lockRows) lockOne(ctx context.Context, t *plan.LockTable, view *store.TableView) (changed, ok bool, err error) {
	l.key = l.key[:0]
	for _, k := range t.Key {
		l.key = value.AppendKey(l.key, l.row[k.Expr.(*expr.Column).Index])
	}
	ref, _ := view.Lookup(l.key)
	txn := l.env.Txn
	if ok, err := txn.LockKey(ctx, t.Table, l.key, t.Mode, t.Policy); !ok {
		return false, false, err
	}
	cur, ok, err := txn.Newest(t.Table, l.key)
	if err != nil {
		return false, false, err
	}
	if ok && cur.Is(ref) {
		return false, true, nil
	}
	if txn.Isolation() != store.ReadCommitted {
		return false, false, store.SerializationFailure(false) // PostgreSQL says so of deleted rows too
	}
	if !ok {
		return false, false, nil
	}
	l.now = cur.Values(l.now[:0], t.Nums)
	for i, c := range t.Cols {
		l.row[c.Expr.(*expr.Column).Index] = l.now[i]
	}
	return true, true, nil
}

func (l *lockRows) Close() { l.in.Close() }
