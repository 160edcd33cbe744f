package column

import (
	"math"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/value"
)

// Store keeps one column of one partition, in segments of up to SegmentRows
// rows that grow by doubling.
//
// Fixed-size kinds lie in vectors of 1, 2, 4, 8 or 16 bytes a row, numerics as packed
// words. Other kinds begin as codes of the column's dictionary, of 1, 2 or 4
// bytes as the codes need; when there turn out to be too many different values
// (crowded), the segment at hand and all later ones keep references to an arena
// instead. Segments that are encoded stay so while they are not written to.
//
// One writer (Set, SetVec, Clear, Compact) and any number of lock-free readers.
// The writer Sets a row before it publishes the row's begin version, and a
// reader reads only rows whose begin it has loaded since. A slot may be
// Set again after Clear, when no reader can know the old row.
type Store struct {
	typ      value.Type
	rep      value.Rep
	order    order
	missing  value.Value
	firstRow uint32
	acct     *Account

	segs  segments[vector]
	arena *Arena // of references and wide numerics; nil for kinds that need none
	// encodes says whether the kind may be encoded. The rest is the writer's:
	// dict is that of the encoded segments, nil when there are none any more and
	// will be none. Its code 0 is the empty string, which NULLs and slots
	// that were never set have.
	encodes bool
	dict    *Dict
	plain   bool   // new segments are not encoded any more
	encoded int    // segments that are
	rows    uint32 // one more than the largest row Set
	// missingDict and missingCode stand for missing; nil when no row can be.
	missingDict *Dict
	missingCode uint32

	compacting int // the segment that Compact goes on with; -1 when none is under way
}

// Dictionary limits, see crowded. With d distinct values a row of L bytes, codes cost
// at most 4+d(L+20) bytes a row and references 8+L: the balance is near d = 1/2 for short and
// 1 for long strings, and codes make filters and grouping faster up to about there. A
// quarter keeps the dictionary's hash table small beside the rows.
const (
	dictAlwaysValues = 4096
	dictAlwaysBytes  = 1 << 20
	dictRowsPerValue = 4
)

// NewStore returns an empty column. Rows below firstRow, those that were there
// when the column was added, read as missing until they are Set.
func NewStore(t value.Type, acct *Account, missing value.Value, firstRow uint32) *Store {
	s := &Store{
		typ: t, rep: t.Kind.Rep(), order: orderOf(t.Kind),
		missing: missing, firstRow: firstRow,
		acct: NewAccount(acct), compacting: -1,
	}
	if missing.IsNull() {
		s.missing = value.Null(t.Kind)
	}
	if _, fixed := fixedForm(t.Kind); !fixed || t.Kind == value.Numeric {
		s.arena = NewArena(s.acct)
	}
	if _, fixed := fixedForm(t.Kind); !fixed {
		s.encodes = true
		s.dict = NewDict(NewAccount(s.acct))
		s.dict.Add("")
		if firstRow > 0 {
			s.missingDict = s.dict
			s.missingCode, _ = s.dict.Add(s.missing.Bytes())
		}
	}
	return s
}

// Type returns the column's type.
func (s *Store) Type() value.Type { return s.typ }

// Bytes returns the memory that the column uses.
func (s *Store) Bytes() int64 { return s.acct.Bytes() }

// form returns the form of a new segment.
func (s *Store) form() form {
	if f, fixed := fixedForm(s.typ.Kind); fixed {
		return f
	}
	if s.plain {
		return formRefs
	}
	return dictForm(uint32(s.dict.Len() - 1))
}

// at returns the vector and the offset of a row; nil when the row has never
// been Set and so is missing.
func (s *Store) at(row uint32) (*vector, int) {
	return s.segs.load(int(row >> segmentBits)), int(row & segmentMask)
}

// writable returns the vector of a segment with room for n rows.
func (s *Store) writable(seg, n int) *vector {
	v := s.segs.load(seg)
	if v != nil && n <= v.n {
		return v
	}
	if v == nil && uint32(seg<<segmentBits) < s.firstRow {
		return s.startLate(seg)
	}
	var old int
	if v != nil {
		old = v.n
	}
	c := capacityFor(seg, old, n)
	if v == nil {
		return s.start(seg, c)
	}
	return s.publish(seg, v.grown(c))
}

// start makes a segment's first vector.
func (s *Store) start(seg, n int) *vector {
	v := newVector(s.form(), n, s.dict)
	if v.isDict() {
		s.encoded++
	}
	return s.publish(seg, v)
}

// publish puts a vector in place of a segment's present one.
func (s *Store) publish(seg int, v *vector) *vector {
	old := s.segs.load(seg)
	s.acct.Add(v.bytes() - old.bytes())
	s.segs.store(seg, v)
	return v
}

