package index

// Signatures that store and query are written against while the package is
// being built. This file shrinks to nothing as the real ones arrive.

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Set is an immutable set of row ids. The zero Set is empty.
type Set struct{ rows []uint32 }

// FromSorted returns the set of ascending row ids without duplicates; it keeps the slice.
func FromSorted(rows []uint32) Set { panic("skeleton") }

// FromUnsorted returns the set of row ids in any order; it keeps and sorts the slice.
func FromUnsorted(rows []uint32) Set { panic("skeleton") }

// Span returns the set of all row ids in [from, to).
func Span(from, to uint32) Set { panic("skeleton") }

// Union returns the union of many sets.
func Union(sets ...Set) Set { panic("skeleton") }

// Len returns the number of rows.
func (s Set) Len() int { panic("skeleton") }

// Empty says whether there are no rows.
func (s Set) Empty() bool { panic("skeleton") }

// Contains says whether row is in the set.
func (s Set) Contains(row uint32) bool { panic("skeleton") }

// And returns the intersection.
func (s Set) And(o Set) Set { panic("skeleton") }

// Or returns the union.
func (s Set) Or(o Set) Set { panic("skeleton") }

// AndNot returns the rows of s that are not in o.
func (s Set) AndNot(o Set) Set { panic("skeleton") }

// Not returns the rows of [0, universe) that are not in s.
func (s Set) Not(universe uint32) Set { panic("skeleton") }

// AppendTo appends the rows, ascending.
func (s Set) AppendTo(dst []uint32) []uint32 { panic("skeleton") }

// Iterator returns an iterator at the first row.
func (s Set) Iterator() *Iterator { panic("skeleton") }

// Iterator reads a Set in batches, ascending. One goroutine uses it.
type Iterator struct{}

// NextMany fills dst and returns how many rows there were, 0 at the end.
func (it *Iterator) NextMany(dst []uint32) int { panic("skeleton") }

// Primary maps the hash of a primary key to the newest row of the key. One writer, any number of lock-free
// readers; no step takes longer than about a millisecond.
type Primary struct{}

// NewPrimary returns an empty index.
func NewPrimary(acct *column.Account) *Primary { panic("skeleton") }

// Lookup returns the row with the hash that match accepts; match compares keys.
func (p *Primary) Lookup(hash uint64, match func(row uint32) bool) (row uint32, ok bool) {
	panic("skeleton")
}

// Insert adds a key that is known absent. Writer only.
func (p *Primary) Insert(hash uint64, row uint32) { panic("skeleton") }

// Replace puts newRow in the place of oldRow, and says whether oldRow was there. Writer only.
func (p *Primary) Replace(hash uint64, oldRow, newRow uint32) bool { panic("skeleton") }

// Delete removes a key and says whether it was there. Writer only.
func (p *Primary) Delete(hash uint64, row uint32) bool { panic("skeleton") }

// Len returns the number of keys.
func (p *Primary) Len() int { panic("skeleton") }

// Bytes returns the memory used.
func (p *Primary) Bytes() int64 { panic("skeleton") }

// Check compares the index with all (hash, row) pairs it must hold, and verifies its structure.
func (p *Primary) Check(all func(yield func(hash uint64, row uint32) bool)) error { panic("skeleton") }

// Entries is a list of (key, row) pairs, for bulk work.
type Entries struct {
	keys []byte
	ends []uint32
	rows []uint32
}

// Add appends a pair; the key is copied.
func (e *Entries) Add(key []byte, row uint32) { panic("skeleton") }

// Len returns the number of pairs.
func (e *Entries) Len() int { panic("skeleton") }

// At returns pair i; the key is valid until Reset.
func (e *Entries) At(i int) (key []byte, row uint32) { panic("skeleton") }

// Reset empties the list and keeps its memory.
func (e *Entries) Reset() { panic("skeleton") }

// Dictionary maps each key to the set of its rows. Safe for concurrent use; writes should come from one goroutine.
type Dictionary struct{}

// NewDictionary returns an empty index.
func NewDictionary(acct *column.Account) *Dictionary { panic("skeleton") }

// Add adds a row to a key; adding it twice is the same as once.
func (d *Dictionary) Add(key []byte, row uint32) { panic("skeleton") }

