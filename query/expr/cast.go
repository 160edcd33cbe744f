package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Cast converts Arg to its own type.
type Cast struct {
	head
	Arg Expr
	// Context says how it came about: written, on assignment, or by itself.
	Context value.CastContext
}

// NewCast returns e cast to a type. The caller knows that the cast is allowed
// in the context; Binder.Coerce and Binder.Assign check it.
func NewCast(e Expr, t value.Type, ctx value.CastContext) Expr {
	return &Cast{head: head{t, e.Pos()}, Arg: e, Context: ctx}
}

func (e *Cast) children(f func(Expr)) { f(e.Arg) }

func (e *Cast) rebuild(f func(Expr) Expr) Expr {
	if a := f(e.Arg); a != e.Arg {
		c := *e
		c.Arg = a
		return &c
	}
	return e
}

func (e *Cast) same(o Expr) bool {
	x, ok := o.(*Cast)
	return ok && (x.Context == value.CastExplicit) == (e.Context == value.CastExplicit)
}

func (e *Cast) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return e.apply(c, v)
}

func (e *Cast) apply(c *Context, v value.Value) (value.Value, error) {
	if v.IsNull() {
		return value.Null(e.typ.Kind), nil
	}
	if e.relabels() {
		return v.WithKind(e.typ.Kind), nil
	}
	if v.Kind() == value.Unknown {
		return castLiteral(v, e.typ, e.Context, c.style())
	}
	return value.Cast(v, e.typ, e.Context, c.style())
}

// relabels says whether the cast changes no stored byte.
func (e *Cast) relabels() bool {
	return e.typ.Mod == -1 && relabels(kindOf(e.Arg), e.typ.Kind)
}

// relabels says whether values of from are values of to as they stand.
func relabels(from, to value.Kind) bool {
	if from == to {
		return true
	}
	if from.IsArray() != to.IsArray() {
		return false
	}
	switch from.Elem() {
	case value.Int2:
		return !from.IsArray() && (to == value.Int4 || to == value.Int8)
	case value.Int4:
		return !from.IsArray() && to == value.Int8
	case value.Text, value.Varchar, value.Name:
		return to.Elem() == value.Text || to.Elem() == value.Varchar // bpchar compares otherwise, a name may be cut
	}
	return false
}

// Unrelabel returns e without the outer casts that change no stored byte (varchar
// as text, integer as bigint): what an index on the column can answer.
func Unrelabel(e Expr) Expr {
	for {
		c, ok := e.(*Cast)
		if !ok || !c.relabels() {
			return e
		}
		e = c.Arg
	}
}

// castVolatility is Stable for casts that depend on the session's time zone or
// DateStyle, as pg_cast's functions are marked.
func castVolatility(from, to value.Kind) Volatility {
	f, t := from.Elem(), to.Elem()
	if f == t {
		return Immutable
	}
	if t == value.Enum {
		return Stable // the catalog's labels
	}
	sessional := func(k value.Kind) bool {
		switch k {
		case value.Date, value.Timestamp, value.Timestamptz, value.Time, value.Timetz, value.Interval,
			value.Regclass, value.Regproc, value.Regnamespace: // whose names are the catalog's
			return true
		}
		return false
	}
	isText := func(k value.Kind) bool { return category(k) == 'S' || k == value.Unknown }
	switch {
	case sessional(f) && sessional(t):
		if f == value.Timestamptz || t == value.Timestamptz || t == value.Timetz {
			return Stable
		}
	case f == value.Time || f == value.Timetz: // which have one text
	case sessional(f) && (isText(t) || t == value.JSONB), isText(f) && sessional(t):
		return Stable
	}
	return Immutable
}
