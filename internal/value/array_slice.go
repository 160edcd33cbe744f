package value

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Bounds is one subscript of a slice, [Lower:Upper], both included; one that is not written is the array's own.
type Bounds struct {
	Lower, Upper     int
	NoLower, NoUpper bool
}

// ArrayElems returns the elements of an array in order.
func ArrayElems(v Value) []Value {
	elems := make([]Value, 0, ArrayLen(v.s))
	ArrayEach(v.kind.Elem(), v.s, func(_ int, e Value) bool {
		elems = append(elems, e)
		return true
	})
	return elems
}

// ArrayAt returns the element at a place, one subscript a dimension; NULL when the array has no such place, or
// another number of dimensions.
func ArrayAt(v Value, index []int) Value {
	k := v.kind.Elem()
	if len(index) == 1 && plainShape(headOf(v.s)) {
		if i := index[0]; i >= 1 && i <= ArrayLen(v.s) {
			return ArrayElem(k, v.s, i-1)
		}
		return Null(k)
	}
	dims := ArrayDims(v.s)
	if len(dims) == 0 || len(dims) != len(index) {
		return Null(k)
	}
	at := 0
	for i, d := range dims {
		if index[i] < d.Lower || index[i] >= d.Lower+d.Len {
			return Null(k)
		}
		at = at*d.Len + index[i] - d.Lower
	}
	return ArrayElem(k, v.s, at)
}

// ArraySlice returns the part of an array within bounds, numbered from 1: what is outside of the array is not in it, and
// it is empty when nothing is left or there are more bounds than dimensions. Dimensions without bounds are whole.
func ArraySlice(v Value, bounds []Bounds) Value {
	empty := NewBytes(v.kind, "\x00")
	dims := ArrayDims(v.s)
	if len(dims) < len(bounds) || len(dims) == 0 {
		return empty
	}
	from, span := make([]int, len(dims)), make([]Dim, len(dims))
	for i, d := range dims {
		lo, hi := d.Lower, d.Lower+d.Len-1
		if i < len(bounds) {
			if b := bounds[i]; !b.NoLower {
				lo = max(lo, b.Lower)
			}
			if b := bounds[i]; !b.NoUpper {
				hi = min(hi, b.Upper)
			}
		}
		if lo > hi {
			return empty
		}
		from[i], span[i] = lo-d.Lower, Dim{hi - lo + 1, 1}
	}
	elems := ArrayElems(v)
	part := make([]Value, 0, len(elems))
	eachPlace(dims, from, span, func(at int) { part = append(part, elems[at]) })
	return NewShapedArray(v.kind.Elem(), span, part)
}

