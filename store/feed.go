package store

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/wal"
)

// Feed is a bulk insert. Its rows go to the log and into memory as they come,
// under a pending status, and become visible with COMMIT. One goroutine uses it.
//
// Add claims the keys of a batch, sees that they are absent and splits it by partition; a second goroutine
// encodes, appends and applies it meanwhile. A row costs its share of the claim, the look-up of its key, about its
// size in the record, and the work of its indexes; no sync.
type Feed struct {
	txn    *Txn
	tbl    *schema.Table
	coll   *collection
	status *status
	failed int // row of the last batch that broke the key

	chunks  chan *feedWork
	applied chan error // one answer a chunk
	flight  int        // chunks not answered yet
	err     error      // sticky

	keys   keyList
	unique []*uniqueKeys
	split  [][]uint32
	named  bool // the table's definition has been logged
	synced wal.LSN
	sync   atomic.Bool // a background sync is under way
}

// feedWork is a chunk with the locks of its keys, which are given up once the
// rows are there: from then on the pending rows keep others away.
type feedWork struct {
	chunk *feedChunk
	claim *claim     // all keys at once; nil when they were taken one by one
	held  []heldLock // these
}

// feedDepth is how many chunks may be on their way.
const feedDepth = 4

// Feed starts a bulk insert into a table whose shared lock is held. It takes
// the keys' locks itself.
func (t *Txn) Feed(ctx context.Context, tbl *schema.Table) (*Feed, error) {
	coll, err := t.collection(tbl)
	if err != nil {
		return nil, err
	}
	if _, mine := t.created[tbl.Generation]; !mine && t.altered(tbl.OID) {
		return nil, sqlerr.NotSupported("bulk loading into a table altered in the same transaction")
	}
	if err := t.spillDelta(coll); err != nil {
		return nil, err
	}
	f := &Feed{
		txn: t, tbl: tbl, coll: coll,
		status:  t.newStatus(),
		chunks:  make(chan *feedWork, feedDepth),
		applied: make(chan error, feedDepth+1),
		split:   make([][]uint32, len(coll.parts)),
	}
	for _, x := range tbl.Indexes {
		if x.Unique {
			f.unique = append(f.unique, &uniqueKeys{index: x})
		}
	}
	t.open = append(t.open, f)
	go f.run(f.chunks)
	return f, nil
}

// newStatus creates the status of one feed of the transaction.
func (t *Txn) newStatus() *status {
	if t.owner == 0 {
		t.owner = t.db.statuses.newID()
	}
	s := t.db.statuses.create(t.db.statuses.newID(), t.owner, t)
	t.feeds = append(t.feeds, s)
	return s
}

// altered says whether the transaction has changed the columns of a table that others know: the log cannot tell of rows with
// the new ones before its commit.
func (t *Txn) altered(oid uint32) bool {
	now, ok := t.db.published.Load().state.catalog.TableByOID(oid)
	for _, c := range t.changes {
		if c.put != nil && c.put.OID == oid && (!ok || len(c.put.Columns) != len(now.Columns)) {
			return true
		}
	}
	return false
}

// FailedRow returns the row of the batch last given to Add that it failed on.
func (f *Feed) FailedRow() int { return f.failed }

// Add gives rows: a Vec for each column of the table in number order, hidden
// ones too (a hidden key is filled in when its Vec is empty). The batch is the
// feed's during the call only, but for the bytes of its strings, which must not change. NOT NULL and types
// were checked by the caller. A duplicate key is 23505.
func (f *Feed) Add(ctx context.Context, b *column.Batch) error {
	if f.err == nil {
		f.err = f.add(ctx, b)
	}
	return f.err
}

func (f *Feed) add(ctx context.Context, b *column.Batch) error {
	f.fillHidden(b)
	f.keys.fill(f.tbl, b)
	for _, u := range f.unique {
		u.fill(b)
	}
	for from, to := range pieces(b) {
		if n := rowBytes(b, from); n > maxRowBytes {
			f.failed = from
			return errRowTooBig(n)
		}
		if err := f.addRows(ctx, b, from, to); err != nil {
			return err
		}
	}
	return nil
}

