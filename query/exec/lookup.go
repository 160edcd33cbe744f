package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// lookup reads rows by primary key, in the order of the keys.
type lookup struct {
	expr  *expr.Context
	table *store.TableView
	node  *plan.Scan
	keys  [][]byte
	batch column.Batch
	kinds []value.Kind
	row   []value.Value
	refs  []store.Ref
	sel   []int32
	cond  condition
}

func newLookup(env *Env, s *plan.Scan, a *plan.Access, tv *store.TableView) *lookup {
	l := &lookup{expr: env.Expr, table: tv, node: s, keys: a.Keys, cond: newCondition(a.Left)}
	for _, t := range s.Types() {
		l.kinds = append(l.kinds, t.Kind)
	}
	return l
}

func (l *lookup) Next(ctx context.Context, r *Rows) (bool, error) {
	for len(l.keys) > 0 {
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		l.batch.Reset(l.kinds)
		l.refs = l.refs[:0]
		n := min(len(l.keys), column.BatchRows)
		for _, key := range l.keys[:n] {
			ref, ok := l.table.Lookup(key)
			if !ok {
				continue
			}
			l.row, _ = l.table.Get(l.row[:0], key, l.node.Cols)
			l.batch.AppendRow(l.row)
			l.refs = append(l.refs, ref)
		}
		l.keys = l.keys[n:]
		if l.batch.N == 0 {
			continue
		}
		sel, err := l.cond.filter(l.expr, &l.batch, nil, &l.sel)
		if err != nil {
			return false, err
		}
		if sel == nil || len(sel) > 0 {
			r.set(&l.batch, sel)
			return true, nil
		}
	}
	return false, nil
}

func (l *lookup) names() []store.Ref { return l.refs }

func (l *lookup) Close() { l.cond.release() }
