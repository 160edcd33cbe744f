package index

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/value"
)

// Rows gives an index the keys of rows, which it does not keep itself. Safe
// for concurrent use.
type Rows interface {
	// AppendKey appends the index key of a row that has been added and not
	// removed.
	AppendKey(dst []byte, row uint32) []byte
}

// KeyColumn is one column of a B-tree's key.
type KeyColumn struct {
	Kind value.Kind
	Desc bool // encoded by value.AppendKeyDesc
}

// nullKey returns the key of NULL in an index of one column; nil for several.
func nullKey(cols []KeyColumn) []byte {
	if len(cols) != 1 {
		return nil
	}
	null := value.Null(cols[0].Kind)
	if cols[0].Desc {
		return value.AppendKeyDesc(nil, null)
	}
	return value.AppendKey(nil, null)
}

// item is a (key, row) pair: 16 bytes and no pointer.
//
// It holds the head of the key: its first headBytes, padded with zeros, and
// its length up to one more. Heads sort as their keys do, and equal ones
// are of equal keys unless both have more; only then the full keys are
// fetched from the rows. Integers, timestamps, floats, most numerics and
// short texts never have more.
type item struct {
	prefix uint64 // key bytes 0-7, big-endian
	tail   uint32 // key bytes 8-10, big-endian, and a byte of min(length, longKey)
	row    uint32
}

const (
	headBytes = 11
	longKey   = headBytes + 1
)

// itemOf returns the item of a key and a row.
func itemOf(key []byte, row uint32) item {
	var head [headBytes + 1]byte
	copy(head[:headBytes], key)
	head[headBytes] = byte(min(len(key), longKey))
	return item{
		prefix: binary.BigEndian.Uint64(head[:8]),
		tail:   binary.BigEndian.Uint32(head[8:]),
		row:    row,
	}
}

// long says whether the key has more bytes than the item.
func (a item) long() bool { return a.tail&0xFF == longKey }

// compareHeads orders two items as far as their heads tell: 0 when the keys
// are equal or both have more.
func compareHeads(a, b item) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return cmp.Compare(a.tail, b.tail)
}

// probe is a place in the order of a tree that a search looks for, with its
// full key. A place with row 0 is before all rows of its key.
type probe struct {
	item
	key []byte
}

func newProbe(key []byte, row uint32) probe { return probe{itemOf(key, row), key} }

// comparer compares items, fetching keys from rows. One goroutine uses it.
type comparer struct {
	rows Rows
	a, b []byte
}

// compare orders two items of the tree by key, then by row.
func (c *comparer) compare(a, b item) int {
	if o := compareHeads(a, b); o != 0 {
		return o
	}
	if a.long() && a.row != b.row {
		c.a = c.rows.AppendKey(c.a[:0], a.row)
		c.b = c.rows.AppendKey(c.b[:0], b.row)
		if o := bytes.Compare(c.a, c.b); o != 0 {
			return o
		}
	}
	return cmp.Compare(a.row, b.row)
}

// after says whether a comes after b, by compare; that is mostly clear at once.
func (c *comparer) after(a, b item) bool {
	if a.prefix != b.prefix {
		return a.prefix > b.prefix
	}
	return c.afterTail(a, b)
}

func (c *comparer) afterTail(a, b item) bool {
	if a.tail == b.tail && a.long() {
		return c.compare(a, b) > 0
	}
	return uint64(a.tail)<<32|uint64(a.row) > uint64(b.tail)<<32|uint64(b.row)
}

// upper returns how many of some sorted items are not after x.
func (c *comparer) upper(items []item, x item) int {
	from, to := 0, len(items)
	for from < to {
		mid := int(uint(from+to) / 2)
		if c.after(items[mid], x) {
			to = mid
		} else {
			from = mid + 1
		}
	}
	return from
}

// compareProbe orders an item and a probe.
func (c *comparer) compareProbe(a item, p *probe) int {
	if o := c.compareKey(a, p); o != 0 {
		return o
	}
	return cmp.Compare(a.row, p.row)
}

// compareKey orders the keys of an item and a probe.
func (c *comparer) compareKey(a item, p *probe) int {
	if o := compareHeads(a, p.item); o != 0 || !a.long() {
		return o
	}
	c.a = c.rows.AppendKey(c.a[:0], a.row)
	return bytes.Compare(c.a, p.key)
}