// addRows sends the rows [from, to) of a batch on their way as one chunk.
func (f *Feed) addRows(ctx context.Context, b *column.Batch, from, to int) error {
	for i := range f.split {
		f.split[i] = f.split[i][:0]
	}
	w := &feedWork{chunk: &feedChunk{
		status: f.status.id, owner: f.status.owner, table: f.tbl.OID, generation: f.tbl.Generation, txn: f.txn,
	}}
	absent := f.claimAll(w, from, to)
	if !absent {
		if err := f.claimEach(ctx, w, b, from, to); err != nil {
			f.release(w)
			return err
		}
	}
	for i := from; i < to; i++ {
		p := partOfHash(f.keys.hashes[i], len(f.split))
		f.split[p] = append(f.split[p], uint32(i))
	}
	for p, rows := range f.split {
		if len(rows) == 0 {
			continue
		}
		part := chunkRows{partition: p, batch: new(column.Batch), absent: absent}
		pickRows(part.batch, b, rows)
		part.keys.pick(&f.keys, rows)
		w.chunk.rows = append(w.chunk.rows, part)
	}
	if _, mine := f.txn.created[f.tbl.Generation]; mine && !f.named {
		w.chunk.def, f.named = f.tbl, true
	}
	if err := f.drain(feedDepth); err != nil {
		f.release(w)
		return err
	}
	f.flight++
	f.chunks <- w
	return nil
}

// fillHidden gives the rows their hidden keys.
func (f *Feed) fillHidden(b *column.Batch) {
	if !f.tbl.HiddenKey {
		return
	}
	v := &b.Vecs[f.tbl.Key[0]-1]
	v.Reset(value.Int8)
	last := f.coll.hiddenKey.Add(int64(b.N))
	for i := range b.N {
		v.Append(value.NewInt(value.Int8, last-int64(b.N-1-i)))
	}
}

// claimAll claims the keys of the rows [from, to) at once and sees that none of them was ever there. It says whether
// that is so; otherwise it has taken nothing.
func (f *Feed) claimAll(w *feedWork, from, to int) bool {
	c := newClaim(f.txn.locker, (to-from)*(1+len(f.unique)))
	if !f.tbl.HiddenKey { // else nobody else can have it
		for _, hash := range f.keys.hashes[from:to] {
			if !c.add(lockHash(f.tbl.OID, hash)) {
				return false
			}
		}
	}
	for _, u := range f.unique {
		for i := from; i < to; i++ {
			if u.has[i] && !c.add(lockHash(u.index.OID, u.keys.hashes[i])) {
				return false
			}
		}
	}
	if c.n == 0 {
		return true
	}
	locks := &f.txn.db.locks
	if !locks.claim(c) {
		return false
	}
	if !f.absent(from, to) {
		locks.disclaim(c)
		return false
	}
	w.claim = c
	return true
}

// absent says whether there is no row, not even an ended one, with the key of any of the rows [from, to), and none with its
// values in a unique index. They are claimed.
func (f *Feed) absent(from, to int) bool {
	if f.txn.delta(f.coll).rows.Len() > 0 {
		return false
	}
	if !f.tbl.HiddenKey && f.known(from, to) {
		return false
	}
	for _, u := range f.unique {
		for i := from; i < to; i++ {
			if !u.has[i] {
				continue
			}
			if _, found, wait, err := f.txn.holder(f.tbl, u.index, u.keys.at(i)); found || wait != nil || err != nil {
				return false
			}
		}
	}
	return true
}

// known says whether there was ever a row with the key of one of the rows [from, to).
func (f *Feed) known(from, to int) bool {
	f.txn.enter()
	defer f.txn.reader.leave()
	any := func(uint32) bool { return true }
	for i := from; i < to; i++ {
		hash := f.keys.hashes[i]
		p := f.coll.parts[partOfHash(hash, len(f.split))]
		if _, same := p.primary.Lookup(hash, any); !same {
			continue
		}
		pr := newProbeOf(f.tbl, f.keys.at(i), hash)
		if _, ok := p.find(f.tbl, &pr); ok {
			return true
		}
	}
	return false
}

// claimEach takes the locks of the rows [from, to) one by one, waits for those that others have, and sees that each key is
// absent: what claimAll does not do.
func (f *Feed) claimEach(ctx context.Context, w *feedWork, b *column.Batch, from, to int) error {
	for i := from; i < to; i++ {
		err := f.claim(ctx, w, i)
		for _, u := range f.unique {
			if err == nil && u.has[i] {
				err = f.claimUnique(ctx, w, b, u, i)
			}
		}
		if err != nil {
			f.failed = i
			return err
		}
	}
	return nil
}

