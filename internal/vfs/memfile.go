package vfs

import (
	"io"
	"io/fs"
	"syscall"
)

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

func (f *memFile) Preallocate(sizeBytes int64, _ Allocation) error {
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
