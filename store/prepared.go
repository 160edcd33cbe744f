package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/wal"
)

// PrepareInfo names a transaction that is to be prepared.
type PrepareInfo struct {
	GID      string // by which it will be ended, less than 200 bytes
	User     string // who prepares it
	Database string
}

// Finisher is who ends a prepared transaction.
type Finisher struct {
	User      string
	Superuser bool // may end those of others
	Database  string
}

// PreparedInfo is a prepared transaction, as pg_prepared_xacts shows it.
type PreparedInfo struct {
	XID      uint64 // the number of the transaction, as LockInfo has it
	GID      string
	Prepared int64 // when, in microseconds since 2000-01-01 UTC
	Owner    string
	Database string
}

// NoPrepared is the Config.MaxPrepared that refuses all.
const NoPrepared = -1

const defaultPrepared = 64

// maxGIDBytes is PostgreSQL's GIDSIZE: an identifier is shorter.
const maxGIDBytes = 200

// preparedTxns are the prepared transactions. They are nobody's: their locks and their pending feeds stay, over
// restarts too, until somebody ends them by name (I5).
type preparedTxns struct {
	mu    sync.Mutex // guards below and the states; the last to be taken
	byGID map[string]*preparedTxn
}

// preparedTxn is one of them. It enters the map when its identifier is taken, and exists from the moment that its
// record is applied.
type preparedTxn struct {
	rec    *prepareRecord
	holder *Txn // holds the locks and the feeds; nil until they are its own
	state  preparedState
	busy   bool // somebody is preparing it, or ending it
}

type preparedState uint8

const (
	preparing preparedState = iota // its record is not applied yet
	isPrepared
	preparedOver // the record that ends it is applied, its locks are not given up yet
)

func (e *preparedTxn) info() PreparedInfo {
	return PreparedInfo{XID: e.rec.number, GID: e.rec.gid, Prepared: e.rec.prepared, Owner: e.rec.user, Database: e.rec.database}
}

// Prepare is PREPARE TRANSACTION: what the transaction has written and locked is durable, and stays until CommitPrepared or
// RollbackPrepared, whoever calls them. For its session the transaction is over; after an error it is rolled back. What it has
// written is seen by nobody, and gets its timestamp when it is committed.
//
// Refused are transactions that have changed the schema, or whose reads or locks cannot be kept (0A000), that lock more keys without writing
// them than a record names, about a million (54000), identifiers that are taken (42710) or too long (22023), and more transactions than Config.MaxPrepared (53200, or 55000 for none).
func (t *Txn) Prepare(ctx context.Context, info PrepareInfo) error {
	invariant.Check(!t.ended, "transaction %q is prepared after its end", info.GID)
	e, err := t.prepare(ctx, info)
	if err != nil {
		t.Rollback()
		return err
	}
	e.holder = t.bequeath()
	t.finish()
	t.db.prepared.release(e)
	return nil
}

func (t *Txn) prepare(ctx context.Context, info PrepareInfo) (_ *preparedTxn, err error) {
	if len(t.changes) > 0 {
		return nil, sqlerr.NotSupported("cannot PREPARE a transaction that has changed the definition of a table, or truncated one")
	}
	if t.touchesTemp() {
		return nil, sqlerr.NotSupported("cannot PREPARE a transaction that has operated on temporary objects")
	}
	if len(t.exported) > 0 {
		return nil, sqlerr.NotSupported("cannot PREPARE a transaction that has exported snapshots")
	}
	if err := cmp.Or(t.checkSessionLocks(), t.checkReads()); err != nil {
		return nil, err
	}
	e, err := t.db.prepared.reserve(info, t.db.MaxPrepared())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.db.prepared.remove(e)
		}
	}()
	for _, f := range t.open {
		if err := f.Close(ctx); err != nil {
			return nil, err
		}
	}
	var c commitRecord
	size, err := t.collect(&c)
	if err == nil && size > maxRecordBytes {
		c.parts = nil
		err = t.spill()
	}
	if err != nil {
		return nil, err
	}
	r := e.rec
	r.catalogVersion, r.number, r.owner, r.parts = t.db.published.Load().state.catalog.Version(), t.number, t.owner, c.parts
	r.prepared = t.db.cfg.Clock()
	for _, s := range t.feeds {
		r.feeds = append(r.feeds, s.id)
	}
	r.locks = t.locksToKeep()
	return e, t.proposePrepare(e)
}

// touchesTemp says whether the transaction has written to temporary tables, which do not outlive its session.
func (t *Txn) touchesTemp() bool {
	temp := func(c *collection) bool { return schema.IsTemp(c.def.Load().Schema) }
	for _, d := range t.deltas {
		if d.rows.Len() > 0 && temp(d.coll) {
			return true
		}
	}
	for _, f := range t.feeds {
		for i := range f.rows {
			if temp(f.rows[i].part.coll) {
				return true
			}
		}
	}
	return false
}

