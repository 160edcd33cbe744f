package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// The conversion of our tree to PostgreSQL's raw parse tree in libpg_query's JSON form, locations left out.

// node is a node or a field's value; keys with zero values are left out, as libpg_query leaves them out.
type node = map[string]any

// of returns a node of a type.
func of(typ string, fields node) node { return node{typ: clean(fields)} }

// clean drops what is empty.
func clean(n node) node {
	for k, v := range n {
		switch v := v.(type) {
		case nil:
			delete(n, k)
		case string:
			if v == "" {
				delete(n, k)
			}
		case bool:
			if !v {
				delete(n, k)
			}
		case int:
			if v == 0 {
				delete(n, k)
			}
		case []any:
			if len(v) == 0 {
				delete(n, k)
			}
		case node:
			if v == nil {
				delete(n, k)
			}
		}
	}
	return n
}

func str(s string) node { return of("String", node{"sval": s}) }

func names(list []ast.Ident) []any {
	var out []any
	for _, id := range list {
		out = append(out, str(id.Name))
	}
	return out
}

func qualified(q ast.QualifiedName) []any {
	var out []any
	for _, s := range []string{q.Catalog, q.Schema, q.Name} {
		if s != "" {
			out = append(out, str(s))
		}
	}
	return out
}

func rangeVar(q ast.QualifiedName) node {
	return clean(node{"catalogname": q.Catalog, "schemaname": q.Schema, "relname": q.Name, "inh": true, "relpersistence": "p"})
}

func alias(a *ast.Alias) any {
	if a == nil {
		return nil
	}
	return clean(node{"aliasname": a.Name, "colnames": names(a.Columns)})
}

func exprs(list []ast.Expr) []any {
	var out []any
	for _, e := range list {
		out = append(out, expr(e))
	}
	return out
}

// maybe is expr for an expression that may be missing.
func maybe(e ast.Expr) any {
	if e == nil {
		return nil
	}
	return expr(e)
}

func integer(i int) node { return of("Integer", node{"ival": i}) }

func iconst(i int) node {
	n := node{}
	if i != 0 {
		n["ival"] = i
	}
	return of("A_Const", node{"ival": n})
}

func sconst(s string) node { return of("A_Const", node{"sval": node{"sval": s}}) }

func constant(c *ast.Const) node {
	switch c.Kind {
	case ast.Null:
		return of("A_Const", node{"isnull": true})
	case ast.Bool:
		b := node{}
		if c.Int != 0 {
			b["boolval"] = true
		}
		return of("A_Const", node{"boolval": b})
	case ast.Int:
		if c.Int >= -1<<31 && c.Int < 1<<31 {
			return iconst(int(c.Int))
		}
		text := c.Text
		if text == "" {
			text = strconv.FormatInt(c.Int, 10)
		}
		return of("A_Const", node{"fval": node{"fval": text}})
	case ast.Numeric:
		return of("A_Const", node{"fval": node{"fval": c.Text}})
	case ast.BitString:
		return of("A_Const", node{"bsval": node{"bsval": c.Text}})
	}
	return sconst(c.Text)
}

func op(kind, name string, schema []ast.Ident, l, r any) node {
	return of("A_Expr", node{"kind": kind, "name": append(names(schema), str(name)), "lexpr": l, "rexpr": r})
}

func list(items []any) node { return of("List", node{"items": items}) }

var boolTests = [...]string{"IS_TRUE", "IS_NOT_TRUE", "IS_FALSE", "IS_NOT_FALSE", "IS_UNKNOWN", "IS_NOT_UNKNOWN"}

var subLinkKinds = [...]string{"EXPR_SUBLINK", "EXISTS_SUBLINK", "ANY_SUBLINK", "ALL_SUBLINK", "ARRAY_SUBLINK"}

