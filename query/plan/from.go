package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// from binds a FROM list: the node that yields its rows and the scope that names its columns. Without
// a list it is one row of nothing.
func (b *builder) from(items []ast.FromItem) (Node, *scope, error) {
	sc := &scope{}
	switch len(items) {
	case 0:
		return &Values{Rows: [][]expr.Expr{{}}}, sc, nil
	case 1:
	default:
		return nil, nil, sqlerr.NotSupported("joins are not supported").At(items[1].Pos())
	}
	n, r, err := b.fromItem(items[0])
	if err != nil {
		return nil, nil, err
	}
	sc.add(r)
	return n, sc, nil
}

func (b *builder) fromItem(item ast.FromItem) (Node, *relation, error) {
	switch item := item.(type) {
	case *ast.RangeVar:
		return b.rangeVar(item)
	case *ast.RangeFunction:
		return b.rangeFunction(item)
	case *ast.RangeSubselect:
		return b.rangeSubselect(item)
	case *ast.JoinExpr:
		return nil, nil, sqlerr.NotSupported("joins are not supported").At(item.Pos())
	}
	return nil, nil, sqlerr.NotSupported("this FROM item is not supported").At(item.Pos())
}

func (b *builder) rangeVar(item *ast.RangeVar) (Node, *relation, error) {
	if item.Sample != nil {
		return nil, nil, sqlerr.NotSupported("TABLESAMPLE is not supported").At(item.Sample.Pos())
	}
	if b.System != nil { // pg_catalog comes before public in every search path
		if f, ok := b.System.Relation(item.Table.Schema, item.Table.Name); ok {
			return b.function(f, nil, f.Name, item.Alias)
		}
	}
	t, err := b.table(item.Table)
	if err != nil {
		return nil, nil, err
	}
	r, err := tableRelation(t, item.Alias)
	if err != nil {
		return nil, nil, err
	}
	return newScan(t, r.alias), r, nil
}

// newScan returns a scan of all columns.
func newScan(t *schema.Table, alias string) *Scan {
	s := &Scan{Table: t, Alias: alias, Cols: make([]int16, len(t.Columns))}
	for i := range t.Columns {
		s.Cols[i] = t.Columns[i].Num
	}
	return s
}

// rangeSubselect binds a query in FROM.
func (b *builder) rangeSubselect(item *ast.RangeSubselect) (Node, *relation, error) {
	if item.Lateral {
		return nil, nil, sqlerr.NotSupported("LATERAL is not supported").At(item.Pos())
	}
	if item.Alias == nil {
		kind := "subquery"
		if item.Query.Values != nil {
			kind = "VALUES"
		}
		return nil, nil, sqlerr.New(sqlerr.SyntaxError, "%s in FROM must have an alias", kind).
			WithHint("For example, FROM (SELECT ...) [AS] foo.").At(item.Pos())
	}
	n, columns, err := b.selectStmt(item.Query)
	if err != nil {
		return nil, nil, err
	}
	r := &relation{alias: item.Alias.Name}
	for _, c := range columns {
		r.columns = append(r.columns, scopeColumn{name: c.Name, typ: c.Type, tableOID: c.TableOID, attNum: c.AttNum})
	}
	return n, r, r.rename(item.Alias)
}

func (b *builder) rangeFunction(item *ast.RangeFunction) (Node, *relation, error) {
	if item.Lateral || item.Ordinality || len(item.Funcs) != 1 || len(item.ColumnDefs) > 0 {
		return nil, nil, sqlerr.NotSupported("this form of a function in FROM is not supported").At(item.Pos())
	}
	call, ok := item.Funcs[0].Func.(*ast.FuncCall)
	if !ok || call.Distinct || call.Star || call.Over != nil || call.Filter != nil || len(call.OrderBy) > 0 {
		return nil, nil, sqlerr.NotSupported("this function is not supported in FROM").At(item.Pos())
	}
	binder := b.binder(nil, "FROM")
	var args []expr.Expr
	for _, a := range call.Args {
		x, err := binder.Bind(a)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, x)
	}
	f := findTableFunction(call.FuncName(), args)
	if f == nil {
		return nil, nil, sqlerr.NotSupported("function %s is not supported in FROM", call.FuncName()).At(call.Pos())
	}
	for i := range args {
		x, err := binder.Coerce(args[i], value.Of(f.Args[i]), value.CastImplicit)
		if err != nil {
			return nil, nil, err
		}
		args[i] = x
	}
	n, r, err := b.function(f, args, call.FuncName(), item.Alias)
	if err == nil && item.Alias != nil && len(item.Alias.Columns) == 0 && len(r.columns) == 1 {
		r.columns[0].name = item.Alias.Name // a function's one column goes by the alias
	}
	return n, r, err
}

func (b *builder) function(f *TableFunction, args []expr.Expr, name string, alias *ast.Alias) (Node, *relation, error) {
	n := &Function{Func: f, Args: args, Alias: name}
	r := &relation{alias: name, table: name}
	for _, c := range f.Columns {
		n.types = append(n.types, c.Type)
		r.columns = append(r.columns, scopeColumn{name: c.Name, typ: c.Type, tableOID: c.TableOID, attNum: c.AttNum})
	}
	if err := r.rename(alias); err != nil {
		return nil, nil, err
	}
	n.Alias = r.alias
	return n, r, nil
}