// AddBatch adds all entries, best with keys that repeat beside each other.
func (d *Dictionary) AddBatch(e *Entries) { panic("skeleton") }

// Remove takes a row from a key and says whether it was there. A key without rows is gone.
func (d *Dictionary) Remove(key []byte, row uint32) bool { panic("skeleton") }

// Lookup returns the rows of a key.
func (d *Dictionary) Lookup(key []byte) Set { panic("skeleton") }

// Count returns the number of row versions of a key.
func (d *Dictionary) Count(key []byte) int { panic("skeleton") }

// Keys visits up to max keys from a position on, which starts at 0, and returns the position to go on from and whether
// there is more. A key that is there during the whole walk is visited once. visit is called without the latch.
func (d *Dictionary) Keys(pos uint32, max int, visit func(key string, count int)) (next uint32, more bool) {
	panic("skeleton")
}

// Len returns the number of distinct keys.
func (d *Dictionary) Len() int { panic("skeleton") }

// Bytes returns the memory used.
func (d *Dictionary) Bytes() int64 { panic("skeleton") }

// Compact does one step of giving back the memory of removed keys, and says whether there is more to do.
func (d *Dictionary) Compact() (more bool) { panic("skeleton") }

// Check compares the index with all (key, row) pairs it must hold, and verifies its structure.
func (d *Dictionary) Check(all func(yield func(key []byte, row uint32) bool)) error {
	panic("skeleton")
}

// Rows gives an index the keys of rows, which it does not keep itself. Safe for concurrent use.
type Rows interface {
	// AppendKey appends the index key of a row that has been added and not removed.
	AppendKey(dst []byte, row uint32) []byte
}

// KeyColumn is one column of a B-tree's key.
type KeyColumn struct {
	Kind value.Kind
	Desc bool // the key has it as value.AppendKeyDesc
}

// BTree holds (key, row) pairs in the order of their keys, then of their row ids. Safe for concurrent use. Added pairs
// wait in an unsorted tail, which readers see, until Merge or a reader in need of order sorts them in.
type BTree struct{}

// NewBTree returns an empty index.
func NewBTree(cols []KeyColumn, rows Rows, acct *column.Account) *BTree { panic("skeleton") }

// Add adds a pair that is not there. It takes no longer than an append.
func (t *BTree) Add(key []byte, row uint32) { panic("skeleton") }

// AddBatch adds all entries.
func (t *BTree) AddBatch(e *Entries) { panic("skeleton") }

// Tail returns the number of pairs that are not sorted in.
func (t *BTree) Tail() int { panic("skeleton") }

// Merge sorts the tail as it is now into the tree, holding the latch for short steps. Any goroutine
// but the writer's calls it.
func (t *BTree) Merge() { panic("skeleton") }

// Remove takes a pair out and says whether it was there. It merges the tail first: call it outside Apply, while the
// row can still be read through Rows.
func (t *BTree) Remove(key []byte, row uint32) bool { panic("skeleton") }

// Range returns the rows with lo <= key < hi; nil is unbounded. NULL keys count as the encoding sorts them.
func (t *BTree) Range(lo, hi []byte) Set { panic("skeleton") }

// Estimate returns about how many rows Range would.
func (t *BTree) Estimate(lo, hi []byte) int { panic("skeleton") }

// Walk returns a cursor over lo <= key < hi in key order, or in reverse. Pairs added later need not be seen.
func (t *BTree) Walk(lo, hi []byte, dir Direction) *Cursor { panic("skeleton") }

// Direction is the way of a walk.
type Direction bool

// The directions.
const (
	Ascending  Direction = false
	Descending Direction = true
)

// Cursor walks a BTree in steps; the latch is not held between them. One goroutine uses it.
type Cursor struct{}

// NextMany fills dst with the next rows in order and returns how many, 0 at the end.
func (c *Cursor) NextMany(dst []uint32) int { panic("skeleton") }

// Len returns the number of pairs.
func (t *BTree) Len() int { panic("skeleton") }

// Bytes returns the memory used.
func (t *BTree) Bytes() int64 { panic("skeleton") }

// Check compares the index with all (key, row) pairs it must hold, and verifies its structure.
func (t *BTree) Check(all func(yield func(key []byte, row uint32) bool)) error { panic("skeleton") }
