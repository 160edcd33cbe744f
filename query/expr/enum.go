package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Enums have one kind and many types: whatever two expressions of that kind meet, their types must be the same. A value whose
// type is not known, because it came through a function that knows kinds only, meets all; that it never equals a value of
// another type is the work of package value.

// isEnum says whether a type is an enum, or an array of one.
func isEnum(t value.Type) bool { return t.Kind.Elem() == value.Enum }

// otherEnum says whether two types are different enums.
func otherEnum(a, b value.Type) bool {
	return isEnum(a) && isEnum(b) && a.User != b.User && a.User != 0 && b.User != 0
}

// enumOf returns the enum that the expressions of enum kind have in common: 0 when there are none, false when there are
// several.
func enumOf(args []Expr) (oid uint32, ok bool) {
	for _, a := range args {
		t := a.Type()
		if !isEnum(t) || t.User == 0 {
			continue
		}
		if oid != 0 && oid != t.User {
			return 0, false
		}
		oid = t.User
	}
	return oid, true
}

// typeFor returns the type of a kind that a function of these arguments returns or wants: an enum is theirs.
func typeFor(k value.Kind, args []Expr) value.Type {
	t := value.Of(k)
	if isEnum(t) {
		t.User, _ = enumOf(args)
	}
	return t
}

// enumTypes is a value.UserTypes that lists labels.
type enumTypes interface {
	EnumLabels(oid uint32) []value.Value
}

// enumFunctions are the functions whose answer depends on the type of their arguments alone, NULL or not.
var enumFunctions = map[string]int{"enum_first": 1, "enum_last": 1, "enum_range": 2}

// enumCall answers for the functions on enums: nil when name is none of them.
func (b *Binder) enumCall(name string, args []Expr, pos int) (Expr, error) {
	most, ok := enumFunctions[name]
	if !ok || len(args) == 0 || len(args) > most {
		return nil, nil
	}
	oid, same := enumOf(args)
	for _, a := range args {
		if k := kindOf(a); k != value.Enum && k != value.Unknown || !same {
			return nil, functionError(notFound, name, kindsOf(args), pos)
		}
	}
	types, known := b.style().Types.(enumTypes)
	if oid == 0 || !known {
		return nil, errUndetermined(pos)
	}
	one := value.Type{Kind: value.Enum, Mod: -1, User: oid}
	labels := types.EnumLabels(oid)
	if len(labels) == 0 {
		return nil, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "enum %s contains no values", b.style().NameOf(one))
	}
	switch name {
	case "enum_first":
		return NewConst(labels[0], one, pos), nil
	case "enum_last":
		return NewConst(labels[len(labels)-1], one, pos), nil
	}
	many := value.Type{Kind: value.Enum.Array(), Mod: -1, User: oid}
	if len(args) == 1 {
		return NewConst(value.NewArray(value.Enum, labels), many, pos), nil
	}
	converted := make([]Expr, len(args))
	for i, a := range args {
		x, err := b.convert(a, one, value.CastImplicit)
		if err != nil {
			return nil, err
		}
		converted[i] = x
	}
	f := &Func{Name: name, Args: kinds(value.Enum, value.Enum), Ret: value.Enum.Array(), fn: func(_ *Context, a []value.Value) (value.Value, error) {
		var in []value.Value
		for _, l := range labels {
			if (a[0].IsNull() || value.Compare(l, a[0]) >= 0) && (a[1].IsNull() || value.Compare(l, a[1]) <= 0) {
				in = append(in, l)
			}
		}
		return value.NewArray(value.Enum, in), nil
	}}
	return &Call{head: head{many, pos}, Func: f, Args: converted}, nil
}

// Replace returns e with one value in the place of another.
func Replace(e Expr, old, now value.Value) Expr {
	f := &Func{Name: "replace", Args: kinds(old.Kind()), Ret: old.Kind(), Strict: true, fn: func(_ *Context, a []value.Value) (value.Value, error) {
		if a[0] == old {
			return now, nil
		}
		return a[0], nil
	}}
	return &Call{head: head{e.Type(), e.Pos()}, Func: f, Args: []Expr{e}}
}
