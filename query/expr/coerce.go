package expr

import (
	"errors"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// atPos points an error at a place, unless it has one.
func atPos(err error, pos int) error {
	var e *sqlerr.Error
	if errors.As(err, &e) {
		return e.At(pos)
	}
	return err
}

// convert returns e as a type in a context: e itself, a constant, or a Cast.
// The caller has checked canCoerce.
func (b *Binder) convert(e Expr, to value.Type, ctx value.CastContext) (Expr, error) {
	if d, err := DomainOf(to, b.style()); err != nil {
		return nil, err
	} else if d != nil && e.Type().User != to.User {
		x, err := b.convert(e, d.Type, ctx)
		if err != nil {
			return nil, err
		}
		return b.inDomain(x, d, to)
	}
	if e.Type().Kind == value.Unknown {
		switch x := e.(type) {
		case *Const:
			return b.literal(x, to, ctx)
		case *Param:
			if isEnum(to) { // clients know it as text
				p, err := b.Params.infer(x, value.Text)
				if err != nil {
					return nil, err
				}
				return &Cast{head: head{to, e.Pos()}, Arg: p, Context: value.CastExplicit}, nil
			}
			p, err := b.Params.infer(x, to.Kind)
			if err != nil || to.Mod == -1 {
				return p, err
			}
			e = p
		}
	}
	if e.Type() == to || e.Type().Kind == to.Kind && to.Mod == -1 {
		return e, nil
	}
	return foldNode(&Cast{head: head{to, e.Pos()}, Arg: e, Context: ctx}, Immutable, foldContext()), nil
}

// literal gives a literal of unknown type its type. One whose value depends on the
// session or the time ('today') stays a cast; its syntax is checked all the same.
func (b *Binder) literal(e *Const, to value.Type, ctx value.CastContext) (Expr, error) {
	if e.Val.IsNull() {
		return NewConst(value.Null(to.Kind), to, e.pos), nil
	}
	if to.Kind == value.Unknown {
		return e, nil
	}
	if _, err := value.Parse(literalType(to), e.Val.Bytes(), b.style()); err != nil {
		return nil, atPos(err, e.pos)
	}
	// The modifier is the work of a function that runs later: PostgreSQL's errors of it have no position.
	v, err := castLiteral(e.Val, to, ctx, b.style())
	if err != nil {
		return nil, err
	}
	if !literalIsFixed(e.Val.Bytes(), to.Kind) {
		return &Cast{head: head{to, e.pos}, Arg: e, Context: value.CastExplicit}, nil
	}
	return NewConst(v, to, e.pos), nil
}

// castLiteral reads the text of a literal of unknown type, then applies the modifier as the
// context says: only explicit casts truncate.
func castLiteral(lit value.Value, to value.Type, ctx value.CastContext, st *value.Style) (value.Value, error) {
	v, err := value.Parse(literalType(to), lit.Bytes(), st)
	if err != nil || to.Mod == -1 {
		return v, err
	}
	return value.ApplyMod(v, to, ctx == value.CastExplicit)
}

// literalType is the type that the text of a literal is read as: an interval's fields say what its numbers mean, other
// modifiers are applied afterwards.
func literalType(t value.Type) value.Type {
	if t.Kind == value.Interval || isEnum(t) {
		return t
	}
	return value.Of(t.Kind)
}

// literalIsFixed says whether a literal means the same value in every session
// at every time. Dates are fixed in the form 2021-10-19, times of day too where the
// type has no zone; anything else about dates is taken to depend on the session.
func literalIsFixed(s string, k value.Kind) bool {
	switch k.Elem() {
	case value.Regclass, value.Regproc, value.Regnamespace:
		return false // the catalog's names
	case value.Interval:
		return !strings.ContainsRune(s, '-') // a sign is that of all fields or of one, as IntervalStyle says
	case value.Time:
		return !k.IsArray() && madeOf(s, ":. ")
	case value.Timetz:
		return !k.IsArray() && madeOf(s, ":. +-") && strings.ContainsAny(s, "+-")
	case value.Date, value.Timestamp, value.Timestamptz:
	default:
		return true
	}
	if k.IsArray() || len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	return madeOf(s[:4], "") && madeOf(s[5:7], "") && madeOf(s[8:10], "") && madeOf(s[10:], ":. ") &&
		k.Elem() != value.Timestamptz
}

// madeOf says whether s has only digits and the bytes of others.
func madeOf(s, others string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// Coerce returns e as a type where the context allows the cast; 42846 where not.
func (b *Binder) Coerce(e Expr, to value.Type, ctx value.CastContext) (Expr, error) {
	if !canCoerce(kindOf(e), to.Kind, ctx) || otherEnum(e.Type(), to) {
		return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", b.style().NameOf(e.Type()), b.style().NameOf(to)).At(e.Pos())
	}
	return b.convert(e, to, ctx)
}

// Assign returns e as the type of the column that it is stored in; 42804 when there is
// no assignment cast. Length and precision are checked at evaluation.
func (b *Binder) Assign(e Expr, to value.Type, columnName string) (Expr, error) {
	if !canCoerce(kindOf(e), to.Kind, value.CastAssignment) || otherEnum(e.Type(), to) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but expression is of type %s",
			columnName, b.style().NameOf(to), b.style().NameOf(e.Type())).
			WithHint("You will need to rewrite or cast the expression.").At(e.Pos())
	}
	return b.convert(e, to, value.CastAssignment)
}

