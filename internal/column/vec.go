package column

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Vec is one column of a Batch: n values of one kind in the slice that its
// representation names.
//
// A dictionary vec has Codes set: value i is Dict.String(Codes[i]), and S may
// be nil until Strings is called. Operators that can work on codes do so.
// A constant vec (Const) has its one value at index 0 of every slice.
//
// Slices are owned by whoever filled the Vec and valid until its next batch;
// the bytes behind S are immutable and stay valid as long as they are held.
type Vec struct {
	Kind  value.Kind
	Const bool

	I []int64   // RepInt; RepNumeric: packed words
	F []float64 // RepFloat
	S []string  // RepBytes; RepNumeric: bytes of wide words, nil when there are none

	Codes []uint32 // dictionary codes, nil when not encoded
	Dict  *Dict

	// Nulls[i] is true for NULL; nil when no value is NULL. The value slices
	// hold a zero at such a place.
	Nulls []bool

	codes []uint32 // memory for Codes, kept while the vec is not encoded
	nulls []bool   // memory for Nulls, kept while no value is NULL
	wides []string // memory for S of numerics, kept while none is wide
}

// Batch is up to BatchRows rows as vectors.
type Batch struct {
	N    int
	Vecs []Vec
}

// Reset empties the batch and gives it a vec of each kind; memory is reused.
func (b *Batch) Reset(kinds []value.Kind) {
	b.N = 0
	for len(b.Vecs) < len(kinds) {
		b.Vecs = append(b.Vecs, Vec{})
	}
	b.Vecs = b.Vecs[:len(kinds)]
	for i, k := range kinds {
		b.Vecs[i].Reset(k)
	}
}

// AppendRow adds a row, a value for each vec.
func (b *Batch) AppendRow(row []value.Value) {
	for i := range b.Vecs {
		b.Vecs[i].Append(row[i])
	}
	b.N++
}

// Row appends the values of row i.
func (b *Batch) Row(dst []value.Value, i int) []value.Value {
	for c := range b.Vecs {
		dst = append(dst, b.Vecs[c].Value(i))
	}
	return dst
}

// Reset empties v and makes it a vec of a kind; its memory is reused.
func (v *Vec) Reset(k value.Kind) {
	v.Kind = k
	v.Const = false
	v.I, v.F, v.S = v.I[:0], v.F[:0], v.S[:0]
	v.Codes, v.Dict, v.Nulls = nil, nil, nil
	if k == value.Numeric && v.S != nil {
		v.wides, v.S = v.S, nil
	}
}

// Len returns the number of values, 1 for a constant.
func (v *Vec) Len() int {
	switch v.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		return len(v.I)
	case value.RepFloat:
		return len(v.F)
	}
	if v.Codes != nil {
		return len(v.Codes)
	}
	return len(v.S)
}

// IsNull says whether value i is NULL.
func (v *Vec) IsNull(i int) bool {
	if v.Const {
		i = 0
	}
	return v.Nulls != nil && v.Nulls[i]
}

// Value returns value i.
func (v *Vec) Value(i int) value.Value {
	if v.Const {
		i = 0
	}
	if v.Nulls != nil && v.Nulls[i] {
		return value.Null(v.Kind)
	}
	switch v.Kind.Rep() {
	case value.RepInt:
		return value.NewInt(v.Kind, v.I[i])
	case value.RepFloat:
		return value.NewFloatOf(v.Kind, v.F[i])
	case value.RepNumeric:
		if value.IsWide(v.I[i]) {
			return value.NewNumericWord(v.I[i], v.S[i])
		}
		return value.NewNumericWord(v.I[i], "")
	}
	if v.Codes != nil {
		return value.NewBytes(v.Kind, v.Dict.String(v.Codes[i]))
	}
	return value.NewBytes(v.Kind, v.S[i])
}

// Append adds a value of the vec's kind, or NULL.
func (v *Vec) Append(x value.Value) {
	n := v.Len()
	if v.Nulls != nil {
		v.Nulls = append(v.Nulls, false)
	}
	switch v.Kind.Rep() {
	case value.RepInt:
		v.I = append(v.I, x.Int())
	case value.RepFloat:
		v.F = append(v.F, x.Float())
	case value.RepNumeric:
		v.appendNumeric(n, x.Int(), x.Bytes())
	default:
		v.decode()
		v.S = append(v.S, x.Bytes())
	}
	if x.IsNull() {
		v.setNull(n, n+1)
	}
}

// AppendInt adds a value that is not NULL to a vec of a RepInt kind.
func (v *Vec) AppendInt(n int64) {
	v.I = append(v.I, n)
	if v.Nulls != nil {
		v.Nulls = append(v.Nulls, false)
	}
}

// AppendBytes adds a value that is not NULL to a vec of a RepBytes kind that has no codes.
func (v *Vec) AppendBytes(s string) {
	v.S = append(v.S, s)
	if v.Nulls != nil {
		v.Nulls = append(v.Nulls, false)
	}
}

func (v *Vec) appendNumeric(n int, word int64, wide string) {
	v.I = append(v.I, word)
	if v.S != nil {
		v.S = append(v.S, wide)
	} else if value.IsWide(word) {
		v.setWide(n, n+1, wide)
	}
}

