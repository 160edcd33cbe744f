package store

import (
	"math/bits"

	"github.com/cachalotdb/cachalot/internal/column"
)

// rowSet is a set of a part's slots, a bit each.
type rowSet []uint64

func (s *rowSet) add(row uint32) {
	if n := int(row/64) + 1; n > len(*s) {
		*s = append(*s, make([]uint64, n-len(*s))...)
	}
	(*s)[row/64] |= 1 << (row % 64)
}

func (s rowSet) remove(row uint32) { s[row/64] &^= 1 << (row % 64) }

func (s rowSet) has(row uint32) bool {
	return int(row/64) < len(s) && s[row/64]>>(row%64)&1 != 0
}

// freeSlots are the slots of a part that may be used again. The lowest come
// first, so that the rows of a table that was larger once gather in its first segments
// as they are updated, and the others become free as a whole.
type freeSlots struct {
	rows rowSet
	n    int
	segs []int // of these, by segment
	low  int   // the words of rows below are empty
}

func (f *freeSlots) add(row uint32) {
	f.rows.add(row)
	f.n++
	f.low = min(f.low, int(row/64))
	seg := int(row / column.SegmentRows)
	for seg >= len(f.segs) {
		f.segs = append(f.segs, 0)
	}
	f.segs[seg]++
}

// take takes the lowest slot out. There is one.
func (f *freeSlots) take() uint32 {
	for f.rows[f.low] == 0 {
		f.low++
	}
	row := uint32(f.low*64 + bits.TrailingZeros64(f.rows[f.low]))
	f.rows.remove(row)
	f.n--
	f.segs[row/column.SegmentRows]--
	return row
}

// allot returns a slot for a new version.
func (p *Part) allot() uint32 {
	if p.free.n > 0 {
		return p.free.take()
	}
	p.rows++
	return p.rows - 1
}

// allotRuns returns n slots for new versions: free ones if there are enough.
func (p *Part) allotRuns(n int) (runs []rowRun) {
	if p.free.n < n {
		p.rows += uint32(n)
		return []rowRun{{p.rows - uint32(n), uint32(n)}}
	}
	for range n {
		runs = appendRow(runs, p.free.take())
	}
	return runs
}

// freeSlot gives a slot back whose version no reader can know any more, and
// with the last one of a segment the segment's memory.
func (p *Part) freeSlot(row uint32) {
	columns := *p.columns.Load()
	for _, c := range columns {
		c.Clear(row)
	}
	p.versions.SetBegin(row, column.NotBegun)
	p.free.add(row)
	seg := int(row / column.SegmentRows)
	if p.free.segs[seg] < min(column.SegmentRows, int(p.rows)-seg*column.SegmentRows) {
		return
	}
	for _, c := range columns {
		c.DropSegment(seg)
	}
	p.versions.DropSegment(seg)
}
