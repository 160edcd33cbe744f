package vfs

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Mem is a file system in memory that knows what is durable. It is safe for
// concurrent use. The same calls in the same order and the same random source
// give the same CrashClone.
type Mem struct {
	mu    sync.Mutex
	root  *dir
	locks map[string]bool
	lies  bool
}

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

// NewMem returns an empty file system.
func NewMem() *Mem { return &Mem{root: newDir(), locks: map[string]bool{}} }

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

// LieAboutSync makes Sync and SyncDir return nil and do nothing from now on, on
// this Mem and its clones: a test that still passes does not test durability.
func (m *Mem) LieAboutSync() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lies = true
}

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

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// split returns the components of a cleaned path; none for the root.
func split(name string) []string {
	name = strings.Trim(filepath.ToSlash(filepath.Clean(name)), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// lookup finds a node by its components.
func (m *Mem) lookup(parts []string) (node, error) {
	n := node{dir: m.root}
	for _, p := range parts {
		if n.dir == nil {
			return node{}, syscall.ENOTDIR
		}
		child, ok := n.dir.now[p]
		if !ok {
			return node{}, fs.ErrNotExist
		}
		n = child
	}
	return n, nil
}

// parent finds the directory of a name and its last component.
func (m *Mem) parent(name string) (*dir, string, error) {
	parts := split(name)
	if len(parts) == 0 {
		return nil, "", fs.ErrInvalid
	}
	n, err := m.lookup(parts[:len(parts)-1])
	if err != nil {
		return nil, "", err
	}
	if n.dir == nil {
		return nil, "", syscall.ENOTDIR
	}
	return n.dir, parts[len(parts)-1], nil
}

// Create implements FS.
func (m *Mem) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.parent(name)
	if err != nil {
		return nil, pathError("create", name, err)
	}
	n, ok := d.now[base]
	switch {
	case !ok:
		n = node{file: newInode()}
		d.change(&dirChange{add: base, node: n})
	case n.dir != nil:
		return nil, pathError("create", name, syscall.EISDIR)
	default:
		n.file.setSize(0)
	}
	return &memFile{m: m, n: n.file, name: name, writable: true}, nil
}

// Open implements FS.
func (m *Mem) Open(name string) (File, error) { return m.open("open", name, false) }

// OpenReadWrite implements FS.
func (m *Mem) OpenReadWrite(name string) (File, error) { return m.open("open", name, true) }

func (m *Mem) open(op, name string, writable bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup(split(name))
	if err == nil && n.dir != nil {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return &memFile{m: m, n: n.file, name: name, writable: writable}, nil
}

// Rename implements FS.
func (m *Mem) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, oldBase, err := m.parent(oldName)
	if err != nil {
		return pathError("rename", oldName, err)
	}
	to, newBase, err := m.parent(newName)
	if err != nil {
		return pathError("rename", newName, err)
	}
	n, ok := from.now[oldBase]
	if !ok {
		return pathError("rename", oldName, fs.ErrNotExist)
	}
	if old, ok := to.now[newBase]; ok && old.dir != nil && (n.dir == nil || len(old.dir.now) > 0) {
		return pathError("rename", newName, fs.ErrExist)
	}
	if from == to {
		if oldBase != newBase {
			from.change(&dirChange{remove: oldBase, add: newBase, node: n})
		}
		return nil
	}
	arrive := &dirChange{add: newBase, node: n}
	to.change(arrive)
	from.change(&dirChange{remove: oldBase, after: arrive, afterDir: to})
	return nil
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.parent(name)
	if err != nil {
		return pathError("remove", name, err)
	}
	n, ok := d.now[base]
	if !ok {
		return pathError("remove", name, fs.ErrNotExist)
	}
	if n.dir != nil && len(n.dir.now) > 0 {
		return pathError("remove", name, syscall.ENOTEMPTY)
	}
	d.change(&dirChange{remove: base})
	return nil
}

// MkdirAll implements FS.
func (m *Mem) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.root
	for _, p := range split(name) {
		n, ok := d.now[p]
		if !ok {
			n = node{dir: newDir()}
			d.change(&dirChange{add: p, node: n})
			if !m.lies {
				d.sync()
			}
		}
		if n.dir == nil {
			return pathError("mkdir", name, syscall.ENOTDIR)
		}
		d = n.dir
	}
	return nil
}

