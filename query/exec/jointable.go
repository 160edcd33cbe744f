package exec

import (
	"math"
	"math/bits"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// joinTable finds rows by the values of their keys. Rows are numbered from 0 and come in that order for
// one key. Rows with a NULL key are in no chain: NULL equals nothing. Built by one
// goroutine, then read by any number.
//
// There are three forms. One integer key whose values lie close together is an index into dense; one integer
// key of any values is looked for in slots; for all other keys a row is in the chain of its
// hash, and whether a row of the chain has the key is for match to say.
type joinTable struct {
	keys []column.Vec
	n    int

	base  int64
	dense []uint32 // first row + 1 of the key base + index; 0: none

	slots []intSlot

	heads  []uint32 // first row + 1 by hash
	hashes []uint32 // of each row: most rows of a chain that are not meant differ in it

	shift uint     // of a hash, for slots and heads
	next  []uint32 // the row after one in its chain + 1; nil when all chains are of one row
}

// intSlot is a place of an open-addressed table: an integer key and the first row that has it.
type intSlot struct {
	key  int64
	head uint32 // row + 1; 0: free
}

// denseFactor says how many places an array for each row is not too much.
const denseFactor = 8

// newJoinTable makes the table of n rows. first says that only one row of each key is wanted; it holds for
// integer keys.
func newJoinTable(keys []column.Vec, n int, first bool) *joinTable {
	t := &joinTable{keys: keys, n: n}
	switch {
	case len(keys) == 0:
		t.cross()
	case len(keys) == 1 && keys[0].Kind.Rep() == value.RepInt && !keys[0].Const:
		t.addInts(&keys[0], first)
	default:
		t.addHashes()
	}
	return t
}

// cross makes one chain of all rows.
func (t *joinTable) cross() {
	t.base, t.dense = 0, make([]uint32, 1)
	t.next = make([]uint32, t.n)
	for row := t.n - 1; row >= 0; row-- {
		t.next[row], t.dense[0] = t.dense[0], uint32(row)+1
	}
}

// exact says that a chain has the rows of one key and no others.
func (t *joinTable) exact() bool { return t.heads == nil }

// unique says that no key has several rows.
func (t *joinTable) unique() bool { return t.next == nil && t.exact() }

// bytes is about the memory used beside the rows.
func (t *joinTable) bytes() int64 {
	return int64(4*len(t.dense) + 16*len(t.slots) + 4*len(t.heads) + 4*len(t.hashes) + 4*len(t.next))
}

// chain makes head the first row before what the place holds, and returns the new head.
func (t *joinTable) chain(row int, head uint32) uint32 {
	if head != 0 {
		if t.next == nil {
			t.next = make([]uint32, t.n)
		}
		t.next[row] = head
	}
	return uint32(row) + 1
}

// addInts adds the rows from the last to the first, so that chains are ascending.
func (t *joinTable) addInts(v *column.Vec, first bool) {
	lo, hi, count := int64(math.MaxInt64), int64(math.MinInt64), 0
	for row, x := range v.I[:t.n] {
		if v.Nulls == nil || !v.Nulls[row] {
			lo, hi = min(lo, x), max(hi, x)
			count++
		}
	}
	if count == 0 {
		t.dense = []uint32{}
		return
	}
	if width := uint64(hi) - uint64(lo); width < uint64(max(denseFactor*count, 64)) {
		t.base, t.dense = lo, make([]uint32, width+1)
		for row := t.n - 1; row >= 0; row-- {
			if v.Nulls != nil && v.Nulls[row] {
				continue
			}
			if h := &t.dense[v.I[row]-lo]; first {
				*h = uint32(row) + 1
			} else {
				*h = t.chain(row, *h)
			}
		}
		return
	}
	t.makeShift(2 * count)
	t.slots = make([]intSlot, 1<<(64-t.shift))
	for row := t.n - 1; row >= 0; row-- {
		if v.Nulls != nil && v.Nulls[row] {
			continue
		}
		s := t.slot(v.I[row])
		s.key = v.I[row]
		if first {
			s.head = uint32(row) + 1
		} else {
			s.head = t.chain(row, s.head)
		}
	}
}

// makeShift makes room for n places.
func (t *joinTable) makeShift(n int) {
	t.shift = uint(64 - max(4, bits.Len(uint(n-1))))
}

// spread spreads an integer over the high bits.
func spread(x int64) uint64 {
	h := uint64(x) * 0x9E3779B97F4A7C15
	return h ^ h>>32*0x9E3779B97F4A7C15
}

// slot returns the slot of a key, or the free one where it would be.
func (t *joinTable) slot(x int64) *intSlot {
	mask := len(t.slots) - 1
	for i := int(spread(x) >> t.shift); ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.head == 0 || s.key == x {
			return s
		}
	}
}

