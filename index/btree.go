package index

import (
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
)

// BTree holds (key, row) pairs in the order of their keys, then of their row
// ids: for ranges, ORDER BY and prefix LIKE. It keeps 16 bytes a pair and no
// key (see item): ties beyond the head of a key are compared in the columns.
//
// It is a B+ tree of two levels, a directory of sorted leaves of up to
// leafItems. Pairs arrive in an unsorted tail and are sorted in by the run, in
// which form an insertion is a merge of sorted lists and costs a fraction of
// a look-up each; a run that is large beside the tree makes new leaves for all of it
// without the latch. Against google/btree fed with the same sorted runs:
// BenchmarkBTreeInsert. Rows whose key is NULL, in an index of one column,
// lie beside the tree as a posting.
//
// Safe for concurrent use. Readers see the tail too. The latch is held for
// about latchStep pairs at a time; a walk copies them and goes on at the exact
// (key, row).
type BTree struct {
	rows    Rows
	acct    *column.Account
	nullKey []byte // nil: NULLs are pairs as any other
	desc    bool   // of the column with nullKey

	// merging is held by whoever changes the leaves (Merge, Remove); taken
	// before mu. Its holder may read the leaves without mu.
	merging sync.Mutex
	cmp     comparer // merging's

	mu     sync.RWMutex // guards below
	pairs  int          // all
	leaves []leaf
	n      int      // pairs in leaves
	tail   [][]item // unsorted, in chunks; only appended to
	tailN  int
	run    [][]item // a former tail that is being merged: some of it is in leaves already
	runN   int
	nulls  posting
	post   postings // memory of nulls
}

// leaf is a sorted list of items, never empty.
type leaf []item

const (
	leafItems = 512
	tailChunk = 4096
	itemBytes = 16
	leafBytes = 24 // in the directory
)

// NewBTree returns an empty index that counts its memory in acct.
func NewBTree(cols []KeyColumn, rows Rows, acct *column.Account) *BTree {
	a := column.NewAccount(acct)
	return &BTree{
		rows:    rows,
		acct:    a,
		nullKey: nullKey(cols),
		desc:    len(cols) == 1 && cols[0].Desc,
		cmp:     comparer{rows: rows},
		post:    postings{acct: a},
	}
}

// Add adds a pair that is not there. It takes no longer than an append.
func (t *BTree) Add(key []byte, row uint32) {
	t.mu.Lock()
	t.add(key, row)
	t.mu.Unlock()
}

// AddBatch adds all pairs, which are not there.
func (t *BTree) AddBatch(e *Entries) {
	e.heads = e.heads[:0]
	for n := range e.ends {
		key := e.key(uint32(n))
		head := itemOf(key, 0)
		if t.isNull(key) {
			head.row = nullHead
		}
		e.heads = append(e.heads, head)
	}
	for from := 0; from < e.Len(); from += latchStep {
		to := min(from+latchStep, e.Len())
		t.mu.Lock()
		for i, n := range e.of[from:to] {
			head := e.heads[n]
			if head.row == nullHead {
				t.addNull(e.rows[from+i])
				continue
			}
			head.row = e.rows[from+i]
			t.addItem(head)
		}
		t.mu.Unlock()
	}
}

// nullHead marks the head of NULL in AddBatch.
const nullHead = column.NoRow

func (t *BTree) add(key []byte, row uint32) {
	if t.isNull(key) {
		t.addNull(row)
	} else {
		t.addItem(itemOf(key, row))
	}
}

func (t *BTree) addNull(row uint32) {
	t.pairs++
	t.nulls, _ = t.post.add(t.nulls, row)
}

func (t *BTree) addItem(x item) {
	t.pairs++
	t.tailN++
	last := len(t.tail) - 1
	if last < 0 || len(t.tail[last]) == cap(t.tail[last]) {
		last = t.growTail()
	}
	t.tail[last] = append(t.tail[last], x)
}

