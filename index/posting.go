package index

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
)

// posting is the set of rows of one dictionary key, in a word:
//
//	bits 0-1  its form
//	one row   bits 32-63: the row
//	a list    bits 2-4: size class, 5-11: rows, 16-63: block in the class
//	a bitmap  bits 32-63: place in postings.bitmaps
//	none      bits 32-63: the next free entry, complemented
//
// Most keys of most columns have few rows: a bitmap of 4 rows costs 71 bytes a row
// and objects for the collector, a list 4 to 8 and none (DESIGN 3).
type posting uint64

const (
	formNone posting = iota
	formOne
	formList
	formBitmap
	formMask posting = 3

	// A list that is full at maxPosting becomes a bitmap, one that shrinks to
	// minBitmap a list again; the gap keeps a posting from going back and forth.
	maxPosting = 64
	minBitmap  = 32
)

func onePosting(row uint32) posting { return formOne | posting(row)<<32 }
func (p posting) form() posting     { return p & formMask }
func (p posting) high() uint32      { return uint32(p >> 32) }

func listPosting(class, n int, block uint32) posting {
	return formList | posting(class)<<2 | posting(n)<<5 | posting(block)<<16
}

func (p posting) class() int    { return int(p >> 2 & 7) }
func (p posting) listLen() int  { return int(p >> 5 & 127) }
func (p posting) block() uint32 { return uint32(p >> 16) }

// postings is the memory that the postings of a dictionary refer to.
// Whoever calls holds the dictionary's latch.
type postings struct {
	acct    *column.Account
	classes [listClasses]blocks
	bitmaps []*bitmapPosting // nil where free
	free    []uint32         // free places in bitmaps
}

// add adds a row and says whether it was not there.
func (ps *postings) add(p posting, row uint32) (posting, bool) {
	switch p.form() {
	case formNone:
		return onePosting(row), true
	case formOne:
		if p.high() == row {
			return p, false
		}
		class, block := ps.allot(2)
		b := ps.classes[class].at(class, block)
		b[0], b[1] = min(p.high(), row), max(p.high(), row)
		return listPosting(class, 2, block), true
	case formList:
		return ps.addToList(p, row)
	}
	b := ps.bitmaps[p.high()]
	if !b.add(row) {
		return p, false
	}
	ps.count(b)
	return p, true
}

func (ps *postings) addToList(p posting, row uint32) (posting, bool) {
	n := p.listLen()
	list := ps.list(p)
	i := n
	if list[n-1] >= row {
		var found bool
		if i, found = slices.BinarySearch(list, row); found {
			return p, false
		}
	}
	if n == maxPosting {
		return ps.toBitmap(p, slices.Insert(slices.Clone(list), i, row)), true
	}
	if n == listCap(p.class()) {
		p = ps.moveList(p, n+1)
	}
	block := ps.classes[p.class()].at(p.class(), p.block())
	copy(block[i+1:n+1], block[i:n])
	block[i] = row
	return listPosting(p.class(), n+1, p.block()), true
}

// addRows adds rows, best ascending, and returns how many were not there.
func (ps *postings) addRows(p posting, rows []uint32) (_ posting, added int) {
	for len(rows) > 0 && p.form() != formBitmap {
		var ok bool
		if p, ok = ps.add(p, rows[0]); ok {
			added++
		}
		rows = rows[1:]
	}
	if len(rows) == 0 {
		return p, added
	}
	b := ps.bitmaps[p.high()]
	before := b.n
	b.addRows(rows)
	ps.count(b)
	return p, added + b.n - before
}

// remove takes a row out and says whether it was there.
func (ps *postings) remove(p posting, row uint32) (posting, bool) {
	switch p.form() {
	case formOne:
		if p.high() == row {
			return formNone, true
		}
		return p, false
	case formList:
		return ps.removeFromList(p, row)
	case formBitmap:
		b := ps.bitmaps[p.high()]
		if !b.remove(row) {
			return p, false
		}
		if b.n <= minBitmap {
			return ps.toList(p), true
		}
		return p, true
	}
	return p, false
}

func (ps *postings) removeFromList(p posting, row uint32) (posting, bool) {
	list := ps.list(p)
	i, ok := slices.BinarySearch(list, row)
	if !ok {
		return p, false
	}
	n := len(list) - 1
	copy(list[i:], list[i+1:])
	p = listPosting(p.class(), n, p.block())
	if n == 1 {
		last := list[0]
		ps.classes[p.class()].release(p.class(), p.block())
		return onePosting(last), true
	}
	if p.class() > 0 && n <= listCap(p.class())/4 {
		p = ps.moveList(p, n)
	}
	return p, true
}

