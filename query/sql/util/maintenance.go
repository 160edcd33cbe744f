package util

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// vacuum reads VACUUM with old and new option syntax.
func (r reader) vacuum() ast.Stmt {
	s := &ast.VacuumStmt{Offset: r.Here()}
	r.Expect("vacuum")
	if r.Is("(") {
		s.Options = r.utilityOptions()
	} else {
		for _, word := range []string{"full", "freeze", "verbose", "analyze"} {
			at := r.Here()
			if r.Accept(word) || word == "analyze" && r.Accept("analyse") {
				s.Options = append(s.Options, flag(at, word))
			}
		}
	}
	r.vacuumTables(s)
	return s
}

// analyze reads ANALYZE.
func (r reader) analyze() ast.Stmt {
	s := &ast.VacuumStmt{Offset: r.Here(), Analyze: true}
	r.Advance()
	if r.Is("(") {
		s.Options = r.utilityOptions()
	} else if at := r.Here(); r.Accept("verbose") {
		s.Options = []*ast.OptionDef{flag(at, "verbose")}
	}
	r.vacuumTables(s)
	return s
}

func (r reader) vacuumTables(s *ast.VacuumStmt) {
	if r.AtEnd() {
		return
	}
	for {
		t := &ast.VacuumTable{Offset: r.Here(), Table: &ast.RangeVar{Offset: r.Here(), Table: r.QualifiedName()}}
		if r.Is("(") {
			t.Columns = r.ColumnList()
		}
		s.Tables = append(s.Tables, t)
		if !r.Accept(",") {
			return
		}
	}
}

// lock reads LOCK [TABLE] tables [IN mode MODE] [NOWAIT].
func (r reader) lock() ast.Stmt {
	s := &ast.LockStmt{Offset: r.Here(), Mode: "access exclusive"}
	r.Expect("lock")
	r.Accept("table")
	s.Tables = r.relations()
	if r.Accept("in") {
		s.Mode = r.lockMode()
		r.Expect("mode")
	}
	s.NoWait = r.Accept("nowait")
	return s
}

func (r reader) lockMode() string {
	for _, mode := range [][]string{
		{"access", "share"}, {"access", "exclusive"}, {"row", "share"}, {"row", "exclusive"},
		{"share", "update", "exclusive"}, {"share", "row", "exclusive"}, {"share"}, {"exclusive"},
	} {
		if r.Accept(mode...) {
			name := mode[0]
			for _, w := range mode[1:] {
				name += " " + w
			}
			return name
		}
	}
	if r.IsAny("access", "row") {
		r.Advance()
	}
	r.Fail()
	return ""
}

func (r reader) relations() []*ast.RangeVar {
	list := []*ast.RangeVar{r.Relation()}
	for r.Accept(",") {
		list = append(list, r.Relation())
	}
	return list
}

// truncate reads TRUNCATE.
func (r reader) truncate() ast.Stmt {
	s := &ast.TruncateStmt{Offset: r.Here()}
	r.Expect("truncate")
	r.Accept("table")
	s.Tables = r.relations()
	if r.Accept("restart") {
		r.Expect("identity")
		s.RestartIdentity = true
	} else if r.Accept("continue") {
		r.Expect("identity")
	}
	s.Cascade = r.cascade()
	return s
}

// reindex reads REINDEX.
func (r reader) reindex() ast.Stmt {
	s := &ast.ReindexStmt{Offset: r.Here()}
	r.Expect("reindex")
	if r.Is("(") {
		s.Options = r.utilityOptions()
	}
	switch {
	case r.Accept("index"):
		s.KindText = "INDEX"
	case r.Accept("table"):
		s.KindText = "TABLE"
	case r.Accept("schema"):
		s.KindText = "SCHEMA"
	case r.Accept("database"):
		s.KindText = "DATABASE"
	case r.Accept("system"):
		s.KindText = "SYSTEM"
	default:
		r.Fail()
	}
	s.Concurrently = r.Accept("concurrently")
	s.Name = r.QualifiedName()
	return s
}

// refresh reads REFRESH MATERIALIZED VIEW.
func (r reader) refresh() ast.Stmt {
	s := &ast.RefreshMatViewStmt{Offset: r.Here()}
	r.Expect("refresh", "materialized", "view")
	s.Concurrently = r.Accept("concurrently")
	s.Name = r.QualifiedName()
	s.WithNoData = r.withNoData()
	return s
}

// withNoData reads WITH [NO] DATA.
func (r reader) withNoData() bool {
	if !r.Accept("with") {
		return false
	}
	no := r.Accept("no")
	r.Expect("data")
	return no
}

// comment reads COMMENT ON.
func (r reader) comment() ast.Stmt {
	s := &ast.CommentStmt{Offset: r.Here()}
	r.Expect("comment", "on")
	kind, text, ok := r.objectKind()
	if kind == ast.ObjFunction || kind == ast.ObjProcedure {
		return r.skip("COMMENT")
	}
	if _, known := otherKinds[r.Tok().Val]; !ok && (known || r.IsAny("large", "routine")) {
		return r.skip("COMMENT")
	}
	if !ok {
		r.Fail()
	}
	s.Kind, s.KindText = kind, text
	switch kind {
	case ast.ObjColumn:
		parts := r.AnyName()
		if len(parts) < 2 {
			defer r.Error(parts[0].Pos(), sqlerr.SyntaxError, "column name must be qualified")
			break
		}
		s.Column = parts[len(parts)-1].Name
		s.Name = r.Qualified(parts[:len(parts)-1])
	case ast.ObjConstraint, ast.ObjTrigger:
		s.Column = r.ColID().Name
		r.Expect("on")
		s.Name = r.QualifiedName()
	default:
		s.Name = r.QualifiedName()
	}
	r.Expect("is")
	if !r.Accept("null") {
		text := r.StringConst()
		s.Text = &text
	}
	return s
}
