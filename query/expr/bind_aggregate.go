package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindAggregate binds a call of an aggregate function.
func (b *Binder) bindAggregate(name string, e *ast.FuncCall) (Expr, error) {
	var outer func(*AggCall) (Expr, error)
	if b.Aggregating != nil {
		outer = b.Aggregating()
	}
	inner := *b
	inner.inAggregate = true
	call, err := inner.aggregateCall(name, e)
	if err != nil {
		return nil, err
	}
	if outer != nil {
		if x, err := outer(call); x != nil || err != nil {
			return x, err
		}
	}
	switch {
	case b.inAggregate:
		return nil, sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot be nested").At(e.Pos())
	case !b.Aggregates:
		return nil, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in %s", b.Clause).At(e.Pos())
	}
	return call, noSetCalls(call, "aggregate")
}

// noSetCalls refuses set-returning functions among the operands of a call.
func noSetCalls(call Expr, what string) error {
	var err error
	Walk(call, func(x Expr) bool {
		if s, ok := x.(*SetCall); ok && err == nil {
			err = sqlerr.NotSupported("%s function calls cannot contain set-returning function calls", what).
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(s.Pos())
		}
		return err == nil
	})
	return err
}

// aggregateCall resolves an aggregate and binds its arguments, in a binder for the places inside of the call.
func (b *Binder) aggregateCall(name string, e *ast.FuncCall) (*AggCall, error) {
	switch {
	case e.Star && name != "count":
		return nil, functionError(notFound, name, nil, e.Pos())
	case !e.Star && len(e.Args) == 0 && name == "count":
		return nil, sqlerr.New(sqlerr.WrongObjectType, "count(*) must be used to call a parameterless aggregate function").At(e.Pos())
	case e.WithinGroup:
		return b.orderedSetCall(name, e)
	}
	args, err := b.bindList(e.Args)
	if err != nil {
		return nil, err
	}
	fn, kinds, ret, err := resolveAggregate(name, kindsOf(args), e.Pos())
	switch {
	case err != nil:
		return nil, err
	case fn.OrderedSet:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", name).At(e.Pos())
	}
	actual := kindsOf(args)
	if args, err = b.convertArgs(args, kinds); err != nil {
		return nil, err
	}
	for i := range args {
		if args[i], err = b.openAsText(args[i]); err != nil {
			return nil, err
		}
	}
	if fn.make == nil {
		return nil, sqlerr.NotSupported("%s(%s) is not supported", name, kindNames(actual)).At(e.Pos())
	}
	call := &AggCall{head: head{typeFor(ret, args), e.Pos()}, Func: fn, Args: args, Distinct: e.Distinct}
	for i, a := range args {
		if err := RequireEquality(a, e.Args[i].Pos()); err != nil && e.Distinct {
			return nil, err
		}
	}
	for _, s := range e.OrderBy {
		key, err := b.bindSortKey(s)
		if err == nil {
			err = RequireOrdering(key.Expr, s.Expr.Pos())
		}
		if err != nil {
			return nil, err
		}
		for _, a := range args {
			// A key that is an argument but for the argument's implicit cast takes the argument's type.
			if kindOf(a) != kindOf(key.Expr) && kindOf(key.Expr) != value.Unknown && canCoerce(kindOf(key.Expr), kindOf(a), value.CastImplicit) {
				if x, err := b.convert(key.Expr, a.Type(), value.CastImplicit); err == nil && Equal(x, a) {
					key.Expr = a
				}
			}
		}
		if e.Distinct && !containsExpr(args, key.Expr) {
			return nil, sqlerr.New(sqlerr.InvalidColumnReference,
				"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").At(s.Expr.Pos())
		}
		call.OrderBy = append(call.OrderBy, key)
	}
	return call, b.bindFilter(call, e)
}

// resolveAggregate returns the best overload of an aggregate for some arguments, the kinds that it wants and what it
// returns. An ordered-set aggregate takes the direct arguments and then those of WITHIN GROUP.
func resolveAggregate(name string, actual []value.Kind, pos int) (*AggFunc, []value.Kind, value.Kind, error) {
	var list []candidate
	for _, fn := range registry.aggregates[name] {
		if fn.Hypothetical {
			return fn, actual, fn.Ret, nil // of any arguments
		}
		if declared, ok := spread(fn.Args, false, len(actual)); ok {
			list = append(list, candidate{fn: fn, args: declared})
		}
	}
	c, ok := exact(list, actual)
	out := found
	if !ok {
		c, out = choose(list, actual)
	}
	if out != found {
		return nil, nil, 0, functionError(out, name, actual, pos)
	}
	fn := c.fn.(*AggFunc)
	kinds, ret, ok := polymorphic(c.args, fn.Ret, actual)
	switch {
	case !ok:
		return nil, nil, 0, functionError(notFound, name, actual, pos)
	case undeterminedIn(c.args, kinds):
		return nil, nil, 0, errUndetermined(ast.NoPos)
	}
	return fn, kinds, ret, nil
}

