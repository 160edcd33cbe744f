package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// exactSum is sum and avg of integers and numerics.
//
// Each group has an int64 sum of coefficients at one scale that all groups share. bound is
// above the magnitude that any of them can have: a batch whose largest value could take one past
// 2^62 first moves all to wide, exact sums of any size. So the loop over rows checks
// nothing. Values of another scale, and wide numerics, go to the wide sums directly.
type exactSum struct {
	cells []sumCell
	scale int // of the cells; -1 while they are all empty
	bound uint64
	wide  []wideCell // nil until needed
	call  *AggCall
	avg   bool
}

type sumCell struct{ sum, n int64 }

type wideCell struct {
	sum value.NumericSum
	n   int64 // values in sum
}

const maxCellBound = 1 << 62

func newExactSum(call *AggCall) AggState { return &exactSum{call: call, scale: -1} }

func newExactAvg(call *AggCall) AggState { return &exactSum{call: call, scale: -1, avg: true} }

func (s *exactSum) Grow(n int) {
	s.cells = grown(s.cells, n)
	if s.wide != nil {
		s.wide = grown(s.wide, n)
	}
}

func (s *exactSum) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	v := args[0]
	if v.Const {
		return s.addSlowly(v, n, sel, groups)
	}
	shift := uint(0)
	scale := 0
	if v.Kind == value.Numeric {
		var ok bool
		if scale, ok = commonScale(v, n, sel); !ok {
			return s.addSlowly(v, n, sel, groups)
		}
		shift = 8
	}
	if !s.reserve(scale, magnitude(v.I, n, sel, shift), n) {
		return s.addSlowly(v, n, sel, groups)
	}
	addCells(s.cells, v.I, shift, v.Nulls, n, sel, groups)
	return nil
}

// commonScale returns the scale that all selected words have; NULLs count as zero of any scale.
func commonScale(v *column.Vec, n int, sel []int32) (int, bool) {
	words := v.I[:n]
	if sel == nil && v.Nulls == nil {
		if n == 0 {
			return 0, true
		}
		first, differ := words[0], int64(0)
		for _, w := range words {
			differ |= w ^ first
		}
		return int(first & 0xFF), differ&0xFF == 0 && first&0xFF != value.WideNumeric
	}
	scale := int64(-1)
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for k := range rows {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.Nulls != nil && v.Nulls[i] {
			continue
		}
		w := words[i] & 0xFF
		if scale < 0 {
			scale = w
		}
		if w != scale || w == value.WideNumeric {
			return 0, false
		}
	}
	return int(max(scale, 0)), true
}

// magnitude returns a bound of |v>>shift| over the selected rows: an or of all magnitudes.
func magnitude(v []int64, n int, sel []int32, shift uint) uint64 {
	var or int64
	if sel == nil {
		for _, x := range v[:n] {
			or |= x ^ x>>63
		}
	} else {
		for _, i := range sel {
			x := v[i]
			or |= x ^ x>>63
		}
	}
	return uint64(or)>>shift + 1
}

// reserve makes room in the cells for n values of a scale and a magnitude, false when
// they have to go to the wide sums.
func (s *exactSum) reserve(scale int, magnitude uint64, n int) bool {
	if s.scale < 0 {
		s.scale = scale
	}
	if scale != s.scale || magnitude > maxCellBound/column.BatchRows || n > column.BatchRows {
		return false
	}
	more := magnitude * uint64(n)
	if s.bound+more > maxCellBound {
		s.spill()
	}
	s.bound += more
	return true
}

// addCells is the loop over rows. Its time is that of GROUP BY: see BenchmarkSumNumeric.
func addCells(cells []sumCell, v []int64, shift uint, nulls []bool, n int, sel []int32, groups []uint32) {
	switch {
	case nulls != nil:
		addCellsNulls(cells, v, shift, nulls, n, sel, groups)
	case groups == nil:
		sum, rows := int64(0), n
		if sel == nil {
			for _, x := range v[:n] {
				sum += x >> (shift & 63)
			}
		} else {
			rows = len(sel)
			for _, i := range sel {
				sum += v[i] >> (shift & 63)
			}
		}
		cells[0].sum += sum
		cells[0].n += int64(rows)
	case sel == nil:
		groups = groups[:n]
		for i, x := range v[:len(groups)] {
			c := &cells[groups[i]]
			c.sum += x >> (shift & 63)
			c.n++
		}
	default:
		for _, i := range sel {
			c := &cells[groups[i]]
			c.sum += v[i] >> (shift & 63)
			c.n++
		}
	}
}

