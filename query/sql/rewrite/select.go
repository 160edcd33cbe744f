package rewrite

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// query is a query whose text has been emitted up to its tail (ORDER BY to
// locks). The tail waits, because clauses after a closing parenthesis may still
// belong to it: (SELECT ..) LIMIT 1.
type query struct {
	start int  // where it begins in Parser.out, its WITH included
	with  bool // it has a WITH of its own
	chain int  // the precedence of the set operation that it is, precNone for none
	tail  tail
	depth int
}

// tail is what follows the body of a query; pieces are nil for what is missing.
type tail struct {
	order, limit, offset []piece
	note                 Tail
}

func (t *tail) empty() bool {
	return t.order == nil && t.limit == nil && t.offset == nil && !t.note.WithTies && t.note.Locking == nil
}

// Precedences of set operations.
const (
	precUnion     = 1 // and EXCEPT
	precIntersect = 2
)

// beginsQuery reports whether a query begins n tokens ahead, without parentheses.
func (p *Parser) beginsQuery(n int) bool {
	t := p.Peek(n)
	if t.Kind != lex.Word {
		return false
	}
	switch t.Val {
	case "select", "with", "table":
		return true
	case "values": // may be a name too
		return p.IsAt(n+1, "(")
	case "count": // Cachalot's COUNT FROM
		return p.IsAt(n+1, "from")
	}
	return false
}

// IsQuery reports whether a query begins here, in parentheses or not.
func (p *Parser) IsQuery() bool {
	return p.beginsQuery(0) || p.Is("(") && p.isQuery(p.i)
}

// isQuery reports whether the parenthesis at token i holds a query: the first
// word inside tells, and where more parentheses open first, what follows their
// end. The matching is computed once for the whole text, so this is linear in all.
func (p *Parser) isQuery(i int) bool {
	toks := p.toks.List
	if !toks[i].Is("(") {
		return false
	}
	if !toks[i+1].Is("(") {
		return p.beginsQuery(i + 1 - p.i)
	}
	if p.match == nil {
		p.matchParens()
	}
	if p.query[i] == 0 {
		j := i
		for toks[j+1].Is("(") && p.query[j] == 0 {
			j++
		}
		if p.query[j] == 0 {
			p.setQuery(j, p.beginsQuery(j+1-p.i))
		}
		for j--; j >= i; j-- {
			p.setQuery(j, p.query[j+1] == isYes && p.continuesQuery(int(p.match[j+1])+1))
		}
	}
	return p.query[i] == isYes
}

// The answers of isQuery that are remembered; 0 is unknown.
const (
	isYes = 1
	isNo  = 2
)

func (p *Parser) setQuery(i int, yes bool) {
	p.query[i] = isNo
	if yes {
		p.query[i] = isYes
	}
}

// matchParens fills match with the place of each closing parenthesis, or of the
// last token where there is none.
func (p *Parser) matchParens() {
	toks := p.toks.List
	p.match = make([]int32, len(toks))
	p.query = make([]int8, len(toks))
	var open []int32
	for i := range toks {
		if toks[i].Kind != lex.Punct {
			continue
		}
		switch toks[i].Val {
		case "(":
			p.match[i] = int32(len(toks) - 2)
			open = append(open, int32(i))
		case ")":
			if n := len(open); n > 0 {
				p.match[open[n-1]] = int32(i)
				open = open[:n-1]
			}
		}
	}
}

// continuesQuery reports whether token i can follow a query in parentheses that
// is itself in parentheses.
func (p *Parser) continuesQuery(i int) bool {
	if i >= len(p.toks.List) {
		return false
	}
	t := &p.toks.List[i]
	switch t.Val {
	case ")":
		return t.Kind == lex.Punct
	case "union", "intersect", "except", "order", "limit", "offset", "fetch", "for", "take":
		return t.Kind == lex.Word
	}
	return false
}

// subquery reads a query in parentheses as an operand.
func (p *Parser) subquery() operand {
	start := len(p.out)
	p.emitOp("(", p.Pos())
	p.Expect("(")
	depth := p.wholeQuery()
	p.Expect(")")
	p.emit(")")
	return operand{start: start, level: levelSimple, depth: depth + 1}
}

