package expr

import (
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// arrayOps is containment, overlap and concatenation of arrays, and the operators of jsonb.
func arrayOps() []Func {
	op := func(name string, l, r, ret value.Kind, strict bool, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: strict, fn: fn}
	}
	j, t := value.JSONB, value.Text
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

		op("->", j, t, j, true, jsonResult(func(doc string, a value.Value) (string, bool) { return value.JSONGet(doc, a.Bytes()) })),
		op("->", j, value.Int4, j, true, jsonResult(jsonAt)),
		op("->>", j, t, t, true, jsonText(func(doc string, a value.Value) (string, bool) { return value.JSONGet(doc, a.Bytes()) })),
		op("->>", j, value.Int4, t, true, jsonText(jsonAt)),
		op("#>", j, t.Array(), j, true, jsonResult(jsonPath)),
		op("#>>", j, t.Array(), t, true, jsonText(jsonPath)),
		op("@>", j, j, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(value.JSONContains(a[0].Bytes(), a[1].Bytes())), nil
		}),
		op("<@", j, j, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(value.JSONContains(a[1].Bytes(), a[0].Bytes())), nil
		}),
		op("?", j, t, value.Bool, true, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(value.JSONExists(a[0].Bytes(), a[1].Bytes())), nil
		}),
		op("?|", j, t.Array(), value.Bool, true, jsonExistsList(false)),
		op("?&", j, t.Array(), value.Bool, true, jsonExistsList(true)),
		op("||", j, j, j, true, jsonConcat),
		op("-", j, t, j, true, nil),
		op("-", j, t.Array(), j, true, nil),
		op("-", j, value.Int4, j, true, nil),
		op("#-", j, t.Array(), j, true, nil),
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

func jsonResult(get func(doc string, arg value.Value) (string, bool)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		s, ok := get(a[0].Bytes(), a[1])
		if !ok {
			return value.Null(value.JSONB), nil
		}
		return value.NewBytes(value.JSONB, s), nil
	}
}

func jsonText(get func(doc string, arg value.Value) (string, bool)) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		s, ok := get(a[0].Bytes(), a[1])
		if ok {
			s, ok = value.JSONText(s)
		}
		if !ok {
			return value.Null(value.Text), nil
		}
		return value.NewText(s), nil
	}
}

// jsonConcat joins two objects, in which the right one wins, or the elements of both where
// one is no object; what is no array counts as one of one element.
func jsonConcat(c *Context, a []value.Value) (value.Value, error) {
	l, r := a[0].Bytes(), a[1].Bytes()
	open, end := "[", "]"
	if value.JSONTypeof(l) == "object" && value.JSONTypeof(r) == "object" {
		open, end = "{", "}"
	}
	l, r = jsonInside(l, open), jsonInside(r, open)
	sep := ""
	if l != "" && r != "" {
		sep = ","
	}
	return value.Parse(value.Of(value.JSONB), open+l+sep+r+end, c.style())
}

// jsonInside returns what is between the brackets of a document that opens so, and the document otherwise.
func jsonInside(doc, open string) string {
	if strings.HasPrefix(doc, open) {
		return strings.TrimSpace(doc[1 : len(doc)-1])
	}
	return doc
}

func jsonAt(doc string, i value.Value) (string, bool) { return value.JSONIndex(doc, int(i.Int())) }

func jsonPath(doc string, path value.Value) (string, bool) {
	keys := make([]string, 0, 8)
	null := false
	value.ArrayEach(value.Text, path.Bytes(), func(_ int, x value.Value) bool {
		null = null || x.IsNull()
		keys = append(keys, x.Bytes())
		return true
	})
	if null {
		return "", false
	}
	return value.JSONPath(doc, keys)
}

func jsonExistsList(all bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		r := all
		value.ArrayEach(value.Text, a[1].Bytes(), func(_ int, x value.Value) bool {
			if x.IsNull() {
				return true
			}
			if value.JSONExists(a[0].Bytes(), x.Bytes()) != all {
				r = !all
				return false
			}
			return true
		})
		return value.NewBool(r), nil
	}
}
