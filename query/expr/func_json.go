package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonFuncs is the functions on json and jsonb, but for those that make documents (func_json_build.go) and those that return sets.
func jsonFuncs() []Func {
	j, b, t, texts, yes := value.JSON, value.JSONB, value.Text, value.Text.Array(), value.Bool
	set := []string{"jsonb_in", "path", "replacement", "create_if_missing", "null_value_treatment"}
	insert := []string{"jsonb_in", "path", "replacement", "insert_after"}
	create := value.NewBool(true)
	table := []Func{
		// What ?, ?| and ?& call, for clients whose placeholders are question marks.
		{Name: "jsonb_exists", Args: kinds(b, t), Ret: yes, Strict: true, fn: jsonExists},
		{Name: "jsonb_exists_any", Args: kinds(b, texts), Ret: yes, Strict: true, fn: jsonExistsList(false)},
		{Name: "jsonb_exists_all", Args: kinds(b, texts), Ret: yes, Strict: true, fn: jsonExistsList(true)},
		{Name: "json_strip_nulls", Args: kinds(j), Ret: j, Strict: true, fn: jsonStripNulls(j)},
		{Name: "jsonb_strip_nulls", Args: kinds(b), Ret: b, Strict: true, fn: jsonStripNulls(b)},
		{Name: "jsonb_pretty", Args: kinds(b), Ret: t, Strict: true, fn: text1(value.JSONPretty)},
		{Name: "jsonb_set", Args: kinds(b, texts, b, yes), Ret: b, Names: set[:4], Defaults: []value.Value{create}, Strict: true, fn: jsonSet},
		{Name: "jsonb_set_lax", Args: kinds(b, texts, b, yes, t), Ret: b, Names: set,
			Defaults: []value.Value{create, value.NewText("use_json_null")}, fn: jsonSetLax},
		{Name: "jsonb_insert", Args: kinds(b, texts, b, yes), Ret: b, Names: insert, Defaults: []value.Value{value.NewBool(false)},
			Strict: true, fn: jsonInsert},
		{Name: "jsonb_concat", Args: kinds(b, b), Ret: b, Strict: true, fn: jsonConcat},
	}
	for k, name := range map[value.Kind]string{j: "json", b: "jsonb"} {
		table = append(table,
			Func{Name: name + "_typeof", Args: kinds(k), Ret: t, Strict: true, fn: jsonTypeof},
			Func{Name: name + "_array_length", Args: kinds(k), Ret: value.Int4, Strict: true, fn: jsonArrayLength},
			Func{Name: name + "_extract_path", Args: kinds(k, t), Variadic: true, Ret: k, Strict: true, fn: jsonExtract(k)},
			Func{Name: name + "_extract_path_text", Args: kinds(k, t), Variadic: true, Ret: t, Strict: true, fn: jsonExtract(t)})
	}
	return table
}

func jsonTypeof(_ *Context, a []value.Value) (value.Value, error) {
	doc, err := value.JSONDoc(a[0], false)
	return value.NewText(value.JSONTypeof(doc)), err
}

func jsonArrayLength(_ *Context, a []value.Value) (value.Value, error) {
	doc, err := value.JSONDoc(a[0], false)
	if err != nil {
		return value.Null(value.Int4), err
	}
	n, err := value.JSONArrayLength(doc)
	return value.NewInt(value.Int4, int64(n)), err
}

// jsonExtract is #> and #>> with the path as arguments.
func jsonExtract(ret value.Kind) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		doc, err := value.JSONDoc(a[0], true)
		if err != nil {
			return value.Null(ret), err
		}
		path, ok := make([]string, len(a)-1), true
		for i, v := range a[1:] {
			path[i], ok = v.Bytes(), ok && !v.IsNull()
		}
		switch {
		case !ok:
		case a[0].Kind() == value.JSON:
			doc, ok = value.RawJSONPath(doc, path)
		default:
			doc, ok = value.JSONPath(doc, path)
		}
		return jsonPart(doc, ok, ret), nil
	}
}

func jsonStripNulls(k value.Kind) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		doc, err := value.JSONDoc(a[0], true)
		if err != nil {
			return value.Null(k), err
		}
		blank := ""
		if k == value.JSONB {
			blank = " "
		}
		return value.NewBytes(k, value.JSONStripNulls(doc, blank)), nil
	}
}

func jsonSet(_ *Context, a []value.Value) (value.Value, error) {
	change := value.JSONReplace
	if a[3].Bool() {
		change = value.JSONCreate
	}
	return jsonChange(a[0], a[1], a[2].Bytes(), change)
}

// jsonSetLax is jsonb_set that is told what to do with a new value that is NULL.
func jsonSetLax(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() || a[1].IsNull() || a[3].IsNull() {
		return value.Null(value.JSONB), nil
	}
	treatment := a[4].Bytes()
	switch {
	case a[4].IsNull():
	case !a[2].IsNull():
		return jsonSet(c, a[:4])
	case treatment == "raise_exception":
		return a[0], sqlerr.New(sqlerr.NullValueNotAllowed, "JSON value must not be null").
			WithDetail(`Exception was raised because null_value_treatment is "raise_exception".`).
			WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
	case treatment == "use_json_null":
		return jsonSet(c, []value.Value{a[0], a[1], value.NewBytes(value.JSONB, "null"), a[3]})
	case treatment == "delete_key":
		return jsonDeletePath(c, a[:2])
	case treatment == "return_target":
		return a[0], nil
	}
	return a[0], sqlerr.New(sqlerr.InvalidParameterValue,
		`null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
}

func jsonInsert(_ *Context, a []value.Value) (value.Value, error) {
	change := value.JSONInsertBefore
	if a[3].Bool() {
		change = value.JSONInsertAfter
	}
	return jsonChange(a[0], a[1], a[2].Bytes(), change)
}
