package store

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/schema"
)

// state is the catalog with the collections it names. Immutable; a schema
// change makes a new one.
type state struct {
	catalog     *schema.Catalog
	collections map[uint32]*collection // by table OID
}

// publication is what a new snapshot opens at: the largest timestamp below
// which every record is applied, and the state of that moment.
type publication struct {
	timestamp uint64
	state     *state
}

// changed returns the state with committed schema changes. Nothing is changed
// yet: the record may be rejected. It holds db.applying.
func (db *DB) changed(changes []schemaChange) *state {
	if len(changes) == 0 {
		return db.state
	}
	return db.state.with(changes, func(def *schema.Table) *collection {
		if c := db.unborn[def.Generation]; c != nil {
			return c
		}
		return newCollection(def, db.partitions, db.recovering)
	})
}

// install makes next, which changed has returned, the state. It holds db.applying.
func (db *DB) install(next *state, changes []schemaChange, ts uint64) {
	for _, c := range changes {
		db.forgetSequence(c)
		if c.put == nil {
			continue
		}
		delete(db.unborn, c.put.Generation)
		db.statuses.raise(c.put.Generation)
		if def, ok := next.catalog.TableByOID(c.put.OID); ok && def == c.put { // the last of the transaction's
			next.collections[def.OID].adopt(def, db.recovering, ts)
		}
	}
	db.oids.raise(next.catalog.NextOID())
	db.state = next
}

// forgetSequence drops the generation of a sequence that a change ends. It holds db.applying.
func (db *DB) forgetSequence(c schemaChange) {
	oid, generation := c.drop, uint64(0)
	if c.object != nil && c.object.Sequence != nil {
		oid, generation = c.object.OID, c.object.Sequence.Generation
		db.statuses.raise(generation)
	}
	if old, ok := db.state.catalog.Object(oid); ok && old.Sequence != nil && old.Sequence.Generation != generation {
		db.sequences.forget(old.Sequence.Generation)
	}
}

// with returns the state with changes; create makes, or finds, the collection
// of a generation that the state has not.
func (s *state) with(changes []schemaChange, create func(*schema.Table) *collection) *state {
	next := &state{catalog: s.catalog, collections: maps.Clone(s.collections)}
	for _, c := range changes {
		switch {
		case c.object != nil:
			next.catalog = next.catalog.WithObject(c.object)
			continue
		case c.put == nil:
			next.catalog = next.catalog.Without(c.drop)
			delete(next.collections, c.drop)
			continue
		}
		next.catalog = next.catalog.With(c.put)
		if coll := next.collections[c.put.OID]; coll == nil || coll.generation != c.put.Generation {
			next.collections[c.put.OID] = create(c.put)
		}
	}
	return next
}

// collection returns the collection of a generation, committed or not yet. It
// holds db.applying.
func (db *DB) collection(oid uint32, generation uint64) (*collection, error) {
	if c := db.state.collections[oid]; c != nil && c.generation == generation {
		return c, nil
	}
	if c := db.unborn[generation]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("log record names table %d generation %d, which there is not", oid, generation)
}

// firstSnapshot is the timestamp of an empty database, before every commit's.
const firstSnapshot = 1

// publish makes everything up to ts visible to new snapshots (I3), and wakes
// those who wait for feeds that have ended. It holds db.applying.
func (db *DB) publish(ts uint64) {
	db.published.Store(&publication{ts, db.state})
	for _, s := range db.ended {
		close(s.ended)
	}
	clear(db.ended)
	db.ended = db.ended[:0]
}

// readers are those who read without locks: each has a slot that tells vacuum
// the oldest snapshot and the oldest epoch in use.
type readers struct {
	floor atomic.Uint64 // no new snapshot below it may begin
	epoch atomic.Uint64 // counts the unlinkings of vacuum, from 1

	mu   sync.Mutex // guards below
	all  []*reader
	free []*reader
}

