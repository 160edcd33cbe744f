package expr

import (
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bind dispatches on the syntax.
func (b *Binder) bind(e ast.Expr) (Expr, error) {
	switch e := e.(type) {
	case *ast.Const:
		return bindConst(e)
	case *ast.ColumnRef:
		return b.bindColumn(e)
	case *ast.ParamRef:
		return b.Params.bind(e.N, e.Pos())
	case *ast.OpExpr:
		return b.bindOp(e)
	case *ast.BoolExpr:
		return b.bindLogic(e)
	case *ast.NullTest:
		return b.bindNullTest(e)
	case *ast.BooleanTest:
		return b.bindBoolTest(e)
	case *ast.IsDistinct:
		return b.bindDistinct(e)
	case *ast.InExpr:
		return b.bindIn(e)
	case *ast.BetweenExpr:
		return b.bindBetween(e)
	case *ast.LikeExpr:
		return b.bindLike(e)
	case *ast.ContainsExpr:
		return b.bindContains(e)
	case *ast.AnyAllExpr:
		return b.bindAnyAll(e)
	case *ast.TypeCast:
		return b.bindCast(e)
	case *ast.CollateExpr:
		return b.bindCollate(e)
	case *ast.ArrayExpr:
		return b.bindArray(e, value.Unknown)
	case *ast.Indirection:
		return b.bindIndirection(e)
	case *ast.CaseExpr:
		return b.bindCase(e)
	case *ast.CoalesceExpr:
		return b.bindCoalesce(e)
	case *ast.MinMaxExpr:
		return b.bindMinMax(e)
	case *ast.NullIfExpr:
		return b.bindNullIf(e)
	case *ast.SQLValueFunc:
		return b.bindValueFunc(e)
	case *ast.FuncCall:
		return b.bindCall(e)
	}
	return b.bindSpecial(e)
}

// bindSpecial asks the planner, and refuses what it does not know.
func (b *Binder) bindSpecial(e ast.Expr) (Expr, error) {
	if b.Special != nil {
		if x, err := b.Special(e); x != nil || err != nil {
			return x, err
		}
	}
	what := "this expression"
	switch e.(type) {
	case *ast.SubLink:
		what = "a subquery in this place"
	case *ast.RowExpr:
		what = "a row in this place"
	case *ast.GroupingFunc:
		return nil, sqlerr.New(sqlerr.GroupingError, "grouping operations are not allowed in %s", b.Clause).At(e.Pos())
	case *ast.SetToDefault:
		return nil, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.Pos())
	case *ast.CurrentOf:
		what = "WHERE CURRENT OF"
	}
	return nil, sqlerr.NotSupported("%s is not supported", what).At(e.Pos())
}

func (b *Binder) bindColumn(e *ast.ColumnRef) (Expr, error) {
	if b.Scope != nil {
		return b.Scope.Column(e)
	}
	if e.MaybeLiteral {
		return Literal(e.Raw, e.Pos()), nil
	}
	if b.Clause == "DEFAULT" {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression").At(e.Pos())
	}
	parts := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		parts[i] = p.Name
	}
	name := strings.Join(parts, ".")
	if len(parts) > 1 {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", parts[len(parts)-2]).At(e.Pos())
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).At(e.Pos())
}

func bindConst(e *ast.Const) (Expr, error) {
	switch e.Kind {
	case ast.Null:
		return NewConst(value.Null(value.Unknown), value.Of(value.Unknown), e.Pos()), nil
	case ast.Bool:
		return NewConst(value.NewBool(e.Int != 0), boolType, e.Pos()), nil
	case ast.Int:
		k := value.Int8
		if e.Int >= math.MinInt32 && e.Int <= math.MaxInt32 {
			k = value.Int4
		}
		return NewConst(value.NewInt(k, e.Int), value.Of(k), e.Pos()), nil
	case ast.Numeric:
		t := value.Of(value.Numeric)
		v, err := value.Parse(t, e.Text, defaultStyle)
		if err != nil {
			return nil, atPos(err, e.Pos())
		}
		return NewConst(v, t, e.Pos()), nil
	case ast.String:
		return Literal(e.Text, e.Pos()), nil
	}
	return nil, sqlerr.NotSupported("bit strings are not supported").At(e.Pos())
}

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
	// x IS DISTINCT FROM NULL is a null test.
	if isNullConst(r) {
		return &NullTest{head: head{boolType, e.Pos()}, Arg: l, Not: !e.Not}, nil
	}
	if isNullConst(l) {
		return &NullTest{head: head{boolType, e.Pos()}, Arg: r, Not: !e.Not}, nil
	}
	_, args, err := b.operator("=", l, r, e.Pos())
	if err != nil {
		return nil, err
	}
	return &Distinct{head: head{boolType, e.Pos()}, Left: args[0], Right: args[1], Not: e.Not}, nil
}

