package index

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Set is an immutable set of row ids, the answer of every index and the
// operand of the set algebra. The zero Set is empty. Safe for concurrent use.
//
// Up to maxList rows are a sorted list, more a roaring bitmap, whose
// containers may be shared with other Sets and with a Dictionary's posting:
// nobody writes to them.
type Set struct {
	list []uint32
	bm   *roaring.Bitmap // more than maxList rows; nil when list is used
}

// maxList is where lists end: a thousand rows are answered as fast from a list, and making a
// bitmap costs a microsecond a container.
const maxList = 1024

// FromSorted returns the set of ascending row ids without duplicates. It
// keeps the slice.
func FromSorted(rows []uint32) Set {
	if len(rows) <= maxList {
		return Set{list: rows}
	}
	bm := roaring.New()
	bm.AddMany(rows)
	return Set{bm: bm}
}

// FromUnsorted returns the set of row ids in any order, with duplicates or
// not. It keeps the slice and sorts it.
func FromUnsorted(rows []uint32) Set {
	if len(rows) > maxList {
		bm := roaring.New()
		bm.AddMany(rows)
		return fromBitmap(bm)
	}
	slices.Sort(rows)
	return Set{list: slices.Compact(rows)}
}

// Span returns the set of all row ids in [from, to).
func Span(from, to uint32) Set {
	if from >= to {
		return Set{}
	}
	if to-from <= maxList {
		list := make([]uint32, 0, to-from)
		for row := from; row < to; row++ {
			list = append(list, row)
		}
		return Set{list: list}
	}
	bm := roaring.New()
	bm.AddRange(uint64(from), uint64(to))
	return Set{bm: bm}
}

// fromBitmap returns the set of a bitmap that nobody will change.
func fromBitmap(bm *roaring.Bitmap) Set {
	if bm.GetCardinality() <= maxList {
		return Set{list: bm.ToArray()}
	}
	return Set{bm: bm}
}

// bitmap returns the set as a bitmap, which must not be changed.
func (s Set) bitmap() *roaring.Bitmap {
	if s.bm != nil {
		return s.bm
	}
	bm := roaring.New()
	bm.AddMany(s.list)
	return bm
}

// Union returns the union of many sets.
func Union(sets ...Set) Set {
	var (
		lists []uint32
		bms   []*roaring.Bitmap
	)
	for _, s := range sets {
		if s.bm != nil {
			bms = append(bms, s.bm)
		} else {
			lists = append(lists, s.list...)
		}
	}
	if len(bms) == 0 {
		return FromUnsorted(lists)
	}
	if len(lists) > 0 {
		bm := roaring.New()
		bm.AddMany(lists)
		bms = append(bms, bm)
	}
	if len(bms) == 1 {
		return Set{bm: bms[0]}
	}
	return Set{bm: roaring.FastOr(bms...)}
}

// Len returns the number of rows.
func (s Set) Len() int {
	if s.bm != nil {
		return int(s.bm.GetCardinality())
	}
	return len(s.list)
}

// Empty says whether there are no rows.
func (s Set) Empty() bool { return s.bm == nil && len(s.list) == 0 }

// Contains says whether row is in the set.
func (s Set) Contains(row uint32) bool {
	if s.bm != nil {
		return s.bm.Contains(row)
	}
	_, ok := slices.BinarySearch(s.list, row)
	return ok
}

// And returns the intersection.
func (s Set) And(o Set) Set {
	switch {
	case s.bm != nil && o.bm != nil:
		return fromBitmap(roaring.And(s.bm, o.bm))
	case s.bm != nil:
		return Set{list: filter(o.list, s.bm, true)}
	case o.bm != nil:
		return Set{list: filter(s.list, o.bm, true)}
	}
	return Set{list: intersect(nil, s.list, o.list)}
}

// Or returns the union.
func (s Set) Or(o Set) Set {
	switch {
	case s.Empty():
		return o
	case o.Empty():
		return s
	case s.bm == nil && o.bm == nil:
		return FromSorted(merge(make([]uint32, 0, len(s.list)+len(o.list)), s.list, o.list))
	}
	return Set{bm: roaring.Or(s.bitmap(), o.bitmap())}
}

// AndNot returns the rows of s that are not in o.
func (s Set) AndNot(o Set) Set {
	switch {
	case s.Empty() || o.Empty():
		return s
	case s.bm != nil:
		return fromBitmap(roaring.AndNot(s.bm, o.bitmap()))
	case o.bm != nil:
		return Set{list: filter(s.list, o.bm, false)}
	}
	return Set{list: subtract(nil, s.list, o.list)}
}

// Not returns the rows of [0, universe) that are not in s.
func (s Set) Not(universe uint32) Set { return Span(0, universe).AndNot(s) }

// filter returns those of rows that are, or are not, in bm.
func filter(rows []uint32, bm *roaring.Bitmap, in bool) []uint32 {
	var out []uint32
	for _, row := range rows {
		if bm.Contains(row) == in {
			out = append(out, row)
		}
	}
	return out
}

// lopsided is the ratio of lengths from which on searching the long list for
// each row of the short one beats walking both.
const lopsided = 16

// intersect appends the rows that are in both of two sorted lists.
func intersect(dst, a, b []uint32) []uint32 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a)*lopsided < len(b) {
		for _, row := range a {
			i, ok := slices.BinarySearch(b, row)
			if ok {
				dst = append(dst, row)
			}
			b = b[i:]
		}
		return dst
	}
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			dst = append(dst, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return dst
}

// merge appends the rows that are in either of two sorted lists.
func merge(dst, a, b []uint32) []uint32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			dst, a = append(dst, a[0]), a[1:]
		case a[0] > b[0]:
			dst, b = append(dst, b[0]), b[1:]
		default:
			dst, a, b = append(dst, a[0]), a[1:], b[1:]
		}
	}
	return append(append(dst, a...), b...)
}

// subtract appends the rows of a that are not in b; both are sorted.
func subtract(dst, a, b []uint32) []uint32 {
	for _, row := range a {
		for len(b) > 0 && b[0] < row {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != row {
			dst = append(dst, row)
		}
	}
	return dst
}

// AppendTo appends the rows, ascending.
func (s Set) AppendTo(dst []uint32) []uint32 {
	if s.bm == nil {
		return append(dst, s.list...)
	}
	n := len(dst)
	dst = slices.Grow(dst, s.Len())[:n+s.Len()]
	rest := dst[n:]
	s.bm.ToExistingArray(&rest)
	return dst
}

// Iterator returns an iterator at the first row.
func (s Set) Iterator() *Iterator {
	it := &Iterator{list: s.list}
	if s.bm != nil {
		it.many = s.bm.ManyIterator()
	}
	return it
}

// Iterator reads a Set in batches, ascending. One goroutine uses it.
type Iterator struct {
	list []uint32
	many roaring.ManyIntIterable
}

// NextMany fills dst with the next rows and returns how many there were: 0 at
// the end.
func (it *Iterator) NextMany(dst []uint32) int {
	if it.many != nil {
		return it.many.NextMany(dst)
	}
	n := copy(dst, it.list)
	it.list = it.list[n:]
	return n
}
