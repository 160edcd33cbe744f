package expr

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindCall binds a function call by name: a function, an aggregate, or a type's
// name used as a cast.
func (b *Binder) bindCall(e *ast.FuncCall) (Expr, error) {
	name := e.FuncName()
	if len(e.Name) > 1 {
		if s := e.Name[len(e.Name)-2].Name; s != "pg_catalog" {
			return nil, sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", s).At(e.Pos())
		}
	}
	_, aggregate := registry.aggregates[name]
	switch {
	case (aggregate || IsWindow(name)) && hasNamedArgument(e):
		// No argument of theirs has a name.
		args, err := b.bindArguments(e)
		if err == nil {
			err = callError(notFound, args.signature(name), e.Pos())
		}
		return nil, err
	case e.Over != nil && (aggregate || IsWindow(name)):
		return b.bindWindow(name, e)
	case IsWindow(name) && (!aggregate || len(e.Args) == 0 && !e.WithinGroup):
		return nil, b.withoutOver(name, e)
	case aggregate:
		return b.bindAggregate(name, e)
	}
	switch {
	case e.Star:
		return nil, functionError(notFound, name, nil, e.Pos())
	case e.Distinct:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "DISTINCT specified, but %s is not an aggregate function", name).At(e.Pos())
	case e.WithinGroup:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "WITHIN GROUP specified, but %s is not an aggregate function", name).At(e.Pos())
	case len(e.OrderBy) > 0:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "ORDER BY specified, but %s is not an aggregate function", name).At(e.Pos())
	case e.Filter != nil:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "FILTER specified, but %s is not an aggregate function", name).At(e.Pos())
	}
	args, err := b.bindArguments(e)
	if err != nil {
		return nil, err
	}
	x, err := b.call(name, args, e.Pos())
	if err != nil {
		return nil, qualifiedError(err, e)
	}
	if e.Over != nil {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(e.Pos())
	}
	if c, ok := x.(*Call); ok && e.SQLSyntax {
		d := *c
		d.form = formSQL
		return &d, nil
	}
	return x, nil
}

// qualifiedError names the function as PostgreSQL does: with its schema when the syntax gave it one.
func qualifiedError(err error, e *ast.FuncCall) error {
	se := sqlerr.As(err)
	if len(e.Name) < 2 || se == nil || !strings.HasPrefix(se.Message, "function "+e.FuncName()+"(") {
		return err
	}
	q := *se
	q.Message = "function pg_catalog." + strings.TrimPrefix(se.Message, "function ")
	return &q
}

// callNamed returns a call of the best overload of a function.
func (b *Binder) callNamed(name string, args []Expr, pos int) (Expr, error) {
	return b.call(name, arguments{exprs: args}, pos)
}

// call returns a call of the best overload of a function.
func (b *Binder) call(name string, given arguments, pos int) (Expr, error) {
	args := given.exprs
	if x, err := b.enumCall(name, args, pos); x != nil || err != nil {
		return x, err
	}
	if len(registry.sets[name]) > 0 {
		return b.callSet(name, given, pos)
	}
	actual := kindsOf(args)
	list := given.candidates(name)
	c, ok := exact(list, actual)
	out := found
	if !ok {
		if x, done, err := b.castByName(name, args, list, pos); done {
			return x, err
		}
		c, out = choose(list, actual)
	}
	if out == notFound {
		if msg, ok := refused[name]; ok {
			return nil, sqlerr.NotSupported("%s", msg).At(pos)
		}
	}
	if given.variadic && takesAny(name, len(args)) && (len(list) == 0 || out != found || actual[len(actual)-1] == value.Unknown) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "VARIADIC argument must be an array").At(args[len(args)-1].Pos())
	}
	if out != found {
		return nil, callError(out, given.signature(name), pos)
	}
	res, out := c.resolve(actual)
	if out != found {
		return nil, callError(out, given.signature(name), pos)
	}
	if res.fn.fn == nil {
		return nil, sqlerr.NotSupported("%s(%s) is not supported in this place", name, kindNames(actual)).At(pos)
	}
	args, err := b.convertArgs(args, res.args)
	if err != nil {
		return nil, err
	}
	if name == "pg_typeof" {
		return NewConst(value.NewInt(value.Regtype, int64(args[0].Type().OID())), value.Of(value.Regtype), pos), nil
	}
	for i, a := range args {
		// "any" takes literals as text, and leaves parameters open.
		if isPseudo(c.args[i]) && kindOf(a) == value.Unknown {
			if args[i], err = b.openAsText(a); err != nil {
				return nil, err
			}
		}
	}
	x := &Call{head: head{typeFor(res.ret, args), pos}, Func: res.fn, Args: c.arrange(args)}
	return foldNode(x, Immutable, foldContext()), nil
}

// castByName takes name(x) as a cast when name is a type's and x can be cast to it
// (func_get_detail's "function-style" casts).
func (b *Binder) castByName(name string, args []Expr, list []candidate, pos int) (Expr, bool, error) {
	if len(args) != 1 {
		return nil, false, nil
	}
	k, ok := catalogKind(name)
	if !ok {
		return nil, false, nil
	}
	from := kindOf(args[0])
	if from != value.Unknown && len(list) > 0 || !canCoerce(from, k, value.CastExplicit) {
		return nil, false, nil
	}
	x, err := b.explicit(args[0], value.Of(k), pos)
	return x, true, err
}

// catalogKind returns the kind with a pg_type.typname ("int4", "timestamptz").
func catalogKind(name string) (value.Kind, bool) {
	for k := value.Bool; k < anyKind; k++ {
		if k.Valid() && k.CatalogName() == name {
			return k, true
		}
	}
	return value.Unknown, false
}

func kindsOf(args []Expr) []value.Kind {
	kinds := make([]value.Kind, len(args))
	for i, a := range args {
		kinds[i] = kindOf(a)
	}
	return kinds
}

func kindNames(kinds []value.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	return strings.Join(names, ", ")
}

func functionError(out outcome, name string, actual []value.Kind, pos int) error {
	return callError(out, name+"("+kindNames(actual)+")", pos)
}

// takesAny says whether a function takes arguments of any number and type from argument n on.
func takesAny(name string, n int) bool {
	return slices.ContainsFunc(registry.functions[name], func(f *Func) bool {
		return f.Variadic && len(f.Args) == n && f.Args[n-1] == anyKind
	})
}

// callError is the error of a call with a signature that was not resolved.
func callError(out outcome, sig string, pos int) error {
	if out == undetermined {
		return errUndetermined(ast.NoPos)
	}
	if out == ambiguous {
		return sqlerr.New(sqlerr.AmbiguousFunction, "function %s is not unique", sig).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.").At(pos)
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "function %s does not exist", sig).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.").At(pos)
}

// bindValueFunc binds CURRENT_DATE and its kin.
func (b *Binder) bindValueFunc(e *ast.SQLValueFunc) (Expr, error) {
	name := e.Name
	switch e.Name {
	case "current_timestamp":
		name = "now"
	case "current_role", "user":
		name = "current_user"
	case "current_catalog":
		name = "current_database"
	}
	list := registry.functions[name]
	if len(list) == 0 {
		return nil, functionError(notFound, name, nil, e.Pos())
	}
	var x Expr = &Call{head: head{value.Of(list[0].Ret), e.Pos()}, Func: list[0], form: formSQL}
	if e.Precision >= 0 {
		t := value.Type{Kind: list[0].Ret, Mod: int32(min(e.Precision, 6))}
		x = &Cast{head: head{t, e.Pos()}, Arg: x, Context: value.CastExplicit}
	}
	return x, nil
}
