package index

import "hash/maphash"

// hashSeed is the process's: the hashes of dictionary keys never leave it.
var hashSeed = maphash.MakeSeed()

// Entries is a list of (key, row) pairs, for bulk work. Making one encodes
// and hashes the keys, which need not happen in the writer's turn. One goroutine uses it.
type Entries struct {
	keys   []byte
	ends   []uint32 // where each key ends in keys
	rows   []uint32
	hashes []uint64
}

// Add appends a pair; the key is copied.
func (e *Entries) Add(key []byte, row uint32) {
	e.keys = append(e.keys, key...)
	e.ends = append(e.ends, uint32(len(e.keys)))
	e.rows = append(e.rows, row)
	e.hashes = append(e.hashes, maphash.Bytes(hashSeed, key))
}

// Len returns the number of pairs.
func (e *Entries) Len() int { return len(e.rows) }

// At returns pair i; the key is valid until Reset.
func (e *Entries) At(i int) (key []byte, row uint32) {
	from := uint32(0)
	if i > 0 {
		from = e.ends[i-1]
	}
	return e.keys[from:e.ends[i]], e.rows[i]
}

// Rebase replaces each row, which so far is an ordinal, by rows[ordinal].
func (e *Entries) Rebase(rows []uint32) {
	for i, r := range e.rows {
		e.rows[i] = rows[r]
	}
}

// Reset empties the list and keeps its memory.
func (e *Entries) Reset() {
	e.keys, e.ends, e.rows, e.hashes = e.keys[:0], e.ends[:0], e.rows[:0], e.hashes[:0]
}