func (t *joinTable) addHashes() {
	h := newHasher(t.keys)
	t.hashes = make([]uint32, t.n)
	t.makeShift(max(2*t.n, 16))
	t.heads = make([]uint32, 1<<(64-t.shift))
	t.next = make([]uint32, t.n)
	all := h.run(t.keys, t.n, nil)
	for i := range t.keys {
		t.keys[i].Strings() // now, before several goroutines read it
	}
	for row := t.n - 1; row >= 0; row-- {
		if anyNull(t.keys, row) {
			continue
		}
		t.hashes[row] = uint32(all[row])
		at := &t.heads[all[row]>>t.shift]
		t.next[row], *at = *at, uint32(row)+1
	}
}

func anyNull(keys []column.Vec, row int) bool {
	for i := range keys {
		if keys[i].IsNull(row) {
			return true
		}
	}
	return false
}

// find sets first[row] to the first row + 1 of the chain of each selected row of keys, 0 where there is none.
func (t *joinTable) find(h *hasher, keys []column.Vec, n int, sel []int32, first []uint32) {
	switch {
	case len(keys) == 0:
		forRows(n, sel, func(row int) { first[row] = t.dense[0] })
	case t.heads != nil:
		all := h.run(keys, n, sel)
		forRows(n, sel, func(row int) {
			first[row] = 0
			if !anyNull(keys, row) {
				first[row] = t.after(t.heads[all[row]>>t.shift], uint32(all[row]))
			}
		})
	default:
		t.findInts(&keys[0], n, sel, first)
	}
}

// after returns the first row + 1 from head on whose hash is h.
func (t *joinTable) after(head uint32, h uint32) uint32 {
	for head != 0 && t.hashes[head-1] != h {
		head = t.next[head-1]
	}
	return head
}

// following returns the row + 1 after a row of a chain.
func (t *joinTable) following(row uint32) uint32 {
	switch {
	case t.next == nil:
		return 0
	case t.heads != nil:
		return t.after(t.next[row], t.hashes[row])
	}
	return t.next[row]
}

func (t *joinTable) findInts(v *column.Vec, n int, sel []int32, first []uint32) {
	if v.Const {
		head := uint32(0)
		if !v.IsNull(0) {
			head = t.findInt(v.I[0])
		}
		forRows(n, sel, func(row int) { first[row] = head })
		return
	}
	if t.slots == nil {
		t.findDense(v.I, n, sel, first)
	} else if sel == nil {
		for row, x := range v.I[:n] {
			first[row] = t.slot(x).head
		}
	} else {
		for _, row := range sel {
			first[row] = t.slot(v.I[row]).head
		}
	}
	if v.Nulls != nil {
		for row, null := range v.Nulls[:n] {
			if null {
				first[row] = 0
			}
		}
	}
}

func (t *joinTable) findInt(x int64) uint32 {
	if t.slots != nil {
		return t.slot(x).head
	}
	if at := uint64(x) - uint64(t.base); at < uint64(len(t.dense)) {
		return t.dense[at]
	}
	return 0
}

func (t *joinTable) findDense(v []int64, n int, sel []int32, first []uint32) {
	base, dense := uint64(t.base), t.dense
	if sel == nil {
		for row, x := range v[:n] {
			head := uint32(0)
			if at := uint64(x) - base; at < uint64(len(dense)) {
				head = dense[at]
			}
			first[row] = head
		}
		return
	}
	for _, row := range sel {
		head := uint32(0)
		if at := uint64(v[row]) - base; at < uint64(len(dense)) {
			head = dense[at]
		}
		first[row] = head
	}
}

// match drops the pairs of a row of keys and a row of the table whose keys differ, which there are only
// in tables that are not exact. It returns how many pairs are left.
func (t *joinTable) match(keys []column.Vec, probe, rows []uint32) int {
	n := len(rows)
	for k := range keys {
		n = matchKey(&keys[k], &t.keys[k], probe[:n], rows[:n])
	}
	return n
}