// growTail makes room in the last chunk, or a new one, and returns which it is. The first grows with a small collection.
func (t *BTree) growTail() int {
	last := len(t.tail) - 1
	if last < 0 || len(t.tail[last]) == tailChunk {
		t.tail = append(t.tail, nil)
		last++
	}
	had, room := len(t.tail[last]), tailChunk
	if last == 0 {
		room = min(max(4, 2*had), tailChunk)
	}
	t.tail[last] = append(make([]item, 0, room), t.tail[last]...)
	t.acct.Add(int64(room-had) * itemBytes)
	return last
}

func (t *BTree) isNull(key []byte) bool {
	return t.nullKey != nil && string(key) == string(t.nullKey)
}

// Tail returns the number of pairs that are not sorted in.
func (t *BTree) Tail() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.tailN + t.runN
}

// Len returns the number of pairs.
func (t *BTree) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.pairs
}

// Bytes returns the memory used.
func (t *BTree) Bytes() int64 { return t.acct.Bytes() }

// Merge sorts the tail, as it is now, into the leaves. It takes the latch for short
// steps only, but may last: the writer should not call it.
func (t *BTree) Merge() {
	t.merging.Lock()
	defer t.merging.Unlock()
	t.merge()
}

// merge is Merge; merging is held.
func (t *BTree) merge() {
	t.mu.Lock()
	t.run, t.runN = t.tail, t.tailN
	t.tail, t.tailN = nil, 0
	run, n := t.run, t.runN
	t.mu.Unlock()
	if n == 0 {
		return
	}
	items := make([]item, 0, n)
	held := 0
	for _, c := range run {
		items = append(items, c...)
		held += cap(c)
	}
	t.cmp.sort(items)
	if n*4 >= t.n {
		t.rebuild(items)
	} else {
		t.insert(items)
	}
	t.mu.Lock()
	t.run, t.runN = nil, 0
	t.mu.Unlock()
	t.acct.Add(-int64(held) * itemBytes)
}

// rebuild makes new leaves of the present ones and a sorted run.
func (t *BTree) rebuild(run []item) {
	n := t.n + len(run)
	b := leafBuilder{}
	b.leaves = make([]leaf, 0, n/leafItems+1)
	for _, l := range t.leaves {
		for _, x := range l {
			for len(run) > 0 && t.cmp.after(x, run[0]) {
				b.add(run[0])
				run = run[1:]
			}
			b.add(x)
		}
	}
	for _, x := range run {
		b.add(x)
	}
	leaves := b.done()
	before, after := bytesOf(t.leaves), bytesOf(leaves)
	t.mu.Lock()
	t.leaves, t.n = leaves, n
	t.mu.Unlock()
	t.acct.Add(after - before)
}

// leafBuilder fills leaves from items in order.
type leafBuilder struct {
	leaves []leaf
	open   leaf
}

func (b *leafBuilder) add(x item) {
	if len(b.open) == leafItems {
		b.leaves = append(b.leaves, b.open)
		b.open = nil
	}
	if b.open == nil {
		b.open = make(leaf, 0, leafItems)
	}
	b.open = append(b.open, x)
}

func (b *leafBuilder) done() []leaf {
	if len(b.open) > 0 {
		b.leaves = append(b.leaves, slices.Clip(slices.Clone(b.open)))
	}
	return b.leaves
}

func bytesOf(leaves []leaf) int64 {
	n := int64(cap(leaves)) * leafBytes
	for _, l := range leaves {
		n += int64(cap(l)) * itemBytes
	}
	return n
}

// insert sorts a run into the leaves, in steps of the latch.
func (t *BTree) insert(run []item) {
	for len(run) > 0 {
		step := run[:min(len(run), latchStep)]
		run = run[len(step):]
		t.mu.Lock()
		t.insertStep(step)
		t.mu.Unlock()
	}
}

