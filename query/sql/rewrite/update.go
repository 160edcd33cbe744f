package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// update reads UPDATE. FROM and RETURNING are fragments.
func (p *Parser) update() {
	s := &ast.UpdateStmt{Offset: p.Here()}
	p.Expect("update")
	s.Table = p.changedTable()
	p.emit("UPDATE ")
	p.emitQualified(s.Table.Table)
	p.emit(" AS ")
	p.emitMarker(Note{Node: s})
	p.Expect("set")
	p.emit(" SET ")
	n := 0
	s.Set = p.setList(func(a *ast.Assignment) {
		if n > 0 {
			p.emit(",")
		}
		n++
		p.emitName(a.Targets[0].Name)
		p.emit(" = ")
		p.expr()
	})
	p.sources("from", &s.From)
	p.changeWhere()
	p.returning(&s.Returning)
}

// delete reads DELETE. USING and RETURNING are fragments.
func (p *Parser) delete() {
	s := &ast.DeleteStmt{Offset: p.Here()}
	p.Expect("delete", "from")
	s.Table = p.changedTable()
	p.emit("DELETE FROM ")
	p.emitQualified(s.Table.Table)
	p.emit(" AS ")
	p.emitMarker(Note{Node: s})
	p.sources("using", &s.Using)
	p.changeWhere()
	p.returning(&s.Returning)
}

// changedTable reads the table of UPDATE or DELETE with its alias, which cannot
// be SET unless AS precedes it.
func (p *Parser) changedTable() *ast.RangeVar {
	rv := p.Relation()
	at := p.Here()
	if p.Accept("as") || isColID(p.Tok()) && !p.Is("set") {
		rv.Alias = &ast.Alias{Offset: at, Name: p.ColID().Name}
	}
	return rv
}

// setList reads the assignments of SET; value reads what is after the equals sign.
func (p *Parser) setList(value func(a *ast.Assignment)) []*ast.Assignment {
	var list []*ast.Assignment
	for {
		a := &ast.Assignment{Offset: p.Here()}
		if p.Accept("(") {
			a.Multi = true
			a.Targets = p.assignTargets()
			p.Expect(")")
		} else {
			a.Targets = []*ast.AssignTarget{p.assignTarget()}
		}
		p.Expect("=")
		value(a)
		list = append(list, a)
		if !p.Accept(",") {
			return list
		}
	}
}

// sources reads the tables after FROM or USING as a fragment.
func (p *Parser) sources(word string, dst *[]ast.FromItem) {
	if !p.Accept(word) {
		return
	}
	p.fragment(func() {
		p.emitSelect("SELECT ", &ast.SelectStmt{Offset: ast.NoPos})
		p.emit("0 FROM ")
		p.fromList()
	}, Fragment{Stmt: func(s ast.Stmt) { *dst = s.(*ast.SelectStmt).From }})
}

// changeWhere reads the WHERE of UPDATE or DELETE.
func (p *Parser) changeWhere() {
	if !p.Accept("where") {
		return
	}
	p.emit(" WHERE ")
	if at := p.Here(); p.Accept("current", "of") {
		p.leaf(&ast.CurrentOf{Offset: at, Cursor: p.ColID().Name})
		return
	}
	p.expr()
}
