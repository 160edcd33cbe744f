package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

var boolType = value.Of(value.Bool)

// Logic is AND or OR of two or more boolean operands, or NOT of one.
type Logic struct {
	head
	Op   ast.BoolOp
	Args []Expr
}

// NewAnd returns the conjunction of boolean expressions: TRUE of none, the only
// one of one, and flattened.
func NewAnd(list ...Expr) Expr { return newLogic(ast.And, list) }

// NewOr returns the disjunction of boolean expressions.
func NewOr(list ...Expr) Expr { return newLogic(ast.Or, list) }

// NewNot returns the negation of a boolean expression.
func NewNot(e Expr) Expr {
	return &Logic{head: head{boolType, e.Pos()}, Op: ast.Not, Args: []Expr{e}}
}

func newLogic(op ast.BoolOp, list []Expr) Expr {
	if len(list) == 0 {
		return NewConst(value.NewBool(op == ast.And), boolType, ast.NoPos)
	}
	if len(list) == 1 {
		return list[0]
	}
	flat := make([]Expr, 0, len(list))
	for _, e := range list {
		if l, ok := e.(*Logic); ok && l.Op == op {
			flat = append(flat, l.Args...)
		} else {
			flat = append(flat, e)
		}
	}
	return &Logic{head: head{boolType, list[0].Pos()}, Op: op, Args: flat}
}

// Conjuncts returns the operands of a conjunction, and e itself otherwise.
func Conjuncts(e Expr) []Expr {
	if l, ok := e.(*Logic); ok && l.Op == ast.And {
		return l.Args
	}
	return []Expr{e}
}

func (e *Logic) children(f func(Expr)) { each(e.Args, f) }

func (e *Logic) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

func (e *Logic) same(o Expr) bool {
	x, ok := o.(*Logic)
	return ok && x.Op == e.Op
}

func (e *Logic) eval(c *Context, row []value.Value) (value.Value, error) {
	if e.Op == ast.Not {
		v, err := e.Args[0].eval(c, row)
		if err != nil || v.IsNull() {
			return value.Null(value.Bool), err
		}
		return value.NewBool(!v.Bool()), nil
	}
	// TRUE decides an OR, FALSE an AND; a NULL remains unless it is decided.
	deciding := e.Op == ast.Or
	null := false
	for _, a := range e.Args {
		v, err := a.eval(c, row)
		if err != nil {
			return v, err
		}
		if v.IsNull() {
			null = true
		} else if v.Bool() == deciding {
			return v, nil
		}
	}
	if null {
		return value.Null(value.Bool), nil
	}
	return value.NewBool(!deciding), nil
}

// simplify drops constant operands that decide nothing, and returns a constant when
// one decides. An operand before that which is volatile, or whose folding failed, keeps its place.
func (e *Logic) simplify() Expr {
	if e.Op == ast.Not {
		if n := negation(e.Args[0]); n != nil {
			return n
		}
		return e
	}
	deciding := e.Op == ast.Or
	kept := make([]Expr, 0, len(e.Args))
	changed := false
	for i, a := range e.Args {
		k, ok := a.(*Const)
		switch {
		case ok && !k.Val.IsNull() && k.Val.Bool() == deciding:
			if !keepsOperand(kept) {
				return k
			}
			kept = append(kept, a)
			return e.with(kept, changed || i+1 < len(e.Args))
		case ok && !k.Val.IsNull():
			changed = true
		default:
			kept = append(kept, a)
		}
	}
	return e.with(kept, changed)
}

// keepsOperand says whether one of list has an effect that must not be dropped.
func keepsOperand(list []Expr) bool {
	for _, e := range list {
		if _, ok := e.(*Const); ok {
			continue
		}
		if v := VolatilityOf(e); v == Volatile || v == Immutable && IsConst(e) {
			return true
		}
	}
	return false
}

func (e *Logic) with(kept []Expr, changed bool) Expr {
	if !changed {
		return e
	}
	return newLogic(e.Op, kept)
}

// NullTest is Arg IS [NOT] NULL.
type NullTest struct {
	head
	Arg Expr
	Not bool
}

// NewNullTest returns e IS NULL, or IS NOT NULL.
func NewNullTest(e Expr, not bool) *NullTest {
	return &NullTest{head: head{boolType, e.Pos()}, Arg: e, Not: not}
}

func (e *NullTest) children(f func(Expr)) { f(e.Arg) }

func (e *NullTest) rebuild(f func(Expr) Expr) Expr {
	if a := f(e.Arg); a != e.Arg {
		c := *e
		c.Arg = a
		return &c
	}
	return e
}

func (e *NullTest) same(o Expr) bool {
	x, ok := o.(*NullTest)
	return ok && x.Not == e.Not
}

func (e *NullTest) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return value.NewBool(v.IsNull() != e.Not), nil
}

// BoolTest is Arg IS [NOT] TRUE, FALSE or UNKNOWN.
type BoolTest struct {
	head
	Arg  Expr
	Kind ast.BoolTestKind
}

func (e *BoolTest) children(f func(Expr)) { f(e.Arg) }

func (e *BoolTest) rebuild(f func(Expr) Expr) Expr {
	if a := f(e.Arg); a != e.Arg {
		c := *e
		c.Arg = a
		return &c
	}
	return e
}

func (e *BoolTest) same(o Expr) bool {
	x, ok := o.(*BoolTest)
	return ok && x.Kind == e.Kind
}

func (e *BoolTest) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return value.NewBool(boolTest(e.Kind, v.Bool(), v.IsNull())), nil
}

func (e *BoolTest) apply(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBool(boolTest(e.Kind, a[0].Bool(), a[0].IsNull())), nil
}

func boolTest(kind ast.BoolTestKind, b, null bool) bool {
	switch kind {
	case ast.IsTrue:
		return !null && b
	case ast.IsNotTrue:
		return null || !b
	case ast.IsFalse:
		return !null && !b
	case ast.IsNotFalse:
		return null || b
	case ast.IsUnknown:
		return null
	default:
		return !null
	}
}

// Distinct is Left IS [NOT] DISTINCT FROM Right; both operands have one kind.
type Distinct struct {
	head
	Left, Right Expr
	Not         bool
}

func (e *Distinct) children(f func(Expr)) { f(e.Left); f(e.Right) }

func (e *Distinct) rebuild(f func(Expr) Expr) Expr {
	l, r := f(e.Left), f(e.Right)
	if l == e.Left && r == e.Right {
		return e
	}
	c := *e
	c.Left, c.Right = l, r
	return &c
}

func (e *Distinct) same(o Expr) bool {
	x, ok := o.(*Distinct)
	return ok && x.Not == e.Not
}

func (e *Distinct) eval(c *Context, row []value.Value) (value.Value, error) {
	l, err := e.Left.eval(c, row)
	if err != nil {
		return l, err
	}
	r, err := e.Right.eval(c, row)
	if err != nil {
		return r, err
	}
	return value.NewBool(same(l, r) == e.Not), nil
}

func (e *Distinct) apply(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBool(same(a[0], a[1]) == e.Not), nil
}
