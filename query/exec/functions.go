package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// functions yields the rows of the functions of a FROM item.
type functions struct {
	expr  *expr.Context
	node  *plan.Functions
	kinds []value.Kind
	batch column.Batch
	row   []value.Value
	sets  *sideBySide // nil before the first Next
	count int64
}

func newFunctions(env *Env, n *plan.Functions) *functions {
	return &functions{expr: env.Expr, node: n, kinds: kinds(n.Types())}
}

func (f *functions) Next(ctx context.Context, r *Rows) (bool, error) {
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	if f.sets == nil {
		f.sets = &sideBySide{}
		for _, call := range f.node.Calls {
			if err := f.sets.start(f.expr, call, nil); err != nil {
				return false, err
			}
		}
		f.row = make([]value.Value, len(f.kinds))
	}
	f.batch.Reset(f.kinds)
	for f.batch.N < column.BatchRows {
		ok, err := f.sets.next(f.row)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		if f.count++; f.node.Ordinality {
			f.row[len(f.row)-1] = value.NewInt(value.Int8, f.count)
		}
		f.batch.AppendRow(f.row)
	}
	if f.batch.N == 0 {
		return false, nil
	}
	r.set(&f.batch, nil)
	return true, nil
}

func (f *functions) Close() {}

// sideBySide runs functions beside each other: those that have ended give NULLs until all have.
type sideBySide struct{ sets []set }

// set is one function that runs.
type set struct {
	next  func([]value.Value) (bool, error) // nil: ended
	kinds []value.Kind
}

// start adds a call, evaluated over a row. An expression that returns no set gives one row.
func (s *sideBySide) start(c *expr.Context, e expr.Expr, row []value.Value) error {
	call, ok := e.(*expr.SetCall)
	if !ok {
		v, err := expr.Eval(c, e, row)
		if err != nil {
			return err
		}
		done := false
		s.sets = append(s.sets, set{kinds: []value.Kind{e.Type().Kind}, next: func(out []value.Value) (bool, error) {
			if done {
				return false, nil
			}
			done, out[0] = true, v
			return true, nil
		}})
		return nil
	}
	next, err := call.Start(c, row)
	s.sets = append(s.sets, set{next: next, kinds: kinds(call.Types)})
	return err
}

// next fills the columns of all, and returns false when all have ended.
func (s *sideBySide) next(row []value.Value) (bool, error) {
	any, at := false, 0
	for i := range s.sets {
		f := &s.sets[i]
		out := row[at : at+len(f.kinds)]
		at += len(f.kinds)
		if f.next != nil {
			ok, err := f.next(out)
			if err != nil {
				return false, err
			}
			if ok {
				any = true
				continue
			}
			f.next = nil
		}
		for j, k := range f.kinds {
			out[j] = value.Null(k)
		}
	}
	return any, nil
}

// projectSet calls set-returning functions for each row of its input.
type projectSet struct {
	in    Operator
	expr  *expr.Context
	calls []*expr.SetCall
	kinds []value.Kind

	rows  Rows // of the input, from at on
	at    int
	done  bool
	sets  *sideBySide // of the current row; nil for the next one
	row   []value.Value
	batch column.Batch
}

func newProjectSet(env *Env, in Operator, n *plan.ProjectSet) *projectSet {
	return &projectSet{in: in, expr: env.Expr.Clone(), calls: n.Calls, kinds: kinds(n.Types())}
}

func (p *projectSet) Next(ctx context.Context, r *Rows) (bool, error) {
	p.batch.Reset(p.kinds)
	width := len(p.kinds) - len(p.calls)
	for p.batch.N < column.BatchRows {
		if p.sets == nil {
			ok, err := p.advance(ctx)
			if err != nil {
				return false, err
			}
			if !ok {
				break
			}
		}
		ok, err := p.sets.next(p.row[width:])
		if err != nil {
			return false, err
		}
		if !ok {
			p.sets = nil
			continue
		}
		p.batch.AppendRow(p.row)
	}
	if p.batch.N == 0 {
		return false, nil
	}
	r.set(&p.batch, nil)
	return true, nil
}

// advance starts the functions over the next row of the input.
func (p *projectSet) advance(ctx context.Context) (bool, error) {
	for !p.done && p.at == p.rows.Count() {
		ok, err := p.in.Next(ctx, &p.rows)
		if err != nil {
			return false, err
		}
		p.at, p.done = 0, !ok
	}
	if p.done {
		return false, nil
	}
	if ctx.Err() != nil {
		return false, Canceled(ctx)
	}
	p.row = p.rows.Row(p.row[:0], p.rows.at(p.at))
	p.at++
	p.sets = &sideBySide{}
	for _, c := range p.calls {
		if err := p.sets.start(p.expr, c, p.row); err != nil {
			return false, err
		}
	}
	for range p.calls {
		p.row = append(p.row, value.Value{})
	}
	return true, nil
}

func (p *projectSet) Close() { p.in.Close() }
