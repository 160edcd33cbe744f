package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
)

// Expr is a typed expression. Immutable; safe for concurrent use.
type Expr interface {
	// Type is the type of the result. Its kind is value.Unknown for an
	// undecorated string literal, a bare NULL or a parameter that has no type yet.
	Type() value.Type
	// Pos is the byte offset in the statement's text, or ast.NoPos.
	Pos() int
	// String is the expression as SQL, as PostgreSQL deparses it for EXPLAIN.
	String() string

	// children calls f for each operand.
	children(f func(Expr))
	// rebuild returns the node with f applied to each operand, and the node
	// itself when none changed.
	rebuild(f func(Expr) Expr) Expr
	// same compares the nodes without their operands and positions.
	same(o Expr) bool
	// eval computes the value over one row.
	eval(c *Context, row []value.Value) (value.Value, error)
	deparse(d *deparser)
}

// head is what every node has.
type head struct {
	typ value.Type
	pos int
}

func (h *head) Type() value.Type { return h.typ }
func (h *head) Pos() int         { return h.pos }

// kindOf returns the kind of e's type.
func kindOf(e Expr) value.Kind { return e.Type().Kind }

// Walk calls f for e and, where f returns true, for its operands in order.
func Walk(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	e.children(func(c Expr) { Walk(c, f) })
}

// Rewrite returns e with f applied from the top: where f returns another node,
// that node stands in place of the old one and is not descended into.
// Untouched parts are shared with e.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if r := f(e); r != e {
		return r
	}
	return e.rebuild(func(c Expr) Expr { return Rewrite(c, f) })
}

// Equal says whether a and b are the same expression, positions aside. Equal
// volatile expressions may still have different values.
func Equal(a, b Expr) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Type() != b.Type() || !a.same(b) {
		return false
	}
	ac, bc := operands(a), operands(b)
	if len(ac) != len(bc) {
		return false
	}
	for i := range ac {
		if !Equal(ac[i], bc[i]) {
			return false
		}
	}
	return true
}

func operands(e Expr) []Expr {
	var list []Expr
	e.children(func(c Expr) { list = append(list, c) })
	return list
}

// Columns calls f with the index of each column that e reads, repeats included.
func Columns(e Expr, f func(index int)) {
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Column); ok {
			f(c.Index)
		}
		return true
	})
}

// HasAggregate says whether e contains an aggregate call.
func HasAggregate(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*AggCall); ok {
			found = true
		}
		return !found
	})
	return found
}

// Volatility says when an expression may be computed in advance.
type Volatility uint8

// The volatilities, as PostgreSQL classes its functions.
const (
	Immutable Volatility = iota // depends on its arguments only
	Stable                      // constant within a statement
	Volatile                    // may change from row to row
)

// VolatilityOf returns the worst volatility in e. A parameter is Stable.
func VolatilityOf(e Expr) Volatility {
	worst := Immutable
	Walk(e, func(e Expr) bool {
		v := Immutable
		switch e := e.(type) {
		case *Call:
			v = e.Func.Volatility
		case *Cast:
			v = castVolatility(kindOf(e.Arg), e.typ.Kind)
		case *SetCall:
			v = e.Func.Volatility
		case *Param, *Slot:
			v = Stable
		case *Subquery:
			if v = Stable; e.volatile() {
				v = Volatile
			}
		}
		worst = max(worst, v)
		return true
	})
	return worst
}

// IsConst says whether e has one value for all rows of a statement: it reads no
// column, aggregates nothing and is not volatile. It may depend on parameters
// and on the statement's time.
func IsConst(e Expr) bool {
	constant := true
	Walk(e, func(e Expr) bool {
		switch e.(type) {
		case *Column, *AggCall, *WindowCall, *SetCall:
			constant = false
		}
		return constant
	})
	return constant && VolatilityOf(e) < Volatile
}

// Fold returns e with its immutable, column-free parts computed. A part whose
// computation fails stays, so that the error appears only if it is evaluated.
func Fold(e Expr) Expr {
	return foldWith(e, Immutable, foldContext())
}

// FoldStable is Fold that computes stable parts and parameters too, in the
// context of one execution of the statement. The planner uses it for the bounds
// of index look-ups.
func FoldStable(e Expr, c *Context) Expr { return foldWith(e, Stable, c) }

func foldWith(e Expr, most Volatility, c *Context) Expr {
	e = e.rebuild(func(x Expr) Expr { return foldWith(x, most, c) })
	return foldNode(e, most, c)
}

// foldNode folds a node whose operands are folded already.
func foldNode(e Expr, most Volatility, c *Context) Expr {
	switch x := e.(type) {
	case *Const, *Column, *AggCall, *WindowCall, *SetCall, *Row:
		return e
	case *Slot:
		if most < Stable || x.Index >= len(c.Slots) {
			return e
		}
	case *Subquery:
		if most < Stable || c.Queries == nil || x.volatile() || x.Test != nil {
			return e
		}
	case *Param:
		if most < Stable || x.Index >= len(c.Params) {
			return e
		}
	case *Call:
		// A strict function of a NULL is NULL, whatever its other arguments are.
		if x.Func.Strict && slices.ContainsFunc(x.Args, isNullConst) {
			return NewConst(value.Null(x.typ.Kind), x.typ, x.pos)
		}
		if x.Func.Volatility > most {
			return e
		}
		if s := booleanEquality(x); s != nil {
			return s
		}
	case *Cast:
		if castVolatility(kindOf(x.Arg), x.typ.Kind) > most {
			return e
		}
	case *Logic:
		return x.simplify()
	case *Case:
		if s := x.simplify(); s != e {
			return s
		}
	case *Coalesce:
		if s := x.simplify(); s != e {
			return s
		}
	case *AnyAll:
		if s := x.asList(); s != nil {
			return foldNode(s, most, c)
		}
	}
	ready := true
	e.children(func(x Expr) {
		if _, ok := x.(*Const); !ok {
			ready = false
		}
	})
	if !ready {
		return e
	}
	v, err := e.eval(c, nil)
	if err != nil {
		return e
	}
	return &Const{head: head{e.Type(), e.Pos()}, Val: v}
}

// Fault returns the error of a part of e that reads nothing and cannot be computed, nil when there is none. PostgreSQL
// raises such errors while it plans, whether the part would ever be computed or not.
func Fault(e Expr) error {
	var err error
	Walk(e, func(x Expr) bool {
		if err != nil {
			return false
		}
		switch x := x.(type) {
		case *Call:
			if x.Func.Volatility > Immutable {
				return true
			}
		case *Cast:
			if castVolatility(kindOf(x.Arg), x.typ.Kind) > Immutable {
				return true
			}
		default:
			return true
		}
		constant := true
		x.children(func(a Expr) {
			if _, ok := a.(*Const); !ok {
				constant = false
			}
		})
		if constant {
			_, err = x.eval(foldContext(), nil)
		}
		return err == nil
	})
	return err
}
