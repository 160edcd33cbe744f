package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// groupTable numbers the distinct rows of some key columns from 0, in the order in which they are first
// seen. Equality is that of the key encoding; NULLs are equal.
//
// It is an open-addressed table of group numbers beside the high bits of their hashes; the keys themselves are
// compared in the columns of the first rows.
type groupTable struct {
	kinds []value.Kind
	keys  []column.Vec // the first row of each group
	n     int

	slots  []groupSlot // nil without keys
	shift  uint        // of a hash
	hash   *hasher
	one    *hasher // of single rows
	codes  codeTable
	groups []uint32
	row    []column.Vec // one row, for group
}

// groupSlot is a place of the table: some bits of a hash, and the group + 1 that has it; 0 is free.
type groupSlot struct{ tag, group uint32 }

// firstSlots is the size of a new table, a power of two.
const firstSlots = 64

func newGroupTable(kinds []value.Kind) *groupTable {
	t := &groupTable{kinds: kinds, keys: make([]column.Vec, len(kinds))}
	for i, k := range kinds {
		t.keys[i].Reset(k)
	}
	if len(kinds) == 0 {
		t.n = 1 // the one group of everything
		return t
	}
	t.hash, t.one = newHasher(t.keys), newHasher(t.keys)
	t.slots, t.shift = make([]groupSlot, firstSlots), 64-6
	return t
}

// add returns the group of each selected row, by row number of a batch of n rows; nil when there are no
// keys.
func (t *groupTable) add(keys []column.Vec, n int, sel []int32) []uint32 {
	if len(keys) == 0 {
		return nil
	}
	if cap(t.groups) < n {
		t.groups = make([]uint32, max(n, column.BatchRows))
	}
	groups := t.groups[:n]
	if t.codes.fits(keys) {
		t.addCodes(keys, n, sel, groups)
		return groups
	}
	hashes := t.hash.run(keys, n, sel)
	if len(keys) == 1 && keys[0].Kind.Rep() == value.RepInt && keys[0].Nulls == nil && !keys[0].Const {
		t.addInts(keys, hashes, n, sel, groups)
		return groups
	}
	forRows(n, sel, func(row int) { groups[row] = t.find(keys, row, hashes[row]) })
	return groups
}

// forRows calls f for the selected rows.
func forRows(n int, sel []int32, f func(row int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, i := range sel {
		f(int(i))
	}
}

// addInts is add for one integer key without NULLs; neighbours are often of one group.
func (t *groupTable) addInts(keys []column.Vec, hashes []uint64, n int, sel []int32, groups []uint32) {
	v := keys[0].I
	last, lastGroup, known := int64(0), uint32(0), false
	forRows(n, sel, func(row int) {
		x := v[row]
		if !known || x != last {
			last, lastGroup, known = x, t.findInt(keys, row, hashes[row]), true
		}
		groups[row] = lastGroup
	})
}

// findInt is find for one integer key that is not NULL.
func (t *groupTable) findInt(keys []column.Vec, row int, hash uint64) uint32 {
	x, own := keys[0].I[row], &t.keys[0]
	tag, mask := uint32(hash), len(t.slots)-1
	for i := int(hash >> t.shift); ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.group == 0 {
			return t.insert(keys, row, hash, i)
		}
		if g := s.group - 1; s.tag == tag && own.I[g] == x && (own.Nulls == nil || !own.Nulls[g]) {
			return g
		}
	}
}

// find returns the group of a row with a hash, and makes it when it is new.
func (t *groupTable) find(keys []column.Vec, row int, hash uint64) uint32 {
	tag, mask := uint32(hash), len(t.slots)-1
	for i := int(hash >> t.shift); ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.group == 0 {
			return t.insert(keys, row, hash, i)
		}
		if s.tag == tag && t.same(keys, row, int(s.group-1)) {
			return s.group - 1
		}
	}
}

// same says whether a row has the keys of a group.
func (t *groupTable) same(keys []column.Vec, row, group int) bool {
	for i := range keys {
		if !sameKey(&keys[i], row, &t.keys[i], group) {
			return false
		}
	}
	return true
}

// sameKey says whether element i of a is element j of b, NULLs being equal. b is no constant and has no codes.
func sameKey(a *column.Vec, i int, b *column.Vec, j int) bool {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		return an && bn
	}
	if a.Const {
		i = 0
	}
	switch {
	case a.Kind.Rep() == value.RepInt:
		return a.I[i] == b.I[j]
	case !bytesAreKey(a.Kind) || !bytesAreKey(b.Kind):
		return value.Compare(a.Value(i), b.Value(j)) == 0
	case a.Codes != nil:
		return a.Dict.String(a.Codes[i]) == b.S[j]
	}
	return a.S[i] == b.S[j]
}