// wholeQuery reads a query to its end and emits all of it.
func (p *Parser) wholeQuery() (depth int) {
	q := p.queryExpr()
	p.emitTail(&q)
	return q.depth
}

// QueryInto reads a query as a fragment; set is called with it when the whole
// statement has been parsed.
func (p *Parser) QueryInto(set func(*ast.SelectStmt)) {
	p.fragment(func() { p.wholeQuery() }, Fragment{Stmt: func(s ast.Stmt) { set(s.(*ast.SelectStmt)) }})
}

// queryExpr reads [WITH ..] body [ORDER BY ..] [LIMIT ..] [FOR ..].
func (p *Parser) queryExpr() query {
	p.Enter()
	start := len(p.out)
	with := p.Is("with")
	if with {
		p.withClause()
	}
	q := p.setExpr(precUnion)
	if with {
		if q.with {
			p.Error(p.Pos(), sqlerr.SyntaxError, "multiple WITH clauses not allowed")
		}
		q.with, q.start = true, start
	}
	p.tail(&q.tail)
	p.Leave()
	return q
}

// setExpr reads queries combined by set operations that bind at least as
// tightly as lowest. A chain of one precedence is emitted as a flat list of
// operands in parentheses; TiDB leaves precedence to its reader, so no list ever
// mixes INTERSECT with the others.
func (p *Parser) setExpr(lowest int) query {
	left := p.queryPrimary()
	for {
		prec, text := p.setOp(lowest)
		if prec == precNone {
			return left
		}
		if left.chain != prec || left.with || !left.tail.empty() { // an operand in parentheses has these for itself
			p.enclose(&left)
		}
		p.emit(text)
		p.Enter()
		right := p.setExpr(prec + 1)
		p.Leave()
		p.enclose(&right)
		p.checkDepth(left.depth)
		left = query{start: left.start, chain: prec, depth: max(left.depth, right.depth) + 1}
	}
}

// setOp passes over a set operator that binds at least as tightly as lowest, and
// returns its precedence and text.
func (p *Parser) setOp(lowest int) (prec int, text string) {
	switch {
	case p.Is("union") && lowest <= precUnion:
		prec, text = precUnion, " UNION "
	case p.Is("except") && lowest <= precUnion:
		prec, text = precUnion, " EXCEPT "
	case p.Is("intersect") && lowest <= precIntersect:
		prec, text = precIntersect, " INTERSECT "
	default:
		return precNone, ""
	}
	p.Advance()
	if p.Accept("all") {
		return prec, text + "ALL "
	}
	p.Accept("distinct")
	return prec, text
}

// enclose makes the query, which must be the last thing emitted, an operand in
// parentheses.
func (p *Parser) enclose(q *query) {
	p.emitTail(q)
	p.push(q.start, -1)
	p.emit(")")
	q.chain, q.with = precNone, false
}

// queryPrimary reads SELECT, VALUES, TABLE or a query in parentheses.
func (p *Parser) queryPrimary() query {
	start := len(p.out)
	switch {
	case p.Is("select"), p.IsSeq("count", "from"):
		return query{start: start, depth: p.simpleSelect() + 1}
	case p.Is("values"):
		s := &ast.SelectStmt{Offset: p.Here()}
		depth := p.valuesSelect(s)
		return query{start: start, depth: depth + 1}
	case p.Is("table"):
		p.tableSelect()
		return query{start: start, depth: 1}
	case p.Is("("):
		p.Advance()
		q := p.queryExpr()
		p.Expect(")")
		return q
	}
	p.Fail()
	panic("unreachable")
}

// tableSelect reads TABLE t as SELECT * FROM t.
func (p *Parser) tableSelect() {
	s := &ast.SelectStmt{Offset: p.Here()}
	star := &ast.ColumnRef{Offset: s.Offset, Star: true}
	s.Targets = []*ast.Target{{Offset: s.Offset, Expr: star}}
	p.Expect("table")
	p.emitSelect("SELECT ", s)
	p.emit("* FROM ")
	p.emitTable(p.Relation())
}

func (p *Parser) emitSelect(text string, s *ast.SelectStmt) {
	p.out = append(p.out, piece{kind: pieceSelect, text: text, val: p.note(Note{Node: s})})
}

