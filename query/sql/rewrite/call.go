package rewrite

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// callArgs counts the arguments of a call's marker: those of the call itself,
// then its sort keys, its filter and its window's parts.
type callArgs struct {
	args   int
	sorts  []*ast.SortItem
	filter bool
	window *windowArgs
}

// call reads a call from its opening parenthesis on (func_expr).
func (p *Parser) call(name []ast.Ident) operand {
	p.Enter()
	defer p.Leave()
	f := &ast.FuncCall{Offset: name[0].Offset, Name: name}
	parts := &callArgs{}
	start := p.build(func(a []ast.Expr) ast.Expr { return parts.fill(f, a) })
	e := emitter{p: p}
	p.Expect("(")
	p.callBody(f, parts, &e)
	p.Expect(")")
	if p.Tok().Kind == lex.String && isPlainTypmods(f) {
		return p.modifiedLiteral(start, f, e.depth)
	}
	if p.IsSeq("within", "group", "(") {
		p.withinGroup(f, parts, &e)
	}
	if p.Is("filter") && p.IsAt(1, "(") {
		p.Expect("filter", "(", "where")
		e.expr()
		parts.filter = true
		p.Expect(")")
	}
	if p.Is("over") && (p.IsAt(1, "(") || p.IsColID(1)) {
		p.Advance()
		f.Over, parts.window = p.over(&e)
	}
	return p.close(start, e.depth)
}

// fill puts the converted arguments into the call.
func (c *callArgs) fill(f *ast.FuncCall, a []ast.Expr) ast.Expr {
	f.Args, a = fillNamed(f.Args, a[:c.args]), a[c.args:]
	for i, s := range c.sorts {
		s.Expr = a[i]
		s.Offset = ast.Offset(a[i].Pos())
	}
	f.OrderBy, a = c.sorts, a[len(c.sorts):]
	if c.filter {
		f.Filter, a = a[0], a[1:]
	}
	if c.window != nil {
		c.window.fill(f.Over, a)
	}
	return f
}

// fillNamed returns the arguments, those with a name inside their NamedArg: names
// holds a NamedArg or nil for each argument, or nothing when none is named.
func fillNamed(names, args []ast.Expr) []ast.Expr {
	if len(args) == 0 {
		return nil
	}
	for i, n := range names {
		if n != nil {
			named := n.(*ast.NamedArg)
			named.Arg = args[i]
			args[i] = named
		}
	}
	return args
}

// emitter emits the arguments of a marker call with commas between them.
type emitter struct {
	p     *Parser
	n     int
	depth int
}

func (e *emitter) comma() {
	if e.n > 0 {
		e.p.emit(",")
	}
	e.n++
}

func (e *emitter) expr() {
	e.comma()
	e.depth = max(e.depth, e.p.expr().depth)
}

func (p *Parser) callBody(f *ast.FuncCall, parts *callArgs, e *emitter) {
	switch {
	case p.Is(")"):
		return
	case p.Is("*"):
		p.Advance()
		f.Star = true
		return
	case p.Accept("all"):
	case p.Accept("distinct"):
		f.Distinct = true
	}
	for {
		if p.Accept("variadic") {
			f.Variadic = true
		}
		p.callArg(f, e)
		if f.Variadic || !p.Accept(",") {
			break
		}
	}
	parts.args = e.n
	if p.Is("order") {
		p.Expect("order", "by")
		parts.sorts = p.sortList(e)
	}
}

// callArg reads one argument, which may have a name. While f is read, f.Args
// holds the names, see fillNamed.
func (p *Parser) callArg(f *ast.FuncCall, e *emitter) {
	if isTypeFuncName(p.Tok()) && (p.IsAt(1, "=>") || p.IsAt(1, ":=")) {
		t := p.Advance()
		p.Advance()
		for len(f.Args) < e.n {
			f.Args = append(f.Args, nil)
		}
		f.Args = append(f.Args, &ast.NamedArg{Offset: ast.Offset(t.Start), Name: t.Val})
	}
	e.expr()
}

// isPlainTypmods reports whether the call can be a type with modifiers.
func isPlainTypmods(f *ast.FuncCall) bool {
	return !f.Star && !f.Distinct && !f.Variadic && len(f.Args) == 0
}

// modifiedLiteral ends type(modifiers) 'literal', which began like a call.
func (p *Parser) modifiedLiteral(start int, f *ast.FuncCall, depth int) operand {
	t := p.Advance()
	val := &ast.Const{Offset: ast.Offset(t.Start), Kind: ast.String, Text: t.Val}
	p.notes[p.out[start].val].Build = func(a []ast.Expr) ast.Expr {
		ty := &ast.TypeName{Offset: f.Offset, Names: f.Name, Typmods: a}
		return &ast.TypeCast{Offset: f.Offset, Arg: val, Type: ty}
	}
	return p.close(start, depth)
}

