package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *Binder) bindCast(e *ast.TypeCast) (Expr, error) {
	t, err := ResolveType(e.Type, b.style())
	if err != nil {
		return nil, err
	}
	var x Expr
	if a, ok := e.Arg.(*ast.ArrayExpr); ok && t.Kind.IsArray() && !isEnum(t) {
		x, err = b.bindArray(a, t.Kind.Elem())
	} else {
		x, err = b.Bind(e.Arg)
	}
	if err != nil {
		return nil, err
	}
	return b.explicit(x, t, e.Pos())
}

// explicit is a cast that was written.
func (b *Binder) explicit(x Expr, t value.Type, pos int) (Expr, error) {
	if !canCoerce(kindOf(x), t.Kind, value.CastExplicit) || otherEnum(x.Type(), t) {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", b.style().NameOf(x.Type()), b.style().NameOf(t)).At(pos)
	}
	r, err := b.convert(x, t, value.CastExplicit)
	if err != nil {
		return nil, err
	}
	if c, ok := r.(*Cast); ok && c.pos != pos {
		d := *c
		d.pos = pos
		return &d, nil
	}
	return r, nil
}

func (b *Binder) bindCollate(e *ast.CollateExpr) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	name := e.Collation[len(e.Collation)-1].Name
	switch name {
	case "C", "POSIX", "default", "ucs_basic":
	default:
		return nil, sqlerr.NotSupported("collation %q is not supported", name).
			WithHint(`The collations are "C", "POSIX" and "default", which are all C.`).At(e.Pos())
	}
	if x, err = b.Text(x); err != nil {
		return nil, err
	}
	if k := kindOf(x).Elem(); category(k) != 'S' {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "collations are not supported by type %s", kindOf(x)).At(e.Pos())
	}
	return x, nil
}
