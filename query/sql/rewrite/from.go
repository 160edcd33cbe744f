package rewrite

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// fromList reads the items of FROM.
func (p *Parser) fromList() (depth int) {
	for {
		depth = max(depth, p.tableRef())
		if !p.Accept(",") {
			return depth
		}
		p.emit(",")
	}
}

// tableRef reads a table with the joins that follow it.
func (p *Parser) tableRef() (depth int) {
	p.Enter()
	defer p.Leave()
	depth = p.tableFactor()
	for {
		j := p.joinWord()
		if j == nil {
			return depth
		}
		depth = max(depth, p.joinRight(j)) + 1
		p.checkDepth(depth)
	}
}

// joinWord passes over CROSS JOIN, NATURAL LEFT JOIN and so on, or returns nil.
func (p *Parser) joinWord() *ast.JoinExpr {
	j := &ast.JoinExpr{Offset: p.Here()}
	switch {
	case p.Is("cross"):
		p.Expect("cross", "join")
		j.Kind = ast.CrossJoin
		return j
	case p.Is("natural"):
		p.Advance()
		j.Natural = true
	case !p.IsAny("join", "inner", "left", "right", "full"):
		return nil
	}
	switch {
	case p.Accept("inner"):
	case p.Accept("left"):
		j.Kind = ast.LeftJoin
	case p.Accept("right"):
		j.Kind = ast.RightJoin
	case p.Accept("full"):
		j.Kind = ast.FullJoin
	}
	if j.Kind != ast.InnerJoin {
		p.Accept("outer")
	}
	p.Expect("join")
	return j
}

// joinRight reads the right side of a join and its condition. Every join is
// emitted with ON and a marker, which carries the kind that MySQL lacks.
func (p *Parser) joinRight(j *ast.JoinExpr) (depth int) {
	switch j.Kind {
	case ast.LeftJoin, ast.FullJoin:
		p.emit(" LEFT JOIN ")
	case ast.RightJoin:
		p.emit(" RIGHT JOIN ")
	default:
		p.emit(" JOIN ")
	}
	start := len(p.out)
	depth = p.tableFactor()
	qualified := j.Kind != ast.CrossJoin && !j.Natural
	// a JOIN b JOIN c ON x ON y: the condition of b and c comes first.
	for qualified && !p.IsAny("on", "using") {
		inner := p.joinWord()
		if inner == nil {
			p.Fail()
		}
		p.Enter()
		depth = max(depth, p.joinRight(inner)) + 1
		p.Leave()
		p.push(start, -1)
		p.emit(")")
	}
	p.emit(" ON ")
	p.open(Note{Node: j})
	if qualified {
		depth = max(depth, p.joinCondition(j))
	}
	p.emit(")")
	return depth
}

func (p *Parser) joinCondition(j *ast.JoinExpr) (depth int) {
	if p.Accept("on") {
		return p.expr().depth
	}
	p.Expect("using")
	j.Using = p.ColumnList()
	if p.Accept("as") {
		id := p.ColID()
		j.UsingAlias = &id
	}
	return 0
}

// tableFactor reads one item of FROM without joins.
func (p *Parser) tableFactor() (depth int) {
	switch {
	case p.Is("("):
		if p.isQuery(p.i) {
			return p.fromSubquery(p.Here(), false)
		}
		depth, _ = p.joinInParens()
		return depth
	case p.Is("lateral"):
		at := p.Here()
		p.Advance()
		if p.Is("(") {
			return p.fromSubquery(at, true)
		}
		return p.fromFunction(at, true)
	case p.Is("rows") && p.IsAt(1, "from") && p.IsAt(2, "("):
		return p.fromFunction(p.Here(), false)
	case p.callFollows():
		return p.fromFunction(p.Here(), false)
	}
	p.fromTable()
	return 0
}

// callFollows reports whether a function call stands here: a name of any number
// of parts and a parenthesis, or a function without one.
func (p *Parser) callFollows() bool {
	t := p.Tok()
	if t.Kind == lex.Word && t.Cat == lex.Reserved {
		switch t.Val {
		case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
			"current_role", "current_user", "session_user", "user", "current_catalog":
			return true
		case "cast":
			return p.IsAt(1, "(")
		}
		return false
	}
	if !isName(t) {
		return false
	}
	n := 1
	for p.IsAt(n, ".") && isName(p.Peek(n+1)) {
		n += 2
	}
	return p.IsAt(n, "(")
}

// joinInParens reads (a JOIN b ..) [alias]. Inside there must be a join, or
// such parentheses again.
func (p *Parser) joinInParens() (depth int, join *ast.JoinExpr) {
	p.Enter()
	p.Expect("(")
	p.emit("(")
	if p.Is("(") && !p.isQuery(p.i) {
		depth, join = p.joinInParens()
	} else {
		depth = p.tableFactor()
	}
	for {
		j := p.joinWord()
		if j == nil {
			break
		}
		join = j
		depth = max(depth, p.joinRight(j)) + 1
		p.checkDepth(depth)
	}
	if join == nil {
		p.Fail()
	}
	p.Expect(")")
	p.emit(")")
	if a := p.alias(); a != nil {
		join.Alias = a
	}
	p.Leave()
	return depth, join
}

