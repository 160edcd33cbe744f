package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// objectKinds are the kinds of DROP and COMMENT whose objects have a plain name,
// longer spellings first.
var objectKinds = []struct {
	words []string
	kind  ast.ObjectKind
	text  string
}{
	{[]string{"materialized", "view"}, ast.ObjMaterializedView, "MATERIALIZED VIEW"},
	{[]string{"table"}, ast.ObjTable, "TABLE"},
	{[]string{"index"}, ast.ObjIndex, "INDEX"},
	{[]string{"sequence"}, ast.ObjSequence, "SEQUENCE"},
	{[]string{"view"}, ast.ObjView, "VIEW"},
	{[]string{"schema"}, ast.ObjSchema, "SCHEMA"},
	{[]string{"database"}, ast.ObjDatabase, "DATABASE"},
	{[]string{"type"}, ast.ObjType, "TYPE"},
	{[]string{"domain"}, ast.ObjDomain, "DOMAIN"},
	{[]string{"extension"}, ast.ObjExtension, "EXTENSION"},
	{[]string{"column"}, ast.ObjColumn, "COLUMN"},
	{[]string{"constraint"}, ast.ObjConstraint, "CONSTRAINT"},
	{[]string{"trigger"}, ast.ObjTrigger, "TRIGGER"},
	{[]string{"role"}, ast.ObjRole, "ROLE"},
	{[]string{"user"}, ast.ObjRole, "ROLE"},
	{[]string{"function"}, ast.ObjFunction, "FUNCTION"},
	{[]string{"procedure"}, ast.ObjProcedure, "PROCEDURE"},
}

// objectKind passes over the kind of an object.
func (r reader) objectKind() (kind ast.ObjectKind, text string, ok bool) {
	for i := range objectKinds {
		k := &objectKinds[i]
		if r.Accept(k.words...) {
			return k.kind, k.text, true
		}
	}
	return ast.ObjOther, "", false
}

// drop reads DROP. Objects without a plain name are recognised only.
func (r reader) drop() ast.Stmt {
	s := &ast.DropStmt{Offset: r.Here()}
	r.Expect("drop")
	if r.Is("domain") && r.IsAt(1, "on") { // Cachalot's
		return r.skip("DROP DOMAIN")
	}
	kind, text, ok := r.objectKind()
	switch {
	case !ok:
		return r.dropOther()
	case kind == ast.ObjFunction, kind == ast.ObjProcedure, kind == ast.ObjTrigger, kind == ast.ObjRole:
		return r.skip("DROP " + text)
	case kind == ast.ObjColumn, kind == ast.ObjConstraint:
		r.Back()
		r.Fail()
	}
	s.Kind, s.KindText = kind, text
	if kind == ast.ObjIndex {
		s.Concurrently = r.Accept("concurrently")
	}
	s.IfExists = r.ifExists()
	s.Names = r.QualifiedNames()
	if kind == ast.ObjDatabase {
		if r.Accept("with") || r.Is("(") {
			r.utilityOptions()
		}
		return s
	}
	s.Cascade = r.cascade()
	return s
}

func (r reader) dropOther() ast.Stmt {
	t := r.Tok()
	if t.Kind == lex.Word {
		if t.Val == "owned" {
			return r.skip("DROP OWNED")
		}
		if t.Val == "routine" {
			return r.skip("DROP ROUTINE")
		}
		if kind, ok := otherKinds[t.Val]; ok {
			return r.skip("DROP " + kind)
		}
	}
	r.Fail()
	return nil
}
