package index

import (
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// bitmapPosting is a posting of many rows: a roaring bitmap, and the last rows that a feed has brought.
//
// To append a row to a bitmap takes three calls through interfaces and a write barrier, for the dates in a feed of homes
// thirty times a row. So rows that come behind all others, in a segment of 65,536 that the bitmap has nothing of,
// wait in open. They become a container of the bitmap when they are many, when rows of the next segment
// come, or when somebody asks; what comes to that segment from then on goes to the bitmap. The dictionary's latch
// guards it.
type bitmapPosting struct {
	bm *roaring.Bitmap
	// snap is a lightweight copy that was given out since bm last changed: it shares bm's containers, which bm
	// copies before it writes to them.
	snap *roaring.Bitmap
	n    int
	last uint32   // no row is larger
	segs uint32   // bm has no rows from this segment on
	open []uint16 // low halves of rows that ascend and are behind bm's: all of the segment of last
	// counted is what the account has for it, recounted at nextCount rows.
	counted   int64
	nextCount int
}

const (
	// containerList is how many values a roaring container keeps as a list; one of more is a bitmap of 8 KiB.
	containerList = 4096
	// maxOpen is more: a segment of a few more rows becomes a bitmap when it is over.
	maxOpen = containerList + containerList/2
	// bitmapOverhead is about what a bitmap costs beside its containers.
	bitmapOverhead = 200
)

// newBitmapPosting returns a posting of rows, which ascend, at least one.
func newBitmapPosting(rows []uint32) *bitmapPosting {
	b := &bitmapPosting{bm: roaring.New()}
	b.bm.SetCopyOnWrite(true)
	b.appendRows(rows)
	return b
}

// add adds a row and says whether it was not there.
func (b *bitmapPosting) add(row uint32) bool {
	if !b.change().CheckedAdd(row) {
		return false
	}
	b.n++
	b.reach(row)
	return true
}

// reach follows the largest row that was put in the bitmap.
func (b *bitmapPosting) reach(row uint32) {
	b.last = max(b.last, row)
	b.segs = max(b.segs, segmentOf(row)+1)
}

func segmentOf(row uint32) uint32 { return row >> 16 }

// addRows adds rows, at least one.
func (b *bitmapPosting) addRows(rows []uint32) {
	if b.behind(rows) {
		b.appendRows(rows)
		return
	}
	if len(rows) < 4 {
		for _, row := range rows {
			b.add(row)
		}
		return
	}
	b.change().AddMany(rows)
	b.n = int(b.bm.GetCardinality())
	b.reach(slices.Max(rows))
}

// behind says whether rows ascend from behind all that are there.
func (b *bitmapPosting) behind(rows []uint32) bool {
	last := b.last
	for _, row := range rows {
		if row <= last {
			return false
		}
		last = row
	}
	return true
}

// appendRows adds rows that ascend from behind all that are there, at least one.
func (b *bitmapPosting) appendRows(rows []uint32) {
	b.n += len(rows)
	for len(rows) > 0 {
		seg, n := segmentOf(rows[0]), len(rows)
		if segmentOf(rows[n-1]) != seg {
			n, _ = slices.BinarySearch(rows, (seg+1)<<16)
		}
		b.appendSegment(seg, rows[:n])
		rows = rows[n:]
	}
}

// appendSegment is appendRows for rows of one segment.
func (b *bitmapPosting) appendSegment(seg uint32, rows []uint32) {
	if seg != segmentOf(b.last) || len(b.open)+len(rows) > maxOpen {
		b.close()
	}
	b.last = rows[len(rows)-1]
	if seg < b.segs || len(rows) > maxOpen {
		b.change().AddMany(rows)
		b.segs = seg + 1
		return
	}
	at := len(b.open)
	b.open = slices.Grow(b.open, len(rows))[:at+len(rows)]
	for i, row := range rows {
		b.open[at+i] = uint16(row)
	}
}

// close puts the open rows in the bitmap.
func (b *bitmapPosting) close() {
	if len(b.open) == 0 {
		return
	}
	if len(b.open) > containerList {
		// Of a container that it has not, the bitmap would keep the bytes as they are: with their head, a size class more than
		// the 8 KiB of its own.
		b.bm.Add(b.last)
	}
	b.bm.Or(containerOf(uint16(segmentOf(b.last)), b.open))
	b.segs = segmentOf(b.last) + 1
	b.open, b.snap = nil, nil
}

// openRows appends the open rows.
func (b *bitmapPosting) openRows(dst []uint32) []uint32 {
	high := b.last &^ 0xFFFF
	for _, low := range b.open {
		dst = append(dst, high|uint32(low))
	}
	return dst
}

// containerOf returns a bitmap of values that ascend and have one high half. It writes them as a
// bitmap is stored (github.com/RoaringBitmap/RoaringFormatSpec), which is the one way to give roaring
// many at once. The bitmap keeps those bytes and copies them before it changes them.
func containerOf(high uint16, lows []uint16) *roaring.Bitmap {
	const cookieNoRuns, headBytes, bitmapBytes = 12346, 16, 8192
	b := make([]byte, 0, headBytes+min(2*len(lows), bitmapBytes))
	b = binary.LittleEndian.AppendUint32(b, cookieNoRuns)
	b = binary.LittleEndian.AppendUint32(b, 1) // containers
	b = binary.LittleEndian.AppendUint16(b, high)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(lows)-1))
	b = binary.LittleEndian.AppendUint32(b, headBytes) // where the first one is
	if len(lows) > containerList {
		b = b[:headBytes+bitmapBytes]
		bits := b[headBytes:]
		for _, low := range lows {
			bits[low/8] |= 1 << (low % 8)
		}
	} else {
		for _, low := range lows {
			b = binary.LittleEndian.AppendUint16(b, low)
		}
	}
	bm := roaring.New()
	_, err := bm.FromUnsafeBytes(b)
	invariant.Check(err == nil, "a container of %d values: %v", len(lows), err)
	return bm
}

// change returns the bitmap of all rows for writing.
func (b *bitmapPosting) change() *roaring.Bitmap {
	b.close()
	b.snap = nil
	return b.bm
}

// remove takes a row out and says whether it was there.
func (b *bitmapPosting) remove(row uint32) bool {
	if !b.change().CheckedRemove(row) {
		return false
	}
	b.n--
	return true
}

// set returns the rows; ok is false when that needs a snapshot.
func (b *bitmapPosting) set() (s Set, ok bool) {
	switch {
	case len(b.open) > 0:
		return Set{}, false
	case b.n <= maxList:
		return Set{list: b.bm.ToArray()}, true
	case b.snap == nil:
		return Set{}, false
	}
	return Set{bm: b.snap}, true
}

// snapshot makes set possible.
func (b *bitmapPosting) snapshot() {
	b.close()
	if b.snap == nil && b.n > maxList {
		b.snap = b.bm.Clone()
	}
}

// rows returns all rows.
func (b *bitmapPosting) rows() []uint32 { return b.openRows(b.bm.ToArray()) }

// bytes returns about the memory used.
func (b *bitmapPosting) bytes() int64 {
	return int64(b.bm.GetSizeInBytes()) + int64(cap(b.open))*2 + bitmapOverhead
}
