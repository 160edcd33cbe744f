package vfs

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

// Op names an operation for a Fault's hook.
type Op string

// The operations of FS and File.
const (
	OpCreate        Op = "create"
	OpOpen          Op = "open"
	OpOpenReadWrite Op = "open-rw"
	OpRename        Op = "rename" // the path is the new name
	OpRemove        Op = "remove"
	OpMkdirAll      Op = "mkdir"
	OpList          Op = "list"
	OpStat          Op = "stat"
	OpSyncDir       Op = "sync-dir"
	OpLock          Op = "lock"
	OpRead          Op = "read"  // Read and ReadAt
	OpWrite         Op = "write" // Write and WriteAt
	OpSync          Op = "sync"
	OpPreallocate   Op = "preallocate"
	OpTruncate      Op = "truncate"
)

// Hook is asked before each operation with the path of the file or directory;
// an error that it returns is the operation's result, in an *fs.PathError, and
// the operation is not carried out, but for two cases: of a write with a
// *ShortWrite the beginning is written; and a Sync that fails on a Mem loses
// what was unsynced, as on Linux. A hook may block. It is called without locks,
// by as many goroutines as use the file system.
type Hook func(op Op, path string) error

// ShortWrite is returned by a Hook to write only the first Bytes of a write and
// then fail with Err.
type ShortWrite struct {
	Bytes int
	Err   error
}

func (e *ShortWrite) Error() string { return fmt.Sprintf("short write: %v", e.Err) }

// Unwrap returns Err.
func (e *ShortWrite) Unwrap() error { return e.Err }

// FailNth returns a hook that fails the n-th operation (from 1) of a kind.
func FailNth(op Op, n int, err error) Hook {
	return failCount(op, err, func(i int) bool { return i == n })
}

// FailFrom returns a hook that fails the n-th operation (from 1) of a kind and
// all of that kind after it.
func FailFrom(op Op, n int, err error) Hook {
	return failCount(op, err, func(i int) bool { return i >= n })
}

func failCount(op Op, err error, fails func(i int) bool) Hook {
	var mu sync.Mutex
	count := 0
	return func(o Op, _ string) error {
		if o != op {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if count++; fails(count) {
			return err
		}
		return nil
	}
}

// Fault is a file system whose operations fail on demand. Without a hook and a
// space limit it does what the one under it does. It is safe for concurrent use.
type Fault struct {
	under FS

	mu      sync.Mutex // guards below
	hook    Hook
	limited bool
	space   int64 // bytes by which files may still grow, if limited
}

// NewFault wraps a file system.
func NewFault(under FS) *Fault { return &Fault{under: under} }

// SetHook installs a hook; nil removes it.
func (f *Fault) SetHook(h Hook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = h
}

// SetSpace lets files grow by so many bytes in all from now on; what goes
// beyond fails with ENOSPC. Writes below a file's size are free, removed and
// truncated files give back. A negative number lifts the limit.
func (f *Fault) SetSpace(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limited, f.space = bytes >= 0, bytes
}

// check asks the hook.
func (f *Fault) check(op Op, path string) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	if err := hook(op, path); err != nil {
		return pathError(string(op), path, err)
	}
	return nil
}

// take reserves growth and returns what of it there is space for.
func (f *Fault) take(growth int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.limited || growth <= 0 {
		return growth
	}
	growth = min(growth, f.space)
	f.space -= growth
	return growth
}

func (f *Fault) giveBack(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.limited {
		f.space += bytes
	}
}

// sizeOf returns the size of a file that is about to go, 0 if there is none.
func (f *Fault) sizeOf(name string) int64 {
	info, err := f.under.Stat(name)
	if err != nil {
		return 0
	}
	return info.SizeBytes
}

func asShortWrite(err error) *ShortWrite {
	var short *ShortWrite
	if errors.As(err, &short) {
		return short
	}
	return nil
}

func (f *Fault) opened(name string, file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, f: f, name: name}, nil
}

// Create implements FS.
func (f *Fault) Create(name string) (File, error) {
	if err := f.check(OpCreate, name); err != nil {
		return nil, err
	}
	old := f.sizeOf(name)
	file, err := f.under.Create(name)
	if err == nil {
		f.giveBack(old)
	}
	return f.opened(name, file, err)
}

// Open implements FS.
func (f *Fault) Open(name string) (File, error) {
	if err := f.check(OpOpen, name); err != nil {
		return nil, err
	}
	file, err := f.under.Open(name)
	return f.opened(name, file, err)
}

