package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// ArrayCtor is ARRAY[Elems]; elements have the array's element kind, or with Nested the array's own kind.
type ArrayCtor struct {
	head
	Elems  []Expr
	Nested bool
}

func (e *ArrayCtor) children(f func(Expr)) { each(e.Elems, f) }

func (e *ArrayCtor) rebuild(f func(Expr) Expr) Expr {
	elems, changed := rebuildList(e.Elems, f)
	if !changed {
		return e
	}
	c := *e
	c.Elems = elems
	return &c
}

func (e *ArrayCtor) same(o Expr) bool {
	x, ok := o.(*ArrayCtor)
	return ok && x.Nested == e.Nested
}

func (e *ArrayCtor) eval(c *Context, row []value.Value) (value.Value, error) {
	args := c.push(len(e.Elems))
	defer c.pop(len(e.Elems))
	for i, x := range e.Elems {
		v, err := x.eval(c, row)
		if err != nil {
			return v, err
		}
		args[i] = v
	}
	return e.apply(c, args)
}

func (e *ArrayCtor) apply(_ *Context, a []value.Value) (value.Value, error) {
	if !e.Nested {
		return value.NewArray(e.typ.Kind.Elem(), a), nil
	}
	return nestArrays(e.typ.Kind, a, func() error {
		return sqlerr.New(sqlerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
	})
}

// nestArrays makes an array of a kind whose first dimension's members are the arrays of list. They must have one shape, or all
// be empty or NULL, which gives an empty one; mismatch is the error otherwise.
func nestArrays(k value.Kind, list []value.Value, mismatch func() error) (value.Value, error) {
	var b value.ArrayBuilder
	b.Reset(k.Elem())
	var shape []value.Dim
	empty := false
	for _, v := range list {
		if v.IsNull() || value.ArrayLen(v.Bytes()) == 0 {
			empty = true
			continue
		}
		dims := value.ArrayDims(v.Bytes())
		switch {
		case shape == nil:
			if shape = dims; len(dims) >= value.MaxDims {
				return value.Value{}, value.ErrTooManyDims(len(dims) + 1)
			}
		case !slices.Equal(shape, dims):
			return value.Value{}, mismatch()
		}
		appendElems(&b, v)
	}
	if shape == nil {
		return b.Value(), nil
	}
	if empty {
		return value.Value{}, mismatch()
	}
	dims := append([]value.Dim{{Len: len(list), Lower: 1}}, shape...)
	if _, err := value.CheckDims(dims); err != nil {
		return value.Value{}, err
	}
	b.Shape(dims)
	return b.Value(), nil
}

// ArrayOfRows returns the value of ARRAY(subquery) from the values of its column, which are of kind elem: an array of them,
// or of arrays one with a dimension more.
func ArrayOfRows(elem value.Kind, list []value.Value) (value.Value, error) {
	if !elem.IsArray() {
		return value.NewArray(elem, list), nil
	}
	return accumulateArrays(elem, list)
}

// accumulateArrays is array_agg of arrays: like nestArrays, but neither NULLs nor empty arrays are taken.
func accumulateArrays(k value.Kind, list []value.Value) (value.Value, error) {
	mismatch := func() error {
		return sqlerr.New(sqlerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	for i, v := range list {
		switch {
		case v.IsNull():
			return value.Value{}, sqlerr.New(sqlerr.NullValueNotAllowed, "cannot accumulate null arrays")
		case value.ArrayLen(v.Bytes()) > 0:
		case i == 0:
			return value.Value{}, sqlerr.New(sqlerr.ArraySubscriptError, "cannot accumulate empty arrays")
		default:
			return value.Value{}, mismatch()
		}
	}
	return nestArrays(k, list, mismatch)
}
