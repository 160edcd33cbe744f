package rewrite

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// primary reads an expression without operators around it (c_expr).
func (p *Parser) primary() operand {
	t := p.Tok()
	at := ast.Offset(t.Start)
	switch t.Kind {
	case lex.Int, lex.Number:
		p.Advance()
		return p.leaf(number(t))
	case lex.String:
		p.Advance()
		return p.leaf(&ast.Const{Offset: at, Kind: ast.String, Text: t.Val})
	case lex.BitString:
		p.Advance()
		return p.leaf(&ast.Const{Offset: at, Kind: ast.BitString, Text: t.Val})
	case lex.Param:
		return p.indirection(p.leaf(p.param()), at)
	case lex.QuotedID:
		return p.nameOrCall()
	case lex.Word:
		return p.word(t)
	case lex.Punct:
		if t.Val == "(" {
			return p.parenthesis()
		}
	}
	p.Fail()
	panic("unreachable")
}

// word reads an expression that begins with a name or keyword.
func (p *Parser) word(t *lex.Token) operand {
	if t.Cat == lex.NotKeyword {
		return p.nameOrCall()
	}
	at := ast.Offset(t.Start)
	switch t.Val {
	case "null":
		p.Advance()
		return p.leaf(&ast.Const{Offset: at, Kind: ast.Null})
	case "true", "false":
		p.Advance()
		c := &ast.Const{Offset: at, Kind: ast.Bool}
		if t.Val == "true" {
			c.Int = 1
		}
		return p.leaf(c)
	case "case":
		return p.caseExpr()
	case "exists":
		if p.IsAt(1, "(") {
			return p.exists()
		}
	case "array":
		return p.array()
	case "row":
		if p.IsAt(1, "(") {
			o, n := p.explicitRow()
			return p.overlaps(o, n, at)
		}
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
		"current_role", "current_user", "session_user", "user", "current_catalog":
		return p.valueFunc()
	case "current_schema": // which is an ordinary function too
		if !p.IsAt(1, "(") {
			return p.valueFunc()
		}
	}
	if p.IsAt(1, "(") {
		if o, ok := p.specialCall(t.Val); ok {
			return o
		}
	}
	if beginsKeywordType(t) {
		if o, ok := p.keywordTypeLiteral(t); ok {
			return o
		}
	}
	if t.Val == "collation" && p.IsAt(1, "for") {
		return p.collationFor()
	}
	if t.Cat == lex.Reserved {
		p.Fail()
	}
	return p.nameOrCall()
}

// keywordTypeLiteral reads int '1', interval '1' day and the like. The words
// may also be the names of columns.
func (p *Parser) keywordTypeLiteral(t *lex.Token) (operand, bool) {
	save := p.i
	if next := p.Peek(1); next.Kind != lex.String && next.Kind != lex.Word && !next.Is("(") {
		return operand{}, false
	}
	if next := p.Peek(1); next.Kind == lex.Word && !followsTypeWord(next) {
		return operand{}, false
	}
	ty := p.keywordType(t)
	if p.Tok().Kind != lex.String {
		if p.i == save+1 {
			p.i = save
			return operand{}, false
		}
		p.Fail()
	}
	val := p.Advance()
	if t.Val == "interval" && ty.Typmods == nil {
		p.intervalFields(ty)
	}
	return p.typedLiteral(ty, val), true
}

// followsTypeWord reports whether the word can be part of a type's spelling.
func followsTypeWord(t *lex.Token) bool {
	switch t.Val {
	case "precision", "varying", "character", "char", "with", "without":
		return true
	}
	return false
}

// typedLiteral emits a cast of a literal.
func (p *Parser) typedLiteral(ty *ast.TypeName, val *lex.Token) operand {
	start := p.build(func(a []ast.Expr) ast.Expr {
		return &ast.TypeCast{Offset: ty.Offset, Arg: a[0], Type: ty}
	})
	p.leaf(&ast.Const{Offset: ast.Offset(val.Start), Kind: ast.String, Text: val.Val})
	return p.close(start, 1)
}

// nameOrCall reads a column reference, a call, or type 'literal'.
func (p *Parser) nameOrCall() operand {
	first := p.Tok()
	if next := p.Peek(1); !next.Is(".") {
		switch {
		case next.Is("(") && isTypeFuncName(first):
			p.Advance()
			return p.call([]ast.Ident{ident(first)})
		case next.Kind == lex.String && isTypeFuncName(first):
			p.Advance()
			ty := &ast.TypeName{Offset: ast.Offset(first.Start), Names: []ast.Ident{ident(first)}}
			return p.typedLiteral(ty, p.Advance())
		}
	}
	if !isColID(first) {
		p.Advance() // PostgreSQL finds fault with what follows
		p.Fail()
	}
	return p.dottedName(first)
}

