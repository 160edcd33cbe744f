package expr

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonOps is the operators of json and jsonb.
func jsonOps() []Func {
	op := func(name string, l, r, ret value.Kind, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Strict: true, fn: fn}
	}
	j, b, t, i4, texts := value.JSON, value.JSONB, value.Text, value.Int4, value.Text.Array()
	table := []Func{
		op("@>", b, b, value.Bool, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(value.JSONContains(a[0].Bytes(), a[1].Bytes())), nil
		}),
		op("<@", b, b, value.Bool, func(_ *Context, a []value.Value) (value.Value, error) {
			return value.NewBool(value.JSONContains(a[1].Bytes(), a[0].Bytes())), nil
		}),
		op("?", b, t, value.Bool, jsonExists),
		op("?|", b, texts, value.Bool, jsonExistsList(false)),
		op("?&", b, texts, value.Bool, jsonExistsList(true)),
		op("||", b, b, b, jsonConcat),
		op("-", b, t, b, jsonDelete),
		op("-", b, texts, b, jsonDeleteList),
		op("-", b, i4, b, jsonDeleteAt),
		op("#-", b, texts, b, jsonDeletePath),
	}
	for _, k := range []value.Kind{j, b} {
		table = append(table,
			op("->", k, t, k, jsonStep(jsonMember, k)),
			op("->", k, i4, k, jsonStep(jsonElement, k)),
			op("->>", k, t, t, jsonStep(jsonMember, t)),
			op("->>", k, i4, t, jsonStep(jsonElement, t)),
			op("#>", k, texts, k, jsonStep(jsonPath, k)),
			op("#>>", k, texts, t, jsonStep(jsonPath, t)))
	}
	return table
}

// jsonStep is an operator that goes from a json or jsonb to a part of it: returned as it is, or as a text.
func jsonStep(get func(doc string, k value.Kind, arg value.Value) (string, bool), ret value.Kind) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		doc, err := value.JSONDoc(a[0], true)
		if err != nil {
			return value.Null(ret), err
		}
		part, ok := get(doc, a[0].Kind(), a[1])
		return jsonPart(part, ok, ret), nil
	}
}

// jsonPart returns a part of a document, when it is there, as a json, a jsonb or a text.
func jsonPart(part string, ok bool, ret value.Kind) value.Value {
	if ok && ret == value.Text {
		part, ok = value.JSONText(part)
	}
	if !ok {
		return value.Null(ret)
	}
	return value.NewBytes(ret, part)
}

func jsonMember(doc string, k value.Kind, key value.Value) (string, bool) {
	if k == value.JSON {
		return value.RawJSONGet(doc, key.Bytes())
	}
	return value.JSONGet(doc, key.Bytes())
}

func jsonElement(doc string, k value.Kind, i value.Value) (string, bool) {
	if k == value.JSON {
		return value.RawJSONIndex(doc, int(i.Int()))
	}
	return value.JSONIndex(doc, int(i.Int()))
}

// jsonPath follows a path; there is nothing at the end of one with a NULL.
func jsonPath(doc string, k value.Kind, path value.Value) (string, bool) {
	keys, null := pathOf(path)
	switch {
	case null > 0:
		return "", false
	case k == value.JSON:
		return value.RawJSONPath(doc, keys)
	}
	return value.JSONPath(doc, keys)
}

// pathOf returns the elements of a text[], and the number, from 1, of the first that is NULL, 0 without.
func pathOf(path value.Value) (keys []string, null int) {
	value.ArrayEach(value.Text, path.Bytes(), func(i int, x value.Value) bool {
		if x.IsNull() && null == 0 {
			null = i + 1
		}
		keys = append(keys, x.Bytes())
		return true
	})
	return keys, null
}

// jsonConcat joins two objects, in which the right one wins, or the elements of both where
// one is no object; what is no array counts as one of one element.
func jsonConcat(_ *Context, a []value.Value) (value.Value, error) {
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
	return value.NewJSONB(open + l + sep + r + end)
}

// jsonInside returns what is between the brackets of a document that opens so, and the document otherwise.
func jsonInside(doc, open string) string {
	if strings.HasPrefix(doc, open) {
		return strings.TrimSpace(doc[1 : len(doc)-1])
	}
	return doc
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

func jsonDelete(_ *Context, a []value.Value) (value.Value, error) {
	doc, err := value.JSONWithout(a[0].Bytes(), func(key string) bool { return key == a[1].Bytes() })
	return value.NewBytes(value.JSONB, doc), err
}

func jsonDeleteList(_ *Context, a []value.Value) (value.Value, error) {
	if err := oneDimension(a[1]); err != nil {
		return a[0], err
	}
	drop := make(map[string]bool)
	value.ArrayEach(value.Text, a[1].Bytes(), func(_ int, x value.Value) bool {
		if !x.IsNull() {
			drop[x.Bytes()] = true
		}
		return true
	})
	doc, err := value.JSONWithout(a[0].Bytes(), func(key string) bool { return drop[key] })
	return value.NewBytes(value.JSONB, doc), err
}

func oneDimension(array value.Value) error {
	if value.ArrayNDims(array.Bytes()) > 1 {
		return sqlerr.New(sqlerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	return nil
}

func jsonDeleteAt(_ *Context, a []value.Value) (value.Value, error) {
	doc, err := value.JSONWithoutIndex(a[0].Bytes(), int(a[1].Int()))
	return value.NewBytes(value.JSONB, doc), err
}

func jsonDeletePath(_ *Context, a []value.Value) (value.Value, error) {
	return jsonChange(a[0], a[1], "", value.JSONDelete)
}

// jsonChange changes a jsonb at a path; part is the new value.
func jsonChange(doc, path value.Value, part string, change value.JSONChange) (value.Value, error) {
	if err := oneDimension(path); err != nil {
		return doc, err
	}
	switch s := doc.Bytes(); {
	case s[0] != '{' && s[0] != '[':
		what := "set"
		if change == value.JSONDelete {
			what = "delete"
		}
		return doc, sqlerr.New(sqlerr.InvalidParameterValue, "cannot %s path in scalar", what)
	case (s == "{}" || s == "[]") && (change == value.JSONReplace || change == value.JSONDelete):
		return doc, nil
	}
	keys, null := pathOf(path)
	if len(keys) == 0 {
		return doc, nil
	}
	s, err := value.JSONSetPath(doc.Bytes(), keys, null, part, change)
	return value.NewBytes(value.JSONB, s), err
}

// jsonExists is jsonb ? text.
func jsonExists(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBool(value.JSONExists(a[0].Bytes(), a[1].Bytes())), nil
}