// fromSubquery reads (query) [alias].
func (p *Parser) fromSubquery(at ast.Offset, lateral bool) (depth int) {
	r := &ast.RangeSubselect{Offset: at, Lateral: lateral}
	open := p.Pos()
	values := p.IsAt(1, "values")
	if !p.isQuery(p.i) {
		p.Advance()
		p.Fail()
	}
	depth = p.subquery().depth
	r.Alias = p.alias()
	if r.Alias == nil {
		msg, hint := "subquery in FROM must have an alias", "For example, FROM (SELECT ...) [AS] foo."
		if values {
			msg, hint = "VALUES in FROM must have an alias", "For example, FROM (VALUES ...) [AS] foo."
		}
		p.Bail(sqlerr.New(sqlerr.SyntaxError, "%s", msg).WithHint("%s", hint).At(open))
	}
	p.emit(" AS ")
	p.emitMarker(Note{Node: r})
	return depth
}

// fromTable reads a table with its alias and sample.
func (p *Parser) fromTable() {
	rv := p.Relation()
	rv.Alias = p.alias()
	if p.Is("tablesample") {
		rv.Sample = p.tableSample()
	}
	p.emitTable(rv)
}

// emitTable emits a table's name, for TiDB, and its note as the alias.
func (p *Parser) emitTable(rv *ast.RangeVar) {
	p.emitQualified(rv.Table)
	p.emit(" AS ")
	p.emitMarker(Note{Node: rv})
}

func (p *Parser) emitQualified(q ast.QualifiedName) {
	if q.Schema != "" {
		p.emitName(q.Schema)
		p.emit(".")
	}
	p.emitName(q.Name)
}

// tableSample reads TABLESAMPLE method (args) [REPEATABLE (seed)].
func (p *Parser) tableSample() *ast.TableSample {
	s := &ast.TableSample{Offset: p.Here()}
	p.Expect("tablesample")
	s.Method = p.AnyName()
	p.Expect("(")
	p.ExprsInto(&s.Args)
	p.Expect(")")
	if p.Accept("repeatable", "(") {
		p.ExprInto(&s.Repeatable)
		p.Expect(")")
	}
	return s
}

// alias reads [AS] name [(columns)], or returns nil.
func (p *Parser) alias() *ast.Alias {
	a := &ast.Alias{Offset: p.Here()}
	if !p.Accept("as") && (!isColID(p.Tok()) || p.isTake()) {
		return nil
	}
	a.Name = p.ColID().Name
	if p.Is("(") {
		a.Columns = p.ColumnList()
	}
	return a
}

// fromFunction reads a function, or ROWS FROM (functions), in FROM. It is emitted
// as a subquery whose targets are the functions.
func (p *Parser) fromFunction(at ast.Offset, lateral bool) (depth int) {
	r := &ast.RangeFunction{Offset: at, Lateral: lateral}
	e := emitter{p: p}
	p.emit("LATERAL (SELECT ")
	if p.Accept("rows", "from", "(") {
		r.RowsFrom = true
		for {
			f := p.tableFunc(&e)
			if p.Accept("as") {
				p.Expect("(")
				f.ColumnDefs = p.ColumnDefs()
			}
			r.Funcs = append(r.Funcs, f)
			if !p.Accept(",") {
				break
			}
		}
		p.Expect(")")
	} else {
		r.Funcs = []*ast.TableFunc{p.tableFunc(&e)}
	}
	p.emit(") AS ")
	p.emitMarker(Note{Node: r})
	if p.Accept("with", "ordinality") {
		r.Ordinality = true
	}
	p.functionAlias(r)
	return e.depth + 1
}

func (p *Parser) tableFunc(e *emitter) *ast.TableFunc {
	f := &ast.TableFunc{Offset: p.Here()}
	if !p.callFollows() {
		p.Fail()
	}
	e.comma()
	e.depth = max(e.depth, p.primary().depth)
	return f
}

// functionAlias reads [AS] name [(names or definitions)] or AS (definitions).
func (p *Parser) functionAlias(r *ast.RangeFunction) {
	at := p.Here()
	as := p.Accept("as")
	if as && p.Accept("(") {
		r.ColumnDefs = p.ColumnDefs()
		return
	}
	if !as && (!isColID(p.Tok()) || p.isTake()) {
		return
	}
	r.Alias = &ast.Alias{Offset: at, Name: p.ColID().Name}
	if !p.Is("(") {
		return
	}
	if p.IsColID(1) && !p.IsAt(2, ",") && !p.IsAt(2, ")") {
		p.Advance()
		r.ColumnDefs = p.ColumnDefs()
		return
	}
	r.Alias.Columns = p.ColumnList()
}

// ColumnDefs reads name type [COLLATE c], .. and the closing parenthesis.
func (p *Parser) ColumnDefs() []*ast.ColumnDef {
	var list []*ast.ColumnDef
	for {
		d := &ast.ColumnDef{Offset: p.Here(), Name: p.ColID().Name}
		d.Type = p.TypeName()
		if p.Accept("collate") {
			d.Collation = p.AnyName()
		}
		list = append(list, d)
		if !p.Accept(",") {
			break
		}
	}
	p.Expect(")")
	return list
}