// insertStep gives each leaf its part of a run. The leaves from the first to
// the last that get something are put back together when one had to be split.
func (t *BTree) insertStep(run []item) {
	first := t.leafFor(run[0])
	at, split := first, false
	var out []leaf
	n := len(run)
	for len(run) > 0 {
		k := len(run)
		if at+1 < len(t.leaves) {
			next := t.leaves[at+1][0]
			k = t.cmp.upper(run, next)
		}
		if k == 0 { // far ahead: skip the leaves that get nothing
			to := t.leafFor(run[0])
			out = append(out, t.leaves[at:to]...)
			at = to
			continue
		}
		before := cap(t.leaves[at])
		got := t.mergeLeaf(t.leaves[at], run[:k])
		split = split || len(got) > 1
		after := 0
		for _, l := range got {
			after += cap(l)
		}
		t.acct.Add(int64(after-before) * itemBytes)
		t.leaves[at] = got[0]
		out = append(out, got...)
		run = run[k:]
		at++
	}
	if split {
		before := cap(t.leaves)
		t.leaves = slices.Replace(t.leaves, first, at, out...)
		t.acct.Add(int64(cap(t.leaves)-before) * leafBytes)
	}
	t.n += n
}

// leafFor returns the leaf that an item belongs to.
func (t *BTree) leafFor(x item) int {
	i := sort.Search(len(t.leaves), func(i int) bool { return t.cmp.compare(t.leaves[i][0], x) > 0 })
	return max(i-1, 0)
}

// mergeLeaf returns a leaf with a run sorted in, split when it is too large.
func (t *BTree) mergeLeaf(l leaf, run []item) []leaf {
	if len(l)+len(run) <= cap(l) {
		return []leaf{t.mergeInto(l, run)}
	}
	n := len(l) + len(run)
	ascending := t.cmp.compare(l[len(l)-1], run[0]) < 0
	all := make(leaf, len(l), max(n, roomy(n)))
	copy(all, l)
	all = t.mergeInto(all, run)
	if n <= leafItems {
		return []leaf{all}
	}
	// A run behind the last pair comes from an ascending key: full leaves.
	size := leafItems
	if !ascending {
		size = (n + n/leafItems) / (n/leafItems + 1)
	}
	var out []leaf
	for c := range slices.Chunk(all, size) {
		out = append(out, append(make(leaf, 0, roomy(len(c))), c...))
	}
	return out
}

// roomy returns the capacity of a new leaf of n items: room for an eighth more, so that
// most insertions need no new memory.
func roomy(n int) int { return min(leafItems, n+n/8) }

// mergeInto merges a run into l, which has room for it, from behind.
func (t *BTree) mergeInto(l leaf, run []item) leaf {
	i := len(l)
	l = l[:i+len(run)]
	for j := len(run); j > 0; j-- {
		x := run[j-1]
		at := t.cmp.upper(l[:i], x)
		copy(l[at+j:i+j], l[at:i])
		l[at+j-1] = x
		i = at
	}
	return l
}

// Remove takes a pair out and says whether it was there. It sorts the tail in
// first, so it is not for Apply, and row must still be readable through Rows.
func (t *BTree) Remove(key []byte, row uint32) bool {
	t.merging.Lock()
	defer t.merging.Unlock()
	if t.isNull(key) {
		t.mu.Lock()
		defer t.mu.Unlock()
		var ok bool
		if t.nulls, ok = t.post.remove(t.nulls, row); ok {
			t.pairs--
		}
		return ok
	}
	t.mu.RLock()
	pending := t.tailN > 0
	t.mu.RUnlock()
	if pending {
		t.merge()
	}
	p := newProbe(key, row)
	at := t.lower(&t.cmp, &p)
	if at.leaf == len(t.leaves) || t.cmp.compareProbe(t.item(at), &p) != 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaves[at.leaf] = slices.Delete(t.leaves[at.leaf], at.i, at.i+1)
	t.n--
	t.pairs--
	t.join(at.leaf)
	return true
}

