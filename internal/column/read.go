package column

import (
	"unsafe"

	"github.com/cachalotdb/cachalot/internal/value"
)

// Get returns the value of a row. Its bytes stay valid as long as they are
// held.
func (s *Store) Get(row uint32) value.Value {
	v, i := s.at(row)
	if v == nil {
		return s.missing
	}
	if v.isNull(i) {
		return value.Null(s.typ.Kind)
	}
	switch s.rep {
	case value.RepInt:
		return value.NewInt(s.typ.Kind, v.int(i))
	case value.RepFloat:
		return value.NewInt(s.typ.Kind, int64(v.b8[i]))
	case value.RepNumeric:
		return value.NewNumericWord(s.numeric(row))
	}
	return value.NewBytes(s.typ.Kind, s.getBytes(row))
}

// IsNull says whether the value of a row is NULL.
func (s *Store) IsNull(row uint32) bool {
	v, i := s.at(row)
	if v == nil {
		return s.missing.IsNull()
	}
	return v.isNull(i)
}

// numeric returns the word and the wide bytes of a row that is not missing.
func (s *Store) numeric(row uint32) (word int64, wide string) {
	for {
		v, i := s.at(row)
		w := v.word(i)
		if !value.IsWide(int64(w)) {
			return int64(w), ""
		}
		// When the string has just been moved, its new address is in the column.
		if wide, ok := s.arena.Get(Ref(w)); ok {
			return value.WideNumeric, wide
		}
	}
}

// getBytes returns the stored bytes of a row of a RepBytes column, in memory
// that never changes.
func (s *Store) getBytes(row uint32) string {
	var short [8]byte
	x := s.viewBytes(row, &short)
	if len(x) <= maxInline || s.typ.Kind == value.UUID {
		return string([]byte(x))
	}
	return x
}

// viewBytes returns the stored bytes of a row of a RepBytes column: in short when they are
// inline, and of a uuid in the vector, where they change when the row is gone.
func (s *Store) viewBytes(row uint32, short *[8]byte) string {
	for {
		v, i := s.at(row)
		switch {
		case v == nil:
			return s.missing.Bytes()
		case v.form == form16:
			return unsafe.String(&v.b16[i][0], 16)
		case v.form != formRefs:
			return v.dict.String(v.code(i))
		}
		r := Ref(v.word(i))
		if r.isInline() {
			return r.Inline(short)
		}
		if x, ok := s.arena.Get(r); ok {
			return x
		}
	}
}

// Gather fills dst with the values of rows. They may be in any order; it is
// quick when rows of a segment stand together. Text of segments that are all
// encoded comes as codes.
func (s *Store) Gather(dst *Vec, rows []uint32) {
	dst.Reset(s.typ.Kind)
	n := len(rows)
	for from := 0; from < n; {
		seg := rows[from] >> segmentBits
		to := from + 1
		for to < n && rows[to]>>segmentBits == seg {
			to++
		}
		v := s.segs.load(int(seg))
		s.gatherNulls(dst, v, rows, from, to)
		switch s.rep {
		case value.RepInt:
			dst.I = s.gatherInts(resized(dst.I, n, from), v, rows, from, to)
		case value.RepFloat:
			dst.F = s.gatherFloats(resized(dst.F, n, from), v, rows, from, to)
		case value.RepNumeric:
			dst.I = resized(dst.I, n, from)
			s.gatherNumerics(dst, v, rows, from, to)
		default:
			s.gatherBytes(dst, v, rows, from, to)
		}
		from = to
	}
}

// Slice fills dst with the values of n consecutive rows, which must lie in one
// segment and all be visible to the caller.
func (s *Store) Slice(dst *Vec, start uint32, n int) {
	v, i := s.at(start)
	if v == nil || v.nulls != nil || v.form == formRefs || v.form == form16 || s.rep == value.RepNumeric && !slicePacked(dst, v, i, n) {
		var buf [BatchRows]uint32
		rows := buf[:0]
		if n > len(buf) {
			rows = make([]uint32, 0, n)
		}
		for j := range n {
			rows = append(rows, start+uint32(j))
		}
		s.Gather(dst, rows)
		return
	}
	if s.rep == value.RepNumeric {
		return // slicePacked was enough
	}
	dst.Reset(s.typ.Kind)
	switch {
	case s.rep == value.RepFloat:
		dst.F = append(dst.F, unsafe.Slice((*float64)(unsafe.Pointer(&v.b8[i])), n)...)
	case s.rep == value.RepBytes:
		dst.Codes, dst.Dict = sliceCodes(resized(dst.codes, n, 0), v, i), v.dict
		dst.codes = dst.Codes
	default:
		dst.I = sliceInts(resized(dst.I, n, 0), v, i)
	}
}

// slicePacked fills dst with n numerics unless one of them is wide.
func slicePacked(dst *Vec, v *vector, i, n int) bool {
	dst.Reset(value.Numeric)
	dst.I = resized(dst.I, n, 0)
	for j := range dst.I {
		w := int64(v.word(i + j))
		if value.IsWide(w) {
			return false
		}
		dst.I[j] = w
	}
	return true
}

func sliceInts(out []int64, v *vector, i int) []int64 {
	n := len(out)
	switch v.form {
	case form1:
		for j, x := range v.b1[i : i+n] {
			out[j] = int64(x)
		}
	case form2:
		for j, x := range v.b2[i : i+n] {
			out[j] = int64(int16(x))
		}
	case form4:
		for j, x := range v.b4[i : i+n] {
			out[j] = int64(int32(x))
		}
	default:
		for j, x := range v.b8[i : i+n] {
			out[j] = int64(x)
		}
	}
	return out
}

