package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *Binder) bindCase(e *ast.CaseExpr) (Expr, error) {
	var operand Expr
	var err error
	if e.Arg != nil {
		if operand, err = b.Bind(e.Arg); err != nil {
			return nil, err
		}
		if operand, err = b.Text(operand); err != nil {
			return nil, err
		}
		if VolatilityOf(operand) == Volatile {
			return nil, sqlerr.NotSupported("CASE over a volatile operand is not supported").At(e.Arg.Pos())
		}
	}
	n := &Case{head: head{pos: e.Pos()}}
	// The ELSE comes first in resolving the type, as in PostgreSQL.
	results := make([]Expr, 1, len(e.Whens)+1)
	for _, w := range e.Whens {
		cond, err := b.bindWhen(operand, w)
		if err != nil {
			return nil, err
		}
		r, err := b.Bind(w.Result)
		if err != nil {
			return nil, err
		}
		n.Conds = append(n.Conds, cond)
		results = append(results, r)
	}
	results[0] = NewConst(value.Null(value.Unknown), value.Of(value.Unknown), ast.NoPos)
	if e.Else != nil {
		if results[0], err = b.Bind(e.Else); err != nil {
			return nil, err
		}
	}
	if results, n.typ, err = b.CommonList(results, "CASE"); err != nil {
		return nil, err
	}
	if operand != nil {
		n.form = caseSimple
	}
	n.Else, n.Results = results[0], results[1:]
	return n, nil
}

func (b *Binder) bindWhen(operand Expr, w *ast.CaseWhen) (Expr, error) {
	if operand == nil {
		return b.BindBool(w.Cond, "CASE/WHEN")
	}
	x, err := b.Bind(w.Cond)
	if err != nil {
		return nil, err
	}
	return b.callOperator("=", operand, x, w.Pos())
}

func (b *Binder) bindCoalesce(e *ast.CoalesceExpr) (Expr, error) {
	args, err := b.bindList(e.Args)
	if err != nil {
		return nil, err
	}
	args, t, err := b.CommonList(args, "COALESCE")
	if err != nil {
		return nil, err
	}
	return &Coalesce{head: head{t, e.Pos()}, Args: args}, nil
}

func (b *Binder) bindMinMax(e *ast.MinMaxExpr) (Expr, error) {
	word := "GREATEST"
	if e.Least {
		word = "LEAST"
	}
	args, err := b.bindList(e.Args)
	if err != nil {
		return nil, err
	}
	args, t, err := b.CommonList(args, word)
	if err != nil {
		return nil, err
	}
	if !t.Kind.Comparable() {
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "could not identify a comparison function for type %s", t.Kind)
	}
	return &MinMax{head: head{t, e.Pos()}, Least: e.Least, Args: args}, nil
}

func (b *Binder) bindNullIf(e *ast.NullIfExpr) (Expr, error) {
	l, r, err := b.bindPair(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	if VolatilityOf(l) == Volatile {
		return nil, sqlerr.NotSupported("NULLIF over a volatile operand is not supported").At(e.Pos())
	}
	op, args, err := b.operator("=", l, r, e.Pos())
	if err != nil {
		return nil, err
	}
	cond := foldNode(&Call{head: head{boolType, e.Pos()}, Func: op.fn, Args: args}, Immutable, foldContext())
	t := args[0].Type()
	null := NewConst(value.Null(t.Kind), t, e.Pos())
	return &Case{head: head{t, e.Pos()}, Conds: []Expr{cond}, Results: []Expr{null}, Else: args[0], form: caseNullIf}, nil
}
