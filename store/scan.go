package store

import (
	"bytes"
	"sort"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Scan yields the visible rows of a partition in batches. It is the one place
// where base rows and the transaction's own come together: base minus ended, then the
// delta; of a walk, the two merged in order. One goroutine uses it.
type Scan struct {
	p      *PartView
	cols   []int16
	stores []*column.Store
	kinds  []value.Kind

	source source
	rows   []uint32 // base rows of the last batch; nil when it is consecutive
	first  uint32   // first row of a consecutive batch
	buf    []uint32
	own    []*deltaRow // not yet yielded, in order
	last   []*deltaRow // of the last batch
	refs   []Ref
	n      int

	// A walk with own rows: their keys, and base rows already fetched.
	index   *partIndex
	keys    [][]byte
	reverse bool
	pending []uint32
	key     []byte
}

// source yields candidate row ids of the base.
type source interface {
	// next returns visible rows in dst, or n consecutive ones from first on
	// (rows nil). more is false at the end.
	next(p *PartView, dst []uint32) (rows []uint32, first uint32, n int, more bool)
}

// Scan reads the visible rows, in a stable order: of the whole partition when
// set is nil, of the row ids in it otherwise; then the rows of the
// transaction's delta, whether in the set or not.
func (p *PartView) Scan(set *index.Set, cols []int16) *Scan {
	s := p.newScan(cols)
	s.own = p.tv.own.own(p.id)
	if set != nil {
		s.source = &setSource{it: set.Iterator()}
	} else {
		s.source = &fullSource{to: p.part.versions.Len()}
	}
	return s
}

// ScanRange is Scan of the base rows with ids in [from, to), without the
// delta: a share of a partition for one of several goroutines. The rows of the delta come with the share that begins at 0.
func (p *PartView) ScanRange(from, to uint32, cols []int16) *Scan {
	s := p.newScan(cols)
	if from == 0 {
		s.own = p.tv.own.own(p.id)
	}
	s.source = &fullSource{at: from, to: min(to, p.part.versions.Len())}
	return s
}

func (p *PartView) newScan(cols []int16) *Scan {
	p.tv.scanned()
	s := &Scan{p: p, cols: cols, stores: make([]*column.Store, len(cols)), kinds: make([]value.Kind, len(cols))}
	for i, num := range cols {
		s.stores[i] = p.part.column(num)
		s.kinds[i] = s.stores[i].Type().Kind
	}
	s.buf = make([]uint32, 0, column.BatchRows)
	return s
}

// Walk reads the visible rows of a key range of a B-tree index in its order,
// or backwards, the transaction's own rows among them.
func (p *PartView) Walk(x *schema.Index, r KeyRange, reverse bool, cols []int16) *Scan {
	s := p.newScan(cols)
	s.index, s.reverse = p.part.index(x), reverse
	s.source = &walkSource{cur: s.index.tree.Walk(r.Lo, r.Hi, index.Direction(reverse))}
	for _, row := range p.tv.own.own(p.id) {
		var key []byte
		for _, c := range x.Columns {
			key = appendIndexValue(key, c, row.row[c.Num-1])
		}
		if bytes.Compare(key, r.Lo) >= 0 && (r.Hi == nil || bytes.Compare(key, r.Hi) < 0) {
			s.own, s.keys = append(s.own, row), append(s.keys, key)
		}
	}
	sort.Sort((*ownByKey)(s))
	return s
}

// ownByKey sorts a walk's own rows in its direction.
type ownByKey Scan

func (s *ownByKey) Len() int { return len(s.own) }
func (s *ownByKey) Less(i, j int) bool {
	return bytes.Compare(s.keys[i], s.keys[j]) < 0 != s.reverse && !bytes.Equal(s.keys[i], s.keys[j])
}
func (s *ownByKey) Swap(i, j int) {
	s.own[i], s.own[j] = s.own[j], s.own[i]
	s.keys[i], s.keys[j] = s.keys[j], s.keys[i]
}

// Next fills b with the next rows, at most column.BatchRows: b.Vecs[i] is
// column cols[i]. It returns false at the end.
func (s *Scan) Next(b *column.Batch) bool {
	if len(b.Vecs) != len(s.cols) {
		b.Vecs = make([]column.Vec, len(s.cols))
	}
	s.last = nil
	if s.index != nil && len(s.own) > 0 {
		return s.nextMerged(b)
	}
	if len(s.pending) > 0 {
		return s.gather(b, s.take(len(s.pending)))
	}
	for s.source != nil {
		rows, first, n, more := s.source.next(s.p, s.buf[:0])
		if !more {
			s.source = nil
		}
		if rows = s.visible(rows, first, n); rows != nil {
			if len(rows) > 0 {
				return s.gather(b, rows)
			}
		} else if n > 0 {
			return s.slice(b, first, n)
		}
	}
	return s.nextOwn(b, len(s.own))
}

// visible leaves out what the transaction has ended. It returns nil when rows is nil and
// nothing is to be left out.
func (s *Scan) visible(rows []uint32, first uint32, n int) []uint32 {
	own := s.p.tv.own
	if !own.hidesAny() {
		return rows
	}
	if rows == nil {
		rows = s.buf[:0]
		for row := first; row < first+uint32(n); row++ {
			rows = append(rows, row)
		}
	}
	kept := rows[:0]
	for _, row := range rows {
		if !own.hides(s.p.id, row) {
			kept = append(kept, row)
		}
	}
	return kept
}

func (s *Scan) gather(b *column.Batch, rows []uint32) bool {
	s.rows, s.n, b.N = rows, len(rows), len(rows)
	for i, c := range s.stores {
		c.Gather(&b.Vecs[i], rows)
	}
	return true
}

func (s *Scan) slice(b *column.Batch, first uint32, n int) bool {
	s.rows, s.first, s.n, b.N = nil, first, n, n
	for i, c := range s.stores {
		c.Slice(&b.Vecs[i], first, n)
	}
	return true
}

// nextOwn yields up to n own rows.
func (s *Scan) nextOwn(b *column.Batch, n int) bool {
	n = min(n, column.BatchRows)
	if n == 0 {
		b.N = 0
		return false
	}
	s.last, s.own = s.own[:n], s.own[n:]
	if s.keys != nil {
		s.keys = s.keys[n:]
	}
	fillOwn(b, s.last, s.cols, s.kinds)
	return true
}

// nextMerged yields base rows up to the next own key, or own rows up to the
// next base key.
func (s *Scan) nextMerged(b *column.Batch) bool {
	for len(s.pending) == 0 && s.source != nil {
		rows, first, n, more := s.source.next(s.p, s.buf[:0])
		if !more {
			s.source = nil
		}
		s.pending = s.visible(rows, first, n)
	}
	if len(s.pending) == 0 {
		return s.nextOwn(b, len(s.own))
	}
	n := sort.Search(len(s.pending), func(i int) bool { return !s.before(s.rowKey(s.pending[i]), s.keys[0]) })
	if n > 0 {
		return s.gather(b, s.take(n))
	}
	key := s.rowKey(s.pending[0])
	n = sort.Search(len(s.own), func(i int) bool { return s.before(key, s.keys[i]) })
	return s.nextOwn(b, n)
}

func (s *Scan) take(n int) []uint32 {
	rows := s.pending[:n]
	s.pending = s.pending[n:]
	return rows
}

func (s *Scan) rowKey(row uint32) []byte {
	s.key = s.index.AppendKey(s.key[:0], row)
	return s.key
}

// before says whether key a comes strictly before b in the walk's direction.
func (s *Scan) before(a, b []byte) bool {
	if s.reverse {
		return bytes.Compare(a, b) > 0
	}
	return bytes.Compare(a, b) < 0
}

// Own says whether the last batch has rows of the transaction's delta, to
// which a set was not applied: the statement's whole condition must be tested on them.
func (s *Scan) Own() bool { return s.last != nil }

// Refs returns the names of the last batch's rows, valid until the next.
func (s *Scan) Refs() []Ref {
	s.refs = s.refs[:0]
	part := uint16(s.p.id)
	switch {
	case s.last != nil:
		for _, r := range s.last {
			s.refs = append(s.refs, Ref{part, true, r.id})
		}
	case s.rows != nil:
		for _, row := range s.rows {
			s.refs = append(s.refs, Ref{part, false, row})
		}
	default:
		for i := range uint32(s.n) {
			s.refs = append(s.refs, Ref{part, false, s.first + i})
		}
	}
	return s.refs
}

// fullSource yields the rows of a range of row ids.
type fullSource struct{ at, to uint32 }

func (f *fullSource) next(p *PartView, dst []uint32) ([]uint32, uint32, int, bool) {
	if f.at >= f.to {
		return dst, 0, 0, false
	}
	first := f.at
	seg, from := int(first/column.SegmentRows), int(first%column.SegmentRows)
	n := min(column.BatchRows, int(f.to-first), column.SegmentRows-from)
	f.at += uint32(n)
	v := p.part.versions
	if all, begin, ok := v.AllVisible(seg); ok && from+n <= all && begin <= p.tv.view.snapshot {
		return nil, first, n, true
	}
	return v.VisibleRange(seg, from, n, p.tv.view.snapshot, p.tv.view.resolveStamp, dst), 0, 0, true
}

// setSource yields the rows of a set.
type setSource struct {
	it  *index.Iterator
	ids [column.BatchRows]uint32
}

func (s *setSource) next(p *PartView, dst []uint32) ([]uint32, uint32, int, bool) {
	n := s.it.NextMany(s.ids[:])
	return p.part.versions.VisibleRows(s.ids[:n], p.tv.view.snapshot, p.tv.view.resolveStamp, dst), 0, 0, n > 0
}

// walkSource yields rows in the order of an index: few at first, for those who
// want only the first.
type walkSource struct {
	cur  *index.Cursor
	ids  [column.BatchRows]uint32
	size int
}

func (s *walkSource) next(p *PartView, dst []uint32) ([]uint32, uint32, int, bool) {
	s.size = min(max(2*s.size, 32), len(s.ids))
	n := s.cur.NextMany(s.ids[:s.size])
	return p.part.versions.VisibleRows(s.ids[:n], p.tv.view.snapshot, p.tv.view.resolveStamp, dst), 0, 0, n > 0
}
