package store

import (
	"sync"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// View is what a statement sees: a snapshot and the transaction's own writes
// before it. It never changes (I7) and takes no lock. It may be read by
// several goroutines; open and Close belong to one.
type View struct {
	db       *DB
	snapshot uint64
	state    *state
	reader   *reader
	deltas   []*delta // with deltaViews, in step
	owns     []*deltaView

	// owner and feed say which feeds are the transaction's own: those of the owner
	// with ids up to feed. 0: none.
	owner, feed uint64

	reads *readSet // takes notes of what is read; nil mostly

	// resolveStamp is resolve, bound once.
	resolveStamp func(uint64) uint64
}

var views = sync.Pool{New: func() any {
	v := new(View)
	v.resolveStamp = v.resolve
	return v
}}

// View opens a snapshot of everything committed now, or at the transaction's first View if its level is higher than
// ReadCommitted, with the transaction's own writes up to this moment. A statement opens one and closes it at its end.
func (t *Txn) View() *View {
	v := views.Get().(*View)
	v.db = t.db
	t.viewed = true
	v.reader = t.db.readers.acquire()
	pub := t.snapshot(v.reader)
	v.reads = t.reads
	v.snapshot, v.state = pub.timestamp, t.state(pub.state)
	t.show(v)
	return v
}

// show makes a View see the transaction's own writes up to this moment.
func (t *Txn) show(v *View) {
	for _, d := range t.deltas {
		if d.rows.Len() > 0 {
			v.deltas = append(v.deltas, d)
			v.owns = append(v.owns, d.snapshot())
		}
	}
	v.owner, v.feed = t.owner, 0
	if n := len(t.feeds); n > 0 {
		v.feed = t.feeds[n-1].id
	}
}

// pause lets vacuum free what it has unlinked since the view was opened, until
// resume. Only a scan of whole partitions may go on over a pause: it looks at slots afresh, and what
// the snapshot sees stays.
func (v *View) pause() { v.reader.leave() }

func (v *View) resume() { v.db.readers.enter(v.reader) }

// Close ends the view. Nothing read through it may be used afterwards but
// byte strings.
func (v *View) Close() {
	v.db.readers.release(v.reader)
	clear(v.deltas)
	clear(v.owns)
	v.reader, v.state, v.reads = nil, nil, nil
	v.deltas, v.owns = v.deltas[:0], v.owns[:0]
	views.Put(v)
}

// Catalog returns the catalog of the snapshot with the transaction's own
// changes.
func (v *View) Catalog() *schema.Catalog { return v.state.catalog }

// Timestamp returns the snapshot's commit timestamp, in microseconds since
// 2000-01-01 UTC where the clock was not outrun.
func (v *View) Timestamp() uint64 { return v.snapshot }

// resolve turns a status into the timestamp that this view must take it for:
// rows of the transaction's own feeds are as old as can be.
func (v *View) resolve(stamp uint64) uint64 {
	st := v.db.statuses.get(stamp)
	if st == nil {
		return never
	}
	if ts := st.commit.Load(); ts != 0 {
		return ts
	}
	if st.owner == v.owner && st.id <= v.feed {
		return firstSnapshot
	}
	return never
}

// TableView is one collection as a View sees it. All access to rows goes
// through it and its PartViews, so that the base rows which the transaction has
// ended are missing and those of its delta are there.
type TableView struct {
	view *View
	def  *schema.Table
	coll *collection
	own  *deltaView
	cond *Condition // of the scans
}

// Tracked says whether the transaction takes notes of what it reads, so that Restrict has a use.
func (tv *TableView) Tracked() bool { return tv.view.reads != nil }

// Restrict tells the condition that the scans of the table test, before they begin: at Serializable a row that
// does not meet it may be changed by others. Without it the table counts as read whole.
func (tv *TableView) Restrict(c *Condition) { tv.cond = c }

// scanned takes a note of a scan.
func (tv *TableView) scanned() {
	if r := tv.view.reads; r != nil {
		r.scan(tv.coll.oid, tv.cond)
	}
}

// sought takes a note of a look-up.
func (tv *TableView) sought(key []byte) {
	if r := tv.view.reads; r != nil {
		r.key(tv.coll.oid, key)
	}
}

// Table returns one collection; the OID is of the view's catalog.
func (v *View) Table(oid uint32) *TableView {
	def, _ := v.state.catalog.TableByOID(oid)
	tv := &TableView{view: v, def: def, coll: v.state.collections[oid]}
	for i, d := range v.deltas {
		if d.coll == tv.coll {
			tv.own = v.owns[i]
		}
	}
	return tv
}

// Def returns the definition.
func (tv *TableView) Def() *schema.Table { return tv.def }

// Parts returns the number of partitions.
func (tv *TableView) Parts() int { return len(tv.coll.parts) }

// Part returns partition i.
func (tv *TableView) Part(i int) *PartView {
	return &PartView{tv: tv, part: tv.coll.parts[i], id: i}
}

// PartOfKey returns the partition that holds a primary key.
func (tv *TableView) PartOfKey(key []byte) int { return partOf(key, len(tv.coll.parts)) }

// EstimateRows returns about how many rows there are; for the planner only.
func (tv *TableView) EstimateRows() int64 {
	n := int64(0)
	for _, p := range tv.coll.parts {
		n += p.live.Load()
	}
	if tv.own != nil {
		n += int64(tv.own.rows.Len())
	}
	return max(n, 0)
}

// Bytes returns the memory that the collection takes.
func (tv *TableView) Bytes() int64 { return tv.coll.account.Bytes() }

// Get appends the given columns of the row of a primary key (its key
// encoding): the short path of point reads.
func (tv *TableView) Get(dst []value.Value, key []byte, cols []int16) ([]value.Value, bool) {
	tv.sought(key)
	i := tv.PartOfKey(key)
	if r, ok := tv.own.lookup(i, key); ok {
		if r.row == nil {
			return dst, false
		}
		for _, num := range cols {
			dst = append(dst, r.row[num-1])
		}
		return dst, true
	}
	p := tv.coll.parts[i]
	row, ok := tv.find(p, key)
	if !ok {
		return dst, false
	}
	for _, num := range cols {
		dst = append(dst, p.column(num).Get(row))
	}
	return dst, true
}

// find returns the version of a key that the snapshot sees.
func (tv *TableView) find(p *Part, key []byte) (uint32, bool) {
	pr := newProbe(tv.def, key)
	row, ok := p.find(tv.def, &pr)
	if !ok {
		return 0, false
	}
	for ; row != column.NoRow; row = p.versions.Prev(row) {
		if p.versions.Visible(row, tv.view.snapshot, tv.view.resolveStamp) {
			return row, true
		}
	}
	return 0, false
}

// Ref names a row of a view. It is private to the view: never stored or shown.
type Ref struct {
	Part uint16
	Own  bool // a row of the transaction's own delta
	Row  uint32
}

// Lookup finds the row of a primary key.
func (tv *TableView) Lookup(key []byte) (Ref, bool) {
	tv.sought(key)
	i := tv.PartOfKey(key)
	if r, ok := tv.own.lookup(i, key); ok {
		return Ref{uint16(i), true, r.id}, r.row != nil
	}
	row, ok := tv.find(tv.coll.parts[i], key)
	return Ref{uint16(i), false, row}, ok
}

// PartView is one partition of a TableView. One goroutine at a time uses it.
type PartView struct {
	tv   *TableView
	part *Part
	id   int
}

// Universe returns the bound of row ids in the partition: sets of row ids lie
// in [0, Universe).
func (p *PartView) Universe() uint32 { return p.part.versions.Len() }

// OwnRows returns the number of rows in the transaction's delta, of the whole table.
func (p *PartView) OwnRows() int {
	if p.tv.own == nil {
		return 0
	}
	return p.tv.own.rows.Len()
}

// KeyRange is a half-open interval [Lo, Hi) of index keys: IndexKey encodings
// and their value.KeySuccessor. nil is unbounded.
type KeyRange struct{ Lo, Hi []byte }

// Equal returns the row ids whose index key is key (of one element, for a
// dictionary of an array column): the visible ones and perhaps others.
func (p *PartView) Equal(x *schema.Index, key []byte) index.Set {
	pi := p.part.index(x)
	if pi.tree != nil {
		return pi.tree.Range(key, value.KeySuccessor(nil, key))
	}
	return pi.dict.Lookup(key)
}

// EqualCount returns about how many rows have the key, for the planner only.
func (p *PartView) EqualCount(x *schema.Index, key []byte) int {
	pi := p.part.index(x)
	if pi.tree != nil {
		return pi.tree.Estimate(key, value.KeySuccessor(nil, key))
	}
	return pi.dict.Count(key)
}

// Range returns the row ids of a key range of a B-tree index: the visible ones
// and perhaps others.
func (p *PartView) Range(x *schema.Index, r KeyRange) index.Set {
	return p.part.index(x).tree.Range(r.Lo, r.Hi)
}

// RangeCount estimates the rows of a key range, for the planner only.
func (p *PartView) RangeCount(x *schema.Index, r KeyRange) int {
	return p.part.index(x).tree.Estimate(r.Lo, r.Hi)
}

// DistinctKeys returns the number of keys of a dictionary index, of unvacuumed rows; for the
// planner only.
func (p *PartView) DistinctKeys(x *schema.Index) int {
	pi := p.part.index(x)
	if pi.dict == nil {
		return 0
	}
	return pi.dict.Len()
}
