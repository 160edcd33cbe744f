package store

import (
	"encoding/binary"
	"time"
)

// LockKind says what a lock locks.
type LockKind uint8

// The kinds of LockInfo.
const (
	LockRelation LockKind = iota
	LockTuple
	LockAdvisory
	LockFeed // a wait for the end of a bulk load by another transaction
)

// LockInfo is a lock that somebody holds or waits for.
type LockInfo struct {
	Kind     LockKind
	Table    uint32 // OID; not of advisory locks
	Key      []byte // of a tuple: the encoded primary key
	Advisory AdvisoryID
	Mode     LockMode
	Granted  bool
	PID      int32     // 0: a prepared transaction
	Txn      uint64    // number of the transaction, 0 for none
	Since    time.Time // when the wait began
}

// Locks returns the locks held and waited for at about this moment.
func (db *DB) Locks() []LockInfo {
	var out []LockInfo
	lockers := map[*Locker]struct{}{}
	for i := range db.locks.shards {
		s := &db.locks.shards[i]
		s.mu.Lock()
		for name, l := range s.locks {
			info := lockInfo(name)
			for _, h := range l.holders {
				info.Mode, info.Granted = h.mode, true
				info.PID, info.Txn = h.owner.PID, h.owner.txn.Load()
				out = append(out, info)
				lockers[h.owner] = struct{}{}
			}
			for _, w := range l.queue {
				waits := info
				waits.Mode, waits.Granted, waits.Since = w.mode, false, w.since
				waits.PID, waits.Txn = w.owner.PID, w.owner.txn.Load()
				out = append(out, waits)
			}
		}
		s.mu.Unlock()
	}
	for l := range lockers { // who waits for a feed holds the table's lock at least
		if w := l.waiting.Load(); w != nil && w.feed != nil {
			out = append(out, LockInfo{Kind: LockFeed, Mode: w.request.mode, PID: l.PID, Txn: l.txn.Load(), Since: w.since})
		}
	}
	return out
}

// lockInfo tells a lock's name apart.
func lockInfo(name string) LockInfo {
	b := []byte(name)
	oid, rest := binary.BigEndian.Uint32(b), b[4:]
	switch {
	case oid == advisoryOID && len(rest) == 9:
		return LockInfo{Kind: LockAdvisory, Advisory: AdvisoryID{Pair: rest[0] == 1, Key: binary.BigEndian.Uint64(rest[1:])}}
	case len(rest) == 0:
		return LockInfo{Kind: LockRelation, Table: oid}
	}
	return LockInfo{Kind: LockTuple, Table: oid, Key: rest}
}

// BlockingPIDs returns the sessions that the session waits for, 0 for prepared transactions, as
// pg_blocking_pids does.
func (db *DB) BlockingPIDs(pid int32) []int32 {
	if l := db.waiter(pid); l != nil {
		return l.Blocking()
	}
	return nil
}

// waiter returns the Locker of a session that waits, or nil.
func (db *DB) waiter(pid int32) *Locker {
	for i := range db.locks.shards {
		s := &db.locks.shards[i]
		s.mu.Lock()
		for _, l := range s.locks {
			for _, h := range l.holders {
				if h.owner.PID == pid && h.owner.waiting.Load() != nil {
					s.mu.Unlock()
					return h.owner
				}
			}
			for _, w := range l.queue {
				if w.owner.PID == pid {
					s.mu.Unlock()
					return w.owner
				}
			}
		}
		s.mu.Unlock()
	}
	return nil
}