// insert makes a new group of a row, in a free slot.
func (t *groupTable) insert(keys []column.Vec, row int, hash uint64, slot int) uint32 {
	for i := range keys {
		t.keys[i].Append(keys[i].Value(row).WithKind(t.kinds[i]))
	}
	t.slots[slot] = groupSlot{uint32(hash), uint32(t.n) + 1}
	t.n++
	if 2*t.n > len(t.slots) {
		t.grow()
	}
	return uint32(t.n - 1)
}

// grow doubles the table.
func (t *groupTable) grow() {
	t.slots = make([]groupSlot, 2*len(t.slots))
	t.shift--
	mask := len(t.slots) - 1
	for from := 0; from < t.n; from += column.BatchRows {
		n := min(column.BatchRows, t.n-from)
		idx := make([]uint32, n)
		for i := range idx {
			idx[i] = uint32(from + i)
		}
		if len(t.row) != len(t.keys) {
			t.row = make([]column.Vec, len(t.keys))
		}
		for i := range t.keys {
			t.row[i].Pick(&t.keys[i], idx)
		}
		for i, hash := range t.one.run(t.row, n, nil) {
			at := int(hash >> t.shift)
			for t.slots[at].group != 0 {
				at = (at + 1) & mask
			}
			t.slots[at] = groupSlot{uint32(hash), uint32(from+i) + 1}
		}
	}
}

// group returns the group of one row.
func (t *groupTable) group(keys []column.Vec, row int) uint32 {
	sel := [1]int32{int32(row)}
	return t.find(keys, row, t.one.run(keys, row+1, sel[:])[row])
}

// bytes is about the memory used.
func (t *groupTable) bytes() int64 { return int64(8*len(t.slots)) + int64(t.n)*int64(24*len(t.kinds)) }

// codeTable remembers the group of each combination of dictionary codes, so that rows are
// grouped without looking at their strings.
type codeTable struct {
	dicts  []*column.Dict
	dims   []uint32 // codes of each dictionary, and one for NULL
	groups []int32  // -1: not seen
	combo  []uint32
}

// maxCombinations bounds the table; beyond it rows are grouped by their key encodings.
const maxCombinations = 1 << 18

// fits says whether the keys are codes of dictionaries small enough, and makes the table theirs.
func (c *codeTable) fits(keys []column.Vec) bool {
	same := len(c.dicts) == len(keys)
	for i := range keys {
		if keys[i].Codes == nil || keys[i].Const {
			return false
		}
		same = same && c.dicts[i] == keys[i].Dict
	}
	if same && c.covers(keys) {
		return true
	}
	size := uint64(1)
	c.dicts, c.dims = c.dicts[:0], c.dims[:0]
	for i := range keys {
		// Dictionaries grow while they are read: leave room for some codes.
		n := uint32(keys[i].Dict.Len())
		dim := n + n/8 + 2
		c.dicts, c.dims = append(c.dicts, keys[i].Dict), append(c.dims, dim)
		if size *= uint64(dim); size > maxCombinations {
			c.dicts = c.dicts[:0]
			return false
		}
	}
	if uint64(cap(c.groups)) < size {
		c.groups = make([]int32, size)
	}
	c.groups = c.groups[:size]
	for i := range c.groups {
		c.groups[i] = -1
	}
	return c.covers(keys)
}

// covers says whether the codes there can be are within the table. A code that a row has is below the
// dictionary's length now.
func (c *codeTable) covers(keys []column.Vec) bool {
	for i := range keys {
		if uint32(keys[i].Dict.Len()) >= c.dims[i] {
			return false
		}
	}
	return true
}

func (t *groupTable) addCodes(keys []column.Vec, n int, sel []int32, groups []uint32) {
	c := &t.codes
	if cap(c.combo) < n {
		c.combo = make([]uint32, max(n, column.BatchRows))
	}
	combo := c.combo[:n]
	for i := range keys {
		combine(combo, &keys[i], c.dims[i], i == 0)
	}
	if sel == nil {
		for row, at := range combo {
			g := c.groups[at]
			if g < 0 {
				g = int32(t.group(keys, row))
				c.groups[at] = g
			}
			groups[row] = uint32(g)
		}
		return
	}
	for _, row := range sel {
		at := combo[row]
		g := c.groups[at]
		if g < 0 {
			g = int32(t.group(keys, int(row)))
			c.groups[at] = g
		}
		groups[row] = uint32(g)
	}
}

// combine makes combo = combo*dim + code; NULL is the code dim-1. Rows that are not selected get a
// value within the table too.
func combine(combo []uint32, v *column.Vec, dim uint32, first bool) {
	codes := v.Codes[:len(combo)]
	switch {
	case first && v.Nulls == nil:
		copy(combo, codes)
	case v.Nulls == nil:
		for i, code := range codes {
			combo[i] = combo[i]*dim + code
		}
	default:
		for i, code := range codes {
			if v.Nulls[i] {
				code = dim - 1
			}
			if first {
				combo[i] = code
			} else {
				combo[i] = combo[i]*dim + code
			}
		}
	}
}
