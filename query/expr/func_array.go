package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// arrayFuncs is the functions on arrays.
func arrayFuncs() []Func {
	i4, t, ca, c, ints := value.Int4, value.Text, anyCompatibleArray, anyCompatible, value.Int4.Array()
	return []Func{
		{Name: "array_length", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayLength},
		{Name: "array_upper", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayUpper},
		{Name: "array_lower", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayLower},
		{Name: "array_ndims", Args: kinds(anyArray), Ret: i4, Strict: true, fn: arrayNDims},
		{Name: "array_dims", Args: kinds(anyArray), Ret: t, Strict: true, fn: arrayDims},
		{Name: "cardinality", Args: kinds(anyArray), Ret: i4, Strict: true, fn: cardinality},
		{Name: "array_append", Args: kinds(ca, c), Ret: ca, fn: arrayAppend},
		{Name: "array_prepend", Args: kinds(c, ca), Ret: ca, fn: arrayPrepend},
		{Name: "array_cat", Args: kinds(ca, ca), Ret: ca, fn: arrayCat},
		{Name: "array_remove", Args: kinds(ca, c), Ret: ca, fn: arrayRemove},
		{Name: "array_replace", Args: kinds(ca, c, c), Ret: ca, fn: arrayReplace},
		{Name: "array_position", Args: kinds(ca, c), Ret: i4, fn: arrayPosition},
		{Name: "array_position", Args: kinds(ca, c, i4), Ret: i4, fn: arrayPosition},
		{Name: "array_positions", Args: kinds(ca, c), Ret: ints, fn: arrayPositions},
		{Name: "array_fill", Args: kinds(anyElement, ints), Ret: anyArray, fn: arrayFill},
		{Name: "array_fill", Args: kinds(anyElement, ints, ints), Ret: anyArray, fn: arrayFill},
		{Name: "trim_array", Args: kinds(anyArray, i4), Ret: anyArray, Strict: true, fn: trimArray},
		{Name: "array_larger", Args: kinds(anyArray, anyArray), Ret: anyArray, Strict: true, fn: arrayLarger(1)},
		{Name: "array_smaller", Args: kinds(anyArray, anyArray), Ret: anyArray, Strict: true, fn: arrayLarger(-1)},
		{Name: "array_to_string", Args: kinds(anyArray, t), Ret: t, Volatility: Stable, Strict: true, fn: arrayToString},
		{Name: "array_to_string", Args: kinds(anyArray, t, t), Ret: t, Volatility: Stable, fn: arrayToString},
		{Name: "string_to_array", Args: kinds(t, t), Ret: t.Array(), fn: stringToArray},
		{Name: "string_to_array", Args: kinds(t, t, t), Ret: t.Array(), fn: stringToArray},
	}
}

// dimOf returns dimension n, from 1, of an array; false when it has not so many.
func dimOf(array value.Value, n int64) (value.Dim, bool) {
	dims := value.ArrayDims(array.Bytes())
	if n < 1 || n > int64(len(dims)) {
		return value.Dim{}, false
	}
	return dims[n-1], true
}

func arrayLength(_ *Context, a []value.Value) (value.Value, error) {
	d, ok := dimOf(a[0], a[1].Int())
	if !ok {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(d.Len)), nil
}

func arrayUpper(_ *Context, a []value.Value) (value.Value, error) {
	d, ok := dimOf(a[0], a[1].Int())
	if !ok {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(d.Lower+d.Len-1)), nil
}

func arrayLower(_ *Context, a []value.Value) (value.Value, error) {
	d, ok := dimOf(a[0], a[1].Int())
	if !ok {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(d.Lower)), nil
}

func arrayNDims(_ *Context, a []value.Value) (value.Value, error) {
	n := value.ArrayNDims(a[0].Bytes())
	if n == 0 {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(n)), nil
}

func arrayDims(_ *Context, a []value.Value) (value.Value, error) {
	dims := value.ArrayDims(a[0].Bytes())
	if len(dims) == 0 {
		return value.Null(value.Text), nil
	}
	return value.NewText(value.FormatDims(dims)), nil
}

