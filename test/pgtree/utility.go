package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

var objectKinds = [...]string{"OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_SEQUENCE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SCHEMA", "OBJECT_DATABASE",
	"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_EXTENSION", "OBJECT_COLUMN", "OBJECT_TABCONSTRAINT", "OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_TRIGGER", "OBJECT_ROLE", ""}

func behavior(cascade bool) string {
	if cascade {
		return "DROP_CASCADE"
	}
	return "DROP_RESTRICT"
}

func relations(list []*ast.RangeVar) []any {
	var out []any
	for _, r := range list {
		out = append(out, node{"RangeVar": relation(r)})
	}
	return out
}

func modes(m ast.TransactionModes) []any {
	var out []any
	def := func(name string, v any) {
		out = append(out, of("DefElem", node{"defname": name, "arg": v, "defaction": "DEFELEM_UNSPEC"}))
	}
	if m.Isolation != ast.IsolationDefault {
		def("transaction_isolation", sconst([...]string{"", "read uncommitted", "read committed", "repeatable read", "serializable"}[m.Isolation]))
	}
	bit := func(b bool) node {
		if b {
			return iconst(1)
		}
		return iconst(0)
	}
	if m.ReadOnly != nil {
		def("transaction_read_only", bit(*m.ReadOnly))
	}
	if m.Deferrable != nil {
		def("transaction_deferrable", bit(*m.Deferrable))
	}
	return out
}

