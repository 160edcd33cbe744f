package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// SetFunc is one overload of a function that returns rows: in FROM, or in a select list. The tables are in
// func_set_*.go. Immutable.
type SetFunc struct {
	Name string
	// Args are the argument kinds, pseudo kinds included. With Variadic the last one may repeat.
	Args     []value.Kind
	Variadic bool
	// Names and Defaults are as in Func.
	Names    []string
	Defaults []value.Value
	// Columns are the result's; one without a name goes by the function's.
	Columns    []SetColumn
	Volatility Volatility
	// Strict says that a NULL argument gives no rows.
	Strict bool
	// Rows starts a computation. next fills row, which has a place a column, with the next row's values
	// and returns false when there are no more. args are valid until the last next.
	Rows func(c *Context, args []value.Value) (next func(row []value.Value) (bool, error), err error)
	// Record returns Rows for the columns of a column definition list, of a function that returns records: it has
	// neither Columns nor Rows of its own. See SetCall.DefineColumns.
	Record func(names []string, types []value.Type) setRows
}

// SetColumn is a column of a SetFunc; its kind may be a pseudo kind.
type SetColumn struct {
	Name string
	Kind value.Kind
}

// SetCall is a call of a set-returning function. In a select list the planner takes it
// out of the expression, as it does with aggregates: it cannot be evaluated.
type SetCall struct {
	head
	Func  *SetFunc
	Args  []Expr
	Types []value.Type // of the columns
}

func (e *SetCall) children(f func(Expr)) { each(e.Args, f) }

func (e *SetCall) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

func (e *SetCall) same(o Expr) bool {
	x, ok := o.(*SetCall)
	return ok && x.Func == e.Func
}

func (e *SetCall) eval(*Context, []value.Value) (value.Value, error) {
	return value.Value{}, sqlerr.New(sqlerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set").At(e.pos)
}

func (e *SetCall) String() string { return deparse(e) }

func (e *SetCall) deparse(d *deparser) {
	d.WriteString(e.Func.Name + "(")
	d.list(e.Args, ", ")
	d.WriteString(")")
}

// Start evaluates the arguments over a row and starts the computation; a nil next has no rows.
func (e *SetCall) Start(c *Context, row []value.Value) (next func(row []value.Value) (bool, error), err error) {
	if e.Func.Rows == nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "could not determine row type for result of %s", e.Func.Name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	args := make([]value.Value, len(e.Args))
	for i, a := range e.Args {
		if args[i], err = a.eval(c, row); err != nil {
			return nil, err
		}
		if e.Func.Strict && args[i].IsNull() {
			return nil, nil
		}
	}
	return e.Func.Rows(c, args)
}

// ColumnName returns the name of a column of the result.
func (f *SetFunc) ColumnName(i int) string {
	if n := f.Columns[i].Name; n != "" {
		return n
	}
	return f.Name
}

// IsSetFunction says whether a set-returning function has the name.
func IsSetFunction(name string) bool { return len(registry.sets[name]) > 0 }

// HasSetCall says whether e contains a call of a set-returning function.
func HasSetCall(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*SetCall); ok {
			found = true
		}
		return !found
	})
	return found
}

// callSet binds a call of a set-returning function.
func (b *Binder) callSet(name string, given arguments, pos int) (Expr, error) {
	args := given.exprs
	actual := kindsOf(args)
	list := given.setCandidates(name)
	c, ok := exact(list, actual)
	if !ok {
		var out outcome
		if c, out = choose(list, actual); out != found {
			return nil, callError(out, given.signature(name), pos)
		}
	}
	fn := c.fn.(*SetFunc)
	if given.variadic && fn.Variadic {
		return nil, sqlerr.NotSupported("VARIADIC of a set-returning function is not supported").At(pos)
	}
	x := &SetCall{head: head{value.Of(value.Unknown), pos}, Func: fn}
	kinds := c.args
	for _, col := range fn.Columns {
		ks, ret, ok := polymorphic(c.args, col.Kind, actual)
		if !ok {
			return nil, functionError(notFound, name, actual, pos)
		}
		kinds = ks
		x.Types = append(x.Types, value.Of(ret))
	}
	if undeterminedIn(c.args, kinds) {
		return nil, errUndetermined(pos)
	}
	args, err := b.convertArgs(args, kinds)
	if err != nil {
		return nil, err
	}
	x.Args = slices.Clone(c.arrange(args))
	if x.typ = value.Of(value.Record); len(x.Types) == 1 {
		x.typ = x.Types[0]
	}
	return x, nil
}

// AsRecord returns the call as one whose rows are records of its columns: what a function of several columns is in a select list.
func (e *SetCall) AsRecord() *SetCall {
	names := make([]string, len(e.Types))
	for i := range names {
		names[i] = e.Func.ColumnName(i)
	}
	fn, call := *e.Func, *e
	fn.Columns = []SetColumn{{Kind: value.Record}}
	fn.Rows = func(c *Context, args []value.Value) (nextRow, error) {
		next, err := e.Func.Rows(c, args)
		if err != nil || next == nil {
			return nil, err
		}
		fields := make([]value.Value, len(names))
		return func(row []value.Value) (bool, error) {
			ok, err := next(fields)
			if ok {
				row[0] = value.NewRecord(names, fields)
			}
			return ok, err
		}, nil
	}
	call.Func, call.Types = &fn, []value.Type{value.Of(value.Record)}
	return &call
}