func expr(e ast.Expr) node {
	switch e := e.(type) {
	case *ast.Const:
		return constant(e)
	case *ast.ColumnRef:
		fields := names(e.Parts)
		if e.Star {
			fields = append(fields, node{"A_Star": node{}})
		}
		return of("ColumnRef", node{"fields": fields})
	case *ast.ParamRef:
		return of("ParamRef", node{"number": e.N})
	case *ast.FuncCall:
		return funcCall(e)
	case *ast.NamedArg:
		return of("NamedArgExpr", node{"name": e.Name, "arg": expr(e.Arg), "argnumber": -1})
	case *ast.OpExpr:
		return op("AEXPR_OP", e.Op, e.Schema, maybe(e.Left), expr(e.Right))
	case *ast.AnyAllExpr:
		kind := "AEXPR_OP_ANY"
		if e.All {
			kind = "AEXPR_OP_ALL"
		}
		return op(kind, e.Op, e.Schema, expr(e.Left), expr(e.Array))
	case *ast.BoolExpr:
		return of("BoolExpr", node{"boolop": [...]string{"AND_EXPR", "OR_EXPR", "NOT_EXPR"}[e.Op], "args": exprs(e.Args)})
	case *ast.NullTest:
		kind := "IS_NULL"
		if e.Not {
			kind = "IS_NOT_NULL"
		}
		return of("NullTest", node{"arg": expr(e.Arg), "nulltesttype": kind})
	case *ast.BooleanTest:
		return of("BooleanTest", node{"arg": expr(e.Arg), "booltesttype": boolTests[e.Kind]})
	case *ast.IsDistinct:
		kind := "AEXPR_DISTINCT"
		if e.Not {
			kind = "AEXPR_NOT_DISTINCT"
		}
		return op(kind, "=", nil, expr(e.Left), expr(e.Right))
	case *ast.InExpr:
		name := "="
		if e.Not {
			name = "<>"
		}
		return op("AEXPR_IN", name, nil, expr(e.Arg), list(exprs(e.List)))
	case *ast.BetweenExpr:
		kind, name := "AEXPR_BETWEEN", "BETWEEN"
		if e.Not {
			kind, name = "AEXPR_NOT_BETWEEN", "NOT BETWEEN"
		}
		if e.Symmetric {
			kind, name = kind+"_SYM", name+" SYMMETRIC"
		}
		return op(kind, name, nil, expr(e.Arg), list(exprs([]ast.Expr{e.Low, e.High})))
	case *ast.LikeExpr:
		return like(e)
	case *ast.TypeCast:
		return of("TypeCast", node{"arg": expr(e.Arg), "typeName": typeName(e.Type)})
	case *ast.CollateExpr:
		return of("CollateClause", node{"arg": expr(e.Arg), "collname": names(e.Collation)})
	case *ast.ArrayExpr:
		return of("A_ArrayExpr", node{"elements": exprs(e.Elems)})
	case *ast.RowExpr:
		form := "COERCE_IMPLICIT_CAST"
		if e.Explicit {
			form = "COERCE_EXPLICIT_CALL"
		}
		return of("RowExpr", node{"args": exprs(e.Args), "row_format": form})
	case *ast.Indirection:
		return of("A_Indirection", node{"arg": expr(e.Arg), "indirection": steps(e.Path)})
	case *ast.SubLink:
		n := node{"subLinkType": subLinkKinds[e.Kind], "testexpr": maybe(e.Test), "subselect": stmt(e.Query)}
		if e.Kind == ast.AnySubLink && !e.In || e.Kind == ast.AllSubLink {
			n["operName"] = append(names(e.Schema), str(e.Op))
		}
		return of("SubLink", n)
	case *ast.CaseExpr:
		var whens []any
		for _, w := range e.Whens {
			whens = append(whens, of("CaseWhen", node{"expr": expr(w.Cond), "result": expr(w.Result)}))
		}
		return of("CaseExpr", node{"arg": maybe(e.Arg), "args": whens, "defresult": maybe(e.Else)})
	case *ast.CoalesceExpr:
		return of("CoalesceExpr", node{"args": exprs(e.Args)})
	case *ast.MinMaxExpr:
		kind := "IS_GREATEST"
		if e.Least {
			kind = "IS_LEAST"
		}
		return of("MinMaxExpr", node{"op": kind, "args": exprs(e.Args)})
	case *ast.NullIfExpr:
		return op("AEXPR_NULLIF", "=", nil, expr(e.Left), expr(e.Right))
	case *ast.SQLValueFunc:
		name, mod := strings.ToUpper(e.Name), -1
		if e.Precision >= 0 {
			name, mod = name+"_N", e.Precision
		}
		return of("SQLValueFunction", node{"op": "SVFOP_" + name, "typmod": mod})
	case *ast.SetToDefault:
		return node{"SetToDefault": node{}}
	case *ast.GroupingSet:
		kind := [...]string{"GROUPING_SET_EMPTY", "GROUPING_SET_ROLLUP", "GROUPING_SET_CUBE", "GROUPING_SET_SETS"}[e.Kind]
		return of("GroupingSet", node{"kind": kind, "content": exprs(e.Items)})
	case *ast.GroupingFunc:
		return of("GroupingFunc", node{"args": exprs(e.Args)})
	case *ast.CurrentOf:
		return of("CurrentOfExpr", node{"cursor_name": e.Cursor})
	}
	panic(fmt.Sprintf("no conversion of %T", e))
}

