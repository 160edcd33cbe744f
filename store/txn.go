package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/wal"
)

// Isolation is a transaction's isolation level.
type Isolation uint8

// The levels. At ReadCommitted each View is a new snapshot. At RepeatableRead and Serializable the first View's
// is that of all, and a row that another has written since cannot be written (40001). At Serializable COMMIT fails
// (40001) if something that the transaction has read has changed since (serializable.go).
const (
	ReadCommitted Isolation = iota
	RepeatableRead
	Serializable
)

// TxnOptions are a transaction's characteristics.
type TxnOptions struct {
	// AsyncCommit is synchronous_commit = off: COMMIT does not wait for the
	// log's sync, which follows within a fraction of a second.
	AsyncCommit bool
	Isolation   Isolation
	// ReadOnly promises that nothing is written. A serializable transaction then need not remember what it reads.
	ReadOnly bool
	// Locker holds the transaction's locks. Default: one of its own.
	Locker *Locker
}

// Txn is a transaction. One goroutine at a time uses it; several may read its Views.
type Txn struct {
	db     *DB
	opts   TxnOptions
	locker *Locker
	number uint64

	// LockTimeout bounds each wait for a lock; 0: no limit. It may be changed
	// between statements.
	LockTimeout time.Duration

	owner  uint64 // id of its feeds; 0 before the first
	reader *reader
	deltas []*delta
	nextID uint32 // of deltaRows
	feeds  []*status
	open   []*Feed
	held   []heldLock
	ended  bool

	viewed   bool         // a View was opened
	excludes bool         // it is counted in DB.excluding
	base     *publication // the snapshot of all Views, from the first on; nil at ReadCommitted
	pin      *reader      // keeps the base
	exported []*exportedSnapshot
	reads    *readSet // what a serializable transaction has read; nil for the others

	changes []schemaChange
	created map[uint64]*collection // generations it has made
	undo    []func()               // of what DDL has attached already
	own     *state                 // cache: ownBase with changes
	ownBase *state
}

// Begin starts a transaction. It costs nothing until it is used.
func (db *DB) Begin(opts TxnOptions) *Txn {
	t := &Txn{db: db, opts: opts, locker: opts.Locker, number: db.txns.Add(1)}
	if t.locker == nil {
		t.locker = db.NewLocker(0)
	}
	t.locker.txn.Store(t.number)
	return t
}

// Number names the transaction; no other of this process has it.
func (t *Txn) Number() uint64 { return t.number }

// Isolation returns the transaction's level.
func (t *Txn) Isolation() Isolation { return t.opts.Isolation }

// SetIsolation changes level and access mode before the first View.
func (t *Txn) SetIsolation(level Isolation, readOnly bool) {
	invariant.Check(t.base == nil, "isolation changed after the first snapshot")
	t.opts.Isolation, t.opts.ReadOnly = level, readOnly
}

// Wrote says whether the transaction has written anything.
func (t *Txn) Wrote() bool {
	if len(t.feeds) > 0 || len(t.changes) > 0 {
		return true
	}
	for _, d := range t.deltas {
		if d.rows.Len() > 0 {
			return true
		}
	}
	return false
}

// state returns the newest state with the transaction's own schema changes.
func (t *Txn) state(base *state) *state {
	if len(t.changes) == 0 {
		return base
	}
	if t.ownBase != base {
		t.own = base.with(t.changes, func(def *schema.Table) *collection { return t.created[def.Generation] })
		t.ownBase = base
	}
	return t.own
}

// collection returns the collection of a table definition. The transaction
// holds the table's lock.
func (t *Txn) collection(tbl *schema.Table) (*collection, error) {
	now := t.state(t.db.published.Load().state)
	c := now.collections[tbl.OID]
	if c != nil && t.base != nil { // its snapshot's catalog may be an old one
		if def, _ := now.catalog.TableByOID(tbl.OID); def != tbl && !sameRules(def, tbl) || c.generation != tbl.Generation {
			return nil, SerializationFailure(false)
		}
	}
	if c == nil || c.generation != tbl.Generation {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q was dropped or truncated by a concurrent transaction", tbl.Name)
	}
	return c, nil
}

// sameRules says whether what is written by one definition of a table suits another one.
func sameRules(a, b *schema.Table) bool {
	if len(a.Columns) != len(b.Columns) || len(a.Checks) != len(b.Checks) || len(a.ForeignKeys) != len(b.ForeignKeys) ||
		!slices.Equal(a.ReferencedBy, b.ReferencedBy) {
		return false
	}
	for i := range a.Columns {
		if x, y := &a.Columns[i], &b.Columns[i]; x.NotNull != y.NotNull || x.Generated != y.Generated {
			return false
		}
	}
	return slices.Equal(a.UniqueOIDs(), b.UniqueOIDs())
}

