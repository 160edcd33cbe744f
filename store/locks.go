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

// lockTable is the lock manager: a fair queue for each table, key or advisory
// id that somebody holds. Locks belong to Lockers; each is also on a list, a transaction's or a
// session's, by which it is given up.
//
// An uncontended lock costs a map insert and a map delete under a shard's
// mutex and the key's string.
type lockTable struct {
	shards [64]lockShard

	// graph is held while a wait begins, so that of two who would close a circle the second sees the first.
	graph    sync.Mutex
	searches uint64 // numbers the searches for circles; guarded by graph

	claims claims // the keys of bulk loads
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
	holders []lockHolder // one for each locker and mode
	queue   []*lockWaiter
}

type lockHolder struct {
	owner *Locker
	mode  LockMode
	times int // how many lists name it
}

// lockWaiter waits for a lock in its queue.
type lockWaiter struct {
	owner   *Locker
	mode    LockMode
	list    *[]heldLock   // where the lock goes; the waiter does not touch it meanwhile
	granted chan struct{} // closed when the lock is the waiter's
	since   time.Time
}

// heldLock is an entry of a list.
type heldLock struct {
	shard *lockShard
	name  string
	mode  LockMode
}

// lockName names a table (no key) or one of its keys.
func lockName(dst []byte, oid uint32, key []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, oid)
	return append(dst, key...)
}

func (lt *lockTable) shard(name []byte) *lockShard {
	return &lt.shards[nameHash(name)%uint64(len(lt.shards))]
}

// lockHash is the hash of the name of a lock, made from value.HashKey of its key.
func lockHash(oid uint32, key uint64) uint64 { return key ^ uint64(oid)*0x9E3779B97F4A7C15 }

// nameHash is lockHash of a name.
func nameHash[T []byte | string](name T) uint64 {
	b := []byte(name)
	return lockHash(binary.BigEndian.Uint32(b), value.HashKey(b[4:]))
}

// tryLock takes the lock if nobody is in the way, says whether it did, and
// adds it to list. held tells that the owner had it already, in some mode; in one that covers
// the new one nothing is added.
func (lt *lockTable) tryLock(owner *Locker, list *[]heldLock, name []byte, mode LockMode) (ok, held bool) {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tryLock(lt.claims.load(), owner, list, name, mode)
}

// tryLock is lockTable's, with the claims read under mu.
func (s *lockShard) tryLock(claims []*claim, owner *Locker, list *[]heldLock, name []byte, mode LockMode) (ok, held bool) {
	if len(claims) > 0 && s.claimed(claims, owner, name) {
		return true, true
	}
	l := s.locks[string(name)]
	if l == nil {
		str := string(name)
		s.put(str).grant(owner, list, heldLock{s, str, mode})
		return true, false
	}
	for i := range l.holders {
		if l.holders[i].owner == owner {
			if l.holders[i].mode.covers(mode) {
				return true, true
			}
			held = true
		}
	}
	// Who holds the lock already would wait for those who wait for him: he does not queue behind them.
	if !l.free(owner, mode) || !held && l.queued(mode, len(l.queue)) {
		return false, held
	}
	l.grant(owner, list, heldLock{s, string(name), mode})
	return true, held
}

// put makes a lock that nobody holds yet.
func (s *lockShard) put(name string) *lock {
	if s.locks == nil {
		s.locks = map[string]*lock{}
	}
	var l *lock
	if n := len(s.spare); n > 0 {
		l, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		l = new(lock)
	}
	s.locks[name] = l
	s.most = max(s.most, len(s.locks))
	return l
}

// grant makes owner a holder.
func (l *lock) grant(owner *Locker, list *[]heldLock, h heldLock) {
	*list = append(*list, h)
	l.hold(owner, h.mode)
}

// hold counts owner as a holder once more.
func (l *lock) hold(owner *Locker, mode LockMode) {
	if i := l.holder(owner, mode); i >= 0 {
		l.holders[i].times++
		return
	}
	l.holders = append(l.holders, lockHolder{owner, mode, 1})
}

// drop counts owner as a holder once less.
func (l *lock) drop(owner *Locker, mode LockMode) {
	if i := l.holder(owner, mode); i >= 0 {
		if l.holders[i].times--; l.holders[i].times == 0 {
			l.holders = slices.Delete(l.holders, i, i+1)
		}
	}
}

// holder returns the index of the entry of an owner and mode, or -1.
func (l *lock) holder(owner *Locker, mode LockMode) int {
	for i := range l.holders {
		if h := &l.holders[i]; h.owner == owner && h.mode == mode {
			return i
		}
	}
	return -1
}

// free says whether no other holder excludes the mode.
func (l *lock) free(owner *Locker, mode LockMode) bool {
	for i := range l.holders {
		if h := &l.holders[i]; h.owner != owner && lockConflicts[mode].has(h.mode) {
			return false
		}
	}
	return true
}

