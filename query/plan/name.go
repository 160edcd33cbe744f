package plan

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// columnName is the name of a result column without alias, as PostgreSQL chooses it.
func columnName(e ast.Expr) string {
	if name, _ := nameOf(e); name != "" {
		return name
	}
	return "?column?"
}

// IndexColumnName is the name of the column of an index on an expression.
func IndexColumnName(e ast.Expr) string {
	if name, _ := nameOf(e); name != "" {
		return name
	}
	return "expr"
}

// nameOf returns the name that an expression suggests and how strongly: 0 not
// at all, 1 for want of a better one, 2 for good.
func nameOf(e ast.Expr) (string, int) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		if !e.Star && len(e.Parts) > 0 {
			return e.Parts[len(e.Parts)-1].Name, 2
		}
	case *ast.Indirection:
		for i := len(e.Path) - 1; i >= 0; i-- {
			if e.Path[i].Field != "" {
				return e.Path[i].Field, 2
			}
		}
		return nameOf(e.Arg)
	case *ast.FuncCall:
		return e.FuncName(), 2
	case *ast.NullIfExpr:
		return "nullif", 2
	case *ast.TypeCast:
		if name, strength := nameOf(e.Arg); strength > 1 {
			return name, strength
		}
		return e.Type.Name(), 1
	case *ast.CollateExpr:
		return nameOf(e.Arg)
	case *ast.GroupingFunc:
		return "grouping", 2
	case *ast.SubLink:
		return subLinkName(e)
	case *ast.CaseExpr:
		if e.Else != nil {
			if name, strength := nameOf(e.Else); strength > 1 {
				return name, strength
			}
		}
		return "case", 1
	case *ast.ArrayExpr:
		return "array", 2
	case *ast.RowExpr:
		return "row", 2
	case *ast.CoalesceExpr:
		return "coalesce", 2
	case *ast.MinMaxExpr:
		if e.Least {
			return "least", 2
		}
		return "greatest", 2
	case *ast.SQLValueFunc:
		return e.Name, 2
	}
	return "", 0
}

func subLinkName(e *ast.SubLink) (string, int) {
	switch e.Kind {
	case ast.ExistsSubLink:
		return "exists", 2
	case ast.ArraySubLink:
		return "array", 2
	case ast.ExprSubLink:
		if len(e.Query.Targets) == 1 {
			t := e.Query.Targets[0]
			if t.Alias != nil {
				return t.Alias.Name, 2
			}
			return nameOf(t.Expr)
		}
	}
	return "", 0
}