// orderedSetCall binds an aggregate WITHIN GROUP (ORDER BY ..).
func (b *Binder) orderedSetCall(name string, e *ast.FuncCall) (*AggCall, error) {
	direct, err := b.bindList(e.Args)
	if err != nil {
		return nil, err
	}
	call := &AggCall{head: head{pos: e.Pos()}}
	args := direct
	for _, s := range e.OrderBy {
		key, err := b.openSortKey(s)
		if err != nil {
			return nil, err
		}
		call.OrderBy = append(call.OrderBy, key)
		args = append(args[:len(args):len(args)], key.Expr)
	}
	actual := kindsOf(args)
	fn, kinds, ret, err := resolveAggregate(name, actual, e.Pos())
	if err != nil {
		return nil, err
	}
	missing := sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", name, kindNames(actual)).At(e.Pos())
	switch {
	case !fn.OrderedSet:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name).At(e.Pos())
	case fn.Hypothetical && len(direct) != len(call.OrderBy):
		return nil, missing.WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).",
			name, len(direct), len(call.OrderBy))
	case !fn.Hypothetical && len(direct) != fn.Direct:
		return nil, missing.WithHint("There is an ordered-set aggregate %s, but it requires %d direct arguments, not %d.",
			name, fn.Direct, len(direct))
	case fn.final == nil:
		return nil, sqlerr.NotSupported("%s(%s) is not supported", name, kindNames(actual)).At(e.Pos())
	}
	call.Func, call.typ = fn, value.Of(ret)
	if fn.Hypothetical {
		if args, err = b.hypotheticalArgs(args); err != nil {
			return nil, err
		}
	} else if args, err = b.convertArgs(args, kinds); err != nil {
		return nil, err
	}
	for i := range args {
		if args[i], err = b.openAsText(args[i]); err != nil {
			return nil, err
		}
	}
	call.Direct = args[:len(direct):len(direct)]
	for i := range call.OrderBy {
		call.OrderBy[i].Expr = args[len(direct)+i]
	}
	return call, b.bindFilter(call, e)
}

// hypotheticalArgs gives each direct argument and the sort key that it stands for one type.
func (b *Binder) hypotheticalArgs(args []Expr) ([]Expr, error) {
	out := make([]Expr, len(args))
	n := len(args) / 2
	for i := range n {
		// The sort key comes first in resolving the type.
		pair, _, err := b.CommonList([]Expr{args[n+i], args[i]}, "WITHIN GROUP")
		if err != nil {
			return nil, err
		}
		out[n+i], out[i] = pair[0], pair[1]
	}
	return out, nil
}

// bindFilter binds the FILTER of an aggregate.
func (b *Binder) bindFilter(call *AggCall, e *ast.FuncCall) error {
	if e.Filter == nil {
		return nil
	}
	filter := *b
	filter.Aggregates, filter.inAggregate, filter.inWindow, filter.Window, filter.Clause = false, false, false, nil, "FILTER"
	var err error
	call.Filter, err = filter.BindBool(e.Filter, "FILTER")
	return err
}

func containsExpr(list []Expr, e Expr) bool {
	for _, x := range list {
		if Equal(x, e) {
			return true
		}
	}
	return false
}

// bindSortKey binds a key of an ORDER BY; a literal of unknown type becomes text.
func (b *Binder) bindSortKey(s *ast.SortItem) (SortKey, error) {
	k, err := b.openSortKey(s)
	if err != nil {
		return k, err
	}
	k.Expr, err = b.Text(k.Expr)
	return k, err
}

// openSortKey binds a key of an ORDER BY and leaves a literal's type open.
func (b *Binder) openSortKey(s *ast.SortItem) (SortKey, error) {
	k := SortKey{}
	switch s.Dir {
	case ast.SortDesc:
		k.Desc = true
	case ast.SortUsing:
		switch s.UsingOp {
		case "<":
		case ">":
			k.Desc = true
		default:
			return k, sqlerr.New(sqlerr.WrongObjectType, "operator %s is not a valid ordering operator", s.UsingOp).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").At(s.Pos())
		}
	}
	k.NullsFirst = s.Nulls == ast.NullsFirst || s.Nulls == ast.NullsDefault && k.Desc
	x, err := b.Bind(s.Expr)
	k.Expr = x
	return k, err
}
