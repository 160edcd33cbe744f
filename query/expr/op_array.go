package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// arrayOps is containment, overlap and concatenation of arrays.
func arrayOps() []Func {
	op := func(name string, l, r, ret value.Kind, strict bool, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: strict, fn: fn}
	}
	return []Func{
		op("@>", anyArray, anyArray, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(arrayIncludes(a[0], a[1])), nil
		}),
		op("<@", anyArray, anyArray, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(arrayIncludes(a[1], a[0])), nil
		}),
		op("&&", anyArray, anyArray, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(arraysOverlap(a[0], a[1])), nil
		}),
		op("||", anyCompatibleArray, anyCompatibleArray, anyCompatibleArray, false, arrayCat),
		op("||", anyCompatibleArray, anyCompatible, anyCompatibleArray, false, arrayAppend),
		op("||", anyCompatible, anyCompatibleArray, anyCompatibleArray, false, arrayPrepend),
	}
}

// arrayIncludes is a @> b: every element of b equals one of a. A NULL equals nothing.
func arrayIncludes(a, b value.Value) bool {
	all := true
	value.ArrayEach(b.Kind().Elem(), b.Bytes(), func(_ int, x value.Value) bool {
		all = !x.IsNull() && arrayHas(a, x)
		return all
	})
	return all
}

// arraysOverlap is a && b.
func arraysOverlap(a, b value.Value) bool {
	any := false
	value.ArrayEach(b.Kind().Elem(), b.Bytes(), func(_ int, x value.Value) bool {
		any = !x.IsNull() && arrayHas(a, x)
		return !any
	})
	return any
}

func appendElems(b *value.ArrayBuilder, a value.Value) {
	value.ArrayEach(a.Kind().Elem(), a.Bytes(), func(_ int, x value.Value) bool {
		b.Append(x)
		return true
	})
}

// arrayCat is array_cat: NULL with an array is the array.
func arrayCat(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return a[1], nil
	}
	if a[1].IsNull() {
		return a[0], nil
	}
	return value.ArrayConcat(a[0], a[1])
}

func arrayAppend(_ *Context, a []value.Value) (value.Value, error) {
	return arrayExtend(a[0], a[1], false)
}

func arrayPrepend(_ *Context, a []value.Value) (value.Value, error) {
	return arrayExtend(a[1], a[0], true)
}

// arrayExtend puts x at an end of an array of one dimension, which keeps its lower bound. NULL is an empty array.
func arrayExtend(array, x value.Value, front bool) (value.Value, error) {
	var b value.ArrayBuilder
	b.Reset(array.Kind().Elem())
	dims := []value.Dim{{Len: 0, Lower: 1}}
	if !array.IsNull() {
		switch d := value.ArrayDims(array.Bytes()); {
		case len(d) > 1:
			return array, sqlerr.New(sqlerr.DataException, "argument must be empty or one-dimensional array")
		case len(d) == 1:
			dims = d
		}
	}
	if front {
		if dims[0].Lower == math.MinInt32 {
			return array, sqlerr.New(sqlerr.NumericValueOutOfRange, "integer out of range")
		}
		b.Append(x)
	}
	if !array.IsNull() {
		appendElems(&b, array)
	}
	if !front {
		b.Append(x)
	}
	dims[0].Len++
	if _, err := value.CheckDims(dims); err != nil {
		return array, err
	}
	b.Shape(dims)
	return b.Value(), nil
}