func like(e *ast.LikeExpr) node {
	kind := [...]string{"AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"}[e.Kind]
	name := [...]string{"~~", "~~*", "~"}[e.Kind]
	if e.Not {
		name = "!" + name
	}
	pattern := expr(e.Pattern)
	if e.Kind == ast.SimilarTo || e.Escape != nil {
		fn := "like_escape"
		if e.Kind == ast.SimilarTo {
			fn = "similar_to_escape"
		}
		args := []any{pattern}
		if e.Escape != nil {
			args = append(args, expr(e.Escape))
		}
		pattern = of("FuncCall", node{"funcname": []any{str("pg_catalog"), str(fn)}, "args": args, "funcformat": "COERCE_EXPLICIT_CALL"})
	}
	return op(kind, name, nil, expr(e.Arg), pattern)
}

func funcCall(e *ast.FuncCall) node {
	n := node{"funcname": names(e.Name), "args": exprs(e.Args), "agg_star": e.Star, "agg_distinct": e.Distinct,
		"func_variadic": e.Variadic, "agg_order": sorts(e.OrderBy), "agg_within_group": e.WithinGroup, "agg_filter": maybe(e.Filter),
		"funcformat": "COERCE_EXPLICIT_CALL"}
	if e.SQLSyntax {
		n["funcformat"] = "COERCE_SQL_SYNTAX"
	}
	if e.Over != nil {
		n["over"] = window(e.Over)
	}
	return of("FuncCall", n)
}

func steps(path []ast.Step) []any {
	var out []any
	for _, s := range path {
		switch {
		case s.Star:
			out = append(out, node{"A_Star": node{}})
		case s.Field != "":
			out = append(out, str(s.Field))
		case s.Slice:
			out = append(out, of("A_Indices", node{"is_slice": true, "lidx": maybe(s.Lower), "uidx": maybe(s.Upper)}))
		default:
			out = append(out, of("A_Indices", node{"uidx": maybe(s.Upper)}))
		}
	}
	return out
}

func typeName(t *ast.TypeName) any {
	if t == nil {
		return nil
	}
	var bounds []any
	for _, d := range t.ArrayDims {
		bounds = append(bounds, integer(d))
	}
	return clean(node{"names": names(t.Names), "typmods": exprs(t.Typmods), "typemod": -1, "arrayBounds": bounds,
		"setof": t.SetOf, "pct_type": t.PctType})
}

func sorts(list []*ast.SortItem) []any {
	var out []any
	for _, s := range list {
		n := node{"node": expr(s.Expr),
			"sortby_dir":   [...]string{"SORTBY_DEFAULT", "SORTBY_ASC", "SORTBY_DESC", "SORTBY_USING"}[s.Dir],
			"sortby_nulls": [...]string{"SORTBY_NULLS_DEFAULT", "SORTBY_NULLS_FIRST", "SORTBY_NULLS_LAST"}[s.Nulls]}
		if s.Dir == ast.SortUsing {
			n["useOp"] = []any{str(s.UsingOp)}
		}
		out = append(out, of("SortBy", n))
	}
	return out
}

// The bits of a frame, of nodes/parsenodes.h.
const (
	frameNonDefault = 0x1
	frameRange      = 0x2
	frameRows       = 0x4
	frameGroups     = 0x8
	frameBetween    = 0x10
)

func window(w *ast.WindowDef) node {
	n := node{"frameOptions": 0x2 | 0x20 | 0x400}
	if w.NameOnly {
		n["name"] = w.Name
		return clean(n)
	}
	n["name"], n["refname"], n["partitionClause"], n["orderClause"] = w.Name, w.Ref, exprs(w.PartitionBy), sorts(w.OrderBy)
	if f := w.Frame; f != nil {
		bits := frameNonDefault | [...]int{frameRange, frameRows, frameGroups}[f.Mode]
		bits |= [...]int{0x20, 0x800, 0x200, 0x2000, 0x80}[f.Start]
		bits |= [...]int{0x40, 0x1000, 0x400, 0x4000, 0x100}[f.End]
		bits |= [...]int{0, 0x8000, 0x10000, 0x20000}[f.Exclude]
		n["frameOptions"] = bits
		n["startOffset"], n["endOffset"] = maybe(f.StartOffset), maybe(f.EndOffset)
	}
	return clean(n)
}
