package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// explain reads EXPLAIN with old and new option syntax.
func (r reader) explain() ast.Stmt {
	s := &ast.ExplainStmt{Offset: r.Here()}
	r.Expect("explain")
	if r.Is("(") && !r.IsQuery() {
		s.Options = r.utilityOptions()
	} else {
		for _, word := range []string{"analyze", "verbose"} {
			at := r.Here()
			if r.Accept(word) || word == "analyze" && r.Accept("analyse") {
				s.Options = append(s.Options, flag(at, word))
			}
		}
	}
	r.explained(func(x ast.Stmt) { s.Stmt = x })
	return s
}

// explained reads a statement that EXPLAIN takes.
func (r reader) explained(set func(ast.Stmt)) {
	switch {
	case r.IsQuery() || r.BeginsDML():
		r.Preparable(set)
	case r.IsAny("create", "declare", "execute", "refresh"):
		set(Statement(r.Parser))
	default:
		r.Fail()
	}
}

// utilityOptions reads (name [value], ..) of EXPLAIN, VACUUM and their kin.
func (r reader) utilityOptions() []*ast.OptionDef {
	r.Expect("(")
	var list []*ast.OptionDef
	for {
		at := r.Here()
		name := ""
		switch {
		case r.Accept("analyze"), r.Accept("analyse"):
			name = "analyze"
		default:
			name = r.NonReserved().Name
		}
		o := &ast.OptionDef{Offset: at, Name: name}
		if !r.Is(",") && !r.Is(")") {
			o.Value = r.copyValue()
		}
		list = append(list, o)
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
	return list
}

// prepare reads PREPARE name AS .. or PREPARE TRANSACTION.
func (r reader) prepare() ast.Stmt {
	at := r.Here()
	r.Expect("prepare")
	if r.Is("transaction") && r.Peek(1).Kind == lex.String {
		r.Advance()
		return &ast.TransactionStmt{Offset: at, Kind: ast.PrepareTransaction, Name: r.StringConst()}
	}
	s := &ast.PrepareStmt{Offset: at, Name: r.ColID().Name}
	if r.Accept("(") {
		for {
			s.Types = append(s.Types, r.TypeName())
			if !r.Accept(",") {
				break
			}
		}
		r.Expect(")")
	}
	r.Expect("as")
	r.Preparable(func(x ast.Stmt) { s.Stmt = x })
	return s
}

// execute reads EXECUTE name [(arguments)].
func (r reader) execute() ast.Stmt {
	s := &ast.ExecuteStmt{Offset: r.Here()}
	r.Expect("execute")
	s.Name = r.ColID().Name
	if r.Accept("(") {
		r.ExprsInto(&s.Args)
		r.Expect(")")
	}
	return s
}

// deallocate reads DEALLOCATE [PREPARE] name or ALL.
func (r reader) deallocate() ast.Stmt {
	s := &ast.DeallocateStmt{Offset: r.Here()}
	r.Expect("deallocate")
	if r.Is("prepare") && (r.IsColID(1) || r.IsAt(1, "all")) {
		r.Advance()
	}
	if s.All = r.Accept("all"); !s.All {
		s.Name = r.ColID().Name
	}
	return s
}

// call reads CALL f(..).
func (r reader) call() ast.Stmt {
	s := &ast.CallStmt{Offset: r.Here()}
	r.Expect("call")
	r.CallInto(func(e ast.Expr) {
		if f, ok := e.(*ast.FuncCall); ok {
			s.Call = f
		}
	})
	return s
}

// do reads DO [LANGUAGE name] 'code'.
func (r reader) do() ast.Stmt {
	s := &ast.DoStmt{Offset: r.Here(), Language: "plpgsql"}
	r.Expect("do")
	for n := 0; n == 0 || !r.AtEnd(); n++ {
		if r.Accept("language") {
			s.Language = r.copyWord().(*ast.Const).Text
		} else {
			s.Code = r.StringConst()
		}
	}
	return s
}
