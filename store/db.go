package store

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// Config says how to open a database. The zero value is one in memory.
type Config struct {
	// FS holds the files. Default: the operating system's.
	FS vfs.FS
	// Dir is the data directory; it is made if missing. Default: none, nothing
	// is durable.
	Dir string
	// Partitions is a power of two. Default: the cores rounded up to one, at
	// least 2. An existing directory keeps its own.
	Partitions int
	// Clock returns microseconds since 2000-01-01 UTC. Default: the system's.
	Clock func() int64
	// Logger gets recoveries, checkpoints and failures. Default: none.
	Logger *slog.Logger
	// CheckpointBytes of log start a checkpoint, when the last one was not larger.
	// Default 1 GiB; less shortens recovery, more writes less.
	CheckpointBytes int64
	// SegmentBytes is the size of the log's files. Default: wal's.
	SegmentBytes int64
	// MaxPrepared is how many transactions may be prepared at a time, or
	// NoPrepared. Default 64. An existing directory may hold more.
	MaxPrepared int
	// MaintenanceInterval is how often vacuum looks for work unasked, and how
	// long an asynchronous commit may wait for its sync. Default 100 ms.
	MaintenanceInterval time.Duration
	// Progress is called while recovery reads, in bytes. Default: nothing.
	Progress func(stage string, done, total int64)
	// Spawn runs the log's background work; tests make it inline. Default: a goroutine.
	Spawn func(work func())
	// WALRand seeds the log's id; default crypto/rand.
	WALRand io.Reader
}

func (c Config) withDefaults() Config {
	if c.FS == nil {
		c.FS = vfs.OS
	}
	if c.Partitions == 0 {
		c.Partitions = max(2, 1<<bits.Len(uint(runtime.GOMAXPROCS(0)-1)))
	}
	if c.Clock == nil {
		c.Clock = systemClock
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.CheckpointBytes == 0 {
		c.CheckpointBytes = 1 << 30
	}
	if c.MaxPrepared == 0 {
		c.MaxPrepared = defaultPrepared
	}
	if c.MaintenanceInterval == 0 {
		c.MaintenanceInterval = 100 * time.Millisecond
	}
	if c.Progress == nil {
		c.Progress = func(string, int64, int64) {}
	}
	return c
}

func (c Config) validate() error {
	if c.Partitions < 1 || c.Partitions > slots || c.Partitions&(c.Partitions-1) != 0 {
		return fmt.Errorf("partitions must be a power of two from 1 to %d, not %d", slots, c.Partitions)
	}
	return nil
}

// epoch2000 is PostgreSQL's epoch in Unix microseconds.
const epoch2000 = 946684800 * 1000000

func systemClock() int64 { return time.Now().UnixMicro() - epoch2000 }

// DB is a database: its collections, log and transactions. Safe for concurrent use.
type DB struct {
	cfg        Config
	partitions int

	statuses  statuses
	locks     lockTable
	prepared  preparedTxns
	readers   readers
	oids      counter
	log       *localLog
	vacuum    *vacuum
	published atomic.Pointer[publication]
	txns      atomic.Uint64 // number of the last transaction begun
	snapshots exportedSnapshots
	sequences sequences
	excluding atomic.Int32 // transactions with ExcludeReaders

	// applying makes one applier at a time, in log order. Order: applying,
	// then Part.mu.
	applying   sync.Mutex
	state      *state                 // of the last record applied
	unborn     map[uint64]*collection // by generation: made by transactions that have not committed
	ended      []*status              // feeds that have ended since the last publish
	recovering bool

	checkpoints checkpoints
	unlock      io.Closer
	closed      atomic.Bool
}

// Open opens or creates a database and recovers it. Damage below what is known durable is an
// error that names file and offset, and nothing is changed.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	db := &DB{cfg: cfg, partitions: cfg.Partitions, unborn: map[uint64]*collection{}}
	db.log = &localLog{db: db, last: firstSnapshot}
	db.vacuum = newVacuum(db)
	db.oids.raise(schema.FirstOID)
	db.state = &state{catalog: schema.Empty(), collections: map[uint32]*collection{}}
	db.publish(firstSnapshot)
	if cfg.Dir != "" {
		if err := db.recover(ctx); err != nil {
			_ = db.closeFiles() // the first error is the one to tell
			return nil, err
		}
	}
	go db.vacuum.loop(cfg.MaintenanceInterval)
	return db, nil
}

// Close stops background work and closes the log. Transactions must have
// ended.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	close(db.vacuum.stop)
	<-db.vacuum.done
	db.sequences.close()
	db.checkpoints.wait()
	return db.closeFiles()
}

func (db *DB) closeFiles() (err error) {
	if db.log.wal != nil {
		err = db.log.wal.Close()
	}
	if db.unlock != nil {
		db.unlock.Close()
	}
	return err
}

// Partitions returns the number of partitions.
func (db *DB) Partitions() int { return db.partitions }

// Vacuum does all background work that can be done now.
func (db *DB) Vacuum() {
	for db.vacuum.round() {
	}
}

// everyCollection returns all collections, committed or not.
func (db *DB) everyCollection() []*collection {
	db.applying.Lock()
	defer db.applying.Unlock()
	var all []*collection
	for _, c := range db.state.collections {
		all = append(all, c)
	}
	for _, c := range db.unborn {
		all = append(all, c)
	}
	return all
}

func (db *DB) walConfig() wal.Config {
	return wal.Config{
		FS:               db.cfg.FS,
		Dir:              filepath.Join(db.cfg.Dir, "wal"),
		SegmentSizeBytes: db.cfg.SegmentBytes,
		Logger:           db.cfg.Logger,
		Rand:             db.cfg.WALRand,
		Spawn:            db.cfg.Spawn,
	}
}
