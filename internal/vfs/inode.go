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
