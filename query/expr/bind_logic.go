package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *Binder) bindLogic(e *ast.BoolExpr) (Expr, error) {
	word := [...]string{ast.And: "AND", ast.Or: "OR", ast.Not: "NOT"}[e.Op]
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		x, err := b.BindBool(a, word)
		if err != nil {
			return nil, err
		}
		args[i] = x
	}
	if e.Op != ast.Not {
		l := newLogic(e.Op, args)
		if n, ok := l.(*Logic); ok {
			n.pos = e.Pos()
		}
		return l, nil
	}
	return &Logic{head: head{boolType, e.Pos()}, Op: ast.Not, Args: args}, nil // folded by Bind
}

func (b *Binder) bindNullTest(e *ast.NullTest) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	if r, ok := x.(*Row); ok {
		return rowNullTest(r, e.Not, e.Pos()), nil
	}
	if kindOf(x) == value.Record {
		return &RowNullTest{head: head{boolType, e.Pos()}, Arg: x, Not: e.Not}, nil
	}
	if x, err = b.openAsText(x); err != nil {
		return nil, err
	}
	return &NullTest{head: head{boolType, e.Pos()}, Arg: x, Not: e.Not}, nil
}

// openAsText makes a literal of unknown type a text where any type would do. A
// parameter stays open: PostgreSQL refuses $1 IS NULL alone (42P18).
func (b *Binder) openAsText(e Expr) (Expr, error) {
	if _, ok := e.(*Param); ok {
		return e, nil
	}
	return b.Text(e)
}

func (b *Binder) bindBoolTest(e *ast.BooleanTest) (Expr, error) {
	word := [...]string{"IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"}[e.Kind]
	x, err := b.BindBool(e.Arg, word)
	if err != nil {
		return nil, err
	}
	return &BoolTest{head: head{boolType, e.Pos()}, Arg: x, Kind: e.Kind}, nil
}

func (b *Binder) bindDistinct(e *ast.IsDistinct) (Expr, error) {
	l, r, err := b.bindPair(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	if x, y := writtenRow(l), writtenRow(r); x != nil && y != nil {
		return b.rowDistinct(e, x, y)
	}
	return b.distinct(l, r, e.Not, e.Pos())
}

// distinct is l IS DISTINCT FROM r, or IS NOT DISTINCT FROM.
func (b *Binder) distinct(l, r Expr, not bool, pos int) (Expr, error) {
	// x IS DISTINCT FROM NULL is a null test.
	if isNullConst(r) {
		return &NullTest{head: head{boolType, pos}, Arg: l, Not: !not}, nil
	}
	if isNullConst(l) {
		return &NullTest{head: head{boolType, pos}, Arg: r, Not: !not}, nil
	}
	_, args, err := b.operator("=", l, r, pos)
	if err != nil {
		return nil, err
	}
	return &Distinct{head: head{boolType, pos}, Left: args[0], Right: args[1], Not: not}, nil
}

func isNullConst(e Expr) bool {
	k, ok := e.(*Const)
	return ok && k.Val.IsNull()
}
