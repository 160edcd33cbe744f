package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// regressionFuncs is the aggregates of pairs (y, x) of floats.
func regressionFuncs() []AggFunc {
	f := value.Float8
	table := []AggFunc{{Name: "regr_count", Args: kinds(f, f), Ret: value.Int8, make: newRegression(regrCount)}}
	for _, r := range []struct {
		name string
		stat regressionStat
	}{
		{"regr_avgx", regrAvgX}, {"regr_avgy", regrAvgY}, {"regr_sxx", regrSXX}, {"regr_syy", regrSYY}, {"regr_sxy", regrSXY},
		{"regr_slope", regrSlope}, {"regr_intercept", regrIntercept}, {"regr_r2", regrR2}, {"corr", corr},
		{"covar_pop", covarPop}, {"covar_samp", covarSamp},
	} {
		table = append(table, AggFunc{Name: r.name, Args: kinds(f, f), Ret: f, make: newRegression(r.stat)})
	}
	return table
}

// regressionStat computes a statistic; false where there is none.
type regressionStat func(c *regressionCell) (float64, bool)

func regrCount(c *regressionCell) (float64, bool) { return c.n, true }
func regrAvgX(c *regressionCell) (float64, bool)  { return c.sx / c.n, c.n > 0 }
func regrAvgY(c *regressionCell) (float64, bool)  { return c.sy / c.n, c.n > 0 }
func regrSXX(c *regressionCell) (float64, bool)   { return c.sxx, c.n > 0 }
func regrSYY(c *regressionCell) (float64, bool)   { return c.syy, c.n > 0 }
func regrSXY(c *regressionCell) (float64, bool)   { return c.sxy, c.n > 0 }
func covarPop(c *regressionCell) (float64, bool)  { return c.sxy / c.n, c.n > 0 }
func covarSamp(c *regressionCell) (float64, bool) { return c.sxy / (c.n - 1), c.n > 1 }
func regrSlope(c *regressionCell) (float64, bool) { return c.sxy / c.sxx, c.n > 0 && c.sxx != 0 }

func regrIntercept(c *regressionCell) (float64, bool) {
	return (c.sy - c.sx*c.sxy/c.sxx) / c.n, c.n > 0 && c.sxx != 0
}

func regrR2(c *regressionCell) (float64, bool) {
	if c.n > 0 && c.sxx != 0 && c.syy == 0 {
		return 1, true // a horizontal line
	}
	return c.sxy * c.sxy / (c.sxx * c.syy), c.n > 0 && c.sxx != 0
}

func corr(c *regressionCell) (float64, bool) {
	return c.sxy / math.Sqrt(c.sxx*c.syy), c.n > 0 && c.sxx != 0 && c.syy != 0
}

// regressionState keeps what all of them need, by the method of Youngs and Cramer as PostgreSQL does: see floatMoments.
type regressionState struct {
	stat  regressionStat
	kind  value.Kind
	cells []regressionCell
}

type regressionCell struct{ n, sx, sxx, sy, syy, sxy float64 }

func newRegression(stat regressionStat) func(*AggCall) AggState {
	return func(call *AggCall) AggState { return &regressionState{stat: stat, kind: call.typ.Kind} }
}

func (s *regressionState) Grow(n int) { s.cells = grown(s.cells, n) }

// Add takes y and x; a pair with a NULL does not count.
func (s *regressionState) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var err error
	eachRowGroup(n, sel, groups, func(i int, g uint32) {
		if args[0].IsNull(i) || args[1].IsNull(i) {
			return
		}
		if e := s.cells[g].add(args[0].Value(i).Float(), args[1].Value(i).Float()); e != nil {
			err = e
		}
	})
	return err
}

func unbounded(x float64) bool { return math.IsInf(x, 0) || math.IsNaN(x) }

// add is float8_regr_accum.
func (c *regressionCell) add(y, x float64) error {
	old := *c
	c.n++
	c.sx += x
	c.sy += y
	if old.n == 0 {
		if unbounded(x) {
			c.sxx, c.sxy = math.NaN(), math.NaN()
		}
		if unbounded(y) {
			c.syy, c.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy := x*c.n-c.sx, y*c.n-c.sy
	scale := 1 / (c.n * old.n)
	c.sxx += dx * dx * scale
	c.syy += dy * dy * scale
	c.sxy += dx * dy * scale
	inf := func(x float64) bool { return math.IsInf(x, 0) }
	wasX, wasY := inf(old.sx) || inf(x), inf(old.sy) || inf(y)
	if (inf(c.sx) || inf(c.sxx)) && !wasX || (inf(c.sy) || inf(c.syy)) && !wasY || inf(c.sxy) && !wasX && !wasY {
		return errFloatOverflow
	}
	for _, sum := range []*float64{&c.sxx, &c.syy, &c.sxy} {
		if inf(*sum) {
			*sum = math.NaN()
		}
	}
	return nil
}

// merge is float8_regr_combine.
func (c *regressionCell) merge(o regressionCell) error {
	switch {
	case o.n == 0:
		return nil
	case c.n == 0:
		*c = o
		return nil
	}
	n := c.n + o.n
	dx, dy := c.sx/c.n-o.sx/o.n, c.sy/c.n-o.sy/o.n
	weight := c.n * o.n / n
	m := regressionCell{n, c.sx + o.sx, c.sxx + o.sxx + weight*dx*dx, c.sy + o.sy, c.syy + o.syy + weight*dy*dy, c.sxy + o.sxy + weight*dx*dy}
	for _, x := range [][3]float64{{m.sx, c.sx, o.sx}, {m.sxx, c.sxx, o.sxx}, {m.sy, c.sy, o.sy}, {m.syy, c.syy, o.syy}, {m.sxy, c.sxy, o.sxy}} {
		if math.IsInf(x[0], 0) && !math.IsInf(x[1], 0) && !math.IsInf(x[2], 0) {
			return errFloatOverflow
		}
	}
	*c = m
	return nil
}

func (s *regressionState) Merge(other AggState, mapping []uint32) error {
	for g, o := range other.(*regressionState).cells {
		if err := s.cells[mapped(mapping, g)].merge(o); err != nil {
			return err
		}
	}
	return nil
}

func (s *regressionState) Result(_ *Context, g uint32) (value.Value, error) {
	x, ok := s.stat(&s.cells[g])
	switch {
	case !ok:
		return value.Null(s.kind), nil
	case s.kind == value.Int8:
		return value.NewInt(value.Int8, int64(x)), nil
	}
	return value.NewFloat(x), nil
}

func (s *regressionState) Bytes() int64 { return int64(cap(s.cells)) * 48 }
