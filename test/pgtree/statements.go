package main

import (
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func with(w *ast.WithClause) any {
	if w == nil {
		return nil
	}
	var ctes []any
	for _, c := range w.CTEs {
		ctes = append(ctes, of("CommonTableExpr", node{"ctename": c.Name, "aliascolnames": names(c.Columns),
			"ctematerialized": [...]string{"CTEMaterializeDefault", "CTEMaterializeAlways", "CTEMaterializeNever"}[c.Materialize],
			"ctequery":        stmt(c.Query)}))
	}
	return clean(node{"ctes": ctes, "recursive": w.Recursive})
}

func targets(list []*ast.Target) []any {
	var out []any
	for _, t := range list {
		n := node{"val": expr(t.Expr)}
		if t.Alias != nil {
			n["name"] = t.Alias.Name
		}
		out = append(out, of("ResTarget", n))
	}
	return out
}

func from(items []ast.FromItem) []any {
	var out []any
	for _, f := range items {
		out = append(out, fromItem(f))
	}
	return out
}

func relation(r *ast.RangeVar) node {
	n := rangeVar(r.Table)
	if r.Only {
		delete(n, "inh")
	}
	if r.Alias != nil {
		n["alias"] = alias(r.Alias)
	}
	return n
}

func fromItem(f ast.FromItem) node {
	switch f := f.(type) {
	case *ast.RangeVar:
		n := node{"RangeVar": relation(f)}
		if s := f.Sample; s != nil {
			return of("RangeTableSample", node{"relation": n, "method": names(s.Method), "args": exprs(s.Args), "repeatable": maybe(s.Repeatable)})
		}
		return n
	case *ast.RangeSubselect:
		return of("RangeSubselect", node{"lateral": f.Lateral, "subquery": stmt(f.Query), "alias": alias(f.Alias)})
	case *ast.RangeFunction:
		var funcs []any
		for _, fn := range f.Funcs {
			defs := any(node{})
			if len(fn.ColumnDefs) > 0 {
				defs = list(columnDefs(fn.ColumnDefs))
			}
			funcs = append(funcs, list([]any{expr(fn.Func), defs}))
		}
		return of("RangeFunction", node{"lateral": f.Lateral, "ordinality": f.Ordinality, "is_rowsfrom": f.RowsFrom,
			"functions": funcs, "alias": alias(f.Alias), "coldeflist": columnDefs(f.ColumnDefs)})
	case *ast.JoinExpr:
		n := node{"jointype": [...]string{"JOIN_INNER", "JOIN_LEFT", "JOIN_RIGHT", "JOIN_FULL", "JOIN_INNER"}[f.Kind],
			"isNatural": f.Natural, "larg": fromItem(f.Left), "rarg": fromItem(f.Right), "usingClause": names(f.Using),
			"quals": maybe(f.On), "alias": alias(f.Alias)}
		if f.UsingAlias != nil {
			n["join_using_alias"] = node{"aliasname": f.UsingAlias.Name}
		}
		return of("JoinExpr", n)
	}
	panic(fmt.Sprintf("no conversion of %T", f))
}

func selectStmt(s *ast.SelectStmt) node {
	n := node{"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
	switch {
	case s.SetOp != ast.NoSetOp:
		n["op"] = [...]string{"", "SETOP_UNION", "SETOP_INTERSECT", "SETOP_EXCEPT"}[s.SetOp]
		n["all"] = s.All
		n["larg"], n["rarg"] = selectStmt(s.Left)["SelectStmt"], selectStmt(s.Right)["SelectStmt"]
	case s.Values != nil:
		var rows []any
		for _, r := range s.Values.Rows {
			rows = append(rows, list(exprs(r)))
		}
		n["valuesLists"] = rows
	default:
		if !s.AllColumns {
			n["targetList"] = targets(s.Targets)
		}
		if s.Distinct {
			n["distinctClause"] = exprs(s.DistinctOn)
			if len(s.DistinctOn) == 0 {
				n["distinctClause"] = []any{node{}}
			}
		}
		if s.Into != nil {
			n["intoClause"] = into(s.Into.Table, s.Into.Persistence, nil)
		}
		n["fromClause"], n["whereClause"], n["groupClause"] = from(s.From), maybe(s.Where), exprs(s.GroupBy)
		n["groupDistinct"], n["havingClause"] = s.GroupDistinct, maybe(s.Having)
		var windows []any
		for _, w := range s.Windows {
			windows = append(windows, node{"WindowDef": window(w)})
		}
		n["windowClause"] = windows
	}
	n["sortClause"], n["limitOffset"], n["limitCount"] = sorts(s.OrderBy), maybe(s.LimitOffset), maybe(s.Limit)
	if s.Limit != nil {
		n["limitOption"] = "LIMIT_OPTION_COUNT"
	}
	if s.LimitOffset != nil && s.Limit == nil {
		n["limitOption"] = "LIMIT_OPTION_COUNT"
	}
	if s.WithTies {
		n["limitOption"] = "LIMIT_OPTION_WITH_TIES"
	}
	if w := with(s.With); w != nil {
		n["withClause"] = w
	}
	var locks []any
	for _, l := range s.Locking {
		var rels []any
		for _, q := range l.Of {
			rels = append(rels, node{"RangeVar": rangeVar(q)})
		}
		locks = append(locks, of("LockingClause", node{"lockedRels": rels,
			"strength":   [...]string{"LCS_FORKEYSHARE", "LCS_FORSHARE", "LCS_FORNOKEYUPDATE", "LCS_FORUPDATE"}[l.Strength],
			"waitPolicy": [...]string{"LockWaitBlock", "LockWaitError", "LockWaitSkip"}[l.Wait]}))
	}
	n["lockingClause"] = locks
	return of("SelectStmt", n)
}

var persistences = [...]string{"p", "t", "u"}

func into(q ast.QualifiedName, p ast.Persistence, columns []ast.Ident) node {
	rel := rangeVar(q)
	rel["relpersistence"] = persistences[p]
	return clean(node{"rel": rel, "colNames": names(columns), "onCommit": "ONCOMMIT_NOOP"})
}

func assignTargets(list []*ast.AssignTarget) []any {
	var out []any
	for _, a := range list {
		out = append(out, of("ResTarget", node{"name": a.Name, "indirection": steps(a.Path)}))
	}
	return out
}

func assignments(list []*ast.Assignment) []any {
	var out []any
	for _, a := range list {
		for i, t := range a.Targets {
			n := node{"name": t.Name, "indirection": steps(t.Path)}
			if a.Multi {
				n["val"] = of("MultiAssignRef", node{"source": expr(a.Value), "colno": i + 1, "ncolumns": len(a.Targets)})
			} else {
				n["val"] = expr(a.Value)
			}
			out = append(out, of("ResTarget", n))
		}
	}
	return out
}

func indexElems(elems []*ast.IndexElem) []any {
	var out []any
	for _, e := range elems {
		n := node{"name": e.Column, "expr": maybe(e.Expr), "collation": names(e.Collation), "opclass": names(e.OpClass), "opclassopts": options(e.OpClassOpt),
			"ordering":       [...]string{"SORTBY_DEFAULT", "SORTBY_ASC", "SORTBY_DESC", "SORTBY_USING"}[e.Dir],
			"nulls_ordering": [...]string{"SORTBY_NULLS_DEFAULT", "SORTBY_NULLS_FIRST", "SORTBY_NULLS_LAST"}[e.Nulls]}
		out = append(out, of("IndexElem", n))
	}
	return out
}

func onConflict(c *ast.OnConflict) any {
	if c == nil {
		return nil
	}
	n := node{"action": "ONCONFLICT_NOTHING", "targetList": assignments(c.Set), "whereClause": maybe(c.Where)}
	if c.Update {
		n["action"] = "ONCONFLICT_UPDATE"
	}
	if t := c.Target; t != nil {
		n["infer"] = clean(node{"indexElems": indexElems(t.Elems), "whereClause": maybe(t.Where), "conname": t.Constraint})
	}
	return clean(n)
}

func options(list []*ast.OptionDef) []any {
	var out []any
	for _, o := range list {
		out = append(out, of("DefElem", node{"defnamespace": o.Namespace, "defname": o.Name, "arg": optionValue(o.Value), "defaction": "DEFELEM_UNSPEC"}))
	}
	return out
}

// optionValue is a definition's argument: a plain node, not a constant.
func optionValue(e ast.Expr) any {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Const:
		switch e.Kind {
		case ast.Int:
			return integer(int(e.Int))
		case ast.Numeric:
			return of("Float", node{"fval": e.Text})
		case ast.Bool:
			return node{"Boolean": node{"boolval": e.Int != 0}}
		}
		return str(e.Text)
	case *ast.ArrayExpr:
		var items []any
		for _, x := range e.Elems {
			items = append(items, str(x.(*ast.Const).Text))
		}
		return list(items)
	case *ast.ColumnRef:
		if e.Star {
			return node{"A_Star": node{}}
		}
		return list(names(e.Parts))
	}
	return expr(e)
}

func columnDefs(defs []*ast.ColumnDef) []any {
	var out []any
	for _, d := range defs {
		out = append(out, columnDef(d))
	}
	return out
}

func columnDef(d *ast.ColumnDef) node {
	n := node{"colname": d.Name, "typeName": typeName(d.Type), "is_local": true, "constraints": constraints(d.Constraints),
		"storage_name": d.Storage, "compression": d.Compression}
	if len(d.Collation) > 0 {
		n["collClause"] = clean(node{"collname": names(d.Collation)})
	}
	return of("ColumnDef", n)
}

var constraintKinds = [...]string{"CONSTR_NULL", "CONSTR_NOTNULL", "CONSTR_DEFAULT", "CONSTR_CHECK", "CONSTR_PRIMARY", "CONSTR_UNIQUE",
	"CONSTR_FOREIGN", "CONSTR_EXCLUSION", "CONSTR_GENERATED", "CONSTR_IDENTITY"}

var actions = [...]string{"a", "r", "c", "n", "d"}

func constraints(list []*ast.Constraint) []any {
	var out []any
	for _, c := range list {
		out = append(out, constraint(c)...)
	}
	return out
}

// constraint is a constraint; the words about its deferral follow a column's as constraints of their own.
func constraint(c *ast.Constraint) []any {
	n := node{"contype": constraintKinds[c.Kind], "conname": c.Name, "raw_expr": maybe(c.Expr), "is_no_inherit": c.NoInherit,
		"skip_validation": c.NotValid, "initially_valid": (c.Kind == ast.ConCheck || c.Kind == ast.ConForeignKey) && !c.NotValid,
		"keys": names(c.Columns), "including": names(c.Include), "nulls_not_distinct": c.NullsNotDistinct,
		"options": options(c.Options), "indexspace": c.Tablespace, "indexname": c.UsingIndex, "deferrable": c.Deferrable, "initdeferred": c.InitiallyDeferred}
	switch c.Kind {
	case ast.ConForeignKey:
		delete(n, "keys")
		n["fk_attrs"], n["pktable"], n["pk_attrs"] = names(c.Columns), rangeVar(c.RefTable), names(c.RefColumns)
		n["fk_matchtype"] = [...]string{"s", "f", "p"}[c.Match]
		n["fk_upd_action"], n["fk_del_action"] = actions[c.OnUpdate], actions[c.OnDelete]
	case ast.ConGenerated:
		n["generated_when"] = "a"
	case ast.ConIdentity:
		n["generated_when"], n["options"] = map[bool]string{true: "a", false: "d"}[c.Always], options(c.Sequence)
	case ast.ConExclude:
		var pairs []any
		elems := indexElems(c.Exclude)
		for i, e := range elems {
			pairs = append(pairs, list([]any{e, list([]any{str(c.Operator[i])})}))
		}
		n["exclusions"], n["access_method"], n["where_clause"] = pairs, c.Method, maybe(c.Where)
	}
	return []any{of("Constraint", n)}
}

func tableElems(elems []ast.TableElem) []any {
	var out []any
	for _, e := range elems {
		switch e := e.(type) {
		case *ast.ColumnDef:
			out = append(out, columnDef(e))
		case *ast.Constraint:
			out = append(out, constraint(e)...)
		case *ast.LikeClause:
			out = append(out, of("TableLikeClause", node{"relation": rangeVar(e.Table), "options": likeBits(e.Options)}))
		}
	}
	return out
}

func likeBits(words []string) int {
	all := map[string]int{"comments": 1, "compression": 2, "constraints": 4, "defaults": 8, "generated": 16, "identity": 32, "indexes": 64,
		"statistics": 128, "storage": 256, "all": 0x7FFFFFFF}
	bits := 0
	for _, w := range words {
		verb, what, _ := strings.Cut(w, " ")
		if verb == "including" {
			bits |= all[what]
		} else {
			bits &^= all[what]
		}
	}
	return bits
}

func stmt(s ast.Stmt) node {
	switch s := s.(type) {
	case *ast.SelectStmt:
		return selectStmt(s)
	case *ast.InsertStmt:
		rel := relation(s.Table)
		n := node{"relation": rel, "cols": assignTargets(s.Columns), "override": overridings[s.Overriding],
			"onConflictClause": onConflict(s.OnConflict), "returningList": targets(s.Returning), "withClause": with(s.With)}
		if s.Query != nil {
			n["selectStmt"] = selectStmt(s.Query)
		}
		return of("InsertStmt", n)
	case *ast.UpdateStmt:
		return of("UpdateStmt", node{"relation": relation(s.Table), "targetList": assignments(s.Set), "whereClause": maybe(s.Where),
			"fromClause": from(s.From), "returningList": targets(s.Returning), "withClause": with(s.With)})
	case *ast.DeleteStmt:
		return of("DeleteStmt", node{"relation": relation(s.Table), "usingClause": from(s.Using), "whereClause": maybe(s.Where),
			"returningList": targets(s.Returning), "withClause": with(s.With)})
	case *ast.MergeStmt:
		return merge(s)
	case *ast.CreateTableStmt:
		return createTable(s)
	case *ast.CreateTableAsStmt:
		in := into(s.Table, s.Persistence, s.Columns)
		in["options"], in["accessMethod"], in["tableSpaceName"], in["skipData"] = options(s.Options), s.Method, s.Tablespace, s.WithNoData
		in["onCommit"] = onCommits[s.OnCommit]
		kind := "OBJECT_TABLE"
		if s.Materialized {
			kind = "OBJECT_MATVIEW"
		}
		return of("CreateTableAsStmt", node{"query": stmt(s.Query), "into": clean(in), "objtype": kind, "if_not_exists": s.IfNotExists})
	case *ast.CreateIndexStmt:
		name := ""
		if s.Name != nil {
			name = s.Name.Name
		}
		method := s.Method
		if method == "" {
			method = "btree"
		}
		return of("IndexStmt", node{"idxname": name, "relation": relation(s.Table), "accessMethod": method, "tableSpace": s.Tablespace,
			"indexParams": indexElems(s.Elems), "indexIncludingParams": indexElems(s.Include), "options": options(s.Options), "whereClause": maybe(s.Where),
			"unique": s.Unique, "nulls_not_distinct": s.NullsNotDistinct, "concurrent": s.Concurrently, "if_not_exists": s.IfNotExists})
	}
	return utility(s)
}

var overridings = [...]string{"OVERRIDING_NOT_SET", "OVERRIDING_USER_VALUE", "OVERRIDING_SYSTEM_VALUE"}

func merge(s *ast.MergeStmt) node {
	var whens []any
	for _, w := range s.Whens {
		kind := "MERGE_WHEN_NOT_MATCHED_BY_TARGET"
		if w.Matched {
			kind = "MERGE_WHEN_MATCHED"
		}
		n := node{"matchKind": kind, "commandType": [...]string{"CMD_NOTHING", "CMD_UPDATE", "CMD_DELETE", "CMD_INSERT"}[w.Action],
			"override": overridings[w.Overriding], "condition": maybe(w.Cond), "targetList": assignments(w.Set), "values": exprs(w.Values)}
		if w.Action == ast.MergeInsert {
			n["targetList"] = assignTargets(w.Columns)
		}
		whens = append(whens, of("MergeWhenClause", n))
	}
	return of("MergeStmt", node{"relation": relation(s.Table), "sourceRelation": fromItem(s.Source), "joinCondition": expr(s.On),
		"mergeWhenClauses": whens, "withClause": with(s.With)})
}

var onCommits = [...]string{"ONCOMMIT_NOOP", "ONCOMMIT_PRESERVE_ROWS", "ONCOMMIT_DELETE_ROWS", "ONCOMMIT_DROP"}

func createTable(s *ast.CreateTableStmt) node {
	rel := rangeVar(s.Table)
	rel["relpersistence"] = persistences[s.Persistence]
	n := node{"relation": rel, "tableElts": tableElems(s.Elems), "options": options(s.Options), "oncommit": onCommits[s.OnCommit],
		"tablespacename": s.Tablespace, "accessMethod": s.Method, "if_not_exists": s.IfNotExists, "ofTypename": typeName(s.OfType)}
	var parents []any
	for _, q := range s.Inherits {
		parents = append(parents, node{"RangeVar": rangeVar(q)})
	}
	if s.PartitionOf != nil {
		// The bound is kept as text, and not compared.
		parents = append(parents, node{"RangeVar": rangeVar(*s.PartitionOf)})
	}
	n["inhRelations"] = parents
	if p := s.PartitionBy; p != nil {
		var params []any
		for _, e := range p.Elems {
			params = append(params, of("PartitionElem", node{"name": e.Column, "expr": maybe(e.Expr), "collation": names(e.Collation), "opclass": names(e.OpClass)}))
		}
		n["partspec"] = node{"strategy": "PARTITION_STRATEGY_" + strings.ToUpper(p.Strategy), "partParams": params}
	}
	return of("CreateStmt", n)
}
