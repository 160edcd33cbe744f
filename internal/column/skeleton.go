package column

// Signatures that store and query are written against while the package is
// being built. This file shrinks to nothing as the real ones arrive.

import "github.com/cachalotdb/cachalot/internal/value"

// Dict is an append-only dictionary of byte strings. One writer, any number of lock-free readers.
type Dict struct{}

// NewDict returns an empty dictionary.
func NewDict(acct *Account) *Dict { panic("skeleton") }

// Len returns the number of codes.
func (d *Dict) Len() int { panic("skeleton") }

// String returns the string of a code, without copying.
func (d *Dict) String(code uint32) string { panic("skeleton") }

// Lookup returns the code of a string. Writer only.
func (d *Dict) Lookup(s string) (code uint32, ok bool) { panic("skeleton") }

// Add returns the code of a string, giving it the next one when it is new. Writer only.
func (d *Dict) Add(s string) (code uint32, added bool) { panic("skeleton") }

// Store keeps one column of one partition.
//
// Contract: the writer Sets a row before it publishes the row's begin version; a reader reads rows whose version it has
// loaded. A slot may be Set again after Clear, when no reader can know the old row.
type Store struct{}

// NewStore returns an empty column. Rows below firstRow (those there were when the column was added) read as missing
// until they are Set; other rows must be Set before they are read.
func NewStore(t value.Type, acct *Account, missing value.Value, firstRow uint32) *Store {
	panic("skeleton")
}

// Type returns the column's type.
func (s *Store) Type() value.Type { panic("skeleton") }

// Set stores a value of the column's kind, or NULL. Writer only.
func (s *Store) Set(row uint32, v value.Value) { panic("skeleton") }

// SetVec stores elements [from, to) of v in consecutive rows from start on. Writer only.
func (s *Store) SetVec(start uint32, v *Vec, from, to int) { panic("skeleton") }

// Get returns the value of a row. Its bytes stay valid for ever.
func (s *Store) Get(row uint32) value.Value { panic("skeleton") }

// Gather fills dst with the values of rows; rows may be in any order, best is ascending.
func (s *Store) Gather(dst *Vec, rows []uint32) { panic("skeleton") }

// Slice fills dst with the values of n consecutive rows, which must lie in one segment and be visible to the caller.
func (s *Store) Slice(dst *Vec, start uint32, n int) { panic("skeleton") }

// Compare orders the values of two rows as value.Compare does, without allocation.
func (s *Store) Compare(a, b uint32) int { panic("skeleton") }

// CompareValue orders the value of a row and v as value.Compare does.
func (s *Store) CompareValue(row uint32, v value.Value) int { panic("skeleton") }

// EqualValue says whether the value of a row equals v; NULL equals nothing.
func (s *Store) EqualValue(row uint32, v value.Value) bool { panic("skeleton") }

// IsNull says whether the value of a row is NULL.
func (s *Store) IsNull(row uint32) bool { panic("skeleton") }

// Clear releases the wide bytes of a row. Writer only, when no reader can know the row any more.
func (s *Store) Clear(row uint32) { panic("skeleton") }

// Compact does one step (about one segment, at most a millisecond or two) of moving the live bytes out of sparse chunks,
// and says whether there is more to do. Writer only; readers need not stop.
func (s *Store) Compact() (more bool) { panic("skeleton") }

// Bytes returns the memory that the column uses.
func (s *Store) Bytes() int64 { panic("skeleton") }

// SegmentRows is the most rows a segment holds; a row id's segment is row / SegmentRows.
const SegmentRows = 1 << 16

// The special words of row versions.
const (
	// NoRow is no row id: the Prev of a first version.
	NoRow = ^uint32(0)
	// NotBegun is the begin of a slot that holds no row: invisible to all.
	NotBegun = uint64(0)
	// NoEnd is the end of a row that nobody has ended.
	NoEnd = uint64(0)
	// StatusBit marks a begin or end that is a reference to a transaction's status instead of a timestamp.
	StatusBit = uint64(1) << 63
	// Never is what a resolver returns for a status that has not committed (for the reader's snapshot).
	Never = ^uint64(0)
)

