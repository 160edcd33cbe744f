package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Negation returns an expression that is true where the boolean e is false, and the other way round, without a NOT
// around the whole; nil when there is none. It is how a NOT around e was bound.
func Negation(e Expr) Expr {
	if kindOf(e) != value.Bool {
		return nil
	}
	return negation(e)
}

// negation returns an expression that is true where e is false, false where it is true, and NULL
// where it is, without a NOT around the whole: NOT (a = 1) is a <> 1, which an index
// can answer. nil when there is none.
func negation(e Expr) Expr {
	switch e := e.(type) {
	case *Const:
		if e.Val.IsNull() {
			return e
		}
		return NewConst(value.NewBool(!e.Val.Bool()), boolType, e.pos)
	case *Logic:
		if e.Op == ast.Not {
			return e.Args[0]
		}
		// De Morgan.
		args := make([]Expr, len(e.Args))
		for i, a := range e.Args {
			if args[i] = negation(a); args[i] == nil {
				args[i] = NewNot(a)
			}
		}
		if e.Op == ast.And {
			return newLogic(ast.Or, args)
		}
		return newLogic(ast.And, args)
	case *Call:
		fn := negatedFunc(e.Func)
		if fn == nil {
			return nil
		}
		c := *e
		c.Func = fn
		return &c
	case *NullTest:
		c := *e
		c.Not = !e.Not
		return &c
	case *BoolTest:
		c := *e
		c.Kind ^= 1 // the kinds come in pairs
		return &c
	case *InList:
		c := *e
		c.Not = !e.Not
		return &c
	case *Contains:
		c := *e
		c.Not = !e.Not
		return &c
	case *AnyAll:
		fn := negatedFunc(e.Op)
		if fn == nil {
			return nil
		}
		c := *e
		c.Op, c.All = fn, !e.All
		return &c
	}
	return nil
}

// negatedFunc returns the operator for the same kinds that is true where f is false, or nil.
func negatedFunc(f *Func) *Func {
	op := f.Negated()
	if op == "" {
		return nil
	}
	c, ok := exact(registry.operators[opKey{op, len(f.Args)}], f.Args)
	if !ok {
		return nil
	}
	return c.fn.(*Func)
}

// booleanEquality returns x for x = true and NOT x for x = false, as PostgreSQL's
// simplify_boolean_equality does, and nil for other calls.
func booleanEquality(e *Call) Expr {
	if e.Func.kernel != compareKernel || e.Func.Op != "=" && e.Func.Op != "<>" || kindOf(e.Args[0]) != value.Bool {
		return nil
	}
	for i, a := range e.Args {
		k, ok := a.(*Const)
		if !ok || k.Val.IsNull() {
			continue
		}
		other := e.Args[1-i]
		if k.Val.Bool() == (e.Func.Op == "=") {
			return other
		}
		if n := negation(other); n != nil {
			return n
		}
		return NewNot(other)
	}
	return nil
}
