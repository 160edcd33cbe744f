package column

import (
	"cmp"
	"math"

	"github.com/cachalotdb/cachalot/internal/value"
)

// order is how the stored form of a column's values compares.
type order uint8

const (
	orderInt     order = iota
	orderFloat         // NaN last, -0 = 0
	orderNumeric       // words of one scale as integers, else as values
	orderBytes         // bytewise
	orderValue         // only value.Compare knows
)

func orderOf(k value.Kind) order {
	switch k.Rep() {
	case value.RepInt:
		return orderInt
	case value.RepFloat:
		return orderFloat
	case value.RepNumeric:
		return orderNumeric
	}
	if k.IsArray() || k == value.JSONB || k == value.Bpchar || k == value.Interval {
		return orderValue
	}
	return orderBytes
}

// Compare orders the values of two rows as value.Compare does: NULL is last
// and equals NULL. It does not allocate but for arrays and jsonb.
func (s *Store) Compare(a, b uint32) int {
	va, i := s.at(a)
	vb, j := s.at(b)
	if va == nil || vb == nil {
		if va == nil {
			return -s.CompareValue(b, s.missing)
		}
		return s.CompareValue(a, s.missing)
	}
	if an, bn := va.isNull(i), vb.isNull(j); an || bn {
		return compareNull(an, bn)
	}
	switch s.order {
	case orderInt:
		return cmp.Compare(va.int(i), vb.int(j))
	case orderFloat:
		return compareFloat(va.b8[i], vb.b8[j])
	case orderNumeric:
		return s.compareNumeric(a, int64(va.word(i)), int64(vb.word(j)), value.Null(value.Numeric), b)
	case orderBytes:
		if va.isDict() && vb.isDict() && va.code(i) == vb.code(j) {
			return 0
		}
		var x, y [8]byte
		return cmp.Compare(s.viewBytes(a, &x), s.viewBytes(b, &y))
	}
	return value.Compare(s.Get(a), s.Get(b))
}

// CompareValue orders the value of a row and x, which is of the column's kind
// or NULL, as value.Compare does.
func (s *Store) CompareValue(row uint32, x value.Value) int {
	v, i := s.at(row)
	if v == nil {
		return value.Compare(s.missing, x.WithKind(s.typ.Kind))
	}
	if rn, xn := v.isNull(i), x.IsNull(); rn || xn {
		return compareNull(rn, xn)
	}
	switch s.order {
	case orderInt:
		return cmp.Compare(v.int(i), x.Int())
	case orderFloat:
		return compareFloat(v.b8[i], uint64(x.Int()))
	case orderNumeric:
		return s.compareNumeric(row, int64(v.word(i)), x.Int(), x, NoRow)
	case orderBytes:
		var short [8]byte
		return cmp.Compare(s.viewBytes(row, &short), x.Bytes())
	}
	return value.Compare(s.Get(row), x)
}

// EqualValue says whether the value of a row equals x; NULL equals nothing.
func (s *Store) EqualValue(row uint32, x value.Value) bool {
	return !x.IsNull() && s.CompareValue(row, x) == 0
}

func compareNull(a, b bool) int {
	switch {
	case a && b:
		return 0
	case a:
		return 1
	}
	return -1
}

func compareFloat(a, b uint64) int {
	x, y := math.Float64frombits(a), math.Float64frombits(b)
	xn, yn := x != x, y != y
	if xn || yn {
		return compareNull(xn, yn) // NaN is last among values, too
	}
	return cmp.Compare(x, y)
}

// compareNumeric orders the numeric of row, whose word is a, and another: that of
// the row other unless it is NoRow, and y then; its word is b.
func (s *Store) compareNumeric(row uint32, a, b int64, y value.Value, other uint32) int {
	if a&0xFF == b&0xFF && !value.IsWide(a) {
		return cmp.Compare(a, b)
	}
	if other != NoRow {
		y = s.Get(other)
	}
	return value.Compare(s.Get(row), y)
}
