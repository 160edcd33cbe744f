package column

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Ref names a byte string that an Arena keeps, or is the string itself when it
// has at most 7 bytes. The zero Ref is the empty string.
//
//	inline   bits 0-7: length, 0 to 7     bits 8-63: the bytes, first lowest
//	address  bits 0-7: 0xFF   8-27: offset   28-55: chunk   56-63: length,
//	         255 when the length precedes the bytes as a uvarint
//
// A packed numeric word that is wide has the same low byte (value.WideNumeric),
// so that an address is such a word as it stands.
type Ref uint64

const (
	maxInline  = 7
	addressTag = 0xFF
	longLength = 0xFF

	minChunk      = 1 << 10
	maxChunk      = 1 << 20
	maxChunkCount = 1 << 28
)

func (r Ref) isInline() bool { return r&0xFF <= maxInline }
func (r Ref) offset() int    { return int(r >> 8 & (maxChunk - 1)) }
func (r Ref) chunk() int     { return int(r >> 28 & (maxChunkCount - 1)) }
func (r Ref) shortLen() int  { return int(r >> 56) }

// Arena keeps byte strings in chunks of up to 1 MiB (a longer string has a
// chunk of its own), so that the garbage collector sees a chunk and not each
// string. Bytes are written once and never again: a string that Get returned
// stays valid as long as it is held, whatever happens to the arena.
//
// Released strings leave holes. A chunk with no string left is dropped at
// once; one that is less than half full is emptied by the owner of the
// references, which moves what lives there (StartCompaction, Move,
// EndCompaction).
//
// One writer; Get may be called by any number of readers meanwhile.
type Arena struct {
	acct *Account
	// table holds each chunk's first byte, nil when it was dropped. It is
	// replaced when it grows. Chunk numbers are not used again.
	table atomic.Pointer[[]atomic.Pointer[byte]]
	// meta is the writer's side of the table.
	meta []chunkMeta
	open int // the chunk that is filled now, -1 for none
	buf  []byte
	held int64 // bytes of all chunks
	dead int64 // bytes released in chunks that still stand, and unused tails
}

type chunkMeta struct {
	size   uint32 // 0: dropped
	live   uint32
	victim bool
}

// NewArena returns an empty arena that counts its chunks in acct.
func NewArena(acct *Account) *Arena {
	a := &Arena{acct: acct, open: -1}
	a.table.Store(new([]atomic.Pointer[byte]))
	return a
}

// Put keeps a copy of s, inline when it is short. Writer only.
func (a *Arena) Put(s string) Ref {
	if len(s) <= maxInline {
		return inlineRef(s)
	}
	return a.PutAddress(s)
}

func inlineRef(s string) Ref {
	r := Ref(len(s))
	for i := range len(s) {
		r |= Ref(s[i]) << (8 * (i + 1))
	}
	return r
}

// PutAddress keeps a copy of s, never inline. Writer only.
func (a *Arena) PutAddress(s string) Ref {
	need := storedSize(len(s))
	c, off := a.alloc(need)
	b := a.chunkBytes(c, off, need)
	short := len(s)
	if short >= longLength {
		short = longLength
		b = b[binary.PutUvarint(b, uint64(len(s))):]
	}
	copy(b, s)
	a.meta[c].live += uint32(need)
	return Ref(addressTag) | Ref(off)<<8 | Ref(c)<<28 | Ref(short)<<56
}

// storedSize returns the bytes that a string of n bytes takes in a chunk.
func storedSize(n int) int {
	if n < longLength {
		return max(n, 1)
	}
	var tmp [binary.MaxVarintLen64]byte
	return n + binary.PutUvarint(tmp[:], uint64(n))
}

// alloc finds room for n bytes.
func (a *Arena) alloc(n int) (chunk, off int) {
	if a.open >= 0 && n <= cap(a.buf)-len(a.buf) {
		off = len(a.buf)
		a.buf = a.buf[:off+n]
		return a.open, off
	}
	size := a.nextChunkSize()
	if n > size/4 {
		return a.addChunk(make([]byte, n)), 0
	}
	a.seal()
	a.buf = make([]byte, n, size)
	a.open = a.addChunk(a.buf[:size])
	return a.open, 0
}

// nextChunkSize grows the chunks with the arena: a small collection pays for
// a small one, and the unused part of the last one stays below a sixteenth. They grow
// with the number of chunks there have been, too: a table of a few rows that are
// updated for days fills chunk after chunk, and each leaves its number behind.
func (a *Arena) nextChunkSize() int {
	size := minChunk
	for size < maxChunk && (int64(size)*2 <= (a.held-a.dead)/16 || size < 16*len(a.meta)) {
		size *= 2
	}
	return size
}

// seal closes the open chunk; its unused tail counts as dead.
func (a *Arena) seal() {
	if a.open < 0 {
		return
	}
	c := a.open
	a.open = -1
	a.dead += int64(cap(a.buf) - len(a.buf))
	a.buf = nil
	if a.meta[c].live == 0 {
		a.drop(c)
	}
}

