package store

import (
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// preparedLock is a lock that a prepared transaction holds.
type preparedLock struct {
	mode LockMode
	name string // as lockName and AdvisoryID.lockName make them
}

// valid says whether there is such a lock.
func (l preparedLock) valid() bool {
	if len(l.name) < 4 {
		return false
	}
	switch i := lockInfo(l.name); {
	case binary.BigEndian.Uint32([]byte(l.name)) == advisoryOID:
		return i.Kind == LockAdvisory && (l.mode == ShareLock || l.mode == ExclusiveLock)
	case i.Kind == LockTuple:
		return l.mode >= ForKeyShare && l.mode <= ForUpdate
	}
	return l.mode <= AccessExclusiveLock
}

// heldLocks lists the transaction's locks.
func (t *Txn) heldLocks() []preparedLock {
	list := make([]preparedLock, len(t.held))
	for i, h := range t.held {
		list[i] = preparedLock{h.mode, h.name}
	}
	return list
}

// checkSessionLocks returns the 0A000 error of a transaction that holds an advisory lock which its session holds
// too: one of the two would have to be the prepared transaction's.
func (t *Txn) checkSessionLocks() error {
	l := t.locker
	l.mu.Lock()
	defer l.mu.Unlock()
	session := map[string]struct{}{}
	for h := range l.session {
		session[h.name] = struct{}{}
	}
	for _, h := range t.held {
		if _, both := session[h.name]; both {
			return sqlerr.NotSupported("cannot PREPARE while holding both session-level and transaction-level locks on the same object")
		}
	}
	return nil
}

// newHolder returns what holds the locks and feeds of a prepared transaction: one of no session.
func (db *DB) newHolder(number, owner uint64) *Txn {
	t := &Txn{db: db, locker: db.NewLocker(0), number: number, owner: owner}
	t.locker.txn.Store(number)
	return t
}

// bequeath makes the transaction's locks and feeds those of a holder. In between nobody looks for circles: a session that
// went on would be taken for one that waits for itself.
func (t *Txn) bequeath() *Txn {
	h := t.db.newHolder(t.number, t.owner)
	lt := &t.db.locks
	lt.graph.Lock()
	defer lt.graph.Unlock()
	lt.hand(t.held, t.locker, h.locker)
	for _, s := range t.feeds {
		s.txn = h
	}
	h.held, h.feeds, h.excludes = t.held, t.feeds, t.excludes
	t.held, t.feeds, t.excludes = nil, nil, false
	return h
}

// retake gives a holder one of its locks after a restart; false if another has it.
func (t *Txn) retake(l preparedLock) bool {
	if l.mode == AccessExclusiveLock { // by LOCK TABLE: DDL is not prepared
		t.ExcludeReaders()
	}
	ok, _ := t.db.locks.tryLock(t.locker, &t.held, []byte(l.name), l.mode)
	return ok
}

// pendingRows returns how many rows more than are committed its feeds make the tables seem to have.
func (t *Txn) pendingRows() (n int64) {
	for _, s := range t.feeds {
		for _, r := range s.rows {
			for _, run := range r.begun {
				n += int64(run.n)
			}
			n -= int64(len(r.ended))
		}
	}
	return n
}

// holds says whether the transaction holds a lock.
func (t *Txn) holds(l preparedLock) bool {
	s := t.db.locks.shard([]byte(l.name))
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.locks[l.name]
	if k == nil {
		return false
	}
	for i := range k.holders {
		if h := &k.holders[i]; h.owner == t.locker && h.mode.covers(l.mode) {
			return true
		}
	}
	return false
}
