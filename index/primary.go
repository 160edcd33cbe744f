package index

import (
	"fmt"

	"github.com/cachalotdb/cachalot/internal/column"
)

// Primary maps the hash of each primary key (value.HashKey) to the newest row
// of the key; older versions hang on that row's link. Keys are compared in
// the columns: 8 bytes a slot and no pointer, whatever the key.
//
// One writer, any number of lock-free readers; no step takes longer than
// about 0.1 ms (column.HashTable).
type Primary struct {
	acct  *column.Account
	table *column.HashTable
}

// NewPrimary returns an empty index that counts its memory in acct.
func NewPrimary(acct *column.Account) *Primary {
	a := column.NewAccount(acct)
	return &Primary{acct: a, table: column.NewHashTable(a)}
}

// Lookup returns the row with the hash that match accepts, which compares
// keys.
func (p *Primary) Lookup(hash uint64, match func(row uint32) bool) (row uint32, ok bool) {
	return p.table.Lookup(hash, match)
}

// Insert adds a key that is known absent. Writer only.
func (p *Primary) Insert(hash uint64, row uint32) { p.table.Insert(hash, row) }

// Replace puts newRow in the place of oldRow, in one step for readers, and
// says whether oldRow was there. Writer only.
func (p *Primary) Replace(hash uint64, oldRow, newRow uint32) bool {
	return p.table.Replace(hash, oldRow, newRow)
}

// Delete removes a key and says whether it was there. Writer only.
func (p *Primary) Delete(hash uint64, row uint32) bool { return p.table.Delete(hash, row) }

// Len returns the number of keys.
func (p *Primary) Len() int { return p.table.Len() }

// Bytes returns the memory used.
func (p *Primary) Bytes() int64 { return p.acct.Bytes() }

// Check compares the index with all (hash, row) pairs that it must hold, each
// given once. Writers must be kept out.
func (p *Primary) Check(all func(yield func(hash uint64, row uint32) bool)) error {
	n := 0
	var err error
	all(func(hash uint64, row uint32) bool {
		n++
		if _, ok := p.table.Lookup(hash, func(r uint32) bool { return r == row }); !ok {
			err = fmt.Errorf("row %d is not in the primary index under its hash %016x", row, hash)
		}
		return err == nil
	})
	if err == nil && n != p.Len() {
		err = fmt.Errorf("the primary index holds %d rows, want %d", p.Len(), n)
	}
	return err
}