func cardinality(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewInt(value.Int4, int64(value.ArrayLen(a[0].Bytes()))), nil
}

// same is IS NOT DISTINCT FROM.
func same(x, y value.Value) bool {
	if x.IsNull() || y.IsNull() {
		return x.IsNull() == y.IsNull()
	}
	return value.Equal(x, y)
}

// needEquality refuses elements that have no equality.
func needEquality(elem value.Kind) error {
	if elem.Comparable() {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "could not identify an equality operator for type %s", elem)
}

func arrayRemove(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return a[0], nil
	}
	dims := value.ArrayDims(a[0].Bytes())
	elem := a[0].Kind().Elem()
	if err := needEquality(elem); err != nil {
		return a[0], err
	}
	if len(dims) > 1 {
		return a[0], sqlerr.NotSupported("removing elements from multidimensional arrays is not supported")
	}
	var b value.ArrayBuilder
	b.Reset(elem)
	value.ArrayEach(elem, a[0].Bytes(), func(_ int, x value.Value) bool {
		if !same(x, a[1]) {
			b.Append(x)
		}
		return true
	})
	if len(dims) == 1 {
		dims[0].Len = b.Len()
	}
	b.Shape(dims)
	return b.Value(), nil
}

func arrayReplace(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return a[0], nil
	}
	elem := a[0].Kind().Elem()
	if err := needEquality(elem); err != nil {
		return a[0], err
	}
	var b value.ArrayBuilder
	b.Reset(elem)
	value.ArrayEach(elem, a[0].Bytes(), func(_ int, x value.Value) bool {
		if same(x, a[1]) {
			x = a[2]
		}
		b.Append(x)
		return true
	})
	b.Shape(value.ArrayDims(a[0].Bytes()))
	return b.Value(), nil
}

// eachPosition calls f with the number of each element that is not distinct from x, until it returns false. The array is not NULL.
func eachPosition(array, x value.Value, f func(n int) bool) error {
	dims := value.ArrayDims(array.Bytes())
	elem := array.Kind().Elem()
	switch {
	case len(dims) > 1:
		return sqlerr.NotSupported("searching for elements in multidimensional arrays is not supported")
	case len(dims) == 0:
		return nil
	}
	if err := needEquality(elem); err != nil {
		return err
	}
	value.ArrayEach(elem, array.Bytes(), func(i int, y value.Value) bool {
		return !same(y, x) || f(dims[0].Lower+i)
	})
	return nil
}

func arrayPosition(_ *Context, a []value.Value) (value.Value, error) {
	pos := value.Null(value.Int4)
	if a[0].IsNull() {
		return pos, nil
	}
	searches := value.ArrayLen(a[0].Bytes()) > 0 && value.ArrayNDims(a[0].Bytes()) == 1 && (!a[1].IsNull() || value.ArrayHasNull(a[0].Bytes()))
	if searches && len(a) == 3 && a[2].IsNull() {
		return pos, sqlerr.New(sqlerr.NullValueNotAllowed, "initial position must not be null")
	}
	err := eachPosition(a[0], a[1], func(n int) bool {
		if len(a) == 3 && int64(n) < a[2].Int() {
			return true
		}
		pos = value.NewInt(value.Int4, int64(n))
		return false
	})
	return pos, err
}

func arrayPositions(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Int4.Array()), nil
	}
	var b value.ArrayBuilder
	b.Reset(value.Int4)
	err := eachPosition(a[0], a[1], func(n int) bool {
		b.Append(value.NewInt(value.Int4, int64(n)))
		return true
	})
	return b.Value(), err
}

