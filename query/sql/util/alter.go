package util

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// alter reads ALTER. Only relations have a tree; the others are recognised.
func (r reader) alter() ast.Stmt {
	s := &ast.AlterTableStmt{Offset: r.Here()}
	r.Expect("alter")
	if r.IsAt(1, "all") && r.IsAt(2, "in") {
		return r.skip("ALTER " + strings.ToUpper(r.Tok().Val))
	}
	switch {
	case r.Accept("table"):
		s.Kind = ast.ObjTable
	case r.Accept("index"):
		s.Kind = ast.ObjIndex
	case r.Accept("sequence"):
		s.Kind = ast.ObjSequence
	case r.Accept("view"):
		s.Kind = ast.ObjView
	case r.Accept("materialized", "view"):
		s.Kind = ast.ObjMaterializedView
	default:
		return r.alterOther()
	}
	s.IfExists = r.ifExists()
	s.Table = r.Relation()
	if a := r.wholeAction(s.Kind); a != nil {
		s.Actions = []*ast.AlterAction{a}
		return s
	}
	if s.Kind == ast.ObjSequence && !r.IsAny("set", "owner") {
		a := &ast.AlterAction{Offset: r.Here(), Kind: ast.SequenceOptions}
		a.Options = r.sequenceOptions(r.AtEnd)
		if a.Options == nil {
			r.Fail()
		}
		s.Actions = []*ast.AlterAction{a}
		return s
	}
	for {
		s.Actions = append(s.Actions, r.alterAction())
		if !r.Accept(",") {
			return s
		}
	}
}

func (r reader) alterOther() ast.Stmt {
	t := r.Tok()
	if t.Kind != lex.Word {
		r.Fail()
	}
	switch t.Val {
	case "schema", "type", "domain":
		return r.alterObject()
	}
	if kind, ok := otherKinds[t.Val]; ok {
		return r.skip("ALTER " + kind)
	}
	switch t.Val {
	case "database", "extension", "system", "large", "routine":
		return r.skip("ALTER " + strings.ToUpper(t.Val))
	}
	r.Fail()
	return nil
}

// wholeAction reads an action that cannot stand in a list: RENAME, SET SCHEMA,
// ATTACH or DETACH PARTITION, DEPENDS ON EXTENSION. Else it returns nil.
func (r reader) wholeAction(kind ast.ObjectKind) *ast.AlterAction {
	a := &ast.AlterAction{Offset: r.Here()}
	switch {
	case r.Accept("rename"):
		r.rename(a, kind)
	case r.Accept("set", "schema"):
		a.Kind = ast.SetSchema
		a.NewName = r.ColID().Name
	case r.IsSeq("attach", "partition"), r.IsSeq("detach", "partition"), r.IsSeq("depends", "on"),
		r.IsSeq("no", "depends"):
		start := r.Pos()
		r.skip("")
		a.Kind, a.Word = ast.OtherAction, strings.ToLower(r.Text(start, r.PrevEnd()))
	default:
		return nil
	}
	return a
}

// rename reads what follows RENAME.
func (r reader) rename(a *ast.AlterAction, kind ast.ObjectKind) {
	switch {
	case r.Accept("to"):
		a.Kind = ast.RenameTable
	case r.Accept("constraint"):
		a.Kind = ast.RenameConstraint
		a.Name = r.ColID().Name
		r.Expect("to")
	case kind == ast.ObjIndex || kind == ast.ObjSequence:
		r.Fail()
	default:
		r.Accept("column")
		a.Kind = ast.RenameColumn
		a.Name = r.ColID().Name
		r.Expect("to")
	}
	a.NewName = r.ColID().Name
}

// alterAction reads one action of the list.
func (r reader) alterAction() *ast.AlterAction {
	a := &ast.AlterAction{Offset: r.Here()}
	switch {
	case r.Accept("add"):
		r.add(a)
	case r.Accept("drop"):
		r.dropAction(a)
	case r.Accept("alter"):
		if r.Accept("constraint") {
			r.alterConstraint(a)
			break
		}
		r.Accept("column")
		a.Name = r.columnOrNumber()
		r.alterColumn(a)
	case r.Accept("validate"):
		r.Expect("constraint")
		a.Kind, a.Name = ast.ValidateConstraint, r.ColID().Name
	case r.Accept("owner"):
		r.Expect("to")
		a.Kind, a.NewName = ast.OwnerTo, r.role()
	case r.Is("set"):
		r.setAction(a)
	case r.Accept("reset"):
		a.Kind, a.Options = ast.ResetOptions, r.OptionList()
	default:
		r.otherAction(a)
	}
	return a
}

// otherAction keeps the text of an action that has no fields.
func (r reader) otherAction(a *ast.AlterAction) {
	if !r.IsAny("enable", "disable", "force", "no", "inherit", "of", "not", "replica", "cluster", "options") {
		r.Fail()
	}
	start, depth := r.Pos(), 0
	for !r.AtEnd() && (depth > 0 || !r.Is(",")) {
		switch {
		case r.Is("("):
			depth++
		case r.Is(")"):
			depth--
		}
		r.Advance()
	}
	a.Kind, a.Word = ast.OtherAction, strings.ToLower(r.Text(start, r.PrevEnd()))
}

