package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// intervalSum is sum and avg of intervals.
type intervalSum struct {
	sums []value.Span
	n    []int64
	avg  bool
}

func newIntervalSum(*AggCall) AggState { return &intervalSum{} }

func newIntervalAvg(*AggCall) AggState { return &intervalSum{avg: true} }

func (s *intervalSum) Grow(n int) { s.sums, s.n = grown(s.sums, n), grown(s.n, n) }

// take adds the sum of count intervals to a group; 22008 when a part overflows.
func (s *intervalSum) take(x value.Span, count int64, g uint32) error {
	sum, err := value.IntervalAdd(value.NewInterval(s.sums[g]), value.NewInterval(x))
	if err != nil {
		return err
	}
	s.sums[g] = value.SpanOf(sum)
	s.n[g] += count
	return nil
}

func (s *intervalSum) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var err error
	v := args[0]
	eachValue(v, n, sel, groups, func(at int, g uint32) {
		if err == nil {
			err = s.take(value.SpanOf(v.Value(at)), 1, g)
		}
	})
	return err
}

func (s *intervalSum) Merge(other AggState, mapping []uint32) error {
	o := other.(*intervalSum)
	for g, x := range o.sums {
		if err := s.take(x, o.n[g], mapped(mapping, g)); err != nil {
			return err
		}
	}
	return nil
}

func (s *intervalSum) Result(_ *Context, g uint32) (value.Value, error) {
	if s.n[g] == 0 {
		return value.Null(value.Interval), nil
	}
	sum := value.NewInterval(s.sums[g])
	if s.avg {
		return value.IntervalDiv(sum, float64(s.n[g]))
	}
	return sum, nil
}

func (s *intervalSum) Bytes() int64 { return int64(cap(s.sums)) * 24 }

// float4Sum is sum of float4: in single precision, as PostgreSQL adds.
type float4Sum struct {
	sums []float32
	seen []bool
}

func newFloat4Sum(*AggCall) AggState { return &float4Sum{} }

func (s *float4Sum) Grow(n int) { s.sums, s.seen = grown(s.sums, n), grown(s.seen, n) }

func (s *float4Sum) take(x float32, g uint32) error {
	sum := s.sums[g] + x
	if isInf32(sum) && !isInf32(x) && !isInf32(s.sums[g]) {
		return errFloatOverflow
	}
	s.sums[g], s.seen[g] = sum, true
	return nil
}

func isInf32(f float32) bool { return f-f != 0 && f == f }

func (s *float4Sum) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var err error
	v := args[0].F
	eachValue(args[0], n, sel, groups, func(at int, g uint32) {
		if err == nil {
			err = s.take(float32(v[at]), g)
		}
	})
	return err
}

func (s *float4Sum) Merge(other AggState, mapping []uint32) error {
	o := other.(*float4Sum)
	for g, x := range o.sums {
		if !o.seen[g] {
			continue
		}
		if err := s.take(x, mapped(mapping, g)); err != nil {
			return err
		}
	}
	return nil
}

func (s *float4Sum) Result(_ *Context, g uint32) (value.Value, error) {
	if !s.seen[g] {
		return value.Null(value.Float4), nil
	}
	return value.NewFloat4(s.sums[g]), nil
}

func (s *float4Sum) Bytes() int64 { return int64(cap(s.sums)) * 5 }