func isNullConst(e Expr) bool {
	k, ok := e.(*Const)
	return ok && k.Val.IsNull()
}

func (b *Binder) bindPair(l, r ast.Expr) (Expr, Expr, error) {
	x, err := b.Bind(l)
	if err != nil {
		return nil, nil, err
	}
	y, err := b.Bind(r)
	return x, y, err
}

func (b *Binder) bindOp(e *ast.OpExpr) (Expr, error) {
	if err := operatorSchema(e.Schema, e.Op, e.Pos()); err != nil {
		return nil, err
	}
	if isRow(e.Left) || isRow(e.Right) {
		return nil, sqlerr.NotSupported("comparing rows is not supported").At(e.Pos())
	}
	if e.Left == nil {
		x, err := b.Bind(e.Right)
		if err != nil {
			return nil, err
		}
		return b.prefixOperator(e.Op, x, e.Pos())
	}
	l, r, err := b.bindPair(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	return b.callOperator(e.Op, l, r, e.Pos())
}

func isRow(e ast.Expr) bool {
	_, ok := e.(*ast.RowExpr)
	return ok
}

func operatorSchema(schema []ast.Ident, op string, pos int) error {
	if len(schema) == 0 || len(schema) == 1 && schema[0].Name == "pg_catalog" {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s.%s", schema[len(schema)-1].Name, op).At(pos)
}

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
	if isRow(e.Arg) {
		return nil, sqlerr.NotSupported("comparing rows is not supported").At(e.Pos())
	}
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
		plain = plain && IsConst(list[i])
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
	probe := NewConst(value.Null(t.Kind), value.Of(t.Kind), e.Pos())
	op, args, err := b.operator("=", x, probe, e.Pos())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i], err = b.Coerce(list[i], value.Of(op.args[1]), value.CastImplicit); err != nil {
			return nil, err
		}
	}
	return NewInList(args[0], list, e.Not, e.Pos()), nil
}

func (b *Binder) bindLike(e *ast.LikeExpr) (Expr, error) {
	if e.Kind == ast.SimilarTo {
		return nil, sqlerr.NotSupported("SIMILAR TO is not supported").
			WithHint("Use LIKE, or a regular expression with ~.").At(e.Pos())
	}
	x, pattern, err := b.bindPair(e.Arg, e.Pattern)
	if err != nil {
		return nil, err
	}
	if e.Escape != nil {
		esc, err := b.Bind(e.Escape)
		if err != nil {
			return nil, err
		}
		if pattern, err = b.callNamed("like_escape", []Expr{pattern, esc}, e.Pos()); err != nil {
			return nil, err
		}
	}
	op := "~~"
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
	if x, err = b.Coerce(x, value.Of(elem.Array()), value.CastImplicit); err != nil {
		return nil, err
	}
	if v, err = b.Coerce(v, value.Of(elem), value.CastImplicit); err != nil {
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
	if l, err = b.Coerce(l, value.Of(op.args[0]), value.CastImplicit); err != nil {
		return nil, err
	}
	if op.args[1].IsArray() {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos())
	}
	if a, err = b.Coerce(a, value.Of(op.args[1].Array()), value.CastImplicit); err != nil {
		return nil, err
	}
	return &AnyAll{head: head{boolType, e.Pos()}, Op: op.fn, All: e.All, Left: l, Array: a}, nil
}