func (t *Txn) delta(c *collection) *delta {
	for _, d := range t.deltas {
		if d.coll == c {
			return d
		}
	}
	d := newDelta(c)
	t.deltas = append(t.deltas, d)
	return d
}

// SetAsyncCommit changes the option between statements: what counts is its
// value at COMMIT.
func (t *Txn) SetAsyncCommit(async bool) { t.opts.AsyncCommit = async }

// LockTable takes a table's lock until the end of the transaction (55P03,
// 40P01, 57014).
func (t *Txn) LockTable(ctx context.Context, oid uint32, mode LockMode) error {
	return t.LockTablePolicy(ctx, oid, mode, WaitBlock)
}

// LockTablePolicy is LockTable that need not wait: with WaitError a lock that is not free is 55P03.
func (t *Txn) LockTablePolicy(ctx context.Context, oid uint32, mode LockMode, policy WaitPolicy) error {
	var buf [4]byte
	_, err := t.db.locks.lock(ctx, t.locker, &t.held, lockName(buf[:0], oid, nil), lockRequest{
		mode: mode, policy: policy, timeout: t.LockTimeout,
		what: func() string {
			if tbl, ok := t.db.published.Load().state.catalog.TableByOID(oid); ok {
				return fmt.Sprintf("relation \"%s\"", tbl.Name)
			}
			return fmt.Sprintf("relation %d", oid)
		},
	})
	return err
}

// LockKey takes the lock of a key, present or absent, until the end
// of the transaction, and waits for a feed that has written it to end. The
// table's lock comes first. 55P03 after the lock timeout or when the policy is not to wait, 40P01 for
// a deadlock's victim, 57014 when ctx ends. It returns false without an error for a key that WaitSkip leaves out.
func (t *Txn) LockKey(ctx context.Context, tbl *schema.Table, key []byte, mode LockMode, policy WaitPolicy) (bool, error) {
	var buf [64]byte
	name := lockName(buf[:0], tbl.OID, key)
	r := lockRequest{mode: mode, policy: policy, timeout: t.LockTimeout, what: func() string {
		if policy == WaitError {
			return fmt.Sprintf("row in relation \"%s\"", tbl.Name)
		}
		return fmt.Sprintf("tuple in relation \"%s\"", tbl.Name)
	}}
	for {
		n := len(t.held)
		if ok, err := t.db.locks.lock(ctx, t.locker, &t.held, name, r); !ok {
			return false, err
		}
		_, wait, err := t.newest(tbl, key)
		if err != nil || wait == nil {
			return err == nil, err
		}
		// The feed's transaction may need the lock again.
		t.db.locks.unlockFrom(t.locker, &t.held, n)
		if ok, err := t.locker.awaitFeed(ctx, wait, r); !ok {
			return false, err
		}
	}
}

// LockMark is a place in the list of a transaction's locks.
type LockMark int

// LockMark returns the present end of the list.
func (t *Txn) LockMark() LockMark { return LockMark(len(t.held)) }

// UnlockTo gives up the locks taken since a mark under which nothing was written: of a row that was gone when its
// lock came.
func (t *Txn) UnlockTo(m LockMark) { t.db.locks.unlockFrom(t.locker, &t.held, int(m)) }

// Current is the newest row of a locked key: committed, or the transaction's
// own. It stays as it is while the lock is held.
type Current struct {
	part  *Part
	row   uint32
	begin uint64 // timestamp, or the reference to an own feed
	own   *deltaRow
}

// Newest returns the newest row of a key that the transaction has locked.
func (t *Txn) Newest(tbl *schema.Table, key []byte) (Current, bool, error) {
	c, wait, err := t.newest(tbl, key)
	invariant.Check(wait == nil, "key of %s read without its lock", tbl.Name)
	return c, err == nil && (c.part != nil || c.own != nil), err
}

func (t *Txn) newest(tbl *schema.Table, key []byte) (Current, *status, error) {
	coll, err := t.collection(tbl)
	if err != nil {
		return Current{}, nil, err
	}
	i := partOf(key, len(coll.parts))
	if r, ok := t.delta(coll).get(i, key); ok {
		if r.row == nil {
			return Current{}, nil, nil
		}
		return Current{own: r}, nil, nil
	}
	p := coll.parts[i]
	t.enter()
	defer t.reader.leave()
	pr := newProbe(tbl, key)
	head, ok := p.find(tbl, &pr)
	if !ok {
		return Current{}, nil, nil
	}
	row, ok, wait := p.newest(&t.db.statuses, head, t.owner)
	if wait != nil || !ok {
		return Current{}, wait, nil
	}
	return Current{part: p, row: row, begin: t.db.statuses.settled(p.versions.Begin(row))}, nil, nil
}