// join drops an empty leaf, puts a small one together with its neighbour, and
// gives back the memory of one that has become half as large.
func (t *BTree) join(i int) {
	l := t.leaves[i]
	switch {
	case len(l) == 0:
	case len(l) < leafItems/8 && i > 0 && len(t.leaves[i-1])+len(l) <= leafItems/2:
		old := cap(t.leaves[i-1])
		t.leaves[i-1] = append(t.leaves[i-1], l...)
		t.acct.Add(int64(cap(t.leaves[i-1])-old) * itemBytes)
	case len(l) <= cap(l)/2 && roomy(len(l)) < cap(l):
		t.leaves[i] = append(make(leaf, 0, roomy(len(l))), l...)
		t.acct.Add(int64(cap(t.leaves[i])-cap(l)) * itemBytes)
		return
	default:
		return
	}
	t.acct.Add(-int64(cap(l)) * itemBytes)
	t.leaves = slices.Delete(t.leaves, i, i+1)
}

// position is a place in the leaves; {len(leaves), 0} is the end.
type position struct{ leaf, i int }

func (t *BTree) item(p position) item { return t.leaves[p.leaf][p.i] }

// lower returns the first pair that is not before a probe. The latch or
// merging is held.
func (t *BTree) lower(c *comparer, p *probe) position {
	i := sort.Search(len(t.leaves), func(i int) bool { return c.compareProbe(t.leaves[i][0], p) > 0 })
	if i == 0 {
		return position{0, 0}
	}
	l := t.leaves[i-1]
	k := sort.Search(len(l), func(k int) bool { return c.compareProbe(l[k], p) >= 0 })
	if k == len(l) {
		return position{i, 0}
	}
	return position{i - 1, k}
}

// bounds are a half-open interval of keys; nil is unbounded.
type bounds struct{ lo, hi *probe }

func newBounds(lo, hi []byte) bounds {
	var b bounds
	if lo != nil {
		p := newProbe(slices.Clone(lo), 0)
		b.lo = &p
	}
	if hi != nil {
		p := newProbe(slices.Clone(hi), 0)
		b.hi = &p
	}
	return b
}

// contain says whether an item's key is in the bounds.
func (b bounds) contain(c *comparer, x item) bool {
	return (b.lo == nil || c.compareKey(x, b.lo) >= 0) && (b.hi == nil || c.compareKey(x, b.hi) < 0)
}

// nullsIn says whether the key of NULL is in the bounds.
func (t *BTree) nullsIn(b bounds) bool {
	return t.nullKey != nil &&
		(b.lo == nil || string(t.nullKey) >= string(b.lo.key)) &&
		(b.hi == nil || string(t.nullKey) < string(b.hi.key))
}

// ends returns the places where the bounds begin and end in the leaves.
func (t *BTree) ends(c *comparer, b bounds) (from, to position) {
	to = position{len(t.leaves), 0}
	if b.lo != nil {
		from = t.lower(c, b.lo)
	}
	if b.hi != nil {
		to = t.lower(c, b.hi)
	}
	return from, to
}

func (p position) before(q position) bool { return p.leaf < q.leaf || p.leaf == q.leaf && p.i < q.i }

// unsorted returns the chunks of the tail and of a run under way. They are
// only appended to, so they can be read without the latch.
func (t *BTree) unsorted() [][]item {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Concat(t.run, t.tail)
}

// Range returns the rows with lo <= key < hi; nil is unbounded. NULL counts as
// the encoding sorts it.
func (t *BTree) Range(lo, hi []byte) Set {
	b := newBounds(lo, hi)
	c := &comparer{rows: t.rows}
	var rows []uint32
	// The tail goes first: what is merged meanwhile is then seen twice, not never.
	for _, chunk := range t.unsorted() {
		for _, x := range chunk {
			if b.contain(c, x) {
				rows = append(rows, x.row)
			}
		}
	}
	w := walk{t: t, b: b, dir: Ascending, c: c}
	var buf [latchStep]item
	for n := w.next(buf[:]); n > 0; n = w.next(buf[:]) {
		for _, x := range buf[:n] {
			rows = append(rows, x.row)
		}
	}
	s := FromUnsorted(rows)
	if t.nullsIn(b) {
		s = s.Or(t.nullSet())
	}
	return s
}

