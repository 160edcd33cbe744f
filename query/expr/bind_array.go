package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindArray binds ARRAY[..] to elements of a kind, or with Unknown of their common type.
func (b *Binder) bindArray(e *ast.ArrayExpr, elem value.Kind) (Expr, error) {
	elems := make([]Expr, len(e.Elems))
	for i, a := range e.Elems {
		if _, nested := a.(*ast.ArrayExpr); nested {
			return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(a.Pos())
		}
		x, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		if kindOf(x).IsArray() {
			return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(a.Pos())
		}
		elems[i] = x
	}
	if elem == value.Unknown {
		if len(elems) == 0 {
			return nil, sqlerr.New(sqlerr.IndeterminateDatatype, "cannot determine type of empty array").
				WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(e.Pos())
		}
		t, err := Common(elems, "ARRAY")
		if err != nil {
			return nil, err
		}
		elem = t.Kind
		if elems, _, err = b.CommonList(elems, "ARRAY"); err != nil {
			return nil, err
		}
	} else {
		for i, x := range elems {
			var err error
			if elems[i], err = b.explicit(x, value.Of(elem), x.Pos()); err != nil {
				return nil, err
			}
		}
	}
	return &ArrayCtor{head: head{value.Of(elem.Array()), e.Pos()}, Elems: elems}, nil
}

func (b *Binder) bindIndirection(e *ast.Indirection) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	for i, step := range e.Path {
		switch {
		case step.Field != "" || step.Star:
			return nil, sqlerr.New(sqlerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", step.Field, kindOf(x)).At(step.Pos())
		case step.Slice:
			return nil, sqlerr.NotSupported("array slices are not supported").At(step.Pos())
		case !kindOf(x).IsArray():
			if kindOf(x) == value.JSONB {
				return nil, sqlerr.NotSupported("subscripts of jsonb are not supported").WithHint("Use -> and ->>.").At(step.Pos())
			}
			if i > 0 {
				// A second subscript of a one-dimensional array gives NULL in PostgreSQL.
				return nil, sqlerr.NotSupported("arrays of more than one dimension are not supported").At(step.Pos())
			}
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", kindOf(x)).At(e.Pos())
		}
		idx, err := b.Bind(step.Upper)
		if err != nil {
			return nil, err
		}
		if !canCoerce(kindOf(idx), value.Int4, value.CastAssignment) {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "array subscript must have type integer").At(step.Upper.Pos())
		}
		if idx, err = b.convert(idx, value.Of(value.Int4), value.CastAssignment); err != nil {
			return nil, err
		}
		x = &Subscript{head: head{value.Of(kindOf(x).Elem()), e.Pos()}, Arg: x, Index: idx}
	}
	return x, nil
}