func (p *Parser) withinGroup(f *ast.FuncCall, parts *callArgs, e *emitter) {
	at := p.Pos()
	p.Expect("within", "group", "(")
	switch {
	case len(parts.sorts) > 0:
		p.Error(at, sqlerr.SyntaxError, "cannot use multiple ORDER BY clauses with WITHIN GROUP")
	case f.Distinct:
		p.Error(at, sqlerr.SyntaxError, "cannot use DISTINCT with WITHIN GROUP")
	case f.Variadic:
		p.Error(at, sqlerr.SyntaxError, "cannot use VARIADIC with WITHIN GROUP")
	}
	f.WithinGroup = true
	p.Expect("order", "by")
	parts.sorts = p.sortList(e)
	p.Expect(")")
}

// sortList reads the keys after ORDER BY as arguments of a marker.
func (p *Parser) sortList(e *emitter) []*ast.SortItem {
	var list []*ast.SortItem
	for {
		item := &ast.SortItem{Offset: p.Here()}
		e.expr()
		p.sortOptions(item)
		list = append(list, item)
		if !p.Accept(",") {
			return list
		}
	}
}

// sortOptions reads the direction and the place of nulls.
func (p *Parser) sortOptions(item *ast.SortItem) {
	switch {
	case p.Accept("asc"), p.Accept("ascending"):
		item.Dir = ast.SortAsc
	case p.Accept("desc"), p.Accept("descending"):
		item.Dir = ast.SortDesc
	case p.Accept("using"):
		item.Dir = ast.SortUsing
		_, item.UsingOp = p.operatorName()
	}
	p.nullsOrder(&item.Nulls)
}

func (p *Parser) nullsOrder(n *ast.NullsOrder) {
	switch {
	case p.Accept("nulls", "first"):
		*n = ast.NullsFirst
	case p.Accept("nulls", "last"):
		*n = ast.NullsLast
	}
}

// specialCall reads a function with its own syntax inside the parentheses.
func (p *Parser) specialCall(word string) (operand, bool) {
	at := p.Here()
	switch word {
	case "cast":
		return p.castCall(at), true
	case "extract":
		return p.extract(at), true
	case "normalize":
		return p.normalize(at), true
	case "overlay":
		return p.overlay(at), true
	case "position":
		return p.position(at), true
	case "substring":
		return p.substring(at), true
	case "trim":
		return p.trim(at), true
	case "coalesce":
		return p.listCall(func(a []ast.Expr) ast.Expr { return &ast.CoalesceExpr{Offset: at, Args: a} }), true
	case "greatest", "least":
		return p.listCall(func(a []ast.Expr) ast.Expr {
			return &ast.MinMaxExpr{Offset: at, Least: word == "least", Args: a}
		}), true
	case "grouping":
		return p.listCall(func(a []ast.Expr) ast.Expr { return &ast.GroupingFunc{Offset: at, Args: a} }), true
	case "nullif":
		return p.nullIf(at), true
	case "treat", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlparse", "xmlpi", "xmlroot",
		"xmlserialize", "xmltable":
		p.Unsupported(int(at), word)
	}
	return operand{}, false
}

// listCall reads word(expression, ..).
func (p *Parser) listCall(f func(a []ast.Expr) ast.Expr) operand {
	p.Advance()
	p.Expect("(")
	start := p.build(f)
	depth := p.exprList()
	p.Expect(")")
	return p.close(start, depth)
}

func (p *Parser) nullIf(at ast.Offset) operand {
	p.Expect("nullif", "(")
	start := p.build(func(a []ast.Expr) ast.Expr {
		return &ast.NullIfExpr{Offset: at, Left: a[0], Right: a[1]}
	})
	e := emitter{p: p}
	e.expr()
	p.Expect(",")
	e.expr()
	p.Expect(")")
	return p.close(start, e.depth)
}

func (p *Parser) castCall(at ast.Offset) operand {
	p.Expect("cast", "(")
	var t *ast.TypeName
	start := p.build(func(a []ast.Expr) ast.Expr { return &ast.TypeCast{Offset: at, Arg: a[0], Type: t} })
	o := p.expr()
	p.Expect("as")
	t = p.TypeName()
	p.Expect(")")
	return p.close(start, o.depth)
}

// extract reads EXTRACT(field FROM x); the field may be any name or a string.
func (p *Parser) extract(at ast.Offset) operand {
	p.Expect("extract", "(")
	t := p.Tok()
	if t.Kind != lex.String && (t.Kind != lex.QuotedID && t.Kind != lex.Word || t.Cat == lex.Reserved) {
		p.Fail()
	}
	p.Advance()
	field := &ast.Const{Offset: ast.Offset(t.Start), Kind: ast.String, Text: t.Val}
	p.Expect("from")
	start := p.build(func(a []ast.Expr) ast.Expr {
		return systemCall("extract", at, []ast.Expr{field, a[0]})
	})
	o := p.expr()
	p.Expect(")")
	return p.close(start, o.depth)
}

