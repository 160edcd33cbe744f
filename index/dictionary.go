package index

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Dictionary maps each key to the set of its rows: for equality, IN, and
// CONTAINS on array columns, whose rows are under the key of each element. A
// key without rows is not kept.
//
// Keys lie in an arena and entries in pages, so that a million keys are not a
// million objects. Safe for concurrent use: the latch is held for at most
// about latchStep entries. Writes should come from one goroutine, or they
// may wait for each other.
type Dictionary struct {
	acct *column.Account

	mu      sync.RWMutex // guards all below
	table   *column.HashTable
	keys    *column.Arena
	pages   [][]entry
	used    uint32 // entries that have ever been in use
	free    uint32 // the first free entry; column.NoRow for none
	post    postings
	compact uint32 // the entry that Compact goes on with
	moving  bool   // a compaction is under way
}

// entry is a key and its rows.
type entry struct {
	key  column.Ref
	rows posting
}

const (
	latchStep  = 1000
	entryPage  = 1024
	entryBytes = 16
)

// NewDictionary returns an empty index that counts its memory in acct.
func NewDictionary(acct *column.Account) *Dictionary {
	a := column.NewAccount(acct)
	return &Dictionary{
		acct:  a,
		table: column.NewHashTable(a),
		keys:  column.NewArena(a),
		free:  column.NoRow,
		post:  postings{acct: a},
	}
}

func (d *Dictionary) entry(id uint32) *entry { return &d.pages[id/entryPage][id%entryPage] }

// keyIs says whether an entry's key is key.
func (d *Dictionary) keyIs(id uint32, key []byte) bool {
	var short [8]byte
	return d.key(id, &short) == string(key)
}

// key returns an entry's key, in short when it is inline.
func (d *Dictionary) key(id uint32, short *[8]byte) string {
	return d.keys.String(d.entry(id).key, short)
}

func (d *Dictionary) find(hash uint64, key []byte) (id uint32, ok bool) {
	return d.table.Lookup(hash, func(id uint32) bool { return d.keyIs(id, key) })
}

// findOrAdd returns the entry of a key, made without rows when there is none.
func (d *Dictionary) findOrAdd(hash uint64, key []byte) uint32 {
	id, ok := d.find(hash, key)
	if ok {
		return id
	}
	if id = d.free; id != column.NoRow {
		d.free = ^d.entry(id).rows.high()
	} else {
		id = d.used
		d.used++
		d.grow(id)
	}
	*d.entry(id) = entry{key: d.keys.Put(string(key))}
	d.table.Insert(hash, id)
	return id
}

// grow makes room for an entry; the first page grows with a small collection.
func (d *Dictionary) grow(id uint32) {
	if page := int(id / entryPage); page == len(d.pages) {
		n := entryPage
		if page == 0 {
			n = 16
		}
		d.pages = append(d.pages, make([]entry, n))
		d.acct.Add(int64(n) * entryBytes)
	} else if p := d.pages[page]; int(id%entryPage) == len(p) {
		d.pages[page] = append(make([]entry, 0, 2*len(p)), p...)[:2*len(p)]
		d.acct.Add(int64(len(p)) * entryBytes)
	}
}

// Add adds a row to a key; twice is the same as once.
func (d *Dictionary) Add(key []byte, row uint32) {
	hash := maphash.Bytes(hashSeed, key)
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entry(d.findOrAdd(hash, key))
	e.rows, _ = d.post.add(e.rows, row)
}

// AddBatch adds all pairs. It brings the rows of a key together first, so
// that a posting is visited once. They are hashed.
func (d *Dictionary) AddBatch(e *Entries) {
	invariant.Check(!e.unhashed, "unhashed entries for a dictionary")
	rows, ends := e.group()
	held := 0 // pairs since the latch was taken
	d.mu.Lock()
	defer d.mu.Unlock()
	from := uint32(0)
	for n, end := range ends {
		hash, key := e.hashes[n], e.key(uint32(n))
		for from < end {
			if held >= latchStep {
				d.mu.Unlock()
				held = 0
				d.mu.Lock()
			}
			run := rows[from:min(end, from+latchStep)]
			entry := d.entry(d.findOrAdd(hash, key))
			entry.rows, _ = d.post.addRows(entry.rows, run)
			from += uint32(len(run))
			held += len(run)
		}
	}
}

// Remove takes a row from a key and says whether it was there.
func (d *Dictionary) Remove(key []byte, row uint32) bool {
	hash := maphash.Bytes(hashSeed, key)
	d.mu.Lock()
	defer d.mu.Unlock()
	id, ok := d.find(hash, key)
	if !ok {
		return false
	}
	e := d.entry(id)
	if e.rows, ok = d.post.remove(e.rows, row); !ok {
		return false
	}
	if e.rows.form() == formNone {
		d.table.Delete(hash, id)
		d.keys.Release(e.key)
		*e = entry{rows: formNone | posting(^d.free)<<32}
		d.free = id
	}
	return true
}

