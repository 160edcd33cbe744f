package vfs

import "maps"

// dir is a directory: what it names now, what is durable, the changes between.
type dir struct {
	now     map[string]node
	synced  map[string]node
	changes []*dirChange
}

// node is a file or a directory; one of the two is set.
type node struct {
	file *inode
	dir  *dir
}

// dirChange takes a name away, gives a name to a node, or both at once (a
// rename within the directory).
type dirChange struct {
	remove string
	add    string
	node   node
	// after is set for the leaving half of a rename between directories: it is not
	// kept without the arriving half, so that the file is never in neither.
	after    *dirChange
	afterDir *dir
}

func newDir() *dir { return &dir{now: map[string]node{}, synced: map[string]node{}} }

func (d *dir) change(c *dirChange) {
	apply(d.now, c)
	d.changes = append(d.changes, c)
}

func apply(names map[string]node, c *dirChange) {
	if c.remove != "" {
		delete(names, c.remove)
	}
	if c.add != "" {
		names[c.add] = c.node
	}
}

// sync makes all changes durable, and with the leaving half of a rename its
// arriving half in the other directory.
func (d *dir) sync() {
	changes := d.changes
	d.synced, d.changes = maps.Clone(d.now), nil
	for _, ch := range changes {
		if ch.afterDir != nil {
			ch.afterDir.sync()
		}
	}
}
