package store

import (
	"iter"
	"sync"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/column"
)

// statusBit marks, in a row's begin or end, a reference to a status in place
// of a timestamp; never is later than every snapshot.
const (
	statusBit = column.StatusBit
	never     = column.Never
)

func statusRef(id uint64) uint64 { return statusBit | id }

// status is the fate of the rows of one feed: pending, then committed or
// aborted. Rows refer to it until vacuum has stamped them with the timestamp.
type status struct {
	id uint64

	// owner is the id of the transaction, as logged with each chunk: rows of
	// one owner see each other. txn is the transaction itself, nil in recovery.
	owner uint64
	txn   *Txn

	// commit is the commit timestamp; 0 while pending, never when aborted.
	commit atomic.Uint64
	ended  chan struct{} // closed after commit is stored, and published

	// rows lists what the feed began and ended, by partition, for stamping and for giving
	// up. Written by Apply, read after the end (and by the checkpoint under the apply lock).
	rows []statusRows
}

// statusRows are the rows of one collection part that refer to a status.
type statusRows struct {
	part  *Part
	begun []rowRun
	ended []uint32
}

// rowRun is a run of consecutive row ids.
type rowRun struct{ first, n uint32 }

// of returns the list for a part.
func (s *status) of(p *Part) *statusRows {
	for i := range s.rows {
		if s.rows[i].part == p {
			return &s.rows[i]
		}
	}
	s.rows = append(s.rows, statusRows{part: p})
	return &s.rows[len(s.rows)-1]
}

func (r *statusRows) addBegun(row uint32) { r.begun = appendRow(r.begun, row) }

// appendRow appends a row to runs, to the last if it continues that.
func appendRow(runs []rowRun, row uint32) []rowRun {
	if n := len(runs); n > 0 && runs[n-1].first+runs[n-1].n == row {
		runs[n-1].n++
		return runs
	}
	return append(runs, rowRun{row, 1})
}

// eachRow yields the rows of runs.
func eachRow(runs []rowRun) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, run := range runs {
			for row := run.first; row < run.first+run.n; row++ {
				if !yield(row) {
					return
				}
			}
		}
	}
}

// statuses resolves references. Lookups take no lock.
type statuses struct {
	next atomic.Uint64
	m    sync.Map // uint64 -> *status
}

// newID returns an id for a status, an owner or a generation, never given before.
func (s *statuses) newID() uint64 { return s.next.Add(1) }

// raise makes the next id larger than id.
func (s *statuses) raise(id uint64) {
	for last := s.next.Load(); last < id && !s.next.CompareAndSwap(last, id); {
		last = s.next.Load()
	}
}

// create returns a new pending status; recovery gives the ids it read.
func (s *statuses) create(id, owner uint64, txn *Txn) *status {
	s.raise(max(id, owner))
	st := &status{id: id, owner: owner, txn: txn, ended: make(chan struct{})}
	s.m.Store(id, st)
	return st
}

func (s *statuses) get(id uint64) *status {
	if v, ok := s.m.Load(id &^ statusBit); ok {
		return v.(*status)
	}
	return nil
}

// forget drops a status that no row refers to any more.
func (s *statuses) forget(id uint64) { s.m.Delete(id) }

// resolve turns a row's begin or end into a timestamp: itself, the commit
// timestamp of its status, or never while pending and when aborted.
func (s *statuses) resolve(stamp uint64) uint64 {
	if stamp&statusBit == 0 {
		return stamp
	}
	if st := s.get(stamp); st != nil {
		if ts := st.commit.Load(); ts != 0 {
			return ts
		}
	}
	return never
}

// settled turns the reference to a committed status into its timestamp, and
// leaves every other stamp as it is.
func (s *statuses) settled(stamp uint64) uint64 {
	if ts := s.resolve(stamp); ts != never {
		return ts
	}
	return stamp
}
