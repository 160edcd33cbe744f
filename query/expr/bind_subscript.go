package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindIndirection binds x[..] and (x).field. All subscripts up to a field are taken together.
func (b *Binder) bindIndirection(e *ast.Indirection) (Expr, error) {
	x, err := b.Bind(e.Arg)
	if err != nil {
		return nil, err
	}
	path := e.Path
	for len(path) > 0 {
		if step := path[0]; step.Field != "" || step.Star {
			if x, err = b.rowStep(x, step); err != nil {
				return nil, err
			}
			path = path[1:]
			continue
		}
		n := 0
		for n < len(path) && path[n].Field == "" && !path[n].Star {
			n++
		}
		if x, err = b.subscript(x, path[:n], e.Pos()); err != nil {
			return nil, err
		}
		path = path[n:]
	}
	return x, nil
}

// subscript is x with subscripts.
func (b *Binder) subscript(x Expr, path []ast.Step, pos int) (Expr, error) {
	k := kindOf(x)
	switch {
	case k == value.JSONB:
		keys, err := b.jsonSubscripts(path)
		if err != nil {
			return nil, err
		}
		return &JSONSubscript{head: head{value.Of(value.JSONB), pos}, Arg: x, Path: keys}, nil
	case !k.IsArray():
		return nil, errNoSubscripts(k, x.Pos())
	}
	index, bounds, err := b.arraySubscripts(path)
	if err != nil {
		return nil, err
	}
	if bounds != nil {
		return &Slice{head: head{x.Type(), pos}, Arg: x, Bounds: bounds}, nil
	}
	return &Subscript{head: head{elemType(x.Type()), pos}, Arg: x, Index: index}, nil
}

func errNoSubscripts(k value.Kind, pos int) error {
	return sqlerr.New(sqlerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", k).At(pos)
}

// elemType is the type of the elements of an array type, whose modifier is theirs.
func elemType(t value.Type) value.Type {
	return value.Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}
}

// arraySubscripts binds the subscripts of an array: bounds when one of them is a slice, where [n] then means [1:n].
func (b *Binder) arraySubscripts(path []ast.Step) (index []Expr, bounds []SliceBounds, err error) {
	if len(path) > value.MaxDims {
		return nil, nil, value.ErrTooManyDims(len(path))
	}
	slice := false
	for _, step := range path {
		slice = slice || step.Slice
	}
	for _, step := range path {
		var s SliceBounds
		if step.Lower != nil {
			if s.Lower, err = b.arrayBound(step.Lower); err != nil {
				return nil, nil, err
			}
		} else if slice && !step.Slice {
			s.Lower = NewConst(value.NewInt(value.Int4, 1), value.Of(value.Int4), ast.NoPos)
		}
		if step.Upper != nil {
			if s.Upper, err = b.arrayBound(step.Upper); err != nil {
				return nil, nil, err
			}
		}
		bounds, index = append(bounds, s), append(index, s.Upper)
	}
	if slice {
		return nil, bounds, nil
	}
	return index, nil, nil
}

func (b *Binder) arrayBound(e ast.Expr) (Expr, error) {
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	if !canCoerce(kindOf(x), value.Int4, value.CastAssignment) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "array subscript must have type integer").At(x.Pos())
	}
	return b.convert(x, value.Of(value.Int4), value.CastAssignment)
}

// jsonSubscripts binds the subscripts of a jsonb: each becomes a text or an integer, whichever is the only one that it can be.
func (b *Binder) jsonSubscripts(path []ast.Step) ([]Expr, error) {
	keys := make([]Expr, len(path))
	for i, step := range path {
		if step.Slice {
			at := step.Pos()
			for _, x := range []ast.Expr{step.Upper, step.Lower} {
				if x != nil {
					at = x.Pos()
					break
				}
			}
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "jsonb subscript does not support slices").At(at)
		}
		x, err := b.Bind(step.Upper)
		if err != nil {
			return nil, err
		}
		k := kindOf(x)
		asInt, asText := canCoerce(k, value.Int4, value.CastImplicit), canCoerce(k, value.Text, value.CastImplicit)
		target := value.Text
		switch {
		case k == value.Unknown:
		case asInt && asText:
			return nil, errJSONSubscript(k, "jsonb subscript must be coercible to only one type, integer or text.", x.Pos())
		case asInt:
			target = value.Int4
		case !asText:
			return nil, errJSONSubscript(k, "jsonb subscript must be coercible to either integer or text.", x.Pos())
		}
		if keys[i], err = b.convert(x, value.Of(target), value.CastImplicit); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func errJSONSubscript(k value.Kind, hint string, pos int) error {
	return sqlerr.New(sqlerr.DatatypeMismatch, "subscript type %s is not supported", k).WithHint("%s", hint).At(pos)
}

// AssignPart returns what target, a column or the result of an earlier assignment to it, becomes by SET column[path] = val. The value is bound
// already, an undecorated literal still of unknown type; pos is that of the assignment. 42804 when the value does not suit the part.
func (b *Binder) AssignPart(target Expr, path []ast.Step, val Expr, column string, pos int) (Expr, error) {
	k := kindOf(target)
	for _, step := range path {
		if step.Field != "" || step.Star {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch,
				"cannot assign to field %q of column %q because its type %s is not a composite type", step.Field, column, k).At(pos)
		}
	}
	if k == value.JSONB {
		keys, err := b.jsonSubscripts(path)
		if err != nil {
			return nil, err
		}
		if val, err = b.assignPart(val, value.Of(value.JSONB), column, pos); err != nil {
			return nil, err
		}
		return &JSONSubscript{head: head{target.Type(), pos}, Arg: target, Path: keys, Val: val}, nil
	}
	if !k.IsArray() {
		return nil, errNoSubscripts(k, pos)
	}
	index, bounds, err := b.arraySubscripts(path)
	if err != nil {
		return nil, err
	}
	t := elemType(target.Type())
	if bounds != nil {
		t = target.Type()
	}
	if val, err = b.assignPart(val, t, column, pos); err != nil {
		return nil, err
	}
	return &ArraySet{head: head{target.Type(), pos}, Arg: target, Index: index, Bounds: bounds, Val: val}, nil
}

// assignPart converts a value to the type of the part of a column that it is assigned to.
func (b *Binder) assignPart(val Expr, t value.Type, column string, pos int) (Expr, error) {
	if !canCoerce(kindOf(val), t.Kind, value.CastAssignment) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "subscripted assignment to %q requires type %s but expression is of type %s",
			column, t.Kind, kindOf(val)).WithHint("You will need to rewrite or cast the expression.").At(pos)
	}
	return b.convert(val, t, value.CastAssignment)
}
