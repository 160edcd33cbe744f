package store

import (
	"sync/atomic"

	"github.com/cachalotdb/cachalot/index"
)

// Notes is a place where the planner keeps what it has learned of a collection's rows: with the collection, so that it goes
// when that is truncated or dropped. The store does not look at it.
func (tv *TableView) Notes() *atomic.Value { return &tv.coll.notes }

// Changes returns how many row versions have begun and ended in the collection since it was opened; for the planner only.
func (tv *TableView) Changes() int64 {
	n := int64(0)
	for _, p := range tv.coll.parts {
		n += p.changes.Load()
	}
	return n
}

// Sample is Scan for the planner: no note is taken of it, and the rows of the transaction's delta are left out.
func (p *PartView) Sample(set *index.Set, cols []int16) *Scan {
	tv := *p.tv
	view := *tv.view
	view.reads = nil
	tv.view = &view
	s := (&PartView{tv: &tv, part: p.part, id: p.id}).Scan(set, cols)
	s.own = nil
	return s
}
