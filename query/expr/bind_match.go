package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *Binder) bindBetween(e *ast.BetweenExpr) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	lo, hi, err := b.bindPair(e.Low, e.High)
	if err != nil {
		return nil, err
	}
	in, err := b.between(x, lo, hi, e.Not, e.Pos())
	if err != nil || !e.Symmetric {
		return in, err
	}
	rev, err := b.between(x, hi, lo, e.Not, e.Pos())
	if err != nil {
		return nil, err
	}
	if e.Not {
		return NewAnd(in, rev), nil
	}
	return NewOr(in, rev), nil
}

func (b *Binder) between(x, lo, hi Expr, not bool, pos int) (Expr, error) {
	first, second, join := ">=", "<=", NewAnd
	if not {
		first, second, join = "<", ">", NewOr
	}
	l, err := b.callOperator(first, x, lo, pos)
	if err != nil {
		return nil, err
	}
	r, err := b.callOperator(second, x, hi, pos)
	if err != nil {
		return nil, err
	}
	return foldNode(join(l, r), Immutable, foldContext()), nil
}

// bindIn makes one look-up in a list of several items that read no column and have a common type with the
// operand, and a chain of equalities otherwise.
func (b *Binder) bindIn(e *ast.InExpr) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	list := make([]Expr, len(e.List))
	plain := true // no item reads a column
	for i, a := range e.List {
		if list[i], err = b.Bind(a); err != nil {
			return nil, err
		}
		plain = plain && IsConst(list[i]) && kindOf(list[i]) != value.Record
	}
	if len(list) > 1 && plain {
		if t, err := Common(append([]Expr{x}, list...), "IN"); err == nil && !t.Kind.IsArray() {
			return b.inList(e, x, list, t)
		}
	}
	op, join := "=", ast.Or
	if e.Not {
		op, join = "<>", ast.And
	}
	for i := range list {
		if list[i], err = b.callOperator(op, x, list[i], e.Pos()); err != nil {
			return nil, err
		}
	}
	return foldNode(newLogic(join, list), Immutable, foldContext()), nil
}

func (b *Binder) inList(e *ast.InExpr, x Expr, list []Expr, t value.Type) (Expr, error) {
	probe := NewConst(value.Null(t.Kind), t, e.Pos())
	op, args, err := b.operator("=", x, probe, e.Pos())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i], err = b.Coerce(list[i], typeFor(op.args[1], []Expr{probe}), value.CastImplicit); err != nil {
			return nil, err
		}
	}
	return NewInList(args[0], list, e.Not, e.Pos()), nil
}

func (b *Binder) bindLike(e *ast.LikeExpr) (Expr, error) {
	x, pattern, err := b.bindPair(e.Arg, e.Pattern)
	if err != nil {
		return nil, err
	}
	convert := []Expr{pattern}
	if e.Escape != nil {
		esc, err := b.Bind(e.Escape)
		if err != nil {
			return nil, err
		}
		convert = append(convert, esc)
	}
	op := "~~"
	switch {
	case e.Kind == ast.SimilarTo:
		op = "~"
		pattern, err = b.callNamed("similar_to_escape", convert, e.Pos())
	case e.Escape != nil:
		pattern, err = b.callNamed("like_escape", convert, e.Pos())
	}
	if err != nil {
		return nil, err
	}
	if e.Kind == ast.ILike {
		op = "~~*"
	}
	if e.Not {
		op = "!" + op
	}
	return b.callOperator(op, x, pattern, e.Pos())
}

func (b *Binder) bindContains(e *ast.ContainsExpr) (Expr, error) {
	x, v, err := b.bindPair(e.Arg, e.Value)
	if err != nil {
		return nil, err
	}
	k := kindOf(x)
	if !k.IsArray() {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "the left operand of CONTAINS must be an array, not type %s", k).At(e.Pos())
	}
	// The element may be of a wider type than the array's: {1,2} CONTAINS 1.5 is
	// false, not an error. The array is then converted.
	elem, ok := commonKind(k.Elem(), kindOf(v))
	if !ok {
		return nil, operatorMissing(k.String()+" CONTAINS "+kindOf(v).String(), e.Pos(), true)
	}
	if x, err = b.Coerce(x, typeFor(elem.Array(), []Expr{x, v}), value.CastImplicit); err != nil {
		return nil, err
	}
	if v, err = b.Coerce(v, typeFor(elem, []Expr{x, v}), value.CastImplicit); err != nil {
		return nil, err
	}
	return &Contains{head: head{boolType, e.Pos()}, Arg: x, Elem: v, Not: e.Not}, nil
}

func (b *Binder) bindAnyAll(e *ast.AnyAllExpr) (Expr, error) {
	if err := operatorSchema(e.Schema, e.Op, e.Pos()); err != nil {
		return nil, err
	}
	l, err := b.Bind(e.Left)
	if err != nil {
		return nil, err
	}
	a, err := b.Bind(e.Array)
	if err != nil {
		return nil, err
	}
	// The element type of an untyped array follows from the operator, as if the
	// right operand were a literal of unknown type.
	ak := kindOf(a)
	elem := value.Unknown
	if ak != value.Unknown {
		if !ak.IsArray() {
			return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos())
		}
		elem = ak.Elem()
	}
	op, out := resolveBinary(e.Op, kindOf(l), elem)
	if out != found {
		return nil, operatorError(out, e.Op, kindOf(l), elem, e.Pos())
	}
	if op.ret != value.Bool {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(e.Pos())
	}
	if l, err = b.Coerce(l, typeFor(op.args[0], []Expr{l, a}), value.CastImplicit); err != nil {
		return nil, err
	}
	if op.args[1].IsArray() {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos())
	}
	if a, err = b.Coerce(a, typeFor(op.args[1].Array(), []Expr{l, a}), value.CastImplicit); err != nil {
		return nil, err
	}
	return &AnyAll{head: head{boolType, e.Pos()}, Op: op.fn, All: e.All, Left: l, Array: a}, nil
}