// enter begins reading without a View.
func (t *Txn) enter() {
	if t.reader == nil {
		t.reader = t.db.readers.acquire()
	}
	t.db.readers.enter(t.reader)
}

// Is says whether the row is the one that a scan saw. If not, it has been
// updated since the scan's snapshot and the statement must look at its
// condition again (READ COMMITTED).
func (c Current) Is(r Ref) bool {
	if c.own != nil {
		return r.Own && r.Row == c.own.id
	}
	return c.part != nil && !r.Own && r.Row == c.row && int(r.Part) == c.part.id
}

// Sees says whether the transaction's snapshot shows the row, or it is its own; at ReadCommitted it always does.
func (t *Txn) Sees(c Current) bool {
	if t.base == nil || c.own != nil {
		return true
	}
	return c.begin <= t.base.timestamp || c.begin&statusBit != 0
}

// Values appends the values of the given columns.
func (c Current) Values(dst []value.Value, cols []int16) []value.Value {
	for _, num := range cols {
		if c.own != nil {
			dst = append(dst, c.own.row[num-1])
		} else {
			dst = append(dst, c.part.column(num).Get(c.row))
		}
	}
	return dst
}

// Insert adds a row (all columns, by number) whose key is locked and known
// absent through Newest. The row is the transaction's from now on.
func (t *Txn) Insert(tbl *schema.Table, key []byte, row []value.Value) error {
	return t.write(tbl, key, Current{}, row)
}

// Update replaces the current row of a locked key. The key cannot change: an
// UPDATE of key columns is Delete and Insert.
func (t *Txn) Update(tbl *schema.Table, key []byte, cur Current, row []value.Value) error {
	return t.write(tbl, key, cur, row)
}

// Delete removes the current row of a locked key.
func (t *Txn) Delete(tbl *schema.Table, key []byte, cur Current) error {
	return t.write(tbl, key, cur, nil)
}

func (t *Txn) write(tbl *schema.Table, key []byte, cur Current, row []value.Value) error {
	coll, err := t.collection(tbl)
	if err != nil {
		return err
	}
	invariant.Check(row == nil || len(row) == len(tbl.Columns), "row of %s has %d columns", tbl.Name, len(row))
	d := t.delta(coll)
	t.nextID++
	r := &deltaRow{part: partOf(key, len(coll.parts)), key: slices.Clone(key), row: row, id: t.nextID}
	if old, ok := d.get(r.part, key); ok {
		r.hasBase, r.base, r.baseBegin = old.hasBase, old.base, old.baseBegin
	} else if cur.part != nil {
		r.hasBase, r.base, r.baseBegin = true, cur.row, cur.begin
	}
	if n := r.size(); n > maxRowBytes {
		return errRowTooBig(n)
	}
	if row == nil && !r.hasBase {
		d.remove(tbl, r)
		return nil
	}
	d.put(tbl, r)
	return nil
}

// RowKey appends the encoding of a row's primary key. For a hidden key that is NULL in row
// it allots one and stores it there.
func (t *Txn) RowKey(dst []byte, tbl *schema.Table, row []value.Value) ([]byte, error) {
	if tbl.HiddenKey {
		if k := tbl.Key[0] - 1; row[k].IsNull() {
			coll, err := t.collection(tbl)
			if err != nil {
				return dst, err
			}
			row[k] = value.NewInt(value.Int8, coll.hiddenKey.Add(1))
		}
	}
	for _, num := range tbl.Key {
		dst = value.AppendKey(dst, row[num-1])
	}
	return dst, nil
}

