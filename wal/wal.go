package wal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// LSN is a log sequence number: the byte position of a frame in the whole log.
// It only grows, over segments and restarts. 0 is before every record.
type LSN uint64

// MaxRecordBytes is the largest payload of one record.
const MaxRecordBytes = 16 << 20

// KindReserved is the smallest kind that belongs to the log itself; Append takes
// kinds below it.
const KindReserved byte = 0xF0

var (
	// ErrFailed is returned by Append, Flush and Sync after a write or a sync of
	// the log has failed. It wraps the cause (vfs.IsNoSpace still tells) and stays
	// until the log is opened again.
	ErrFailed = errors.New("the log has failed")
	// ErrClosed is returned when the log is used after Close.
	ErrClosed = errors.New("the log is closed")
	// ErrTooLarge is returned by Append for a payload over MaxRecordBytes.
	ErrTooLarge = errors.New("record too large for the log")
	// ErrVersion is returned when a segment has a format that this build does not know.
	ErrVersion = errors.New("unknown log format version")
)

// CorruptError says that bytes which were known to be durable are damaged or
// missing. Nothing was cut or changed.
type CorruptError struct {
	File   string // path of the segment
	Offset int64  // byte offset in File
	LSN    LSN    // the position in the log, 0 if unknown
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("log is corrupt: %s, offset %d: %s", e.File, e.Offset, e.Reason)
}

// Config says where a log lives and how it writes. The zero value of every
// field but Dir works.
type Config struct {
	// FS holds the files. Default: the operating system's.
	FS vfs.FS
	// Dir is the directory of the log's segments and of nothing else. It is made if
	// missing. The caller makes sure that no other process has it (vfs.FS.Lock).
	Dir string
	// SegmentSizeBytes is the length to which a segment file is preallocated.
	// Default 64 MiB. A smaller one frees space sooner after a checkpoint. It may
	// change between two openings.
	SegmentSizeBytes int64
	// MaxBufferedBytes is how much may be appended and not yet written before
	// Append itself writes. Default 4 MiB.
	MaxBufferedBytes int
	// Logger gets openings, cuts and failures. Default: none.
	Logger *slog.Logger
	// Rand gives the log's id when a log is created. Default crypto/rand.
	Rand io.Reader
	// Spawn runs background work (making the next segment, sealing the last).
	// Default: a goroutine. A simulation runs it inline to be deterministic: the log
	// holds no lock when it calls.
	Spawn func(work func())
}

// Log is an append-only log of opaque records. It is safe for concurrent use.
type Log struct{}

// Report is what Verify found.
type Report struct {
	Segments     int   // segment files that hold something at or above from
	Obsolete     int   // segment files wholly below from, not read
	Frames       int64 // valid frames, marks included
	Records      int64 // records among them
	PayloadBytes int64 // bytes of the records' payloads
	First        LSN   // first position read
	End          LSN   // position after the last valid frame
	Synced       LSN   // largest position known durable

	// TornFile, TornOffset and TornBytes say where a torn tail begins that the next
	// Open will cut, and how many bytes up to the last one that is not zero.
	// TornBytes is 0 when there is none.
	TornFile   string
	TornOffset int64
	TornBytes  int64
}

// Open opens the log, makes it if it is not there, and calls replay for each
// record at or above from, in order; from = 0 means all. A torn tail is cut.
// from must be 0 or a position that Append or End returned and that was synced
// (a checkpoint's): a log that begins above it or ends below it is corrupt, and so
// is one with damage below the largest position known durable (*CorruptError).
// payload is valid only during the call; an error of replay ends Open with it.
//
// All that was replayed is durable when Open returns.
func Open(cfg Config, from LSN, replay func(lsn LSN, kind byte, payload []byte) error) (*Log, error) {
	return nil, errors.ErrUnsupported
}

// Verify reads a log as Open(from) would, and changes nothing. The error is a
// *CorruptError when Open would return one.
func Verify(fs vfs.FS, dir string, from LSN) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// Append puts a record at the end of the log and returns its position and the
// position after it. It is not durable before Sync(end). Order of appends is
// order in the log. payload may be reused at once. It waits when
// MaxBufferedBytes are not yet written.
//
// When there is no disk space for the next segment, the record is not appended
// and an error returned for which vfs.IsNoSpace is true and ErrFailed is not: the
// log goes on when there is space again.
func (l *Log) Append(kind byte, payload []byte) (lsn, end LSN, err error) {
	return l.AppendV(kind, payload)
}

// AppendV is Append of a payload in parts.
func (l *Log) AppendV(kind byte, parts ...[]byte) (lsn, end LSN, err error) {
	return 0, 0, errors.ErrUnsupported
}

// Sync returns when everything below upTo, an end that Append returned, is
// durable. One sync of the file serves all who wait. It returns nil for what was
// durable before the log failed, and ErrFailed for all else after it.
func (l *Log) Sync(upTo LSN) error { return errors.ErrUnsupported }

// Flush returns when everything below upTo is written to the operating system;
// it survives the end of the process and not power loss.
func (l *Log) Flush(upTo LSN) error { return errors.ErrUnsupported }

// MarkSynced writes down, in a small frame of its own, that all records are
// durable, so that later damage to them is told from a torn tail. The caller
// calls it in idle moments; it costs nothing when there is nothing new to say.
func (l *Log) MarkSynced() error { return errors.ErrUnsupported }

// End returns the position after the last record appended.
func (l *Log) End() LSN { return 0 }

// Synced returns the position below which everything is durable.
func (l *Log) Synced() LSN { return 0 }

// Err returns the failure that ended the log, or nil.
func (l *Log) Err() error { return nil }

// DropBefore removes the segments that lie wholly below lsn. The caller has a
// durable checkpoint at lsn.
func (l *Log) DropBefore(lsn LSN) error { return errors.ErrUnsupported }

// Close writes, syncs and marks what was appended, waits for background work and
// closes the files. Of a failed log it returns the failure.
func (l *Log) Close() error { return errors.ErrUnsupported }
