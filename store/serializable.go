package store

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Serializable transactions: backward validation (Kung and Robinson, "On Optimistic Methods for Concurrency Control",
// 1981). A transaction remembers what it reads: keys, and conditions of scans. Its COMMIT, in the moment in which the
// log gives it its place, tests that against every row that was committed since its snapshot, before and after
// the change: a hit is 40001. So whatever it has read is the same at its place in the log as at its snapshot, and the
// order of the log is a serial order. A transaction that wrote nothing has its place at its snapshot and never fails.

// readSet is what a serializable transaction has read. Safe for concurrent use.
type readSet struct {
	db       *DB
	snapshot uint64 // guarded by localLog.mu; 0 before it is taken

	mu     sync.Mutex // guards below
	tables map[uint32]*tableReads
}

type tableReads struct {
	all   bool // a scan without a condition that can be tested
	keys  map[string]struct{}
	scans []*Condition
}

// Condition is what a scan tests: whether values of the columns meet it. A doubt is a hit.
type Condition struct {
	Cols []int16
	Test func(row []value.Value) bool
}

func (r *readSet) table(oid uint32) *tableReads {
	t := r.tables[oid]
	if t == nil {
		t = &tableReads{keys: map[string]struct{}{}}
		r.tables[oid] = t
	}
	return t
}

// key notes that a key was looked up, whether it was there or not.
func (r *readSet) key(oid uint32, key []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.table(oid); !t.all {
		if len(t.keys) >= maxReadKeys {
			t.all, t.keys, t.scans = true, nil, nil
			return
		}
		t.keys[string(key)] = struct{}{}
	}
}

// maxReadKeys is how many keys of a table are told apart; beyond it counts as read whole.
const maxReadKeys = 1 << 17

// scan notes a scan; nil: of the whole table.
func (r *readSet) scan(oid uint32, c *Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.table(oid)
	switch {
	case t.all:
	case c == nil:
		t.all, t.keys, t.scans = true, nil, nil
	case len(t.scans) == 0 || t.scans[len(t.scans)-1] != c: // a scan comes once for each of its parts
		t.scans = append(t.scans, c)
	}
}

// committed is what one record has changed, kept while a serializable transaction is open that began before it.
type committed struct {
	timestamp uint64
	parts     []part
	whole     []uint32 // tables of which any row may have changed: bulk loads, DDL
}

// history is what was committed while serializable transactions are open. It is part of localLog, guarded by its mu.
type history struct {
	open    map[*readSet]struct{}
	commits []*committed
	ops     int // in commits
	// coarse is what commits were shortened to: the last timestamp of a change of each table.
	coarse map[uint32]uint64
}

// maxHistory is how many operations are kept; older ones are then known by their table alone.
const maxHistory = 1 << 18

// track opens a read set. What is in the log and not published yet counts as committed after its snapshot, or the
// snapshot shows it; tracked tells which.
func (l *localLog) track() *readSet {
	r := &readSet{db: l.db, tables: map[uint32]*tableReads{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.history
	if len(h.open) > 0 {
		h.open[r] = struct{}{}
		return r
	}
	h.open = map[*readSet]struct{}{r: {}} // before add, which keeps nothing for nobody
	for _, list := range [][]*proposal{l.flying, l.queue} {
		for _, p := range list {
			if p != nil && p.changes != nil {
				h.add(p.ts, p.changes)
			}
		}
	}
	return r
}

// tracked tells a read set's snapshot, which was taken after track.
func (l *localLog) tracked(r *readSet, snapshot uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.snapshot = snapshot
}

// untrack closes a read set and forgets what no other needs.
func (l *localLog) untrack(r *readSet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.history
	delete(h.open, r)
	if len(h.open) == 0 {
		l.history = history{}
		return
	}
	oldest := ^uint64(0)
	for o := range h.open {
		oldest = min(oldest, o.snapshot)
	}
	n := 0
	for n < len(h.commits) && h.commits[n].timestamp <= oldest {
		h.ops -= h.commits[n].size()
		h.commits[n] = nil
		n++
	}
	h.commits = h.commits[n:]
}

func (c *committed) size() int {
	n := 1
	for i := range c.parts {
		n += len(c.parts[i].ops)
	}
	return n
}

// add keeps what a record with its place in the log changes. It holds localLog.mu.
func (h *history) add(ts uint64, c *committed) {
	if len(h.open) == 0 {
		return
	}
	c.timestamp = ts
	h.commits = append(h.commits, c)
	h.ops += c.size()
	for h.ops > maxHistory {
		old := h.commits[0]
		if h.coarse == nil {
			h.coarse = map[uint32]uint64{}
		}
		for _, oid := range old.whole {
			h.coarse[oid] = old.timestamp
		}
		for i := range old.parts {
			for j := range old.parts[i].ops {
				h.coarse[old.parts[i].ops[j].table] = old.timestamp
			}
		}
		h.ops -= old.size()
		h.commits[0] = nil
		h.commits = h.commits[1:]
	}
}

var errSerialization = sqlerr.New(sqlerr.SerializationFailure,
	"could not serialize access due to read/write dependencies among transactions").
	WithHint("The transaction might succeed if retried.")

// SerializationFailure is the 40001 error for a row that another transaction has changed since the snapshot.
func SerializationFailure(deleted bool) error {
	if deleted {
		return sqlerr.New(sqlerr.SerializationFailure, "could not serialize access due to concurrent delete")
	}
	return sqlerr.New(sqlerr.SerializationFailure, "could not serialize access due to concurrent update")
}

// validate tests a read set against what was committed after its snapshot and with timestamps above from, which were tested before.
// It holds localLog.mu, or is given a copy of the commits.
func (r *readSet) validate(commits []*committed, coarse map[uint32]uint64, from uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	after := max(r.snapshot, from)
	first, _ := slices.BinarySearchFunc(commits, after+1, func(c *committed, ts uint64) int { return cmp.Compare(c.timestamp, ts) })
	for oid, ts := range coarse {
		if ts > after && r.tables[oid] != nil {
			return errSerialization
		}
	}
	for _, c := range commits[first:] {
		for _, oid := range c.whole {
			if r.tables[oid] != nil {
				return errSerialization
			}
		}
		for i := range c.parts {
			for j := range c.parts[i].ops {
				if r.read(&c.parts[i].ops[j]) {
					return errSerialization
				}
			}
		}
	}
	return nil
}

// read says whether an operation changes something that the set holds.
func (r *readSet) read(o *op) bool {
	t := r.tables[o.table]
	if t == nil {
		return false
	}
	if t.all {
		return true
	}
	if _, ok := t.keys[string(o.key)]; ok {
		return true
	}
	for _, c := range t.scans {
		if o.kind == opAdd || o.row != nil && c.meets(o.row) || o.was.meets(c, r) {
			return true
		}
	}
	return false
}

// meets tests a whole row, by column number.
func (c *Condition) meets(row []value.Value) bool {
	vals := make([]value.Value, len(c.Cols))
	for i, num := range c.Cols {
		if int(num) > len(row) {
			return true // a table altered meanwhile
		}
		vals[i] = row[num-1]
	}
	return c.Test(vals)
}

// oldRow is the committed version that an operation ends.
type oldRow struct {
	part *Part
	row  uint32
}

// meets tests the version if the reader's snapshot saw it; one that is newer was tested when it came. The snapshot is
// pinned, so that a version it sees is there.
func (w oldRow) meets(c *Condition, r *readSet) bool {
	if w.part == nil || !w.part.versions.Visible(w.row, r.snapshot, r.db.statuses.resolve) {
		return false
	}
	columns := *w.part.columns.Load()
	vals := make([]value.Value, len(c.Cols))
	for i, num := range c.Cols {
		if int(num) > len(columns) {
			return true
		}
		vals[i] = columns[num-1].Get(w.row)
	}
	return c.Test(vals)
}

// judge prepares the COMMIT of a serializable transaction: it tests everything that is known now, and returns the test of
// what comes until the record has its place, which is called with localLog.mu held.
func (l *localLog) judge(r *readSet) (last func() error, err error) {
	l.mu.Lock()
	commits, coarse := slices.Clone(l.history.commits), maps.Clone(l.history.coarse)
	l.mu.Unlock()
	if err := r.validate(commits, coarse, 0); err != nil {
		return nil, err
	}
	tested := uint64(0)
	if n := len(commits); n > 0 {
		tested = commits[n-1].timestamp
	}
	return func() error { return r.validate(l.history.commits, l.history.coarse, tested) }, nil
}
