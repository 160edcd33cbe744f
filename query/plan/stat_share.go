package plan

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// share estimates the share of a table's rows that meet conditions without an index: by what has been learned of their
// columns, else by a guess.
func (f *finder) share(conds []expr.Expr) float64 {
	share := 1.0
	for _, e := range conds {
		c, ok := constrain(e)
		if ok && c.column < len(f.scan.Cols) {
			if st, known := Learned(f.table, f.scan.Cols[c.column]); known {
				if s, ok := st.share(&c); ok {
					share *= s
					continue
				}
			}
		}
		share *= guessedShare(&c, ok)
	}
	return share
}

// share returns the share of rows that meet a constraint on the column; false when the statistics do not say.
func (c *ColumnStats) share(x *constraint) (float64, bool) {
	switch x.kind {
	case isOneOf:
		s := 0.0
		for _, v := range x.values {
			s += c.equal(v)
		}
		return min(1, s), true
	case isNot:
		return max(0, 1-c.Nulls-c.equal(x.values[0])), true
	case isBetween:
		return c.between(x), true
	}
	return 0, false
}

// others is the share of the rows whose values are neither NULL nor common.
func (c *ColumnStats) others() float64 {
	s := 1 - c.Nulls
	for _, x := range c.Shares {
		s -= x
	}
	return max(0, s)
}

// equal is the share of rows with a value.
func (c *ColumnStats) equal(v value.Value) float64 {
	for i, w := range c.Common {
		if value.Compare(v, w) == 0 {
			return c.Shares[i]
		}
	}
	return c.others() / max(1, c.Distinct-float64(len(c.Common)))
}

// between is the share of rows with a value in a range.
func (c *ColumnStats) between(x *constraint) float64 {
	s := 0.0
	for i, v := range c.Common {
		if x.holds(v) {
			s += c.Shares[i]
		}
	}
	inside := 0
	for _, v := range c.Bounds {
		if x.holds(v) {
			inside++
		}
	}
	// Between two bounds lies as much as between any two others: half of one where none is inside.
	if n := len(c.Bounds); n > 0 {
		s += c.others() * min(1, max(0.5, float64(inside))/float64(n))
	}
	return min(1, s)
}

// holds says whether a value lies in the constraint's range.
func (c *constraint) holds(v value.Value) bool {
	if c.lo.set {
		if d := value.Compare(v, c.lo.value); d < 0 || d == 0 && !c.lo.inclusive {
			return false
		}
	}
	if c.hi.set {
		if d := value.Compare(v, c.hi.value); d > 0 || d == 0 && !c.hi.inclusive {
			return false
		}
	}
	return true
}