// startLate makes a segment that has rows from before the column was added:
// whole, with all rows missing.
func (s *Store) startLate(seg int) *vector {
	v := newVector(s.form(), SegmentRows, s.dict)
	if v.isDict() {
		s.encoded++
	}
	if s.missing.IsNull() {
		v.nulls = newBits(v.n)
		v.nulls.fill()
		return s.publish(seg, v)
	}
	for i := range v.n {
		switch v.form {
		case form16:
			copy(v.b16[i][:], s.missing.Bytes())
		case formRefs:
			v.b8[i] = uint64(s.arena.Put(s.missing.Bytes()))
		case formDict1, formDict2, formDict4:
			v.setCode(i, s.missingCode)
		default:
			v.setInt(i, s.word(s.missing))
		}
	}
	return s.publish(seg, v)
}

// word returns what a column of form8 or narrower keeps of a value.
func (s *Store) word(v value.Value) int64 {
	if s.rep == value.RepNumeric && value.IsWide(v.Int()) {
		return int64(s.arena.PutAddress(v.Bytes()))
	}
	return v.Int()
}

// Set stores a value of the column's kind, or NULL. Writer only.
func (s *Store) Set(row uint32, x value.Value) {
	seg, i := int(row>>segmentBits), int(row&segmentMask)
	v := s.writable(seg, i+1)
	s.rows = max(s.rows, row+1)
	if x.IsNull() {
		s.setNull(seg, v, i)
		return
	}
	if v.nulls != nil {
		v.nulls.set(i, false)
	}
	switch {
	case s.encodes:
		s.setBytes(seg, v, i, x.Bytes())
	case v.form == form16:
		copy(v.b16[i][:], x.Bytes())
	case s.arena != nil:
		s.setNumeric(v, i, x.Int(), x.Bytes())
	default:
		v.setInt(i, x.Int())
	}
}

// setNull marks a row NULL and zeroes its value.
func (s *Store) setNull(seg int, v *vector, i int) *vector {
	if v.nulls == nil {
		v = s.publish(seg, v.withNulls())
	}
	v.nulls.set(i, true)
	s.zero(v, i)
	return v
}

// zero empties a slot and gives up the bytes it refers to.
func (s *Store) zero(v *vector, i int) {
	switch v.form {
	case form16:
		v.b16[i] = [16]byte{}
	case formDict1, formDict2, formDict4:
		v.setCode(i, 0)
	case formRefs:
		s.releaseRef(v, i)
	default:
		if s.arena != nil {
			s.releaseNumeric(v, i)
			return
		}
		v.setInt(i, 0)
	}
}

func (s *Store) releaseRef(v *vector, i int) {
	if r := Ref(v.b8[i]); r != 0 {
		v.b8[i] = 0
		s.arena.Release(r)
	}
}

func (s *Store) releaseNumeric(v *vector, i int) {
	w := v.b8[i]
	v.b8[i] = 0
	if value.IsWide(int64(w)) {
		s.arena.Release(Ref(w))
	}
}

func (s *Store) setNumeric(v *vector, i int, word int64, wide string) {
	if value.IsWide(int64(v.b8[i])) {
		s.releaseNumeric(v, i)
	}
	if value.IsWide(word) {
		word = int64(s.arena.PutAddress(wide))
	}
	v.b8[i] = uint64(word)
}

// setBytes stores a string and returns the vector it went to, which may be a
// new one.
func (s *Store) setBytes(seg int, v *vector, i int, x string) *vector {
	if v.isDict() {
		code, ok := s.encode(x)
		if ok {
			return s.setCode(seg, v, i, code)
		}
		v = s.unencode(seg, v)
	}
	s.releaseRef(v, i)
	v.b8[i] = uint64(s.arena.Put(x))
	return v
}

// encode returns a string's code, adding it to the dictionary unless that is
// crowded.
func (s *Store) encode(x string) (uint32, bool) {
	if s.plain {
		return s.dict.Lookup(x) // there is one while a segment is encoded
	}
	code, added := s.dict.Add(x)
	if added && s.crowded() {
		s.plain = true
	}
	return code, true
}

// crowded says whether the dictionary has become too large for the rows.
func (s *Store) crowded() bool {
	n := s.dict.Len()
	return (n > dictAlwaysValues || s.dict.bytes > dictAlwaysBytes) && n > int(s.rows)/dictRowsPerValue
}

// setCode stores a code, in a wider vector when it needs one.
func (s *Store) setCode(seg int, v *vector, i int, code uint32) *vector {
	if f := dictForm(code); f > v.form {
		v = s.publish(seg, v.widened(f))
	}
	v.setCode(i, code)
	return v
}

// unencode turns a segment from codes into references, which the column has
// gone over to.
func (s *Store) unencode(seg int, v *vector) *vector {
	g := newVector(formRefs, v.n, nil)
	g.nulls = v.nulls
	for i := range v.n {
		if code := v.code(i); code != 0 {
			g.b8[i] = uint64(s.arena.Put(v.dict.String(code)))
		}
	}
	s.leaveDict()
	return s.publish(seg, g)
}

