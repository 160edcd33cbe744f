package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// PointReader runs plan.Points: the short path of reads by primary key. It keeps its memory between
// reads. One goroutine at a time uses it.
type PointReader struct {
	key   []byte
	row   []value.Value
	batch column.Batch
}

// Read returns the row as a batch of one, or nil. The batch is valid until the next Read.
func (r *PointReader) Read(env *Env, p *plan.Point) (*column.Batch, error) {
	var ok bool
	var err error
	r.key, ok, err = pointKey(env.Expr, r.key[:0], p.Keys)
	if !ok || err != nil {
		return nil, err
	}
	r.row, ok = env.View.Table(p.Table.OID).Get(r.row[:0], r.key, p.Cols)
	if !ok {
		return nil, nil
	}
	if len(p.Where) > 0 {
		if ok, err := meets(env.Expr, p.Where, r.row); !ok || err != nil {
			return nil, err
		}
	}
	return &r.batch, r.fill(env.Expr, p)
}

// fill makes the batch of the result's columns.
func (r *PointReader) fill(c *expr.Context, p *plan.Point) error {
	b := &r.batch
	b.N = 1
	for len(b.Vecs) < len(p.Exprs) {
		b.Vecs = append(b.Vecs, column.Vec{})
	}
	b.Vecs = b.Vecs[:len(p.Exprs)]
	for i, e := range p.Exprs {
		var v value.Value
		if p.Plain != nil {
			v = r.row[p.Plain[i]]
		} else {
			var err error
			if v, err = expr.Eval(c, e, r.row); err != nil {
				return err
			}
		}
		b.Vecs[i].Reset(e.Type().Kind)
		b.Vecs[i].Append(v)
	}
	return nil
}

// pointKey appends the encoding of a primary key; ok is false when a part is NULL, which
// no key is.
func pointKey(c *expr.Context, dst []byte, keys []expr.Expr) (key []byte, ok bool, err error) {
	for _, e := range keys {
		v, err := expr.EvalConst(c, e)
		if err != nil || v.IsNull() {
			return dst, false, err
		}
		dst = value.AppendKey(dst, v)
	}
	return dst, true, nil
}
