package column

import (
	"sync/atomic"
)

// HashTable maps 64-bit hashes to uint32 ids: row ids, dictionary codes. It
// keeps no keys; the caller tells whether a candidate's key matches. Ids of
// equal hashes stand side by side.
//
// A slot is 8 bytes, (low 32 bits of hash, id), in open addressing with linear
// probing at a load of 0.64 to 0.8. (The low bits, because the high ones chose
// the partition.) The table is cut into parts by the leading ones of these bits
// (extendible hashing): a full part grows by a quarter, one of
// maxPartLive ids splits in two, so that no step touches more than that and
// takes longer than about 0.1 ms. Within a part the slots are in the order of their
// hashes but for collisions, so that rebuilding reads and writes forward.
//
// One writer; Lookup may be called by any number of readers meanwhile, which
// find every id inserted before they began and not deleted since.
type HashTable struct {
	acct *Account
	dir  atomic.Pointer[hashDir]
	n    atomic.Int64
}

// hashDir has a part for each value of the first 32-shift bits of a hash;
// a part of fewer bits stands there several times.
type hashDir struct {
	shift uint8
	parts []atomic.Pointer[hashPart]
}

// hashPart has the ids whose hashes share their first depth bits. The slots
// are written atomically by the writer; the other fields are its own, but
// for depth, which never changes.
type hashPart struct {
	depth uint8
	slots []uint64
	live  int
	used  int // live and deleted
}

const (
	emptySlot   = uint64(0)
	deletedSlot = uint64(1) << 32 // low half 0, as no id has

	minPartSlots = 16
	maxPartLive  = 10_000
	maxDepth     = 20
	slotBytes    = 8
)

// NewHashTable returns an empty table.
func NewHashTable(acct *Account) *HashTable {
	t := &HashTable{acct: acct}
	d := &hashDir{shift: 32, parts: make([]atomic.Pointer[hashPart], 1)}
	d.parts[0].Store(t.newPart(0, 0))
	t.dir.Store(d)
	return t
}

// Len returns the number of ids.
func (t *HashTable) Len() int { return int(t.n.Load()) }

// makeSlot packs a hash and an id, which is stored as its complement so that
// no slot in use looks empty or deleted (NoRow is no id).
func makeSlot(h, id uint32) uint64 { return uint64(h)<<32 | uint64(^id) }

func slotHash(s uint64) uint32 { return uint32(s >> 32) }
func slotID(s uint64) uint32   { return ^uint32(s) }
func slotLive(s uint64) bool   { return uint32(s) != 0 }

// home returns the slot where the search for a hash begins.
func (p *hashPart) home(h uint32) int {
	return int(uint64(h<<p.depth) * uint64(len(p.slots)) >> 32)
}

func (t *HashTable) newPart(depth uint8, live int) *hashPart {
	size := max(minPartSlots, live*25/16)
	t.acct.Add(int64(size) * slotBytes)
	return &hashPart{depth: depth, slots: make([]uint64, size)}
}

func (d *hashDir) part(h uint32) *hashPart { return d.parts[h>>d.shift].Load() }

// Lookup returns the id of a hash that match accepts.
func (t *HashTable) Lookup(hash uint64, match func(id uint32) bool) (id uint32, ok bool) {
	h := uint32(hash)
	p := t.dir.Load().part(h)
	slots := p.slots
	for i := p.home(h); ; {
		s := atomic.LoadUint64(&slots[i])
		if s == emptySlot {
			return 0, false
		}
		if slotHash(s) == h && slotLive(s) && match(slotID(s)) {
			return slotID(s), true
		}
		if i++; i == len(slots) {
			i = 0
		}
	}
}

// Insert adds an id. Writer only.
func (t *HashTable) Insert(hash uint64, id uint32) {
	h := uint32(hash)
	p := t.dir.Load().part(h)
	if (p.used+1)*5 > len(p.slots)*4 {
		t.enlarge(h, p)
		p = t.dir.Load().part(h)
	}
	p.insert(h, id)
	t.n.Add(1)
}

