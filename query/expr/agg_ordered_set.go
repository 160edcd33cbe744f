package expr

import (
	"math"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// orderedSetFuncs is the ordered-set aggregates, called with WITHIN GROUP.
func orderedSetFuncs() []AggFunc {
	f, i8 := value.Float8, value.Int8
	table := []AggFunc{
		{Name: "mode", Args: kinds(anyElement), Ret: anyElement, final: modeOf},
		{Name: "percentile_disc", Direct: 1, Args: kinds(f, anyElement), Ret: anyElement, final: percentileDisc},
		{Name: "percentile_disc", Direct: 1, Args: kinds(f.Array(), anyElement), Ret: anyArray, final: percentileDiscs},
		{Name: "percentile_cont", Direct: 1, Args: kinds(f, f), Ret: f, final: percentileCont},
		{Name: "percentile_cont", Direct: 1, Args: kinds(f.Array(), f), Ret: f.Array(), final: percentileConts},
		{Name: "percentile_cont", Direct: 1, Args: kinds(f, value.Interval), Ret: value.Interval, final: percentileCont},
		{Name: "percentile_cont", Direct: 1, Args: kinds(f.Array(), value.Interval), Ret: value.Interval.Array(), final: percentileConts},
		{Name: "rank", Hypothetical: true, Ret: i8, final: hypotheticalRank},
		{Name: "dense_rank", Hypothetical: true, Ret: i8, final: hypotheticalDenseRank},
		{Name: "percent_rank", Hypothetical: true, Ret: f, final: hypotheticalPercentRank},
		{Name: "cume_dist", Hypothetical: true, Ret: f, final: hypotheticalCumeDist},
	}
	for i := range table {
		table[i].OrderedSet = true
	}
	return table
}

// sortedRows are the rows of a group in the order of WITHIN GROUP, one after another: width values each.
type sortedRows struct {
	cells []value.Value
	width int
}

func (r sortedRows) count() int              { return len(r.cells) / r.width }
func (r sortedRows) row(i int) []value.Value { return r.cells[i*r.width : (i+1)*r.width] }
func (r sortedRows) first(i int) value.Value { return r.cells[i*r.width] }
func compareRows(keys []SortKey, a, b []value.Value) int {
	for i, k := range keys {
		if c := compareKey(k, a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// orderedSetState keeps the sort keys of each group's rows, and the direct arguments' values of a group unless they are
// the same for all. mode and the percentiles pass over NULLs.
type orderedSetState struct {
	call   *AggCall
	rows   [][]value.Value // by group, rows one after another
	direct [][]value.Value // by group; nil until known
	perRow bool            // the direct arguments read columns
	bytes  int64
}

// orderedSet makes the aggregator one of an ordered-set aggregate.
func (a *Aggregator) orderedSet() {
	s := &orderedSetState{call: a.call}
	for _, k := range a.call.OrderBy {
		a.args = append(a.args, compile(k.Expr))
	}
	for _, x := range a.call.Direct {
		s.perRow = s.perRow || !IsConst(x)
	}
	if s.perRow {
		for _, x := range a.call.Direct {
			a.direct = append(a.direct, compile(x))
		}
	}
	a.state = s
	a.vecs = make([]*column.Vec, max(len(a.args), len(a.direct)))[:len(a.args)]
}

// addDirect notes the direct arguments of groups that are new. It runs before FILTER, which may leave no row.
func (a *Aggregator) addDirect(c *Context, in *column.Batch, sel []int32, groups []uint32) error {
	s := a.state.(*orderedSetState)
	vecs := make([]*column.Vec, len(a.direct))
	for i, x := range a.direct {
		v, err := x.eval(c, in, sel)
		if err != nil {
			return err
		}
		vecs[i] = v
	}
	eachRowGroup(in.N, sel, groups, func(i int, g uint32) {
		if s.direct[g] != nil {
			return
		}
		row := make([]value.Value, len(vecs))
		for k, v := range vecs {
			row[k] = v.Value(i)
		}
		s.direct[g] = row
	})
	return nil
}

func (s *orderedSetState) Grow(n int) { s.rows, s.direct = grown(s.rows, n), grown(s.direct, n) }

func (s *orderedSetState) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	skipNulls := !s.call.Func.Hypothetical
	eachRowGroup(n, sel, groups, func(i int, g uint32) {
		if skipNulls && args[0].IsNull(i) {
			return
		}
		for _, v := range args {
			x := v.Value(i)
			s.rows[g] = append(s.rows[g], x)
			s.bytes += 40 + int64(len(x.Bytes()))
		}
	})
	return nil
}

func (s *orderedSetState) Merge(other AggState, mapping []uint32) error {
	o := other.(*orderedSetState)
	for g := range o.rows {
		to := mapped(mapping, g)
		s.rows[to] = append(s.rows[to], o.rows[g]...)
		if s.direct[to] == nil {
			s.direct[to] = o.direct[g]
		}
	}
	s.bytes += o.bytes
	return nil
}

func (s *orderedSetState) Result(c *Context, g uint32) (value.Value, error) {
	direct := s.direct[g]
	if direct == nil {
		direct = make([]value.Value, len(s.call.Direct))
		for i, x := range s.call.Direct {
			direct[i] = value.Null(kindOf(x))
			if s.perRow {
				continue // a group without rows at all
			}
			v, err := EvalConst(c, x)
			if err != nil {
				return v, err
			}
			direct[i] = v
		}
	}
	width := len(s.call.OrderBy)
	rows := sortedRows{s.rows[g], width}
	order := make([]int, rows.count())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareRows(s.call.OrderBy, rows.row(a), rows.row(b)) })
	sorted := sortedRows{make([]value.Value, 0, len(rows.cells)), width}
	for _, i := range order {
		sorted.cells = append(sorted.cells, rows.row(i)...)
	}
	return s.call.Func.final(c, s.call, direct, sorted)
}

func (s *orderedSetState) Bytes() int64 { return s.bytes + int64(cap(s.rows))*48 }

// modeOf is mode(): the value that comes most often, the first of them in the order.
func modeOf(_ *Context, call *AggCall, _ []value.Value, rows sortedRows) (value.Value, error) {
	best, most := value.Null(call.typ.Kind), 0
	for i := 0; i < rows.count(); {
		j := i + 1
		for j < rows.count() && value.Compare(rows.first(i), rows.first(j)) == 0 {
			j++
		}
		if j-i > most {
			best, most = rows.first(i), j-i
		}
		i = j
	}
	return best, nil
}

// checkFraction refuses what is no fraction.
func checkFraction(p float64) error {
	if p >= 0 && p <= 1 {
		return nil
	}
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1",
		shortFloat(p))
}

