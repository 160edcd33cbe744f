package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Scope resolves names. The planner supplies it.
type Scope interface {
	// Column returns the expression that a name stands for, usually a Column.
	// 42703 when there is none, 42702 when there are several. A reference with
	// MaybeLiteral set that is no column is Literal(ref.Raw, ref.Pos()).
	Column(ref *ast.ColumnRef) (Expr, error)
}

// Literal returns a string literal whose type its context decides.
func Literal(s string, pos int) Expr {
	return NewConst(value.NewBytes(value.Unknown, s), value.Of(value.Unknown), pos)
}

// Binder binds the expressions of one place (clause) of a statement. The zero
// value refuses columns, parameters and aggregates. Not safe for concurrent use.
type Binder struct {
	// Scope resolves columns; nil where there are none.
	Scope Scope
	// Params collects parameter types; nil where there are none. Shared by all
	// binders of a statement.
	Params *ParamTypes
	// Style reads literals; nil means the default.
	Style *value.Style
	// Clause names the place in messages: "WHERE", "GROUP BY", "HAVING", "RETURNING",
	// "VALUES", "UPDATE", "LIMIT", "DEFAULT" ...
	Clause string
	// Aggregates says whether aggregate calls may appear here.
	Aggregates bool
	// Special binds what belongs to the planner: SubLink, GroupingFunc, SetToDefault,
	// CurrentOf, RowExpr. It returns nil, nil for what it does not know, which then is
	// refused. nil knows nothing.
	Special func(e ast.Expr) (Expr, error)

	// Aggregating is called before an aggregate's arguments are bound, and what it returns with the call: it returns what
	// stands for a call that belongs to a query further out, else nil. May be nil.
	Aggregating func() func(*AggCall) (Expr, error)
	// Window returns the number of the window of an OVER clause; nil where window functions may not appear.
	Window func(def *ast.WindowDef) (int, error)

	inAggregate bool // binding the arguments of an aggregate
	inWindow    bool // binding the arguments of a window function
	depth       int
}

// maxDepth bounds the nesting of expressions: the recursion of binding and
// evaluation stays well within a goroutine's stack.
const maxDepth = 5000

func (b *Binder) style() *value.Style {
	if b.Style == nil {
		return defaultStyle
	}
	return b.Style
}

// Bind returns the typed form of e, constants folded. An undecorated literal, a bare NULL and an
// open parameter still have the kind Unknown: finish with Text, Bool, Coerce or Assign.
func (b *Binder) Bind(e ast.Expr) (Expr, error) {
	if b.depth >= maxDepth {
		return nil, sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("The expression is nested more than %d levels deep.", maxDepth).At(e.Pos())
	}
	b.depth++
	x, err := b.bind(e)
	b.depth--
	if err != nil {
		return nil, err
	}
	return foldNode(x, Immutable, foldContext()), nil
}

// BindBool binds a condition; what names its place ("WHERE", "HAVING", "AND"):
// 42804 when it is not boolean.
func (b *Binder) BindBool(e ast.Expr, what string) (Expr, error) {
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	return b.Bool(x, what)
}

// BindText binds an output column: what stays of unknown type becomes text.
func (b *Binder) BindText(e ast.Expr) (Expr, error) {
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	return b.Text(x)
}