// Lookup returns the rows of a key.
func (d *Dictionary) Lookup(key []byte) Set {
	hash := maphash.Bytes(hashSeed, key)
	for {
		d.mu.RLock()
		id, ok := d.find(hash, key)
		var s Set
		if ok {
			s, ok = d.post.set(d.entry(id).rows)
		} else {
			ok = true
		}
		d.mu.RUnlock()
		if ok {
			return s
		}
		d.snapshot(hash, key)
	}
}

// snapshot makes the copy of a key's bitmap that Lookup gives out until the
// posting changes.
func (d *Dictionary) snapshot(hash uint64, key []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok := d.find(hash, key); ok {
		d.post.snapshot(d.entry(id).rows)
	}
}

// Count returns the number of rows of a key, without making the set.
func (d *Dictionary) Count(key []byte) int {
	hash := maphash.Bytes(hashSeed, key)
	d.mu.RLock()
	defer d.mu.RUnlock()
	id, ok := d.find(hash, key)
	if !ok {
		return 0
	}
	return d.post.len(d.entry(id).rows)
}

// Keys visits up to max keys, in no order, from a position on, which starts
// at 0; it returns the position to go on from and whether there is more. A key that
// is there during the whole walk is visited once; one that comes or goes meanwhile, once or not.
// visit is called without the latch.
func (d *Dictionary) Keys(pos uint32, max int, visit func(key string, count int)) (next uint32, more bool) {
	max = min(max, latchStep)
	keys, counts := make([]string, 0, max), make([]int, 0, max)
	d.mu.RLock()
	seen := 0
	for ; pos < d.used && len(keys) < max && seen < 4*latchStep; pos++ {
		seen++
		e := d.entry(pos)
		if n := d.post.len(e.rows); n > 0 {
			var short [8]byte
			key := d.key(pos, &short)
			if len(key) < len(short) {
				key = strings.Clone(key)
			}
			keys, counts = append(keys, key), append(counts, n)
		}
	}
	more = pos < d.used
	d.mu.RUnlock()
	for i, k := range keys {
		visit(k, counts[i])
	}
	return pos, more
}

// Len returns the number of distinct keys.
func (d *Dictionary) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.table.Len()
}

// Bytes returns the memory used; that of bitmaps is counted now and then.
func (d *Dictionary) Bytes() int64 { return d.acct.Bytes() }

// Compact does one step of giving back the memory of removed keys, and says
// whether there is more to do.
func (d *Dictionary) Compact() (more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.moving {
		d.moving, d.compact = d.keys.StartCompaction(), 0
		return d.moving
	}
	for n := 0; n < 4*latchStep && d.compact < d.used; n++ {
		if e := d.entry(d.compact); e.rows.form() != formNone {
			e.key, _ = d.keys.Move(e.key)
		}
		d.compact++
	}
	if d.compact < d.used {
		return true
	}
	d.keys.EndCompaction()
	d.moving = false
	return false
}

// Check compares the index with all (key, row) pairs that it must hold, and
// verifies its structure. A pair may be given twice. Writers must be kept out.
func (d *Dictionary) Check(all func(yield func(key []byte, row uint32) bool)) error {
	want := make([][]uint32, d.used)
	var err error
	all(func(key []byte, row uint32) bool {
		id, ok := d.find(maphash.Bytes(hashSeed, key), key)
		if !ok {
			err = fmt.Errorf("key %x of row %d is not in the dictionary index", key, row)
			return false
		}
		want[id] = append(want[id], row)
		return true
	})
	if err != nil {
		return err
	}
	n := 0
	for id, rows := range want {
		slices.Sort(rows)
		rows = slices.Compact(rows)
		var short [8]byte
		d.mu.RLock() // a reader may make a snapshot
		got := d.post.rows(d.entry(uint32(id)).rows)
		d.mu.RUnlock()
		if !slices.Equal(got, rows) {
			return fmt.Errorf("key %x has %d rows in the dictionary index, want %d", d.key(uint32(id), &short), len(got), len(rows))
		}
		if len(rows) > 0 {
			n++
		}
	}
	if n != d.table.Len() {
		return fmt.Errorf("the dictionary index has %d keys, want %d", d.table.Len(), n)
	}
	return nil
}

// rows returns a posting's rows, ascending, after checking its form.
func (ps *postings) rows(p posting) []uint32 {
	switch p.form() {
	case formNone:
		return nil
	case formOne:
		return []uint32{p.high()}
	case formList:
		invariant.Check(p.listLen() > 1, "a list posting of %d rows", p.listLen())
		return ps.list(p)
	}
	b := ps.bitmaps[p.high()]
	rows := b.rows()
	invariant.Check(b.n == len(rows) && b.n > minBitmap, "a bitmap posting of %d rows counts %d", len(rows), b.n)
	return rows
}
