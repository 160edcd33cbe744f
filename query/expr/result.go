package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// result is the vector that a node returns, with its memory.
type result struct {
	vec   column.Vec
	nulls []bool
	wide  []string
}

// begin makes the result n values of a kind, none of them NULL, with anything in
// its slices.
func (r *result) begin(k value.Kind, n int) *column.Vec {
	v := &r.vec
	v.Kind, v.Const, v.Nulls, v.Codes, v.Dict = k, false, nil, nil, nil
	switch k.Rep() {
	case value.RepInt:
		v.I = sized(v.I, n)
	case value.RepNumeric:
		v.I, v.S = sized(v.I, n), nil
	case value.RepFloat:
		v.F = sized(v.F, n)
	default:
		v.S = sized(v.S, n)
	}
	return v
}

// constant makes the result a constant of a kind.
func (r *result) constant(k value.Kind, x value.Value) *column.Vec {
	if x.IsNull() {
		x = value.Null(k)
	}
	r.vec.Nulls = nil
	r.vec.SetConst(x)
	return &r.vec
}

// sized returns s with n elements.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// withNulls gives the result a null bitmap of n clear flags.
func (r *result) withNulls(n int) []bool {
	r.nulls = sized(r.nulls, n)
	clear(r.nulls)
	r.vec.Nulls = r.nulls
	return r.nulls
}

// null makes value i of n NULL.
func (r *result) null(i, n int) {
	if r.vec.Nulls == nil {
		r.withNulls(n)
	}
	r.vec.Nulls[i] = true
	switch r.vec.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		r.vec.I[i] = 0
	case value.RepFloat:
		r.vec.F[i] = 0
	default:
		r.vec.S[i] = ""
	}
}

// set makes value i of n x.
func (r *result) set(i, n int, x value.Value) {
	if x.IsNull() {
		r.null(i, n)
		return
	}
	switch r.vec.Kind.Rep() {
	case value.RepInt:
		r.vec.I[i] = x.Int()
	case value.RepFloat:
		r.vec.F[i] = x.Float()
	case value.RepNumeric:
		r.vec.I[i] = x.Int()
		if value.IsWide(x.Int()) {
			if r.vec.S == nil {
				r.wide = sized(r.wide, n)
				r.vec.S = r.wide
			}
			r.vec.S[i] = x.Bytes()
		}
	default:
		r.vec.S[i] = x.Bytes()
	}
}

// copyFrom sets the selected rows from another vec of the same kind.
func (r *result) copyFrom(v *column.Vec, n int, sel []int32) {
	for k, rows := 0, selected(n, sel); k < rows; k++ {
		i := rowAt(sel, k)
		r.set(i, n, v.Value(i))
	}
}

// selected returns the number of selected rows of n.
func selected(n int, sel []int32) int {
	if sel == nil {
		return n
	}
	return len(sel)
}

// rowAt returns the k-th selected row.
func rowAt(sel []int32, k int) int {
	if sel == nil {
		return k
	}
	return int(sel[k])
}