func (p *Parser) normalize(at ast.Offset) operand {
	p.Expect("normalize", "(")
	var form ast.Expr
	start := p.build(func(a []ast.Expr) ast.Expr {
		if form != nil {
			a = append(a, form)
		}
		return systemCall("normalize", at, a)
	})
	o := p.expr()
	if p.Accept(",") {
		if form = p.normalForm(); form == nil {
			p.Fail()
		}
	}
	p.Expect(")")
	return p.close(start, o.depth)
}

// overlay reads OVERLAY(x PLACING y FROM a [FOR b]) or a plain argument list.
func (p *Parser) overlay(at ast.Offset) operand {
	p.Expect("overlay", "(")
	f := systemCall("overlay", at, nil)
	start := p.build(func(a []ast.Expr) ast.Expr { f.Args = a; return f })
	e := emitter{p: p}
	if !p.Is(")") {
		e.expr()
	}
	if p.Accept("placing") {
		e.expr()
		p.Expect("from")
		e.expr()
		if p.Accept("for") {
			e.expr()
		}
	} else {
		p.plainArgs(f, "overlay", &e)
	}
	p.Expect(")")
	return p.close(start, e.depth)
}

// plainArgs reads the rest of an argument list of a word that is a function when
// it is called without its special syntax.
func (p *Parser) plainArgs(f *ast.FuncCall, name string, e *emitter) {
	f.SQLSyntax = false
	f.Name = []ast.Ident{{Offset: f.Offset, Name: name}}
	for p.Accept(",") {
		e.expr()
	}
}

func (p *Parser) position(at ast.Offset) operand {
	p.Expect("position", "(")
	start := p.build(func(a []ast.Expr) ast.Expr {
		return systemCall("position", at, []ast.Expr{a[1], a[0]})
	})
	left := p.exprFrom(precOr, true)
	p.Expect("in")
	p.emit(",")
	right := p.exprFrom(precOr, true)
	p.Expect(")")
	return p.close(start, max(left.depth, right.depth))
}

// substring reads SUBSTRING(x [FROM a] [FOR b]), (x SIMILAR a ESCAPE b) or a
// plain argument list. FOR alone has a start of 1.
func (p *Parser) substring(at ast.Offset) operand {
	p.Expect("substring", "(")
	f := systemCall("substring", at, nil)
	swap, one := false, false
	start := p.build(func(a []ast.Expr) ast.Expr {
		switch {
		case swap:
			a[1], a[2] = a[2], a[1]
		case one:
			from := &ast.Const{Offset: ast.NoPos, Kind: ast.Int, Int: 1, Text: "1"}
			length := &ast.TypeCast{Offset: ast.NoPos, Arg: a[1], Type: system(ast.NoPos, "int4")}
			a = []ast.Expr{a[0], from, length}
		}
		f.Args = a
		return f
	})
	e := emitter{p: p}
	if !p.Is(")") {
		p.substrings++
		e.expr()
		p.substrings--
	}
	switch {
	case p.Accept("from"):
		e.expr()
		if p.Accept("for") {
			e.expr()
		}
	case p.Accept("for"):
		e.expr()
		if p.Accept("from") {
			swap = true
			e.expr()
		} else {
			one = true
		}
	case p.Accept("similar"):
		e.expr()
		p.Expect("escape")
		e.expr()
	default:
		p.plainArgs(f, "substring", &e)
	}
	p.Expect(")")
	return p.close(start, e.depth)
}

// trim reads TRIM([BOTH|LEADING|TRAILING] [[a] FROM] b, ..).
func (p *Parser) trim(at ast.Offset) operand {
	p.Expect("trim", "(")
	name := "btrim"
	switch {
	case p.Accept("leading"):
		name = "ltrim"
	case p.Accept("trailing"):
		name = "rtrim"
	default:
		p.Accept("both")
	}
	chars := false
	start := p.build(func(a []ast.Expr) ast.Expr {
		if chars { // the characters came first
			a = append(a[1:], a[0])
		}
		return systemCall(name, at, a)
	})
	e := emitter{p: p}
	if !p.Accept("from") {
		e.expr()
		chars = p.Accept("from")
		if chars {
			e.expr()
		}
	} else {
		e.expr()
	}
	for p.Accept(",") {
		e.expr()
	}
	p.Expect(")")
	return p.close(start, e.depth)
}

// CallInto reads a function call as a fragment and calls set with it.
func (p *Parser) CallInto(set func(ast.Expr)) {
	p.fragment(func() {
		p.emit("SELECT ")
		if !p.callFollows() {
			p.AnyName()
			p.Fail()
		}
		p.call(p.AnyName())
	}, Fragment{Expr: set})
}
