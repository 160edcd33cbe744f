package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// resolved is an overload with the concrete kinds of one use.
type resolved struct {
	fn   *Func
	args []value.Kind
	ret  value.Kind
}

func (c candidate) resolve(actual []value.Kind) (resolved, outcome) {
	fn := c.fn.(*Func)
	args, ret, ok := polymorphic(c.args, fn.Ret, actual)
	switch {
	case !ok:
		return resolved{}, notFound
	case undeterminedIn(c.args, args):
		return resolved{}, undetermined
	}
	return resolved{fn, args, ret}, found
}

// resolveBinary finds a binary operator for two kinds, Unknown for literals.
func resolveBinary(op string, l, r value.Kind) (resolved, outcome) {
	list := registry.operators[opKey{op, 2}]
	actual := []value.Kind{l, r}
	// An exact match wins, a literal taken to be of the other side's kind.
	try := []value.Kind{l, r}
	if l == value.Unknown {
		try[0] = r
	} else if r == value.Unknown {
		try[1] = l
	}
	if try[0] != value.Unknown {
		if c, ok := exact(list, try); ok {
			return c.resolve(try)
		}
	}
	c, out := choose(list, actual)
	if out != found {
		return resolved{}, out
	}
	return c.resolve(actual)
}

// ResolveOperator returns the operator that compares or combines two kinds, and
// the kinds it wants; false when there is none or no best one.
func ResolveOperator(op string, l, r value.Kind) (fn *Func, wantLeft, wantRight value.Kind, ok bool) {
	res, out := resolveBinary(op, l, r)
	if out != found {
		return nil, 0, 0, false
	}
	return res.fn, res.args[0], res.args[1], true
}

// operator resolves a binary operator and converts its operands.
func (b *Binder) operator(op string, l, r Expr, pos int) (resolved, []Expr, error) {
	res, out := resolveBinary(op, kindOf(l), kindOf(r))
	if out != found && (isEnum(l.Type()) || isEnum(r.Type())) && out == notFound {
		return resolved{}, nil, operatorMissing(b.style().NameOf(l.Type())+" "+op+" "+b.style().NameOf(r.Type()), pos, true)
	}
	if out != found {
		return resolved{}, nil, operatorError(out, op, kindOf(l), kindOf(r), pos)
	}
	if res.fn.fn == nil {
		return resolved{}, nil, sqlerr.NotSupported("the operator %s of %s and %s is not supported", op, kindOf(l), kindOf(r)).At(pos)
	}
	if otherEnum(l.Type(), r.Type()) {
		sig := b.style().NameOf(l.Type()) + " " + op + " " + b.style().NameOf(r.Type())
		return resolved{}, nil, operatorMissing(sig, pos, true)
	}
	if err := comparableArrays(op, res.args[0]); err != nil {
		return resolved{}, nil, err
	}
	args, err := b.convertArgs([]Expr{l, r}, res.args)
	return res, args, err
}

func (b *Binder) convertArgs(args []Expr, kinds []value.Kind) ([]Expr, error) {
	out := make([]Expr, len(args))
	for i, a := range args {
		k := kinds[i]
		if isPseudo(k) || k == value.Unknown {
			out[i] = a
			continue
		}
		x, err := b.convert(a, typeFor(k, args), value.CastImplicit)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// callOperator returns l op r.
func (b *Binder) callOperator(op string, l, r Expr, pos int) (Expr, error) {
	if x, y := writtenRow(l), writtenRow(r); x != nil && y != nil {
		return b.RowOperator(op, x.Fields, y.Fields, pos)
	}
	res, args, err := b.operator(op, l, r, pos)
	if err != nil {
		return nil, err
	}
	c := &Call{head: head{typeFor(res.ret, args), pos}, Func: res.fn, Args: args}
	return foldNode(c, Immutable, foldContext()), nil
}

// prefixOperator returns op x.
func (b *Binder) prefixOperator(op string, x Expr, pos int) (Expr, error) {
	list := registry.operators[opKey{op, 1}]
	actual := []value.Kind{kindOf(x)}
	c, ok := exact(list, actual)
	out := found
	if !ok {
		c, out = choose(list, actual)
	}
	if out != found {
		if out == ambiguous {
			return nil, operatorAmbiguous(op+" "+kindOf(x).String(), pos)
		}
		return nil, operatorMissing(op+" "+kindOf(x).String(), pos, false)
	}
	res, _ := c.resolve(actual)
	if res.fn == nil || res.fn.fn == nil {
		return nil, sqlerr.NotSupported("the operator %s of %s is not supported", op, kindOf(x)).At(pos)
	}
	args, err := b.convertArgs([]Expr{x}, res.args)
	if err != nil {
		return nil, err
	}
	return &Call{head: head{value.Of(res.ret), pos}, Func: res.fn, Args: args}, nil
}

func operatorError(out outcome, op string, l, r value.Kind, pos int) error {
	sig := l.String() + " " + op + " " + r.String()
	if out == undetermined {
		return errUndetermined(ast.NoPos)
	}
	if out == ambiguous {
		return operatorAmbiguous(sig, pos)
	}
	return operatorMissing(sig, pos, true)
}

func operatorAmbiguous(sig string, pos int) error {
	return sqlerr.New(sqlerr.AmbiguousFunction, "operator is not unique: %s", sig).
		WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.").At(pos)
}

func operatorMissing(sig string, pos int, binary bool) error {
	hint := "No operator matches the given name and argument type. You might need to add an explicit type cast."
	if binary {
		hint = "No operator matches the given name and argument types. You might need to add explicit type casts."
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s", sig).WithHint("%s", hint).At(pos)
}