func percentileDisc(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	if direct[0].IsNull() {
		return value.Null(call.typ.Kind), nil
	}
	p := direct[0].Float()
	if err := checkFraction(p); err != nil {
		return value.Value{}, err
	}
	return discAt(p, rows, call.typ.Kind), nil
}

// discAt returns the first value at or behind the fraction p of the rows.
func discAt(p float64, rows sortedRows, k value.Kind) value.Value {
	n := rows.count()
	if n == 0 {
		return value.Null(k)
	}
	return rows.first(max(int(math.Ceil(p*float64(n))), 1) - 1)
}

func percentileCont(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	if direct[0].IsNull() {
		return value.Null(call.typ.Kind), nil
	}
	p := direct[0].Float()
	if err := checkFraction(p); err != nil {
		return value.Value{}, err
	}
	return contAt(p, rows, call.typ.Kind)
}

// contAt interpolates between the rows around the fraction p.
func contAt(p float64, rows sortedRows, k value.Kind) (value.Value, error) {
	n := rows.count()
	if n == 0 {
		return value.Null(k), nil
	}
	at := p * float64(n-1)
	lo, hi := math.Floor(at), math.Ceil(at)
	x, y := rows.first(int(lo)), rows.first(int(hi))
	switch {
	case lo == hi:
		return x, nil
	case k == value.Interval:
		return intervalBetween(x, y, at-lo)
	}
	return value.NewFloat(x.Float() + (at-lo)*(y.Float()-x.Float())), nil
}

// intervalBetween returns x + (y - x) * p.
func intervalBetween(x, y value.Value, p float64) (value.Value, error) {
	d, err := value.IntervalSub(y, x)
	if err == nil {
		d, err = value.IntervalMul(d, p)
	}
	if err != nil {
		return d, err
	}
	return value.IntervalAdd(d, x)
}

func percentileDiscs(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	k := call.typ.Kind.Elem()
	return percentiles(call, direct[0], rows, func(p float64) (value.Value, error) { return discAt(p, rows, k), nil })
}

func percentileConts(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	k := call.typ.Kind.Elem()
	return percentiles(call, direct[0], rows, func(p float64) (value.Value, error) { return contAt(p, rows, k) })
}

// percentiles computes at for each element of an array of fractions; NULL of no rows.
func percentiles(call *AggCall, list value.Value, rows sortedRows, at func(float64) (value.Value, error)) (value.Value, error) {
	if list.IsNull() {
		return value.Null(call.typ.Kind), nil
	}
	if rows.count() == 0 {
		return value.Null(call.typ.Kind), nil
	}
	k := call.typ.Kind.Elem()
	var b value.ArrayBuilder
	b.Reset(k)
	for _, p := range value.ArrayElems(list) {
		x := value.Null(k)
		if !p.IsNull() {
			err := checkFraction(p.Float())
			if err == nil {
				x, err = at(p.Float())
			}
			if err != nil {
				return value.Value{}, err
			}
		}
		b.Append(x)
	}
	b.Shape(value.ArrayDims(list.Bytes()))
	return b.Value(), nil
}

// before returns how many rows sort before the hypothetical one, or before or with it.
func before(call *AggCall, direct []value.Value, rows sortedRows, orWith bool) int {
	most := 0
	if orWith {
		most = 1
	}
	n := 0
	for n < rows.count() && compareRows(call.OrderBy, rows.row(n), direct) < most {
		n++
	}
	return n
}

func hypotheticalRank(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	return value.NewInt(value.Int8, int64(before(call, direct, rows, false))+1), nil
}

func hypotheticalDenseRank(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	n := before(call, direct, rows, false)
	distinct := 0
	for i := range n {
		if i == 0 || compareRows(call.OrderBy, rows.row(i-1), rows.row(i)) != 0 {
			distinct++
		}
	}
	return value.NewInt(value.Int8, int64(distinct)+1), nil
}

func hypotheticalPercentRank(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	n := rows.count()
	if n == 0 {
		return value.NewFloat(0), nil
	}
	return value.NewFloat(float64(before(call, direct, rows, false)) / float64(n)), nil
}

func hypotheticalCumeDist(_ *Context, call *AggCall, direct []value.Value, rows sortedRows) (value.Value, error) {
	return value.NewFloat(float64(before(call, direct, rows, true)+1) / float64(rows.count()+1)), nil
}