// queued says whether one of the first n waiters excludes the mode.
func (l *lock) queued(mode LockMode, n int) bool {
	for _, w := range l.queue[:n] {
		if lockConflicts[mode].has(w.mode) {
			return true
		}
	}
	return false
}

// lockRequest is how a lock is wanted.
type lockRequest struct {
	mode    LockMode
	policy  WaitPolicy
	timeout time.Duration // of the wait; 0: none
	what    func() string // what is locked, for messages
}

// lock takes a lock and waits for it if need be: until ctx ends (57014), the timeout
// passes (55P03) or waiting would close a circle (40P01). It returns false without an error
// for a lock that was left out.
func (lt *lockTable) lock(ctx context.Context, owner *Locker, list *[]heldLock, name []byte, r lockRequest) (bool, error) {
	if ok, _ := lt.tryLock(owner, list, name, r.mode); ok {
		return true, nil
	}
	switch r.policy {
	case WaitError:
		return false, errNotAvailable(r.what)
	case WaitSkip:
		return false, nil
	}
	w, err := lt.enqueue(owner, list, name, r)
	if w == nil {
		return err == nil, err
	}
	err = await(ctx, w.granted, r)
	owner.waiting.Store(nil)
	if err != nil && !lt.withdraw(w, name) {
		return true, nil // granted in the same moment
	}
	return err == nil, err
}

func errNotAvailable(what func() string) error {
	return sqlerr.New(sqlerr.LockNotAvailable, "could not obtain lock on %s", what())
}

// enqueue puts a waiter into the queue, unless the lock has become free or a
// circle would close.
func (lt *lockTable) enqueue(owner *Locker, list *[]heldLock, name []byte, r lockRequest) (*lockWaiter, error) {
	lt.graph.Lock()
	defer lt.graph.Unlock()
	w := lt.join(owner, list, name, r)
	if w == nil {
		return nil, nil
	}
	err := lt.circle(owner)
	if err == nil {
		return w, nil
	}
	owner.waiting.Store(nil)
	if !lt.withdraw(w, name) {
		return nil, nil // granted in the same moment
	}
	return nil, err
}

// join puts a waiter into the queue, unless the lock has become free. It holds graph.
func (lt *lockTable) join(owner *Locker, list *[]heldLock, name []byte, r lockRequest) *lockWaiter {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	ok, held := s.tryLock(lt.claims.load(), owner, list, name, r.mode)
	if ok {
		return nil
	}
	l := s.locks[string(name)]
	w := &lockWaiter{owner: owner, mode: r.mode, list: list, granted: make(chan struct{}), since: time.Now()}
	if held {
		l.queue = slices.Insert(l.queue, 0, w)
	} else {
		l.queue = append(l.queue, w)
	}
	owner.waiting.Store(&waitFor{shard: s, name: string(name), waiter: w, request: r})
	return w
}

func (l *lock) remove(w *lockWaiter) bool {
	i := slices.Index(l.queue, w)
	if i < 0 {
		return false
	}
	l.queue = slices.Delete(l.queue, i, i+1)
	return true
}

// wake grants the lock to those in the queue whom nobody excludes any more, neither a holder nor one who waits
// before them. It holds the shard.
func (l *lock) wake(s *lockShard, name string) {
	for i := 0; i < len(l.queue); {
		w := l.queue[i]
		if !l.free(w.owner, w.mode) || l.queued(w.mode, i) {
			i++
			continue
		}
		l.grant(w.owner, w.list, heldLock{s, name, w.mode})
		l.queue = slices.Delete(l.queue, i, i+1)
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

// unlock gives up one lock of a list.
func (lt *lockTable) unlock(owner *Locker, h heldLock) {
	h.shard.mu.Lock()
	defer h.shard.mu.Unlock()
	l := h.shard.locks[h.name]
	l.drop(owner, h.mode)
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
func (lt *lockTable) unlockFrom(owner *Locker, list *[]heldLock, n int) {
	for _, h := range slices.Backward((*list)[n:]) {
		lt.unlock(owner, h)
	}
	clear((*list)[n:])
	*list = (*list)[:n]
}

// hand makes the locks of a list another's: those of a transaction that its session has prepared.
func (lt *lockTable) hand(list []heldLock, from, to *Locker) {
	for _, h := range list {
		h.shard.mu.Lock()
		l := h.shard.locks[h.name]
		l.hold(to, h.mode)
		l.drop(from, h.mode)
		h.shard.mu.Unlock()
	}
}

// await waits for ready, no longer than ctx and the request's timeout allow.
func await(ctx context.Context, ready <-chan struct{}, r lockRequest) error {
	var timeout <-chan time.Time
	if r.timeout > 0 {
		timer := time.NewTimer(r.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ready:
		return nil
	case <-timeout:
		return sqlerr.New(sqlerr.LockNotAvailable, "canceling statement due to lock timeout").WithWhere("while locking %s", r.what())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
