package store

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Seeker finds rows of a view by many keys, of the primary key or of an index, and reads columns of them: the inner side
// of a join. One goroutine uses it.
type Seeker struct {
	tv      *TableView
	index   *schema.Index // nil: the primary key
	columns int           // leading columns of the index that the keys have
	cols    []int16
	kinds   []value.Kind
	parts   []*partIndex

	// own are the rows of the transaction's delta by their keys, and found those that were found, by their ids.
	own   map[string][]*deltaRow
	found map[uint32]*deltaRow

	ids     []uint32
	byPart  [][]uint32
	order   []uint32
	tmp, on column.Vec
}

// Seeker returns a Seeker for keys of the first columns of an index (nil: of the primary key, whole) that reads cols.
func (tv *TableView) Seeker(x *schema.Index, columns int, cols []int16) *Seeker {
	s := &Seeker{tv: tv, index: x, columns: columns, cols: cols, byPart: make([][]uint32, len(tv.coll.parts))}
	for _, num := range cols {
		s.kinds = append(s.kinds, tv.coll.parts[0].column(num).Type().Kind)
	}
	if x == nil {
		return s
	}
	tv.scanned()
	for i, p := range tv.coll.parts {
		s.parts = append(s.parts, p.index(x))
		for _, r := range tv.own.own(i) {
			var key []byte
			for _, c := range x.Columns[:columns] {
				key = appendIndexValue(key, c, r.row[c.Num-1])
			}
			if s.own == nil {
				s.own = map[string][]*deltaRow{}
			}
			s.own[string(key)] = append(s.own[string(key)], r)
		}
	}
	return s
}

// Find appends the names of the visible rows with a key: IndexKey's encoding, or that of the primary key.
func (s *Seeker) Find(dst []Ref, key []byte) []Ref {
	if s.index == nil {
		return s.findPrimary(dst, key)
	}
	tv := s.tv
	for i, pi := range s.parts {
		if pi.tree != nil {
			s.ids = pi.tree.Range(key, value.KeySuccessor(nil, key)).AppendTo(s.ids[:0])
		} else {
			s.ids = pi.dict.Lookup(key).AppendTo(s.ids[:0])
		}
		for _, row := range pi.part.versions.VisibleRows(s.ids, tv.view.snapshot, tv.view.resolveStamp, s.ids[:0]) {
			if !tv.own.hides(i, row) {
				dst = append(dst, Ref{Part: uint16(i), Row: row})
			}
		}
	}
	for _, r := range s.own[string(key)] {
		dst = s.findOwn(dst, r)
	}
	return dst
}

func (s *Seeker) findPrimary(dst []Ref, key []byte) []Ref {
	tv := s.tv
	tv.sought(key)
	i := tv.PartOfKey(key)
	if r, ok := tv.own.lookup(i, key); ok {
		if r.row == nil {
			return dst
		}
		return s.findOwn(dst, r)
	}
	if row, ok := tv.find(tv.coll.parts[i], key); ok {
		dst = append(dst, Ref{Part: uint16(i), Row: row})
	}
	return dst
}

func (s *Seeker) findOwn(dst []Ref, r *deltaRow) []Ref {
	if s.found == nil {
		s.found = map[uint32]*deltaRow{}
	}
	s.found[r.id] = r
	return append(dst, Ref{uint16(r.part), true, r.id})
}

// Fetch fills b with the columns of rows that Find has found, in their order.
func (s *Seeker) Fetch(b *column.Batch, refs []Ref) {
	if len(b.Vecs) != len(s.cols) {
		b.Vecs = make([]column.Vec, len(s.cols))
	}
	b.N = len(refs)
	for i := range s.byPart {
		s.byPart[i] = s.byPart[i][:0]
	}
	used, own := 0, 0
	for _, r := range refs {
		if r.Own {
			own++
			continue
		}
		if len(s.byPart[r.Part]) == 0 {
			used++
		}
		s.byPart[r.Part] = append(s.byPart[r.Part], r.Row)
	}
	if used == 1 && own == 0 {
		part := s.tv.coll.parts[refs[0].Part]
		for i, num := range s.cols {
			part.column(num).Gather(&b.Vecs[i], s.byPart[refs[0].Part])
		}
		return
	}
	s.places(refs)
	for i, num := range s.cols {
		s.on.Reset(s.kinds[i])
		for p, rows := range s.byPart {
			if len(rows) > 0 {
				s.tv.coll.parts[p].column(num).Gather(&s.tmp, rows)
				s.on.AppendVec(&s.tmp, 0, len(rows))
			}
		}
		for _, r := range refs {
			if r.Own {
				s.on.Append(s.found[r.Row].row[num-1])
			}
		}
		b.Vecs[i].Pick(&s.on, s.order)
	}
}

// places sets order: where each row is when those of a partition stand together, and own ones last.
func (s *Seeker) places(refs []Ref) {
	next := make([]uint32, len(s.byPart)+1)
	for p, rows := range s.byPart {
		next[p+1] = next[p] + uint32(len(rows))
	}
	own := next[len(s.byPart)]
	s.order = s.order[:0]
	for _, r := range refs {
		at := &own
		if !r.Own {
			at = &next[r.Part]
		}
		s.order = append(s.order, *at)
		*at++
	}
}
