package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// joinRow makes the rows of a join: pairs of a row of its outer side, which the join reads batch by batch, and of its
// inner side, where it looks for matches. Only the columns that the join's condition reads or that it
// yields are filled. One goroutine uses it.
type joinRow struct {
	outer, inner []place
	pairs        column.Batch // left ++ right
	cols         []int        // the yielded columns of it
	own          []column.Vec // memory of the columns that are picked and not shared
	out          column.Batch
	rest         condition
	sel          []int32
	expr         *expr.Context
}

// place is a column of one side and its place in left ++ right.
type place struct {
	from, at int
	yielded  bool
}

// joinShape is what a joinRow is made of.
type joinShape struct {
	left, right int // widths
	outerRight  bool
	cols        []int // nil: all
	rest        []*plan.Program
}

func newJoinRow(env *Env, s *joinShape) *joinRow {
	j := &joinRow{rest: newCondition(s.rest), cols: s.cols, expr: env.Expr.Clone()}
	width := s.left + s.right
	if j.cols == nil {
		j.cols = make([]int, width)
		for i := range j.cols {
			j.cols[i] = i
		}
	}
	yielded, read := make([]bool, width), make([]bool, width)
	for _, c := range j.cols {
		yielded[c] = true
	}
	for _, p := range s.rest {
		expr.Columns(p.Expr, func(i int) { read[i] = true })
	}
	for at := range width {
		if !yielded[at] && !read[at] {
			continue
		}
		p := place{from: at, at: at, yielded: yielded[at]}
		isRight := at >= s.left
		if isRight {
			p.from -= s.left
		}
		if isRight == s.outerRight {
			j.outer = append(j.outer, p)
		} else {
			j.inner = append(j.inner, p)
		}
	}
	j.pairs.Vecs, j.own = make([]column.Vec, width), make([]column.Vec, width)
	return j
}

// pick fills a side of the pairs with rows of a batch.
func (j *joinRow) pick(side []place, src *column.Batch, idx []uint32) {
	for _, p := range side {
		j.own[p.at].Pick(&src.Vecs[p.from], idx)
		j.pairs.Vecs[p.at] = j.own[p.at]
	}
	j.pairs.N = len(idx)
}

// pickOrNull is pick where column.NoRow gives NULLs, for yielded columns only.
func (j *joinRow) pickOrNull(side []place, src *column.Batch, idx []uint32) {
	for _, p := range side {
		if p.yielded {
			j.own[p.at].PickOrNull(&src.Vecs[p.from], idx)
			j.pairs.Vecs[p.at] = j.own[p.at]
		}
	}
	j.pairs.N = len(idx)
}

// share lets a side of the pairs be the vectors of a batch of as many rows.
func (j *joinRow) share(side []place, src *column.Batch) {
	for _, p := range side {
		j.pairs.Vecs[p.at] = src.Vecs[p.from]
	}
	j.pairs.N = src.N
}

// test returns the pairs among sel (nil: all) for which the rest of the condition is true.
func (j *joinRow) test(sel []int32) ([]int32, error) {
	return j.rest.filter(j.expr, &j.pairs, sel, &j.sel)
}

// yield makes r the pairs.
func (j *joinRow) yield(r *Rows, sel []int32) {
	j.out.Vecs = j.out.Vecs[:0]
	for _, c := range j.cols {
		j.out.Vecs = append(j.out.Vecs, j.pairs.Vecs[c])
	}
	j.out.N = j.pairs.N
	r.set(&j.out, sel)
}

func (j *joinRow) close() { j.rest.release() }