// UniqueViolation is the 23505 error for a key that exists.
func UniqueViolation(tbl *schema.Table, key []byte) error {
	var names, vals []string
	for _, num := range tbl.Key {
		c := tbl.ColumnByNum(num)
		v, rest, err := value.DecodeKey(c.Type.Kind, key)
		if err != nil {
			break
		}
		key = rest
		if exact, err := value.ApplyMod(v, c.Type, true); err == nil {
			v = exact // the key tells neither a char(n)'s padding nor the digits of a numeric's scale
		}
		names = append(names, c.Name)
		vals = append(vals, string(value.AppendText(nil, v, value.DefaultStyle())))
	}
	return sqlerr.New(sqlerr.UniqueViolation, "duplicate key value violates unique constraint %q", tbl.KeyName).
		WithDetail("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(vals, ", ")).
		WithConstraint(tbl.Schema, tbl.Name, tbl.KeyName)
}

// Commit makes the transaction's writes durable and visible (I1, I2). On an
// error they are neither, except that after a failed sync of the log it is unknown
// until the next start whether they are durable.
func (t *Txn) Commit(ctx context.Context) error {
	if t.ended {
		return nil
	}
	if !t.Wrote() {
		t.finish()
		return nil
	}
	for _, f := range t.open {
		if err := f.Close(ctx); err != nil {
			t.Rollback()
			return err
		}
	}
	r := commitRecord{owner: t.owner, schema: t.changes}
	size, err := t.collect(&r)
	if err == nil && size > maxRecordBytes {
		r.parts = nil
		err = t.spill()
	}
	if err == nil {
		for _, s := range t.feeds {
			r.feeds = append(r.feeds, feedEnd{s.id, true})
		}
		r.catalogVersion = t.db.published.Load().state.catalog.Version()
		r.changes = committed{parts: r.parts, whole: t.changedWhole()}
		err = t.propose(&r)
	}
	if err != nil {
		t.Rollback()
		return err
	}
	t.finish()
	return nil
}

// propose writes the commit record. From here on a COMMIT cannot be cancelled.
func (t *Txn) propose(r *commitRecord) error {
	p := t.db.log.proposal()
	defer t.db.log.release(p)
	var err error
	if p.payload, err = r.append(p.payload[:0]); err != nil {
		return err
	}
	if len(p.payload) > wal.MaxRecordBytes { // the rows have become a feed
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "transaction changes too many tables: its log record takes %d bytes, maximum %d",
			len(p.payload), wal.MaxRecordBytes)
	}
	if t.reads != nil {
		if p.validate, err = t.db.log.judge(t.reads); err != nil {
			return err
		}
	}
	p.kind, p.sync, p.changes = recordPut, !t.opts.AsyncCommit, &r.changes
	p.apply = func(ts uint64) error {
		r.timestamp = ts
		return t.db.applyCommit(r)
	}
	err = t.db.log.Propose(p)
	p.apply = nil
	return err
}

// changedWhole returns the tables that the transaction has changed by more than its deltas.
func (t *Txn) changedWhole() (oids []uint32) {
	for _, s := range t.feeds {
		for i := range s.rows {
			oids = append(oids, s.rows[i].part.coll.oid)
		}
	}
	for _, c := range t.changes {
		switch {
		case c.put != nil:
			oids = append(oids, c.put.OID)
		case c.object == nil:
			oids = append(oids, c.drop)
		}
	}
	slices.Sort(oids)
	return slices.Compact(oids)
}

// collect turns the deltas into the operations of a record, and returns about
// how many bytes they take.
func (t *Txn) collect(r *commitRecord) (size int, err error) {
	for _, d := range t.deltas {
		size += d.bytes
		d.rows.Ascend(func(row *deltaRow) bool {
			i := slices.IndexFunc(r.parts, func(p part) bool { return p.partition == row.part })
			if i < 0 {
				i = len(r.parts)
				r.parts = append(r.parts, part{partition: row.part})
			}
			r.parts[i].ops = append(r.parts[i].ops, row.op(d.coll))
			return true
		})
	}
	slices.SortFunc(r.parts, func(a, b part) int { return a.partition - b.partition })
	return size, nil
}

// op returns the operation that makes the row the newest of its key.
func (r *deltaRow) op(c *collection) op {
	o := op{kind: opPut, table: c.oid, generation: c.generation, key: r.key, row: r.row}
	if r.row == nil {
		o.kind = opDelete
	}
	if r.hasBase {
		o.was = oldRow{c.parts[r.part], r.base}
	}
	switch {
	case !r.hasBase:
		o.cond.kind = condAbsent
	case r.baseBegin&statusBit != 0:
		o.cond = cond{kind: condFeed, version: r.baseBegin &^ statusBit}
	default:
		o.cond = cond{kind: condVersion, version: r.baseBegin}
	}
	return o
}

// Rollback gives everything up. Idempotent; does nothing after Commit.
func (t *Txn) Rollback() {
	if t.ended {
		return
	}
	for _, f := range t.open {
		_ = f.Close(context.Background()) // its rows are given up anyway
	}
	for _, s := range t.feeds {
		t.db.abortFeed(s)
	}
	for _, undo := range slices.Backward(t.undo) {
		undo()
	}
	t.finish()
}

// finish gives up locks and whatever else the transaction holds.
func (t *Txn) finish() {
	t.ended = true
	t.locker.txn.CompareAndSwap(t.number, 0)
	t.db.locks.unlockFrom(t.locker, &t.held, 0)
	t.held = nil
	t.unpin()
	if t.excludes {
		t.db.excluding.Add(-1)
	}
	if t.reader != nil {
		t.db.readers.release(t.reader)
		t.reader = nil
	}
	t.deltas, t.feeds, t.open, t.changes, t.undo, t.created = nil, nil, nil, nil, nil, nil
}