// OpenReadWrite implements FS.
func (f *Fault) OpenReadWrite(name string) (File, error) {
	if err := f.check(OpOpenReadWrite, name); err != nil {
		return nil, err
	}
	file, err := f.under.OpenReadWrite(name)
	return f.opened(name, file, err)
}

// Rename implements FS.
func (f *Fault) Rename(oldName, newName string) error {
	if err := f.check(OpRename, newName); err != nil {
		return err
	}
	old := f.sizeOf(newName)
	err := f.under.Rename(oldName, newName)
	if err == nil {
		f.giveBack(old)
	}
	return err
}

// Remove implements FS.
func (f *Fault) Remove(name string) error {
	if err := f.check(OpRemove, name); err != nil {
		return err
	}
	old := f.sizeOf(name)
	err := f.under.Remove(name)
	if err == nil {
		f.giveBack(old)
	}
	return err
}

// MkdirAll implements FS.
func (f *Fault) MkdirAll(dir string) error {
	if err := f.check(OpMkdirAll, dir); err != nil {
		return err
	}
	return f.under.MkdirAll(dir)
}

// List implements FS.
func (f *Fault) List(dir string) ([]string, error) {
	if err := f.check(OpList, dir); err != nil {
		return nil, err
	}
	return f.under.List(dir)
}

// Stat implements FS.
func (f *Fault) Stat(name string) (Info, error) {
	if err := f.check(OpStat, name); err != nil {
		return Info{}, err
	}
	return f.under.Stat(name)
}

// SyncDir implements FS.
func (f *Fault) SyncDir(dir string) error {
	if err := f.check(OpSyncDir, dir); err != nil {
		return err
	}
	return f.under.SyncDir(dir)
}

// Lock implements FS.
func (f *Fault) Lock(name string) (io.Closer, error) {
	if err := f.check(OpLock, name); err != nil {
		return nil, err
	}
	return f.under.Lock(name)
}

// DiskFree implements FS.
func (f *Fault) DiskFree(dir string) (int64, error) {
	f.mu.Lock()
	limited, space := f.limited, f.space
	f.mu.Unlock()
	if limited {
		return space, nil
	}
	return f.under.DiskFree(dir)
}

// faultFile is an open file of a Fault.
type faultFile struct {
	File
	f      *Fault
	name   string
	cursor int64
}

func (f *faultFile) Read(p []byte) (int, error) {
	if err := f.f.check(OpRead, f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *faultFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.f.check(OpRead, f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *faultFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.cursor)
	f.cursor += int64(n)
	return n, err
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.f.check(OpWrite, f.name)
	if short := asShortWrite(err); short != nil {
		n, werr := f.writeWithin(p[:min(len(p), short.Bytes)], off)
		if werr != nil {
			return n, werr
		}
		return n, err
	}
	if err != nil {
		return 0, err
	}
	return f.writeWithin(p, off)
}

// writeWithin writes what there is space for.
func (f *faultFile) writeWithin(p []byte, off int64) (int, error) {
	size, err := f.File.Size()
	if err != nil {
		return 0, err
	}
	growth := max(0, off+int64(len(p))-size)
	missing := growth - f.f.take(growth)
	fits := max(0, int64(len(p))-missing)
	n, err := f.File.WriteAt(p[:fits], off)
	if err == nil && fits < int64(len(p)) {
		err = pathError(string(OpWrite), f.name, syscall.ENOSPC)
	}
	return n, err
}

func (f *faultFile) Sync() error {
	if err := f.f.check(OpSync, f.name); err != nil {
		if m, ok := f.File.(*memFile); ok {
			m.loseUnsynced()
		}
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Preallocate(sizeBytes int64, how Allocation) error {
	if err := f.f.check(OpPreallocate, f.name); err != nil {
		return err
	}
	size, err := f.File.Size()
	if err != nil {
		return err
	}
	growth := max(0, sizeBytes-size)
	if got := f.f.take(growth); got < growth {
		f.f.giveBack(got)
		return pathError(string(OpPreallocate), f.name, syscall.ENOSPC)
	}
	return f.File.Preallocate(sizeBytes, how)
}

func (f *faultFile) Truncate(sizeBytes int64) error {
	if err := f.f.check(OpTruncate, f.name); err != nil {
		return err
	}
	size, err := f.File.Size()
	if err != nil {
		return err
	}
	if err := f.File.Truncate(sizeBytes); err != nil {
		return err
	}
	f.f.giveBack(max(0, size-sizeBytes))
	return nil
}
