package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonBuildFuncs is the functions that make a json or jsonb of other values.
func jsonBuildFuncs() []Func {
	j, b, texts := value.JSON, value.JSONB, value.Text.Array()
	table := []Func{
		{Name: "row_to_json", Args: kinds(value.Record), Ret: j, Volatility: Stable, Strict: true, fn: toJSON},
		{Name: "row_to_json", Args: kinds(value.Record, value.Bool), Ret: j, Volatility: Stable, Strict: true, fn: toPrettyJSON},
		{Name: "to_json", Args: kinds(anyElement), Ret: j, Volatility: Stable, Strict: true, fn: toJSON},
		{Name: "to_jsonb", Args: kinds(anyElement), Ret: b, Volatility: Stable, Strict: true, fn: toJSONB},
		{Name: "array_to_json", Args: kinds(anyArray), Ret: j, Volatility: Stable, Strict: true, fn: toJSON},
		{Name: "array_to_json", Args: kinds(anyArray, value.Bool), Ret: j, Volatility: Stable, Strict: true, fn: toPrettyJSON},
	}
	for k, name := range map[value.Kind]string{j: "json", b: "jsonb"} {
		object, array := jsonBuildObject(k), jsonBuildArray(k)
		table = append(table,
			Func{Name: name + "_build_object", Args: kinds(anyKind), Variadic: true, Ret: k, Volatility: Stable, fn: object},
			Func{Name: name + "_build_object", Ret: k, Volatility: Stable, fn: object},
			Func{Name: name + "_build_array", Args: kinds(anyKind), Variadic: true, Ret: k, Volatility: Stable, fn: array},
			Func{Name: name + "_build_array", Ret: k, Volatility: Stable, fn: array},
			Func{Name: name + "_object", Args: kinds(texts), Ret: k, Strict: true, fn: jsonObject(k)},
			Func{Name: name + "_object", Args: kinds(texts, texts), Ret: k, Strict: true, fn: jsonObject(k)})
	}
	return table
}

func toJSON(c *Context, a []value.Value) (value.Value, error) {
	return value.NewBytes(value.JSON, string(value.ToJSON(nil, a[0], c.style()))), nil
}

func toPrettyJSON(c *Context, a []value.Value) (value.Value, error) {
	if !a[1].Bool() {
		return toJSON(c, a)
	}
	return value.NewBytes(value.JSON, string(value.ToPrettyJSON(nil, a[0], c.style()))), nil
}

func toJSONB(c *Context, a []value.Value) (value.Value, error) {
	return value.NewJSONB(string(value.ToJSONB(nil, a[0], c.style())))
}

// jsonWriter writes a json or jsonb of a list of values. A json has the blanks that PostgreSQL's functions write; a jsonb is normalised at the end, which
// sorts the keys and drops repeated ones.
type jsonWriter struct {
	kind value.Kind
	c    *Context
	buf  []byte
}

// value appends v as to_json does.
func (w *jsonWriter) value(v value.Value) {
	if w.kind == value.JSON {
		w.buf = value.ToJSON(w.buf, v, w.c.style())
	} else {
		w.buf = value.ToJSONB(w.buf, v, w.c.style())
	}
}

