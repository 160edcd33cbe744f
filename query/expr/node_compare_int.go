package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
)

// orderedFloat maps a float8 to an integer of the same order: -0 is 0, and NaN is above all.
func orderedFloat(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(f + 0)) // -0 + 0 is 0
	return b ^ int64(uint64(b>>63)>>1)
}

// interval is lo <= x <= hi, or with outside its complement. Every comparison of
// an integer with a constant is one.
type interval struct {
	lo, hi  int64
	outside bool
}

func rangeOf(op cmpOp, x int64) interval {
	switch op {
	case opEQ:
		return interval{x, x, false}
	case opNE:
		return interval{x, x, true}
	case opLE:
		return interval{math.MinInt64, x, false}
	case opGT:
		return interval{math.MinInt64, x, true}
	case opGE:
		return interval{x, math.MaxInt64, false}
	}
	return interval{x, math.MaxInt64, true}
}

// filterRange appends the selected rows whose value is in the interval. One unsigned
// comparison a row and no branch: BenchmarkFilterInt.
func filterRange(v []int64, in interval, rows int, sel []int32, dst []int32) []int32 {
	lo, width := uint64(in.lo), uint64(in.hi)-uint64(in.lo)
	flip := 0
	if in.outside {
		flip = 1
	}
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	if sel == nil {
		for i, x := range v[:rows] {
			dst[at] = int32(i)
			hit := 0
			if uint64(x)-lo <= width {
				hit = 1
			}
			at += hit ^ flip
		}
		return dst[:at]
	}
	for _, i := range sel {
		dst[at] = i
		hit := 0
		if uint64(v[i])-lo <= width {
			hit = 1
		}
		at += hit ^ flip
	}
	return dst[:at]
}

// roomFor returns dst with n more elements (and one to spare, for a write that is not kept).
func roomFor(dst []int32, n int) []int32 {
	need := len(dst) + n + 1
	if cap(dst) < need {
		grown := make([]int32, len(dst), max(need, column.BatchRows+1))
		copy(grown, dst)
		dst = grown
	}
	return dst[:need]
}

// filterPairs appends the selected rows where a op b.
func filterPairs(a, b []int64, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	// a > b is b < a, and a <= b is not b < a.
	flip := 0
	switch op {
	case opGT, opLE:
		a, b = b, a
	}
	switch op {
	case opNE, opLE, opGE:
		flip = 1
	}
	equal := op == opEQ || op == opNE
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		dst[at] = int32(i)
		hit := 0
		if equal && a[i] == b[i] || !equal && a[i] < b[i] {
			hit = 1
		}
		at += hit ^ flip
	}
	return dst[:at]
}