// simpleSelect reads SELECT to WINDOW.
func (p *Parser) simpleSelect() (depth int) {
	s := &ast.SelectStmt{Offset: p.Here()}
	e := emitter{p: p}
	if p.Accept("count") {
		p.countHead(s)
	} else {
		p.Expect("select")
		p.selectHead(s, &e)
	}
	if p.Is("into") {
		s.Into = p.into()
	}
	from := p.Is("from")
	if from {
		p.Advance()
		p.emit(" FROM ")
		e.depth = max(e.depth, p.fromList())
	} else if p.IsAny("where", "group", "having", "window") {
		p.emit(" FROM `" + Marker + "`") // TiDB has these clauses only after FROM
	}
	e.depth = max(e.depth, p.selectClauses(s))
	return e.depth
}

// countHead makes the target list of COUNT FROM t, which is count(*).
func (p *Parser) countHead(s *ast.SelectStmt) {
	f := &ast.FuncCall{Offset: s.Offset, Name: []ast.Ident{{Offset: s.Offset, Name: "count"}}, Star: true}
	s.Targets = []*ast.Target{{Offset: s.Offset}}
	p.emitSelect("SELECT ", s)
	p.build(func([]ast.Expr) ast.Expr { return f })
	p.emit(")")
}

// selectHead reads DISTINCT and the target list.
func (p *Parser) selectHead(s *ast.SelectStmt, e *emitter) {
	switch {
	case p.Accept("distinct"):
		s.Distinct = true
		p.emitSelect("SELECT DISTINCT ", s)
		if p.Accept("on") {
			p.Expect("(")
			p.build(func(a []ast.Expr) ast.Expr { s.DistinctOn = a; return nil })
			e.depth = p.exprList()
			p.Expect(")")
			p.emit("),")
		}
	default:
		p.Accept("all")
		p.emitSelect("SELECT ", s)
		if p.Is("from") {
			s.AllColumns = true
			star := &ast.ColumnRef{Offset: s.Offset, Star: true}
			s.Targets = []*ast.Target{{Offset: s.Offset, Expr: star}}
			p.emit("*")
			return
		}
		if p.AtEnd() || p.IsAny(")", "into", "where", "group", "having", "window", "union", "intersect",
			"except", "order", "limit", "offset", "fetch", "for") {
			p.emit("0")
			return
		}
	}
	s.Targets = p.targetList(e)
}

// targetList reads the targets of SELECT or RETURNING.
func (p *Parser) targetList(e *emitter) []*ast.Target {
	var list []*ast.Target
	for {
		t := &ast.Target{Offset: p.Here()}
		if p.Is("*") {
			p.Advance()
			e.comma()
			p.emit("*")
			t.Expr = &ast.ColumnRef{Offset: t.Offset, Star: true}
		} else {
			e.expr()
			t.Alias = p.label()
		}
		list = append(list, t)
		if !p.Accept(",") {
			return list
		}
	}
}

// label reads [AS] label after a target.
func (p *Parser) label() *ast.Ident {
	if p.Accept("as") {
		id := p.Label()
		return &id
	}
	t := p.Tok()
	bare := t.Kind == lex.QuotedID || t.Kind == lex.Word && (t.Cat == lex.NotKeyword || t.BareLabel)
	if !bare || p.isTake() {
		return nil
	}
	id := ident(p.Advance())
	return &id
}

// isTake reports whether Cachalot's TAKE n stands here; in PostgreSQL a name
// cannot be followed by a number.
func (p *Parser) isTake() bool {
	if !p.Is("take") {
		return false
	}
	k := p.Peek(1).Kind
	return k == lex.Int || k == lex.Param
}

// selectClauses reads WHERE to WINDOW.
func (p *Parser) selectClauses(s *ast.SelectStmt) (depth int) {
	if p.Accept("where") {
		p.emit(" WHERE ")
		depth = p.expr().depth
	}
	if p.Is("group") {
		p.Expect("group", "by")
		p.emit(" GROUP BY ")
		if p.Accept("distinct") {
			s.GroupDistinct = true
		} else {
			p.Accept("all")
		}
		depth = max(depth, p.groupItems())
	}
	if p.Accept("having") {
		p.emit(" HAVING ")
		depth = max(depth, p.expr().depth)
	}
	if p.Is("window") {
		p.windowClause(s)
	}
	return depth
}

