package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// AdvisoryID names an advisory lock: one 64-bit key, or two 32-bit ones, which are different spaces.
type AdvisoryID struct {
	Pair bool
	Key  uint64 // of a pair: the first key in the upper half
}

// advisoryOID is in the place of a table's OID, which is never 0, in the names of advisory locks.
const advisoryOID = 0

func (id AdvisoryID) lockName(dst []byte) []byte {
	dst = append(lockName(dst, advisoryOID, nil), boolByte(id.Pair))
	return binary.BigEndian.AppendUint64(dst, id.Key)
}

func (id AdvisoryID) String() string { return fmt.Sprintf("advisory lock [%d]", id.Key) }

// LockAdvisory takes an advisory lock, ShareLock or ExclusiveLock, for the session: once more each time, until UnlockAdvisory
// was called as often, or Close. The policy WaitSkip makes it return false at once when the lock is not free.
func (l *Locker) LockAdvisory(ctx context.Context, id AdvisoryID, mode LockMode, policy WaitPolicy, timeout time.Duration) (bool, error) {
	var list []heldLock
	ok, err := l.lockAdvisory(ctx, &list, id, mode, policy, timeout)
	if ok {
		l.mu.Lock()
		if l.session == nil {
			l.session = map[heldLock]int{}
		}
		l.session[list[0]]++
		l.mu.Unlock()
	}
	return ok, err
}

func (l *Locker) lockAdvisory(ctx context.Context, list *[]heldLock, id AdvisoryID, mode LockMode, policy WaitPolicy, timeout time.Duration) (bool, error) {
	var buf [16]byte
	name := id.lockName(buf[:0])
	n := len(*list)
	ok, err := l.db.locks.lock(ctx, l, list, name, lockRequest{mode: mode, policy: policy, timeout: timeout, what: id.String})
	if ok && len(*list) == n { // held in this mode or a stronger one: count it all the same
		l.db.locks.again(l, list, name, mode)
	}
	return ok, err
}

// again adds a lock that its owner holds, in a mode that covers it, once more.
func (lt *lockTable) again(owner *Locker, list *[]heldLock, name []byte, mode LockMode) {
	s := lt.shard(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks[string(name)].grant(owner, list, heldLock{s, string(name), mode})
}

// UnlockAdvisory gives up a session's advisory lock once; false when it is not held in the mode.
func (l *Locker) UnlockAdvisory(id AdvisoryID, mode LockMode) bool {
	name := id.lockName(nil)
	h := heldLock{l.db.locks.shard(name), string(name), mode}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.session[h] {
	case 0:
		return false
	case 1:
		delete(l.session, h)
	default:
		l.session[h]--
	}
	l.db.locks.unlock(l, h)
	return true
}

// UnlockAllAdvisory gives up all advisory locks of the session.
func (l *Locker) UnlockAllAdvisory() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for h, times := range l.session {
		for range times {
			l.db.locks.unlock(l, h)
		}
	}
	l.session = nil
}

// HoldsAdvisory says whether the session holds an advisory lock beyond its transaction.
func (l *Locker) HoldsAdvisory() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.session) > 0
}

// Close ends the session of the Locker.
func (l *Locker) Close() { l.UnlockAllAdvisory() }

// LockAdvisory takes an advisory lock until the end of the transaction.
func (t *Txn) LockAdvisory(ctx context.Context, id AdvisoryID, mode LockMode, policy WaitPolicy) (bool, error) {
	return t.locker.lockAdvisory(ctx, &t.held, id, mode, policy, t.LockTimeout)
}
