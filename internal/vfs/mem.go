package vfs

import (
	"io"
	"io/fs"
	"maps"
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

// NewMem returns an empty file system.
func NewMem() *Mem { return &Mem{root: newDir(), locks: map[string]bool{}} }

// LieAboutSync makes Sync and SyncDir return nil and do nothing from now on, on
// this Mem and its clones: a test that still passes does not test durability.
func (m *Mem) LieAboutSync() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lies = true
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
