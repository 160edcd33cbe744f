package index

import (
	"slices"
)

// Direction is the way of a walk.
type Direction bool

// The directions.
const (
	Ascending  Direction = false
	Descending Direction = true
)

// walk reads the pairs of the leaves within bounds, in steps of the latch. It
// goes on behind the last pair read, whatever has changed meanwhile.
type walk struct {
	t    *BTree
	b    bounds
	dir  Direction
	c    *comparer
	last probe
	some bool // last is set
}

// next fills dst, up to latchStep, and returns how many pairs there were: 0
// at the end.
func (w *walk) next(dst []item) int {
	t := w.t
	dst = dst[:min(len(dst), latchStep)]
	t.mu.RLock()
	from, to := t.ends(w.c, w.b)
	if w.some {
		at := t.lower(w.c, &w.last)
		if w.dir == Descending {
			to = at
		} else {
			from = at
			if at.leaf < len(t.leaves) && w.c.compareProbe(t.item(at), &w.last) == 0 {
				from.i++
			}
		}
	}
	var n int
	if w.dir == Ascending {
		n = t.copyUp(dst, from, to)
	} else {
		n = t.copyDown(dst, from, to)
	}
	t.mu.RUnlock()
	if n > 0 {
		w.remember(dst[n-1])
	}
	return n
}

// remember keeps the place of a pair. It stays exact if the row goes.
func (w *walk) remember(x item) {
	w.last.item, w.some = x, true
	if x.long() {
		w.last.key = w.t.rows.AppendKey(w.last.key[:0], x.row)
	}
}

// copyUp copies the first pairs of [from, to).
func (t *BTree) copyUp(dst []item, from, to position) int {
	n := 0
	for n < len(dst) && from.before(to) {
		l := t.leaves[from.leaf]
		end := len(l)
		if from.leaf == to.leaf {
			end = to.i
		}
		if from.i < end {
			k := copy(dst[n:], l[from.i:end])
			n += k
			from.i += k
		}
		if from.i >= end {
			from = position{from.leaf + 1, 0}
		}
	}
	return n
}

// copyDown copies the last pairs of [from, to), the last first.
func (t *BTree) copyDown(dst []item, from, to position) int {
	n := 0
	for n < len(dst) && from.before(to) {
		if to.i == 0 {
			to.leaf--
			to.i = len(t.leaves[to.leaf])
			continue
		}
		to.i--
		dst[n] = t.item(to)
		n++
	}
	return n
}

// Cursor walks a BTree in order, in steps; the latch is not held between
// them. One goroutine uses it.
type Cursor struct {
	w     walk
	extra []item // from the tail, in the order of the walk
	buf   []item // read from the leaves and not given out yet
	store []item
	end   bool // the leaves are at the end

	nulls     []uint32 // in the order of the walk
	nullsLast bool
}

// maxExtra is the most pairs of the tail that a walk sorts for itself; it
// merges a larger tail first.
const maxExtra = 1024

// Walk returns a cursor over lo <= key < hi in the order of keys, then rows, or in
// the reverse of it; nil is unbounded. Pairs that are added or removed later are
// seen or not.
func (t *BTree) Walk(lo, hi []byte, dir Direction) *Cursor {
	c := &Cursor{w: walk{t: t, b: newBounds(lo, hi), dir: dir, c: &comparer{rows: t.rows}}}
	for !c.takeTail() {
		t.Merge()
	}
	if t.nullsIn(c.w.b) {
		c.nulls = t.nullSet().AppendTo(nil)
		if dir == Descending {
			slices.Reverse(c.nulls)
		}
		// NULL has the largest key, of a descending column the smallest.
		c.nullsLast = t.desc == (dir == Descending)
	}
	return c
}

// takeTail picks what is in bounds from the tail, and says whether it is
// little enough to be sorted here.
func (c *Cursor) takeTail() bool {
	c.extra = c.extra[:0]
	for _, chunk := range c.w.t.unsorted() {
		for _, x := range chunk {
			if !c.w.b.contain(c.w.c, x) {
				continue
			}
			if len(c.extra) == maxExtra {
				return false
			}
			c.extra = append(c.extra, x)
		}
	}
	slices.SortFunc(c.extra, c.w.c.compare)
	if c.w.dir == Descending {
		slices.Reverse(c.extra)
	}
	return true
}

// NextMany fills dst with the next rows and returns how many there were: 0 at
// the end.
func (c *Cursor) NextMany(dst []uint32) int {
	n := 0
	if !c.nullsLast {
		n = c.takeNulls(dst)
	}
	for n < len(dst) {
		if len(c.buf) == 0 && !c.end {
			c.fill(len(dst) - n)
		}
		x, ok := c.next()
		if !ok {
			break
		}
		dst[n] = x.row
		n++
	}
	if c.nullsLast {
		n += c.takeNulls(dst[n:])
	}
	return n
}

func (c *Cursor) takeNulls(dst []uint32) int {
	n := copy(dst, c.nulls)
	c.nulls = c.nulls[n:]
	return n
}

// fill reads the next pairs from the leaves.
func (c *Cursor) fill(n int) {
	if cap(c.store) < n {
		c.store = make([]item, min(n, latchStep))
	}
	c.buf = c.store[:c.w.next(c.store[:min(n, len(c.store))])]
	c.end = len(c.buf) == 0
}

// next returns the next pair of leaves and tail; one that was merged since
// the walk began is in both.
func (c *Cursor) next() (item, bool) {
	switch {
	case len(c.buf) == 0 && len(c.extra) == 0:
		return item{}, false
	case len(c.buf) == 0:
		return pop(&c.extra), true
	case len(c.extra) == 0:
		return pop(&c.buf), true
	}
	o := c.w.c.compare(c.buf[0], c.extra[0])
	if c.w.dir == Descending {
		o = -o
	}
	if o > 0 {
		return pop(&c.extra), true
	}
	if o == 0 {
		pop(&c.extra)
	}
	return pop(&c.buf), true
}

func pop(items *[]item) item {
	x := (*items)[0]
	*items = (*items)[1:]
	return x
}