// Clear releases the wide bytes of a row. Writer only, when no reader can know
// the row any more.
func (s *Store) Clear(row uint32) {
	v, i := s.at(row)
	if v == nil || i >= v.n {
		return
	}
	if v.form == formRefs || s.rep == value.RepNumeric {
		s.zero(v, i)
	} else if v.isDict() {
		v.setCode(i, 0)
	}
}

// DropSegment gives up the memory of a segment all of whose rows are Clear, or
// were never Set. Writer only; rows may be Set there again.
func (s *Store) DropSegment(seg int) {
	v := s.segs.load(seg)
	if v == nil {
		return
	}
	if v.isDict() {
		s.leaveDict()
	}
	s.publish(seg, nil)
}

// leaveDict counts a segment that is not encoded any more. After the last one the
// dictionary goes if there will be no other; readers of the old vectors keep it.
func (s *Store) leaveDict() {
	if s.encoded--; s.encoded == 0 && s.plain && s.missingDict == nil {
		s.acct.Add(-s.dict.acct.Bytes())
		s.dict = nil
	}
}

// Compact does one step, of about one segment, of moving the live bytes out of
// sparse chunks, and says whether there is more to do. Writer only;
// readers go on meanwhile.
func (s *Store) Compact() (more bool) {
	if s.arena == nil {
		return false
	}
	if s.compacting < 0 {
		if !s.arena.StartCompaction() {
			return false
		}
		s.compacting = 0
		return true
	}
	if v := s.segs.load(s.compacting); v != nil {
		s.compactSegment(v)
	}
	if s.compacting++; s.compacting < s.segs.count() {
		return true
	}
	s.compacting = -1
	s.arena.EndCompaction()
	return false
}

func (s *Store) compactSegment(v *vector) {
	if v.form != formRefs && s.rep != value.RepNumeric {
		return
	}
	for i, w := range v.b8 {
		if w&addressTag != addressTag {
			continue
		}
		if to, moved := s.arena.Move(Ref(w)); moved {
			atomic.StoreUint64(&v.b8[i], uint64(to))
		}
	}
}

// SetVec stores elements [from, to) of v, which is of the column's kind, in
// consecutive rows from start on; of a constant as many times its value.
// Writer only.
func (s *Store) SetVec(start uint32, x *Vec, from, to int) {
	for from < to {
		seg, off := int(start>>segmentBits), int(start&segmentMask)
		n := min(to-from, SegmentRows-off)
		v := s.writable(seg, off+n)
		s.rows = max(s.rows, start+uint32(n))
		if x.Const {
			for i := range n {
				s.Set(start+uint32(i), x.Value(0))
			}
		} else {
			s.setRange(seg, v, off, x, from, from+n)
		}
		start += uint32(n)
		from += n
	}
}

// setRange stores elements [from, to) of x from offset off of a segment on.
func (s *Store) setRange(seg int, v *vector, off int, x *Vec, from, to int) {
	switch s.rep {
	case value.RepInt:
		setInts(v, off, x.I[from:to])
	case value.RepFloat:
		for i, f := range x.F[from:to] {
			v.b8[off+i] = math.Float64bits(f)
		}
	case value.RepNumeric:
		for i := from; i < to; i++ {
			wide := ""
			if x.S != nil {
				wide = x.S[i]
			}
			s.setNumeric(v, off+i-from, x.I[i], wide)
		}
	default:
		v = s.setStrings(seg, v, off, x, from, to)
	}
	s.setNulls(seg, v, off, x, from, to)
}

func setInts(v *vector, off int, x []int64) {
	switch v.form {
	case form1:
		for i, n := range x {
			v.b1[off+i] = uint8(n)
		}
	case form2:
		for i, n := range x {
			v.b2[off+i] = uint16(n)
		}
	case form4:
		for i, n := range x {
			v.b4[off+i] = uint32(n)
		}
	default:
		for i, n := range x {
			v.b8[off+i] = uint64(n)
		}
	}
}

func (s *Store) setStrings(seg int, v *vector, off int, x *Vec, from, to int) *vector {
	for i := from; i < to; i++ {
		var str string
		if x.Codes != nil {
			str = x.Dict.String(x.Codes[i])
		} else {
			str = x.S[i]
		}
		if at := off + i - from; v.form == form16 {
			copy(v.b16[at][:], str)
		} else {
			v = s.setBytes(seg, v, at, str)
		}
	}
	return v
}

// setNulls sets the null bits for elements [from, to) of x, whose zeroes are
// stored already.
func (s *Store) setNulls(seg int, v *vector, off int, x *Vec, from, to int) {
	if x.Nulls == nil && v.nulls == nil {
		return
	}
	for i := from; i < to; i++ {
		at := off + i - from
		if x.Nulls != nil && x.Nulls[i] {
			v = s.setNull(seg, v, at)
		} else if v.nulls != nil {
			v.nulls.set(at, false)
		}
	}
}
