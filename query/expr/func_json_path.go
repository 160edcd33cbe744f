package expr

import (
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/jsonquery"
)

// jsonPathFuncs is the functions that run a SQL/JSON path, with and without the session's time zone.
func jsonPathFuncs() []Func {
	b := value.JSONB
	args := kinds(b, value.Jsonpath, b, value.Bool)
	names := []string{"target", "path", "vars", "silent"}
	defaults := []value.Value{value.NewBytes(b, "{}"), value.NewBool(false)}
	var table []Func
	for _, zone := range []bool{false, true} {
		suffix, volatility := "", Immutable
		if zone {
			suffix, volatility = "_tz", Stable
		}
		add := func(name string, ret value.Kind, fn func(r pathRun) (value.Value, error)) {
			table = append(table, Func{Name: name + suffix, Args: args, Ret: ret, Names: names, Defaults: defaults, Volatility: volatility, Strict: true,
				fn: func(c *Context, a []value.Value) (value.Value, error) { return fn(newPathRun(c, a, zone)) }})
		}
		add("jsonb_path_exists", value.Bool, pathRun.exists)
		add("jsonb_path_match", value.Bool, pathRun.match)
		add("jsonb_path_query_array", b, pathRun.queryArray)
		add("jsonb_path_query_first", b, pathRun.queryFirst)
	}
	return table
}

// jsonPathOps is @? and @@, which suppress errors.
func jsonPathOps() []Func {
	op := func(name string, fn func(r pathRun) (value.Value, error)) Func {
		return Func{Name: name, Op: name, Args: kinds(value.JSONB, value.Jsonpath), Ret: value.Bool, Strict: true,
			fn: func(c *Context, a []value.Value) (value.Value, error) {
				return fn(pathRun{c: c, doc: a[0], path: a[1], options: jsonquery.Options{Silent: true}})
			}}
	}
	return []Func{op("@?", pathRun.exists), op("@@", pathRun.match)}
}

// jsonPathSets is jsonb_path_query.
func jsonPathSets() []SetFunc {
	b := value.JSONB
	all := kinds(b, value.Jsonpath, b, value.Bool)
	var table []SetFunc
	for _, zone := range []bool{false, true} {
		name, volatility := "jsonb_path_query", Immutable
		if zone {
			name, volatility = name+"_tz", Stable
		}
		rows := func(c *Context, a []value.Value) (nextRow, error) {
			items, _, err := newPathRun(c, a, zone).query()
			return rowsOf(items), err
		}
		for n := 2; n <= 4; n++ {
			table = append(table, SetFunc{Name: name, Args: all[:n], Columns: []SetColumn{{Kind: b}}, Volatility: volatility, Strict: true, Rows: rows})
		}
	}
	return table
}

// pathRun is one call of a function that runs a path.
type pathRun struct {
	c         *Context
	doc, path value.Value
	options   jsonquery.Options
}

// newPathRun takes the arguments of a function: document, path, variables, silent; the last two may be missing.
func newPathRun(c *Context, a []value.Value, zone bool) pathRun {
	r := pathRun{c: c, doc: a[0], path: a[1], options: jsonquery.Options{Vars: "{}"}}
	if len(a) > 2 {
		r.options.Vars = a[2].Bytes()
	}
	if len(a) > 3 {
		r.options.Silent = a[3].Bool()
	}
	if zone {
		r.options.Style = c.style()
	}
	return r
}

// parsed returns the path, from the context's memory if it can.
func (r pathRun) parsed() (*jsonpath.Path, error) {
	text := r.path.Bytes()
	if r.c.path != nil && r.c.pathText == text {
		return r.c.path, nil
	}
	p, err := value.JSONPathOf(r.path)
	if err == nil {
		r.c.path, r.c.pathText = p, text
	}
	return p, err
}

func (r pathRun) query() (items []value.Value, failed bool, err error) {
	p, err := r.parsed()
	if err != nil {
		return nil, false, err
	}
	r.options.Interrupted = r.c.ctx().Err
	docs, failed, err := jsonquery.Query(p, r.doc.Bytes(), r.options)
	for _, d := range docs {
		items = append(items, value.NewBytes(value.JSONB, d))
	}
	return items, failed, err
}

func (r pathRun) exists() (value.Value, error) {
	p, err := r.parsed()
	if err != nil {
		return value.Null(value.Bool), err
	}
	r.options.Interrupted = r.c.ctx().Err
	found, failed, err := jsonquery.Exists(p, r.doc.Bytes(), r.options)
	if err != nil || failed {
		return value.Null(value.Bool), err
	}
	return value.NewBool(found), nil
}

// match returns the one truth value that a path gives; NULL when silent and it gives anything else.
func (r pathRun) match() (value.Value, error) {
	items, _, err := r.query()
	if err != nil {
		return value.Null(value.Bool), err
	}
	if len(items) == 1 {
		switch items[0].Bytes() {
		case "true", "false":
			return value.NewBool(items[0].Bytes() == "true"), nil
		case "null":
			return value.Null(value.Bool), nil
		}
	}
	if !r.options.Silent {
		return value.Null(value.Bool), sqlerr.New(sqlerr.SingletonSQLJSONItemRequired, "single boolean result is expected")
	}
	return value.Null(value.Bool), nil
}

func (r pathRun) queryArray() (value.Value, error) {
	items, _, err := r.query()
	if err != nil {
		return value.Null(value.JSONB), err
	}
	return jsonBuildArray(value.JSONB)(r.c, items)
}

func (r pathRun) queryFirst() (value.Value, error) {
	items, _, err := r.query()
	if err != nil || len(items) == 0 {
		return value.Null(value.JSONB), err
	}
	return items[0], nil
}