// nullSet returns the rows whose key is NULL.
func (t *BTree) nullSet() Set {
	for {
		t.mu.RLock()
		s, ok := t.post.set(t.nulls)
		t.mu.RUnlock()
		if ok {
			return s
		}
		t.mu.Lock()
		t.post.snapshot(t.nulls)
		t.mu.Unlock()
	}
}

// estimateSample is how many pairs of the tail Estimate looks at.
const estimateSample = 256

// Estimate returns about how many rows Range would: exact at the edges, by
// the average leaf between, by a sample in the tail.
func (t *BTree) Estimate(lo, hi []byte) int {
	b := newBounds(lo, hi)
	c := &comparer{rows: t.rows}
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := 0
	if len(t.leaves) > 0 {
		from, to := t.ends(c, b)
		if from.before(to) {
			n = (to.leaf-from.leaf)*t.n/len(t.leaves) + to.i - from.i
			if from.leaf < to.leaf {
				// Count from the first leaf's own size, not the average.
				n += len(t.leaves[from.leaf]) - t.n/len(t.leaves)
			}
		}
	}
	n = min(max(n, 0), t.n) + estimateTail(c, b, t.run, t.runN) + estimateTail(c, b, t.tail, t.tailN)
	if t.nullsIn(b) {
		n += t.post.len(t.nulls)
	}
	return n
}

// estimateTail estimates how many of n unsorted pairs are in bounds. While a
// run is merged, some of its pairs are counted in the leaves too.
func estimateTail(c *comparer, b bounds, chunks [][]item, n int) int {
	if n == 0 {
		return 0
	}
	step := max(1, n/estimateSample)
	seen, in := 0, 0
	for i := 0; i < n; i += step {
		seen++
		if b.contain(c, chunks[i/tailChunk][i%tailChunk]) {
			in++
		}
	}
	return in * n / seen
}

// Check compares the index with all (key, row) pairs that it must hold, each
// given once, and verifies its structure. Writers must be kept out.
func (t *BTree) Check(all func(yield func(key []byte, row uint32) bool)) error {
	t.Merge()
	t.merging.Lock()
	defer t.merging.Unlock()
	if err := t.checkOrder(); err != nil {
		return err
	}
	n := 0
	nulls := t.nullSet()
	var err error
	all(func(key []byte, row uint32) bool {
		n++
		if t.isNull(key) {
			if !nulls.Contains(row) {
				err = fmt.Errorf("row %d is not among the NULLs of the tree index", row)
			}
			return err == nil
		}
		p := newProbe(key, row)
		at := t.lower(&t.cmp, &p)
		if at.leaf == len(t.leaves) || t.item(at) != p.item {
			err = fmt.Errorf("key %x of row %d is not in the tree index", key, row)
		}
		return err == nil
	})
	if have := t.n + nulls.Len(); err == nil && (n != have || n != t.pairs) {
		err = fmt.Errorf("the tree index has %d rows and counts %d, want %d", have, t.pairs, n)
	}
	return err
}

// checkOrder verifies that all pairs ascend and are counted.
func (t *BTree) checkOrder() error {
	n := 0
	var last *item
	for i, l := range t.leaves {
		if len(l) == 0 || len(l) > leafItems {
			return fmt.Errorf("leaf %d of the tree index has %d rows", i, len(l))
		}
		for j := range l {
			if last != nil && t.cmp.compare(*last, l[j]) >= 0 {
				return fmt.Errorf("rows %d and %d of the tree index are out of order", last.row, l[j].row)
			}
			last = &l[j]
			n++
		}
	}
	if n != t.n {
		return fmt.Errorf("the tree index counts %d rows and has %d", t.n, n)
	}
	return nil
}
