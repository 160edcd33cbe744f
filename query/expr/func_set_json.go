package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonSets is the functions on json and jsonb that return rows.
func jsonSets() []SetFunc {
	t := value.Text
	var table []SetFunc
	for _, k := range []value.Kind{value.JSON, value.JSONB} {
		name := k.String()
		pair := func(v value.Kind) []SetColumn { return []SetColumn{{"key", t}, {"value", v}} }
		table = append(table,
			SetFunc{Name: name + "_each", Args: kinds(k), Columns: pair(k), Strict: true, Rows: jsonEach(k, name+"_each", k)},
			SetFunc{Name: name + "_each_text", Args: kinds(k), Columns: pair(t), Strict: true, Rows: jsonEach(k, name+"_each_text", t)},
			SetFunc{Name: name + "_array_elements", Args: kinds(k), Columns: []SetColumn{{"value", k}}, Strict: true,
				Rows: jsonElements(k, name+"_array_elements", k)},
			SetFunc{Name: name + "_array_elements_text", Args: kinds(k), Columns: []SetColumn{{"value", t}}, Strict: true,
				Rows: jsonElements(k, name+"_array_elements_text", t)},
			SetFunc{Name: name + "_object_keys", Args: kinds(k), Columns: []SetColumn{{Kind: t}}, Strict: true,
				Rows: jsonKeys(name + "_object_keys")})
	}
	return table
}

// setRows is SetFunc.Rows.
type setRows = func(c *Context, args []value.Value) (next func(row []value.Value) (bool, error), err error)

// errNoSet is 22023, the complaint of a function about what it is called with.
func errNoSet(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, format, args...)
}

// jsonEach returns the pairs of an object, the value as a json, a jsonb or a text.
func jsonEach(k value.Kind, name string, ret value.Kind) setRows {
	return func(_ *Context, args []value.Value) (nextRow, error) {
		doc, err := value.JSONDoc(args[0], true)
		if err != nil {
			return nil, err
		}
		switch what := value.JSONTypeof(doc); {
		case what == "object":
		case k == value.JSONB:
			return nil, errNoSet("cannot call %s on a non-object", name)
		case what == "array":
			return nil, errNoSet("cannot deconstruct an array as an object")
		default:
			return nil, errNoSet("cannot deconstruct a scalar")
		}
		members := value.JSONMembers(doc)
		return func(row []value.Value) (bool, error) {
			key, part, ok := members.Next()
			if ok {
				row[0], row[1] = value.NewText(key), jsonPart(part, true, ret)
			}
			return ok, nil
		}, nil
	}
}

// jsonElements returns the elements of an array.
func jsonElements(k value.Kind, name string, ret value.Kind) setRows {
	return func(_ *Context, args []value.Value) (nextRow, error) {
		doc, err := value.JSONDoc(args[0], ret == value.Text)
		if err != nil {
			return nil, err
		}
		switch what := value.JSONTypeof(doc); {
		case what == "array":
		case what == "object" && k == value.JSONB:
			return nil, errNoSet("cannot extract elements from an object")
		case k == value.JSONB:
			return nil, errNoSet("cannot extract elements from a scalar")
		case what == "object":
			return nil, errNoSet("cannot call %s on a non-array", name)
		default:
			return nil, errNoSet("cannot call %s on a scalar", name)
		}
		members := value.JSONMembers(doc)
		return func(row []value.Value) (bool, error) {
			_, part, ok := members.Next()
			if ok {
				row[0] = jsonPart(part, true, ret)
			}
			return ok, nil
		}, nil
	}
}

// jsonKeys returns the keys of an object, of a json repeated ones too.
func jsonKeys(name string) setRows {
	return func(_ *Context, args []value.Value) (nextRow, error) {
		doc, err := value.JSONDoc(args[0], true)
		if err != nil {
			return nil, err
		}
		switch value.JSONTypeof(doc) {
		case "object":
		case "array":
			return nil, errNoSet("cannot call %s on an array", name)
		default:
			return nil, errNoSet("cannot call %s on a scalar", name)
		}
		members := value.JSONMembers(doc)
		return func(row []value.Value) (bool, error) {
			key, _, ok := members.Next()
			row[0] = value.NewText(key)
			return ok, nil
		}, nil
	}
}
