package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Subscript is Arg[Index[0]][Index[1]]...: an element of an array, NULL where it has none.
type Subscript struct {
	head
	Arg   Expr
	Index []Expr // int4
}

func (e *Subscript) children(f func(Expr)) { f(e.Arg); each(e.Index, f) }

func (e *Subscript) rebuild(f func(Expr) Expr) Expr {
	a := f(e.Arg)
	index, changed := rebuildList(e.Index, f)
	if a == e.Arg && !changed {
		return e
	}
	c := *e
	c.Arg, c.Index = a, index
	return &c
}

func (e *Subscript) same(o Expr) bool { _, ok := o.(*Subscript); return ok }

func (e *Subscript) operands() []Expr { return append([]Expr{e.Arg}, e.Index...) }

func (e *Subscript) eval(c *Context, row []value.Value) (value.Value, error) {
	return evalApply(c, row, e.operands(), e.apply)
}

func (e *Subscript) apply(_ *Context, a []value.Value) (value.Value, error) {
	var buf [value.MaxDims]int
	index := buf[:0]
	for _, v := range a {
		if v.IsNull() {
			return value.Null(e.typ.Kind), nil
		}
	}
	for _, v := range a[1:] {
		index = append(index, int(v.Int()))
	}
	return value.ArrayAt(a[0], index), nil
}

func (e *Subscript) String() string { return deparse(e) }

// evalApply evaluates operands over a row and applies fn to their values. A nil operand has the untyped NULL.
func evalApply(c *Context, row []value.Value, operands []Expr, fn impl) (value.Value, error) {
	args := c.push(len(operands))
	defer c.pop(len(operands))
	for i, x := range operands {
		if x == nil {
			args[i] = value.Value{}
			continue
		}
		v, err := x.eval(c, row)
		if err != nil {
			return v, err
		}
		args[i] = v
	}
	return fn(c, args)
}

// Slice is Arg[Bounds[0]][Bounds[1]]...: the part of an array within bounds.
type Slice struct {
	head
	Arg    Expr
	Bounds []SliceBounds
}

// SliceBounds is [Lower:Upper]; either is nil where it is not written.
type SliceBounds struct{ Lower, Upper Expr } // int4

func (e *Slice) children(f func(Expr)) {
	f(e.Arg)
	eachBound(e.Bounds, f)
}

func eachBound(bounds []SliceBounds, f func(Expr)) {
	for _, b := range bounds {
		if b.Lower != nil {
			f(b.Lower)
		}
		if b.Upper != nil {
			f(b.Upper)
		}
	}
}

func rebuildBounds(bounds []SliceBounds, f func(Expr) Expr) ([]SliceBounds, bool) {
	out := make([]SliceBounds, len(bounds))
	changed := false
	for i, b := range bounds {
		out[i] = b
		if b.Lower != nil {
			out[i].Lower = f(b.Lower)
		}
		if b.Upper != nil {
			out[i].Upper = f(b.Upper)
		}
		changed = changed || out[i] != b
	}
	if !changed {
		return bounds, false
	}
	return out, true
}

// sameBounds compares which bounds are written.
func sameBounds(a, b []SliceBounds) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i].Lower == nil) != (b[i].Lower == nil) || (a[i].Upper == nil) != (b[i].Upper == nil) {
			return false
		}
	}
	return true
}

func (e *Slice) rebuild(f func(Expr) Expr) Expr {
	a := f(e.Arg)
	bounds, changed := rebuildBounds(e.Bounds, f)
	if a == e.Arg && !changed {
		return e
	}
	c := *e
	c.Arg, c.Bounds = a, bounds
	return &c
}

func (e *Slice) same(o Expr) bool {
	x, ok := o.(*Slice)
	return ok && sameBounds(e.Bounds, x.Bounds)
}

func (e *Slice) operands() []Expr { return appendOperands([]Expr{e.Arg}, e.Bounds) }

// appendOperands appends the bounds that are written.
func appendOperands(list []Expr, bounds []SliceBounds) []Expr {
	eachBound(bounds, func(x Expr) { list = append(list, x) })
	return list
}

func (e *Slice) eval(c *Context, row []value.Value) (value.Value, error) {
	return evalApply(c, row, e.operands(), e.apply)
}

func (e *Slice) apply(_ *Context, a []value.Value) (value.Value, error) {
	bounds, ok := boundsOf(e.Bounds, a[1:])
	if a[0].IsNull() || !ok {
		return value.Null(e.typ.Kind), nil
	}
	return value.ArraySlice(a[0], bounds), nil
}

// boundsOf returns the values of the bounds, which a has of those that are written; false when one is NULL.
func boundsOf(bounds []SliceBounds, a []value.Value) ([]value.Bounds, bool) {
	out := make([]value.Bounds, len(bounds))
	take := func(x Expr) (n int, missing, null bool) {
		if x == nil {
			return 0, true, false
		}
		v := a[0]
		a = a[1:]
		return int(v.Int()), false, v.IsNull()
	}
	for i, b := range bounds {
		var null1, null2 bool
		out[i].Lower, out[i].NoLower, null1 = take(b.Lower)
		out[i].Upper, out[i].NoUpper, null2 = take(b.Upper)
		if null1 || null2 {
			return nil, false
		}
	}
	return out, true
}

func (e *Slice) String() string { return deparse(e) }

// subscripted writes what subscripts stand behind.
func (d *deparser) subscripted(arg Expr) {
	if _, ok := arg.(*Column); ok {
		d.expr(arg)
		return
	}
	d.WriteString("(")
	d.expr(arg)
	d.WriteString(")")
}

func (d *deparser) subscripts(index []Expr) {
	for _, x := range index {
		d.WriteString("[")
		d.expr(x)
		d.WriteString("]")
	}
}

func (d *deparser) bounds(bounds []SliceBounds) {
	for _, b := range bounds {
		d.WriteString("[")
		if b.Lower != nil {
			d.expr(b.Lower)
		}
		d.WriteString(":")
		if b.Upper != nil {
			d.expr(b.Upper)
		}
		d.WriteString("]")
	}
}

func (e *Subscript) deparse(d *deparser) {
	d.subscripted(e.Arg)
	d.subscripts(e.Index)
}

func (e *Slice) deparse(d *deparser) {
	d.subscripted(e.Arg)
	d.bounds(e.Bounds)
}