func addCellsNulls(cells []sumCell, v []int64, shift uint, nulls []bool, n int, sel []int32, groups []uint32) {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for k := range rows {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if nulls[i] {
			continue
		}
		g := uint32(0)
		if groups != nil {
			g = groups[i]
		}
		c := &cells[g]
		c.sum += v[i] >> (shift & 63)
		c.n++
	}
}

// addSlowly adds value by value to the wide sums.
func (s *exactSum) addSlowly(v *column.Vec, n int, sel []int32, groups []uint32) error {
	s.widen()
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for k := range rows {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.IsNull(i) {
			continue
		}
		g := uint32(0)
		if groups != nil {
			g = groups[i]
		}
		at := i
		if v.Const {
			at = 0
		}
		w := &s.wide[g]
		w.n++
		switch word := v.I[at]; {
		case v.Kind != value.Numeric:
			w.sum.AddInt(word)
		case value.IsWide(word):
			w.sum.Add(value.NewNumericWord(word, v.S[at]))
		default:
			w.sum.AddWord(word)
		}
	}
	return nil
}

func (s *exactSum) widen() {
	if s.wide == nil {
		s.wide = make([]wideCell, len(s.cells), cap(s.cells))
	}
}

// spill moves the cells to the wide sums.
func (s *exactSum) spill() {
	s.widen()
	for g := range s.cells {
		if c := &s.cells[g]; c.n > 0 {
			// Also a sum of zero: its scale counts.
			s.wide[g].sum.Add(scaled(c.sum, s.scale))
			s.wide[g].n += c.n
			*c = sumCell{}
		}
	}
	s.bound = 0
}

// scaled returns coef * 10^-scale.
func scaled(coef int64, scale int) value.Value {
	if w, ok := value.PackNumeric(coef, scale); ok {
		return value.NewNumericWord(w, "")
	}
	unit, _ := value.PackNumeric(1, scale)
	// A product of a 64-bit integer and a power of ten is far from any limit.
	v, _ := value.NumericMul(value.NumericFromInt(coef), value.NewNumericWord(unit, ""))
	return v
}

func (s *exactSum) Merge(other AggState, mapping []uint32) error {
	o := other.(*exactSum)
	if s.scale < 0 {
		s.scale = o.scale
	}
	if o.scale >= 0 && (o.scale != s.scale || s.bound+o.bound > maxCellBound) {
		s.spill()
		o.spill()
	} else {
		s.bound += o.bound
	}
	if o.wide != nil {
		s.widen()
	}
	for g := range o.cells {
		to := mapped(mapping, g)
		s.cells[to].sum += o.cells[g].sum
		s.cells[to].n += o.cells[g].n
		if o.wide != nil && o.wide[g].n > 0 {
			s.wide[to].sum.Merge(&o.wide[g].sum)
			s.wide[to].n += o.wide[g].n
		}
	}
	return nil
}

func (s *exactSum) Result(_ *Context, g uint32) (value.Value, error) {
	c := s.cells[g]
	n := c.n
	if s.wide != nil {
		n += s.wide[g].n
	}
	if n == 0 {
		return value.Null(s.call.typ.Kind), nil
	}
	if s.call.typ.Kind == value.Int8 && n == c.n {
		return value.NewInt(value.Int8, c.sum), nil
	}
	sum, err := s.total(g)
	switch {
	case err != nil:
		return sum, err
	case s.avg:
		return value.NumericDiv(sum, value.NumericFromInt(n))
	case s.call.typ.Kind == value.Int8:
		n, err := value.NumericToInt(sum, value.Int8)
		return value.NewInt(value.Int8, n), err
	}
	return sum, nil
}

// total returns the sum of a group as a numeric.
func (s *exactSum) total(g uint32) (value.Value, error) {
	c := s.cells[g]
	if s.wide == nil || s.wide[g].n == 0 {
		return scaled(c.sum, s.scale), nil
	}
	w := s.wide[g].sum // a copy: the result may be asked for again
	if c.n > 0 {
		w.Add(scaled(c.sum, s.scale))
	}
	return w.Sum()
}

func (s *exactSum) Bytes() int64 {
	const wideBytes = 128
	return int64(cap(s.cells))*16 + int64(cap(s.wide))*wideBytes
}
