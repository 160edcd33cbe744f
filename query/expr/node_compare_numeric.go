package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// filterNumeric compares packed words as integers where their scales are equal.
func filterNumeric(l, r *column.Vec, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	count := selected(rows, sel)
	if count == 0 {
		return dst
	}
	if r.Const {
		// The constant at the column's scale, if it has that exactly.
		if w, ok := rescale(r.I[0], l.I[rowAt(sel, 0)]); ok {
			return filterWords(l, r, w, op, rows, sel, dst)
		}
	}
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		if op.holds(compareNumerics(l, r, i)) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// compareNumerics compares value i of two vecs, of which the second may be constant.
func compareNumerics(l, r *column.Vec, i int) int {
	j := i
	if r.Const {
		j = 0
	}
	a, b := l.I[i], r.I[j]
	if !value.IsWide(a) && !value.IsWide(b) {
		if (a^b)&0xFF == 0 {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
		return value.CompareWords(a, b)
	}
	return value.Compare(l.Value(i), r.Value(j))
}

// rescale returns word at the scale of like, false when it is not exactly a packed word there.
func rescale(word, like int64) (int64, bool) {
	if value.IsWide(word) || value.IsWide(like) {
		return 0, false
	}
	coef, scale := value.UnpackNumeric(word)
	_, want := value.UnpackNumeric(like)
	for ; scale < want; scale++ {
		if coef > math.MaxInt64/10 || coef < math.MinInt64/10 {
			return 0, false
		}
		coef *= 10
	}
	for ; scale > want; scale-- {
		if coef%10 != 0 {
			return 0, false
		}
		coef /= 10
	}
	return value.PackNumeric(coef, want)
}

// filterWords compares with the constant word w; words of another scale are compared
// with the constant itself.
func filterWords(l, r *column.Vec, w int64, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	in := rangeOf(op, w)
	lo, width := uint64(in.lo), uint64(in.hi)-uint64(in.lo)
	flip := 0
	if in.outside {
		flip = 1
	}
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		dst[at] = int32(i)
		x := l.I[i]
		hit := 0
		if uint64(x)-lo <= width {
			hit = 1
		}
		hit ^= flip
		if (x^w)&0xFF != 0 {
			hit = 0
			if op.holds(compareNumerics(l, r, i)) {
				hit = 1
			}
		}
		at += hit
	}
	return dst[:at]
}
