package store

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// LockMode is a lock's mode.
type LockMode uint8

// The lock modes. Writers of rows share the table's lock and take each key's
// exclusively; DDL and index builds take the table's exclusively. Readers take none.
const (
	LockShared LockMode = iota
	LockExclusive
)

// lockTable is the lock manager: a fair queue for each table and each key
// that somebody holds. Locks belong to transactions and are all given up at
// the end.
//
// An uncontended lock costs a map insert and a map delete under a shard's
// mutex and the key's string.
type lockTable struct {
	shards [64]lockShard

	// graph is held while a wait begins, so that of two transactions that
	// would close a circle the second sees the first.
	graph    sync.Mutex
	searches uint64 // numbers the searches for circles; guarded by graph
}

type lockShard struct {
	mu    sync.Mutex // guards below; order: lockTable.graph, then one shard
	locks map[string]*lock
	most  int // entries there have been in locks
	spare []*lock
}

// mapKept is up to how many entries an empty map of locks is kept; maps do not
// shrink, and one transaction may lock millions of keys.
const mapKept = 4096

// lock is one locked thing. It is in its shard's map while held or waited for.
type lock struct {
	holders []lockHolder
	queue   []*lockWaiter
}

type lockHolder struct {
	txn  *Txn
	mode LockMode
}

// lockWaiter waits for a lock in its queue.
type lockWaiter struct {
	txn     *Txn
	mode    LockMode
	list    *[]heldLock   // where the lock goes; the waiter does not touch it meanwhile
	granted chan struct{} // closed when the lock is the waiter's
}

// heldLock is an entry of a transaction's list.
type heldLock struct {
	shard *lockShard
	name  string
}

// lockName names a table (no key) or one of its keys.
func lockName(dst []byte, oid uint32, key []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, oid)
	return append(dst, key...)
}

func (lt *lockTable) shard(name []byte) *lockShard {
	return &lt.shards[value.HashKey(name)%uint64(len(lt.shards))]
}

// tryLock takes the lock if nobody is in the way, says whether it did, and
// adds it to list. held tells that the transaction had it already.
func (lt *lockTable) tryLock(txn *Txn, list *[]heldLock, name []byte, mode LockMode) (ok, held bool) {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tryLock(txn, list, name, mode)
}

// tryLock is lockTable's; mu is held.
func (s *lockShard) tryLock(txn *Txn, list *[]heldLock, name []byte, mode LockMode) (ok, held bool) {
	l := s.locks[string(name)]
	if l == nil {
		if s.locks == nil {
			s.locks = map[string]*lock{}
		}
		if n := len(s.spare); n > 0 {
			l, s.spare = s.spare[n-1], s.spare[:n-1]
		} else {
			l = new(lock)
		}
		str := string(name)
		l.holders = append(l.holders, lockHolder{txn, mode})
		s.locks[str] = l
		s.most = max(s.most, len(s.locks))
		*list = append(*list, heldLock{s, str})
		return true, false
	}
	if i := l.holder(txn); i >= 0 {
		if l.holders[i].mode >= mode {
			return true, true
		}
		if len(l.holders) > 1 {
			return false, true
		}
		l.holders[i].mode = mode
		return true, true
	}
	if len(l.queue) > 0 || !l.grants(mode) {
		return false, false
	}
	l.holders = append(l.holders, lockHolder{txn, mode})
	*list = append(*list, heldLock{s, string(name)})
	return true, false
}

func (l *lock) holder(txn *Txn) int {
	for i := range l.holders {
		if l.holders[i].txn == txn {
			return i
		}
	}
	return -1
}

// grants says whether a new holder fits beside those there are.
func (l *lock) grants(mode LockMode) bool {
	if len(l.holders) == 0 {
		return true
	}
	return mode == LockShared && l.holders[0].mode == LockShared
}

// lock takes a lock and waits for it if need be: until ctx ends (57014), the lock timeout
// passes (55P03) or waiting would close a circle (40P01).
func (lt *lockTable) lock(ctx context.Context, txn *Txn, list *[]heldLock, name []byte, mode LockMode, what func() string) error {
	if ok, _ := lt.tryLock(txn, list, name, mode); ok {
		return nil
	}
	lt.graph.Lock()
	w, err := lt.enqueue(txn, list, name, mode)
	lt.graph.Unlock()
	if w == nil {
		return err
	}
	err = txn.await(ctx, w.granted, what)
	txn.waits.Store(nil)
	if err != nil && !lt.withdraw(w, name) {
		return nil // granted in the same moment
	}
	return err
}