// checkReads returns the 0A000 error of a serializable transaction that has read something which may change before its
// COMMIT PREPARED, which must not fail: anything but keys that it has locked against writers.
func (t *Txn) checkReads() error {
	if t.reads == nil || !t.Wrote() {
		return nil // its place among the others is at its snapshot
	}
	locked := map[string]struct{}{}
	for _, h := range t.held {
		if h.mode.covers(ForShare) {
			locked[h.name] = struct{}{}
		}
	}
	t.reads.mu.Lock()
	defer t.reads.mu.Unlock()
	for oid, r := range t.reads.tables {
		ok := !r.all && len(r.scans) == 0
		for key := range r.keys {
			_, has := locked[string(lockName(nil, oid, []byte(key)))]
			ok = ok && has
		}
		if !ok {
			return sqlerr.NotSupported("cannot PREPARE a serializable transaction that has read rows without locking them").
				WithHint("What it has read could change before COMMIT PREPARED. Read single rows by their primary key with FOR SHARE, or use REPEATABLE READ.")
		}
	}
	return nil
}

// locksToKeep lists the transaction's locks, each once, without those of keys that pending rows of its own keep from others.
func (t *Txn) locksToKeep() []preparedLock {
	locks := t.heldLocks()
	slices.SortFunc(locks, func(a, b preparedLock) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.mode, b.mode))
	})
	locks = slices.Compact(locks)
	if len(t.feeds) == 0 {
		return locks
	}
	collections := t.db.published.Load().state.collections
	t.enter()
	defer t.reader.leave()
	return slices.DeleteFunc(locks, func(l preparedLock) bool {
		i := lockInfo(l.name)
		c := collections[i.Table]
		if c == nil || i.Kind != LockTuple {
			return false
		}
		p, def := c.parts[partOf(i.Key, len(c.parts))], c.def.Load()
		pr := newProbe(def, i.Key)
		head, ok := p.find(def, &pr)
		if !ok {
			return false
		}
		_, _, wait := p.newest(&t.db.statuses, head, 0)
		return wait != nil && wait.owner == t.owner
	})
}

// proposePrepare writes the record of a transaction. Like a COMMIT it cannot be cancelled, and its sync is waited for
// whatever synchronous_commit says.
func (t *Txn) proposePrepare(e *preparedTxn) (err error) {
	db := t.db
	p := db.log.proposal()
	defer db.log.release(p)
	p.payload = e.rec.append(p.payload[:0])
	if len(p.payload) > wal.MaxRecordBytes {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "transaction locks too much to be prepared: its log record takes %d bytes, maximum %d",
			len(p.payload), wal.MaxRecordBytes)
	}
	if t.reads != nil && t.Wrote() {
		if p.validate, err = db.log.judge(t.reads); err != nil {
			return err
		}
	}
	p.kind, p.sync = recordPrepare, true
	p.apply = func(uint64) error { return db.applyPrepare(e) }
	return db.log.Propose(p)
}

// applyPrepare makes a transaction a prepared one. It holds db.applying. The conditions of its operations are
// evaluated as in a commit, so that its commit will find them true: its locks see to that.
func (db *DB) applyPrepare(e *preparedTxn) error {
	r := e.rec
	targets, err := (&commitRecord{owner: r.owner, parts: r.parts}).prepare(db, db.state)
	unlockParts(targets)
	if err != nil {
		return err
	}
	for i := range r.parts {
		for j := range r.parts[i].ops {
			// For serializable transactions, whatever a restart has forgotten.
			if o := &r.parts[i].ops[j]; o.base.ok {
				o.was = oldRow{o.part, o.base.row}
			}
		}
	}
	for last := db.txns.Load(); last < r.number && !db.txns.CompareAndSwap(last, r.number); {
		last = db.txns.Load()
	}
	db.statuses.raise(r.owner)
	for _, id := range r.feeds {
		db.statuses.raise(id)
	}
	db.prepared.become(e, isPrepared)
	return nil
}

// CommitPrepared is COMMIT PREPARED: it returns when the writes of a prepared transaction are durable and visible, and its
// locks are given up. 42704 when there is no such transaction, 42501 when it is somebody else's, 55000 while another ends it.
// After any error it is prepared as before, except that after a failed sync of the log its fate is unknown until
// the next start.
func (db *DB) CommitPrepared(_ context.Context, gid string, by Finisher) error {
	return db.finishPrepared(gid, by, outcomeCommit)
}

// RollbackPrepared is ROLLBACK PREPARED, with the errors of CommitPrepared.
func (db *DB) RollbackPrepared(_ context.Context, gid string, by Finisher) error {
	return db.finishPrepared(gid, by, outcomeRollback)
}