// eachPlace calls f with the number of each element of an array of dimensions dims that is within span places from from on,
// in order.
func eachPlace(dims []Dim, from []int, span []Dim, f func(at int)) {
	index := make([]int, len(dims))
	for {
		at := 0
		for i, d := range dims {
			at = at*d.Len + from[i] + index[i]
		}
		f(at)
		i := len(dims) - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < span[i].Len {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

func errSubscripts(message string) *sqlerr.Error {
	return sqlerr.New(sqlerr.ArraySubscriptError, "%s", message)
}

// checkSubscripts refuses no subscripts, and more than an array has dimensions.
func checkSubscripts(n int) error {
	if n == 0 || n > MaxDims {
		return errSubscripts("wrong number of array subscripts")
	}
	return nil
}

// ArraySet returns an array with x, which may be NULL, at a place. An empty array becomes one of that place alone, and
// one of one dimension grows to have it; 2202E where there is no such place.
func ArraySet(v Value, index []int, x Value) (Value, error) {
	if err := checkSubscripts(len(index)); err != nil {
		return v, err
	}
	k := v.kind.Elem()
	dims := ArrayDims(v.s)
	if len(dims) == 0 {
		for _, i := range index {
			dims = append(dims, Dim{1, i})
		}
		if _, err := CheckDims(dims); err != nil {
			return v, err
		}
		return NewShapedArray(k, dims, []Value{x}), nil
	}
	if len(dims) != len(index) {
		return v, errSubscripts("wrong number of array subscripts")
	}
	elems := ArrayElems(v)
	if len(dims) == 1 {
		var err error
		if elems, err = grow(k, &dims[0], elems, index[0], index[0]); err != nil {
			return v, err
		}
	}
	at := 0
	for i, d := range dims {
		if index[i] < d.Lower || index[i] >= d.Lower+d.Len {
			return v, errSubscripts("array subscript out of range")
		}
		at = at*d.Len + index[i] - d.Lower
	}
	elems[at] = x
	return NewShapedArray(k, dims, elems), nil
}

// maxGrowth bounds the NULLs that one assignment adds to an array.
const maxGrowth = 1 << 24

// grow makes the one dimension d hold the places from lo to hi, with NULLs for those that are new.
func grow(k Kind, d *Dim, elems []Value, lo, hi int) ([]Value, error) {
	before := max(0, d.Lower-lo)
	after := max(0, hi-(d.Lower+d.Len)+1)
	if before+after > maxGrowth {
		return nil, errArraySize()
	}
	if before == 0 && after == 0 {
		return elems, nil
	}
	bigger := Dim{d.Len + before + after, d.Lower - before}
	if _, err := CheckDims([]Dim{bigger}); err != nil {
		return nil, err
	}
	*d = bigger
	out := make([]Value, 0, bigger.Len)
	for range before {
		out = append(out, Null(k))
	}
	out = append(out, elems...)
	for range after {
		out = append(out, Null(k))
	}
	return out, nil
}

// ArraySetSlice returns an array with the elements of src, whatever its shape, at the places within bounds. An empty array
// becomes one of those places, and one of one dimension grows to have them; a NULL src changes nothing. 2202E when
// src has too few elements or there are no such places.
func ArraySetSlice(v Value, bounds []Bounds, src Value) (Value, error) {
	if err := checkSubscripts(len(bounds)); err != nil || src.IsNull() {
		return v, err
	}
	k := v.kind.Elem()
	dims := ArrayDims(v.s)
	if len(dims) == 0 {
		return newFromSlice(v, bounds, src)
	}
	if len(dims) < len(bounds) {
		return v, errSubscripts("wrong number of array subscripts")
	}
	elems := ArrayElems(v)
	from, span := make([]int, len(dims)), make([]Dim, len(dims))
	for i := range dims {
		d := &dims[i]
		lo, hi := d.Lower, d.Lower+d.Len-1
		if i < len(bounds) {
			if b := bounds[i]; !b.NoLower {
				lo = b.Lower
			}
			if b := bounds[i]; !b.NoUpper {
				hi = b.Upper
			}
		}
		switch {
		case lo > hi:
			return v, errSubscripts("upper bound cannot be less than lower bound")
		case len(dims) == 1:
			var err error
			if elems, err = grow(k, d, elems, lo, hi); err != nil {
				return v, err
			}
		case lo < d.Lower || hi >= d.Lower+d.Len:
			return v, errSubscripts("array subscript out of range")
		}
		from[i], span[i] = lo-d.Lower, Dim{hi - lo + 1, 1}
	}
	n, err := CheckDims(span)
	if err != nil {
		return v, err
	}
	source := ArrayElems(src)
	if n > len(source) {
		return v, errSubscripts("source array too small")
	}
	next := 0
	eachPlace(dims, from, span, func(at int) {
		elems[at] = source[next]
		next++
	})
	return NewShapedArray(k, dims, elems), nil
}

// newFromSlice is ArraySetSlice of an empty array.
func newFromSlice(v Value, bounds []Bounds, src Value) (Value, error) {
	dims := make([]Dim, len(bounds))
	for i, b := range bounds {
		if b.NoLower || b.NoUpper {
			return v, errSubscripts("array slice subscript must provide both boundaries").
				WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
		}
		if dims[i] = (Dim{b.Upper - b.Lower + 1, b.Lower}); dims[i].Len > math.MaxInt32 {
			return v, errArraySize()
		}
	}
	n, err := CheckDims(dims)
	if err != nil {
		return v, err
	}
	source := ArrayElems(src)
	if n > len(source) {
		return v, errSubscripts("source array too small")
	}
	if n == 0 {
		return NewBytes(v.kind, "\x00"), nil
	}
	return NewShapedArray(v.kind.Elem(), dims, source[:n]), nil
}

// ArrayConcat joins two arrays of the same elements, or an array and one of its first dimension's members (which has a
// dimension less); 2202E when their shapes do not fit.
func ArrayConcat(a, b Value) (Value, error) {
	x, y := ArrayDims(a.s), ArrayDims(b.s)
	switch {
	case len(x) == 0 && len(y) > 0:
		return b, nil
	case len(y) == 0:
		return a, nil
	case len(x) > len(y)+1 || len(y) > len(x)+1:
		return a, errConcat("Arrays of %d and %d dimensions are not compatible for concatenation.", len(x), len(y))
	}
	var dims []Dim
	switch {
	case len(x) == len(y):
		dims = x
		dims[0].Len += y[0].Len
		for i := 1; i < len(x); i++ {
			if x[i] != y[i] {
				return a, errConcat("Arrays with differing element dimensions are not compatible for concatenation.")
			}
		}
	default:
		outer, inner := x, y
		if len(x) < len(y) {
			outer, inner = y, x
		}
		for i, d := range inner {
			if outer[i+1] != d {
				return a, errConcat("Arrays with differing dimensions are not compatible for concatenation.")
			}
		}
		dims = outer
		dims[0].Len++
	}
	if _, err := CheckDims(dims); err != nil {
		return a, err
	}
	var out ArrayBuilder
	out.Reset(a.kind.Elem())
	for _, v := range []Value{a, b} {
		ArrayEach(v.kind.Elem(), v.s, func(_ int, e Value) bool {
			out.Append(e)
			return true
		})
	}
	out.Shape(dims)
	return out.Value(), nil
}

func errConcat(detail string, args ...any) error {
	return errSubscripts("cannot concatenate incompatible arrays").WithDetail(detail, args...)
}
