package column

import (
	"sync/atomic"
)

// SegmentRows is the most rows a segment holds; a row id's segment is
// row / SegmentRows.
const (
	SegmentRows = 1 << segmentBits

	segmentBits   = 16
	segmentMask   = SegmentRows - 1
	firstCapacity = 64
	laterCapacity = 4096
)

// segments is the list of a column's segments, each behind a pointer that is
// replaced when the segment grows or changes its form. One writer, lock-free
// readers.
type segments[T any] struct {
	list atomic.Pointer[[]atomic.Pointer[T]]
}

// load returns a segment, nil when it has nothing yet.
func (s *segments[T]) load(seg int) *T {
	list := s.list.Load()
	if list == nil || seg >= len(*list) {
		return nil
	}
	return (*list)[seg].Load()
}

// count returns the number of segments, those that have nothing included.
func (s *segments[T]) count() int {
	if list := s.list.Load(); list != nil {
		return len(*list)
	}
	return 0
}

// store publishes a segment. Writer only.
func (s *segments[T]) store(seg int, t *T) {
	var list []atomic.Pointer[T]
	if p := s.list.Load(); p != nil {
		list = *p
	}
	if seg >= len(list) {
		grown := make([]atomic.Pointer[T], max(seg+1, len(list)*3/2))
		for i := range list {
			grown[i].Store(list[i].Load())
		}
		grown[seg].Store(t)
		s.list.Store(&grown)
		return
	}
	list[seg].Store(t)
}

// capacityFor returns the rows that a segment of old rows' capacity grows to
// in order to hold n: doubled from 64, so that a small collection stays small, or
// from 4096 when the collection has other segments already.
func capacityFor(seg, old, n int) int {
	c := max(old, firstCapacity)
	if seg > 0 {
		c = max(old, laterCapacity)
	}
	for c < n {
		c *= 2
	}
	return c
}

// bits is a bitmap whose words are read and written atomically.
type bits []uint32

func newBits(n int) bits { return make(bits, (n+31)/32) }

func (b bits) get(i int) bool { return atomic.LoadUint32(&b[i>>5])>>(i&31)&1 != 0 }

// set is the writer's.
func (b bits) set(i int, on bool) {
	w := b[i>>5] &^ (1 << (i & 31))
	if on {
		w |= 1 << (i & 31)
	}
	if w != b[i>>5] {
		atomic.StoreUint32(&b[i>>5], w)
	}
}

// grown returns a copy with room for n bits.
func (b bits) grown(n int) bits {
	g := newBits(n)
	copy(g, b) // the writer's own words
	return g
}

// fill sets all bits of words that no reader knows yet.
func (b bits) fill() {
	for i := range b {
		b[i] = ^uint32(0)
	}
}