// arrayFill is array_fill: the value, the lengths of the dimensions, and their lower bounds.
func arrayFill(_ *Context, a []value.Value) (value.Value, error) {
	for _, list := range a[1:] {
		if list.IsNull() {
			return list, sqlerr.New(sqlerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
		}
	}
	lens, err := dimensionList(a[1])
	if err != nil {
		return a[1], err
	}
	if len(lens) > value.MaxDims {
		return a[1], value.ErrTooManyDims(len(lens))
	}
	dims := make([]value.Dim, len(lens))
	for i, n := range lens {
		dims[i] = value.Dim{Len: n, Lower: 1}
	}
	if len(a) == 3 {
		lowers, err := dimensionList(a[2])
		if err != nil {
			return a[2], err
		}
		if len(lowers) != len(lens) {
			return a[2], errDimensionList("Low bound array has different size than dimensions array.")
		}
		for i, n := range lowers {
			dims[i].Lower = n
		}
	}
	n, err := value.CheckDims(dims)
	if err != nil {
		return a[1], err
	}
	var b value.ArrayBuilder
	b.Reset(a[0].Kind())
	for range n {
		b.Append(a[0])
	}
	b.Shape(dims)
	return b.Value(), nil
}

// dimensionList returns the numbers of an array of one dimension.
func dimensionList(array value.Value) ([]int, error) {
	if value.ArrayNDims(array.Bytes()) > 1 {
		return nil, errDimensionList("Dimension array must be one dimensional.")
	}
	if value.ArrayHasNull(array.Bytes()) {
		return nil, sqlerr.New(sqlerr.NullValueNotAllowed, "dimension values cannot be null")
	}
	var list []int
	value.ArrayEach(value.Int4, array.Bytes(), func(_ int, x value.Value) bool {
		list = append(list, int(x.Int()))
		return true
	})
	return list, nil
}

func errDimensionList(detail string) error {
	return sqlerr.New(sqlerr.ArraySubscriptError, "wrong number of array subscripts").WithDetail("%s", detail)
}

func trimArray(_ *Context, a []value.Value) (value.Value, error) {
	d, _ := dimOf(a[0], 1)
	n := a[1].Int()
	if n < 0 || n > int64(d.Len) {
		return a[0], sqlerr.New(sqlerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", d.Len)
	}
	if d.Len == 0 {
		return a[0], nil
	}
	return value.ArraySlice(a[0], []value.Bounds{{NoLower: true, Upper: d.Lower + d.Len - int(n) - 1}}), nil
}

// arrayLarger returns the first of two arrays when Compare puts it on the side of sign, and the second otherwise.
func arrayLarger(sign int) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		if value.Compare(a[0], a[1]) == sign {
			return a[0], nil
		}
		return a[1], nil
	}
}

func arrayToString(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return value.Null(value.Text), nil
	}
	var b strings.Builder
	first := true
	value.ArrayEach(a[0].Kind().Elem(), a[0].Bytes(), func(_ int, x value.Value) bool {
		text := ""
		switch {
		case !x.IsNull():
			text = outputOf(c, x)
		case len(a) < 3 || a[2].IsNull():
			return true
		default:
			text = a[2].Bytes()
		}
		if !first {
			b.WriteString(a[1].Bytes())
		}
		first = false
		b.WriteString(text)
		return true
	})
	return value.NewText(b.String()), nil
}

// stringToArray splits at a separator. A third argument is the text that stands for NULL.
func stringToArray(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Text.Array()), nil
	}
	var b value.ArrayBuilder
	b.Reset(value.Text)
	splitText(a, func(v value.Value) { b.Append(v) })
	return b.Value(), nil
}

// splitText calls add with the parts of the text a[0], which is not NULL, between separators a[1]: its characters when that is NULL, the whole
// when it is empty. Parts equal to a[2], when there is one, are NULL.
func splitText(a []value.Value, add func(value.Value)) {
	part := func(s string) {
		if len(a) == 3 && !a[2].IsNull() && s == a[2].Bytes() {
			add(value.Null(value.Text))
			return
		}
		add(value.NewText(s))
	}
	s := a[0].Bytes()
	switch {
	case s == "":
	case a[1].IsNull():
		for i := 0; i < len(s); {
			_, n := utf8.DecodeRuneInString(s[i:])
			part(s[i : i+n])
			i += n
		}
	case a[1].Bytes() == "":
		part(s)
	default:
		for p := range strings.SplitSeq(s, a[1].Bytes()) {
			part(p)
		}
	}
}
