package expr

import (
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// jsonRecordSets is json_to_record and its kin, whose columns come from a column definition list.
func jsonRecordSets() []SetFunc {
	var table []SetFunc
	for _, k := range []value.Kind{value.JSON, value.JSONB} {
		table = append(table,
			SetFunc{Name: k.String() + "_to_record", Args: kinds(k), Record: jsonToRecord},
			SetFunc{Name: k.String() + "_to_recordset", Args: kinds(k), Strict: true, Record: jsonToRecordset(k, k.String()+"_to_recordset")})
	}
	return table
}

// DefineColumns gives a call of a function that returns records the columns of its column definition list; 42601 for a
// function that has columns of its own.
func (e *SetCall) DefineColumns(names []string, types []value.Type, pos int) (*SetCall, error) {
	if e.Func.Record == nil {
		return nil, sqlerr.New(sqlerr.SyntaxError, `a column definition list is only allowed for functions returning "record"`).At(pos)
	}
	fn, call := *e.Func, *e
	fn.Columns = make([]SetColumn, len(names))
	for i, n := range names {
		fn.Columns[i] = SetColumn{n, types[i].Kind}
	}
	fn.Rows = fn.Record(names, types)
	call.Func, call.Types = &fn, types
	if len(types) == 1 {
		call.typ = types[0]
	}
	return &call, nil
}

// jsonToRecord returns one row of the members of an object, without an argument one of NULLs.
func jsonToRecord(names []string, types []value.Type) setRows {
	return func(c *Context, args []value.Value) (nextRow, error) {
		done := false
		return func(row []value.Value) (bool, error) {
			if done {
				return false, nil
			}
			done = true
			if args[0].IsNull() {
				for i, t := range types {
					row[i] = value.Null(t.Kind)
				}
				return true, nil
			}
			doc, err := value.JSONDoc(args[0], true)
			if err != nil {
				return false, err
			}
			switch value.JSONTypeof(doc) {
			case "object":
			case "array":
				return false, errNoSet("cannot call populate_composite on an array")
			default:
				return false, errNoSet("cannot call populate_composite on a scalar")
			}
			return true, jsonRow(c, doc, names, types, row)
		}, nil
	}
}

// jsonToRecordset returns a row of each object of an array.
func jsonToRecordset(k value.Kind, name string) func(names []string, types []value.Type) setRows {
	return func(names []string, types []value.Type) setRows {
		return func(c *Context, args []value.Value) (nextRow, error) {
			doc, err := value.JSONDoc(args[0], true)
			if err != nil {
				return nil, err
			}
			switch what := value.JSONTypeof(doc); {
			case what == "array":
			case k == value.JSONB:
				return nil, errNoSet("cannot call %s on a non-array", name)
			case what == "object":
				return nil, errNoSet("cannot call %s on an object", name)
			default:
				return nil, errNoSet("cannot call %s on a scalar", name)
			}
			members := value.JSONMembers(doc)
			return func(row []value.Value) (bool, error) {
				_, part, ok := members.Next()
				if !ok {
					return false, nil
				}
				if part[0] != '{' {
					return false, errNoSet("argument of %s must be an array of objects", name)
				}
				return true, jsonRow(c, part, names, types, row)
			}, nil
		}
	}
}

// jsonRow fills a row with the members of an object that are named as its columns.
func jsonRow(c *Context, doc string, names []string, types []value.Type, row []value.Value) error {
	for i, name := range names {
		row[i] = value.Null(types[i].Kind)
		part, ok := value.RawJSONGet(doc, name) // of equal keys the last one counts; a jsonb has none
		if !ok {
			continue
		}
		var err error
		if row[i], err = jsonToType(part, types[i], name, c.style()); err != nil {
			return err
		}
	}
	return nil
}

// jsonToType returns a part of a json or jsonb as a value of a type: null as NULL, an array as an array, all else by way of its text. key is for
// messages.
func jsonToType(part string, t value.Type, key string, st *value.Style) (value.Value, error) {
	switch {
	case part == "null":
		return value.Null(t.Kind), nil
	case t.Kind == value.JSON || t.Kind == value.JSONB:
		return value.Parse(t, part, st)
	case t.Kind.IsArray() && part[0] != '"':
		p := jsonArrayReader{elem: elemType(t), key: key, st: st}
		return p.array(part)
	}
	text, _ := value.JSONText(part)
	return value.Parse(t, text, st)
}

// jsonArrayReader makes an array of a JSON array. How many dimensions it has is seen at the first element that is no array: those after it must
// be as deep.
type jsonArrayReader struct {
	elem  value.Type
	key   string
	st    *value.Style
	elems []value.Value
	dims  []value.Dim // lengths, 0 of those that are not known yet
	known bool        // the number of dimensions is
	at    []int       // the place in each dimension
}

func (p *jsonArrayReader) array(doc string) (value.Value, error) {
	n, err := p.level(doc, 0)
	if err != nil {
		return value.Null(p.elem.Kind.Array()), err
	}
	p.dims[0].Len = n
	total, err := value.CheckDims(p.dims)
	if err != nil || total == 0 {
		return value.NewArray(p.elem.Kind, nil), err
	}
	return value.NewShapedArray(p.elem.Kind, p.dims, p.elems), nil
}

// level reads an array of dimension depth, from 0, and returns its length.
func (p *jsonArrayReader) level(doc string, depth int) (int, error) {
	if doc[0] != '[' {
		return 0, p.expected(depth)
	}
	if !p.known {
		p.dims, p.at = append(p.dims, value.Dim{Lower: 1}), append(p.at, 0)
	}
	p.at[depth] = 0
	members := value.JSONMembers(doc)
	for first := true; ; first = false {
		_, part, ok := members.Next()
		if first && !p.known && (!ok || part[0] != '[') {
			if p.known = true; len(p.dims) > value.MaxDims {
				return 0, value.ErrTooManyDims(len(p.dims))
			}
		}
		if !ok {
			return p.at[depth], nil
		}
		if err := p.member(part, depth); err != nil {
			return 0, err
		}
		p.at[depth]++
	}
}

// member reads an element, or an array of the next dimension.
func (p *jsonArrayReader) member(part string, depth int) error {
	if p.known && depth == len(p.dims)-1 {
		v, err := jsonToType(part, p.elem, p.key, p.st)
		p.elems = append(p.elems, v)
		return err
	}
	seen := p.known // not the first array of its dimension
	n, err := p.level(part, depth+1)
	if err != nil {
		return err
	}
	if d := &p.dims[depth+1]; !seen {
		d.Len = n
	} else if d.Len != n {
		return sqlerr.New(sqlerr.InvalidTextRepresentation, "malformed JSON array").
			WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	return nil
}

// expected is the complaint that no array stands at the current place of dimension depth.
func (p *jsonArrayReader) expected(depth int) error {
	e := sqlerr.New(sqlerr.InvalidTextRepresentation, "expected JSON array")
	if depth == 0 {
		return e.WithHint("See the value of key %q.", p.key)
	}
	var at strings.Builder
	for _, i := range p.at[:depth] {
		fmt.Fprintf(&at, "[%d]", i)
	}
	return e.WithHint("See the array element %s of key %q.", at.String(), p.key)
}
