package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// withClause reads WITH [RECURSIVE] name AS (..), .. and emits it.
func (p *Parser) withClause() {
	w := &ast.WithClause{Offset: p.Here()}
	p.Expect("with")
	p.emit("WITH ")
	if p.Accept("recursive") {
		w.Recursive = true
		p.emit("RECURSIVE ")
	}
	for {
		p.cte(w)
		if !p.Accept(",") {
			break
		}
		p.emit(",")
	}
	p.emit(" ")
}

func (p *Parser) cte(w *ast.WithClause) {
	c := &ast.CTE{Offset: p.Here(), Name: p.ColID().Name}
	w.CTEs = append(w.CTEs, c)
	if p.Is("(") {
		c.Columns = p.ColumnList()
	}
	p.Expect("as")
	switch {
	case p.Accept("materialized"):
		c.Materialize = ast.MaterializeAlways
	case p.Accept("not", "materialized"):
		c.Materialize = ast.MaterializeNever
	}
	note := &CTE{With: w, CTE: c}
	p.emitMarker(Note{Node: note})
	p.emit(" AS (")
	p.Expect("(")
	if p.BeginsDML() {
		note.Changes = true
		p.emit("SELECT 0") // stands for the fragment
		p.Preparable(func(s ast.Stmt) { c.Query = s })
	} else {
		p.wholeQuery()
	}
	p.Expect(")")
	p.emit(")")
	if p.IsAny("search", "cycle") {
		p.Unsupported(p.Pos(), "the "+p.Tok().Val+" clause")
	}
}

// withFragment reads a WITH clause before INSERT, UPDATE or DELETE, which has no
// place for it in TiDB's grammar.
func (p *Parser) withFragment(set func(*ast.WithClause)) {
	p.fragment(func() {
		p.withClause()
		p.emitSelect("SELECT ", &ast.SelectStmt{Offset: ast.NoPos})
		p.emit("0")
	}, Fragment{Stmt: func(s ast.Stmt) { set(s.(*ast.SelectStmt).With) }})
}

// mainWord returns the word that begins the statement proper: it follows the
// closing parenthesis of the last WITH query.
func (p *Parser) mainWord() string {
	if !p.Is("with") {
		return p.Tok().Val
	}
	if p.match == nil {
		p.matchParens()
	}
	toks := p.toks.List
	for i := p.i + 1; i < len(toks); i++ {
		switch t := &toks[i]; {
		case t.Is("("):
			i = int(p.match[i])
		case t.Is(")"), t.Is(";"):
			return ""
		case t.Kind == lex.Word && toks[i-1].Is(")"):
			switch t.Val {
			case "select", "values", "table", "insert", "update", "delete", "merge":
				return t.Val
			}
		}
	}
	return ""
}

// BeginsDML reports whether INSERT, UPDATE, DELETE or MERGE begins here, after a
// WITH clause or without one.
func (p *Parser) BeginsDML() bool {
	if p.Tok().Kind != lex.Word {
		return false
	}
	switch p.mainWord() {
	case "insert", "update", "delete", "merge":
		return true
	}
	return false
}

// Preparable reads SELECT, VALUES, TABLE, INSERT, UPDATE or DELETE as a fragment
// and calls set with it when the whole statement has been parsed. MERGE is no
// fragment but has some: set is called with it at once, and its fields are set then.
func (p *Parser) Preparable(set func(ast.Stmt)) {
	if !p.BeginsDML() {
		if !p.IsQuery() && !p.Is("values") {
			p.Fail()
		}
		p.fragment(func() { p.wholeQuery() }, Fragment{Stmt: set})
		return
	}
	p.Enter()
	var with *ast.WithClause
	var merge *ast.MergeStmt // is there before the fragments are built
	if p.Is("with") {
		p.withFragment(func(w *ast.WithClause) {
			if with = w; merge != nil {
				merge.With = w
			}
		})
	}
	withSet := func(s ast.Stmt) {
		switch s := s.(type) {
		case *ast.InsertStmt:
			s.With = with
		case *ast.UpdateStmt:
			s.With = with
		case *ast.DeleteStmt:
			s.With = with
		}
		set(s)
	}
	switch p.Tok().Val {
	case "insert":
		p.fragment(p.insert, Fragment{Stmt: withSet})
	case "update":
		p.fragment(p.update, Fragment{Stmt: withSet})
	case "delete":
		p.fragment(p.delete, Fragment{Stmt: withSet})
	case "merge":
		merge = p.merge()
		set(merge)
	default:
		p.Fail()
	}
	p.Leave()
}
