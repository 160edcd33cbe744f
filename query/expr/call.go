package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Func is one overload of a function or an operator. Immutable; the registry
// owns all of them, so that pointers identify overloads.
type Func struct {
	Name string // the function's name; of an operator, its implementation's
	// Op is the operator's name, "" for a function.
	Op string
	// Args are the argument kinds, pseudo kinds (anyelement ...) included. With Variadic the
	// last one may repeat, also zero times.
	Args     []value.Kind
	Variadic bool
	Ret      value.Kind
	// Names are the arguments' names, for calls with name => value; nil when they have none. Defaults are the values
	// of the last arguments when they are not given.
	Names    []string
	Defaults []value.Value
	// Volatility and Strict as in pg_proc: a strict function is NULL when an
	// argument is, and is not called.
	Volatility Volatility
	Strict     bool
	// kernel is the vectorised form, if it has one.
	kernel kernel
	// fn computes it; args are valid during the call only. nil for an overload that
	// takes part in resolution but is refused with 0A000.
	fn impl
	// overArray is the form of a variadic function that f(VARIADIC array) calls.
	overArray *Func
	// expands says that this is such a form.
	expands bool
}

// impl computes a function over its arguments.
type impl = func(c *Context, args []value.Value) (value.Value, error)

// kernel names the vectorised form of a function.
type kernel uint8

const (
	noKernel kernel = iota
	compareKernel
	addKernel
	subKernel
	mulKernel
	likeKernel // LIKE, ILIKE and the regular expressions: one pattern is kept compiled
)

// Call is a call of a function or an operator. Arguments have the kinds of
// Func.Args; those of a variadic function are spread.
type Call struct {
	head
	Func *Func
	Args []Expr
	// form is how it was written, for deparsing.
	form callForm
}

type callForm uint8

const (
	formPlain callForm = iota // name(args), or the operator
	formSQL                   // special syntax, e.g. EXTRACT(x FROM y)
)

func (e *Call) children(f func(Expr)) { each(e.Args, f) }

func (e *Call) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

func (e *Call) same(o Expr) bool {
	x, ok := o.(*Call)
	return ok && x.Func == e.Func
}

func (e *Call) eval(c *Context, row []value.Value) (value.Value, error) {
	args := c.push(len(e.Args))
	defer c.pop(len(e.Args))
	null := false
	for i, a := range e.Args {
		v, err := a.eval(c, row)
		if err != nil {
			return value.Value{}, err
		}
		null = null || v.IsNull()
		args[i] = v
	}
	if null && e.Func.Strict {
		return value.Null(e.typ.Kind), nil
	}
	return e.apply(c, args)
}

// apply calls the implementation with arguments that suit Strict.
func (e *Call) apply(c *Context, args []value.Value) (value.Value, error) {
	return e.Func.fn(c, args)
}

// Commuted is the operator with its operands exchanged ("<" for ">"), "" when
// there is none.
func (f *Func) Commuted() string { return commuted[f.Op] }

// Negated is the operator that is true where this one is false, "" when there is none.
func (f *Func) Negated() string { return negated[f.Op] }

var commuted = map[string]string{"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>", "&&": "&&"}

var negated = map[string]string{
	"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
	"~~": "!~~", "!~~": "~~", "~~*": "!~~*", "!~~*": "~~*", "~": "!~", "!~": "~", "~*": "!~*", "!~*": "~*",
}

func each(list []Expr, f func(Expr)) {
	for _, e := range list {
		f(e)
	}
}

func rebuildList(list []Expr, f func(Expr) Expr) ([]Expr, bool) {
	var out []Expr
	for i, e := range list {
		r := f(e)
		if r != e && out == nil {
			out = append(make([]Expr, 0, len(list)), list[:i]...)
		}
		if out != nil {
			out = append(out, r)
		}
	}
	if out == nil {
		return list, false
	}
	return out, true
}
