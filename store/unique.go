package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// A unique index is kept by locks, as the primary key is: who writes a row locks the values that it gets, and those that it gives up, in
// the lock table, by the index's OID. Under the lock the newest rows of a value are found in the index; those of other
// transactions' deltas cannot be there, and pending feeds are waited for. docs/decisions/0005.

// uniqueEntry is a value that a delta's row has in a unique index.
type uniqueEntry struct {
	index  uint32
	key    string
	part   int
	rowKey []byte
}

func uniqueLess(a, b uniqueEntry) bool {
	if a.index != b.index {
		return a.index < b.index
	}
	return a.key < b.key
}

// UniqueKey appends the key that a row (all columns, by number) has in a unique index. It returns false for a row that equals no
// other: one with a NULL, or outside of a partial index.
func UniqueKey(dst []byte, x *schema.Index, row []value.Value) ([]byte, bool) {
	return uniqueKey(dst, x, func(num int16) value.Value { return row[num-1] })
}

func uniqueKey(dst []byte, x *schema.Index, col func(num int16) value.Value) ([]byte, bool) {
	if x.Filter != 0 {
		if v := col(x.Filter); v.IsNull() || !v.Bool() {
			return dst, false
		}
	}
	from := len(dst)
	for _, c := range x.Columns {
		v := col(c.Num)
		if v.IsNull() && !x.NullsNotDistinct {
			return dst[:from], false
		}
		dst = appendIndexValue(dst, c, v)
	}
	return dst, true
}

// Holder is the row that has a value of a unique index.
type Holder struct {
	Current
	// Key is the row's primary key.
	Key []byte
}

// LockUnique takes the lock of a value of a unique index until the end of the transaction, after waiting for a feed that has
// written it, and returns the newest row that has it. What it returns stays while the lock is held. Errors are those of LockKey.
func (t *Txn) LockUnique(ctx context.Context, tbl *schema.Table, x *schema.Index, key []byte, mode LockMode, policy WaitPolicy) (Holder, bool, error) {
	var buf [64]byte
	name := lockName(buf[:0], x.OID, key)
	r := lockRequest{mode: mode, policy: policy, timeout: t.LockTimeout,
		what: func() string { return fmt.Sprintf("tuple in relation \"%s\"", tbl.Name) }}
	for {
		n := len(t.held)
		if ok, err := t.db.locks.lock(ctx, t.locker, &t.held, name, r); !ok {
			return Holder{}, false, err
		}
		h, found, wait, err := t.holder(tbl, x, key)
		if err != nil || wait == nil {
			return h, found, err
		}
		// The feed's transaction may need the lock again.
		t.db.locks.unlockFrom(t.locker, &t.held, n)
		if ok, err := t.locker.awaitFeed(ctx, wait, r); !ok {
			return Holder{}, false, err
		}
	}
}

// HolderOf is LockUnique without the lock: whoever has the value at this moment, for a first look.
func (t *Txn) HolderOf(tbl *schema.Table, x *schema.Index, key []byte) (Holder, bool, error) {
	h, found, _, err := t.holder(tbl, x, key)
	return h, found, err
}

// holder finds the newest row with a key of a unique index: the transaction's own or a committed one. wait is
// another transaction's pending feed that has to end first.
func (t *Txn) holder(tbl *schema.Table, x *schema.Index, key []byte) (Holder, bool, *status, error) {
	coll, err := t.collection(tbl)
	if err != nil {
		return Holder{}, false, nil, err
	}
	d := t.delta(coll)
	if d.unique != nil {
		if e, ok := d.unique.Get(uniqueEntry{index: x.OID, key: string(key)}); ok {
			own, _ := d.get(e.part, e.rowKey)
			return Holder{Current{own: own}, e.rowKey}, true, nil, nil
		}
	}
	t.enter()
	defer t.reader.leave()
	for _, p := range coll.parts {
		pi := p.index(x)
		if pi == nil {
			return Holder{}, false, nil, SerializationFailure(false)
		}
		row, found, wait := pi.live(&t.db.statuses, key, d, t.owner)
		if wait != nil {
			return Holder{}, false, wait, nil
		}
		if found {
			cur := Current{part: p, row: row, begin: t.db.statuses.settled(p.versions.Begin(row))}
			return Holder{cur, p.appendRowKey(nil, coll.def.Load(), row)}, true, nil, nil
		}
	}
	return Holder{}, false, nil, nil
}

