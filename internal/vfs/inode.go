package vfs

import "math/rand/v2"

// inode is one file of a Mem: what it holds now, what is durable, and the
// changes between the two. Mem.mu guards it.
type inode struct {
	now    content
	synced content
	// dirty has the pages in which now and synced may differ; those of now are
	// owned by this inode. A page that differs and is not here was lost by a failed
	// sync: it is read, and not synced until it is written again.
	dirty map[int]struct{}
	// changes since the last sync, in order.
	changes []change
}

// change is one write or one change of size.
type change struct {
	off  int64
	data []byte // nil: size was set
	size int64  // the size after it
}

func newInode() *inode { return &inode{dirty: map[int]struct{}{}} }

// own makes page i of now writable.
func (n *inode) own(i int) *page {
	p := n.now.page(i)
	if _, ok := n.dirty[i]; ok && p != nil {
		return p
	}
	fresh := new(page)
	if p != nil {
		*fresh = *p
	}
	n.now.setPage(i, fresh)
	n.dirty[i] = struct{}{}
	return fresh
}

func (n *inode) writeAt(p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	n.now.writeAt(p, off, n.own)
	n.changes = append(n.changes, change{off: off, data: append([]byte(nil), p...), size: n.now.size})
}

func (n *inode) setSize(size int64) {
	if size == n.now.size {
		return
	}
	if size < n.now.size {
		n.zeroFrom(size)
	}
	n.now.size = size
	n.changes = append(n.changes, change{size: size})
}

// zeroFrom clears the pages of now at and above size.
func (n *inode) zeroFrom(size int64) {
	first := int((size + pageBytes - 1) / pageBytes)
	for i := first; i < len(n.now.pages); i++ {
		if n.now.pages[i] != nil {
			n.now.pages[i] = nil
			n.dirty[i] = struct{}{}
		}
	}
	if at := size % pageBytes; at != 0 && n.now.page(int(size/pageBytes)) != nil {
		clear(n.own(int(size / pageBytes))[at:])
	}
}

func (n *inode) sync() {
	for i := range n.dirty {
		n.synced.setPage(i, n.now.page(i))
	}
	n.synced.size = n.now.size
	n.forget()
}

// forget makes the changes since the last sync neither durable nor pending:
// after sync they are durable, after a failed one they are lost.
func (n *inode) forget() {
	clear(n.dirty)
	n.changes = nil
}

// clone copies the inode with its pending changes.
func (n *inode) clone() *inode {
	c := &inode{now: n.now.share(), synced: n.synced.share(), dirty: make(map[int]struct{}, len(n.dirty))}
	for i := range n.dirty {
		c.dirty[i] = struct{}{}
		if p := n.now.page(i); p != nil {
			q := *p
			c.now.setPage(i, &q)
		}
	}
	c.changes = append([]change(nil), n.changes...)
	return c
}

// crash returns the inode as it might be found after power loss.
func (n *inode) crash(rng *rand.Rand) *inode {
	c := newInode()
	c.synced = n.synced.share()
	if len(n.changes) > 0 {
		f := newFate(n.synced.size, n.changes, rng)
		f.apply(&c.synced)
	}
	c.now = c.synced.share()
	return c
}

// fate decides which of a file's unsynced changes reach the disk. Each sector
// shows the state after some number of the changes, at least those before a cut
// of the file that is itself kept: a file system does not give back cut bytes.
type fate struct {
	rng     *rand.Rand
	changes []change
	style   fateStyle
	upTo    int           // for fateMoment: changes before this one are kept
	size    int64         // the size found
	cuts    []cut         // those kept
	kept    map[int64]int // sector -> number of changes it shows
}

type cut struct {
	index int
	size  int64
}

// fateStyle varies the shape of a loss: independent sectors alone would hardly
// ever keep or lose a whole write.
type fateStyle int

const (
	fateNothing fateStyle = iota // no change is kept
	fateAll                      // all are
	fateMoment                   // those up to a moment, the last one torn
	fateSectors                  // each sector on its own
	fateStyles
)

func newFate(syncedSize int64, changes []change, rng *rand.Rand) *fate {
	f := &fate{rng: rng, changes: changes, kept: map[int64]int{}, style: fateStyle(rng.IntN(int(fateStyles)))}
	f.upTo = rng.IntN(len(changes) + 1)
	sizes := 0 // number of changes that the size shows
	switch f.style {
	case fateAll:
		sizes = len(changes)
	case fateMoment:
		sizes = min(len(changes), f.upTo+rng.IntN(2))
	case fateSectors:
		sizes = rng.IntN(len(changes) + 1)
	}
	f.size = syncedSize
	for i, c := range changes[:sizes] {
		if c.size < f.size {
			f.cuts = append(f.cuts, cut{i, c.size})
		}
		f.size = c.size
	}
	return f
}

// shows returns how many of the changes the sector shows.
func (f *fate) shows(sector int64) int {
	if n, ok := f.kept[sector]; ok {
		return n
	}
	n := 0
	switch f.style {
	case fateAll:
		n = len(f.changes)
	case fateMoment:
		n = min(len(f.changes), f.upTo+f.rng.IntN(2))
	case fateSectors:
		n = f.rng.IntN(len(f.changes) + 1)
	}
	for _, c := range f.cuts {
		if (sector+1)*SectorBytes > c.size {
			n = max(n, c.index+1)
		}
	}
	f.kept[sector] = n
	return n
}

// apply brings the changes that are kept into the synced content.
func (f *fate) apply(c *content) {
	own := map[int]bool{}
	ownPage := func(i int) *page {
		if own[i] {
			return c.page(i)
		}
		fresh := new(page)
		if p := c.page(i); p != nil {
			*fresh = *p
		}
		c.setPage(i, fresh)
		own[i] = true
		return fresh
	}
	before := c.size
	var zero [SectorBytes]byte
	for i, ch := range f.changes {
		if ch.data != nil {
			f.eachSector(i, ch.off, ch.off+int64(len(ch.data)), func(from, to int64) {
				c.writeAt(ch.data[from-ch.off:to-ch.off], from, ownPage)
			})
		} else if ch.size < before {
			end := min(before, int64(len(c.pages))*pageBytes)
			f.eachSector(i, ch.size, end, func(from, to int64) {
				c.writeAt(zero[:to-from], from, ownPage)
			})
		}
		before = ch.size
	}
	// What lies above the size that was found is gone.
	for i := int(f.size / pageBytes); i < len(c.pages); i++ {
		if c.pages[i] != nil {
			clear(ownPage(i)[max(0, f.size-int64(i)*pageBytes):])
		}
	}
	c.size = f.size
}

// eachSector calls fn for the part of [from, to) in each sector that shows
// change i.
func (f *fate) eachSector(i int, from, to int64, fn func(from, to int64)) {
	for from < to {
		sector := from / SectorBytes
		end := min(to, (sector+1)*SectorBytes)
		if f.shows(sector) > i {
			fn(from, end)
		}
		from = end
	}
}
