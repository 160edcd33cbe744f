package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// indexJoin looks up the rows of its outer input in the primary key or an index of the inner table. The outer rows keep
// their order, those without a match too where the look-up is the whole condition; else these come last of their batch.
type indexJoin struct {
	in Operator
	matcher
	exprs  projection // the keys over the outer side
	expr   *expr.Context
	index  *schema.Index
	seeker *store.Seeker
	step   *Step // of the inner table, nil unless it is measured

	keys  column.Batch
	open  bool // rows has a batch that is not done with
	at    int  // the next outer row that counts
	size  int  // of the next batch: few rows at first, for a LIMIT above that wants no more
	key   []byte
	refs  []store.Ref
	found []uint32 // for each pair the place of its inner row among refs, or column.NoRow
	inner column.Batch
	none  column.Batch // an empty batch of the inner side
}

// firstSought is how many pairs the first batch has; each has twice as many as the one before.
const firstSought = 32

func (x *indexJoin) Next(ctx context.Context, r *Rows) (bool, error) {
	for {
		if !x.open {
			ok, err := x.in.Next(ctx, &x.rows)
			if !ok || err != nil {
				return false, err
			}
			if err := x.exprs.eval(x.expr, &x.rows, &x.keys); err != nil {
				return false, err
			}
			x.clearHits()
			x.open, x.at = true, 0
		}
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		ok, err := x.more(r)
		if ok || err != nil {
			return ok, err
		}
	}
}

// more makes the next pairs of the batch, or what follows the last.
func (x *indexJoin) more(r *Rows) (bool, error) {
	if x.find(); len(x.probe) == 0 {
		x.open = false
		return x.unmatched(r, &x.none), nil
	}
	if len(x.pair.rest.parts) == 0 && (x.semi || x.anti) {
		x.note(nil)
		return false, nil
	}
	inner := &x.none
	if len(x.refs) > 0 {
		x.seeker.Fetch(&x.inner, x.refs)
		inner = &x.inner
	}
	x.pair.pick(x.pair.outer, &x.rows.Batch, x.probe)
	if len(x.refs) == len(x.probe) {
		x.pair.share(x.pair.inner, inner)
	} else {
		x.pair.pickOrNull(x.pair.inner, inner, x.found)
	}
	sel, err := x.pair.test(nil)
	if err != nil || sel != nil && len(sel) == 0 {
		return false, err
	}
	if x.step != nil {
		x.step.rows.Add(int64(countOf(sel, len(x.refs))))
	}
	x.note(sel)
	if x.semi || x.anti {
		return false, nil
	}
	x.pair.yield(r, sel)
	return true, nil
}

func countOf(sel []int32, n int) int {
	if sel != nil {
		return len(sel)
	}
	return n
}

// find looks up the next rows of the batch until there are pairs enough.
func (x *indexJoin) find() {
	x.refs, x.probe, x.found = x.refs[:0], x.probe[:0], x.found[:0]
	keep := x.outer && len(x.pair.rest.parts) == 0
	x.size = min(max(2*x.size, firstSought), column.BatchRows)
	for n := x.rows.Count(); x.at < n && len(x.probe) < x.size; x.at++ {
		row := x.rows.at(x.at)
		before := len(x.refs)
		if !anyNull(x.keys.Vecs, row) {
			x.seek(row)
		}
		for i := before; i < len(x.refs); i++ {
			x.probe, x.found = append(x.probe, uint32(row)), append(x.found, uint32(i))
		}
		if keep && before == len(x.refs) {
			x.probe, x.found = append(x.probe, uint32(row)), append(x.found, column.NoRow)
		}
	}
}

// seek looks up one row.
func (x *indexJoin) seek(row int) {
	x.key = x.key[:0]
	for i := range x.keys.Vecs {
		if x.index == nil {
			x.key = value.AppendKey(x.key, x.keys.Vecs[i].Value(row))
		} else {
			part := schema.Index{Columns: x.index.Columns[i : i+1]}
			x.key = store.IndexKey(x.key, &part, x.keys.Vecs[i].Value(row))
		}
	}
	x.refs = x.seeker.Find(x.refs, x.key)
}

func (x *indexJoin) Close() {
	x.exprs.release()
	x.pair.close()
	x.in.Close()
}

// seek makes the operators of an index join.
func (j *joinBuilder) seek(p *plan.PhysicalJoin, s *plan.JoinStep, left *tree) *tree {
	scan := p.Seek.Scan
	shape := joinShape{left: len(p.Left.Types()), right: len(scan.Cols), cols: p.Cols, rest: p.Rest}
	t := &tree{rows: s.Rows, touched: left.touched + left.rows*4}
	left.alone(p.Seek.Keys)
	left.alone(p.Rest)
	ops := left.ops
	if left.sorted != nil || !j.parallel(left) {
		ops = []Operator{j.single(left)}
	}
	t.alone(p.Seek.Keys)
	t.alone(p.Rest)
	inner := j.seekStep(p)
	cols, fetched := seekColumns(scan, &shape)
	for _, in := range ops {
		x := &indexJoin{in: in, exprs: newProjection(p.Seek.Keys), expr: j.env.Expr.Clone(), index: p.Seek.Index,
			matcher: matcher{joinKeep: keepOf(p.Kind, false), pair: newJoinRow(j.env, &shape)}}
		for i := range x.pair.inner {
			x.pair.inner[i].from = fetched[x.pair.inner[i].from]
		}
		if j.env.Profile {
			x.step = inner
		}
		x.seeker = j.table(scan).Seeker(p.Seek.Index, len(p.Seek.Keys), cols)
		x.none.Vecs = make([]column.Vec, len(cols))
		for i, num := range cols {
			x.none.Vecs[i].Reset(scan.Table.ColumnByNum(num).Type.Kind)
		}
		t.ops = append(t.ops, x)
	}
	return j.joinStep(t, p, left, &tree{step: inner})
}

// seekColumns are the columns of the inner table that are read, and where each column of the scan is among them.
func seekColumns(scan *plan.Scan, shape *joinShape) (cols []int16, at []int) {
	at = make([]int, len(scan.Cols))
	read := make([]bool, len(scan.Cols))
	note := func(i int) {
		if i >= shape.left {
			read[i-shape.left] = true
		}
	}
	for _, c := range shape.cols {
		note(c)
	}
	for _, p := range shape.rest {
		expr.Columns(p.Expr, note)
	}
	for i, r := range read {
		if r {
			at[i] = len(cols)
			cols = append(cols, scan.Cols[i])
		}
	}
	return cols, at
}

// seekStep describes how the inner table is read.
func (j *joinBuilder) seekStep(p *plan.PhysicalJoin) *Step {
	s := j.step("Index Scan")
	if s == nil {
		return nil
	}
	scan := p.Seek.Scan
	s.Relation, s.Alias, s.Rows, s.Width = scan.Table.Name, scan.Alias, 1, width(scan)
	if s.Index = scan.Table.KeyName; p.Seek.Index != nil {
		s.Index = p.Seek.Index.Name
	}
	s.Lines = append(s.Lines, Line{Key: "Index Cond", Text: exprsText(p.KeyConds)})
	if len(p.RestConds) > 0 {
		s.Lines = append(s.Lines, Line{Key: "Filter", Text: exprsText(p.RestConds)})
	}
	if j.env.Profile {
		s.runs.Add(1)
	}
	return s
}
