package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// exactMoments is variance and stddev of integers and numerics: exact sums of the
// values and of their squares.
type exactMoments struct {
	kind moment
	n    []int64
	sum  []value.NumericSum
	sq   []value.NumericSum
	wild []bool // a NaN or an infinity was there
}

func newExactMoments(m moment) func(*AggCall) AggState {
	return func(*AggCall) AggState { return &exactMoments{kind: m} }
}

func (s *exactMoments) Grow(n int) {
	s.n, s.sum, s.sq, s.wild = grown(s.n, n), grown(s.sum, n), grown(s.sq, n), grown(s.wild, n)
}

func (s *exactMoments) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	v := args[0]
	var err error
	eachValue(v, n, sel, groups, func(at int, g uint32) {
		x := v.Value(at)
		if v.Kind != value.Numeric {
			x = value.NumericFromInt(x.Int())
		}
		s.n[g]++
		if _, finite := value.NumericScale(x); !finite {
			s.wild[g] = true
			return
		}
		sq, e := value.NumericMul(x, x)
		if e != nil {
			err = e
			return
		}
		s.sum[g].Add(x)
		s.sq[g].Add(sq)
	})
	return err
}

func (s *exactMoments) Merge(other AggState, mapping []uint32) error {
	o := other.(*exactMoments)
	for g := range o.n {
		to := mapped(mapping, g)
		s.n[to] += o.n[g]
		s.sum[to].Merge(&o.sum[g])
		s.sq[to].Merge(&o.sq[g])
		s.wild[to] = s.wild[to] || o.wild[g]
	}
	return nil
}

// Result is numeric_stddev_internal: (n * sumsq - sum^2) / (n * n), or n * (n - 1) for a sample.
func (s *exactMoments) Result(_ *Context, g uint32) (value.Value, error) {
	n := s.n[g]
	sample := s.kind == varSamp || s.kind == stddevSamp
	switch {
	case n == 0 || sample && n == 1:
		return value.Null(value.Numeric), nil
	case s.wild[g]:
		return value.Parse(value.Of(value.Numeric), "NaN", defaultStyle)
	}
	sum, err := s.sum[g].Sum()
	if err != nil {
		return sum, err
	}
	sq, err := s.sq[g].Sum()
	if err != nil {
		return sq, err
	}
	if sum, err = value.NumericMul(sum, sum); err != nil {
		return sum, err
	}
	vn := value.NumericFromInt(n)
	if sq, err = value.NumericMul(sq, vn); err != nil {
		return sq, err
	}
	num, err := value.NumericSub(sq, sum)
	if err != nil {
		return num, err
	}
	if value.Compare(num, value.NumericFromInt(0)) <= 0 {
		return value.NumericFromInt(0), nil
	}
	den := n
	if sample {
		den = n - 1
	}
	div, err := value.NumericMul(vn, value.NumericFromInt(den))
	if err != nil {
		return div, err
	}
	r, err := value.NumericDiv(num, div)
	if err != nil || s.kind == varPop || s.kind == varSamp {
		return r, err
	}
	scale, _ := value.NumericScale(r)
	return value.NumericSqrtAt(r, scale)
}

func (s *exactMoments) Bytes() int64 { return int64(cap(s.n)) * 256 }
