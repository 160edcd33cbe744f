package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// groupTable numbers the distinct rows of some key columns from 0, in the order in which they are first
// seen. Equality is that of the key encoding; NULLs are equal.
type groupTable struct {
	kinds []value.Kind
	keys  []column.Vec // the first row of each group
	n     int

	byKey  map[string]uint32
	byInt  map[int64]uint32 // instead, for one key kept as an integer
	null   int32            // group of NULL with byInt, -1 when there is none
	codes  codeTable
	buf    []byte
	groups []uint32
}

func newGroupTable(kinds []value.Kind) *groupTable {
	t := &groupTable{kinds: kinds, keys: make([]column.Vec, len(kinds)), null: -1}
	for i, k := range kinds {
		t.keys[i].Reset(k)
	}
	switch {
	case len(kinds) == 0:
		t.n = 1 // the one group of everything
	case len(kinds) == 1 && kinds[0].Rep() == value.RepInt:
		t.byInt = make(map[int64]uint32)
	default:
		t.byKey = make(map[string]uint32)
	}
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
	switch {
	case t.byInt != nil && !keys[0].Const:
		t.addInts(&keys[0], n, sel, groups)
	case t.codes.fits(keys):
		t.addCodes(keys, n, sel, groups)
	default:
		forRows(n, sel, func(row int) { groups[row] = t.group(keys, row) })
	}
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

func (t *groupTable) addInts(v *column.Vec, n int, sel []int32, groups []uint32) {
	last, lastGroup, known := int64(0), uint32(0), false
	forRows(n, sel, func(row int) {
		if v.Nulls != nil && v.Nulls[row] {
			if t.null < 0 {
				t.null = int32(t.insert([]column.Vec{*v}, row))
			}
			groups[row] = uint32(t.null)
			return
		}
		x := v.I[row]
		if known && x == last {
			groups[row] = lastGroup
			return
		}
		g, ok := t.byInt[x]
		if !ok {
			g = t.insert([]column.Vec{*v}, row)
			t.byInt[x] = g
		}
		groups[row] = g
		last, lastGroup, known = x, g, true
	})
}

// insert makes a new group of a row.
func (t *groupTable) insert(keys []column.Vec, row int) uint32 {
	for i := range keys {
		t.keys[i].Append(keys[i].Value(row).WithKind(t.kinds[i]))
	}
	t.n++
	return uint32(t.n - 1)
}

// group returns the group of one row.
func (t *groupTable) group(keys []column.Vec, row int) uint32 {
	if t.byInt != nil {
		v := keys[0].Value(row)
		if v.IsNull() {
			if t.null < 0 {
				t.null = int32(t.insert(keys, row))
			}
			return uint32(t.null)
		}
		g, ok := t.byInt[v.Int()]
		if !ok {
			g = t.insert(keys, row)
			t.byInt[v.Int()] = g
		}
		return g
	}
	t.buf = t.buf[:0]
	for i := range keys {
		t.buf = value.AppendKey(t.buf, keys[i].Value(row))
	}
	g, ok := t.byKey[string(t.buf)]
	if !ok {
		g = t.insert(keys, row)
		t.byKey[string(t.buf)] = g
	}
	return g
}

// bytes is about the memory used.
func (t *groupTable) bytes() int64 { return int64(t.n) * int64(64+24*len(t.kinds)) }

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
