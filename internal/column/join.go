package column

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// PickOrNull is Pick where an index may be NoRow, which yields NULL: the side of an outer
// join that has no row. src may be empty.
func (v *Vec) PickOrNull(src *Vec, idx []uint32) {
	v.Reset(src.Kind)
	n := len(idx)
	if src.Const {
		x, null := src.Value(0), value.Null(src.Kind)
		for _, j := range idx {
			if j == NoRow {
				v.Append(null)
			} else {
				v.Append(x)
			}
		}
		return
	}
	switch src.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		v.I = pickedOrZero(resized(v.I, n, 0), src.I, idx)
		if src.S != nil && src.Kind == value.Numeric {
			v.S = pickedOrZero(resized(v.wides, n, 0), src.S, idx)
		}
	case value.RepFloat:
		v.F = pickedOrZero(resized(v.F, n, 0), src.F, idx)
	default:
		if len(src.Codes) > 0 {
			v.codes = pickedOrZero(resized(v.codes, n, 0), src.Codes, idx)
			v.Codes, v.Dict = v.codes, src.Dict
		} else {
			v.S = pickedOrZero(resized(v.S, n, 0), src.S, idx)
		}
	}
	nulls, any := resized(v.nulls, n, 0), false
	for i, j := range idx {
		nulls[i] = j == NoRow || src.Nulls != nil && src.Nulls[j]
		any = any || nulls[i]
	}
	v.nulls = nulls
	if any {
		v.Nulls = nulls
	}
}

func pickedOrZero[T any](dst, src []T, idx []uint32) []T {
	var zero T
	for i, j := range idx {
		if j == NoRow {
			dst[i] = zero
		} else {
			dst[i] = src[j]
		}
	}
	return dst
}

// AppendSel adds the elements sel of src, which is of the same kind and has n elements; nil is all of them.
func (v *Vec) AppendSel(src *Vec, n int, sel []int32) {
	if sel == nil {
		v.AppendVec(src, 0, n)
		return
	}
	if src.Const || src.Kind.Rep() == value.RepBytes && src.Codes != nil || src.S != nil && src.Kind == value.Numeric || v.S != nil && v.Kind == value.Numeric {
		v.appendRuns(src, sel)
		return
	}
	if src.Nulls != nil || v.Nulls != nil {
		v.appendSelNulls(src, sel)
	}
	switch v.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		v.I = appendPicked(v.I, src.I, sel)
	case value.RepFloat:
		v.F = appendPicked(v.F, src.F, sel)
	default:
		v.decode()
		v.S = appendPicked(v.S, src.S, sel)
	}
}

func appendPicked[T any](dst, src []T, sel []int32) []T {
	for _, j := range sel {
		dst = append(dst, src[j])
	}
	return dst
}

func (v *Vec) appendSelNulls(src *Vec, sel []int32) {
	if v.Nulls == nil {
		n := v.Len()
		v.Nulls = resized(v.nulls, n, 0)
		clear(v.Nulls)
	}
	for _, j := range sel {
		v.Nulls = append(v.Nulls, src.Nulls != nil && src.Nulls[j])
	}
	v.nulls = v.Nulls
}

// appendRuns adds selected elements by runs of neighbours.
func (v *Vec) appendRuns(src *Vec, sel []int32) {
	for i := 0; i < len(sel); {
		j := i + 1
		for j < len(sel) && sel[j] == sel[j-1]+1 {
			j++
		}
		v.AppendVec(src, int(sel[i]), int(sel[j-1])+1)
		i = j
	}
}
