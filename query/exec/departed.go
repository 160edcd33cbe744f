package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// depart carries out what the foreign keys to a table do about rows that have gone or changed.
func (e *Events) depart(ctx context.Context, d *departures) error {
	cat := e.env.Txn.Catalog()
	type todo struct {
		table *schema.Table
		key   *schema.ForeignKey
	}
	var list []todo
	now, ok := cat.TableByOID(d.table.OID)
	if !ok {
		return nil
	}
	for _, oid := range now.ReferencedBy {
		if t, ok := cat.TableByOID(oid); ok {
			for _, k := range t.ForeignKeys {
				if k.Table == d.table.OID && (d.key == nil || d.key.OID == k.OID) {
					list = append(list, todo{t, k})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b todo) int { return int(int64(a.key.OID) - int64(b.key.OID)) })
	for _, x := range list {
		if err := e.departFrom(ctx, d, x.table, x.key); err != nil {
			return err
		}
	}
	return nil
}

// departFrom is depart for one foreign key of a table.
func (e *Events) departFrom(ctx context.Context, d *departures, t *schema.Table, k *schema.ForeignKey) error {
	var lost []departure
	var vals [][]value.Value
	action := k.OnDelete
	for _, r := range d.rows {
		if r.row != nil {
			if sameColumns(k.RefColumns, r.old, r.row) {
				continue
			}
			action = k.OnUpdate
		}
		v := pick(r.old, k.RefColumns)
		if slices.ContainsFunc(v, value.Value.IsNull) {
			continue // nothing refers to it
		}
		lost, vals = append(lost, r), append(vals, v)
	}
	if len(lost) == 0 {
		return nil
	}
	if q := e.env.Deferred.takes(k); q != nil && action == schema.NoAction {
		for _, r := range lost {
			q.departed(d.table, k, r)
		}
		return nil
	}
	if action == schema.NoAction || action == schema.Restrict {
		return e.refuse(ctx, d, t, k, action, vals)
	}
	if err := e.env.Txn.LockTable(ctx, t.OID, store.RowExclusiveLock); err != nil {
		return err
	}
	w, err := e.writer(t)
	if err != nil {
		return err
	}
	type hit struct {
		at  int
		key []byte
	}
	var hits []hit
	if err := e.referring(ctx, t, k, vals, func(i int, key []byte) (bool, error) {
		hits = append(hits, hit{i, slices.Clone(key)})
		return true, e.env.Budget.take(int64(len(key) + 32))
	}); err != nil {
		return err
	}
	for _, h := range hits {
		if err := e.act(ctx, w, k, action, h.key, vals[h.at], lost[h.at].row); err != nil {
			return err
		}
	}
	if action == schema.SetDefault { // the default may be what has gone
		return e.refuse(ctx, d, t, k, schema.NoAction, vals)
	}
	return nil
}

// refuse returns 23503 when a row refers to what has gone.
func (e *Events) refuse(ctx context.Context, d *departures, t *schema.Table, k *schema.ForeignKey, action schema.Action, vals [][]value.Value) error {
	if err := e.env.Txn.LockTable(ctx, t.OID, store.RowShareLock); err != nil {
		return err
	}
	return e.referring(ctx, t, k, vals, func(i int, _ []byte) (bool, error) {
		if action == schema.NoAction {
			if again, err := e.returned(d.table, k, vals[i]); again || err != nil {
				return true, err
			}
		}
		return false, sqlerr.New(sqlerr.ForeignKeyViolation, "update or delete on table %q violates foreign key constraint %q on table %q", d.table.Name, k.Name, t.Name).
			WithDetail("Key (%s)=(%s) is still referenced from table %q.", columnNames(d.table, k.RefColumns), e.texts(vals[i]), t.Name).
			WithConstraint(t.Schema, t.Name, k.Name)
	})
}

func pick(row []value.Value, nums []int16) []value.Value {
	out := make([]value.Value, len(nums))
	for i, num := range nums {
		out[i] = row[num-1]
	}
	return out
}

// returned says whether another row of the referenced table has the values now.
func (e *Events) returned(t *schema.Table, k *schema.ForeignKey, vals []value.Value) (bool, error) {
	now, ok := e.env.Txn.Catalog().TableByOID(t.OID)
	if !ok {
		return false, nil
	}
	f, err := newReferenced(now, k)
	if err != nil {
		return false, err
	}
	key, ok := f.encode(vals)
	if !ok {
		return false, nil
	}
	if f.index != nil {
		_, ok, err := e.env.Txn.HolderOf(now, f.index, key)
		return ok, err
	}
	view := e.env.Txn.LatestView()
	defer view.Close()
	_, ok = view.Table(t.OID).Lookup(key)
	return ok, nil
}

// act carries out CASCADE, SET NULL or SET DEFAULT on a referencing row; row is what has taken the place of the
// referenced one, nil for nothing.
func (e *Events) act(ctx context.Context, w *writer, k *schema.ForeignKey, action schema.Action, key []byte, vals, row []value.Value) error {
	cur, ok, err := w.lock(ctx, key, store.ForUpdate)
	if err != nil {
		return err
	}
	txn := e.env.Txn
	if !ok {
		if txn.Isolation() != store.ReadCommitted {
			return store.SerializationFailure(true)
		}
		return nil
	}
	if !txn.Sees(cur) {
		return store.SerializationFailure(false)
	}
	old := cur.Values(nil, w.all)
	for i, v := range pick(old, k.Columns) {
		want, ok := asKind(vals[i], v.Kind())
		if v.IsNull() || !ok || !value.Equal(v, want) {
			return nil // changed meanwhile
		}
	}
	if action == schema.Cascade && row == nil {
		return w.remove(ctx, key, cur, old)
	}
	next := slices.Clone(old)
	for i, num := range k.Columns {
		c := w.table.ColumnByNum(num)
		switch action {
		case schema.SetNull:
			next[num-1] = value.Null(c.Type.Kind)
		case schema.SetDefault:
			x, err := plan.DefaultExpr(c, e.env.Expr.Style)
			if err != nil {
				return err
			}
			next[num-1] = value.Null(c.Type.Kind)
			if x != nil {
				if next[num-1], err = expr.EvalConst(e.env.Expr, x); err != nil {
					return err
				}
			}
		default:
			v, err := value.Cast(row[k.RefColumns[i]-1], c.Type, value.CastAssignment, value.DefaultStyle())
			if err != nil {
				return err
			}
			next[num-1] = v
		}
	}
	return w.replace(ctx, key, cur, old, next)
}

// writer returns what changes the rows of a referencing table; what it changes is noted here.
func (e *Events) writer(t *schema.Table) (*writer, error) {
	if w := e.writers[t.OID]; w != nil {
		return w, nil
	}
	rules, err := plan.RulesOf(t, e.env.Expr.Style)
	if err != nil {
		return nil, err
	}
	w := newWriter(e.env, t, rules, nil)
	w.events = e
	if e.writers == nil {
		e.writers = map[uint32]*writer{}
	}
	e.writers[t.OID] = &w
	return &w, nil
}
