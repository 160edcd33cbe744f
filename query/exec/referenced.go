package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/store"
)

// find sees that the rows that values refer to are there, and locks them.
func (e *Events) find(ctx context.Context, r *references) error {
	txn := e.env.Txn
	if r.key.MatchFull {
		for _, vals := range r.vals {
			if slices.ContainsFunc(vals, value.Value.IsNull) {
				return sqlerr.New(sqlerr.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", r.table.Name, r.key.Name).
					WithDetail("MATCH FULL does not allow mixing of null and nonnull key values.").
					WithConstraint(r.table.Schema, r.table.Name, r.key.Name)
			}
		}
	}
	parent, ok := txn.Catalog().TableByOID(r.key.Table)
	if !ok {
		return nil // dropped by this very transaction, with the foreign key
	}
	if err := txn.LockTable(ctx, parent.OID, store.RowShareLock); err != nil {
		return err
	}
	k, err := newReferenced(parent, r.key)
	if err != nil {
		return err
	}
	k.trust = e.trust
	view := txn.View()
	if txn.Isolation() == store.ReadCommitted {
		view.Close()
		view = txn.LatestView()
	}
	defer view.Close()
	for i, vals := range r.vals {
		if i%256 == 0 && ctx.Err() != nil {
			return Canceled(ctx)
		}
		ok, err := k.lock(ctx, txn, view, vals)
		if err != nil {
			return err
		}
		if ok {
			continue
		}
		if still, err := e.exists(ctx, r.table, r.key, vals); err != nil || !still {
			if err != nil {
				return err
			}
			continue // the row has gone since
		}
		return sqlerr.New(sqlerr.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", r.table.Name, r.key.Name).
			WithDetail("Key (%s)=(%s) is not present in table %q.", columnNames(r.table, r.key.Columns), e.texts(vals), parent.Name).
			WithConstraint(r.table.Schema, r.table.Name, r.key.Name)
	}
	return nil
}

func columnNames(t *schema.Table, nums []int16) string {
	s := ""
	for i, num := range nums {
		if i > 0 {
			s += ", "
		}
		s += t.ColumnByNum(num).Name
	}
	return s
}

func (e *Events) texts(vals []value.Value) string {
	style := e.env.Expr.Style
	if style == nil {
		style = value.DefaultStyle()
	}
	s := ""
	for i, v := range vals {
		if i > 0 {
			s += ", "
		}
		if v.IsNull() {
			s += "null"
		} else {
			s += string(value.AppendText(nil, v, style))
		}
	}
	return s
}

// referenced finds rows of a referenced table by the values of a foreign key.
type referenced struct {
	table *schema.Table
	key   *schema.ForeignKey
	index *schema.Index // nil: the primary key
	order []int         // by column of the index or primary key: its place in the foreign key
	types []value.Type
	row   []value.Value
	trust bool
}

func newReferenced(t *schema.Table, k *schema.ForeignKey) (*referenced, error) {
	f := &referenced{table: t, key: k, row: make([]value.Value, len(t.Columns))}
	nums := t.Key
	if k.Index != 0 {
		x, ok := t.IndexByOID(k.Index)
		if !ok {
			return nil, store.SerializationFailure(false)
		}
		f.index, nums = x, nil
		for _, c := range x.Columns {
			nums = append(nums, c.Num)
		}
	}
	for _, num := range nums {
		f.order = append(f.order, slices.Index(k.RefColumns, num))
		f.types = append(f.types, t.ColumnByNum(num).Type)
	}
	return f, nil
}

// encode returns the key of values in the index or primary key; false when no row can have it.
func (f *referenced) encode(vals []value.Value) ([]byte, bool) {
	var key []byte
	for i, at := range f.order {
		v, ok := asKind(vals[at], f.types[i].Kind)
		if !ok {
			return nil, false
		}
		if f.index == nil {
			key = value.AppendKey(key, v)
		} else {
			f.row[f.index.Columns[i].Num-1] = v
		}
	}
	if f.index != nil {
		return store.UniqueKey(nil, f.index, f.row)
	}
	return key, true
}

// asKind returns a value of one side of a foreign key as one of the other's kind; false when none equals it.
func asKind(v value.Value, k value.Kind) (value.Value, bool) {
	if v.Kind() == k || v.IsNull() {
		return v, true
	}
	x, err := value.Cast(v, value.Of(k), value.CastAssignment, value.DefaultStyle())
	if err != nil {
		return v, false
	}
	back, err := value.Cast(x, value.Of(v.Kind()), value.CastAssignment, value.DefaultStyle())
	return x, err == nil && value.Equal(back, v)
}

// lock locks the row that values refer to; false when there is none. What a view does not show is not waited for.
func (f *referenced) lock(ctx context.Context, txn *store.Txn, view *store.View, vals []value.Value) (bool, error) {
	key, ok := f.encode(vals)
	if !ok {
		return false, nil
	}
	if f.index == nil {
		if _, ok := view.Table(f.table.OID).Lookup(key); !ok {
			return false, nil
		}
		return f.lockRow(ctx, txn, key)
	}
	for {
		h, ok, err := txn.HolderOf(f.table, f.index, key)
		if err != nil || !ok || f.trust {
			return ok, err
		}
		if _, seen := view.Table(f.table.OID).Lookup(h.Key); !seen {
			return false, nil
		}
		// The row before its value, as those who delete rows lock them.
		if ok, err := f.lockRow(ctx, txn, h.Key); err != nil || !ok {
			return false, err
		}
		now, ok, err := txn.LockUnique(ctx, f.table, f.index, key, store.ForKeyShare, store.WaitBlock)
		if err != nil || !ok || string(now.Key) == string(h.Key) {
			return ok, err
		}
	}
}

func (f *referenced) lockRow(ctx context.Context, txn *store.Txn, key []byte) (bool, error) {
	if f.trust {
		return true, nil
	}
	if _, err := txn.LockKey(ctx, f.table, key, store.ForKeyShare, store.WaitBlock); err != nil {
		return false, err
	}
	_, ok, err := txn.Newest(f.table, key)
	if err == nil && !ok && txn.Isolation() != store.ReadCommitted {
		return false, store.SerializationFailure(false)
	}
	return ok, err
}

// VerifyForeignKey returns 23503 when a row of a table, whose writers and those of the referenced table are kept away, has values in a
// foreign key that no row has there.
func VerifyForeignKey(ctx context.Context, env *Env, t *schema.Table, k *schema.ForeignKey) error {
	e := NewEvents(env)
	e.trust = true
	view := env.Txn.LatestView()
	defer view.Close()
	tv := view.Table(t.OID)
	row := make([]value.Value, len(t.Columns))
	var b column.Batch
	for i := range tv.Parts() {
		scan := tv.Part(i).Scan(nil, k.Columns)
		for scan.Next(&b) {
			if ctx.Err() != nil {
				return Canceled(ctx)
			}
			for at := range b.N {
				for j, num := range k.Columns {
					row[num-1] = b.Vecs[j].Value(at)
				}
				e.refer(t, k, row)
			}
			if err := e.Run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