// setNull makes value i of n NULL in Nulls, which then has n elements.
func (v *Vec) setNull(i, n int) {
	if v.Nulls == nil {
		v.Nulls = resized(v.nulls, n, 0)
		v.nulls = v.Nulls
		clear(v.Nulls)
	}
	v.Nulls[i] = true
}

// setWide sets the bytes of the wide numeric i of n in S, which then has n
// elements.
func (v *Vec) setWide(i, n int, wide string) {
	if v.S == nil {
		v.S = resized(v.wides, n, 0)
		clear(v.S)
	}
	v.S[i] = wide
}

// decode turns a dictionary vec into a plain one.
func (v *Vec) decode() {
	if v.Codes == nil {
		return
	}
	v.S = v.decoded()
	v.Codes, v.Dict = nil, nil
}

func (v *Vec) decoded() []string {
	s := resized(v.S[:0], len(v.Codes), 0)
	for i, c := range v.Codes {
		s[i] = v.Dict.String(c)
	}
	return s
}

// Strings returns the strings of a RepBytes vec, which it materialises in S
// when the vec is encoded; Codes stay.
func (v *Vec) Strings() []string {
	if v.Codes != nil && len(v.S) != len(v.Codes) {
		v.S = v.decoded()
	}
	return v.S
}

// SetConst makes v the constant x, of x's kind.
func (v *Vec) SetConst(x value.Value) {
	v.Reset(x.Kind())
	v.Append(x)
	v.Const = true
}

// Expand turns a constant into n equal values; another vec stays as it is.
func (v *Vec) Expand(n int) {
	if !v.Const {
		return
	}
	v.Const = false
	v.I = repeated(v.I, n)
	v.F = repeated(v.F, n)
	v.S = repeated(v.S, n)
	v.Codes = repeated(v.Codes, n)
	v.Nulls = repeated(v.Nulls, n)
}

// repeated returns n times the first element of b, and b when it has none.
func repeated[T any](b []T, n int) []T {
	if len(b) == 0 {
		return b
	}
	x := b[0]
	b = resized(b, n, 0)
	for i := range b {
		b[i] = x
	}
	return b
}

// AppendVec adds elements [from, to) of src, which is of the same kind; of a
// constant as many times its value.
func (v *Vec) AppendVec(src *Vec, from, to int) {
	if src.Const {
		x := src.Value(0)
		for range to - from {
			v.Append(x)
		}
		return
	}
	n := v.Len()
	v.appendNulls(src, n, from, to)
	switch v.Kind.Rep() {
	case value.RepInt:
		v.I = append(v.I, src.I[from:to]...)
	case value.RepFloat:
		v.F = append(v.F, src.F[from:to]...)
	case value.RepNumeric:
		if src.S == nil && v.S == nil {
			v.I = append(v.I, src.I[from:to]...)
			return
		}
		for i := from; i < to; i++ {
			x := ""
			if src.S != nil {
				x = src.S[i]
			}
			v.appendNumeric(n+i-from, src.I[i], x)
		}
	default:
		v.appendBytes(src, n, from, to)
	}
}

// appendBytes keeps codes when both vecs have codes of one dictionary.
func (v *Vec) appendBytes(src *Vec, n, from, to int) {
	if src.Codes == nil {
		v.decode()
		v.S = append(v.S, src.S[from:to]...)
		return
	}
	if n == 0 {
		v.S = v.S[:0]
		v.Codes, v.Dict = v.codes[:0], src.Dict
	}
	if v.Dict == src.Dict {
		v.Codes = append(v.Codes, src.Codes[from:to]...)
		v.codes = v.Codes
		v.S = v.S[:0]
		return
	}
	v.decode()
	for _, c := range src.Codes[from:to] {
		v.S = append(v.S, src.Dict.String(c))
	}
}

// appendNulls adds the null flags [from, to) of src to the n that v has.
func (v *Vec) appendNulls(src *Vec, n, from, to int) {
	if src.Nulls == nil {
		if v.Nulls != nil {
			for range to - from {
				v.Nulls = append(v.Nulls, false)
			}
		}
		return
	}
	if v.Nulls == nil {
		v.Nulls = resized(v.nulls, n, 0)
		clear(v.Nulls)
	}
	v.Nulls = append(v.Nulls, src.Nulls[from:to]...)
	v.nulls = v.Nulls
}

// Pick makes v the elements idx of src, in that order. v is not src.
func (v *Vec) Pick(src *Vec, idx []uint32) {
	v.Reset(src.Kind)
	if src.Const {
		v.SetConst(src.Value(0))
		v.Expand(len(idx))
		return
	}
	n := len(idx)
	switch src.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		v.I = picked(resized(v.I, n, 0), src.I, idx)
		if src.S != nil && src.Kind == value.Numeric {
			v.S = picked(resized(v.wides, n, 0), src.S, idx)
		}
	case value.RepFloat:
		v.F = picked(resized(v.F, n, 0), src.F, idx)
	default:
		if src.Codes != nil {
			v.codes = picked(resized(v.codes, n, 0), src.Codes, idx)
			v.Codes, v.Dict = v.codes, src.Dict
		} else {
			v.S = picked(resized(v.S, n, 0), src.S, idx)
		}
	}
	if src.Nulls != nil {
		v.nulls = picked(resized(v.nulls, n, 0), src.Nulls, idx)
		v.Nulls = v.nulls
	}
}

func picked[T any](dst, src []T, idx []uint32) []T {
	for i, j := range idx {
		dst[i] = src[j]
	}
	return dst
}