// claim takes the lock of row i's key and sees that the key is absent.
func (f *Feed) claim(ctx context.Context, w *feedWork, i int) error {
	if f.tbl.HiddenKey {
		return nil // nobody else can have it
	}
	var buf [64]byte
	key := f.keys.at(i)
	name := lockName(buf[:0], f.tbl.OID, key)
	r := lockRequest{mode: ForUpdate, timeout: f.txn.LockTimeout,
		what: func() string { return fmt.Sprintf("tuple in relation \"%s\"", f.tbl.Name) }}
	locks := &f.txn.db.locks
	for {
		n := len(w.held)
		ok, held := locks.tryLock(f.txn.locker, &w.held, name, ForUpdate)
		if held {
			// This chunk has it, one in flight, or an earlier statement.
			for j := range i {
				if bytes.Equal(f.keys.at(j), key) {
					return UniqueViolation(f.tbl, key)
				}
			}
			if err := f.drain(0); err != nil {
				return err
			}
		}
		if !ok {
			if _, err := locks.lock(ctx, f.txn.locker, &w.held, name, r); err != nil {
				return err
			}
		}
		cur, wait, err := f.txn.newest(f.tbl, key)
		switch {
		case err != nil:
			return err
		case wait == nil && (cur.part != nil || cur.own != nil):
			return UniqueViolation(f.tbl, key)
		case wait == nil:
			return nil
		}
		// The other feed's transaction may need the lock again.
		locks.unlockFrom(f.txn.locker, &w.held, n)
		if _, err := f.txn.locker.awaitFeed(ctx, wait, r); err != nil {
			return err
		}
	}
}

// uniqueKeys are the keys that the rows of a batch have in a unique index.
type uniqueKeys struct {
	index *schema.Index
	keys  keyList
	has   []bool
}

// fill encodes the keys of a batch.
func (u *uniqueKeys) fill(b *column.Batch) {
	u.keys.reset()
	u.has = u.has[:0]
	for i := range b.N {
		var ok bool
		u.keys.bytes, ok = uniqueKey(u.keys.bytes, u.index, func(num int16) value.Value { return b.Vecs[num-1].Value(i) })
		u.has = append(u.has, ok)
		u.keys.close()
	}
}

// claimUnique takes the lock of the value that row i has in a unique index, and sees that no other row has it.
func (f *Feed) claimUnique(ctx context.Context, w *feedWork, b *column.Batch, u *uniqueKeys, i int) error {
	var buf [64]byte
	key := u.keys.at(i)
	violation := func() error {
		return indexViolation(f.tbl, u.index, func(num int16) value.Value { return b.Vecs[num-1].Value(i) })
	}
	name := lockName(buf[:0], u.index.OID, key)
	r := lockRequest{mode: ForUpdate, timeout: f.txn.LockTimeout,
		what: func() string { return fmt.Sprintf("tuple in relation \"%s\"", f.tbl.Name) }}
	locks := &f.txn.db.locks
	for {
		n := len(w.held)
		ok, held := locks.tryLock(f.txn.locker, &w.held, name, ForUpdate)
		if held {
			// This chunk has it, one in flight, or an earlier statement.
			for j := range i {
				if u.has[j] && bytes.Equal(u.keys.at(j), key) {
					return violation()
				}
			}
			if err := f.drain(0); err != nil {
				return err
			}
		}
		if !ok {
			if _, err := locks.lock(ctx, f.txn.locker, &w.held, name, r); err != nil {
				return err
			}
		}
		_, found, wait, err := f.txn.holder(f.tbl, u.index, key)
		switch {
		case err != nil:
			return err
		case found:
			return violation()
		case wait == nil:
			return nil
		}
		// The other feed's transaction may need the lock again.
		locks.unlockFrom(f.txn.locker, &w.held, n)
		if _, err := f.txn.locker.awaitFeed(ctx, wait, r); err != nil {
			return err
		}
	}
}

// release gives up the locks of a chunk.
func (f *Feed) release(w *feedWork) {
	locks := &f.txn.db.locks
	if w.claim != nil {
		locks.disclaim(w.claim)
		w.claim = nil
	}
	locks.unlockFrom(f.txn.locker, &w.held, 0)
}

// drain waits until at most n chunks are on their way.
func (f *Feed) drain(n int) error {
	var first error
	for f.flight > n {
		if err := <-f.applied; err != nil && first == nil {
			first = err
		}
		f.flight--
	}
	return first
}