// list returns the rows of a list posting, in place.
func (ps *postings) list(p posting) []uint32 {
	return ps.classes[p.class()].at(p.class(), p.block())[:p.listLen()]
}

// moveList puts a list in a block with room for n rows.
func (ps *postings) moveList(p posting, n int) posting {
	class, block := ps.allot(n)
	copy(ps.classes[class].at(class, block), ps.list(p))
	ps.classes[p.class()].release(p.class(), p.block())
	return listPosting(class, p.listLen(), block)
}

// toBitmap replaces a list by a bitmap of rows, which ascend.
func (ps *postings) toBitmap(p posting, rows []uint32) posting {
	b := newBitmapPosting(rows)
	ps.classes[p.class()].release(p.class(), p.block())
	ps.count(b)
	if n := len(ps.free); n > 0 {
		place := ps.free[n-1]
		ps.free = ps.free[:n-1]
		ps.bitmaps[place] = b
		return formBitmap | posting(place)<<32
	}
	ps.bitmaps = append(ps.bitmaps, b)
	return formBitmap | posting(len(ps.bitmaps)-1)<<32
}

// toList turns a bitmap into a list.
func (ps *postings) toList(p posting) posting {
	b := ps.bitmaps[p.high()]
	class, block := ps.allot(b.n)
	list := ps.classes[class].at(class, block)[:b.n]
	b.change().ToExistingArray(&list)
	ps.acct.Add(-b.counted)
	ps.bitmaps[p.high()] = nil
	ps.free = append(ps.free, p.high())
	return listPosting(class, b.n, block)
}

// count keeps the account near a bitmap's size without asking it each time.
func (ps *postings) count(b *bitmapPosting) {
	if b.n < b.nextCount {
		return
	}
	size := b.bytes()
	ps.acct.Add(size - b.counted)
	b.counted = size
	b.nextCount = b.n + max(16, b.n/8)
}

// len returns the number of rows.
func (ps *postings) len(p posting) int {
	switch p.form() {
	case formOne:
		return 1
	case formList:
		return p.listLen()
	case formBitmap:
		return ps.bitmaps[p.high()].n
	}
	return 0
}

// set returns the rows; ok is false when that needs a new snapshot of a bitmap, which
// takes the latch for writing.
func (ps *postings) set(p posting) (s Set, ok bool) {
	switch p.form() {
	case formOne:
		return Set{list: []uint32{p.high()}}, true
	case formList:
		return Set{list: slices.Clone(ps.list(p))}, true
	case formBitmap:
		b := ps.bitmaps[p.high()]
		return b.set()
	}
	return Set{}, true
}

// snapshot makes a bitmap's lightweight copy; the latch is held for writing.
func (ps *postings) snapshot(p posting) {
	if p.form() != formBitmap {
		return
	}
	ps.bitmaps[p.high()].snapshot()
}

// Lists lie in blocks of 2, 4 ... 64 rows, and blocks in pages.
const (
	listClasses = 6
	pageRows    = 1024
	pageBytes   = pageRows * 4
)

func listCap(class int) int { return 2 << class }

// allot returns a block with room for n rows.
func (ps *postings) allot(n int) (class int, block uint32) {
	for listCap(class) < n {
		class++
	}
	return class, ps.classes[class].allot(class, ps.acct)
}

// blocks is the memory of one size class.
type blocks struct {
	pages [][]uint32
	used  uint32 // blocks that have ever been in use
	free  uint32 // the first free block plus one; it holds the next one
}

// at returns a block.
func (b *blocks) at(class int, block uint32) []uint32 {
	perPage := uint32(pageRows / listCap(class))
	from := int(block%perPage) * listCap(class)
	return b.pages[block/perPage][from : from+listCap(class)]
}

func (b *blocks) allot(class int, acct *column.Account) uint32 {
	if b.free != 0 {
		block := b.free - 1
		b.free = b.at(class, block)[0]
		return block
	}
	if int(b.used)*listCap(class) == len(b.pages)*pageRows {
		b.pages = append(b.pages, make([]uint32, pageRows))
		acct.Add(pageBytes)
	}
	b.used++
	return b.used - 1
}

func (b *blocks) release(class int, block uint32) {
	b.at(class, block)[0] = b.free
	b.free = block + 1
}