// Versions keeps begin, end and prev of each row of a partition. All words are read and written atomically. One
// writer; a reader calls after it has taken its snapshot.
type Versions struct{}

// NewVersions returns versions of no rows.
func NewVersions(acct *Account) *Versions { panic("skeleton") }

// Len returns the number of row ids used: one more than the largest that ever began.
func (v *Versions) Len() uint32 { panic("skeleton") }

// Begin returns a row's begin, NotBegun when there is no such row.
func (v *Versions) Begin(row uint32) uint64 { panic("skeleton") }

// End returns a row's end.
func (v *Versions) End(row uint32) uint64 { panic("skeleton") }

// Prev returns the previous version of the row's key, or NoRow.
func (v *Versions) Prev(row uint32) uint32 { panic("skeleton") }

// SetBegin publishes a row, stamps a pending one, or with NotBegun empties its slot (end and prev too). Writer only.
func (v *Versions) SetBegin(row uint32, begin uint64) { panic("skeleton") }

// SetBegins publishes n consecutive new rows. Writer only.
func (v *Versions) SetBegins(start uint32, n int, begin uint64) { panic("skeleton") }

// SetEnd ends a row, stamps a pending end, or with NoEnd takes it back. Writer only.
func (v *Versions) SetEnd(row uint32, end uint64) { panic("skeleton") }

// SetPrev links a row to its key's previous version, before SetBegin or when that one is unlinked. Writer only.
func (v *Versions) SetPrev(row, prev uint32) { panic("skeleton") }

// AllVisible says whether all the first n rows of a segment have begun with timestamps of at most maxBegin and none has ended.
func (v *Versions) AllVisible(seg int) (n int, maxBegin uint64, ok bool) { panic("skeleton") }

// Visible says whether a snapshot sees a row. resolve maps a status reference to its commit timestamp or to Never.
func (v *Versions) Visible(row uint32, snapshot uint64, resolve func(status uint64) uint64) bool {
	panic("skeleton")
}

// VisibleRange appends the row ids that the snapshot sees of n rows from offset from in a segment.
func (v *Versions) VisibleRange(seg int, from, n int, snapshot uint64, resolve func(status uint64) uint64, dst []uint32) []uint32 {
	panic("skeleton")
}

// VisibleRows appends those of rows that the snapshot sees.
func (v *Versions) VisibleRows(rows []uint32, snapshot uint64, resolve func(status uint64) uint64, dst []uint32) []uint32 {
	panic("skeleton")
}

// Bytes returns the memory used.
func (v *Versions) Bytes() int64 { panic("skeleton") }

// Reset empties v and makes it a vec of a kind; its slices are kept for reuse.
func (v *Vec) Reset(k value.Kind) { panic("skeleton") }

// Len returns the number of values, 1 for a constant.
func (v *Vec) Len() int { panic("skeleton") }

// Value returns value i.
func (v *Vec) Value(i int) value.Value { panic("skeleton") }

// IsNull says whether value i is NULL.
func (v *Vec) IsNull(i int) bool { panic("skeleton") }

// Append adds a value of the vec's kind, or NULL.
func (v *Vec) Append(x value.Value) { panic("skeleton") }

// AppendVec adds elements [from, to) of src.
func (v *Vec) AppendVec(src *Vec, from, to int) { panic("skeleton") }

// Copy makes v a copy of the n elements idx of src.
func (v *Vec) Pick(src *Vec, idx []uint32) { panic("skeleton") }

// Strings returns S, materialised from Codes when needed.
func (v *Vec) Strings() []string { panic("skeleton") }

// SetConst makes v a constant.
func (v *Vec) SetConst(x value.Value) { panic("skeleton") }

// Expand turns a constant into n equal values.
func (v *Vec) Expand(n int) { panic("skeleton") }
