// Package vfs is the file system as the engine sees it: the few operations a
// log, a checkpoint and a backup need, with their promises about power loss
// spelled out, behind an interface that tests can crash, fill up and make fail.
//
// Three implementations:
//
//   - OS is the real one.
//   - Mem lives in memory and knows what was synced: CrashClone returns the file
//     system as it might look after power loss, drawn from a seed.
//   - Fault wraps any other and makes chosen operations fail.
//
// # What survives power loss
//
// Two things must be synced for bytes to be found again: the file (File.Sync)
// and the directory entry that names it (FS.SyncDir). Neither implies the other
// here, though some real file systems are kinder.
//
//   - Bytes written, and a change of size, are certain only after File.Sync
//     returned nil. Until then each 512-byte sector may hold any state it had
//     since the last sync, independently of its neighbours.
//   - Create, Rename and Remove are certain only after SyncDir of the directory
//     returned nil. Until then the directory may show any earlier state: its
//     changes are kept or lost in their order, so that a later one never survives
//     without an earlier one. Rename is atomic.
//   - After File.Sync returned an error nothing is known about the bytes written
//     since the last good sync, and a later Sync that returns nil says nothing
//     about them: the kernel may have dropped them. They must be written again.
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// FS is a file system. Names are paths in the style of path/filepath; relative
// ones are relative to the process's directory (OS) or to the root (Mem). All
// methods are safe for concurrent use. Errors wrap those of io/fs
// (fs.ErrNotExist, fs.ErrExist) and, where there is one, the syscall.Errno.
type FS interface {
	// Create makes an empty file open for reading and writing. A file of that
	// name is emptied.
	Create(name string) (File, error)
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// OpenReadWrite opens an existing file for reading and writing, contents kept.
	OpenReadWrite(name string) (File, error)
	// Rename gives a file or an empty or full directory another name, atomically,
	// replacing a file that has it. Durable after SyncDir of the directory.
	Rename(oldName, newName string) error
	// Remove removes a file or an empty directory. Handles that are open stay usable.
	Remove(name string) error
	// MkdirAll makes the directory and its missing parents, and syncs the
	// directory entries that it made.
	MkdirAll(dir string) error
	// List returns the names (not paths) in a directory in lexical order.
	List(dir string) ([]string, error)
	// Stat describes a file or directory.
	Stat(name string) (Info, error)
	// SyncDir makes the entries of a directory durable.
	SyncDir(dir string) error
	// Lock takes an exclusive lock on a file, which it makes if need be, and holds
	// it until Close of what it returns or the end of the process. ErrLocked is
	// returned at once when another holder exists, in this process or another.
	Lock(name string) (io.Closer, error)
	// DiskFree returns the bytes that an unprivileged process may still write to
	// the file system that holds dir.
	DiskFree(dir string) (int64, error)
}

// File is an open file. ReadAt, WriteAt, Sync and Size are safe for concurrent
// use; Read and Write share one cursor and belong to one goroutine; Close comes
// after all others.
type File interface {
	// Read and Write move one cursor that begins at 0.
	io.Reader
	io.Writer
	io.ReaderAt
	// WriteAt writes all of p or returns an error; after an error any part of it may
	// be written.
	io.WriterAt
	// Sync makes the bytes written and the size durable (fdatasync: not the times).
	// After an error see the package comment.
	Sync() error
	// Preallocate reserves disk blocks so that the file is at least size bytes
	// long and writes below size cannot run out of space. New bytes read as zero,
	// old ones are kept. On an error the size is unspecified.
	Preallocate(sizeBytes int64, how Allocation) error
	// Truncate sets the size; new bytes read as zero.
	Truncate(sizeBytes int64) error
	// Size returns the length in bytes.
	Size() (int64, error)
	io.Closer
}

// Allocation says how Preallocate leaves new blocks.
type Allocation uint8

const (
	// Written blocks have zeros on the disk: a sync of later writes changes no
	// metadata, which makes small ones about half as long.
	Written Allocation = iota
	// Reserved blocks are only set aside, where the file system can do that: the
	// disk need not write everything twice.
	Reserved
)

// Info is what Stat tells.
type Info struct {
	SizeBytes int64
	IsDir     bool
}

// ErrLocked is returned by Lock when another holder has the file.
var ErrLocked = errors.New("file is locked by another process")

// IsNotExist reports whether err says that a file is not there.
func IsNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// IsNoSpace reports whether err says that the disk or the user's quota is full.
func IsNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
