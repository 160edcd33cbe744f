package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// eachBatch calls f with the given columns of all rows of a table.
func (s *Session) eachBatch(ctx context.Context, t *schema.Table, cols []int16, f func(*column.Batch) error) error {
	view := s.txn.View()
	defer view.Close()
	tv := view.Table(t.OID)
	for i := range tv.Parts() {
		scan := tv.Part(i).Scan(nil, cols)
		var b column.Batch
		for scan.Next(&b) {
			if ctx.Err() != nil {
				return exec.Canceled(ctx)
			}
			if err := f(&b); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewrite copies the rows of a table to a new generation of it, which def names. The columns in compute get the values of
// expressions over the old row; those that old has not are NULL without.
func (s *Session) rewrite(ctx context.Context, old, def *schema.Table, compute map[int16]expr.Expr) error {
	view := s.txn.View()
	defer view.Close()
	if err := s.txn.PutTable(def); err != nil {
		return err
	}
	feed, err := s.txn.Feed(ctx, def)
	if err != nil {
		return err
	}
	r := &rewriter{ctx: ctx, old: old, def: def, compute: compute, expr: s.evaluation(ctx, nil), feed: feed}
	if r.rules, err = plan.RulesOf(def, r.expr.Style); err != nil {
		return err
	}
	err = r.copy(view.Table(old.OID))
	if closeErr := feed.Close(ctx); err == nil {
		err = closeErr
	}
	if e := sqlerr.As(err); e != nil && e.Code == sqlerr.UniqueViolation {
		c := *e
		c.Message = "could not create unique index \"" + e.Constraint + "\""
		if n := len(c.Detail) - len("already exists."); n > 0 && c.Detail[n:] == "already exists." {
			c.Detail = c.Detail[:n] + "is duplicated."
		}
		return &c
	}
	return err
}

// rewriter gives the rows of one generation of a table to the next.
type rewriter struct {
	ctx      context.Context
	old, def *schema.Table
	compute  map[int16]expr.Expr
	expr     *expr.Context
	feed     *store.Feed
	rules    *plan.RowRules // of def: its generated columns are computed anew

	row []value.Value
	out column.Batch
}

func (r *rewriter) copy(from *store.TableView) error {
	cols := make([]int16, len(r.old.Columns))
	for i := range cols {
		cols[i] = int16(i + 1)
	}
	r.row = make([]value.Value, len(cols))
	r.out.Vecs = make([]column.Vec, len(r.def.Columns))
	var b column.Batch
	for i := range from.Parts() {
		scan := from.Part(i).Scan(nil, cols)
		for scan.Next(&b) {
			if r.ctx.Err() != nil {
				return exec.Canceled(r.ctx)
			}
			if err := r.batch(&b); err != nil {
				return err
			}
		}
	}
	return nil
}

// batch makes the new rows of a batch of old ones.
func (r *rewriter) batch(b *column.Batch) error {
	r.out.N = b.N
	for i := range r.out.Vecs {
		c := &r.def.Columns[i]
		switch e := r.compute[c.Num]; {
		case e != nil:
			if err := r.computed(b, i, e); err != nil {
				return err
			}
		case i < len(b.Vecs) && !c.Dropped:
			r.out.Vecs[i] = b.Vecs[i]
		case c.Hidden && r.def.HiddenKey && c.Num == r.def.Key[0]:
			r.out.Vecs[i] = column.Vec{Kind: value.Int8} // the feed allots them
			continue
		default:
			v := &r.out.Vecs[i]
			v.Reset(c.Type.Kind)
			for range b.N {
				v.Append(value.Null(c.Type.Kind))
			}
		}
		if c.NotNull && c.Generated == "" {
			for row := range b.N {
				if r.out.Vecs[i].IsNull(row) {
					return columnHasNulls(r.def, c.Name)
				}
			}
		}
	}
	if r.rules != nil {
		for _, a := range r.rules.Generated {
			if err := r.generated(a); err != nil {
				return err
			}
		}
	}
	return r.feed.Add(r.ctx, &r.out)
}

// generated fills a generated column from the new rows.
func (r *rewriter) generated(a plan.Assignment) error {
	v := new(column.Vec) // not that of the last batch, which the feed may still have
	c := &r.def.Columns[a.Num-1]
	v.Reset(c.Type.Kind)
	row := make([]value.Value, len(r.out.Vecs))
	for i := range r.out.N {
		for j := range row {
			if w := &r.out.Vecs[j]; w.Len() > 0 {
				row[j] = w.Value(i)
			}
		}
		x, err := expr.Eval(r.expr, a.Expr, row)
		if err != nil {
			return err
		}
		if c.NotNull && x.IsNull() {
			return columnHasNulls(r.def, c.Name)
		}
		v.Append(x)
	}
	r.out.Vecs[a.Num-1] = *v
	return nil
}

// computed fills a column with the values of an expression over the old rows.
func (r *rewriter) computed(b *column.Batch, i int, e expr.Expr) error {
	v := new(column.Vec) // not that of the last batch, which the feed may still have
	v.Reset(r.def.Columns[i].Type.Kind)
	for row := range b.N {
		for c := range r.row {
			r.row[c] = b.Vecs[c].Value(row)
		}
		x, err := expr.Eval(r.expr, e, r.row)
		if err != nil {
			return err
		}
		v.Append(x)
	}
	r.out.Vecs[i] = *v
	return nil
}
