package rewrite

import "github.com/cachalotdb/cachalot/query/sql/ast"

// merge reads MERGE. TiDB's grammar has none: its source and each of its
// expressions are fragments.
func (p *Parser) merge() *ast.MergeStmt {
	s := &ast.MergeStmt{Offset: p.Here()}
	p.Expect("merge", "into")
	s.Table = p.changedTable()
	p.Expect("using")
	p.fragment(func() {
		p.emitSelect("SELECT ", &ast.SelectStmt{Offset: ast.NoPos})
		p.emit("0 FROM ")
		p.tableRef()
	}, Fragment{Stmt: func(q ast.Stmt) { s.Source = q.(*ast.SelectStmt).From[0] }})
	p.Expect("on")
	p.ExprInto(&s.On)
	for len(s.Whens) == 0 || p.Is("when") {
		s.Whens = append(s.Whens, p.mergeWhen())
	}
	return s
}

// mergeWhen reads WHEN [NOT] MATCHED [AND condition] THEN action.
func (p *Parser) mergeWhen() *ast.MergeWhen {
	w := &ast.MergeWhen{Offset: p.Here()}
	p.Expect("when")
	w.Matched = !p.Accept("not")
	p.Expect("matched")
	if p.Accept("and") {
		p.ExprInto(&w.Cond)
	}
	p.Expect("then")
	switch {
	case p.Accept("do"):
		p.Expect("nothing")
	case w.Matched && p.Accept("update"):
		w.Action = ast.MergeUpdate
		p.Expect("set")
		w.Set = p.setList(func(a *ast.Assignment) { p.ExprInto(&a.Value) })
	case w.Matched && p.Accept("delete"):
		w.Action = ast.MergeDelete
	case !w.Matched && p.Accept("insert"):
		w.Action = ast.MergeInsert
		p.mergeInsert(w)
	default:
		p.Fail()
	}
	return w
}

// mergeInsert reads what follows INSERT: DEFAULT VALUES, or one row of VALUES.
func (p *Parser) mergeInsert(w *ast.MergeWhen) {
	if p.Accept("default") {
		p.Expect("values")
		return
	}
	if p.Accept("(") {
		w.Columns = p.assignTargets()
		p.Expect(")")
	}
	w.Overriding = p.overriding()
	p.Expect("values", "(")
	p.ExprsInto(&w.Values)
	p.Expect(")")
}
