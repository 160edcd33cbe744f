package column

import (
	"hash/maphash"
	"sync/atomic"
)

// dictSeed is the process's: codes are private to it, their hashes too.
var dictSeed = maphash.MakeSeed()

// Dict is an append-only dictionary of byte strings: codes count up from 0 in
// the order of their first Add. One writer (Add, Lookup); String and Len may
// be called by any number of readers meanwhile. A reader may ask for the
// codes of rows that have been published to it.
type Dict struct {
	arena *Arena
	table *HashTable
	acct  *Account
	refs  atomic.Pointer[[]Ref] // by code; replaced when it grows
	n     atomic.Uint32
	bytes int64 // of all strings
}

// NewDict returns an empty dictionary.
func NewDict(acct *Account) *Dict {
	d := &Dict{arena: NewArena(acct), table: NewHashTable(acct), acct: acct}
	d.refs.Store(new([]Ref))
	return d
}

// Len returns the number of codes.
func (d *Dict) Len() int { return int(d.n.Load()) }

// String returns the string of a code, without copying.
func (d *Dict) String(code uint32) string {
	s, _ := d.arena.Get((*d.refs.Load())[code]) // nothing is ever released
	return s
}

// Lookup returns the code of a string. Writer only.
func (d *Dict) Lookup(s string) (code uint32, ok bool) {
	return d.lookup(maphash.String(dictSeed, s), s)
}

func (d *Dict) lookup(hash uint64, s string) (uint32, bool) {
	return d.table.Lookup(hash, func(code uint32) bool { return d.String(code) == s })
}

// Add returns the code of a string, giving it the next one when it is new.
// Writer only.
func (d *Dict) Add(s string) (code uint32, added bool) {
	hash := maphash.String(dictSeed, s)
	if code, ok := d.lookup(hash, s); ok {
		return code, false
	}
	return d.append(hash, s), true
}

func (d *Dict) append(hash uint64, s string) uint32 {
	code := d.n.Load()
	refs := *d.refs.Load()
	if int(code) == len(refs) {
		grown := make([]Ref, max(16, len(refs)+len(refs)/2))
		copy(grown, refs)
		d.acct.Add(int64(len(grown)-len(refs)) * 8)
		refs = grown
		d.refs.Store(&grown)
	}
	refs[code] = d.arena.PutAddress(s)
	d.bytes += int64(len(s))
	d.table.Insert(hash, code)
	d.n.Store(code + 1)
	return code
}
