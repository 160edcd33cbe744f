package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// ArraySet is an array with a part replaced: what col becomes by SET col[i] = value, or col[i:j] = value. Binder.AssignPart
// makes it. Like PostgreSQL it takes a NULL array for an empty one.
type ArraySet struct {
	head
	Arg Expr
	// Either Index or Bounds is set.
	Index  []Expr // int4
	Bounds []SliceBounds
	Val    Expr // of the element kind, or with Bounds of the array's
}

func (e *ArraySet) children(f func(Expr)) {
	f(e.Arg)
	each(e.Index, f)
	eachBound(e.Bounds, f)
	f(e.Val)
}

func (e *ArraySet) rebuild(f func(Expr) Expr) Expr {
	a := f(e.Arg)
	index, changed1 := rebuildList(e.Index, f)
	bounds, changed2 := rebuildBounds(e.Bounds, f)
	v := f(e.Val)
	if a == e.Arg && v == e.Val && !changed1 && !changed2 {
		return e
	}
	c := *e
	c.Arg, c.Index, c.Bounds, c.Val = a, index, bounds, v
	return &c
}

func (e *ArraySet) same(o Expr) bool {
	x, ok := o.(*ArraySet)
	return ok && len(e.Index) == len(x.Index) && sameBounds(e.Bounds, x.Bounds)
}

// operands are the array, the subscripts and the value.
func (e *ArraySet) operands() []Expr {
	list := append([]Expr{e.Arg}, e.Index...)
	return append(appendOperands(list, e.Bounds), e.Val)
}

func (e *ArraySet) eval(c *Context, row []value.Value) (value.Value, error) {
	return evalApply(c, row, e.operands(), e.apply)
}

func (e *ArraySet) apply(_ *Context, a []value.Value) (value.Value, error) {
	array, subscripts, v := a[0], a[1:len(a)-1], a[len(a)-1]
	for _, x := range subscripts {
		if x.IsNull() {
			return array, sqlerr.New(sqlerr.NullValueNotAllowed, "array subscript in assignment must not be null")
		}
	}
	if array.IsNull() {
		array = value.NewArray(e.typ.Kind.Elem(), nil)
	}
	if e.Bounds != nil {
		bounds, _ := boundsOf(e.Bounds, subscripts)
		return value.ArraySetSlice(array, bounds, v)
	}
	index := make([]int, len(subscripts))
	for i, x := range subscripts {
		index[i] = int(x.Int())
	}
	return value.ArraySet(array, index, v)
}

func (e *ArraySet) String() string { return deparse(e) }

// deparse writes what no statement can say: PostgreSQL shows it in the target list of a verbose plan only.
func (e *ArraySet) deparse(d *deparser) {
	d.subscripted(e.Arg)
	d.subscripts(e.Index)
	d.bounds(e.Bounds)
	d.WriteString(" := ")
	d.expr(e.Val)
}

// JSONSubscript is Arg[Path[0]][Path[1]]... of a jsonb, and with Val what Arg becomes when Val, a jsonb, is put there.
type JSONSubscript struct {
	head
	Arg  Expr
	Path []Expr // text or int4
	Val  Expr   // nil for a look-up
}

func (e *JSONSubscript) children(f func(Expr)) {
	f(e.Arg)
	each(e.Path, f)
	if e.Val != nil {
		f(e.Val)
	}
}

func (e *JSONSubscript) rebuild(f func(Expr) Expr) Expr {
	a := f(e.Arg)
	path, changed := rebuildList(e.Path, f)
	v := e.Val
	if v != nil {
		v = f(v)
	}
	if a == e.Arg && v == e.Val && !changed {
		return e
	}
	c := *e
	c.Arg, c.Path, c.Val = a, path, v
	return &c
}

func (e *JSONSubscript) same(o Expr) bool {
	x, ok := o.(*JSONSubscript)
	return ok && (x.Val == nil) == (e.Val == nil)
}

func (e *JSONSubscript) operands() []Expr {
	list := append([]Expr{e.Arg}, e.Path...)
	if e.Val != nil {
		list = append(list, e.Val)
	}
	return list
}

func (e *JSONSubscript) eval(c *Context, row []value.Value) (value.Value, error) {
	return evalApply(c, row, e.operands(), e.apply)
}

func (e *JSONSubscript) apply(c *Context, a []value.Value) (value.Value, error) {
	doc, path := a[0], make([]string, len(e.Path))
	if e.Val == nil && doc.IsNull() {
		return doc, nil
	}
	for i, x := range a[1 : 1+len(path)] {
		switch {
		case x.IsNull() && e.Val != nil:
			return doc, sqlerr.New(sqlerr.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
		case x.IsNull():
			return value.Null(value.JSONB), nil
		}
		path[i] = outputOf(c, x)
	}
	if e.Val == nil {
		s, ok := value.JSONPath(doc.Bytes(), path)
		if !ok {
			return value.Null(value.JSONB), nil
		}
		return value.NewBytes(value.JSONB, s), nil
	}
	part := "null"
	if v := a[len(a)-1]; !v.IsNull() {
		part = v.Bytes()
	}
	if doc.IsNull() {
		empty := "{}"
		if kindOf(e.Path[0]) == value.Int4 {
			empty = "[]"
		}
		doc = value.NewBytes(value.JSONB, empty)
	}
	s, err := value.JSONAssign(doc.Bytes(), path, part)
	return value.NewBytes(value.JSONB, s), err
}

func (e *JSONSubscript) String() string { return deparse(e) }

func (e *JSONSubscript) deparse(d *deparser) {
	d.subscripted(e.Arg)
	d.subscripts(e.Path)
	if e.Val != nil {
		d.WriteString(" := ")
		d.expr(e.Val)
	}
}
