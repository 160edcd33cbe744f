package store

import (
	"context"

	"github.com/google/btree"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Savepoint is a moment of a transaction to which it can go back.
type Savepoint struct {
	deltas  []savedDelta
	nextID  uint32
	feeds   int
	held    int
	changes int
	undo    int
}

// savedDelta is a delta with what was in it: copy-on-write trees, so that a savepoint takes no time.
type savedDelta struct {
	delta *delta
	rows  *btree.BTreeG[*deltaRow]
	ended *btree.BTreeG[uint64]
	bytes int

	unique *btree.BTreeG[uniqueEntry]
}

// Savepoint marks the present moment. No feed is open.
func (t *Txn) Savepoint() *Savepoint {
	invariant.Check(len(t.open) == t.closedFeeds(), "savepoint inside of a statement")
	s := &Savepoint{nextID: t.nextID, feeds: len(t.feeds), held: len(t.held), changes: len(t.changes), undo: len(t.undo)}
	for _, d := range t.deltas {
		s.deltas = append(s.deltas, savedDelta{d, d.rows.Clone(), d.ended.Clone(), d.bytes, cloneUnique(d.unique)})
	}
	return s
}

func cloneUnique(t *btree.BTreeG[uniqueEntry]) *btree.BTreeG[uniqueEntry] {
	if t == nil {
		return nil
	}
	return t.Clone()
}

// closedFeeds returns how many of the transaction's feeds have been closed.
func (t *Txn) closedFeeds() int {
	n := 0
	for _, f := range t.open {
		if f.chunks == nil {
			n++
		}
	}
	return n
}

// RollbackTo takes back everything since the savepoint, locks too, and leaves the savepoint as it is. Views of
// later moments must be closed.
func (t *Txn) RollbackTo(s *Savepoint) {
	for _, f := range t.open {
		_ = f.Close(context.Background()) // its rows are given up anyway, or were in before the savepoint
	}
	for _, st := range t.feeds[s.feeds:] {
		t.db.abortFeed(st)
	}
	t.open = nil
	t.feeds = t.feeds[:s.feeds]
	for i := len(t.undo) - 1; i >= s.undo; i-- {
		t.undo[i]()
	}
	t.undo = t.undo[:s.undo]
	t.changes, t.ownBase = t.changes[:s.changes], nil
	t.deltas = t.deltas[:0]
	for _, d := range s.deltas {
		// The tables are those of the savepoint again, and it may be gone back to once more.
		d.delta.rows, d.delta.ended, d.delta.bytes, d.delta.view = d.rows.Clone(), d.ended.Clone(), d.bytes, nil
		d.delta.unique = cloneUnique(d.unique)
		t.deltas = append(t.deltas, d.delta)
	}
	// Row names are never given twice: a cursor may still hold one.
	t.db.locks.unlockFrom(t.locker, &t.held, s.held)
}