// matchKey keeps the pairs for which a and b are equal; none is NULL.
func matchKey(a, b *column.Vec, probe, rows []uint32) int {
	n := 0
	keep := func(i int) {
		probe[n], rows[n] = probe[i], rows[i]
		n++
	}
	switch {
	case a.Const || b.Const:
	case a.Kind.Rep() == value.RepInt && b.Kind.Rep() == value.RepInt:
		for i, p := range probe {
			if a.I[p] == b.I[rows[i]] {
				keep(i)
			}
		}
		return n
	case a.Codes != nil && b.Codes != nil && a.Dict == b.Dict && bytesAreKey(a.Kind):
		for i, p := range probe {
			if a.Codes[p] == b.Codes[rows[i]] {
				keep(i)
			}
		}
		return n
	case bytesAreKey(a.Kind) && bytesAreKey(b.Kind):
		x, y := a.Strings(), b.Strings()
		for i, p := range probe {
			if x[p] == y[rows[i]] {
				keep(i)
			}
		}
		return n
	}
	for i, p := range probe {
		if value.Compare(a.Value(int(p)), b.Value(int(rows[i]))) == 0 {
			keep(i)
		}
	}
	return n
}

// bytesAreKey says that values of a kind are equal when their bytes are.
func bytesAreKey(k value.Kind) bool {
	return k == value.Text || k == value.Varchar || k == value.Bytea || k == value.UUID
}

// hasher computes hashes of the rows of some key columns: equal keys have equal hashes, also when the kinds
// differ (int4 and int8, text and varchar). One goroutine uses it.
type hasher struct {
	all   []uint64
	memos []codeHashes
	buf   []byte
}

// codeHashes remembers the hashes of a dictionary's strings by code.
type codeHashes struct {
	dict   *column.Dict
	hashes []uint64 // 0: not yet known
}

func newHasher(keys []column.Vec) *hasher { return &hasher{memos: make([]codeHashes, len(keys))} }

// nullHash is the hash of NULL.
const nullHash = 0x9E3779B97F4A7C15

// run returns the hash of each selected row, by row number.
func (h *hasher) run(keys []column.Vec, n int, sel []int32) []uint64 {
	if cap(h.all) < n {
		h.all = make([]uint64, max(n, column.BatchRows))
	}
	h.all = h.all[:n]
	for i := range keys {
		h.add(i, &keys[i], n, sel)
	}
	return h.all
}

// add mixes column i into the hashes.
func (h *hasher) add(i int, v *column.Vec, n int, sel []int32) {
	all := h.all
	mix := func(row int, x uint64) {
		if v.Nulls != nil && !v.Const && v.Nulls[row] {
			x = nullHash
		}
		if i > 0 {
			x = (all[row] ^ x) * 0x9E3779B97F4A7C15
			x ^= x >> 29
		}
		all[row] = x
	}
	switch {
	case v.Const:
		x := h.value(v.Value(0))
		forRows(n, sel, func(row int) { mix(row, x) })
	case v.Kind.Rep() == value.RepInt:
		forRows(n, sel, func(row int) { mix(row, spread(v.I[row])) })
	case v.Codes != nil && bytesAreKey(v.Kind):
		m := &h.memos[i]
		m.of(v.Dict)
		forRows(n, sel, func(row int) { mix(row, m.hash(v.Codes[row], v.Nulls != nil && v.Nulls[row])) })
	case bytesAreKey(v.Kind):
		forRows(n, sel, func(row int) { mix(row, value.HashText(v.S[row])) })
	default:
		forRows(n, sel, func(row int) { mix(row, h.value(v.Value(row))) })
	}
}

func (h *hasher) value(x value.Value) uint64 {
	switch {
	case x.IsNull():
		return nullHash
	case x.Kind().Rep() == value.RepInt:
		return spread(x.Int())
	case bytesAreKey(x.Kind()):
		return value.HashText(x.Bytes())
	}
	h.buf = value.AppendKey(h.buf[:0], x)
	return value.HashKey(h.buf)
}

func (m *codeHashes) of(d *column.Dict) {
	if m.dict != d {
		m.dict, m.hashes = d, m.hashes[:0]
	}
	if n := d.Len(); n > len(m.hashes) {
		m.hashes = append(m.hashes, make([]uint64, n-len(m.hashes))...)
	}
}

func (m *codeHashes) hash(code uint32, null bool) uint64 {
	if null {
		return 0
	}
	x := m.hashes[code]
	if x == 0 {
		x = value.HashText(m.dict.String(code))
		m.hashes[code] = x
	}
	return x
}