// dottedName reads a name of one or more parts and what its end makes of it.
func (p *Parser) dottedName(first *lex.Token) operand {
	p.Advance()
	c := &ast.ColumnRef{Offset: ast.Offset(first.Start), Parts: []ast.Ident{ident(first)}}
	for p.Is(".") {
		p.Advance()
		if p.Is("*") {
			p.Advance()
			return p.starColumn(c)
		}
		c.Parts = append(c.Parts, p.Label())
	}
	if len(c.Parts) > 1 {
		if p.Is("(") {
			return p.call(c.Parts)
		}
		if p.Tok().Kind == lex.String {
			return p.typedLiteral(&ast.TypeName{Offset: c.Offset, Names: c.Parts}, p.Advance())
		}
	} else if first.Kind == lex.Word {
		p.keepWord(c, first)
	}
	return p.indirection(p.column(c), c.Offset)
}

// keepWord keeps an unquoted name as it was written, where it may be a literal
// or where folding changed it: an error's hint then shows the user's own word.
func (p *Parser) keepWord(c *ast.ColumnRef, word *lex.Token) {
	raw := p.text[word.Start:word.End]
	if p.opts.BareLiterals || raw != c.Parts[0].Name {
		c.MaybeLiteral, c.Raw = p.opts.BareLiterals, raw
	}
}

// starColumn ends t.*. Where MySQL has no place for it, such as in a call's
// arguments, it is a leaf of its own.
func (p *Parser) starColumn(c *ast.ColumnRef) operand {
	c.Star = true
	return p.leaf(c)
}

// indirection reads subscripts and fields after an operand (opt_indirection).
func (p *Parser) indirection(o operand, at ast.Offset) operand {
	if !p.Is("[") && !p.Is(".") {
		return o
	}
	var steps []ast.Step
	depth := o.depth
	for {
		switch {
		case p.Is("."):
			step := ast.Step{Offset: p.Here()}
			p.Advance()
			if p.Is("*") {
				p.Advance()
				step.Star = true
			} else {
				step.Field = p.Label().Name
			}
			steps = append(steps, step)
		case p.Is("["):
			step, d := p.subscript()
			steps = append(steps, step)
			depth = max(depth, d)
		default:
			p.wrapBuild(o.start, func(a []ast.Expr) ast.Expr {
				fillSteps(steps, a[1:])
				return &ast.Indirection{Offset: at, Arg: a[0], Path: steps}
			})
			return p.close(o.start, depth)
		}
	}
}

// present marks a bound that was written until fillSteps puts the expression in.
var present ast.Expr = &ast.SetToDefault{}

// subscript reads [i] or [lo:hi] and emits its bounds as further arguments.
func (p *Parser) subscript() (step ast.Step, depth int) {
	step.Offset = p.Here()
	p.Expect("[")
	if !p.Is(":") {
		p.emit(",")
		depth = p.expr().depth
		step.Upper = present
	}
	if p.Accept(":") {
		step.Slice = true
		step.Lower, step.Upper = step.Upper, nil
		if !p.Is("]") {
			p.emit(",")
			depth = max(depth, p.expr().depth)
			step.Upper = present
		}
	}
	p.Expect("]")
	return step, depth
}

// fillSteps puts the converted bounds into the steps, in order.
func fillSteps(steps []ast.Step, bounds []ast.Expr) {
	for i := range steps {
		if steps[i].Lower != nil {
			steps[i].Lower, bounds = bounds[0], bounds[1:]
		}
		if steps[i].Upper != nil {
			steps[i].Upper, bounds = bounds[0], bounds[1:]
		}
	}
}

// parenthesis reads a subquery, an expression in parentheses or a row.
func (p *Parser) parenthesis() operand {
	at := p.Here()
	if p.isQuery(p.i) {
		return p.indirection(p.subquery(), at)
	}
	p.Enter()
	defer p.Leave()
	p.Expect("(")
	o := p.expr()
	if p.Is(",") {
		return p.implicitRow(o, at)
	}
	p.Expect(")")
	return p.indirection(o, at)
}

// implicitRow reads the rest of (a, b, ..) after its first element.
func (p *Parser) implicitRow(first operand, at ast.Offset) operand {
	o, n := p.restOfRow(first, at)
	return p.overlaps(o, n, at)
}

func (p *Parser) restOfRow(first operand, at ast.Offset) (o operand, n int) {
	depth := first.depth
	p.wrapBuild(first.start, func(a []ast.Expr) ast.Expr { return &ast.RowExpr{Offset: at, Args: a} })
	n = 1
	for p.Accept(",") {
		p.emit(",")
		depth = max(depth, p.expr().depth)
		n++
	}
	p.Expect(")")
	return p.close(first.start, depth), n
}

// explicitRow reads ROW(..).
func (p *Parser) explicitRow() (o operand, n int) {
	at := p.Here()
	p.Expect("row", "(")
	start := p.build(func(a []ast.Expr) ast.Expr {
		return &ast.RowExpr{Offset: at, Explicit: true, Args: a}
	})
	depth := 0
	for !p.Is(")") {
		if n > 0 {
			p.Expect(",")
			p.emit(",")
		}
		depth = max(depth, p.expr().depth)
		n++
		if !p.Is(",") {
			break
		}
	}
	p.Expect(")")
	return p.close(start, depth), n
}

