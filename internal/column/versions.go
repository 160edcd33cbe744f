package column

import (
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// The special words of row versions.
const (
	// NoRow is no row id: the Prev of a first version.
	NoRow = ^uint32(0)
	// NotBegun is the begin of a slot that holds no row: invisible to all.
	NotBegun = uint64(0)
	// NoEnd is the end of a row that nobody has ended.
	NoEnd = uint64(0)
	// StatusBit marks a begin or end that is a reference to a transaction's
	// status instead of a timestamp.
	StatusBit = uint64(1) << 63
	// Never is what a resolver returns for a status that has not committed,
	// as far as the reader's snapshot is concerned.
	Never = ^uint64(0)
)

// Versions keeps the begin, the end and the previous version of each row of a
// partition. All words are read and written atomically; a row's begin is written last.
// One writer, any number of lock-free readers.
//
// A reader takes its snapshot, which is below StatusBit, and calls then. While a segment grows, a
// reader may still look at the old words: what it misses are later stamps,
// which have timestamps above its snapshot, and status references that were
// replaced by timestamps. So a status must stay resolvable, to that same
// timestamp, until every reader has ended that began before the last
// reference to it was replaced.
type Versions struct {
	acct *Account
	segs segments[versionSeg]
	n    atomic.Uint32
}

// versionSeg is one segment. ends and prevs are nil until a row needs them:
// most collections hardly update, and save 12 bytes a row.
type versionSeg struct {
	begins  []uint64
	ends    []uint64
	prevs   []uint32 // complemented, so that 0 is NoRow
	summary *segSummary
}

// segSummary says whether a segment is known all-visible. It outlives the
// growth of its segment.
//
// A reader loads rows, exceptions, maxBegin in this order; the writer raises
// exceptions before it writes the word that is one, lowers it after, and
// writes maxBegin before rows. So when the reader finds no exception, each of the
// rows has begun at maxBegin or before, and none had ended at its snapshot.
type segSummary struct {
	rows       atomic.Uint32 // offsets used: one more than the largest
	exceptions atomic.Int32  // of these: slots not begun, pending begins, ends
	maxBegin   atomic.Uint64
}

// NewVersions returns the versions of no rows.
func NewVersions(acct *Account) *Versions { return &Versions{acct: NewAccount(acct)} }

// Len returns the number of row ids used: one more than the largest that ever
// began.
func (v *Versions) Len() uint32 { return v.n.Load() }

// Bytes returns the memory used.
func (v *Versions) Bytes() int64 { return v.acct.Bytes() }

// at returns a row's segment and offset; nil when the row never was.
func (v *Versions) at(row uint32) (*versionSeg, int) {
	s := v.segs.load(int(row >> segmentBits))
	i := int(row & segmentMask)
	if s == nil || i >= len(s.begins) {
		return nil, 0
	}
	return s, i
}

// Begin returns a row's begin, NotBegun when there is no such row.
func (v *Versions) Begin(row uint32) uint64 {
	s, i := v.at(row)
	if s == nil {
		return NotBegun
	}
	return atomic.LoadUint64(&s.begins[i])
}

// End returns a row's end, NoEnd when it has none.
func (v *Versions) End(row uint32) uint64 {
	s, i := v.at(row)
	if s == nil {
		return NoEnd
	}
	return s.end(i)
}

func (s *versionSeg) end(i int) uint64 {
	if s.ends == nil {
		return NoEnd
	}
	return atomic.LoadUint64(&s.ends[i])
}

// Prev returns the previous version of the row's key, or NoRow.
func (v *Versions) Prev(row uint32) uint32 {
	s, i := v.at(row)
	if s == nil || s.prevs == nil {
		return NoRow
	}
	return ^atomic.LoadUint32(&s.prevs[i])
}

// writable returns a row's segment with room for it.
func (v *Versions) writable(row uint32) (*versionSeg, int) {
	invariant.Check(row != NoRow, "versions: NoRow is no row")
	seg, i := int(row>>segmentBits), int(row&segmentMask)
	s := v.segs.load(seg)
	if s == nil || i >= len(s.begins) {
		s = v.grow(seg, s, i+1)
	}
	return s, i
}

func (v *Versions) grow(seg int, s *versionSeg, n int) *versionSeg {
	if s == nil {
		s = &versionSeg{summary: &segSummary{}}
	}
	c := capacityFor(seg, len(s.begins), n)
	g := &versionSeg{begins: grownCopy(s.begins, c), summary: s.summary}
	if s.ends != nil {
		g.ends = grownCopy(s.ends, c)
	}
	if s.prevs != nil {
		g.prevs = grownCopy(s.prevs, c)
	}
	v.acct.Add(g.bytes() - s.bytes())
	v.segs.store(seg, g)
	return g
}

func grownCopy[T any](old []T, n int) []T {
	g := make([]T, n)
	copy(g, old)
	return g
}

func (s *versionSeg) bytes() int64 {
	return int64(8*len(s.begins) + 8*len(s.ends) + 4*len(s.prevs))
}

// SetBegin publishes a row or stamps a pending one; all else that belongs to
// the row is written before. NotBegun empties the slot for its next row, end and
// prev too: the row has ended for all readers. Writer only.
func (v *Versions) SetBegin(row uint32, begin uint64) {
	s, i := v.writable(row)
	if plainBegin(begin) && uint32(i) == s.summary.rows.Load() {
		s.appendBegins(i, 1, begin)
	} else {
		s.summary.addRows(i + 1)
		s.setBegin(i, begin)
	}
	if begin == NotBegun {
		v.SetEnd(row, NoEnd) // after begin: see visible
		v.SetPrev(row, NoRow)
	}
	v.raiseLen(row + 1)
}

// SetBegins publishes n consecutive rows of one begin. Writer only.
func (v *Versions) SetBegins(start uint32, n int, begin uint64) {
	for n > 0 {
		off := int(start & segmentMask)
		k := min(n, SegmentRows-off)
		s, _ := v.writable(start + uint32(k-1))
		if plainBegin(begin) && uint32(off) == s.summary.rows.Load() {
			s.appendBegins(off, k, begin)
		} else {
			s.summary.addRows(off + k)
			for i := off; i < off+k; i++ {
				s.setBegin(i, begin)
			}
		}
		start += uint32(k)
		n -= k
		v.raiseLen(start)
	}
}

// appendBegins is SetBegins for timestamps of rows at the segment's end, which
// never are exceptions.
func (s *versionSeg) appendBegins(off, n int, begin uint64) {
	for i := off; i < off+n; i++ {
		atomic.StoreUint64(&s.begins[i], begin)
	}
	s.summary.raiseMaxBegin(begin)
	s.summary.rows.Store(uint32(off + n))
}

func (v *Versions) raiseLen(n uint32) {
	if n > v.n.Load() {
		v.n.Store(n)
	}
}

// addRows extends the rows that the summary speaks of to n: those that have
// not begun are exceptions.
func (m *segSummary) addRows(n int) {
	if rows := int(m.rows.Load()); n > rows {
		m.exceptions.Add(int32(n - rows))
		m.rows.Store(uint32(n))
	}
}

func (m *segSummary) raiseMaxBegin(begin uint64) {
	if begin > m.maxBegin.Load() {
		m.maxBegin.Store(begin)
	}
}

// plainBegin says whether a begin is a timestamp: no exception.
func plainBegin(b uint64) bool { return b != NotBegun && b&StatusBit == 0 }

func (s *versionSeg) setBegin(i int, begin uint64) {
	m := s.summary
	was, is := plainBegin(s.begins[i]), plainBegin(begin)
	if is {
		m.raiseMaxBegin(begin)
	}
	if was && !is {
		m.exceptions.Add(1)
	}
	atomic.StoreUint64(&s.begins[i], begin)
	if is && !was {
		m.exceptions.Add(-1)
	}
}

// SetEnd ends a row, stamps a pending end, or with NoEnd takes it back.
// Writer only.
func (v *Versions) SetEnd(row uint32, end uint64) {
	s, i := v.writable(row)
	if s.ends == nil {
		if end == NoEnd {
			return
		}
		c := *s
		c.ends = make([]uint64, len(s.begins))
		v.acct.Add(c.bytes() - s.bytes())
		s = &c
		v.segs.store(int(row>>segmentBits), s)
	}
	was, is := s.ends[i] != NoEnd, end != NoEnd
	if is && !was {
		s.summary.exceptions.Add(1)
	}
	atomic.StoreUint64(&s.ends[i], end)
	if was && !is {
		s.summary.exceptions.Add(-1)
	}
}

// SetPrev links a row to the previous version of its key: before SetBegin, or
// to unlink that version. Writer only.
func (v *Versions) SetPrev(row, prev uint32) {
	s, i := v.writable(row)
	if s.prevs == nil {
		if prev == NoRow {
			return
		}
		c := *s
		c.prevs = make([]uint32, len(s.begins))
		v.acct.Add(c.bytes() - s.bytes())
		s = &c
		v.segs.store(int(row>>segmentBits), s)
	}
	atomic.StoreUint32(&s.prevs[i], ^prev)
}

// AllVisible says whether the first n rows of a segment, which are all of it,
// have begun at maxBegin or before and none has ended: a snapshot taken before the
// call sees them all when it is at least maxBegin.
func (v *Versions) AllVisible(seg int) (n int, maxBegin uint64, ok bool) {
	s := v.segs.load(seg)
	if s == nil {
		return 0, 0, true
	}
	m := s.summary
	n = int(m.rows.Load())
	ok = m.exceptions.Load() == 0
	return n, m.maxBegin.Load(), ok
}

// DropSegment gives up the memory of a segment all of whose slots are empty. Writer
// only; rows may begin there again.
func (v *Versions) DropSegment(seg int) {
	if s := v.segs.load(seg); s != nil {
		v.acct.Add(-s.bytes())
		v.segs.store(seg, nil)
	}
}

// Visible says whether a snapshot sees a row. resolve maps a status reference
// to its commit timestamp or to Never.
func (v *Versions) Visible(row uint32, snapshot uint64, resolve func(status uint64) uint64) bool {
	s, i := v.at(row)
	if s == nil {
		return false
	}
	return s.visible(i, snapshot, resolve)
}

// visible loads the end first and the begin last. A slot is emptied and used
// again in the order begin, end, new end, new begin: a reader that misses the old end then
// finds no begin, or that of the next row, which is above its snapshot.
func (s *versionSeg) visible(i int, snapshot uint64, resolve func(uint64) uint64) bool {
	if s.ends != nil && passed(atomic.LoadUint64(&s.ends[i]), snapshot, resolve) {
		return false
	}
	return passed(atomic.LoadUint64(&s.begins[i]), snapshot, resolve)
}

// passed says whether a begin or an end is at or before the snapshot. NotBegun
// and NoEnd wrap to the largest word and StatusBit makes a large one, so one
// comparison decides the common case.
func passed(w, snapshot uint64, resolve func(uint64) uint64) bool {
	if w-1 < snapshot {
		return true
	}
	return w&StatusBit != 0 && resolve(w) <= snapshot
}

// VisibleRange appends the ids of those of n rows from offset from of a
// segment that the snapshot sees, ascending.
func (v *Versions) VisibleRange(seg int, from, n int, snapshot uint64, resolve func(status uint64) uint64, dst []uint32) []uint32 {
	s := v.segs.load(seg)
	if s == nil || from >= len(s.begins) {
		return dst
	}
	to := min(from+n, len(s.begins))
	row := uint32(seg<<segmentBits + from)
	for i := from; i < to; i++ {
		if s.visible(i, snapshot, resolve) {
			dst = append(dst, row)
		}
		row++
	}
	return dst
}

// VisibleRows appends those of rows that the snapshot sees, in their order.
// dst may be rows[:0].
func (v *Versions) VisibleRows(rows []uint32, snapshot uint64, resolve func(status uint64) uint64, dst []uint32) []uint32 {
	for _, row := range rows {
		if v.Visible(row, snapshot, resolve) {
			dst = append(dst, row)
		}
	}
	return dst
}
