package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// arrayFuncs is the functions on arrays.
func arrayFuncs() []Func {
	i4, t, ca, c := value.Int4, value.Text, anyCompatibleArray, anyCompatible
	return []Func{
		{Name: "array_length", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayLength},
		{Name: "array_upper", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayLength},
		{Name: "array_lower", Args: kinds(anyArray, i4), Ret: i4, Strict: true, fn: arrayLower},
		{Name: "array_ndims", Args: kinds(anyArray), Ret: i4, Strict: true, fn: arrayDims},
		{Name: "cardinality", Args: kinds(anyArray), Ret: i4, Strict: true, fn: cardinality},
		{Name: "array_append", Args: kinds(ca, c), Ret: ca, fn: arrayAppend},
		{Name: "array_prepend", Args: kinds(c, ca), Ret: ca, fn: arrayPrepend},
		{Name: "array_cat", Args: kinds(ca, ca), Ret: ca, fn: arrayCat},
		{Name: "array_remove", Args: kinds(ca, c), Ret: ca, fn: arrayRemove},
		{Name: "array_replace", Args: kinds(ca, c, c), Ret: ca, fn: arrayReplace},
		{Name: "array_position", Args: kinds(ca, c), Ret: i4, fn: arrayPosition},
		{Name: "array_position", Args: kinds(ca, c, i4), Ret: i4, fn: arrayPosition},
		{Name: "array_to_string", Args: kinds(anyArray, t), Ret: t, Volatility: Stable, Strict: true, fn: arrayToString},
		{Name: "array_to_string", Args: kinds(anyArray, t, t), Ret: t, Volatility: Stable, fn: arrayToString},
		{Name: "string_to_array", Args: kinds(t, t), Ret: t.Array(), fn: stringToArray},
		{Name: "string_to_array", Args: kinds(t, t, t), Ret: t.Array(), fn: stringToArray},
	}
}

func arrayLength(_ *Context, a []value.Value) (value.Value, error) {
	n := value.ArrayLen(a[0].Bytes())
	if n == 0 || a[1].Int() != 1 {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, int64(n)), nil
}

func arrayLower(_ *Context, a []value.Value) (value.Value, error) {
	if value.ArrayLen(a[0].Bytes()) == 0 || a[1].Int() != 1 {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, 1), nil
}

func arrayDims(_ *Context, a []value.Value) (value.Value, error) {
	if value.ArrayLen(a[0].Bytes()) == 0 {
		return value.Null(value.Int4), nil
	}
	return value.NewInt(value.Int4, 1), nil
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

func arrayRemove(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return a[0], nil
	}
	var b value.ArrayBuilder
	elem := a[0].Kind().Elem()
	b.Reset(elem)
	value.ArrayEach(elem, a[0].Bytes(), func(_ int, x value.Value) bool {
		if !same(x, a[1]) {
			b.Append(x)
		}
		return true
	})
	return b.Value(), nil
}

func arrayReplace(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return a[0], nil
	}
	var b value.ArrayBuilder
	elem := a[0].Kind().Elem()
	b.Reset(elem)
	value.ArrayEach(elem, a[0].Bytes(), func(_ int, x value.Value) bool {
		if same(x, a[1]) {
			x = a[2]
		}
		b.Append(x)
		return true
	})
	return b.Value(), nil
}

func arrayPosition(_ *Context, a []value.Value) (value.Value, error) {
	pos := value.Null(value.Int4)
	if a[0].IsNull() {
		return pos, nil
	}
	from := 1
	if len(a) == 3 {
		if a[2].IsNull() {
			return pos, sqlerr.New(sqlerr.NullValueNotAllowed, "initial position must not be null")
		}
		from = int(a[2].Int())
	}
	value.ArrayEach(a[0].Kind().Elem(), a[0].Bytes(), func(i int, x value.Value) bool {
		if i+1 >= from && same(x, a[1]) {
			pos = value.NewInt(value.Int4, int64(i+1))
			return false
		}
		return true
	})
	return pos, nil
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

// stringToArray splits at a separator: into characters when it is NULL, not at all when it is empty.
func stringToArray(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Text.Array()), nil
	}
	var b value.ArrayBuilder
	b.Reset(value.Text)
	add := func(s string) {
		if len(a) == 3 && !a[2].IsNull() && s == a[2].Bytes() {
			b.Append(value.Null(value.Text))
			return
		}
		b.Append(value.NewText(s))
	}
	s := a[0].Bytes()
	switch {
	case s == "":
	case a[1].IsNull():
		for i := 0; i < len(s); {
			_, n := utf8.DecodeRuneInString(s[i:])
			add(s[i : i+n])
			i += n
		}
	case a[1].Bytes() == "":
		add(s)
	default:
		for _, part := range strings.Split(s, a[1].Bytes()) {
			add(part)
		}
	}
	return b.Value(), nil
}
