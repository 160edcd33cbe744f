package wal

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

const (
	defaultSegmentSizeBytes = 64 << 20
	defaultMaxBufferedBytes = 4 << 20
	maxSegmentSizeBytes     = 1 << 30
)

// Config says where a log lives and how it writes. The zero value of every
// field but Dir works.
type Config struct {
	// FS holds the files. Default: the operating system's.
	FS vfs.FS
	// Dir is the directory of the log's segments and of nothing else. It is made if
	// missing. The caller makes sure that no other process has it (vfs.FS.Lock).
	Dir string
	// SegmentSizeBytes is the length to which a segment file is preallocated, at
	// most 1 GiB. Default 64 MiB. A smaller one frees space sooner after a
	// checkpoint, a larger one has fewer stalls for files. It may change between two
	// openings.
	SegmentSizeBytes int64
	// MaxBufferedBytes is how much may be appended and not yet written before
	// Append itself writes. Default 4 MiB.
	MaxBufferedBytes int
	// Logger gets openings, cuts and failures. Default: none.
	Logger *slog.Logger
	// Rand gives the log's id when a log is created. Default crypto/rand.
	Rand io.Reader
	// Spawn runs background work (making the next segment, sealing the last) to
	// its end, now or later. Default: a goroutine. A simulation runs it inline to be
	// deterministic: the log holds no lock when it calls.
	Spawn func(work func())
}

func (c Config) withDefaults() Config {
	if c.FS == nil {
		c.FS = vfs.OS
	}
	if c.SegmentSizeBytes == 0 {
		c.SegmentSizeBytes = defaultSegmentSizeBytes
	}
	if c.MaxBufferedBytes == 0 {
		c.MaxBufferedBytes = defaultMaxBufferedBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Spawn == nil {
		c.Spawn = func(work func()) { go work() }
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Dir == "":
		return fmt.Errorf("log: no directory given")
	case c.SegmentSizeBytes < 0 || c.SegmentSizeBytes > maxSegmentSizeBytes:
		return fmt.Errorf("log: segment size of %d bytes is not between 1 and %d", c.SegmentSizeBytes, maxSegmentSizeBytes)
	case c.MaxBufferedBytes < 0:
		return fmt.Errorf("log: buffer size of %d bytes is negative", c.MaxBufferedBytes)
	}
	return nil
}