func sliceCodes(out []uint32, v *vector, i int) []uint32 {
	n := len(out)
	switch v.form {
	case formDict1:
		for j, x := range v.b1[i : i+n] {
			out[j] = uint32(x)
		}
	case formDict2:
		for j, x := range v.b2[i : i+n] {
			out[j] = uint32(x)
		}
	default:
		copy(out, v.b4[i:i+n])
	}
	return out
}

// resized returns b with n elements of any content, keeping the first keep.
func resized[T any](b []T, n, keep int) []T {
	if cap(b) >= n {
		return b[:n]
	}
	g := make([]T, n, max(n, min(2*n, BatchRows)))
	copy(g, b[:min(keep, len(b))])
	return g
}

// gatherNulls sets dst.Nulls for rows[from:to], which a vector holds.
func (s *Store) gatherNulls(dst *Vec, v *vector, rows []uint32, from, to int) {
	missing := v == nil && s.missing.IsNull()
	if !missing && (v == nil || v.nulls == nil) {
		return
	}
	for i := from; i < to; i++ {
		if missing || v.nulls.get(int(rows[i]&segmentMask)) {
			dst.setNull(i, len(rows))
		}
	}
}

func (s *Store) gatherInts(out []int64, v *vector, rows []uint32, from, to int) []int64 {
	rows = rows[from:to]
	part := out[from:to]
	part = part[:len(rows)]
	switch {
	case v == nil:
		for j := range part {
			part[j] = s.missing.Int()
		}
	case v.form == form1:
		for j, r := range rows {
			part[j] = int64(v.b1[r&segmentMask])
		}
	case v.form == form2:
		for j, r := range rows {
			part[j] = int64(int16(v.b2[r&segmentMask]))
		}
	case v.form == form4:
		for j, r := range rows {
			part[j] = int64(int32(v.b4[r&segmentMask]))
		}
	default:
		for j, r := range rows {
			part[j] = int64(v.b8[r&segmentMask])
		}
	}
	return out
}

func (s *Store) gatherFloats(out []float64, v *vector, rows []uint32, from, to int) []float64 {
	for j := from; j < to; j++ {
		if v == nil {
			out[j] = s.missing.Float()
		} else {
			out[j] = value.NewInt(value.Float8, int64(v.b8[rows[j]&segmentMask])).Float()
		}
	}
	return out
}

func (s *Store) gatherNumerics(dst *Vec, v *vector, rows []uint32, from, to int) {
	for j := from; j < to; j++ {
		word, wide := s.missing.Int(), s.missing.Bytes()
		if v != nil {
			word, wide = int64(v.word(int(rows[j]&segmentMask))), ""
			if value.IsWide(word) {
				word, wide = s.numeric(rows[j])
			}
		}
		dst.I[j] = word
		if value.IsWide(word) {
			dst.setWide(j, len(rows), wide)
		}
	}
}

// gatherBytes adds rows[from:to] as codes as long as all segments before and
// this one are encoded, and as strings from then on.
func (s *Store) gatherBytes(dst *Vec, v *vector, rows []uint32, from, to int) {
	n := len(rows)
	dict := s.missingDict
	if v != nil {
		dict = v.dict
	}
	if dict != nil && len(dst.S) == 0 {
		dst.codes = resized(dst.codes, n, from)
		dst.Codes, dst.Dict = dst.codes, dict
		s.gatherCodes(dst.codes[from:to], v, rows[from:to])
		return
	}
	if len(dst.S) == 0 {
		dst.S = resized(dst.S, n, 0)
		for j := range from {
			dst.S[j] = dst.Dict.String(dst.Codes[j])
		}
		dst.Codes, dst.Dict = nil, nil
	}
	s.gatherStrings(dst.S[from:to], v, rows[from:to])
}

func (s *Store) gatherCodes(out []uint32, v *vector, rows []uint32) {
	out = out[:len(rows)]
	switch {
	case v == nil:
		for j := range out {
			out[j] = s.missingCode
		}
	case v.form == formDict1:
		for j, r := range rows {
			out[j] = uint32(v.b1[r&segmentMask])
		}
	case v.form == formDict2:
		for j, r := range rows {
			out[j] = uint32(v.b2[r&segmentMask])
		}
	default:
		for j, r := range rows {
			out[j] = v.b4[r&segmentMask]
		}
	}
}

func (s *Store) gatherStrings(out []string, v *vector, rows []uint32) {
	switch {
	case v == nil:
		for j := range rows {
			out[j] = s.missing.Bytes()
		}
	case v.form == form16:
		copies := make([][16]byte, len(rows))
		for j, r := range rows {
			if i := int(r & segmentMask); v.isNull(i) {
				out[j] = ""
				continue
			}
			copies[j] = v.b16[r&segmentMask]
			out[j] = unsafe.String(&copies[j][0], 16)
		}
	case v.form == formRefs:
		s.gatherRefs(out, v, rows)
	default:
		for j, r := range rows {
			out[j] = v.dict.String(v.code(int(r & segmentMask)))
		}
	}
}

// gatherRefs resolves references. Inline strings get their memory in one
// piece.
func (s *Store) gatherRefs(out []string, v *vector, rows []uint32) {
	var shorts [][8]byte
	for j, row := range rows {
		r := Ref(v.word(int(row & segmentMask)))
		switch {
		case r == 0:
			out[j] = ""
		case r.isInline():
			if len(shorts) == 0 {
				shorts = make([][8]byte, len(rows)-j)
			}
			out[j] = r.Inline(&shorts[0])
			shorts = shorts[1:]
		default:
			x, ok := s.arena.Get(r)
			if !ok {
				x = s.getBytes(row) // it has just been moved
			}
			out[j] = x
		}
	}
}
