package store

import (
	"fmt"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// snapshot returns what a View of the transaction is opened at, with r set to it.
func (t *Txn) snapshot(r *reader) *publication {
	rs := &t.db.readers
	if t.opts.Isolation == ReadCommitted {
		return rs.open(r, &t.db.published)
	}
	if t.base == nil {
		if t.opts.Isolation == Serializable && !t.opts.ReadOnly {
			t.reads = t.db.log.track()
		}
		t.pin = rs.acquire()
		t.base = rs.open(t.pin, &t.db.published)
		t.pin.leave() // the slot's timestamp keeps the versions; an epoch is entered by each View
		if t.reads != nil {
			t.db.log.tracked(t.reads, t.base.timestamp)
		}
	}
	rs.enter(r)
	r.snapshot.Store(t.base.timestamp)
	return t.base
}

// unpin gives up the transaction's snapshots.
func (t *Txn) unpin() {
	for _, e := range t.exported {
		t.db.snapshots.remove(e)
		t.db.readers.release(e.pin)
	}
	if t.reads != nil {
		t.db.log.untrack(t.reads)
	}
	if t.pin != nil {
		t.db.readers.release(t.pin)
	}
	t.exported, t.reads, t.pin = nil, nil, nil
}

// HasSnapshot says whether the transaction has had a View, or the snapshot for its Views.
func (t *Txn) HasSnapshot() bool { return t.viewed || t.base != nil }

// ExcludeReaders says that the transaction holds AccessExclusiveLock of a table by LOCK TABLE: others are not only to leave
// the table alone but not to look at it either.
func (t *Txn) ExcludeReaders() {
	if !t.excludes {
		t.excludes = true
		t.db.excluding.Add(1)
	}
}

// ReadersExcluded says whether there may be tables that must not be read without AccessShareLock. Mostly there are none, and
// readers lock nothing.
func (t *Txn) ReadersExcluded() bool { return t.db.excluding.Load() > 0 }

// exportedSnapshot is a snapshot that other transactions may take over while its own is open.
type exportedSnapshot struct {
	id    string
	base  *publication
	pin   *reader
	level Isolation // of its transaction
}

// exportedSnapshots are those there are, by id.
type exportedSnapshots struct {
	mu   sync.Mutex // guards below, and that an entry's pin is held
	last uint64
	byID map[string]*exportedSnapshot
}

func (s *exportedSnapshots) remove(e *exportedSnapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, e.id)
}

// ExportSnapshot makes the transaction's snapshot, at ReadCommitted that of this moment, one that others can
// import while this transaction is open, and returns its id. What the transaction itself has written is not in it.
func (t *Txn) ExportSnapshot() string {
	e := &exportedSnapshot{pin: t.db.readers.acquire(), level: t.opts.Isolation}
	e.base = t.snapshot(e.pin)
	e.pin.leave()
	s := &t.db.snapshots
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	e.id = fmt.Sprintf("%08X-%08X-1", t.number, s.last)
	if s.byID == nil {
		s.byID = map[string]*exportedSnapshot{}
	}
	s.byID[e.id] = e
	t.exported = append(t.exported, e)
	return e.id
}

// ImportSnapshot makes an exported snapshot that of the transaction, which has none yet (22023 for an id that
// nobody exports).
func (t *Txn) ImportSnapshot(id string) error {
	s := &t.db.snapshots
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	if e == nil {
		return sqlerr.New(sqlerr.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id)
	}
	if t.opts.Isolation == Serializable && e.level != Serializable {
		return sqlerr.NotSupported("a serializable transaction cannot import a snapshot from a non-serializable transaction")
	}
	if t.opts.Isolation == Serializable && !t.opts.ReadOnly {
		// What was committed between the snapshot and now is not known any more, so its COMMIT could not be judged.
		return sqlerr.NotSupported("a read-write serializable transaction cannot import a snapshot")
	}
	t.pin = t.db.readers.acquire()
	t.db.readers.hold(t.pin, e.base.timestamp) // the exporter's pin is held meanwhile
	t.base = e.base
	return nil
}
