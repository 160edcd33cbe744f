package store

import "slices"

// Waiting returns the lock that the Locker waits for at the moment, if any. It costs what it takes to look,
// unlike a search of DB.Locks.
func (l *Locker) Waiting() (LockInfo, bool) {
	w := l.waiting.Load()
	if w == nil {
		return LockInfo{}, false
	}
	info := LockInfo{Kind: LockFeed, Since: w.since}
	if w.feed == nil {
		info = lockInfo(w.name)
		info.Since = w.waiter.since
	}
	info.Mode, info.PID, info.Txn = w.request.mode, l.PID, l.txn.Load()
	return info, true
}

// Blocking returns the sessions that the Locker waits for, 0 for a prepared transaction.
func (l *Locker) Blocking() []int32 {
	graph := &l.db.locks.graph
	graph.Lock()
	defer graph.Unlock()
	w := l.waiting.Load()
	if w == nil {
		return nil
	}
	var out []int32
	for _, b := range w.blockers() {
		if !slices.Contains(out, b.PID) {
			out = append(out, b.PID)
		}
	}
	return out
}

// Txn returns the number of the Locker's transaction, 0 for none.
func (l *Locker) Txn() uint64 { return l.txn.Load() }