// groupItems reads the elements of GROUP BY or GROUPING SETS.
func (p *Parser) groupItems() (depth int) {
	for {
		depth = max(depth, p.groupItem())
		if !p.Accept(",") {
			return depth
		}
		p.emit(",")
	}
}

func (p *Parser) groupItem() int {
	p.Enter()
	defer p.Leave()
	at := p.Here()
	set := func(kind ast.GroupingSetKind) int {
		return p.build(func(a []ast.Expr) ast.Expr {
			return &ast.GroupingSet{Offset: at, Kind: kind, Items: a}
		})
	}
	switch {
	case p.Accept("(", ")"):
		return p.close(set(ast.EmptySet), 0).depth
	case p.Accept("rollup", "("):
		start := set(ast.Rollup)
		return p.endGroup(start, p.exprList())
	case p.Accept("cube", "("):
		start := set(ast.Cube)
		return p.endGroup(start, p.exprList())
	case p.Accept("grouping", "sets", "("):
		start := set(ast.GroupingSets)
		return p.endGroup(start, p.groupItems())
	}
	return p.expr().depth
}

func (p *Parser) endGroup(start, depth int) int {
	p.Expect(")")
	return p.close(start, depth).depth
}

// into reads INTO [TEMP|UNLOGGED] [TABLE] name.
func (p *Parser) into() *ast.IntoClause {
	c := &ast.IntoClause{Offset: p.Here()}
	p.Expect("into")
	switch {
	case p.Accept("local"), p.Accept("global"):
		if !p.IsAny("temporary", "temp") {
			p.Fail()
		}
		p.Advance()
		c.Persistence = ast.Temporary
	case p.Accept("temporary"), p.Accept("temp"):
		c.Persistence = ast.Temporary
	case p.Accept("unlogged"):
		c.Persistence = ast.Unlogged
	}
	p.Accept("table")
	c.Table = p.QualifiedName()
	return c
}

// ---- the tail

// tail reads ORDER BY, LIMIT, OFFSET, FETCH, TAKE and locks. What t already has
// from inside parentheses may not come again.
func (p *Parser) tail(t *tail) {
	if p.Is("order") {
		p.Expect("order", "by")
		at := p.Pos()
		keys := p.captured(p.sortKeys)
		p.once(t.order, "ORDER BY", at)
		t.order = keys
	}
	for {
		switch {
		case p.Is("limit"), p.isTake():
			p.limit(t)
		case p.Is("offset"):
			p.offset(t)
		case p.Is("fetch"):
			p.fetch(t)
		case p.Is("for"):
			p.locking(t)
		default:
			return
		}
	}
}

// once refuses the clause whose value is at the offset when there is one already.
func (p *Parser) once(have []piece, clause string, at int) {
	if have != nil {
		p.Error(at, sqlerr.SyntaxError, "multiple %s clauses not allowed", clause)
	}
}

// captured runs f and returns what it emitted, taken out of the text.
func (p *Parser) captured(f func()) []piece {
	start := len(p.out)
	f()
	return p.cut(start)
}

func (p *Parser) sortKeys() {
	for {
		start := len(p.out)
		item := &ast.SortItem{Offset: p.Here()}
		o := p.expr()
		p.sortOptions(item)
		switch {
		case item.Nulls != ast.NullsDefault || item.Dir == ast.SortUsing:
			p.wrap(start, Note{Node: item})
			p.close(start, o.depth)
		case item.Dir == ast.SortAsc:
			p.emit(" ASC")
		case item.Dir == ast.SortDesc:
			p.emit(" DESC")
		}
		if !p.Accept(",") {
			return
		}
		p.emit(",")
	}
}

// noLimit is LIMIT ALL: written, but without effect.
var noLimit = []piece{}

func (p *Parser) limit(t *tail) {
	word := p.Pos()
	p.Advance()
	at, value := p.Pos(), noLimit
	if !p.Accept("all") {
		value = p.captured(func() { p.expr() })
	}
	if p.Accept(",") {
		p.expr()
		p.Bail(sqlerr.New(sqlerr.SyntaxError, "LIMIT #,# syntax is not supported").
			WithHint("Use separate LIMIT and OFFSET clauses.").At(word))
	}
	p.once(t.limit, "LIMIT", at)
	t.limit = value
}

