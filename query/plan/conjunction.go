package plan

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// numbered is a constraint with the number of its conjunct.
type numbered struct {
	constraint
	conjunct []int
}

// constraints are the constraints of a conjunction by column.
type constraints struct {
	byColumn map[int16][]numbered
}

func (g *constraints) add(num int16, c constraint, conjunct int) {
	g.byColumn[num] = append(g.byColumn[num], numbered{c, []int{conjunct}})
}

// narrow merges what several conjuncts say about one column: two ends make one range. It says whether any
// value is left.
func (g *constraints) narrow() bool {
	for num, list := range g.byColumn {
		var out []numbered
		between := -1
		for _, c := range list {
			if c.kind != isBetween {
				out = append(out, c)
				continue
			}
			if between < 0 {
				between = len(out)
				out = append(out, c)
				continue
			}
			r := &out[between]
			r.lo, r.hi = tighter(r.lo, c.lo, 1), tighter(r.hi, c.hi, -1)
			r.conjunct = append(r.conjunct, c.conjunct...)
		}
		if between >= 0 && out[between].empty() {
			return false
		}
		g.byColumn[num] = out
	}
	return true
}

// tighter returns the narrower of two bounds; sign is 1 for lower ends.
func tighter(a, b bound, sign int) bound {
	if !a.set || !b.set {
		if a.set {
			return a
		}
		return b
	}
	switch c := value.Compare(a.value, b.value) * sign; {
	case c > 0, c == 0 && !a.inclusive:
		return a
	}
	return b
}

func (c *constraint) empty() bool {
	if !c.lo.set || !c.hi.set {
		return false
	}
	d := value.Compare(c.lo.value, c.hi.value)
	return d > 0 || d == 0 && !(c.lo.inclusive && c.hi.inclusive)
}

// equal returns the constraint that fixes a column to one of some values.
func (g *constraints) equal(num int16) (numbered, bool) {
	best := -1
	for i, c := range g.byColumn[num] {
		if c.kind == isOneOf && (best < 0 || len(c.values) < len(g.byColumn[num][best].values)) {
			best = i
		}
	}
	if best < 0 {
		return numbered{}, false
	}
	return g.byColumn[num][best], true
}
