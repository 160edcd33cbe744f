package expr

import (
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindSpecial asks the planner, and refuses what it does not know.
func (b *Binder) bindSpecial(e ast.Expr) (Expr, error) {
	if b.Special != nil {
		if x, err := b.Special(e); x != nil || err != nil {
			return x, err
		}
	}
	what := "this expression"
	switch e.(type) {
	case *ast.SubLink:
		what = "a subquery in this place"
	case *ast.GroupingFunc:
		return nil, sqlerr.New(sqlerr.GroupingError, "grouping operations are not allowed in %s", b.Clause).At(e.Pos())
	case *ast.SetToDefault:
		return nil, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.Pos())
	case *ast.CurrentOf:
		what = "WHERE CURRENT OF"
	}
	return nil, sqlerr.NotSupported("%s is not supported", what).At(e.Pos())
}

func (b *Binder) bindColumn(e *ast.ColumnRef) (Expr, error) {
	if b.Scope != nil {
		return b.Scope.Column(e)
	}
	if e.MaybeLiteral {
		return Literal(e.Raw, e.Pos()), nil
	}
	if b.Clause == "DEFAULT" {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression").At(e.Pos())
	}
	parts := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		parts[i] = p.Name
	}
	name := strings.Join(parts, ".")
	if len(parts) > 1 {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", parts[len(parts)-2]).At(e.Pos())
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).At(e.Pos())
}

func bindConst(e *ast.Const) (Expr, error) {
	switch e.Kind {
	case ast.Null:
		return NewConst(value.Null(value.Unknown), value.Of(value.Unknown), e.Pos()), nil
	case ast.Bool:
		return NewConst(value.NewBool(e.Int != 0), boolType, e.Pos()), nil
	case ast.Int:
		k := value.Int8
		if e.Int >= math.MinInt32 && e.Int <= math.MaxInt32 {
			k = value.Int4
		}
		return NewConst(value.NewInt(k, e.Int), value.Of(k), e.Pos()), nil
	case ast.Numeric:
		t := value.Of(value.Numeric)
		v, err := value.Parse(t, e.Text, defaultStyle)
		if err != nil {
			return nil, atPos(err, e.Pos())
		}
		return NewConst(v, t, e.Pos()), nil
	case ast.String:
		return Literal(e.Text, e.Pos()), nil
	}
	return nil, sqlerr.NotSupported("bit strings are not supported").At(e.Pos())
}