// Close waits until all rows are in. After an error the transaction can only
// be rolled back.
func (f *Feed) Close(ctx context.Context) error {
	if f.chunks == nil {
		return f.err
	}
	err := f.drain(0)
	close(f.chunks)
	f.chunks, f.keys, f.split = nil, keyList{}, nil // the transaction keeps the feed
	if f.err == nil {
		f.err = err
	}
	return f.err
}

// run proposes the chunks, one after the other, until the feed is closed.
func (f *Feed) run(chunks <-chan *feedWork) {
	p := f.txn.db.log.proposal()
	defer f.txn.db.log.release(p)
	for w := range chunks {
		err := f.txn.db.proposeChunk(p, w.chunk)
		f.release(w)
		if l := f.txn.db.log.wal; err == nil && l != nil && p.end-f.synced >= feedSyncBytes && f.sync.CompareAndSwap(false, true) {
			f.synced = p.end
			go func(end wal.LSN) {
				_ = l.Sync(end) // early, so that COMMIT has little left; its own sync reports failure
				f.sync.Store(false)
			}(p.end)
		}
		f.applied <- err
	}
}

// feedSyncBytes of log are synced in the background while a feed goes on.
const feedSyncBytes = 32 << 20

func (db *DB) proposeChunk(p *proposal, c *feedChunk) error {
	c.catalogVersion = db.published.Load().state.catalog.Version()
	var err error
	if p.payload, err = c.append(p.payload[:0]); err != nil {
		return err
	}
	if len(p.payload) > wal.MaxRecordBytes {
		return errRowTooBig(len(p.payload))
	}
	p.kind, p.sync = recordFeedChunk, false
	p.apply = func(uint64) error { return db.applyChunk(c) }
	err = db.log.Propose(p)
	p.apply = nil
	return err
}

// spill sends the transaction's deltas to the log as chunks of operations on a
// pending status: they have outgrown one record.
func (t *Txn) spill() error {
	for _, d := range t.deltas {
		if err := t.spillDelta(d.coll); err != nil {
			return err
		}
	}
	return nil
}

func (t *Txn) spillDelta(c *collection) error {
	d := t.delta(c)
	if d.rows.Len() == 0 {
		return nil
	}
	def, mine := c.def.Load(), t.created[c.generation] != nil
	if !mine && t.altered(c.oid) {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "transaction writes too much to table %q, which it has altered", def.Name).
			WithHint("Commit after ALTER TABLE, or write less than %d MiB.", maxRecordBytes>>20)
	}
	s := t.newStatus()
	p := t.db.log.proposal()
	defer t.db.log.release(p)
	chunk := &feedChunk{status: s.id, owner: s.owner, table: c.oid, generation: c.generation, txn: t}
	if mine {
		chunk.def = def
	}
	var err error
	size := 0
	d.rows.Ascend(func(r *deltaRow) bool {
		if n := len(chunk.parts); n == 0 || chunk.parts[n-1].partition != r.part {
			chunk.parts = append(chunk.parts, part{partition: r.part})
		}
		last := &chunk.parts[len(chunk.parts)-1]
		last.ops = append(last.ops, r.op(c))
		size += r.size()
		if size > spillBytes {
			err = t.db.proposeChunk(p, chunk)
			chunk.parts, chunk.def, size = nil, nil, 0
		}
		return err == nil
	})
	if err == nil && len(chunk.parts) > 0 {
		err = t.db.proposeChunk(p, chunk)
	}
	d.rows.Clear(false)
	d.ended.Clear(false)
	d.view, d.bytes, d.unique = nil, 0, nil
	return err
}

// spillBytes is about the size of a chunk of operations, small enough that its
// turn in Apply is short.
const spillBytes = 256 << 10

// abortFeed gives up a feed: at once in memory, and in the log so that a
// restart need not wait for its end.
func (db *DB) abortFeed(s *status) {
	p := db.log.proposal()
	defer db.log.release(p)
	p.payload = appendHeader(p.payload[:0], db.published.Load().state.catalog.Version())
	p.payload = appendFeedEnd(p.payload, s.id)
	p.kind, p.sync = recordFeedEnd, false
	p.apply = func(ts uint64) error {
		db.endFeed(feedEnd{status: s.id}, ts)
		return nil
	}
	err := db.log.Propose(p)
	p.apply = nil
	if err != nil { // the log is full or gone; in memory the feed ends all the same
		db.log.owe(s.id)
		db.applying.Lock()
		db.endFeed(feedEnd{status: s.id}, never)
		db.publish(db.published.Load().timestamp)
		db.applying.Unlock()
	}
}