func (p *hashPart) insert(h, id uint32) {
	i := p.home(h)
	for slotLive(p.slots[i]) {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	if p.slots[i] == emptySlot {
		p.used++
	}
	p.live++
	atomic.StoreUint64(&p.slots[i], makeSlot(h, id))
}

// enlarge makes room in a part: by rebuilding it without its deleted slots and
// with more free ones, or by splitting it.
func (t *HashTable) enlarge(h uint32, p *hashPart) {
	if p.live >= maxPartLive && p.depth < maxDepth {
		t.split(h, p)
		return
	}
	t.replace(h, p, t.rebuilt(p))
}

func (t *HashTable) rebuilt(p *hashPart) *hashPart {
	q := t.newPart(p.depth, p.live+1)
	for _, s := range p.slots {
		if slotLive(s) {
			q.fill(s)
		}
	}
	return q
}

// fill inserts into a part that no reader knows yet.
func (p *hashPart) fill(s uint64) {
	i := p.home(slotHash(s))
	for p.slots[i] != emptySlot {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	p.slots[i] = s
	p.used++
	p.live++
}

// replace publishes q in the directory in place of p.
func (t *HashTable) replace(h uint32, p, q *hashPart) {
	d := t.dir.Load()
	first, n := d.places(h, p.depth)
	for i := range n {
		d.parts[first+i].Store(q)
	}
	t.acct.Add(-int64(len(p.slots)) * slotBytes)
}

// places returns the entries of the part of h, which has depth bits.
func (d *hashDir) places(h uint32, depth uint8) (first, n int) {
	n = 1 << (32 - d.shift - depth)
	return int(h>>d.shift) &^ (n - 1), n
}

// split cuts a part in two by its next hash bit.
func (t *HashTable) split(h uint32, p *hashPart) {
	d := t.dir.Load()
	if 32-d.shift == p.depth {
		d = d.doubled()
		t.acct.Add(int64(len(d.parts)) * 4)
		t.dir.Store(d)
	}
	halves := [2]*hashPart{t.newPart(p.depth+1, p.live/2+1), t.newPart(p.depth+1, p.live/2+1)}
	counts := [2]int{}
	bit := 31 - p.depth
	for _, s := range p.slots {
		if slotLive(s) {
			counts[slotHash(s)>>bit&1]++
		}
	}
	for i := range halves {
		// Hashes that do not spread get the room they need.
		if counts[i]*4 > len(halves[i].slots)*3 {
			t.acct.Add(-int64(len(halves[i].slots)) * slotBytes)
			halves[i] = t.newPart(p.depth+1, counts[i]+1)
		}
	}
	for _, s := range p.slots {
		if slotLive(s) {
			halves[slotHash(s)>>bit&1].fill(s)
		}
	}
	first, n := d.places(h, p.depth)
	for i := range n {
		d.parts[first+i].Store(halves[i/(n/2)])
	}
	t.acct.Add(-int64(len(p.slots)) * slotBytes)
}

func (d *hashDir) doubled() *hashDir {
	n := &hashDir{shift: d.shift - 1, parts: make([]atomic.Pointer[hashPart], 2*len(d.parts))}
	for i := range n.parts {
		n.parts[i].Store(d.parts[i/2].Load())
	}
	return n
}

// find returns the place of an id.
func (p *hashPart) find(h, id uint32) (int, bool) {
	want := makeSlot(h, id)
	for i := p.home(h); ; {
		switch p.slots[i] {
		case want:
			return i, true
		case emptySlot:
			return 0, false
		}
		if i++; i == len(p.slots) {
			i = 0
		}
	}
}

// Replace puts the id to in the place of from, in one step for readers, and
// says whether from was there. Writer only.
func (t *HashTable) Replace(hash uint64, from, to uint32) bool {
	h := uint32(hash)
	p := t.dir.Load().part(h)
	i, ok := p.find(h, from)
	if ok {
		atomic.StoreUint64(&p.slots[i], makeSlot(h, to))
	}
	return ok
}

// Delete takes an id out and says whether it was there. Writer only.
func (t *HashTable) Delete(hash uint64, id uint32) bool {
	h := uint32(hash)
	p := t.dir.Load().part(h)
	i, ok := p.find(h, id)
	if !ok {
		return false
	}
	atomic.StoreUint64(&p.slots[i], deletedSlot)
	p.live--
	t.n.Add(-1)
	if len(p.slots) > minPartSlots && p.live < len(p.slots)/4 {
		t.replace(h, p, t.rebuilt(p))
	}
	return true
}

// Each visits the low 32 hash bits and the id of each entry, until visit
// returns false. Writer only.
func (t *HashTable) Each(visit func(h, id uint32) bool) {
	d := t.dir.Load()
	for i := 0; i < len(d.parts); {
		p := d.parts[i].Load()
		for _, s := range p.slots {
			if slotLive(s) && !visit(slotHash(s), slotID(s)) {
				return
			}
		}
		i += 1 << (32 - d.shift - p.depth)
	}
}