func (p *Parser) offset(t *tail) {
	p.Advance()
	at := p.Pos()
	value := p.captured(func() { p.expr() })
	p.once(t.offset, "OFFSET", at)
	t.offset = value
	if p.IsAny("row", "rows") {
		p.Advance()
	}
}

// fetch reads FETCH FIRST|NEXT [n] ROW|ROWS ONLY|WITH TIES.
func (p *Parser) fetch(t *tail) {
	p.Advance()
	if !p.IsAny("first", "next") {
		p.Fail()
	}
	p.Advance()
	at := p.Here()
	p.once(t.limit, "LIMIT", int(at))
	if p.IsAny("row", "rows") {
		t.limit = p.captured(func() {
			p.leaf(&ast.Const{Offset: at, Kind: ast.Int, Int: 1, Text: "1"})
		})
	} else {
		t.limit = p.captured(func() {
			if p.IsAny("+", "-") {
				p.prefixOp(true)
			} else {
				p.primary()
			}
		})
	}
	if !p.IsAny("row", "rows") {
		p.Fail()
	}
	p.Advance()
	if p.Accept("with", "ties") {
		t.note.WithTies = true
		return
	}
	p.Expect("only")
}

// locking reads FOR UPDATE and its kin, or FOR READ ONLY.
func (p *Parser) locking(t *tail) {
	c := &ast.LockingClause{Offset: p.Here()}
	p.Expect("for")
	switch {
	case p.Accept("update"):
		c.Strength = ast.ForUpdate
	case p.Accept("no", "key", "update"):
		c.Strength = ast.ForNoKeyUpdate
	case p.Accept("share"):
		c.Strength = ast.ForShare
	case p.Accept("key", "share"):
		c.Strength = ast.ForKeyShare
	default:
		p.Expect("read", "only")
		return
	}
	if p.Accept("of") {
		c.Of = p.QualifiedNames()
	}
	switch {
	case p.Accept("nowait"):
		c.Wait = ast.LockNoWait
	case p.Accept("skip", "locked"):
		c.Wait = ast.LockSkipLocked
	}
	t.note.Locking = append(t.note.Locking, c)
}

// emitTail emits what tail has read. A limit that is a literal or parameter stays
// native; else it goes with the locks into a marker after the sort keys.
func (p *Parser) emitTail(q *query) {
	t := &q.tail
	order, limit, offset := t.order, t.limit, t.offset
	*t = tail{note: t.note}
	native := isNumber(limit) && isNumber(offset)
	marker := !native || t.note.WithTies || t.note.Locking != nil
	if order != nil || marker {
		p.emit(" ORDER BY ")
		p.paste(order)
	}
	if marker {
		if order != nil {
			p.emit(",")
		}
		p.emitTailMarker(t.note, limit, offset, native)
	}
	if native && (len(limit) > 0 || len(offset) > 0) {
		p.emitLimit(limit, offset)
	}
	*t = tail{}
}

func (p *Parser) emitTailMarker(n Tail, limit, offset []piece, native bool) {
	note := n
	if !native {
		note.HasLimit, note.HasOffset = len(limit) > 0, len(offset) > 0
	}
	p.open(Note{Node: &note})
	if note.HasLimit {
		p.paste(limit)
	}
	if note.HasLimit && note.HasOffset {
		p.emit(",")
	}
	if note.HasOffset {
		p.paste(offset)
	}
	p.emit(")")
}

// emitLimit emits a native LIMIT. Note 0 stands for a missing one, which MySQL
// does not have beside OFFSET.
func (p *Parser) emitLimit(limit, offset []piece) {
	p.emit(" LIMIT ")
	if len(limit) > 0 {
		p.paste(limit)
	} else {
		p.emit("0")
	}
	if len(offset) > 0 {
		p.emit(" OFFSET ")
		p.paste(offset)
	}
}

// isNumber reports whether the pieces are a single number, or nothing.
func isNumber(ps []piece) bool {
	return len(ps) == 0 || len(ps) == 1 && ps[0].kind == pieceNumber && ps[0].prefix == 0
}
