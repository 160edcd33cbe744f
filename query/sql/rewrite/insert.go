package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// insert reads INSERT. ON CONFLICT and RETURNING are fragments.
func (p *Parser) insert() {
	s := &ast.InsertStmt{Offset: p.Here()}
	p.Expect("insert", "into")
	s.Table = &ast.RangeVar{Offset: p.Here(), Table: p.QualifiedName()}
	if at := p.Here(); p.Accept("as") {
		s.Table.Alias = &ast.Alias{Offset: at, Name: p.ColID().Name}
	}
	p.emit("INSERT INTO ")
	p.emitQualified(s.Table.Table)
	p.emit(" PARTITION (")
	p.emitMarker(Note{Node: s})
	p.emit(") ")
	if p.Accept("default", "values") {
		p.emit("VALUES ()")
	} else {
		p.insertSource(s)
	}
	if p.Is("on") {
		s.OnConflict = p.onConflict()
	}
	p.returning(&s.Returning)
}

func (p *Parser) insertSource(s *ast.InsertStmt) {
	if p.Is("(") && !p.isQuery(p.i) {
		p.Advance()
		p.emit("(")
		s.Columns = p.assignTargets()
		for i, c := range s.Columns {
			if i > 0 {
				p.emit(",")
			}
			p.emitName(c.Name)
		}
		p.Expect(")")
		p.emit(") ")
	}
	s.Overriding = p.overriding()
	if !p.IsQuery() && !p.Is("values") {
		p.FailInside()
	}
	p.wholeQuery()
}

// overriding reads OVERRIDING USER|SYSTEM VALUE, if it stands here.
func (p *Parser) overriding() ast.Overriding {
	if !p.Accept("overriding") {
		return ast.OverridingNone
	}
	kind := ast.OverridingUser
	if !p.Accept("user") {
		p.Expect("system")
		kind = ast.OverridingSystem
	}
	p.Expect("value")
	return kind
}

// assignTargets reads the columns of INSERT or of SET (a, b).
func (p *Parser) assignTargets() []*ast.AssignTarget {
	list := []*ast.AssignTarget{p.assignTarget()}
	for p.Accept(",") {
		list = append(list, p.assignTarget())
	}
	return list
}

// assignTarget reads a column with subscripts and fields. The subscripts are
// fragments.
func (p *Parser) assignTarget() *ast.AssignTarget {
	t := &ast.AssignTarget{Offset: p.Here(), Name: p.ColID().Name}
	for p.IsAny(".", "[") {
		step := ast.Step{Offset: p.Here()}
		if p.Accept(".") {
			step.Field = p.Label().Name
		} else {
			p.targetSubscript(t, &step)
		}
		t.Path = append(t.Path, step)
	}
	return t
}

// targetSubscript reads [i] or [lo:hi] of the step that will be the next of t.
func (p *Parser) targetSubscript(t *ast.AssignTarget, step *ast.Step) {
	n := len(t.Path)
	bound := func(f func(s *ast.Step, e ast.Expr)) {
		p.fragment(func() {
			p.emit("SELECT ")
			p.expr()
		}, Fragment{Expr: func(e ast.Expr) { f(&t.Path[n], e) }})
	}
	p.Expect("[")
	if !p.Is(":") {
		bound(func(s *ast.Step, e ast.Expr) {
			if s.Slice {
				s.Lower = e
			} else {
				s.Upper = e
			}
		})
	}
	if p.Accept(":") {
		step.Slice = true
		if !p.Is("]") {
			bound(func(s *ast.Step, e ast.Expr) { s.Upper = e })
		}
	}
	p.Expect("]")
}

// onConflict reads ON CONFLICT ..
func (p *Parser) onConflict() *ast.OnConflict {
	c := &ast.OnConflict{Offset: p.Here()}
	p.Expect("on", "conflict")
	switch {
	case p.Is("("):
		c.Target = &ast.ConflictTarget{Offset: p.Here()}
		c.Target.Elems = p.IndexElems()
		if p.Accept("where") {
			p.ExprInto(&c.Target.Where)
		}
	case p.Is("on"):
		c.Target = &ast.ConflictTarget{Offset: p.Here()}
		p.Expect("on", "constraint")
		c.Target.Constraint = p.ColID().Name
	}
	p.Expect("do")
	if p.Accept("nothing") {
		return c
	}
	p.Expect("update", "set")
	c.Update = true
	c.Set = p.setList(func(a *ast.Assignment) { p.ExprInto(&a.Value) })
	if p.Accept("where") {
		p.ExprInto(&c.Where)
	}
	return c
}

// IndexElems reads (element, ..) of an index or conflict target.
func (p *Parser) IndexElems() []*ast.IndexElem {
	p.Expect("(")
	list := []*ast.IndexElem{p.IndexElem()}
	for p.Accept(",") {
		list = append(list, p.IndexElem())
	}
	p.Expect(")")
	return list
}

// IndexElem reads a column, call or (expression) with its options (index_elem).
func (p *Parser) IndexElem() *ast.IndexElem {
	e := &ast.IndexElem{Offset: p.Here()}
	switch {
	case p.Accept("("):
		p.ExprInto(&e.Expr)
		p.Expect(")")
	case p.callFollows():
		p.fragment(func() { p.emit("SELECT "); p.primary() }, Fragment{Expr: func(x ast.Expr) { e.Expr = x }})
	default:
		e.Column = p.ColID().Name
	}
	if p.Accept("collate") {
		e.Collation = p.AnyName()
	}
	if p.IsColID(0) && !p.IsAny("nulls", "asc", "desc", "with") {
		e.OpClass = p.AnyName()
		if p.Is("(") {
			e.OpClassOpt = p.OptionList()
		}
	}
	var item ast.SortItem
	switch {
	case p.Accept("asc"):
		item.Dir = ast.SortAsc
	case p.Accept("desc"):
		item.Dir = ast.SortDesc
	}
	p.nullsOrder(&item.Nulls)
	e.Dir, e.Nulls = item.Dir, item.Nulls
	return e
}

// returning reads RETURNING as a fragment.
func (p *Parser) returning(dst *[]*ast.Target) {
	if !p.Accept("returning") {
		return
	}
	p.fragment(func() {
		s := &ast.SelectStmt{Offset: ast.NoPos}
		p.emitSelect("SELECT ", s)
		s.Targets = p.targetList(&emitter{p: p})
	}, Fragment{Stmt: func(s ast.Stmt) { *dst = s.(*ast.SelectStmt).Targets }})
}
