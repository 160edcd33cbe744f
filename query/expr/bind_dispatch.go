package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bind dispatches on the syntax.
func (b *Binder) bind(e ast.Expr) (Expr, error) {
	switch e := e.(type) {
	case *ast.Const:
		return bindConst(e)
	case *ast.ColumnRef:
		return b.bindColumn(e)
	case *ast.ParamRef:
		return b.Params.bind(e.N, e.Pos())
	case *ast.OpExpr:
		return b.bindOp(e)
	case *ast.BoolExpr:
		return b.bindLogic(e)
	case *ast.NullTest:
		return b.bindNullTest(e)
	case *ast.BooleanTest:
		return b.bindBoolTest(e)
	case *ast.IsDistinct:
		return b.bindDistinct(e)
	case *ast.InExpr:
		return b.bindIn(e)
	case *ast.BetweenExpr:
		return b.bindBetween(e)
	case *ast.LikeExpr:
		return b.bindLike(e)
	case *ast.ContainsExpr:
		return b.bindContains(e)
	case *ast.AnyAllExpr:
		return b.bindAnyAll(e)
	case *ast.TypeCast:
		return b.bindCast(e)
	case *ast.CollateExpr:
		return b.bindCollate(e)
	case *ast.ArrayExpr:
		return b.bindArray(e, value.Unknown)
	case *ast.Indirection:
		return b.bindIndirection(e)
	case *ast.CaseExpr:
		return b.bindCase(e)
	case *ast.CoalesceExpr:
		return b.bindCoalesce(e)
	case *ast.MinMaxExpr:
		return b.bindMinMax(e)
	case *ast.NullIfExpr:
		return b.bindNullIf(e)
	case *ast.SQLValueFunc:
		return b.bindValueFunc(e)
	case *ast.FuncCall:
		return b.bindCall(e)
	case *ast.RowExpr:
		return b.bindRow(e)
	}
	return b.bindSpecial(e)
}

func (b *Binder) bindPair(l, r ast.Expr) (Expr, Expr, error) {
	x, err := b.Bind(l)
	if err != nil {
		return nil, nil, err
	}
	y, err := b.Bind(r)
	return x, y, err
}

func (b *Binder) bindOp(e *ast.OpExpr) (Expr, error) {
	if err := operatorSchema(e.Schema, e.Op, e.Pos()); err != nil {
		return nil, err
	}
	if s, ok := e.Right.(*ast.SubLink); ok && s.Kind == ast.ExprSubLink {
		if row, ok := e.Left.(*ast.RowExpr); ok {
			// (a, b) = (SELECT x, y) compares the fields with the columns of the one row.
			return b.bindSpecial(&ast.SubLink{Offset: e.Offset, Kind: ast.ExprSubLink, Test: row, Op: e.Op, Query: s.Query})
		}
	}
	if e.Left == nil {
		x, err := b.Bind(e.Right)
		if err != nil {
			return nil, err
		}
		return b.prefixOperator(e.Op, x, e.Pos())
	}
	l, r, err := b.bindPair(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	return b.callOperator(e.Op, l, r, e.Pos())
}

func operatorSchema(schema []ast.Ident, op string, pos int) error {
	if len(schema) == 0 || len(schema) == 1 && schema[0].Name == "pg_catalog" {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedFunction, "operator does not exist: %s.%s", schema[len(schema)-1].Name, op).At(pos)
}

func (b *Binder) bindList(list []ast.Expr) ([]Expr, error) {
	out := make([]Expr, len(list))
	for i, a := range list {
		x, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}