func (b *Binder) bindCast(e *ast.TypeCast) (Expr, error) {
	t, err := ResolveType(e.Type)
	if err != nil {
		return nil, err
	}
	var x Expr
	if a, ok := e.Arg.(*ast.ArrayExpr); ok && t.Kind.IsArray() {
		x, err = b.bindArray(a, t.Kind.Elem())
	} else {
		x, err = b.Bind(e.Arg)
	}
	if err != nil {
		return nil, err
	}
	return b.explicit(x, t, e.Pos())
}

// explicit is a cast that was written.
func (b *Binder) explicit(x Expr, t value.Type, pos int) (Expr, error) {
	if !canCoerce(kindOf(x), t.Kind, value.CastExplicit) {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", kindOf(x), t.Kind).At(pos)
	}
	r, err := b.convert(x, t, value.CastExplicit)
	if err != nil {
		return nil, err
	}
	if c, ok := r.(*Cast); ok && c.pos != pos {
		d := *c
		d.pos = pos
		return &d, nil
	}
	return r, nil
}

func (b *Binder) bindCollate(e *ast.CollateExpr) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	name := e.Collation[len(e.Collation)-1].Name
	switch name {
	case "C", "POSIX", "default", "ucs_basic":
	default:
		return nil, sqlerr.NotSupported("collation %q is not supported", name).
			WithHint(`The collations are "C", "POSIX" and "default", which are all C.`).At(e.Pos())
	}
	if x, err = b.Text(x); err != nil {
		return nil, err
	}
	if k := kindOf(x).Elem(); k != value.Text && k != value.Varchar {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "collations are not supported by type %s", kindOf(x)).At(e.Pos())
	}
	return x, nil
}

// bindArray binds ARRAY[..] to elements of a kind, or with Unknown of their common type.
func (b *Binder) bindArray(e *ast.ArrayExpr, elem value.Kind) (Expr, error) {
	elems := make([]Expr, len(e.Elems))
	for i, a := range e.Elems {
		if _, nested := a.(*ast.ArrayExpr); nested {
			return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(a.Pos())
		}
		x, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		if kindOf(x).IsArray() {
			return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(a.Pos())
		}
		elems[i] = x
	}
	if elem == value.Unknown {
		if len(elems) == 0 {
			return nil, sqlerr.New(sqlerr.IndeterminateDatatype, "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(e.Pos())
		}
		t, err := Common(elems, "ARRAY")
		if err != nil {
			return nil, err
		}
		elem = t.Kind
		if elems, _, err = b.CommonList(elems, "ARRAY"); err != nil {
			return nil, err
		}
	} else {
		for i, x := range elems {
			var err error
			if elems[i], err = b.explicit(x, value.Of(elem), x.Pos()); err != nil {
				return nil, err
			}
		}
	}
	return &ArrayCtor{head: head{value.Of(elem.Array()), e.Pos()}, Elems: elems}, nil
}

func (b *Binder) bindIndirection(e *ast.Indirection) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	for i, step := range e.Path {
		switch {
		case step.Field != "" || step.Star:
			return nil, sqlerr.New(sqlerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", step.Field, kindOf(x)).At(step.Pos())
		case step.Slice:
			return nil, sqlerr.NotSupported("array slices are not supported").At(step.Pos())
		case !kindOf(x).IsArray():
			if kindOf(x) == value.JSONB {
				return nil, sqlerr.NotSupported("subscripts of jsonb are not supported").WithHint("Use -> and ->>.").At(step.Pos())
			}
			if i > 0 {
				// A second subscript of a one-dimensional array gives NULL in PostgreSQL.
				return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(step.Pos())
			}
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", kindOf(x)).At(e.Pos())
		}
		idx, err := b.Bind(step.Upper)
		if err != nil {
			return nil, err
		}
		if !canCoerce(kindOf(idx), value.Int4, value.CastAssignment) {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "array subscript must have type integer").At(step.Upper.Pos())
		}
		if idx, err = b.convert(idx, value.Of(value.Int4), value.CastAssignment); err != nil {
			return nil, err
		}
		x = &Subscript{head: head{value.Of(kindOf(x).Elem()), e.Pos()}, Arg: x, Index: idx}
	}
	return x, nil
}

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

func (b *Binder) bindList(list []ast.Expr) ([]Expr, error) {
	out := make([]Expr, len(list))
	for i, a := range list {
		x, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
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
