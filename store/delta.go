package store

import (
	"bytes"
	"slices"

	"github.com/google/btree"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// delta is what a transaction has written to one collection and not yet
// committed: the rows it put, in the order of partition and key, and the base
// rows it ended. Both are copy-on-write trees, so that a View takes its state in no time.
type delta struct {
	coll  *collection
	rows  *btree.BTreeG[*deltaRow]
	ended *btree.BTreeG[uint64] // part<<32 | row
	bytes int                   // about what it takes in a record

	// unique has the values of the rows in unique indexes; nil until there is one.
	unique *btree.BTreeG[uniqueEntry]

	view *deltaView // of the present state, nil after a write
}

// deltaRow is the transaction's newest version of one key. Immutable.
type deltaRow struct {
	part int
	key  []byte
	row  []value.Value // nil: deleted
	id   uint32        // names it in a Ref

	hasBase   bool // a committed row, or one of an own feed, lies under it
	base      uint32
	baseBegin uint64 // its timestamp, or the reference to the feed's status
}

// size returns about what the row takes in a record, in bytes.
func (r *deltaRow) size() int {
	n := len(r.key) + 32
	for _, v := range r.row {
		n += 9 + len(v.Bytes())
	}
	return n
}

// deltaView is a delta at one moment. Safe for concurrent use.
type deltaView struct {
	rows  *btree.BTreeG[*deltaRow]
	ended *btree.BTreeG[uint64]
}

const deltaDegree = 16

func newDelta(c *collection) *delta {
	return &delta{
		coll:  c,
		rows:  btree.NewG(deltaDegree, deltaLess),
		ended: btree.NewG(deltaDegree, func(a, b uint64) bool { return a < b }),
	}
}

func deltaLess(a, b *deltaRow) bool {
	if a.part != b.part {
		return a.part < b.part
	}
	return bytes.Compare(a.key, b.key) < 0
}

// snapshot returns the delta as it is now.
func (d *delta) snapshot() *deltaView {
	if d.view == nil {
		d.view = &deltaView{d.rows.Clone(), d.ended.Clone()}
	}
	return d.view
}

func (d *delta) get(part int, key []byte) (*deltaRow, bool) {
	return d.rows.Get(&deltaRow{part: part, key: key})
}

// put makes r the newest version of its key.
func (d *delta) put(tbl *schema.Table, r *deltaRow) {
	d.view = nil
	d.bytes += r.size()
	old, _ := d.rows.ReplaceOrInsert(r)
	d.noteUnique(tbl, old, r)
	if r.hasBase {
		d.ended.ReplaceOrInsert(baseName(r.part, r.base))
	}
}

// widen gives the rows the columns that def has and they have not.
func (d *delta) widen(def *schema.Table) {
	var narrow []*deltaRow
	d.rows.Ascend(func(r *deltaRow) bool {
		if r.row != nil && len(r.row) < len(def.Columns) {
			narrow = append(narrow, r)
		}
		return true
	})
	for _, r := range narrow {
		wide := *r
		wide.row = slices.Clone(r.row)
		for i := len(r.row); i < len(def.Columns); i++ {
			wide.row = append(wide.row, missing(&def.Columns[i]))
		}
		d.rows.ReplaceOrInsert(&wide)
		d.view = nil
	}
}

// remove forgets a key that has no base row.
func (d *delta) remove(tbl *schema.Table, r *deltaRow) {
	d.view = nil
	old, _ := d.rows.Delete(r)
	d.noteUnique(tbl, old, nil)
}

// noteUnique keeps unique in step when r takes the place of old; either may be nil.
func (d *delta) noteUnique(tbl *schema.Table, old, r *deltaRow) {
	for _, x := range tbl.Indexes {
		if !x.Unique {
			continue
		}
		if d.unique == nil {
			d.unique = btree.NewG(deltaDegree, uniqueLess)
		}
		if old != nil && old.row != nil {
			if key, ok := UniqueKey(nil, x, old.row); ok {
				e := uniqueEntry{index: x.OID, key: string(key)}
				if has, ok := d.unique.Get(e); ok && has.part == old.part && bytes.Equal(has.rowKey, old.key) {
					d.unique.Delete(e)
				}
			}
		}
		if r != nil {
			d.addUnique(x, r)
		}
	}
}

func (d *delta) addUnique(x *schema.Index, r *deltaRow) {
	if r.row == nil {
		return
	}
	if key, ok := UniqueKey(nil, x, r.row); ok {
		d.unique.ReplaceOrInsert(uniqueEntry{x.OID, string(key), r.part, r.key})
	}
}

// indexUnique notes the values of the rows there are in a new unique index.
func (d *delta) indexUnique(x *schema.Index) {
	if d.unique == nil {
		d.unique = btree.NewG(deltaDegree, uniqueLess)
	}
	d.rows.Ascend(func(r *deltaRow) bool {
		d.addUnique(x, r)
		return true
	})
}

func baseName(part int, row uint32) uint64 { return uint64(part)<<32 | uint64(row) }

// hides says whether the transaction has ended a base row.
func (v *deltaView) hides(part int, row uint32) bool {
	return v != nil && v.ended.Has(baseName(part, row))
}

// hidesAny says whether it has ended any.
func (v *deltaView) hidesAny() bool { return v != nil && v.ended.Len() > 0 }

// lookup returns the transaction's version of a key; row is nil when it has deleted it.
func (v *deltaView) lookup(part int, key []byte) (*deltaRow, bool) {
	if v == nil {
		return nil, false
	}
	return v.rows.Get(&deltaRow{part: part, key: key})
}

// own returns the rows put in a partition, in key order.
func (v *deltaView) own(part int) []*deltaRow {
	if v == nil {
		return nil
	}
	var rows []*deltaRow
	v.rows.AscendRange(&deltaRow{part: part}, &deltaRow{part: part + 1}, func(r *deltaRow) bool {
		if r.row != nil {
			rows = append(rows, r)
		}
		return true
	})
	return rows
}

// fill sets b to rows of a delta.
func fillOwn(b *column.Batch, rows []*deltaRow, cols []int16, kinds []value.Kind) {
	b.N = len(rows)
	for i, num := range cols {
		v := &b.Vecs[i]
		v.Reset(kinds[i])
		for _, r := range rows {
			v.Append(r.row[num-1])
		}
	}
}