func (db *DB) finishPrepared(gid string, by Finisher, how outcome) error {
	e, err := db.prepared.claim(gid, by)
	if err != nil {
		return err
	}
	defer db.prepared.release(e)
	r := resolveRecord{number: e.rec.number, gid: gid, outcome: how}
	r.commit.catalogVersion = db.published.Load().state.catalog.Version()
	if how == outcomeCommit {
		r.commit.owner, r.commit.parts = e.rec.owner, e.rec.parts
		for _, id := range e.rec.feeds {
			r.commit.feeds = append(r.commit.feeds, feedEnd{id, true})
		}
	}
	p := db.log.proposal()
	defer db.log.release(p)
	if p.payload, err = r.append(p.payload[:0]); err != nil {
		return err
	}
	p.kind, p.sync = recordResolve, true // I6
	if how == outcomeCommit {
		r.commit.changes = committed{parts: e.rec.parts, whole: e.holder.changedWhole()}
		p.changes = &r.commit.changes
	}
	p.apply = func(ts uint64) error {
		r.commit.timestamp = ts
		return db.applyResolve(e, &r)
	}
	if err = db.log.Propose(p); err != nil {
		return err
	}
	e.holder.finish()
	db.prepared.remove(e)
	return nil
}

// applyResolve ends a prepared transaction. It holds db.applying.
func (db *DB) applyResolve(e *preparedTxn, r *resolveRecord) error {
	if r.outcome == outcomeCommit {
		if err := db.applyCommit(&r.commit); err != nil {
			return err
		}
	} else {
		for _, id := range e.rec.feeds {
			db.endFeed(feedEnd{status: id}, never)
		}
	}
	db.prepared.become(e, preparedOver)
	return nil
}

// MaxPrepared returns how many transactions may be prepared at a time.
func (db *DB) MaxPrepared() int { return max(db.cfg.MaxPrepared, 0) }

// Prepared returns the prepared transactions, the oldest first.
func (db *DB) Prepared() []PreparedInfo {
	db.prepared.mu.Lock()
	defer db.prepared.mu.Unlock()
	var list []PreparedInfo
	for _, e := range db.prepared.byGID {
		if e.state != preparing {
			list = append(list, e.info())
		}
	}
	slices.SortFunc(list, func(a, b PreparedInfo) int {
		return cmp.Or(cmp.Compare(a.Prepared, b.Prepared), strings.Compare(a.GID, b.GID))
	})
	return list
}

// reserve takes an identifier for a transaction, which is busy from here on.
func (ps *preparedTxns) reserve(info PrepareInfo, limit int) (*preparedTxn, error) {
	if len(info.GID) >= maxGIDBytes {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "transaction identifier \"%s\" is too long", info.GID)
	}
	if limit == 0 {
		return nil, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "prepared transactions are disabled").
			WithHint("Set max_prepared_transactions to a nonzero value.")
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.byGID[info.GID] != nil {
		return nil, sqlerr.New(sqlerr.DuplicateObject, "transaction identifier \"%s\" is already in use", info.GID)
	}
	if len(ps.byGID) >= limit {
		return nil, sqlerr.New(sqlerr.OutOfMemory, "maximum number of prepared transactions reached").
			WithHint("Increase max_prepared_transactions (currently %d).", limit)
	}
	e := &preparedTxn{rec: &prepareRecord{gid: info.GID, user: info.User, database: info.Database}, busy: true}
	ps.add(e)
	return e, nil
}

// add puts a transaction into the map. It holds mu, or is recovery.
func (ps *preparedTxns) add(e *preparedTxn) {
	if ps.byGID == nil {
		ps.byGID = map[string]*preparedTxn{}
	}
	ps.byGID[e.rec.gid] = e
}

func (ps *preparedTxns) become(e *preparedTxn, s preparedState) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	e.state = s
}

// claim finds a transaction for one who wants to end it, and keeps others from doing so.
func (ps *preparedTxns) claim(gid string, by Finisher) (*preparedTxn, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	e := ps.byGID[gid]
	switch {
	case e == nil || e.state == preparing:
		return nil, sqlerr.New(sqlerr.UndefinedObject, "prepared transaction with identifier \"%s\" does not exist", gid)
	case e.busy:
		return nil, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "prepared transaction with identifier \"%s\" is busy", gid)
	case e.rec.flags&preparedInternal != 0:
		return nil, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "prepared transaction with identifier \"%s\" is in doubt: its anchor decides", gid)
	case by.User != e.rec.user && !by.Superuser:
		return nil, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied to finish prepared transaction").
			WithHint("Must be superuser or the user that prepared the transaction.")
	case by.Database != e.rec.database:
		return nil, sqlerr.NotSupported("prepared transaction belongs to another database").
			WithHint("Connect to the database where the transaction was prepared to finish it.")
	}
	e.busy = true
	return e, nil
}

// release lets others end the transaction.
func (ps *preparedTxns) release(e *preparedTxn) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	e.busy = false
}

// remove frees an identifier.
func (ps *preparedTxns) remove(e *preparedTxn) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.byGID[e.rec.gid] == e {
		delete(ps.byGID, e.rec.gid)
	}
}