// Text gives an expression of unknown type the type text: an output column.
func (b *Binder) Text(e Expr) (Expr, error) {
	if kindOf(e) != value.Unknown {
		return e, nil
	}
	return b.convert(e, value.Of(value.Text), value.CastImplicit)
}

// Bool returns e as a boolean; what names its place ("WHERE"): 42804.
func (b *Binder) Bool(e Expr, what string) (Expr, error) {
	if !canCoerce(kindOf(e), value.Bool, value.CastAssignment) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, kindOf(e)).At(e.Pos())
	}
	return b.convert(e, boolType, value.CastAssignment)
}

// Int8 returns e as a bigint; what names its place ("LIMIT"): 42804.
func (b *Binder) Int8(e Expr, what string) (Expr, error) {
	if !canCoerce(kindOf(e), value.Int8, value.CastAssignment) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, kindOf(e)).At(e.Pos())
	}
	return b.convert(e, value.Of(value.Int8), value.CastAssignment)
}

// Common returns the type that all of list can become, as UNION, CASE, VALUES and
// others resolve it; what names the construct: 42804 when there is none.
func Common(list []Expr, what string) (value.Type, error) {
	kind := value.Unknown
	for _, e := range list {
		k, ok := commonKind(kind, kindOf(e))
		if !ok {
			return value.Type{}, sqlerr.New(sqlerr.DatatypeMismatch, "%s types %s and %s cannot be matched", what, kind, kindOf(e)).At(e.Pos())
		}
		kind = k
	}
	if kind == value.Unknown {
		kind = value.Text
	}
	oid, same := enumOf(list)
	if !same {
		return value.Type{}, sqlerr.New(sqlerr.DatatypeMismatch, "%s types cannot be matched: they are different enums", what).At(list[0].Pos())
	}
	if kind.Elem() == value.Enum {
		return value.Type{Kind: kind, Mod: -1, User: oid}, nil
	}
	// The modifier survives when all agree on it (select_common_typmod).
	t := value.Of(kind)
	for i, e := range list {
		if e.Type().Kind != kind || i > 0 && e.Type().Mod != t.Mod {
			return value.Of(kind), nil
		}
		t.Mod = e.Type().Mod
	}
	return t, nil
}

// CommonList resolves the common type of list and converts all to it.
func (b *Binder) CommonList(list []Expr, what string) ([]Expr, value.Type, error) {
	t, err := Common(list, what)
	if err != nil {
		return nil, t, err
	}
	out := make([]Expr, len(list))
	for i, e := range list {
		if !canCoerce(kindOf(e), t.Kind, value.CastImplicit) {
			return nil, t, sqlerr.New(sqlerr.CannotCoerce, "%s could not convert type %s to %s", what, kindOf(e), t.Kind).At(e.Pos())
		}
		if out[i], err = b.convert(e, t, value.CastImplicit); err != nil {
			return nil, t, err
		}
	}
	return out, t, nil
}
