package wal

import (
	"errors"
	"fmt"
)

var (
	// ErrFailed is returned by Append, Flush and Sync after a write or a sync of
	// the log has failed. It wraps the cause (vfs.IsNoSpace still tells) and stays
	// until the log is closed and opened again, which may be done in the same
	// process. Nothing that was acknowledged is lost by it.
	ErrFailed = errors.New("the log has failed")
	// ErrClosed is returned when the log is used after Close.
	ErrClosed = errors.New("the log is closed")
	// ErrTooLarge is returned by Append for a payload over MaxRecordBytes.
	ErrTooLarge = errors.New("record too large for the log")
	// ErrVersion is returned by Open and Verify when the log was written in a format
	// that this build does not know.
	ErrVersion = errors.New("unknown log format version")
)

// CorruptError says that bytes which were known to be durable are damaged or
// missing. Nothing was cut or changed.
type CorruptError struct {
	File   string // path of the segment, or of the directory when none is there
	Offset int64  // byte offset in File
	LSN    LSN    // the position in the log that was expected there
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("log is corrupt: %s, offset %d (LSN %d): %s", e.File, e.Offset, e.LSN, e.Reason)
}
