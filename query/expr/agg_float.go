package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// floatSum is sum of float8, added in the order of input.
type floatSum struct{ cells []floatCell }

type floatCell struct {
	sum float64
	n   int64
	inf bool // an input was infinite
}

func newFloatSum(*AggCall) AggState { return &floatSum{} }

func (s *floatSum) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *floatSum) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	eachValue(args[0], n, sel, groups, func(at int, g uint32) {
		x := args[0].F[at]
		c := &s.cells[g]
		c.sum += x
		c.n++
		c.inf = c.inf || math.IsInf(x, 0)
	})
	return nil
}

func (s *floatSum) Merge(other AggState, mapping []uint32) error {
	for g, o := range other.(*floatSum).cells {
		c := &s.cells[mapped(mapping, g)]
		c.sum += o.sum
		c.n += o.n
		c.inf = c.inf || o.inf
	}
	return nil
}

func (s *floatSum) Result(_ *Context, g uint32) (value.Value, error) {
	c := s.cells[g]
	switch {
	case c.n == 0:
		return value.Null(value.Float8), nil
	case math.IsInf(c.sum, 0) && !c.inf:
		return value.Value{}, errFloatOverflow
	}
	return value.NewFloat(c.sum), nil
}

func (s *floatSum) Bytes() int64 { return int64(cap(s.cells)) * 24 }

// moment says which statistic of a set of numbers.
type moment uint8

const (
	momentAvg moment = iota
	varPop
	varSamp
	stddevPop
	stddevSamp
)

// floatMoments is avg, variance and stddev of float8, by the method of Youngs and
// Cramer as PostgreSQL does them: n, the sum, and the sum of squared differences.
type floatMoments struct {
	kind  moment
	cells []momentCell
}

type momentCell struct{ n, sx, sxx float64 }

func newMoments(m moment) func(*AggCall) AggState {
	return func(*AggCall) AggState { return &floatMoments{kind: m} }
}

func (s *floatMoments) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *floatMoments) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var err error
	eachValue(args[0], n, sel, groups, func(at int, g uint32) {
		if e := s.cells[g].add(args[0].F[at]); e != nil {
			err = e
		}
	})
	return err
}

// add is float8_accum.
func (c *momentCell) add(x float64) error {
	old := *c
	c.n++
	c.sx += x
	if old.n == 0 {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			c.sxx = math.NaN()
		}
		return nil
	}
	t := x*c.n - c.sx
	c.sxx += t * t / (c.n * old.n)
	if math.IsInf(c.sx, 0) || math.IsInf(c.sxx, 0) {
		if !math.IsInf(old.sx, 0) && !math.IsInf(x, 0) {
			return errFloatOverflow
		}
		c.sxx = math.NaN()
	}
	return nil
}

// merge is float8_combine.
func (c *momentCell) merge(o momentCell) error {
	switch {
	case o.n == 0:
		return nil
	case c.n == 0:
		*c = o
		return nil
	}
	n := c.n + o.n
	sx := c.sx + o.sx
	t := c.sx/c.n - o.sx/o.n
	sxx := c.sxx + o.sxx + c.n*o.n*t*t/n
	if math.IsInf(sx, 0) && !math.IsInf(c.sx, 0) && !math.IsInf(o.sx, 0) ||
		math.IsInf(sxx, 0) && !math.IsInf(c.sxx, 0) && !math.IsInf(o.sxx, 0) {
		return errFloatOverflow
	}
	*c = momentCell{n, sx, sxx}
	return nil
}

func (s *floatMoments) Merge(other AggState, mapping []uint32) error {
	for g, o := range other.(*floatMoments).cells {
		if err := s.cells[mapped(mapping, g)].merge(o); err != nil {
			return err
		}
	}
	return nil
}

func (s *floatMoments) Result(_ *Context, g uint32) (value.Value, error) {
	c := s.cells[g]
	sample := s.kind == varSamp || s.kind == stddevSamp
	if c.n == 0 || sample && c.n == 1 {
		return value.Null(value.Float8), nil
	}
	switch s.kind {
	case momentAvg:
		return value.NewFloat(c.sx / c.n), nil
	case varPop:
		return value.NewFloat(c.sxx / c.n), nil
	case varSamp:
		return value.NewFloat(c.sxx / (c.n - 1)), nil
	case stddevPop:
		return value.NewFloat(math.Sqrt(c.sxx / c.n)), nil
	}
	return value.NewFloat(math.Sqrt(c.sxx / (c.n - 1))), nil
}

func (s *floatMoments) Bytes() int64 { return int64(cap(s.cells)) * 24 }