// key appends v, which is not NULL, as a key: 22023 when it is no scalar.
func (w *jsonWriter) key(v value.Value) error {
	switch k := v.Kind(); {
	case k.IsArray(), k == value.JSON, k == value.JSONB, k == value.Record:
		return sqlerr.New(sqlerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
	case k == value.Bool:
		w.buf = value.JSONQuote(w.buf, textOf(w.c, v))
	case k == value.Date, k == value.Timestamp, k == value.Timestamptz:
		w.buf = value.ToJSON(w.buf, v, w.c.style()) // a string in ISO 8601
	default:
		w.buf = value.JSONQuote(w.buf, outputOf(w.c, v))
	}
	return nil
}

func (w *jsonWriter) text(s string) { w.buf = append(w.buf, s...) }

// result returns the document.
func (w *jsonWriter) result() (value.Value, error) {
	if w.kind == value.JSONB {
		return value.NewJSONB(string(w.buf))
	}
	return value.NewBytes(value.JSON, string(w.buf)), nil
}

// jsonBuildObject is json_build_object and jsonb_build_object: keys and values by turns.
func jsonBuildObject(k value.Kind) impl {
	return func(c *Context, a []value.Value) (value.Value, error) {
		if len(a)%2 != 0 {
			return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "argument list must have even number of elements").
				WithHint("The arguments of %s_build_object() must consist of alternating keys and values.", k)
		}
		w := jsonWriter{kind: k, c: c}
		w.text("{")
		for i := 0; i < len(a); i += 2 {
			if a[i].IsNull() {
				return value.Value{}, errNullKey(k, i+1)
			}
			if i > 0 {
				w.text(", ")
			}
			if err := w.key(a[i]); err != nil {
				return value.Value{}, err
			}
			w.text(" : ")
			w.value(a[i+1])
		}
		w.text("}")
		return w.result()
	}
}

func errNullKey(k value.Kind, arg int) error {
	if k == value.JSONB {
		return sqlerr.New(sqlerr.InvalidParameterValue, "argument %d: key must not be null", arg)
	}
	return sqlerr.New(sqlerr.InvalidParameterValue, "argument %d cannot be null", arg).WithHint("Object keys should be text.")
}

func jsonBuildArray(k value.Kind) impl {
	return func(c *Context, a []value.Value) (value.Value, error) {
		w := jsonWriter{kind: k, c: c}
		w.text("[")
		for i, v := range a {
			if i > 0 {
				w.text(", ")
			}
			w.value(v)
		}
		w.text("]")
		return w.result()
	}
}

// jsonObject is json_object and jsonb_object: of an array of keys and values by turns, one of pairs, or one of keys and one of values.
func jsonObject(k value.Kind) impl {
	return func(c *Context, a []value.Value) (value.Value, error) {
		keys, vals, err := objectPairs(a)
		if err != nil {
			return value.Value{}, err
		}
		w := jsonWriter{kind: k, c: c}
		w.text("{")
		for i, key := range keys {
			if key.IsNull() {
				return value.Value{}, sqlerr.New(sqlerr.NullValueNotAllowed, "null value not allowed for object key")
			}
			if i > 0 {
				w.text(", ")
			}
			w.buf = value.JSONQuote(w.buf, key.Bytes())
			w.text(" : ")
			w.value(vals[i])
		}
		w.text("}")
		return w.result()
	}
}

func objectPairs(a []value.Value) (keys, vals []value.Value, err error) {
	if len(a) == 2 {
		switch n, m := value.ArrayNDims(a[0].Bytes()), value.ArrayNDims(a[1].Bytes()); {
		case n > 1 || n != m:
			return nil, nil, sqlerr.New(sqlerr.ArraySubscriptError, "wrong number of array subscripts")
		case value.ArrayLen(a[0].Bytes()) != value.ArrayLen(a[1].Bytes()):
			return nil, nil, sqlerr.New(sqlerr.ArraySubscriptError, "mismatched array dimensions")
		}
		return value.ArrayElems(a[0]), value.ArrayElems(a[1]), nil
	}
	dims := value.ArrayDims(a[0].Bytes())
	switch {
	case len(dims) > 2:
		return nil, nil, sqlerr.New(sqlerr.ArraySubscriptError, "wrong number of array subscripts")
	case len(dims) == 2 && dims[1].Len != 2:
		return nil, nil, sqlerr.New(sqlerr.ArraySubscriptError, "array must have two columns")
	case len(dims) == 1 && dims[0].Len%2 != 0:
		return nil, nil, sqlerr.New(sqlerr.ArraySubscriptError, "array must have even number of elements")
	}
	for i, v := range value.ArrayElems(a[0]) {
		if i%2 == 0 {
			keys = append(keys, v)
		} else {
			vals = append(vals, v)
		}
	}
	return keys, vals, nil
}