// overlaps reads OVERLAPS and another row after a row of n that began at the
// offset, if it stands here.
func (p *Parser) overlaps(left operand, n int, leftAt ast.Offset) operand {
	if !p.Is("overlaps") {
		return left
	}
	at := p.Here()
	p.Advance()
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		args := append(a[0].(*ast.RowExpr).Args, a[1].(*ast.RowExpr).Args...)
		return systemCall("overlaps", at, args)
	})
	p.emit(",")
	rightAt := p.Pos()
	right, m := p.row()
	const msg = "wrong number of parameters on %s side of OVERLAPS expression"
	if n != 2 {
		p.Error(int(leftAt), sqlerr.SyntaxError, msg, "left")
	}
	if m != 2 {
		p.Error(rightAt, sqlerr.SyntaxError, msg, "right")
	}
	return p.close(left.start, max(left.depth, right.depth))
}

// row reads a row in either form.
func (p *Parser) row() (o operand, n int) {
	if p.Is("row") {
		return p.explicitRow()
	}
	at := p.Here()
	p.Expect("(")
	first := p.expr()
	if !p.Is(",") {
		p.Fail()
	}
	return p.restOfRow(first, at)
}

// array reads ARRAY[..] or ARRAY(subquery).
func (p *Parser) array() operand {
	at := p.Here()
	p.Expect("array")
	if p.Is("(") {
		if !p.isQuery(p.i) {
			p.Advance()
			p.Fail()
		}
		start := p.build(func(a []ast.Expr) ast.Expr {
			s := a[0].(*ast.SubLink)
			s.Kind, s.Offset = ast.ArraySubLink, at
			return s
		})
		q := p.subquery()
		return p.close(start, q.depth)
	}
	return p.arrayLevel(at)
}

// arrayLevel reads [..], whose elements may be such brackets again.
func (p *Parser) arrayLevel(at ast.Offset) operand {
	p.Enter()
	defer p.Leave()
	start := p.build(func(a []ast.Expr) ast.Expr { return &ast.ArrayExpr{Offset: at, Elems: a} })
	p.Expect("[")
	depth := 0
	nested := p.Is("[")
	for !p.Is("]") {
		if nested {
			depth = max(depth, p.arrayLevel(p.Here()).depth)
		} else {
			depth = max(depth, p.expr().depth)
		}
		if p.Is("]") {
			break
		}
		p.Expect(",")
		p.emit(",")
		if p.Is("]") {
			p.Fail()
		}
	}
	p.Expect("]")
	return p.close(start, depth)
}

// exists reads EXISTS (subquery). It is always parenthesised: TiDB folds a NOT
// before a bare one into the node, and two of them would vanish.
func (p *Parser) exists() operand {
	start := len(p.out)
	p.emit("(")
	p.emitOp("EXISTS ", p.Pos())
	p.Advance()
	if !p.isQuery(p.i) {
		p.Advance()
		p.Fail()
	}
	q := p.subquery()
	p.emit(")")
	return operand{start: start, level: levelSimple, depth: q.depth + 1}
}

// caseExpr reads CASE.
func (p *Parser) caseExpr() operand {
	p.Enter()
	defer p.Leave()
	start := len(p.out)
	p.emitOp("CASE", p.Pos())
	p.Advance()
	depth := 0
	if !p.Is("when") {
		p.emit(" ")
		depth = p.expr().depth
	}
	if !p.Is("when") {
		p.Fail()
	}
	for p.Is("when") {
		p.emitOp(" WHEN ", p.Pos())
		p.Advance()
		depth = max(depth, p.expr().depth)
		p.Expect("then")
		p.emit(" THEN ")
		depth = max(depth, p.expr().depth)
	}
	if p.Accept("else") {
		p.emit(" ELSE ")
		depth = max(depth, p.expr().depth)
	}
	p.Expect("end")
	p.emit(" END")
	p.checkDepth(depth + 1)
	return operand{start: start, level: levelSimple, depth: depth + 1}
}

// valueFunc reads CURRENT_DATE and its kin.
func (p *Parser) valueFunc() operand {
	t := p.Advance()
	f := &ast.SQLValueFunc{Offset: ast.Offset(t.Start), Name: t.Val, Precision: -1}
	switch t.Val {
	case "current_time", "current_timestamp", "localtime", "localtimestamp":
		if p.Accept("(") {
			f.Precision = int(p.intConst())
			p.Expect(")")
		}
	}
	return p.leaf(f)
}

// collationFor reads COLLATION FOR (x).
func (p *Parser) collationFor() operand {
	at := p.Here()
	p.Expect("collation", "for", "(")
	start := p.build(func(a []ast.Expr) ast.Expr { return systemCall("pg_collation_for", at, a) })
	o := p.expr()
	p.Expect(")")
	return p.close(start, o.depth)
}
