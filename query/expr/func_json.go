package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonFuncs is the functions on jsonb.
func jsonFuncs() []Func {
	j, t := value.JSONB, value.Text
	return []Func{
		{Name: "jsonb_typeof", Args: kinds(j), Ret: t, Strict: true, fn: text1(value.JSONTypeof)},
		{Name: "jsonb_array_length", Args: kinds(j), Ret: value.Int4, Strict: true, fn: jsonArrayLength},
		{Name: "jsonb_extract_path", Args: kinds(j, t), Variadic: true, Ret: j, Strict: true, fn: jsonExtract},
		{Name: "jsonb_extract_path_text", Args: kinds(j, t), Variadic: true, Ret: t, Strict: true, fn: jsonExtractText},
		{Name: "to_jsonb", Args: kinds(anyElement), Ret: j, Volatility: Stable, Strict: true, fn: toJSONB},
		{Name: "jsonb_build_object", Args: kinds(anyKind), Variadic: true, Ret: j, Volatility: Stable, fn: jsonBuildObject},
		{Name: "jsonb_build_object", Ret: j, fn: jsonBuildObject},
		{Name: "jsonb_build_array", Args: kinds(anyKind), Variadic: true, Ret: j, Volatility: Stable, fn: jsonBuildArray},
		{Name: "jsonb_build_array", Ret: j, fn: jsonBuildArray},
	}
}

func jsonArrayLength(_ *Context, a []value.Value) (value.Value, error) {
	n, err := value.JSONArrayLength(a[0].Bytes())
	return value.NewInt(value.Int4, int64(n)), err
}

func pathOf(a []value.Value) []string {
	path := make([]string, len(a))
	for i, v := range a {
		path[i] = v.Bytes()
	}
	return path
}

func jsonExtract(_ *Context, a []value.Value) (value.Value, error) {
	s, ok := value.JSONPath(a[0].Bytes(), pathOf(a[1:]))
	if !ok {
		return value.Null(value.JSONB), nil
	}
	return value.NewBytes(value.JSONB, s), nil
}

func jsonExtractText(_ *Context, a []value.Value) (value.Value, error) {
	s, ok := value.JSONPath(a[0].Bytes(), pathOf(a[1:]))
	if ok {
		s, ok = value.JSONText(s)
	}
	if !ok {
		return value.Null(value.Text), nil
	}
	return value.NewText(s), nil
}

func toJSONB(c *Context, a []value.Value) (value.Value, error) {
	return value.NewBytes(value.JSONB, string(value.ToJSONB(nil, a[0], c.style()))), nil
}

// jsonBuildObject writes the object as text and lets jsonb's input sort the keys and drop repeats.
func jsonBuildObject(c *Context, a []value.Value) (value.Value, error) {
	if len(a)%2 != 0 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "argument list must have even number of elements").
			WithHint("The arguments of jsonb_build_object() must consist of alternating keys and values.")
	}
	b := []byte{'{'}
	for i := 0; i < len(a); i += 2 {
		if a[i].IsNull() {
			return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "argument %d: key must not be null", i+1)
		}
		if k := a[i].Kind(); k.IsArray() || k == value.JSONB {
			return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "key value must be scalar, not array, composite, or json")
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = value.JSONQuote(b, jsonKey(c, a[i]))
		b = append(b, ':')
		b = value.ToJSONB(b, a[i+1], c.style())
	}
	return value.Parse(value.Of(value.JSONB), string(append(b, '}')), c.style())
}

// jsonKey returns a scalar as the key of an object: its output, but for boolean.
func jsonKey(c *Context, v value.Value) string {
	if v.Kind() == value.Bool {
		return textOf(c, v)
	}
	return outputOf(c, v)
}

func jsonBuildArray(c *Context, a []value.Value) (value.Value, error) {
	b := []byte{'['}
	for i, v := range a {
		if i > 0 {
			b = append(b, ',')
		}
		b = value.ToJSONB(b, v, c.style())
	}
	return value.Parse(value.Of(value.JSONB), string(append(b, ']')), c.style())
}
