package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// AnyAll is Left Op ANY (Array), or ALL. Op compares Left's kind with the
// array's elements and returns boolean.
type AnyAll struct {
	head
	Op    *Func
	All   bool
	Left  Expr
	Array Expr
}

func (e *AnyAll) children(f func(Expr)) { f(e.Left); f(e.Array) }

func (e *AnyAll) rebuild(f func(Expr) Expr) Expr {
	l, a := f(e.Left), f(e.Array)
	if l == e.Left && a == e.Array {
		return e
	}
	c := *e
	c.Left, c.Array = l, a
	return &c
}

func (e *AnyAll) same(o Expr) bool {
	x, ok := o.(*AnyAll)
	return ok && x.Op == e.Op && x.All == e.All
}

func (e *AnyAll) eval(c *Context, row []value.Value) (value.Value, error) {
	l, err := e.Left.eval(c, row)
	if err != nil {
		return l, err
	}
	a, err := e.Array.eval(c, row)
	if err != nil {
		return a, err
	}
	return e.apply(c, l, a)
}

func (e *AnyAll) apply(c *Context, l, a value.Value) (value.Value, error) {
	null := value.Null(value.Bool)
	if a.IsNull() {
		return null, nil
	}
	elem := kindOf(e.Array).Elem()
	args := c.push(2)
	defer c.pop(2)
	sawNull := false
	decided := false
	var err error
	if l.IsNull() {
		if value.ArrayLen(a.Bytes()) == 0 {
			return value.NewBool(e.All), nil
		}
		return null, nil
	}
	value.ArrayEach(elem, a.Bytes(), func(_ int, v value.Value) bool {
		if v.IsNull() {
			sawNull = true
			return true
		}
		args[0], args[1] = l, v
		var r value.Value
		if r, err = e.Op.fn(c, args); err != nil {
			return false
		}
		switch {
		case r.IsNull():
			sawNull = true
		case r.Bool() != e.All:
			decided = true
			return false
		}
		return true
	})
	switch {
	case err != nil:
		return null, err
	case decided:
		return value.NewBool(!e.All), nil
	case sawNull:
		return null, nil
	}
	return value.NewBool(e.All), nil
}

// asList returns Left = ANY (array) and Left <> ALL (array) over a constant array as an
// InList, nil when it is not one.
func (e *AnyAll) asList() Expr {
	k, ok := e.Array.(*Const)
	if !ok || e.Op.kernel != compareKernel || e.All != (e.Op.Op == "<>") || !e.All && e.Op.Op != "=" {
		return nil
	}
	if k.Val.IsNull() {
		return NewConst(value.Null(value.Bool), boolType, e.pos)
	}
	var list []Expr
	elem := kindOf(e.Array).Elem()
	value.ArrayEach(elem, k.Val.Bytes(), func(_ int, v value.Value) bool {
		list = append(list, NewConst(v, value.Of(elem), k.pos))
		return true
	})
	if len(list) == 0 {
		if keepsOperand([]Expr{e.Left}) {
			return nil
		}
		return NewConst(value.NewBool(e.All), boolType, e.pos)
	}
	return NewInList(e.Left, list, e.All, e.pos)
}

// Contains is Arg CONTAINS Elem, a word of Cachalot's: whether the array has an
// element equal to Elem. Unlike Elem = ANY (Arg), elements that are NULL do not make the
// answer NULL: it is NULL only when Arg or Elem is.
type Contains struct {
	head
	Arg  Expr
	Elem Expr // of the element kind of Arg
	Not  bool
}

func (e *Contains) children(f func(Expr)) { f(e.Arg); f(e.Elem) }

func (e *Contains) rebuild(f func(Expr) Expr) Expr {
	a, v := f(e.Arg), f(e.Elem)
	if a == e.Arg && v == e.Elem {
		return e
	}
	c := *e
	c.Arg, c.Elem = a, v
	return &c
}

func (e *Contains) same(o Expr) bool {
	x, ok := o.(*Contains)
	return ok && x.Not == e.Not
}

func (e *Contains) eval(c *Context, row []value.Value) (value.Value, error) {
	a, err := e.Arg.eval(c, row)
	if err != nil {
		return a, err
	}
	v, err := e.Elem.eval(c, row)
	if err != nil {
		return v, err
	}
	if a.IsNull() || v.IsNull() {
		return value.Null(value.Bool), nil
	}
	return value.NewBool(arrayHas(a, v) != e.Not), nil
}

func (e *Contains) apply(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBool(arrayHas(a[0], a[1]) != e.Not), nil
}

// arrayHas says whether an element of a equals v.
func arrayHas(a, v value.Value) bool {
	found := false
	elem := a.Kind().Elem()
	switch {
	case elem.Rep() == value.RepInt:
		n := v.Int()
		value.ArrayEach(elem, a.Bytes(), func(_ int, x value.Value) bool {
			found = x.Int() == n && !x.IsNull()
			return !found
		})
	case bytesAreValue(elem):
		s := v.Bytes()
		value.ArrayEach(elem, a.Bytes(), func(_ int, x value.Value) bool {
			found = x.Bytes() == s && !x.IsNull()
			return !found
		})
	default:
		value.ArrayEach(elem, a.Bytes(), func(_ int, x value.Value) bool {
			found = !x.IsNull() && value.Equal(x, v)
			return !found
		})
	}
	return found
}
