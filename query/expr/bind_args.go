package expr

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// arguments are those of a call as they were written: by place, then by name.
type arguments struct {
	exprs []Expr
	names []string // by argument, "" for one by place; nil when all are
	// variadic says that the last one is an array whose elements are the arguments from there on.
	variadic bool
}

// bindArguments binds the arguments of a call.
func (b *Binder) bindArguments(e *ast.FuncCall) (arguments, error) {
	list := make([]ast.Expr, len(e.Args))
	a := arguments{variadic: e.Variadic}
	for i, x := range e.Args {
		list[i] = x
		n, named := x.(*ast.NamedArg)
		switch {
		case named && slices.Contains(a.names, n.Name):
			return a, sqlerr.New(sqlerr.SyntaxError, "argument name %q used more than once", n.Name).At(n.Pos())
		case named:
			if a.names == nil {
				a.names = make([]string, len(e.Args))
			}
			a.names[i], list[i] = n.Name, n.Arg
		case a.names != nil:
			return a, sqlerr.New(sqlerr.SyntaxError, "positional argument cannot follow named argument").At(x.Pos())
		}
	}
	var err error
	a.exprs, err = b.bindList(list)
	return a, err
}

func hasNamedArgument(e *ast.FuncCall) bool {
	return slices.ContainsFunc(e.Args, func(x ast.Expr) bool {
		_, named := x.(*ast.NamedArg)
		return named
	})
}

// signature describes the call for messages: f(integer, name => text).
func (a arguments) signature(name string) string {
	list := strings.Split(kindNames(kindsOf(a.exprs)), ", ")
	for i, n := range a.names {
		if n != "" {
			list[i] = n + " => " + list[i]
		}
	}
	return name + "(" + strings.Join(list, ", ") + ")"
}

// candidates returns the overloads of a function that a call can mean by number and names of arguments.
func (a arguments) candidates(name string) []candidate {
	var list []candidate
	for _, fn := range registry.functions[name] {
		if a.variadic && fn.Variadic {
			fn = fn.overArray
		}
		p := parameters{fn.Args, fn.Variadic, fn.Names, fn.Defaults}
		if c, ok := p.candidate(fn, len(a.exprs), a.names); ok {
			list = append(list, c)
		}
	}
	return list
}

// setCandidates is candidates of the set-returning functions.
func (a arguments) setCandidates(name string) []candidate {
	var list []candidate
	for _, fn := range registry.sets[name] {
		p := parameters{fn.Args, fn.Variadic, fn.Names, fn.Defaults}
		if c, ok := p.candidate(fn, len(a.exprs), a.names); ok {
			list = append(list, c)
		}
	}
	return list
}

// parameters are what a function is declared with.
type parameters struct {
	args     []value.Kind
	variadic bool
	names    []string
	defaults []value.Value // of the last ones
}

// candidate returns fn, which has the parameters p, as a candidate for n arguments, some of them by name.
func (p parameters) candidate(fn any, n int, names []string) (candidate, bool) {
	if names == nil && (n == len(p.args) || p.variadic) {
		declared, ok := spread(p.args, p.variadic, n)
		return candidate{fn: fn, args: declared, variadic: p.variadic}, ok
	}
	if n > len(p.args) || p.variadic {
		return candidate{}, false
	}
	c := candidate{fn: fn, args: make([]value.Kind, n), place: make([]int, n), rest: make([]value.Value, len(p.args))}
	given := make([]bool, len(p.args))
	for i := range n {
		at := i
		if names != nil && names[i] != "" {
			at = slices.Index(p.names, names[i])
		}
		if at < 0 || given[at] {
			return candidate{}, false
		}
		given[at] = true
		c.args[i], c.place[i] = p.args[at], at
	}
	first := len(p.args) - len(p.defaults)
	for i := range p.args[:first] {
		if !given[i] {
			return candidate{}, false
		}
	}
	copy(c.rest[first:], p.defaults)
	return c, true
}

// arrange brings a call's arguments into the order of declaration, and puts the defaults of those that were not given.
func (c candidate) arrange(args []Expr) []Expr {
	if c.place == nil {
		return args
	}
	full := make([]Expr, len(c.rest))
	for i, x := range args {
		full[c.place[i]] = x
	}
	for i, v := range c.rest {
		if full[i] == nil {
			full[i] = NewConst(v, value.Of(v.Kind()), ast.NoPos)
		}
	}
	return full
}

// overArray returns f as a call with VARIADIC means it: its last argument is the array of those that may repeat.
func overArray(f *Func) *Func {
	if !f.Variadic || f.fn == nil {
		return f
	}
	last := len(f.Args) - 1
	g := *f
	g.Variadic, g.expands = false, true
	g.Args = slices.Clone(f.Args)
	switch k := f.Args[last]; {
	case k == anyCompatible:
		g.Args[last] = anyCompatibleArray
	case isPseudo(k):
		g.Args[last] = anyArray
	default:
		g.Args[last] = k.Array()
	}
	g.fn = func(c *Context, a []value.Value) (value.Value, error) {
		list := a[last]
		if list.IsNull() && f.Name != "format" {
			return value.Null(f.Ret), nil
		}
		args := slices.Clone(a[:last])
		if !list.IsNull() {
			k := list.Kind().Elem()
			value.ArrayEach(k, list.Bytes(), func(_ int, v value.Value) bool {
				args = append(args, v)
				return true
			})
		}
		return f.fn(c, args)
	}
	return &g
}