// columnOrNumber reads the name of a column, or its number, which ALTER INDEX takes.
func (r reader) columnOrNumber() string {
	if r.Tok().Kind == lex.Int {
		return r.Advance().Val
	}
	return r.ColID().Name
}

func (r reader) add(a *ast.AlterAction) {
	if r.IsAny("constraint", "check", "unique", "primary", "foreign", "exclude") {
		a.Kind, a.Constraint = ast.AddConstraint, r.tableConstraint()
		return
	}
	a.Kind = ast.AddColumn
	r.Accept("column")
	a.IfNotExists = r.ifNotExists()
	a.Def = r.columnDef()
	a.Name = a.Def.Name
}

func (r reader) dropAction(a *ast.AlterAction) {
	a.Kind = ast.DropColumn
	if r.Accept("constraint") {
		a.Kind = ast.DropConstraint
	} else {
		r.Accept("column")
	}
	a.IfExists = r.ifExists()
	a.Name = r.ColID().Name
	a.Cascade = r.cascade()
}

func (r reader) alterConstraint(a *ast.AlterAction) {
	a.Kind = ast.AlterConstraint
	a.Constraint = &ast.Constraint{Offset: r.Here()}
	a.Name = r.ColID().Name
	a.Constraint.Name = a.Name
	for r.attribute(a.Constraint) {
	}
}

// alterColumn reads what follows ALTER [COLUMN] name.
func (r reader) alterColumn(a *ast.AlterAction) {
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
	case r.Accept("drop", "expression"):
		a.Kind, a.IfExists = ast.DropExpression, r.ifExists()
	case r.Accept("drop", "identity"):
		a.Kind, a.IfExists = ast.DropIdentity, r.ifExists()
	case r.Accept("set", "data", "type"), r.Accept("type"):
		r.columnType(a)
	case r.Accept("set", "statistics"):
		a.Kind, a.Expr = ast.ColumnStatistics, r.SignedNumber()
	case r.Accept("set", "storage"):
		a.Kind, a.Word = ast.ColumnStorage, r.ColID().Name
	case r.Accept("set", "compression"):
		a.Kind = ast.ColumnCompression
		if a.Word = "default"; !r.Accept("default") {
			a.Word = r.ColID().Name
		}
	case r.Is("set") && r.IsAt(1, "("), r.Is("reset"):
		r.Advance()
		a.Kind, a.Options = ast.ColumnOptions, r.OptionList()
	case r.IsSeq("add", "generated"):
		r.Expect("add", "generated")
		a.Kind, a.Constraint = ast.AddIdentity, &ast.Constraint{Offset: a.Offset}
		r.generated(a.Constraint)
		if a.Constraint.Kind != ast.ConIdentity {
			r.Fail()
		}
	case r.IsAny("set", "restart"):
		r.setIdentity(a)
	default:
		r.Fail()
	}
}

func (r reader) columnType(a *ast.AlterAction) {
	a.Kind = ast.ColumnType
	a.Def = &ast.ColumnDef{Offset: r.Here(), Name: a.Name}
	a.Def.Type = r.TypeName()
	if r.Accept("collate") {
		a.Def.Collation = r.AnyName()
	}
	if r.Accept("using") {
		r.ExprInto(&a.Expr)
	}
}

// setIdentity reads SET GENERATED .., SET sequence-option and RESTART.
func (r reader) setIdentity(a *ast.AlterAction) {
	a.Kind = ast.SetIdentity
	for r.IsAny("set", "restart") {
		r.Accept("set")
		if at := r.Here(); r.Accept("generated") {
			o := &ast.OptionDef{Offset: at, Name: "generated"}
			if r.Accept("always") {
				o.Value = str(at, "always")
			} else {
				r.Expect("by", "default")
				o.Value = str(at, "by default")
			}
			a.Options = append(a.Options, o)
			continue
		}
		a.Options = append(a.Options, r.sequenceOption())
	}
}

// setAction reads SET of a whole relation.
func (r reader) setAction(a *ast.AlterAction) {
	r.Expect("set")
	switch {
	case r.Is("("):
		a.Kind, a.Options = ast.SetOptions, r.OptionList()
	case r.Accept("tablespace"):
		a.Kind, a.NewName = ast.SetTablespace, r.ColID().Name
	case r.IsAny("logged", "unlogged"):
		a.Kind, a.Word = ast.SetLogged, r.Advance().Val
	case r.IsAny("without", "access"):
		start := r.Pos()
		for !r.AtEnd() && !r.Is(",") {
			r.Advance()
		}
		a.Kind, a.Word = ast.OtherAction, "set "+strings.ToLower(r.Text(start, r.PrevEnd()))
	default:
		r.Fail()
	}
}
