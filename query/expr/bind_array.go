package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindArray binds ARRAY[..] to an array of elements of a kind, or with Unknown of their common type. It is of several dimensions
// when an item is an array.
func (b *Binder) bindArray(e *ast.ArrayExpr, elem value.Kind) (Expr, error) {
	n := &ArrayCtor{Elems: make([]Expr, len(e.Elems))}
	for i, a := range e.Elems {
		x, err := b.bindItem(a, elem)
		if err != nil {
			return nil, err
		}
		n.Nested = n.Nested || kindOf(x).IsArray()
		n.Elems[i] = x
	}
	if elem != value.Unknown {
		n.head = head{value.Of(elem.Array()), e.Pos()}
		t := value.Of(elem)
		if n.Nested {
			t = n.typ
		}
		for i, x := range n.Elems {
			var err error
			if n.Elems[i], err = b.explicit(x, t, x.Pos()); err != nil {
				return nil, err
			}
		}
		return n, nil
	}
	if len(n.Elems) == 0 {
		return nil, sqlerr.New(sqlerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(e.Pos())
	}
	elems, t, err := b.CommonList(n.Elems, "ARRAY")
	if err != nil {
		return nil, err
	}
	n.Elems = elems
	if n.Nested = t.Kind.IsArray(); !n.Nested {
		t.Kind = t.Kind.Array()
	}
	n.head = head{value.Type{Kind: t.Kind, Mod: -1, User: t.User}, e.Pos()}
	return n, nil
}

// bindItem binds an item of an array of elements of a kind: one that is ARRAY[..] itself goes to that kind too.
func (b *Binder) bindItem(e ast.Expr, elem value.Kind) (Expr, error) {
	if a, ok := e.(*ast.ArrayExpr); ok {
		return b.bindArray(a, elem)
	}
	return b.Bind(e)
}
