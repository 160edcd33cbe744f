package index

import (
	"bytes"
	"hash/maphash"
)

// hashSeed is the process's: the hashes of dictionary keys never leave it.
var hashSeed = maphash.MakeSeed()

// Entries is a list of (key, row) pairs, for bulk work. Making one encodes
// and hashes the keys, which need not happen in the writer's turn. Keys that have come
// lately are kept once: lists of dates repeat a few hundred. One goroutine uses it.
type Entries struct {
	keys   []byte
	ends   []uint32 // where each key ends in keys
	hashes []uint64 // of the keys
	of     []uint32 // each pair's key
	rows   []uint32 // each pair's row
	recent [recentKeys]uint32
}

// recentKeys is how many keys are looked at, by hash, before a new one is kept: their number plus one, 0 for none.
const recentKeys = 1024

// Add appends a pair; the key is copied.
func (e *Entries) Add(key []byte, row uint32) {
	e.rows = append(e.rows, row)
	hash := maphash.Bytes(hashSeed, key)
	slot := &e.recent[hash%recentKeys]
	if n := *slot; n != 0 && e.hashes[n-1] == hash && bytes.Equal(e.key(n-1), key) {
		e.of = append(e.of, n-1)
		return
	}
	e.keys = append(e.keys, key...)
	e.ends = append(e.ends, uint32(len(e.keys)))
	e.hashes = append(e.hashes, hash)
	e.of = append(e.of, uint32(len(e.ends)-1))
	*slot = uint32(len(e.ends))
}

// Len returns the number of pairs.
func (e *Entries) Len() int { return len(e.rows) }

// At returns pair i; the key is valid until Reset.
func (e *Entries) At(i int) (key []byte, row uint32) { return e.key(e.of[i]), e.rows[i] }

func (e *Entries) key(n uint32) []byte {
	from := uint32(0)
	if n > 0 {
		from = e.ends[n-1]
	}
	return e.keys[from:e.ends[n]]
}

// Rebase replaces each row, which so far is an ordinal, by rows[ordinal].
func (e *Entries) Rebase(rows []uint32) {
	for i, r := range e.rows {
		e.rows[i] = rows[r]
	}
}

// Reset empties the list and keeps its memory.
func (e *Entries) Reset() {
	e.keys, e.ends, e.hashes, e.of, e.rows = e.keys[:0], e.ends[:0], e.hashes[:0], e.of[:0], e.rows[:0]
	clear(e.recent[:])
}
