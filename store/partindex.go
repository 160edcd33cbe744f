package store

import (
	"fmt"
	"slices"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// partIndex is one secondary index of one part: a dictionary or a tree.
type partIndex struct {
	def   *schema.Index
	part  *Part
	array bool // a dictionary of the elements of an array column

	// retired is the timestamp at which the index was dropped, 0 before. It is kept up
	// until no snapshot is older.
	retired uint64
	dict    *index.Dictionary
	tree    *index.BTree

	// unique finds the rows of a value in a unique index: dict, or another beside tree, whose tail may be long.
	unique *index.Dictionary

	// build is what a build has yet to come to; guarded by Part.mu.
	build slotRange
}

// slotRange are the slots [from, to).
type slotRange struct{ from, to uint32 }

func (r slotRange) has(row uint32) bool { return r.from <= row && row < r.to }

func newPartIndex(p *Part, def *schema.Table, x *schema.Index) *partIndex {
	pi := &partIndex{def: x, part: p}
	if x.Kind == schema.Dictionary {
		pi.array = len(x.Columns) == 1 && def.ColumnByNum(x.Columns[0].Num).Type.Kind.IsArray()
		pi.dict = index.NewDictionary(&p.coll.account)
		if x.Unique {
			pi.unique = pi.dict
		}
		return pi
	}
	cols := make([]index.KeyColumn, len(x.Columns))
	for i, c := range x.Columns {
		cols[i] = index.KeyColumn{Kind: def.ColumnByNum(c.Num).Type.Kind, Desc: c.Desc}
	}
	pi.tree = index.NewBTree(cols, pi, &p.coll.account)
	if x.Unique {
		pi.unique = index.NewDictionary(&p.coll.account)
	}
	return pi
}

// IndexKey appends the encoding of an index's leading columns: of all of
// them, or of a prefix.
func IndexKey(dst []byte, x *schema.Index, vals ...value.Value) []byte {
	for i, v := range vals {
		dst = appendIndexValue(dst, x.Columns[i], v)
	}
	return dst
}

// appendIndexValue appends one column. value.AppendKey sorts NULL last, and
// AppendKeyDesc first; where the index wants the other, a byte before it does that.
func appendIndexValue(dst []byte, c schema.IndexColumn, v value.Value) []byte {
	if c.NullsFirst != c.Desc {
		dst = append(dst, nullRank(v.IsNull(), c.NullsFirst))
	}
	if c.Desc {
		return value.AppendKeyDesc(dst, v)
	}
	return value.AppendKey(dst, v)
}

func nullRank(null, first bool) byte {
	if null == first {
		return 0
	}
	return 1
}

// AppendKey appends the index key of a row; it implements index.Rows.
func (x *partIndex) AppendKey(dst []byte, row uint32) []byte {
	cols := *x.part.columns.Load()
	for _, c := range x.def.Columns {
		dst = appendIndexValue(dst, c, cols[c.Num-1].Get(row))
	}
	return dst
}

// covers says whether a row is in the index, which may be a partial one.
func (x *partIndex) covers(row uint32) bool {
	if x.def.Filter == 0 {
		return true
	}
	v := x.part.column(x.def.Filter).Get(row)
	return !v.IsNull() && v.Bool()
}

// each calls f with every key of a row: one, or one an element; none for a row outside of a partial index.
func (x *partIndex) each(row uint32, scratch []byte, f func(key []byte)) []byte {
	if !x.covers(row) {
		return scratch
	}
	if !x.array {
		scratch = x.AppendKey(scratch[:0], row)
		f(scratch)
		return scratch
	}
	return x.eachElem(x.part.column(x.def.Columns[0].Num).Get(row), scratch, f)
}

// eachElem calls f with the key of every element of an array, or NULL.
func (x *partIndex) eachElem(v value.Value, scratch []byte, f func(key []byte)) []byte {
	if v.IsNull() {
		return scratch
	}
	value.ArrayEach(v.Kind().Elem(), v.Bytes(), func(_ int, e value.Value) bool {
		if !e.IsNull() {
			scratch = appendIndexValue(scratch[:0], x.def.Columns[0], e)
			f(scratch)
		}
		return true
	})
	return scratch
}

// add puts a row in the index, unless a build will find it. Writer only.
func (x *partIndex) add(row uint32, scratch []byte) []byte {
	if x.build.has(row) {
		return scratch
	}
	return x.each(row, scratch, func(key []byte) {
		if x.tree != nil {
			x.tree.Add(key, row)
		} else {
			x.dict.Add(key, row)
		}
		if x.beside() {
			x.unique.Add(key, row)
		}
	})
}

// remove takes a row out of the index. Writer only, not in Apply: a tree
// sorts its tail first.
func (x *partIndex) remove(row uint32, scratch []byte) []byte {
	if x.build.has(row) {
		return scratch
	}
	return x.each(row, scratch, func(key []byte) {
		if x.tree != nil {
			x.tree.Remove(key, row)
		} else {
			x.dict.Remove(key, row)
		}
		if x.beside() {
			x.unique.Remove(key, row)
		}
	})
}

// addRuns puts new rows in the index, but for those that a build will find.
// Writer only.
func (x *partIndex) addRuns(runs []rowRun, b *indexBatch, scratch []byte) []byte {
	b.begin(x)
	b.scratch = scratch
	for _, run := range runs {
		for row := run.first; row < run.first+run.n; row++ {
			if !x.build.has(row) && x.covers(row) {
				b.addRow(x, row)
			}
		}
	}
	b.flush(x)
	x.addBatch(&b.Entries)
	return b.scratch
}

func (x *partIndex) addBatch(e *index.Entries) {
	if x.tree != nil {
		x.tree.AddBatch(e)
	} else {
		x.dict.AddBatch(e)
	}
	if x.beside() {
		x.unique.AddBatch(e)
	}
}

// beside says whether unique is kept beside a tree.
func (x *partIndex) beside() bool { return x.unique != nil && x.tree != nil }

// setIndexes makes the part's indexes those of def: the built ones given, those
// there are, and empty ones. What def has not is retired at a timestamp. Writer only.
func (p *Part) setIndexes(def *schema.Table, built []*partIndex, retired uint64) {
	have := map[uint32]*partIndex{}
	for _, x := range built {
		have[x.def.OID] = x
	}
	list := make([]*partIndex, 0, len(def.Indexes))
	for _, x := range *p.indexes.Load() {
		have[x.def.OID] = x
		if !slices.ContainsFunc(def.Indexes, func(d *schema.Index) bool { return d.OID == x.def.OID }) {
			if x.retired == 0 || x.retired == never {
				x.retired = retired
			}
			list = append(list, x)
		}
	}
	for _, x := range def.Indexes {
		if have[x.OID] == nil {
			have[x.OID] = newPartIndex(p, def, x)
		}
		list = append(list, have[x.OID])
	}
	p.indexes.Store(&list)
}

// dropIndexes removes the indexes that test asks for. Writer only.
func (p *Part) dropIndexes(test func(*partIndex) bool) {
	if !slices.ContainsFunc(*p.indexes.Load(), test) {
		return
	}
	list := slices.DeleteFunc(slices.Clone(*p.indexes.Load()), test)
	p.indexes.Store(&list)
}

// index returns the part's index of a definition.
func (p *Part) index(x *schema.Index) *partIndex {
	for _, pi := range *p.indexes.Load() {
		if pi.def.OID == x.OID {
			return pi
		}
	}
	return nil
}

// check compares the index with the versions in the part (I4), but for those
// that a build has yet to come to.
func (x *partIndex) check(rows []uint32) error {
	all := func(yield func(key []byte, row uint32) bool) {
		var scratch []byte
		for _, row := range rows {
			if x.build.has(row) {
				continue
			}
			ok := true
			scratch = x.each(row, scratch, func(key []byte) { ok = ok && yield(key, row) })
			if !ok {
				return
			}
		}
	}
	var err error
	if x.tree != nil {
		if err = x.tree.Check(all); err == nil && x.beside() {
			err = x.unique.Check(all)
		}
	} else {
		err = x.dict.Check(all)
	}
	if err != nil {
		return fmt.Errorf("index %s, partition %d: %w", x.def.Name, x.part.id, err)
	}
	return nil
}
