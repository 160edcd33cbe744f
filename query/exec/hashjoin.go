package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
)

// hashJoin joins the rows of its outer input with those of a joinBuild that have equal keys and meet the rest of
// the condition. One fragment of a join; fragments share the build.
type hashJoin struct {
	in    Operator
	build *joinBuild
	matcher
	exprs projection // the keys over the outer side
	expr  *expr.Context

	keys  column.Batch
	hash  *hasher
	table *joinTable
	first []uint32 // by outer row: first row + 1 of its chain
	open  bool     // rows has a batch that is not done with

	// Where the pairs of the batch continue: at the at-th outer row that counts, with inner row chain - 1.
	at    int
	chain uint32
	inner []uint32 // the inner rows of the pairs
	// marked has a bit for each inner row with a match, when marks says so; over that it has been handed over.
	marked []uint64
	over   bool
}

func (h *hashJoin) Next(ctx context.Context, r *Rows) (bool, error) {
	if h.table == nil {
		var err error
		if h.table, err = h.build.ready(ctx); err != nil {
			return false, err
		}
	}
	if h.table.n == 0 && !h.outer && !h.anti {
		return h.finish()
	}
	for {
		if !h.open {
			ok, err := h.in.Next(ctx, &h.rows)
			if err != nil {
				return false, err
			}
			if !ok {
				return h.finish()
			}
			if err := h.begin(); err != nil {
				return false, err
			}
			done, ok, err := h.simple(r)
			if err != nil || ok {
				return ok, err
			}
			h.open = !done
			continue
		}
		ok, err := h.more(ctx, r)
		if ok || err != nil {
			return ok, err
		}
	}
}

// finish hands over the marks, once.
func (h *hashJoin) finish() (bool, error) {
	if h.marks && !h.over {
		h.over = true
		h.build.end(h.marked)
	}
	return false, nil
}

// begin looks up the rows of a new outer batch.
func (h *hashJoin) begin() error {
	if err := h.exprs.eval(h.expr, &h.rows, &h.keys); err != nil {
		return err
	}
	n := h.rows.N
	if cap(h.first) < n {
		h.first = make([]uint32, max(n, column.BatchRows))
	}
	h.first = h.first[:n]
	if h.hash == nil {
		h.hash = newHasher(h.keys.Vecs)
	}
	h.table.find(h.hash, h.keys.Vecs, n, h.rows.Sel, h.first)
	h.at, h.chain = -1, 0
	h.clearHits()
	return nil
}

// simple does a batch without making pairs, where each outer row has at most one candidate or needs no more than to have one.
// done says that it could; ok that r has rows.
func (h *hashJoin) simple(r *Rows) (done, ok bool, err error) {
	plain := len(h.pair.rest.parts) == 0
	switch {
	case h.marks || !h.table.exact():
		return false, false, nil
	case plain && (h.semi || h.anti):
		sel := h.candidates(h.semi)
		return true, h.yieldOuter(r, sel), nil
	case !h.table.unique() || h.semi || h.anti:
		return false, false, nil
	case h.outer && plain:
		h.inner = h.inner[:0]
		for _, head := range h.first {
			h.inner = append(h.inner, head-1) // column.NoRow when it is 0
		}
		h.unselected(column.NoRow)
		h.pair.share(h.pair.outer, &h.rows.Batch)
		h.pair.pickOrNull(h.pair.inner, &h.build.rows, h.inner)
		h.pair.yield(r, h.rows.Sel)
		return true, true, nil
	case h.outer:
		return false, false, nil
	}
	sel := h.candidates(true)
	switch {
	case len(sel) == 0:
		return true, false, nil
	case 4*len(sel) < h.rows.N:
		return false, false, nil // copying the few is cheaper than filling columns that are mostly gaps
	}
	h.inner = h.inner[:0]
	for range h.first {
		h.inner = append(h.inner, 0)
	}
	for _, row := range sel {
		h.inner[row] = h.first[row] - 1
	}
	h.pair.share(h.pair.outer, &h.rows.Batch)
	h.pair.pick(h.pair.inner, &h.build.rows, h.inner)
	sel, err = h.pair.test(sel)
	if err != nil || len(sel) == 0 {
		return true, false, err
	}
	h.pair.yield(r, sel)
	return true, true, nil
}

// unselected sets inner for the rows that do not count, whose candidates are not known.
func (h *hashJoin) unselected(to uint32) {
	if h.rows.Sel == nil {
		return
	}
	next := 0
	for row := range h.inner {
		if next < len(h.rows.Sel) && h.rows.Sel[next] == int32(row) {
			next++
		} else {
			h.inner[row] = to
		}
	}
}

