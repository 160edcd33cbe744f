package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
)

// expandSets puts the calls of set-returning functions in the select list and the keys of the order below them.
func (q *query) expandSets(n Node) (Node, error) {
	for {
		p := &ProjectSet{In: n}
		width := len(n.Types())
		lift := func(e expr.Expr) (expr.Expr, error) { return q.liftSets(p, width, e) }
		for i := range q.targets {
			x, err := lift(q.targets[i].expr)
			if err != nil {
				return nil, err
			}
			q.targets[i].expr = x
		}
		for i := range q.keys {
			x, err := lift(q.keys[i].expr)
			if err != nil {
				return nil, err
			}
			q.keys[i].expr = x
		}
		for i := range q.on {
			x, err := lift(q.on[i])
			if err != nil {
				return nil, err
			}
			q.on[i] = x
		}
		if len(p.Calls) == 0 {
			return n, nil
		}
		n = p // again: calls whose arguments are calls
	}
}

// liftSets puts the innermost calls in e into p, and columns in their place.
func (q *query) liftSets(p *ProjectSet, width int, e expr.Expr) (expr.Expr, error) {
	var failure error
	out := expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		switch x := x.(type) {
		case *expr.Case, *expr.Coalesce:
			if expr.HasSetCall(x) && failure == nil {
				name := "COALESCE"
				if _, ok := x.(*expr.Case); ok {
					name = "CASE"
				}
				failure = sqlerr.New(sqlerr.FeatureNotSupported, "set-returning functions are not allowed in %s", name).At(x.Pos())
			}
		case *expr.SetCall:
			for _, a := range x.Args {
				if expr.HasSetCall(a) {
					return x // its arguments first; they are rewritten below
				}
			}
			switch {
			case x.Func.Record != nil:
				failure = sqlerr.New(sqlerr.FeatureNotSupported, "could not determine row type for result of %s", x.Func.Name).
					WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
				return x
			case len(x.Types) != 1:
				record := x.AsRecord()
				p.Calls = append(p.Calls, record)
				return expr.NewColumn(width+len(p.Calls)-1, record.Type(), x.String(), x.Pos())
			}
			at := -1
			for i, c := range p.Calls {
				if c == x {
					at = i
				}
			}
			if at < 0 {
				at = len(p.Calls)
				p.Calls = append(p.Calls, x)
			}
			return expr.NewColumn(width+at, x.Type(), x.String(), x.Pos())
		}
		return x
	})
	return out, failure
}

// noSets refuses set-returning functions in a clause.
func noSets(e expr.Expr, clause string) error {
	var err error
	if e == nil {
		return nil
	}
	expr.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.SetCall); ok && err == nil {
			err = sqlerr.New(sqlerr.FeatureNotSupported, "set-returning functions are not allowed in %s", clause).At(s.Pos())
		}
		return err == nil
	})
	return err
}
