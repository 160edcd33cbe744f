package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// eachUnnest returns the functions of a FROM item with unnest of several arrays as one of each, side by side.
func eachUnnest(list []*ast.TableFunc) []*ast.TableFunc {
	var out []*ast.TableFunc
	for _, f := range list {
		call, ok := f.Func.(*ast.FuncCall)
		if !ok || len(call.Args) < 2 || len(call.Name) > 1 || call.FuncName() != "unnest" || call.Variadic || len(f.ColumnDefs) > 0 {
			out = append(out, f)
			continue
		}
		for _, arg := range call.Args {
			one, g := *call, *f
			one.Args, g.Func = []ast.Expr{arg}, &one
			out = append(out, &g)
		}
	}
	return out
}

// recordColumns gives a function that returns records the columns of the definition list behind it, or behind the FROM item.
func (b *builder) recordColumns(x expr.Expr, item *ast.RangeFunction, f *ast.TableFunc) (expr.Expr, error) {
	call, ok := x.(*expr.SetCall)
	defs := f.ColumnDefs
	if len(item.ColumnDefs) > 0 {
		defs = item.ColumnDefs
		switch pos := defs[0].Pos(); {
		case item.RowsFrom || len(item.Funcs) > 1:
			return nil, sqlerr.New(sqlerr.SyntaxError, "ROWS FROM() with multiple functions cannot have a column definition list").
				WithHint("Put a separate column definition list for each function inside ROWS FROM().").At(pos)
		case item.Ordinality:
			return nil, sqlerr.New(sqlerr.SyntaxError, "WITH ORDINALITY cannot be used with a column definition list").
				WithHint("Put the column definition list inside ROWS FROM().").At(pos)
		}
	}
	switch {
	case len(defs) == 0 && ok && call.Func.Record != nil:
		return nil, sqlerr.New(sqlerr.SyntaxError, `a column definition list is required for functions returning "record"`).At(f.Pos())
	case len(defs) == 0:
		return x, nil
	case !ok:
		return nil, sqlerr.New(sqlerr.SyntaxError, `a column definition list is only allowed for functions returning "record"`).At(defs[0].Pos())
	}
	names, types := make([]string, len(defs)), make([]value.Type, len(defs))
	for i, d := range defs {
		t, err := expr.ResolveType(d.Type, b.Style)
		if err != nil {
			return nil, err
		}
		names[i], types[i] = d.Name, t
	}
	return call.DefineColumns(names, types, defs[0].Pos())
}

// namesColumn says whether a function names its columns itself, as json_array_elements does.
func namesColumn(x expr.Expr) bool {
	call, ok := x.(*expr.SetCall)
	return ok && call.Func.Columns[0].Name != ""
}

// returnsRecords says whether a function's columns come from a column definition list.
func returnsRecords(x expr.Expr) bool {
	call, ok := x.(*expr.SetCall)
	return ok && call.Func.Record != nil
}
