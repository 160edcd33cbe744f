package column

import (
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/value"
)

// form is how a segment of a column lies in memory.
type form uint8

const (
	form1     form = iota // bool: a byte a row
	form2                 // int2
	form4                 // int4, date
	form8                 // int8, timestamps, float8, numeric words
	form16                // uuid
	formDict1             // codes of the column's dictionary
	formDict2
	formDict4
	formRefs // references to the column's arena
)

// vector is one segment of a column: the slice of its form, of the segment's
// capacity. A vector never moves: growth and a change of form publish a new
// one. Values are written before their row is published, so plainly; words
// that change later (null bits, whose words rows share, and references, which
// compaction moves) are also stored atomically then, and loaded so by readers.
type vector struct {
	form  form
	n     int // capacity in rows
	b1    []uint8
	b2    []uint16
	b4    []uint32
	b8    []uint64
	b16   [][16]byte
	nulls bits  // nil: none is NULL
	dict  *Dict // of the codes
}

// newVector returns a vector of zeroes; dict is that of a form of codes.
func newVector(f form, n int, dict *Dict) *vector {
	v := &vector{form: f, n: n}
	if v.isDict() {
		v.dict = dict
	}
	switch f {
	case form1, formDict1:
		v.b1 = make([]uint8, n)
	case form2, formDict2:
		v.b2 = make([]uint16, n)
	case form4, formDict4:
		v.b4 = make([]uint32, n)
	case form8, formRefs:
		v.b8 = make([]uint64, n)
	case form16:
		v.b16 = make([][16]byte, n)
	}
	return v
}

// bytes returns the memory of a vector; 0 for nil.
func (v *vector) bytes() int64 {
	if v == nil {
		return 0
	}
	return int64(len(v.b1) + 2*len(v.b2) + 4*len(v.b4) + 8*len(v.b8) + 16*len(v.b16) + 4*len(v.nulls))
}

// grown returns a copy with room for n rows.
func (v *vector) grown(n int) *vector {
	g := newVector(v.form, n, v.dict)
	copy(g.b1, v.b1)
	copy(g.b2, v.b2)
	copy(g.b4, v.b4)
	copy(g.b8, v.b8)
	copy(g.b16, v.b16)
	if v.nulls != nil {
		g.nulls = v.nulls.grown(n)
	}
	return g
}

// withNulls returns the vector with a null bitmap; the values are shared.
func (v *vector) withNulls() *vector {
	g := *v
	g.nulls = newBits(v.n)
	return &g
}

// widened returns a copy of a vector of codes with room for larger ones.
func (v *vector) widened(f form) *vector {
	g := newVector(f, v.n, v.dict)
	g.nulls = v.nulls
	for i := range v.n {
		g.setCode(i, v.code(i))
	}
	return g
}

func (v *vector) isDict() bool { return v.form >= formDict1 && v.form <= formDict4 }

// dictForm returns the narrowest form for codes up to max.
func dictForm(max uint32) form {
	switch {
	case max < 1<<8:
		return formDict1
	case max < 1<<16:
		return formDict2
	}
	return formDict4
}

// code returns the dictionary code at i.
func (v *vector) code(i int) uint32 {
	switch v.form {
	case formDict1:
		return uint32(v.b1[i])
	case formDict2:
		return uint32(v.b2[i])
	default:
		return v.b4[i]
	}
}

func (v *vector) setCode(i int, code uint32) {
	switch v.form {
	case formDict1:
		v.b1[i] = uint8(code)
	case formDict2:
		v.b2[i] = uint16(code)
	default:
		v.b4[i] = code
	}
}

func (v *vector) isNull(i int) bool { return v.nulls != nil && v.nulls.get(i) }

// int returns the integer at i of a RepInt column.
func (v *vector) int(i int) int64 {
	switch v.form {
	case form1:
		return int64(v.b1[i])
	case form2:
		return int64(int16(v.b2[i]))
	case form4:
		return int64(int32(v.b4[i]))
	default:
		return int64(v.b8[i])
	}
}

func (v *vector) setInt(i int, n int64) {
	switch v.form {
	case form1:
		v.b1[i] = uint8(n)
	case form2:
		v.b2[i] = uint16(n)
	case form4:
		v.b4[i] = uint32(n)
	default:
		v.b8[i] = uint64(n)
	}
}

// word returns the word at i, which compaction may change: a reference or a
// numeric.
func (v *vector) word(i int) uint64 { return atomic.LoadUint64(&v.b8[i]) }

// fixedForm returns the form of the kinds that have one.
func fixedForm(k value.Kind) (form, bool) {
	switch k {
	case value.Bool:
		return form1, true
	case value.Int2:
		return form2, true
	case value.Int4, value.Date:
		return form4, true
	case value.UUID:
		return form16, true
	}
	return form8, k.Rep() != value.RepBytes
}
