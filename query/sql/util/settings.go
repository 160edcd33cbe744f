package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// set reads SET in all its forms.
func (r reader) set() ast.Stmt {
	at := r.Here()
	r.Expect("set")
	if r.Is("constraints") {
		return r.setConstraints(at)
	}
	scope := ast.ScopeSession
	switch {
	case r.IsSeq("session", "characteristics"):
	case r.Is("local") && !r.isAssignment(1):
		r.Advance()
		scope = ast.ScopeLocal
	case r.Is("session") && !r.isAssignment(1) && !r.IsAt(1, "authorization"):
		r.Advance()
	}
	if r.Accept("session", "characteristics") {
		r.Expect("as", "transaction")
		s := &ast.SetTransactionStmt{Offset: at, Session: true}
		r.modes(&s.Modes, false)
		return s
	}
	if r.Is("transaction") && !r.isAssignment(1) {
		return r.setTransaction(at)
	}
	return r.setVariable(&ast.SetStmt{Offset: at, Scope: scope})
}

// isAssignment reports whether = or TO stands n tokens ahead.
func (r reader) isAssignment(n int) bool { return r.IsAt(n, "=") || r.IsAt(n, "to") || r.IsAt(n, ".") }

func (r reader) setTransaction(at ast.Offset) ast.Stmt {
	s := &ast.SetTransactionStmt{Offset: at}
	r.Expect("transaction")
	if r.Accept("snapshot") {
		s.Snapshot = r.StringConst()
		return s
	}
	r.modes(&s.Modes, false)
	return s
}

func (r reader) setConstraints(at ast.Offset) ast.Stmt {
	s := &ast.SetConstraintsStmt{Offset: at}
	r.Expect("constraints")
	if !r.Accept("all") {
		s.Names = r.QualifiedNames()
	}
	if r.Accept("deferred") {
		s.Deferred = true
	} else {
		r.Expect("immediate")
	}
	return s
}

// setVariable reads what follows SET [LOCAL|SESSION].
func (r reader) setVariable(s *ast.SetStmt) ast.Stmt {
	if r.specialVariable(s) {
		return s
	}
	s.Name = r.variable()
	if r.Accept("from", "current") {
		s.FromCurrent = true
		return s
	}
	if !r.Accept("=") {
		r.Expect("to")
	}
	s.Values = r.variableValues()
	return s
}

// specialVariable reads the settings with their own syntax.
func (r reader) specialVariable(s *ast.SetStmt) bool {
	if r.isAssignment(1) {
		return false
	}
	at := r.Here()
	switch {
	case r.Accept("time", "zone"):
		s.Name = "timezone"
		r.zone(s)
	case r.Accept("schema"):
		s.Name = "search_path"
		s.Values = []ast.Expr{str(r.Here(), r.StringConst())}
	case r.Accept("names"):
		s.Name = "client_encoding"
		if at := r.Here(); r.Tok().Kind == lex.String {
			s.Values = []ast.Expr{str(at, r.StringConst())}
		} else {
			r.Accept("default")
		}
	case r.Accept("role"):
		s.Name = "role"
		s.Values = []ast.Expr{r.wordOrString()}
	case r.Accept("session", "authorization"):
		s.Name = "session_authorization"
		if !r.Accept("default") {
			s.Values = []ast.Expr{r.wordOrString()}
		}
	case r.Accept("xml", "option"):
		s.Name = "xmloption"
		if !r.IsAny("document", "content") {
			r.Fail()
		}
		s.Values = []ast.Expr{str(at, r.Advance().Val)}
	case r.Is("catalog"):
		r.Unsupported(r.Pos(), "SET CATALOG")
	default:
		return false
	}
	return true
}

func (r reader) wordOrString() ast.Expr {
	at := r.Here()
	if r.Tok().Kind == lex.String {
		return str(at, r.StringConst())
	}
	return str(at, r.NonReserved().Name)
}

// zone reads the value of SET TIME ZONE.
func (r reader) zone(s *ast.SetStmt) {
	t := r.Tok()
	switch {
	case r.Accept("local"), r.Accept("default"):
	case t.Is("interval"):
		s.Values = make([]ast.Expr, 1)
		r.ExprInto(&s.Values[0])
	case t.Kind == lex.Int, t.Kind == lex.Number, t.Is("-"), t.Is("+"):
		s.Values = []ast.Expr{r.SignedNumber()}
	case t.Kind == lex.String, t.Kind == lex.QuotedID, t.Kind == lex.Word && t.Cat == lex.NotKeyword:
		r.Advance()
		s.Values = []ast.Expr{str(ast.Offset(t.Start), t.Val)}
	default:
		r.Fail()
	}
}

// variable reads the name of a setting, with dots for custom ones.
func (r reader) variable() string {
	name := r.ColID().Name
	for r.Accept(".") {
		name += "." + r.ColID().Name
	}
	return name
}

// variableValues reads a list of values, or DEFAULT (nil).
func (r reader) variableValues() []ast.Expr {
	if r.Accept("default") {
		return nil
	}
	var list []ast.Expr
	for {
		list = append(list, r.variableValue())
		if !r.Accept(",") {
			return list
		}
	}
}

func (r reader) variableValue() ast.Expr {
	t := r.Tok()
	switch {
	case t.Kind == lex.String,
		t.Is("true"), t.Is("false"), t.Is("on"),
		t.Kind == lex.QuotedID, t.Kind == lex.Word && t.Cat != lex.Reserved:
		r.Advance()
		return str(ast.Offset(t.Start), t.Val)
	}
	return r.SignedNumber()
}

// reset reads RESET.
func (r reader) reset() ast.Stmt {
	s := &ast.ResetStmt{Offset: r.Here()}
	r.Expect("reset")
	s.Name, s.All = r.shownVariable()
	return s
}

// show reads SHOW.
func (r reader) show() ast.Stmt {
	s := &ast.ShowStmt{Offset: r.Here()}
	r.Expect("show")
	s.Name, s.All = r.shownVariable()
	return s
}

// shownVariable reads the name of a setting or ALL.
func (r reader) shownVariable() (name string, all bool) {
	switch {
	case r.Accept("all"):
		return "", true
	case r.Accept("time", "zone"):
		return "timezone", false
	case r.Accept("transaction", "isolation", "level"):
		return "transaction_isolation", false
	case r.Accept("session", "authorization"):
		return "session_authorization", false
	}
	return r.variable(), false
}

// discard reads DISCARD.
func (r reader) discard() ast.Stmt {
	s := &ast.DiscardStmt{Offset: r.Here()}
	r.Expect("discard")
	switch {
	case r.Accept("all"):
	case r.Accept("plans"):
		s.Kind = ast.DiscardPlans
	case r.Accept("sequences"):
		s.Kind = ast.DiscardSequences
	case r.Accept("temp"), r.Accept("temporary"):
		s.Kind = ast.DiscardTemp
	default:
		r.Fail()
	}
	return s
}
