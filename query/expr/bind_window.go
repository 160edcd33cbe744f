package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindWindow binds a call of a window function or an aggregate OVER a window.
func (b *Binder) bindWindow(name string, e *ast.FuncCall) (Expr, error) {
	inner := *b
	inner.inWindow = true
	call := &WindowCall{head: head{pos: e.Pos()}}
	aggregate := len(registry.aggregates[name]) > 0 && (!IsWindow(name) || len(e.Args) > 0 || e.WithinGroup)
	if aggregate {
		agg, err := inner.aggregateCall(name, e)
		if err != nil {
			return nil, err
		}
		call.Agg, call.typ = agg, agg.typ
	} else {
		if err := inner.windowFunc(call, name, e); err != nil {
			return nil, err
		}
	}
	refuse := func(msg string) error { return sqlerr.NotSupported("%s", msg).At(e.Pos()) }
	switch {
	case aggregate && call.Agg.Func.OrderedSet:
		return nil, refuse("OVER is not supported for ordered-set aggregate " + name)
	case e.WithinGroup:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "window function %s cannot have WITHIN GROUP", name).At(e.Pos())
	case e.Distinct:
		return nil, refuse("DISTINCT is not implemented for window functions")
	case len(e.OrderBy) > 0:
		return nil, refuse("aggregate ORDER BY is not implemented for window functions")
	case e.Filter != nil && !aggregate:
		return nil, refuse("FILTER is not implemented for non-aggregate window functions")
	}
	if err := b.windowAllowed(e.Pos()); err != nil {
		return nil, err
	}
	if err := noSetCalls(call, "window"); err != nil {
		return nil, err
	}
	n, err := b.Window(e.Over)
	call.Window = n
	return call, err
}

// windowAllowed refuses a window function where there can be none.
func (b *Binder) windowAllowed(pos int) error {
	switch {
	case b.inAggregate:
		return sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot contain window function calls").At(pos)
	case b.inWindow:
		return sqlerr.New(sqlerr.WindowingError, "window function calls cannot be nested").At(pos)
	case b.Window == nil:
		return sqlerr.New(sqlerr.WindowingError, "window functions are not allowed in %s", b.Clause).At(pos)
	}
	return nil
}

// windowFunc resolves a window function that is no aggregate, and its arguments.
func (b *Binder) windowFunc(call *WindowCall, name string, e *ast.FuncCall) error {
	args, err := b.bindList(e.Args)
	if err != nil {
		return err
	}
	for _, s := range e.OrderBy {
		if !e.WithinGroup {
			break
		}
		// They are arguments when the function is looked for, though it can have none.
		k, err := b.openSortKey(s)
		if err != nil {
			return err
		}
		args = append(args, k.Expr)
	}
	actual := kindsOf(args)
	var list []candidate
	for _, fn := range windows[name] {
		if declared, ok := spread(fn.Args, false, len(args)); ok {
			list = append(list, candidate{fn: fn, args: declared})
		}
	}
	c, ok := exact(list, actual)
	out := found
	if !ok {
		c, out = choose(list, actual)
	}
	if out != found {
		return functionError(out, name, actual, e.Pos())
	}
	fn := c.fn.(*WindowFunc)
	declared, ret, ok := polymorphic(c.args, fn.Ret, actual)
	switch {
	case !ok:
		return functionError(notFound, name, actual, e.Pos())
	case undeterminedIn(c.args, declared):
		return errUndetermined(ast.NoPos)
	}
	call.Func, call.typ = fn, value.Of(ret)
	call.Args, err = b.convertArgs(args, declared)
	return err
}

// withoutOver refuses a window function that stands without OVER.
func (b *Binder) withoutOver(name string, e *ast.FuncCall) error {
	if err := b.windowFunc(&WindowCall{}, name, e); err != nil {
		return err
	}
	return sqlerr.New(sqlerr.WrongObjectType, "window function %s requires an OVER clause", name).At(e.Pos())
}