func utility(s ast.Stmt) node {
	switch s := s.(type) {
	case *ast.TransactionStmt:
		kind := [...]string{"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "ROLLBACK_TO", "PREPARE", "COMMIT_PREPARED", "ROLLBACK_PREPARED"}[s.Kind]
		n := node{"kind": "TRANS_STMT_" + kind, "options": modes(s.Modes), "chain": s.Chain}
		if s.Kind >= ast.PrepareTransaction {
			n["gid"] = s.Name
		} else {
			n["savepoint_name"] = s.Name
		}
		return of("TransactionStmt", n)
	case *ast.SetStmt:
		kind := "VAR_SET_VALUE"
		if s.FromCurrent {
			kind = "VAR_SET_CURRENT"
		} else if len(s.Values) == 0 {
			kind = "VAR_SET_DEFAULT"
		}
		return of("VariableSetStmt", node{"kind": kind, "name": s.Name, "args": exprs(s.Values), "is_local": s.Scope == ast.ScopeLocal})
	case *ast.SetTransactionStmt:
		name := "TRANSACTION"
		if s.Session {
			name = "SESSION CHARACTERISTICS"
		}
		args := modes(s.Modes)
		if s.Snapshot != "" {
			name, args = "TRANSACTION SNAPSHOT", []any{sconst(s.Snapshot)}
		}
		return of("VariableSetStmt", node{"kind": "VAR_SET_MULTI", "name": name, "args": args})
	case *ast.ResetStmt:
		if s.All {
			return of("VariableSetStmt", node{"kind": "VAR_RESET_ALL"})
		}
		return of("VariableSetStmt", node{"kind": "VAR_RESET", "name": s.Name})
	case *ast.ShowStmt:
		name := s.Name
		if s.All {
			name = "all"
		}
		return of("VariableShowStmt", node{"name": name})
	case *ast.DiscardStmt:
		return of("DiscardStmt", node{"target": [...]string{"DISCARD_ALL", "DISCARD_PLANS", "DISCARD_SEQUENCES", "DISCARD_TEMP"}[s.Kind]})
	case *ast.CopyStmt:
		n := node{"attlist": names(s.Columns), "is_from": s.From, "is_program": s.Program, "filename": s.File, "options": options(s.Options), "whereClause": maybe(s.Where)}
		if s.Table != nil {
			n["relation"] = relation(s.Table)
		} else {
			n["query"] = stmt(s.Query)
		}
		return of("CopyStmt", n)
	case *ast.ExplainStmt:
		return of("ExplainStmt", node{"query": stmt(s.Stmt), "options": options(s.Options)})
	case *ast.PrepareStmt:
		var types []any
		for _, t := range s.Types {
			types = append(types, node{"TypeName": typeName(t)})
		}
		return of("PrepareStmt", node{"name": s.Name, "argtypes": types, "query": stmt(s.Stmt)})
	case *ast.ExecuteStmt:
		return of("ExecuteStmt", node{"name": s.Name, "params": exprs(s.Args)})
	case *ast.DeallocateStmt:
		return of("DeallocateStmt", node{"name": s.Name, "isall": s.All})
	case *ast.DeclareCursorStmt:
		bits := 0x100
		set := func(b *bool, yes, no int) {
			if b != nil && *b {
				bits |= yes
			} else if b != nil {
				bits |= no
			}
		}
		if s.Binary {
			bits |= 1
		}
		set(s.Scroll, 2, 4)
		set(s.Insensitive, 8, 16)
		if s.Hold {
			bits |= 0x20
		}
		return of("DeclareCursorStmt", node{"portalname": s.Name, "options": bits, "query": stmt(s.Query)})
	case *ast.FetchStmt:
		count := float64(s.Count)
		if s.All {
			count = math.MaxInt64
		}
		return of("FetchStmt", node{"direction": [...]string{"FETCH_FORWARD", "FETCH_BACKWARD", "FETCH_ABSOLUTE", "FETCH_RELATIVE"}[s.Dir],
			"howMany": count, "portalname": s.Cursor, "ismove": s.Move})
	case *ast.CloseStmt:
		return of("ClosePortalStmt", node{"portalname": s.Name})
	case *ast.ListenStmt:
		return of("ListenStmt", node{"conditionname": s.Channel})
	case *ast.UnlistenStmt:
		return of("UnlistenStmt", node{"conditionname": s.Channel})
	case *ast.NotifyStmt:
		return of("NotifyStmt", node{"conditionname": s.Channel, "payload": s.Payload})
	case *ast.VacuumStmt:
		var rels []any
		for _, t := range s.Tables {
			rels = append(rels, of("VacuumRelation", node{"relation": relation(t.Table), "va_cols": names(t.Columns)}))
		}
		return of("VacuumStmt", node{"options": options(s.Options), "rels": rels, "is_vacuumcmd": !s.Analyze})
	case *ast.TruncateStmt:
		return of("TruncateStmt", node{"relations": relations(s.Tables), "restart_seqs": s.RestartIdentity, "behavior": behavior(s.Cascade)})
	case *ast.LockStmt:
		modes := []string{"", "access share", "row share", "row exclusive", "share update exclusive", "share", "share row exclusive", "exclusive", "access exclusive"}
		mode := 0
		for i, m := range modes {
			if m == s.Mode {
				mode = i
			}
		}
		return of("LockStmt", node{"relations": relations(s.Tables), "mode": mode, "nowait": s.NoWait})
	case *ast.DropStmt:
		return drop(s)
	case *ast.CommentStmt:
		n := node{"objtype": objectKinds[s.Kind]}
		items := qualified(s.Name)
		if s.Column != "" {
			items = append(items, str(s.Column))
		}
		n["object"] = list(items)
		if s.Kind == ast.ObjSchema || s.Kind == ast.ObjDatabase || s.Kind == ast.ObjExtension || s.Kind == ast.ObjRole {
			n["object"] = items[len(items)-1]
		}
		if s.Text != nil {
			n["comment"] = *s.Text
		}
		return of("CommentStmt", n)
	case *ast.CreateSchemaStmt:
		n := node{"schemaname": s.Name, "if_not_exists": s.IfNotExists}
		if s.Owner != "" {
			n["authrole"] = node{"roletype": "ROLESPEC_CSTRING", "rolename": s.Owner}
		}
		return of("CreateSchemaStmt", n)
	case *ast.CreateSequenceStmt:
		rel := rangeVar(s.Name)
		rel["relpersistence"] = persistences[s.Persistence]
		return of("CreateSeqStmt", node{"sequence": rel, "options": options(s.Options), "if_not_exists": s.IfNotExists})
	case *ast.CreateViewStmt:
		rel := rangeVar(s.Name)
		rel["relpersistence"] = persistences[s.Persistence]
		check := map[string]string{"": "NO_CHECK_OPTION", "local": "LOCAL_CHECK_OPTION", "cascaded": "CASCADED_CHECK_OPTION"}[s.CheckOption]
		return of("ViewStmt", node{"view": rel, "aliases": names(s.Columns), "query": stmt(s.Query), "replace": s.OrReplace, "options": options(s.Options), "withCheckOption": check})
	case *ast.CreateTypeStmt:
		switch {
		case s.Enum:
			var labels []any
			for _, l := range s.Labels {
				labels = append(labels, str(l))
			}
			return of("CreateEnumStmt", node{"typeName": qualified(s.Name), "vals": labels})
		case !s.Composite && len(s.Options) == 0: // a shell
			return of("DefineStmt", node{"kind": "OBJECT_TYPE", "defnames": qualified(s.Name)})
		case s.Composite:
			return of("CompositeTypeStmt", node{"typevar": rangeVar(s.Name), "coldeflist": columnDefs(s.Columns)})
		}
	case *ast.AlterTableStmt:
		return alter(s)
	case *ast.CreateFunctionStmt:
		return createFunction(s)
	case *ast.CallStmt:
		return of("CallStmt", node{"funccall": funcCall(s.Call)["FuncCall"]})
	}
	panic(fmt.Sprintf("no conversion of %T", s))
}

func createFunction(s *ast.CreateFunctionStmt) node {
	n := node{"is_procedure": s.Procedure, "replace": s.OrReplace, "funcname": qualified(s.Name),
		"parameters": append(funcParams(s.Params), funcParams(s.Columns)...), "returnType": typeName(s.Returns)}
	switch len(s.Columns) {
	case 0:
	case 1:
		t := *s.Columns[0].Type
		t.SetOf = true
		n["returnType"] = typeName(&t)
	default:
		n["returnType"] = node{"names": []any{str("pg_catalog"), str("record")}, "setof": true, "typemod": -1}
	}
	if s.Return != nil {
		n["sql_body"] = of("ReturnStmt", node{"returnval": expr(s.Return)})
	}
	settings := s.Settings
	opts := options(s.Options)
	for i, o := range s.Options {
		if o.Name == "set" {
			opts[i].(node)["DefElem"].(node)["arg"] = stmt(settings[0])
			settings = settings[1:]
		}
	}
	n["options"] = opts
	return of("CreateFunctionStmt", n)
}

func funcParams(list []*ast.FuncParam) []any {
	var out []any
	for _, p := range list {
		out = append(out, of("FunctionParameter", node{"name": p.Name, "argType": typeName(p.Type), "defexpr": maybe(p.Default),
			"mode": [...]string{"FUNC_PARAM_DEFAULT", "FUNC_PARAM_IN", "FUNC_PARAM_OUT", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_TABLE"}[p.Mode]}))
	}
	return out
}

func drop(s *ast.DropStmt) node {
	var objects []any
	for _, q := range s.Names {
		items := qualified(q)
		switch s.Kind {
		case ast.ObjSchema, ast.ObjDatabase, ast.ObjExtension, ast.ObjRole:
			objects = append(objects, items[0])
		case ast.ObjType, ast.ObjDomain:
			objects = append(objects, of("TypeName", node{"names": items, "typemod": -1}))
		default:
			objects = append(objects, list(items))
		}
	}
	return of("DropStmt", node{"objects": objects, "removeType": objectKinds[s.Kind], "behavior": behavior(s.Cascade), "missing_ok": s.IfExists, "concurrent": s.Concurrently})
}

var alterKinds = map[ast.AlterKind]string{ast.AddColumn: "AT_AddColumn", ast.DropColumn: "AT_DropColumn", ast.ColumnDefault: "AT_ColumnDefault",
	ast.SetNotNull: "AT_SetNotNull", ast.DropNotNull: "AT_DropNotNull", ast.ColumnType: "AT_AlterColumnType", ast.AddConstraint: "AT_AddConstraint",
	ast.DropConstraint: "AT_DropConstraint", ast.AlterConstraint: "AT_AlterConstraint", ast.ValidateConstraint: "AT_ValidateConstraint",
	ast.OwnerTo: "AT_ChangeOwner", ast.SetOptions: "AT_SetRelOptions", ast.ResetOptions: "AT_ResetRelOptions", ast.SetTablespace: "AT_SetTableSpace",
	ast.ColumnStatistics: "AT_SetStatistics", ast.ColumnStorage: "AT_SetStorage", ast.AddIdentity: "AT_AddIdentity", ast.SetIdentity: "AT_SetIdentity",
	ast.DropIdentity: "AT_DropIdentity", ast.DropExpression: "AT_DropExpression"}

func alter(s *ast.AlterTableStmt) node {
	rel := relation(s.Table)
	if len(s.Actions) == 1 {
		a := s.Actions[0]
		switch a.Kind {
		case ast.RenameTable:
			return of("RenameStmt", node{"renameType": objectKinds[s.Kind], "relationType": "OBJECT_ACCESS_METHOD", "relation": rel, "newname": a.NewName, "behavior": "DROP_RESTRICT", "missing_ok": s.IfExists})
		case ast.RenameColumn:
			return of("RenameStmt", node{"renameType": "OBJECT_COLUMN", "relationType": objectKinds[s.Kind], "relation": rel, "subname": a.Name, "newname": a.NewName,
				"behavior": "DROP_RESTRICT", "missing_ok": s.IfExists})
		case ast.RenameConstraint:
			return of("RenameStmt", node{"renameType": "OBJECT_TABCONSTRAINT", "relationType": "OBJECT_ACCESS_METHOD", "relation": rel, "subname": a.Name, "newname": a.NewName,
				"behavior": "DROP_RESTRICT", "missing_ok": s.IfExists})
		case ast.SetSchema:
			return of("AlterObjectSchemaStmt", node{"objectType": objectKinds[s.Kind], "relation": rel, "newschema": a.NewName, "missing_ok": s.IfExists})
		case ast.SequenceOptions:
			return of("AlterSeqStmt", node{"sequence": rel, "options": options(a.Options), "missing_ok": s.IfExists})
		}
	}
	var cmds []any
	for _, a := range s.Actions {
		n := node{"subtype": alterKinds[a.Kind], "name": a.Name, "behavior": behavior(a.Cascade)}
		if a.Kind == ast.AddColumn || a.Kind == ast.AddConstraint {
			n["missing_ok"] = a.IfNotExists
		} else {
			n["missing_ok"] = a.IfExists
		}
		switch a.Kind {
		case ast.AddColumn:
			n["def"] = columnDef(a.Def)
			delete(n, "name")
		case ast.ColumnType:
			def := node{"typeName": typeName(a.Def.Type), "raw_default": maybe(a.Expr)}
			if len(a.Def.Collation) > 0 {
				def["collClause"] = clean(node{"collname": names(a.Def.Collation)})
			}
			n["def"] = of("ColumnDef", def)
		case ast.ColumnDefault, ast.ColumnStatistics:
			n["def"] = maybe(a.Expr)
		case ast.AddConstraint, ast.AddIdentity:
			n["def"] = constraint(a.Constraint)[0]
		case ast.SetOptions, ast.ResetOptions, ast.SetIdentity:
			n["def"] = list(options(a.Options))
		case ast.ColumnStorage:
			n["def"] = str(strings.ToLower(a.Word))
		case ast.OwnerTo:
			n["newowner"] = node{"roletype": "ROLESPEC_CSTRING", "rolename": a.NewName}
		}
		cmds = append(cmds, of("AlterTableCmd", n))
	}
	return of("AlterTableStmt", node{"relation": rel, "cmds": cmds, "objtype": objectKinds[s.Kind], "missing_ok": s.IfExists})
}