// enqueue puts a waiter into the queue, unless the lock has become free or a
// circle would close. It holds graph.
func (lt *lockTable) enqueue(txn *Txn, list *[]heldLock, name []byte, mode LockMode) (*lockWaiter, error) {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	ok, upgrade := s.tryLock(txn, list, name, mode)
	if ok { // given up since
		return nil, nil
	}
	l := s.locks[string(name)]
	w := &lockWaiter{txn: txn, mode: mode, list: list, granted: make(chan struct{})}
	var ahead []*Txn
	for _, h := range l.holders {
		if h.txn != txn {
			ahead = append(ahead, h.txn)
		}
	}
	if upgrade { // before those who do not hold it yet
		l.queue = append([]*lockWaiter{w}, l.queue...)
	} else {
		for _, q := range l.queue {
			ahead = append(ahead, q.txn)
		}
		l.queue = append(l.queue, w)
	}
	if lt.circle(txn, ahead) {
		l.remove(w)
		return nil, errDeadlock
	}
	txn.waits.Store(&ahead)
	return w, nil
}

var errDeadlock = sqlerr.New(sqlerr.DeadlockDetected, "deadlock detected").
	WithHint("Another transaction waits for a lock that this one holds. Try the transaction again.")

// circle says whether one of those ahead waits, directly or not, for txn. It holds graph.
func (lt *lockTable) circle(txn *Txn, ahead []*Txn) bool {
	lt.searches++
	return lt.reaches(txn, ahead)
}

// reaches is a step of circle. Each transaction is looked at once a search:
// in a queue everybody waits for all before him, and the paths are 2^n.
func (lt *lockTable) reaches(txn *Txn, ahead []*Txn) bool {
	for _, t := range ahead {
		if t == txn {
			return true
		}
		if t.searched == lt.searches {
			continue
		}
		t.searched = lt.searches
		if next := t.waits.Load(); next != nil && lt.reaches(txn, *next) {
			return true
		}
	}
	return false
}

func (l *lock) remove(w *lockWaiter) bool {
	for i, q := range l.queue {
		if q == w {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return true
		}
	}
	return false
}

// wake grants the lock to those at the head of the queue whom it now fits. It holds the shard.
func (l *lock) wake(s *lockShard, name string) {
	for len(l.queue) > 0 {
		w := l.queue[0]
		if i := l.holder(w.txn); i >= 0 {
			if len(l.holders) > 1 {
				return
			}
			l.holders[i].mode = w.mode
		} else {
			if !l.grants(w.mode) {
				return
			}
			l.holders = append(l.holders, lockHolder{w.txn, w.mode})
			*w.list = append(*w.list, heldLock{s, name})
		}
		l.queue = l.queue[1:]
		close(w.granted)
	}
}

// withdraw takes a waiter out of the queue; false when it has been granted.
func (lt *lockTable) withdraw(w *lockWaiter, name []byte) bool {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.locks[string(name)]
	if l == nil || !l.remove(w) {
		return false
	}
	l.wake(s, string(name))
	return true
}

// unlock gives up one lock.
func (lt *lockTable) unlock(txn *Txn, h heldLock) {
	h.shard.mu.Lock()
	defer h.shard.mu.Unlock()
	l := h.shard.locks[h.name]
	if i := l.holder(txn); i >= 0 {
		l.holders = slices.Delete(l.holders, i, i+1)
	}
	l.wake(h.shard, h.name)
	if len(l.holders) == 0 && len(l.queue) == 0 {
		delete(h.shard.locks, h.name)
		if len(h.shard.spare) < 64 {
			l.queue = nil
			h.shard.spare = append(h.shard.spare, l)
		}
		if len(h.shard.locks) == 0 && h.shard.most > mapKept {
			h.shard.locks, h.shard.most = nil, 0
		}
	}
}

// unlockFrom gives up the locks of a list from position n on.
func (lt *lockTable) unlockFrom(txn *Txn, list *[]heldLock, n int) {
	for _, h := range slices.Backward((*list)[n:]) {
		lt.unlock(txn, h)
	}
	*list = (*list)[:n]
}

// await waits for ready, no longer than ctx and the lock timeout allow.
func (t *Txn) await(ctx context.Context, ready <-chan struct{}, what func() string) error {
	var timeout <-chan time.Time
	if t.LockTimeout > 0 {
		timer := time.NewTimer(t.LockTimeout)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ready:
		return nil
	case <-timeout:
		return sqlerr.New(sqlerr.LockNotAvailable, "canceling statement due to lock timeout").WithWhere("while locking %s", what())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