// candidates returns the outer rows that have, or have not, a candidate.
func (h *hashJoin) candidates(have bool) []int32 {
	out := h.sel[:0]
	forRows(h.rows.N, h.rows.Sel, func(row int) {
		if (h.first[row] != 0) == have {
			out = append(out, int32(row))
		}
	})
	h.sel = out
	return out
}

// more makes the next pairs of the batch, or, after the last, what becomes of the rows without a match.
func (h *hashJoin) more(ctx context.Context, r *Rows) (bool, error) {
	for h.fill() {
		if ctx.Err() != nil { // there may be many pairs and no row
			return false, Canceled(ctx)
		}
		sel, err := h.meet()
		if err != nil {
			return false, err
		}
		if sel != nil && len(sel) == 0 || len(h.inner) == 0 {
			continue
		}
		h.note(sel)
		if h.semi || h.anti || h.marksOnly {
			continue
		}
		h.pair.yield(r, sel)
		return true, nil
	}
	h.open = false
	return h.unmatched(r, &h.build.rows), nil
}

// fill makes the next pairs; false when there are no more.
func (h *hashJoin) fill() bool {
	h.probe, h.inner = h.probe[:0], h.inner[:0]
	count := h.rows.Count()
	single := h.semi || h.anti
	for len(h.inner) < column.BatchRows {
		if h.chain == 0 {
			if h.at++; h.at >= count {
				h.at = count
				break
			}
			h.chain = h.first[h.rows.at(h.at)]
			continue
		}
		row := h.rows.at(h.at)
		if single && h.hit[row] {
			h.chain = 0
			continue
		}
		h.probe = append(h.probe, uint32(row))
		h.inner = append(h.inner, h.chain-1)
		h.chain = h.table.following(h.chain - 1)
	}
	return len(h.inner) > 0
}

// meet drops the pairs that do not meet the condition and fills the columns of the others, as far as somebody reads
// them. It returns those that are left, nil for all.
func (h *hashJoin) meet() ([]int32, error) {
	if !h.table.exact() {
		n := h.table.match(h.keys.Vecs, h.probe, h.inner)
		h.probe, h.inner = h.probe[:n], h.inner[:n]
		if n == 0 {
			return nil, nil
		}
	}
	if len(h.pair.rest.parts) == 0 && (h.semi || h.anti || h.marksOnly) {
		return nil, nil
	}
	h.pair.pick(h.pair.outer, &h.rows.Batch, h.probe)
	h.pair.pick(h.pair.inner, &h.build.rows, h.inner)
	return h.pair.test(nil)
}

// note remembers which rows have found a match.
func (h *hashJoin) note(sel []int32) {
	h.matcher.note(sel)
	if h.marks {
		if h.marked == nil {
			h.marked = make([]uint64, (h.table.n+63)/64)
		}
		forRows(len(h.inner), sel, func(i int) { h.marked[h.inner[i]/64] |= 1 << (h.inner[i] % 64) })
	}
}

func (h *hashJoin) Close() {
	h.exprs.release()
	h.pair.close()
	h.in.Close()
	h.build.close()
}

// joinTail yields, after all fragments of a hash join have ended, the inner rows with or without a match: those that
// a join preserves, with NULLs for the outer side, or the result of a semi or anti join.
type joinTail struct {
	build *joinBuild
	want  bool // the rows with a match
	pair  *joinRow
	none  column.Batch // an empty batch of the outer side
	at    int
	inner []uint32
	nulls []uint32
}

func (t *joinTail) Next(ctx context.Context, r *Rows) (bool, error) {
	table, err := t.build.ready(ctx)
	if err != nil {
		return false, err
	}
	select {
	case <-t.build.ended:
	case <-ctx.Done():
		return false, Canceled(ctx)
	}
	t.inner, t.nulls = t.inner[:0], t.nulls[:0]
	for ; t.at < table.n && len(t.inner) < column.BatchRows; t.at++ {
		hit := t.build.matched != nil && t.build.matched[t.at/64]>>(t.at%64)&1 != 0
		if hit == t.want {
			t.inner, t.nulls = append(t.inner, uint32(t.at)), append(t.nulls, column.NoRow)
		}
	}
	if len(t.inner) == 0 {
		return false, nil
	}
	t.pair.pickOrNull(t.pair.outer, &t.none, t.nulls)
	t.pair.pick(t.pair.inner, &t.build.rows, t.inner)
	t.pair.yield(r, nil)
	return true, nil
}

func (t *joinTail) Close() {
	t.pair.close()
	t.build.close()
}
