package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// createDomain reads CREATE DOMAIN name [AS] type constraints.
func (r reader) createDomain(at ast.Offset) ast.Stmt {
	r.Expect("domain")
	if r.Is("on") { // Cachalot's
		return r.skip("CREATE DOMAIN")
	}
	s := &ast.CreateDomainStmt{Offset: at, Name: r.QualifiedName()}
	r.Accept("as")
	s.Type = r.TypeName()
	d := &ast.ColumnDef{}
	r.columnConstraints(d)
	s.Collation, s.Constraints = d.Collation, d.Constraints
	return s
}

// alterObject reads ALTER SCHEMA, TYPE and DOMAIN from their word on.
func (r reader) alterObject() ast.Stmt {
	s := &ast.AlterObjectStmt{Offset: ast.Offset(r.start)}
	word := r.Advance().Val
	kind := map[string]ast.ObjectKind{"schema": ast.ObjSchema, "type": ast.ObjType, "domain": ast.ObjDomain}[word]
	s.Kind, s.Name = kind, r.QualifiedName()
	a := &ast.AlterAction{Offset: r.Here()}
	s.Action = a
	switch {
	case r.Accept("rename", "to"):
		a.Kind, a.NewName = ast.RenameTable, r.ColID().Name
	case r.Accept("owner"):
		r.Expect("to")
		a.Kind, a.NewName = ast.OwnerTo, r.role()
	case kind != ast.ObjSchema && r.Accept("set", "schema"):
		a.Kind, a.NewName = ast.SetSchema, r.ColID().Name
	case kind == ast.ObjType:
		if !r.alterType(a) {
			return r.skip("ALTER TYPE")
		}
	case kind == ast.ObjDomain:
		r.alterDomain(a)
	default:
		r.Fail()
	}
	return s
}

// alterType reads an action of ALTER TYPE on an enum; false for those on other types.
func (r reader) alterType(a *ast.AlterAction) bool {
	switch {
	case r.IsSeq("add", "value"):
		r.Expect("add", "value")
		a.Kind, a.IfNotExists, a.Name = ast.AddEnumValue, r.ifNotExists(), r.StringConst()
		if r.IsAny("before", "after") {
			a.Word = r.Advance().Val
			a.NewName = r.StringConst()
		}
	case r.IsSeq("rename", "value"):
		r.Expect("rename", "value")
		a.Kind, a.Name = ast.RenameEnumValue, r.StringConst()
		r.Expect("to")
		a.NewName = r.StringConst()
	case r.IsAny("add", "drop", "alter", "rename") || r.IsSeq("set", "("):
		return false
	default:
		r.Fail()
	}
	return true
}

// alterDomain reads an action of ALTER DOMAIN.
func (r reader) alterDomain(a *ast.AlterAction) {
	switch {
	case r.Accept("set", "default"):
		a.Kind = ast.ColumnDefault
		r.ExprInto(&a.Expr)
	case r.Accept("drop", "default"):
		a.Kind = ast.ColumnDefault
	case r.Accept("set", "not", "null"):
		a.Kind = ast.SetNotNull
	case r.Accept("drop", "not", "null"):
		a.Kind = ast.DropNotNull
	case r.Accept("add"):
		a.Kind = ast.AddConstraint
		d := &ast.ColumnDef{}
		r.columnConstraints(d)
		if len(d.Constraints) != 1 {
			r.Fail()
		}
		a.Constraint = d.Constraints[0]
		if r.Accept("not", "valid") {
			a.Constraint.NotValid = true
		}
	case r.Accept("drop", "constraint"):
		a.Kind, a.IfExists = ast.DropConstraint, r.ifExists()
		a.Name = r.ColID().Name
		a.Cascade = r.cascade()
	case r.Accept("rename", "constraint"):
		a.Kind, a.Name = ast.RenameConstraint, r.ColID().Name
		r.Expect("to")
		a.NewName = r.ColID().Name
	case r.Accept("validate", "constraint"):
		a.Kind, a.Name = ast.ValidateConstraint, r.ColID().Name
	default:
		r.Fail()
	}
}

// role reads the name of a role, or a word that stands for one.
func (r reader) role() string {
	if r.IsAny("current_user", "session_user", "current_role") {
		return r.Advance().Val
	}
	return r.NonReserved().Name
}
