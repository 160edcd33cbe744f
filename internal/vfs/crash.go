package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Clone returns the file system as it is after the process was killed: all that
// was written is there, durable or not, and nobody holds a lock.
func (m *Mem) Clone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := NewMem()
	c.lies = m.lies
	cl := cloner{files: map[*inode]*inode{}, dirs: map[*dir]*dir{}, changes: map[*dirChange]*dirChange{}}
	c.root = cl.dir(m.root)
	return c
}

// cloner copies a tree. What is in several places, or in the present and in the
// durable state, stays one thing.
type cloner struct {
	files   map[*inode]*inode
	dirs    map[*dir]*dir
	changes map[*dirChange]*dirChange
}

func (cl *cloner) node(n node) node {
	switch {
	case n.dir != nil:
		return node{dir: cl.dir(n.dir)}
	case n.file == nil:
		return node{}
	}
	if cl.files[n.file] == nil {
		cl.files[n.file] = n.file.clone()
	}
	return node{file: cl.files[n.file]}
}

func (cl *cloner) dir(d *dir) *dir {
	if c, ok := cl.dirs[d]; ok {
		return c
	}
	c := newDir()
	cl.dirs[d] = c
	for name, child := range d.now {
		c.now[name] = cl.node(child)
	}
	for name, child := range d.synced {
		c.synced[name] = cl.node(child)
	}
	for _, ch := range d.changes {
		c.changes = append(c.changes, cl.change(ch))
	}
	return c
}

func (cl *cloner) change(ch *dirChange) *dirChange {
	if c, ok := cl.changes[ch]; ok {
		return c
	}
	c := &dirChange{remove: ch.remove, add: ch.add, node: cl.node(ch.node)}
	cl.changes[ch] = c
	if ch.after != nil {
		c.after, c.afterDir = cl.change(ch.after), cl.dir(ch.afterDir)
	}
	return c
}

// CrashClone returns the file system as it might be found after power loss, drawn
// from rng: all that was synced, and of the rest what the package comment allows.
// m is not changed, and handles on it go on working on m.
func (m *Mem) CrashClone(rng *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := NewMem()
	c.lies = m.lies
	kept := map[*dir]int{}
	chooseKept(m.root, rng, kept)
	dropUntied(kept)
	c.root = crashDir(m.root, rng, kept, map[*inode]*inode{})
	return c
}

// sortedNodes returns the directory's nodes of now and synced in a fixed order.
func sortedNodes(d *dir) []node {
	var nodes []node
	for _, names := range []map[string]node{d.synced, d.now} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			nodes = append(nodes, names[name])
		}
	}
	return nodes
}

// chooseKept draws how many pending changes of each directory are kept.
func chooseKept(d *dir, rng *rand.Rand, kept map[*dir]int) {
	if _, ok := kept[d]; ok {
		return
	}
	kept[d] = 0
	if n := len(d.changes); n > 0 {
		kept[d] = rng.IntN(n + 1)
	}
	for _, n := range sortedNodes(d) {
		if n.dir != nil {
			chooseKept(n.dir, rng, kept)
		}
	}
}

// dropUntied shortens what is kept until no leaving half of a rename is kept
// without its arriving half.
func dropUntied(kept map[*dir]int) {
	for changed := true; changed; {
		changed = false
		pending := map[*dirChange]bool{} // not kept
		for d, n := range kept {
			for _, ch := range d.changes[n:] {
				pending[ch] = true
			}
		}
		for d, n := range kept {
			for i, ch := range d.changes[:n] {
				if ch.after != nil && pending[ch.after] {
					kept[d], changed = i, true
					break
				}
			}
		}
	}
}

func crashDir(d *dir, rng *rand.Rand, kept map[*dir]int, files map[*inode]*inode) *dir {
	names := maps.Clone(d.synced)
	for _, ch := range d.changes[:kept[d]] {
		apply(names, ch)
	}
	c := newDir()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		if n.dir != nil {
			c.now[name] = node{dir: crashDir(n.dir, rng, kept, files)}
			continue
		}
		if files[n.file] == nil {
			files[n.file] = n.file.crash(rng)
		}
		c.now[name] = node{file: files[n.file]}
	}
	c.sync()
	return c
}