// reader is one slot, padded to a cache line of its own.
type reader struct {
	snapshot atomic.Uint64 // 0: none
	inEpoch  atomic.Uint64 // 0: not reading
	_        [112]byte
}

func (rs *readers) acquire() *reader {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if n := len(rs.free); n > 0 {
		r := rs.free[n-1]
		rs.free = rs.free[:n-1]
		return r
	}
	r := new(reader)
	rs.all = append(rs.all, r)
	return r
}

func (rs *readers) release(r *reader) {
	r.snapshot.Store(0)
	r.inEpoch.Store(0)
	rs.mu.Lock()
	rs.free = append(rs.free, r)
	rs.mu.Unlock()
}

// enter begins reading: what vacuum unlinks from now on stays readable until leave.
func (rs *readers) enter(r *reader) { r.inEpoch.Store(rs.epoch.Load() + 1) }

func (r *reader) leave() { r.inEpoch.Store(0) }

// open begins reading at the published version. The slot is set before the
// floor is looked at, and vacuum raises the floor before it looks at the
// slots: so either it sees the slot, or we see the floor and take a newer version.
func (rs *readers) open(r *reader, published *atomic.Pointer[publication]) *publication {
	rs.enter(r)
	for {
		p := published.Load()
		r.snapshot.Store(p.timestamp)
		if rs.floor.Load() <= p.timestamp {
			return p
		}
	}
}

// hold makes a slot keep a snapshot that another one keeps until hold returns:
// snapshots sees one of the two.
func (rs *readers) hold(r *reader, snapshot uint64) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r.snapshot.Store(snapshot)
}

// snapshots are those that anybody has or can still open: the open ones,
// ascending, and every one from newest on.
type snapshots struct {
	open   []uint64
	newest uint64
}

// snapshots returns the snapshots of this moment.
func (rs *readers) snapshots(published *atomic.Pointer[publication]) snapshots {
	s := snapshots{newest: published.Load().timestamp}
	rs.floor.Store(s.newest)
	rs.mu.Lock()
	for _, r := range rs.all {
		if ts := r.snapshot.Load(); ts != 0 {
			s.open = append(s.open, ts)
		}
	}
	rs.mu.Unlock()
	slices.Sort(s.open)
	s.open = slices.Compact(s.open)
	return s
}

// oldest returns the horizon: what ended at or before it is seen by nobody.
func (s snapshots) oldest() uint64 {
	if len(s.open) > 0 {
		return min(s.open[0], s.newest)
	}
	return s.newest
}

// has says whether a snapshot is open.
func (s snapshots) has(ts uint64) bool {
	_, ok := slices.BinarySearch(s.open, ts)
	return ok
}

// between returns the oldest open snapshot that sees what began at begin and ended at
// end, which is at most newest.
func (s snapshots) between(begin, end uint64) (ts uint64, ok bool) {
	i, _ := slices.BinarySearch(s.open, begin)
	if i < len(s.open) && s.open[i] < end {
		return s.open[i], true
	}
	return 0, false
}

// advance starts a new epoch after an unlinking and returns it: the unlinked slots are free
// when oldestEpoch is at least that.
func (rs *readers) advance() uint64 { return rs.epoch.Add(1) + 1 }

// oldestEpoch returns the oldest epoch that somebody reads in.
func (rs *readers) oldestEpoch() uint64 {
	oldest := rs.epoch.Load() + 1
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, r := range rs.all {
		if e := r.inEpoch.Load(); e != 0 {
			oldest = min(oldest, e)
		}
	}
	return oldest
}

// counter gives numbers out, each once.
type counter struct{ n atomic.Uint32 }

// next returns the next number.
func (c *counter) next() uint32 { return c.n.Add(1) - 1 }

// raise makes the next number at least n.
func (c *counter) raise(n uint32) {
	for old := c.n.Load(); old < n && !c.n.CompareAndSwap(old, n); {
		old = c.n.Load()
	}
}
