package store

// Signatures that query is written against while the store is being built.
// This file shrinks to nothing as the real ones arrive.

import (
	"context"
	"log/slog"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// Config says how to open a database. The zero value is an in-memory one.
type Config struct {
	FS         vfs.FS // nil: the operating system's
	Dir        string // "": no log, nothing durable
	Partitions int    // 0: cores rounded up to a power of two, at least 2; an existing directory keeps its own
	// Clock returns microseconds since 2000-01-01 UTC. nil: the system's.
	Clock  func() int64
	Logger *slog.Logger // nil: discard
	// CheckpointBytes of log start a checkpoint; 0: 1 GiB.
	CheckpointBytes int64
	// Progress is called while recovery reads.
	Progress func(stage string, done, total int64)
}

// DB is a database: its collections, log and transactions. Safe for concurrent use.
type DB struct{}

// Open opens or creates a database and recovers it.
func Open(ctx context.Context, cfg Config) (*DB, error) { panic("skeleton") }

// Close stops background work and closes the log. Transactions must have ended.
func (db *DB) Close() error { panic("skeleton") }

// Check walks everything and returns the first broken invariant.
func (db *DB) Check(ctx context.Context) error { panic("skeleton") }

// Checkpoint writes a checkpoint now and drops the log before it.
func (db *DB) Checkpoint(ctx context.Context) error { panic("skeleton") }

// TxnOptions are a transaction's characteristics.
type TxnOptions struct {
	ReadOnly bool
	// LockTimeout bounds each wait for a lock, in microseconds as SET
	// lock_timeout gives it; 0: no limit. May be changed between statements.
	SyncCommitOff bool // synchronous_commit = off
}

// Txn is a transaction at READ COMMITTED. One goroutine at a time uses it; several may read its Views.
type Txn struct {
	LockTimeoutMicros int64
}

// Begin starts a transaction. It costs nothing until it is used.
func (db *DB) Begin(opts TxnOptions) *Txn { panic("skeleton") }

// View opens a snapshot of everything committed now, with the transaction's
// own writes up to this moment. A statement opens one and closes it at its end; later writes of
// the transaction do not show in it. Its PartViews may be read by several goroutines.
func (t *Txn) View() *View { panic("skeleton") }

// Commit makes the transaction's writes durable and visible (I1, I2). On an error they are not,
// except when the log failed at the sync (40003 statement completion unknown).
func (t *Txn) Commit(ctx context.Context) error { panic("skeleton") }

// Rollback gives everything up. Idempotent; does nothing after Commit.
func (t *Txn) Rollback() { panic("skeleton") }

// Wrote says whether the transaction has written anything.
func (t *Txn) Wrote() bool { panic("skeleton") }

// LockMode is a table lock's mode.
type LockMode uint8

// The table lock modes: writers of rows share; DDL and index builds exclude them. Readers take none.
const (
	LockShared LockMode = iota
	LockExclusive
)

// LockTable takes a table lock until the end of the transaction (55P03, 40P01, 57014).
func (t *Txn) LockTable(ctx context.Context, oid uint32, mode LockMode) error { panic("skeleton") }

// LockKey takes the exclusive lock of a key, present or absent, until the end of the transaction, after LockTable(LockShared),
// and waits for a transaction that has written it to end. 55P03 after the lock timeout, 40P01 for a deadlock's victim, 57014 when ctx ends.
func (t *Txn) LockKey(ctx context.Context, tbl *schema.Table, key []byte) error { panic("skeleton") }

// Current is the newest row of a locked key: committed or the transaction's own. It stays as it is while the lock is held.
type Current struct{}

// Newest returns the newest row of a key that the transaction has locked.
func (t *Txn) Newest(tbl *schema.Table, key []byte) (Current, bool) { panic("skeleton") }

// Is says whether the row is the one that a scan saw; if not it has been updated since the scan's
// snapshot and the statement must look at its condition again (READ COMMITTED).
func (c Current) Is(r Ref) bool { panic("skeleton") }

// Values appends the values of the given columns.
func (c Current) Values(dst []value.Value, cols []int16) []value.Value { panic("skeleton") }

// Insert adds a row (all columns, by number) whose key is locked and known absent through Newest.
func (t *Txn) Insert(tbl *schema.Table, key []byte, row []value.Value) error { panic("skeleton") }

// Update replaces the current row of a key that is locked. The key cannot change: an UPDATE of key columns is Delete and Insert.
func (t *Txn) Update(tbl *schema.Table, key []byte, cur Current, row []value.Value) error {
	panic("skeleton")
}

// Delete removes the current row of a locked key.
func (t *Txn) Delete(tbl *schema.Table, key []byte, cur Current) error { panic("skeleton") }

// RowKey appends the key encoding of a row's primary key. For a hidden key it
// allots one when the row's hidden column (the last given) is NULL and stores it there.
func (t *Txn) RowKey(dst []byte, tbl *schema.Table, row []value.Value) []byte { panic("skeleton") }

// Feed is a bulk insert: rows go to the log as they come and become visible with COMMIT. It takes the keys' locks itself.
type Feed struct{}

// Feed starts a bulk insert into a table.
func (t *Txn) Feed(ctx context.Context, tbl *schema.Table) (*Feed, error) { panic("skeleton") }

// Add gives rows: a Vec for each column of the table in number order, hidden ones too (left empty by
// the caller: the feed fills a hidden key). The batch is the feed's during the call only. NOT NULL and types were checked
// by the caller. A duplicate key is 23505.
func (f *Feed) Add(ctx context.Context, b *column.Batch) error { panic("skeleton") }

// Close waits until all rows are in. After an error the transaction can only be rolled back.
func (f *Feed) Close(ctx context.Context) error { panic("skeleton") }

// NewOID returns an OID never given before.
func (t *Txn) NewOID() uint32 { panic("skeleton") }

// NewGeneration returns a generation never used before.
func (t *Txn) NewGeneration() uint64 { panic("skeleton") }

// PutTable creates or replaces a table's definition within the transaction, which holds its exclusive lock.
// A new generation starts empty (TRUNCATE); new columns take their Missing value; dropped indexes go. It
// is seen by the transaction's next Views, by others after COMMIT.
func (t *Txn) PutTable(def *schema.Table) error { panic("skeleton") }

// AddIndex adds an index and builds it from the rows there are; the table's exclusive lock is held.
func (t *Txn) AddIndex(ctx context.Context, tbl *schema.Table, x *schema.Index) error {
	panic("skeleton")
}

// DropTable drops a table.
func (t *Txn) DropTable(oid uint32) error { panic("skeleton") }

// View is what a statement sees: a snapshot and the transaction's own writes before it. It never changes (I7).
type View struct{}

// Close ends the view. Nothing read through it may be used afterwards but byte strings.
func (v *View) Close() { panic("skeleton") }

// Catalog returns the catalog of the snapshot with the transaction's own changes.
func (v *View) Catalog() *schema.Catalog { panic("skeleton") }

// Timestamp returns the snapshot's commit timestamp.
func (v *View) Timestamp() uint64 { panic("skeleton") }

// Table returns one collection; the OID is of the view's catalog.
func (v *View) Table(oid uint32) *TableView { panic("skeleton") }

// TableView is one collection as a View sees it. All access to rows goes through it, so that the
// base rows the transaction has ended are missing and those of its delta are there.
type TableView struct{}

// Def returns the definition.
func (tv *TableView) Def() *schema.Table { panic("skeleton") }

// Parts returns the number of partitions.
func (tv *TableView) Parts() int { panic("skeleton") }

// Part returns partition i.
func (tv *TableView) Part(i int) *PartView { panic("skeleton") }

// PartOfKey returns the partition that holds a primary key.
func (tv *TableView) PartOfKey(key []byte) int { panic("skeleton") }

// Get reads the given columns of the row of a primary key (its key encoding): the short path of point reads.
func (tv *TableView) Get(dst []value.Value, key []byte, cols []int16) ([]value.Value, bool) {
	panic("skeleton")
}

// Lookup finds the row of a primary key; the Ref can be used in Fetch sets of this view.
func (tv *TableView) Lookup(key []byte) (Ref, bool) { panic("skeleton") }

// EstimateRows returns about how many rows there are; for the planner only.
func (tv *TableView) EstimateRows() int64 { panic("skeleton") }

// Ref names a row of a view. It is private to the view: never stored or shown.
type Ref struct {
	Part  uint16
	Own   bool // a row of the transaction's own delta
	Row   uint32
	Begin uint64 // the version's commit timestamp
}

// PartView is one partition of a TableView. Its methods may be called by one goroutine at a time; parts by several.
type PartView struct{}

// Universe returns the number of row ids in the partition: sets of row ids lie in [0, Universe).
func (p *PartView) Universe() uint32 { panic("skeleton") }

// OwnRows returns the number of rows in the transaction's delta for this partition.
func (p *PartView) OwnRows() int { panic("skeleton") }

// Scan reads the visible rows, in a stable order: of the whole partition when set is nil, of the
// row ids in it otherwise; then the rows of the transaction's delta, whether in the set or not.
func (p *PartView) Scan(set *index.Set, cols []int16) *Scan { panic("skeleton") }

// KeyRange is a half-open interval [Lo, Hi) of index keys (IndexKey encodings and their
// value.KeySuccessor). nil is unbounded.
type KeyRange struct{ Lo, Hi []byte }

// Walk reads the visible rows of a key range of a B-tree index in its order, or backwards, the
// transaction's own rows among them.
func (p *PartView) Walk(x *schema.Index, r KeyRange, reverse bool, cols []int16) *Scan {
	panic("skeleton")
}

// Equal returns the row ids whose index key is key (dictionary: of one element for an array column): a
// superset of the visible ones.
func (p *PartView) Equal(x *schema.Index, key []byte) index.Set { panic("skeleton") }

// EqualCount returns an upper bound of the visible rows with the key.
func (p *PartView) EqualCount(x *schema.Index, key []byte) int { panic("skeleton") }

// Range returns the row ids of a key range of a B-tree index: a superset of the visible ones.
func (p *PartView) Range(x *schema.Index, r KeyRange) index.Set { panic("skeleton") }

// RangeCount estimates the rows of a key range.
func (p *PartView) RangeCount(x *schema.Index, r KeyRange) int { panic("skeleton") }

// IndexKey appends the encoding of an index's leading columns: of all, or of a prefix of them.
func IndexKey(dst []byte, x *schema.Index, vals ...value.Value) []byte { panic("skeleton") }

// Scan yields batches of rows.
type Scan struct{}

// Next fills b with the next rows: b.Vecs[i] is column cols[i]. It returns false at the end.
func (s *Scan) Next(b *column.Batch) bool { panic("skeleton") }

// Own says whether the last batch has rows of the transaction's delta, to which a set was not applied:
// the statement's whole condition must be tested on them.
func (s *Scan) Own() bool { panic("skeleton") }

// Refs returns the names of the last batch's rows, valid until the next.
func (s *Scan) Refs() []Ref { panic("skeleton") }