// dirAt finds a directory.
func (m *Mem) dirAt(op, name string) (*dir, error) {
	n, err := m.lookup(split(name))
	if err == nil && n.dir == nil {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return n.dir, nil
}

// List implements FS.
func (m *Mem) List(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.dirAt("list", name)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(d.now)), nil
}

// Stat implements FS.
func (m *Mem) Stat(name string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup(split(name))
	if err != nil {
		return Info{}, pathError("stat", name, err)
	}
	if n.dir != nil {
		return Info{IsDir: true}, nil
	}
	return Info{SizeBytes: n.file.now.size}, nil
}

// SyncDir implements FS.
func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.dirAt("sync", name)
	if err == nil && !m.lies {
		d.sync()
	}
	return err
}

// Lock implements FS.
func (m *Mem) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := strings.Join(split(name), "/")
	if m.locks[key] {
		return nil, pathError("lock", name, ErrLocked)
	}
	d, base, err := m.parent(name)
	if err != nil {
		return nil, pathError("lock", name, err)
	}
	if _, ok := d.now[base]; !ok {
		d.change(&dirChange{add: base, node: node{file: newInode()}})
	}
	m.locks[key] = true
	return &memLock{m: m, key: key}, nil
}

// memFreeBytes is what an empty Mem says is free; a Fault's SetSpace lowers it.
const memFreeBytes = 1 << 40

// DiskFree implements FS.
func (m *Mem) DiskFree(string) (int64, error) { return memFreeBytes, nil }

type memLock struct {
	m    *Mem
	key  string
	once sync.Once
}

func (l *memLock) Close() error {
	l.once.Do(func() {
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		delete(l.m.locks, l.key)
	})
	return nil
}

// memFile is an open file of a Mem.
type memFile struct {
	m        *Mem
	n        *inode
	name     string
	writable bool
	cursor   int64
	closed   bool // guarded by m.mu
}

// use locks the file system for one operation on the file.
func (f *memFile) use(op string, write bool) (unlock func(), err error) {
	f.m.mu.Lock()
	switch {
	case f.closed:
		err = fs.ErrClosed
	case write && !f.writable:
		err = syscall.EBADF
	}
	if err != nil {
		f.m.mu.Unlock()
		return nil, pathError(op, f.name, err)
	}
	return f.m.mu.Unlock, nil
}

func (f *memFile) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.ReadAt(p, f.cursor)
	f.cursor += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.cursor)
	f.cursor += int64(n)
	return n, err
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	unlock, err := f.use("read", false)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if off < 0 {
		return 0, pathError("read", f.name, fs.ErrInvalid)
	}
	n := f.n.now.readAt(p, off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	unlock, err := f.use("write", true)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if off < 0 {
		return 0, pathError("write", f.name, fs.ErrInvalid)
	}
	f.n.writeAt(p, off)
	return len(p), nil
}

func (f *memFile) Sync() error {
	unlock, err := f.use("sync", false)
	if err != nil {
		return err
	}
	defer unlock()
	if !f.m.lies {
		f.n.sync()
	}
	return nil
}

// loseUnsynced is what a failed sync does on Linux: the pages count as clean and
// are not on disk.
func (f *memFile) loseUnsynced() {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.forget()
}

func (f *memFile) Preallocate(sizeBytes int64) error {
	unlock, err := f.use("preallocate", true)
	if err != nil {
		return err
	}
	defer unlock()
	f.n.setSize(max(sizeBytes, f.n.now.size))
	return nil
}

func (f *memFile) Truncate(sizeBytes int64) error {
	unlock, err := f.use("truncate", true)
	if err != nil {
		return err
	}
	defer unlock()
	if sizeBytes < 0 {
		return pathError("truncate", f.name, fs.ErrInvalid)
	}
	f.n.setSize(sizeBytes)
	return nil
}

func (f *memFile) Size() (int64, error) {
	unlock, err := f.use("size", false)
	if err != nil {
		return 0, err
	}
	defer unlock()
	return f.n.now.size, nil
}

func (f *memFile) Close() error {
	unlock, err := f.use("close", false)
	if err != nil {
		return err
	}
	defer unlock()
	f.closed = true
	return nil
}