// live finds the row with a key that nobody has ended, or that only the transaction with the delta and the owner's id
// would not see. The caller is in an epoch.
func (x *partIndex) live(st *statuses, key []byte, d *delta, owner uint64) (row uint32, found bool, wait *status) {
	p := x.part
	it := x.unique.Lookup(key).Iterator()
	var buf [64]uint32
	for {
		n := it.NextMany(buf[:])
		if n == 0 {
			return 0, false, nil
		}
		for _, row := range buf[:n] {
			if d != nil && d.ended.Len() > 0 && d.ended.Has(baseName(p.id, row)) {
				continue
			}
			begin := p.versions.Begin(row)
			if begin == column.NotBegun {
				continue
			}
			switch fate, s := st.fate(begin, owner); fate {
			case fatePending:
				return 0, false, s
			case fateAborted:
				continue
			}
			end := p.versions.End(row)
			if end == column.NoEnd {
				return row, true, nil
			}
			switch fate, s := st.fate(end, owner); fate {
			case fatePending:
				return 0, false, s
			case fateAborted:
				return row, true, nil
			}
		}
	}
}

// IndexViolation is the 23505 error for a row whose values in a unique index another row has.
func IndexViolation(tbl *schema.Table, x *schema.Index, row []value.Value) *sqlerr.Error {
	return indexViolation(tbl, x, func(num int16) value.Value { return row[num-1] })
}

func indexViolation(tbl *schema.Table, x *schema.Index, col func(num int16) value.Value) *sqlerr.Error {
	return sqlerr.New(sqlerr.UniqueViolation, "duplicate key value violates unique constraint %q", x.Name).
		WithDetail("Key (%s)=(%s) already exists.", IndexColumns(tbl, x), indexValues(x, col)).
		WithConstraint(tbl.Schema, tbl.Name, x.Name)
}

// IndexColumns lists what an index is on, as messages name it: columns, and the text of expressions.
func IndexColumns(tbl *schema.Table, x *schema.Index) string {
	names := make([]string, len(x.Columns))
	for i, c := range x.Columns {
		col := tbl.ColumnByNum(c.Num)
		if names[i] = col.Name; col.Hidden {
			names[i] = col.Generated
		}
	}
	return strings.Join(names, ", ")
}

func indexValues(x *schema.Index, col func(num int16) value.Value) string {
	vals := make([]string, len(x.Columns))
	for i, c := range x.Columns {
		if v := col(c.Num); v.IsNull() {
			vals[i] = "null"
		} else {
			vals[i] = string(value.AppendText(nil, v, value.DefaultStyle()))
		}
	}
	return strings.Join(vals, ", ")
}

// CheckUnique tests the rows that the transaction sees, its own among them, for values that a unique index must not have
// twice: 23505. The transaction keeps writers of the table away.
func (t *Txn) CheckUnique(ctx context.Context, tbl *schema.Table, x *schema.Index) error {
	view := t.LatestView()
	defer view.Close()
	tv := view.Table(tbl.OID)
	cols := make([]int16, 0, len(x.Columns)+1)
	place := map[int16]int{}
	for _, c := range x.Columns {
		if _, ok := place[c.Num]; !ok {
			place[c.Num] = len(cols)
			cols = append(cols, c.Num)
		}
	}
	if x.Filter != 0 {
		place[x.Filter] = len(cols)
		cols = append(cols, x.Filter)
	}
	seen := map[string]struct{}{}
	var key []byte
	var b column.Batch
	for i := range tv.Parts() {
		scan := tv.Part(i).Scan(nil, cols)
		for scan.Next(&b) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for row := range b.N {
				col := func(num int16) value.Value { return b.Vecs[place[num]].Value(row) }
				var ok bool
				if key, ok = uniqueKey(key[:0], x, col); !ok {
					continue
				}
				if _, dup := seen[string(key)]; dup {
					return sqlerr.New(sqlerr.UniqueViolation, "could not create unique index %q", x.Name).
						WithDetail("Key (%s)=(%s) is duplicated.", IndexColumns(tbl, x), indexValues(x, col)).
						WithConstraint(tbl.Schema, tbl.Name, x.Name)
				}
				seen[string(key)] = struct{}{}
			}
		}
	}
	return nil
}

// LatestView opens a snapshot of everything committed now, at every isolation level, with the transaction's own writes: for what a
// constraint must know. What is read through it is noted nowhere; the caller's locks keep it from changing.
func (t *Txn) LatestView() *View {
	v := views.Get().(*View)
	v.db = t.db
	v.reader = t.db.readers.acquire()
	pub := t.db.readers.open(v.reader, &t.db.published)
	v.snapshot, v.state = pub.timestamp, t.state(pub.state)
	t.show(v)
	return v
}