func (a *Arena) addChunk(b []byte) int {
	c := len(a.meta)
	invariant.Check(c < maxChunkCount, "arena has no chunk number left")
	a.meta = append(a.meta, chunkMeta{size: uint32(len(b))})
	table := *a.table.Load()
	if c >= len(table) {
		grown := make([]atomic.Pointer[byte], max(8, 2*len(table)))
		for i := range table {
			grown[i].Store(table[i].Load())
		}
		table = grown
		table[c].Store(&b[0])
		a.table.Store(&grown)
	} else {
		table[c].Store(&b[0])
	}
	a.held += int64(len(b))
	a.acct.Add(int64(len(b)))
	return c
}

// chunkBytes returns n bytes of a chunk for writing.
func (a *Arena) chunkBytes(c, off, n int) []byte {
	base := (*a.table.Load())[c].Load()
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(base), off)), n)
}

// Get returns the string at an address, without copying. ok is false when its
// chunk was dropped, because the string was moved after the reader loaded
// the reference: load it again. An inline Ref is Inline's.
func (a *Arena) Get(r Ref) (s string, ok bool) {
	table := *a.table.Load()
	base := table[r.chunk()].Load()
	if base == nil {
		return "", false
	}
	p := unsafe.Add(unsafe.Pointer(base), r.offset())
	n := r.shortLen()
	if n == longLength {
		head := unsafe.Slice((*byte)(p), 1)
		for head[len(head)-1] >= 0x80 {
			head = unsafe.Slice((*byte)(p), len(head)+1)
		}
		length, _ := binary.Uvarint(head)
		n = int(length)
		p = unsafe.Add(p, len(head))
	}
	return unsafe.String((*byte)(p), n), true
}

// Inline returns an inline string, whose bytes are put in buf.
func (r Ref) Inline(buf *[8]byte) string {
	binary.LittleEndian.PutUint64(buf[:], uint64(r))
	return unsafe.String(&buf[1], int(r&0xFF))
}

// stored returns the bytes that an address takes in its chunk.
func (a *Arena) stored(r Ref) int {
	if n := r.shortLen(); n < longLength {
		return max(n, 1)
	}
	s, ok := a.Get(r)
	invariant.Check(ok, "arena: length of a string in a dropped chunk")
	return storedSize(len(s))
}

// Release gives up a string that no reader can know any more. Writer only.
func (a *Arena) Release(r Ref) {
	if r.isInline() {
		return
	}
	n, c := a.stored(r), r.chunk()
	m := &a.meta[c]
	invariant.Check(int(m.live) >= n, "arena: released more than chunk %d holds", c)
	m.live -= uint32(n)
	a.dead += int64(n)
	if m.live == 0 && c != a.open {
		a.drop(c)
	}
}

// drop forgets an empty chunk. Readers that hold its strings keep it alive.
func (a *Arena) drop(c int) {
	m := &a.meta[c]
	size := int64(m.size)
	a.dead -= size
	a.held -= size
	a.acct.Add(-size)
	*m = chunkMeta{}
	(*a.table.Load())[c].Store(nil)
}

// StartCompaction marks the chunks that are less than half full and says
// whether moving what lives in them is worth it: they would give back a
// sixteenth of the arena. Writer only.
func (a *Arena) StartCompaction() bool {
	if a.dead < a.held/16 {
		return false
	}
	var gain int64
	for c := range a.meta {
		m := &a.meta[c]
		m.victim = m.size > 0 && c != a.open && m.live < m.size/2
		if m.victim {
			gain += int64(m.size - m.live)
		}
	}
	return gain > 0 && gain >= a.held/16
}

// Move copies a string out of a marked chunk and returns its new address;
// moved is false when it lies elsewhere. The caller publishes the new
// reference. Writer only.
func (a *Arena) Move(r Ref) (to Ref, moved bool) {
	if r.isInline() || !a.meta[r.chunk()].victim {
		return r, false
	}
	s, ok := a.Get(r)
	invariant.Check(ok, "arena: a live string in a dropped chunk")
	to = a.PutAddress(s)
	m := &a.meta[r.chunk()]
	n := storedSize(len(s))
	m.live -= uint32(n)
	a.dead += int64(n)
	return to, true
}

// EndCompaction drops the marked chunks; all live references have been moved.
// Writer only.
func (a *Arena) EndCompaction() {
	for c := range a.meta {
		if m := &a.meta[c]; m.victim {
			invariant.Check(m.live == 0, "arena: chunk %d keeps %d bytes after compaction", c, m.live)
			a.drop(c)
		}
	}
}

// String returns the string of a Ref that is inline, then in buf, or whose
// chunk stands. For owners that keep readers out while they move strings.
func (a *Arena) String(r Ref, buf *[8]byte) string {
	if r.isInline() {
		return r.Inline(buf)
	}
	s, ok := a.Get(r)
	invariant.Check(ok, "arena: a string in a dropped chunk")
	return s
}
