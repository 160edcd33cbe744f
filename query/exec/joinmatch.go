package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/plan"
)

// joinKeep says what a join does with rows with and without a match. Of semi, anti and marksOnly at most one is
// set.
type joinKeep struct {
	outer     bool // outer rows without a match are yielded, with NULLs
	semi      bool // outer rows with a match are yielded, and nothing else
	anti      bool // outer rows without a match are yielded, and nothing else
	marks     bool // inner rows with a match are marked, for a joinTail
	marksOnly bool // and nothing is yielded
}

// keepOf returns what a join of a kind does whose outer side is the right one, or the left.
func keepOf(kind plan.JoinKind, outerRight bool) joinKeep {
	switch kind {
	case plan.LeftJoin:
		return joinKeep{outer: !outerRight, marks: outerRight}
	case plan.RightJoin:
		return joinKeep{outer: outerRight, marks: !outerRight}
	case plan.FullJoin:
		return joinKeep{outer: true, marks: true}
	case plan.SemiJoin:
		return joinKeep{semi: !outerRight, marks: outerRight, marksOnly: outerRight}
	case plan.AntiJoin:
		return joinKeep{anti: !outerRight, marks: outerRight, marksOnly: outerRight}
	}
	return joinKeep{}
}

// noted says that it matters which outer rows have a match.
func (k *joinKeep) noted() bool { return k.outer || k.semi || k.anti }

// matcher is what joins that look for the matches of an outer batch have in common: pairs of rows, and which outer rows
// are in one.
type matcher struct {
	joinKeep
	pair  *joinRow
	rows  Rows     // the outer batch
	probe []uint32 // the outer rows of the pairs
	hit   []bool   // by outer row, when noted
	sel   []int32
}

// clearHits begins a batch.
func (m *matcher) clearHits() {
	if !m.noted() {
		return
	}
	if n := m.rows.N; cap(m.hit) < n {
		m.hit = make([]bool, max(n, column.BatchRows))
	} else {
		m.hit = m.hit[:n]
		clear(m.hit)
	}
}

// note remembers the outer rows of the pairs in sel.
func (m *matcher) note(sel []int32) {
	if m.noted() {
		forRows(len(m.probe), sel, func(i int) { m.hit[m.probe[i]] = true })
	}
}

// hits returns the outer rows that have, or have not, found a match.
func (m *matcher) hits(want bool) []int32 {
	out := m.sel[:0]
	forRows(m.rows.N, m.rows.Sel, func(row int) {
		if m.hit[row] == want {
			out = append(out, int32(row))
		}
	})
	m.sel = out
	return out
}

// unmatched yields what the batch gives after its last pair: the rows of a semi or anti join, or those that an outer join
// keeps, with NULLs for the inner side, whose batch (or one like it) is given.
func (m *matcher) unmatched(r *Rows, inner *column.Batch) bool {
	switch {
	case m.semi:
		return m.yieldOuter(r, m.hits(true))
	case m.anti:
		return m.yieldOuter(r, m.hits(false))
	case m.outer:
		return m.lonely(r, inner)
	}
	return false
}

// yieldOuter makes r rows of the outer batch alone.
func (m *matcher) yieldOuter(r *Rows, sel []int32) bool {
	if len(sel) == 0 {
		return false
	}
	m.pair.share(m.pair.outer, &m.rows.Batch)
	m.pair.yield(r, sel)
	return true
}

// lonely yields the outer rows without a match.
func (m *matcher) lonely(r *Rows, inner *column.Batch) bool {
	sel := m.hits(false)
	if len(sel) == 0 {
		return false
	}
	m.probe = m.probe[:0]
	for range m.rows.N {
		m.probe = append(m.probe, column.NoRow)
	}
	m.pair.share(m.pair.outer, &m.rows.Batch)
	m.pair.pickOrNull(m.pair.inner, inner, m.probe)
	m.pair.yield(r, sel)
	return true
}
