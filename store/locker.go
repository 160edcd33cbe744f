package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Locker is who holds locks and waits for them: a session with its transaction of the moment, or a prepared
// transaction. What one Locker holds never excludes itself. It waits for one thing at a time.
type Locker struct {
	db *DB
	// PID is the session's id as clients know it; 0 for none.
	PID int32

	waiting  atomic.Pointer[waitFor]
	searched uint64 // the last search for circles that met it; guarded by lockTable.graph
	txn      atomic.Uint64

	mu      sync.Mutex       // guards below
	session map[heldLock]int // advisory locks that outlive the transaction: how often it has each
}

// NewLocker returns the Locker of a session. Its Close gives up what the session holds.
func (db *DB) NewLocker(pid int32) *Locker { return &Locker{db: db, PID: pid} }

// waitFor is what a Locker waits for: a lock, or the end of a feed.
type waitFor struct {
	shard   *lockShard
	name    string
	waiter  *lockWaiter
	request lockRequest

	feed  *status
	since time.Time // of the wait for a feed
}

// blockers returns those who must go before the wait is over. graph is held.
func (w *waitFor) blockers() []*Locker {
	if w.feed != nil {
		if w.feed.txn == nil {
			return nil
		}
		return []*Locker{w.feed.txn.locker}
	}
	w.shard.mu.Lock()
	defer w.shard.mu.Unlock()
	l := w.shard.locks[w.name]
	if l == nil {
		return nil
	}
	at := slices.Index(l.queue, w.waiter)
	if at < 0 {
		return nil // granted
	}
	var out []*Locker
	for _, h := range l.holders {
		if h.owner != w.waiter.owner && lockConflicts[w.waiter.mode].has(h.mode) {
			out = append(out, h.owner)
		}
	}
	for _, q := range l.queue[:at] {
		if lockConflicts[w.waiter.mode].has(q.mode) {
			out = append(out, q.owner)
		}
	}
	return out
}

// circle returns the 40P01 error when owner, which has begun to wait, waits for itself. It holds graph.
func (lt *lockTable) circle(owner *Locker) error {
	lt.searches++
	path := lt.path(owner, owner, nil)
	if path == nil {
		return nil
	}
	var detail []string
	for i, l := range path {
		w := l.waiting.Load()
		if w == nil {
			continue // granted while we looked; then there is no circle, but the victim may try again
		}
		detail = append(detail, fmt.Sprintf("%s waits for %s on %s; blocked by %s.",
			l.name(), w.request.mode, w.request.what(), path[(i+1)%len(path)].name()))
	}
	return sqlerr.New(sqlerr.DeadlockDetected, "deadlock detected").WithDetail("%s", strings.Join(detail, "\n")).
		WithHint("Another transaction waits for a lock that this one holds. Try the transaction again.")
}

func (l *Locker) name() string {
	if l.PID == 0 {
		return "A prepared transaction"
	}
	return fmt.Sprintf("Process %d", l.PID)
}

// path returns the way from l through those who wait for each other to owner, or nil. Each Locker is looked
// at once a search: in a queue everybody waits for all before him, and the paths are 2^n.
func (lt *lockTable) path(l, owner *Locker, before []*Locker) []*Locker {
	w := l.waiting.Load()
	if w == nil {
		return nil
	}
	before = append(before, l)
	for _, next := range w.blockers() {
		if next == owner {
			return before
		}
		if next.searched == lt.searches {
			continue
		}
		next.searched = lt.searches
		if found := lt.path(next, owner, before); found != nil {
			return found
		}
	}
	return nil
}

// awaitFeed waits for another transaction's feed to end; false without an error when the policy leaves it out.
func (l *Locker) awaitFeed(ctx context.Context, s *status, r lockRequest) (bool, error) {
	switch r.policy {
	case WaitError:
		return false, errNotAvailable(r.what)
	case WaitSkip:
		return false, nil
	}
	lt := &l.db.locks
	lt.graph.Lock()
	l.waiting.Store(&waitFor{feed: s, request: r, since: time.Now()})
	err := lt.circle(l)
	lt.graph.Unlock()
	defer l.waiting.Store(nil)
	if err != nil {
		return false, err
	}
	err = await(ctx, s.ended, r)
	return err == nil, err
}
