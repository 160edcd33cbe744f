package index

import (
	"bytes"
	"hash/maphash"
	"slices"
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

	words []wordKey // of AddWords
	key1  []byte    // memory for a key of it

	// recent has, by hash, the number of a key, and recentWords that of one of words. A number may be left
	// from before Reset, or cut to 16 bits: what it leads to tells whether it is the right one.
	recent, recentWords [1 << recentBits]uint16

	unhashed       bool     // ResetUnhashed
	grouped, ends1 []uint32 // group's memory
	heads          []item   // BTree.AddBatch's memory
}

// wordKey is a word and the number of its key.
type wordKey struct {
	word int64
	key  uint32
}

// recentBits is the logarithm of how many keys are looked at, by hash, before a new one is kept.
const recentBits = 10

// Add appends a pair; the key is copied.
func (e *Entries) Add(key []byte, row uint32) {
	e.of = append(e.of, e.number(key))
	e.rows = append(e.rows, row)
}

// number returns the number of a key, which it copies when it has not come lately.
func (e *Entries) number(key []byte) uint32 {
	if e.unhashed {
		return e.newKey(key)
	}
	hash := maphash.Bytes(hashSeed, key)
	slot := &e.recent[hash%(1<<recentBits)]
	if n := uint32(*slot); int(n) < len(e.hashes) && e.hashes[n] == hash && bytes.Equal(e.key(n), key) {
		return n
	}
	n := e.newKey(key)
	*slot = uint16(n)
	e.hashes = append(e.hashes, hash)
	return n
}

func (e *Entries) newKey(key []byte) uint32 {
	e.keys = append(e.keys, key...)
	e.ends = append(e.ends, uint32(len(e.keys)))
	return uint32(len(e.ends) - 1)
}

// AddWords appends a pair for each of some words and the row beside it. A word is a number that tells a
// key, which encode appends: for a word that came lately that is not asked again. Until Reset, all
// words are of one encode.
func (e *Entries) AddWords(words []int64, rows []uint32, encode func(dst []byte, word int64) []byte) {
	at := len(e.of)
	e.of = slices.Grow(e.of, len(words))[:at+len(words)]
	e.rows = append(e.rows, rows[:len(words)]...)
	of, known := e.of[at:], e.words
	for i, w := range words {
		// The top bits of a product with 2^64/phi spread what differs in few bits.
		slot := &e.recentWords[uint64(w)*0x9E3779B97F4A7C15>>(64-recentBits)]
		n := int(*slot)
		if n >= len(known) || known[n].word != w {
			n = len(known)
			*slot = uint16(n)
			e.key1 = encode(e.key1[:0], w)
			known = append(known, wordKey{w, e.number(e.key1)})
		}
		of[i] = known[n].key
	}
	e.words = known
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

// group returns the rows of all pairs, those of a key side by side and in the order they came in, and where
// those of each key end: a counting sort by the keys' numbers. Both are valid until the next call.
func (e *Entries) group() (rows, ends []uint32) {
	ends = slices.Grow(e.ends1[:0], len(e.ends))[:len(e.ends)]
	rows = slices.Grow(e.grouped[:0], len(e.rows))[:len(e.rows)]
	e.ends1, e.grouped = ends, rows
	clear(ends)
	for _, n := range e.of {
		ends[n]++
	}
	sum := uint32(0)
	for n, count := range ends {
		ends[n] = sum // where the key begins, until its rows have been put there
		sum += count
	}
	for i, n := range e.of {
		rows[ends[n]] = e.rows[i]
		ends[n]++
	}
	return rows, ends
}

// Reset empties the list and keeps its memory.
func (e *Entries) Reset() {
	e.keys, e.ends, e.hashes, e.of, e.rows = e.keys[:0], e.ends[:0], e.hashes[:0], e.of[:0], e.rows[:0]
	e.words, e.unhashed = e.words[:0], false
}

// ResetUnhashed is Reset for pairs that go to a BTree only, which has no use for hashes.
func (e *Entries) ResetUnhashed() {
	e.Reset()
	e.unhashed = true
}
