package rewrite

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// level is what an emitted text is in TiDB's grammar, from the loosest:
// an operand of level l may stand wherever the grammar wants l or looser.
type level uint8

const (
	levelOr     level = iota // Expression
	levelAnd                 // operand of AND
	levelNot                 // operand of NOT
	levelBool                // BoolPri: comparison
	levelPred                // PredicateExpr: IN, BETWEEN, LIKE
	levelAdd                 // BitExpr: + -
	levelMul                 // BitExpr: * / %
	levelSimple              // SimpleExpr
)

// operand is an expression that was emitted: where it begins in Parser.out, its
// level, and how deep its tree is.
type operand struct {
	start int
	level level
	depth int
}

// Precedences of PostgreSQL's operators, from the loosest.
const (
	precNone = iota
	precOr
	precAnd
	precNot
	precIs      // IS, ISNULL, NOTNULL; does not chain
	precCompare // < > = <= >= <>; does not chain
	precLike    // BETWEEN, IN, LIKE, ILIKE, SIMILAR, CONTAINS; does not chain
	precOp      // any other operator
	precAdd
	precMul
	precExp
	precAt // AT TIME ZONE
	precCollate
	precUnary
	precCast
)

// expr reads an expression (a_expr).
func (p *Parser) expr() operand { return p.exprFrom(precOr, false) }

// exprFrom reads an expression of operators that bind at least as tightly as
// lowest. A restricted one (b_expr) has no boolean operators, IN, LIKE, IS NULL
// and the like, so that a keyword can follow it.
func (p *Parser) exprFrom(lowest int, restricted bool) operand {
	p.Enter()
	left := p.unary(restricted)
	// bound is the precedence of the operator just read when it may not be followed
	// by another of the same one.
	bound := precNone
	for {
		prec := p.infixPrec(restricted)
		if prec == precNone || prec < lowest {
			break
		}
		if prec == bound {
			p.Fail()
		}
		open := false
		left, open = p.infix(left, prec, restricted)
		p.checkDepth(left.depth)
		bound = precNone
		if open && prec >= precIs && prec <= precLike {
			bound = prec
		}
	}
	p.Leave()
	return left
}

// infixPrec returns the precedence of the operator at the current token,
// precNone when there is none.
func (p *Parser) infixPrec(restricted bool) int {
	t := p.Tok()
	switch t.Kind {
	case lex.Op:
		return opPrec(t.Val)
	case lex.Punct:
		if t.Val == "::" {
			return precCast
		}
	case lex.Word:
		if restricted {
			return p.restrictedWordPrec(t)
		}
		return p.wordPrec(t)
	}
	return precNone
}

func opPrec(op string) int {
	switch op {
	case "=", "<>", "<", ">", "<=", ">=":
		return precCompare
	case "+", "-":
		return precAdd
	case "*", "/", "%":
		return precMul
	case "^":
		return precExp
	}
	return precOp
}

func (p *Parser) wordPrec(t *lex.Token) int {
	switch t.Val {
	case "or":
		return precOr
	case "and":
		return precAnd
	case "is", "isnull", "notnull":
		return precIs
	case "similar":
		if p.substrings == 0 || p.IsAt(1, "to") {
			return precLike
		}
	case "in", "like", "ilike", "between":
		return precLike
	case "not":
		if p.notInfix() {
			return precLike
		}
	case "contains":
		if beginsValue(p.Peek(1)) {
			return precLike
		}
	case "operator":
		if p.IsAt(1, "(") {
			return precOp
		}
	case "at":
		if p.IsAt(1, "time") && p.IsAt(2, "zone") {
			return precAt
		}
	case "collate":
		return precCollate
	}
	return precNone
}

func (p *Parser) restrictedWordPrec(t *lex.Token) int {
	switch t.Val {
	case "is":
		if p.IsAt(1, "distinct") || p.IsAt(1, "not") && p.IsAt(2, "distinct") {
			return precIs
		}
	case "operator":
		if p.IsAt(1, "(") {
			return precOp
		}
	}
	return precNone
}

// notInfix reports whether the NOT here belongs to the operator after it.
func (p *Parser) notInfix() bool {
	t := p.Peek(1)
	switch t.Val {
	case "in", "like", "ilike", "similar", "between":
		return t.Kind == lex.Word
	case "contains":
		return t.Kind == lex.Word && beginsValue(p.Peek(2))
	}
	return false
}

// beginsValue reports whether CONTAINS, which is no keyword, is an operator when
// t follows it: in PostgreSQL it could only be a label there.
func beginsValue(t *lex.Token) bool {
	switch t.Kind {
	case lex.String, lex.BitString, lex.Int, lex.Number, lex.Param, lex.QuotedID:
		return true
	case lex.Word:
		switch t.Val {
		case "true", "false", "null", "case", "cast", "array",
			"current_date", "current_timestamp", "current_user":
			return true
		}
		return t.Cat != lex.Reserved && t.Val != "filter" && t.Val != "over"
	case lex.Op:
		return t.Val == "-"
	}
	return t.Is("(")
}

// unary reads a prefix operator with its operand, or a primary.
func (p *Parser) unary(restricted bool) operand {
	t := p.Tok()
	switch {
	case t.Kind == lex.Op:
		return p.prefixOp(restricted)
	case t.Kind != lex.Word:
	case t.Val == "not" && !restricted:
		return p.not()
	case t.Val == "operator" && p.IsAt(1, "("):
		return p.prefixOp(restricted)
	case t.Val == "default" && !restricted:
		p.Advance()
		return p.leaf(&ast.SetToDefault{Offset: ast.Offset(t.Start)})
	}
	return p.primary()
}

func (p *Parser) not() operand {
	at := p.Pos()
	p.Advance()
	start := len(p.out)
	p.emitOp("NOT ", at)
	arg := p.need(p.exprFrom(precNot, false), levelNot)
	return operand{start: start, level: levelNot, depth: arg.depth + 1}
}

// prefixOp reads an operator before its operand. A sign before a number becomes
// part of the number.
func (p *Parser) prefixOp(restricted bool) operand {
	at := p.Here()
	schema, op := p.operatorName()
	prec := precOp + 1
	if schema == nil && (op == "-" || op == "+") {
		prec = precUnary
	} else if schema == nil && opPrec(op) != precOp {
		p.i--
		p.Fail()
	}
	start := p.build(func(a []ast.Expr) ast.Expr {
		return &ast.OpExpr{Offset: at, Schema: schema, Op: op, Right: a[0]}
	})
	arg := p.exprFrom(prec, restricted)
	if op == "-" && schema == nil {
		if c := p.onlyNumber(arg); c != nil {
			p.out = p.out[:start]
			return p.leaf(negate(c, at))
		}
	}
	return p.close(start, arg.depth)
}

// onlyNumber returns the numeric literal that is all of the operand just emitted,
// or nil.
func (p *Parser) onlyNumber(o operand) *ast.Const {
	if len(p.out) != o.start+1 || p.out[o.start].kind != pieceNumber {
		return nil
	}
	c, ok := p.notes[p.out[o.start].val].Leaf.(*ast.Const)
	if !ok || c.Kind != ast.Int && c.Kind != ast.Numeric {
		return nil
	}
	return c
}

// operatorName reads an operator, or OPERATOR(schema.op).
func (p *Parser) operatorName() (schema []ast.Ident, op string) {
	if p.Tok().Kind == lex.Op {
		return nil, p.Advance().Val
	}
	p.Expect("operator", "(")
	for p.Tok().Kind != lex.Op {
		schema = append(schema, p.ColID())
		p.Expect(".")
	}
	op = p.Advance().Val
	p.Expect(")")
	return schema, op
}

// infix reads the operator here and its right operand, if any. Open means that
// the construct ends with an operand.
func (p *Parser) infix(left operand, prec int, restricted bool) (result operand, open bool) {
	switch prec {
	case precOr:
		return p.boolChain(left, ast.Or, restricted), true
	case precAnd:
		return p.boolChain(left, ast.And, restricted), true
	case precIs:
		return p.is(left, restricted)
	case precLike:
		return p.likeFamily(left)
	case precAt:
		return p.atTimeZone(left), true
	case precCollate:
		return p.collate(left), false
	case precCast:
		return p.cast(left), false
	}
	return p.binary(left, prec, restricted)
}

// flattenFrom is the number of operands from which a chain of AND or OR is
// emitted as a marker call: a list is cheap for TiDB, a deep tree is not.
const flattenFrom = 8

// boolChain reads the rest of a chain of one of AND and OR.
func (p *Parser) boolChain(left operand, op ast.BoolOp, restricted bool) operand {
	word, text, prec, lv := "and", " AND ", precAnd, levelAnd
	if op == ast.Or {
		word, text, prec, lv = "or", " OR ", precOr, levelOr
	}
	first, n, depth := p.Pos(), 1, left.depth
	var buf [flattenFrom]int
	seps := buf[:0]
	if left.level < lv {
		left = p.parenthesise(left)
	}
	for p.Is(word) {
		seps = append(seps, len(p.out))
		p.emitOp(text, p.Pos())
		p.Advance()
		right := p.need(p.exprFrom(prec+1, restricted), lv+1)
		depth = max(depth, right.depth)
		n++
	}
	if n < flattenFrom {
		p.checkDepth(depth + n)
		return operand{start: left.start, level: lv, depth: depth + n}
	}
	for _, s := range seps {
		p.out[s] = piece{text: ","}
	}
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		// (a AND b) AND c is one list, as it is when it stays native.
		if b, ok := a[0].(*ast.BoolExpr); ok && b.Op == op {
			b.Args = append(b.Args, a[1:]...)
			return b
		}
		return &ast.BoolExpr{Offset: ast.Offset(first), Op: op, Args: a}
	})
	return p.close(left.start, depth)
}

// native operators with the levels of their left and right operand and their own.
func nativeLevels(op string) (left, right, own level, ok bool) {
	switch op {
	case "=", "<>", "<", ">", "<=", ">=":
		return levelBool, levelPred, levelBool, true
	case "+", "-":
		return levelAdd, levelMul, levelAdd, true
	case "*", "/", "%":
		return levelMul, levelSimple, levelMul, true
	}
	return 0, 0, 0, false
}

func nativeText(op string) string {
	switch op {
	case "=":
		return " = "
	case "<>":
		return " <> "
	case "<":
		return " < "
	case ">":
		return " > "
	case "<=":
		return " <= "
	case ">=":
		return " >= "
	case "+":
		return " + "
	case "-":
		return " - "
	case "*":
		return " * "
	case "/":
		return " / "
	}
	return " % "
}

// binary reads an operator and its right operand, which may be ANY, SOME or ALL
// of an array or of a subquery.
func (p *Parser) binary(left operand, prec int, restricted bool) (result operand, open bool) {
	at := p.Here()
	schema, op := p.operatorName()
	if !restricted && p.isQuantifier() {
		return p.quantified(left, at, schema, op), false
	}
	leftLevel, rightLevel, own, native := nativeLevels(op)
	if native && schema == nil {
		left = p.need(left, leftLevel)
		p.emitOp(nativeText(op), int(at))
		right := p.need(p.exprFrom(prec+1, restricted), rightLevel)
		return operand{start: left.start, level: own, depth: max(left.depth, right.depth) + 1}, true
	}
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		return &ast.OpExpr{Offset: at, Schema: schema, Op: op, Left: a[0], Right: a[1]}
	})
	p.emit(",")
	right := p.exprFrom(prec+1, restricted)
	return p.close(left.start, max(left.depth, right.depth)), true
}

func (p *Parser) isQuantifier() bool { return p.IsAny("any", "some", "all") }

// quantified reads ANY|SOME|ALL (array or subquery) after an operator.
func (p *Parser) quantified(left operand, at ast.Offset, schema []ast.Ident, op string) operand {
	all := p.Advance().Val == "all"
	if p.isQuery(p.i) {
		p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
			s := a[1].(*ast.SubLink)
			s.Offset, s.Schema, s.Op, s.Test, s.Kind = at, schema, op, a[0], ast.AnySubLink
			if all {
				s.Kind = ast.AllSubLink
			}
			return s
		})
		p.emit(",")
		q := p.subquery()
		return p.close(left.start, max(left.depth, q.depth))
	}
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		return &ast.AnyAllExpr{Offset: at, Schema: schema, Op: op, All: all, Left: a[0], Array: a[1]}
	})
	p.emit(",")
	p.Expect("(")
	array := p.expr()
	p.Expect(")")
	return p.close(left.start, max(left.depth, array.depth))
}

// is reads what follows IS, ISNULL and NOTNULL.
func (p *Parser) is(left operand, restricted bool) (result operand, open bool) {
	at := p.Here()
	word := p.Advance().Val
	not := word == "notnull"
	if word == "is" {
		not = p.Accept("not")
	} else {
		return p.postfix(left, func(a []ast.Expr) ast.Expr {
			return &ast.NullTest{Offset: at, Not: not, Arg: a[0]}
		}), false
	}
	if p.Accept("distinct", "from") {
		p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
			return &ast.IsDistinct{Offset: at, Not: not, Left: a[0], Right: a[1]}
		})
		p.emit(",")
		right := p.exprFrom(precIs+1, restricted)
		return p.close(left.start, max(left.depth, right.depth)), true
	}
	if restricted {
		p.Fail()
	}
	switch {
	case p.Accept("null"):
		return p.postfix(left, func(a []ast.Expr) ast.Expr {
			return &ast.NullTest{Offset: at, Not: not, Arg: a[0]}
		}), false
	case p.Is("true"), p.Is("false"), p.Is("unknown"):
		kind := boolTest(p.Advance().Val, not)
		return p.postfix(left, func(a []ast.Expr) ast.Expr {
			return &ast.BooleanTest{Offset: at, Kind: kind, Arg: a[0]}
		}), false
	case p.Is("document"):
		p.Unsupported(int(at), "IS DOCUMENT")
	}
	return p.isNormalized(left, at, not), false
}

func boolTest(word string, not bool) ast.BoolTestKind {
	kind := ast.IsUnknown
	switch word {
	case "true":
		kind = ast.IsTrue
	case "false":
		kind = ast.IsFalse
	}
	if not {
		kind++
	}
	return kind
}

// isNormalized reads [form] NORMALIZED after IS.
func (p *Parser) isNormalized(left operand, at ast.Offset, not bool) operand {
	form := p.normalForm()
	p.Expect("normalized")
	return p.postfix(left, func(a []ast.Expr) ast.Expr {
		if form != nil {
			a = append(a, form)
		}
		call := ast.Expr(systemCall("is_normalized", at, a))
		if not {
			call = &ast.BoolExpr{Offset: at, Op: ast.Not, Args: []ast.Expr{call}}
		}
		return call
	})
}

// normalForm reads NFC, NFD, NFKC or NFKD when it stands here.
func (p *Parser) normalForm() ast.Expr {
	if !p.IsAny("nfc", "nfd", "nfkc", "nfkd") {
		return nil
	}
	t := p.Advance()
	return &ast.Const{Offset: ast.Offset(t.Start), Kind: ast.String, Text: strings.ToUpper(t.Val)}
}

// postfix ends a construct that has no operand at its right.
func (p *Parser) postfix(left operand, f func(a []ast.Expr) ast.Expr) operand {
	p.wrapBuild(left.start, f)
	return p.close(left.start, left.depth)
}

// likeFamily reads [NOT] IN, BETWEEN, LIKE, ILIKE, SIMILAR TO and CONTAINS.
func (p *Parser) likeFamily(left operand) (result operand, open bool) {
	at := p.Pos()
	not := p.Accept("not")
	switch word := p.Advance().Val; word {
	case "in":
		return p.in(left, at, not), false
	case "between":
		return p.between(left, at, not), true
	case "contains":
		p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
			return &ast.ContainsExpr{Offset: ast.Offset(at), Not: not, Arg: a[0], Value: a[1]}
		})
		p.emit(",")
		right := p.exprFrom(precLike+1, false)
		return p.close(left.start, max(left.depth, right.depth)), true
	case "similar":
		p.Expect("to")
		return p.like(left, at, not, ast.SimilarTo), true
	default:
		kind := ast.Like
		if word == "ilike" {
			kind = ast.ILike
		}
		if p.isQuantifier() {
			return p.quantified(left, ast.Offset(at), nil, likeOperator(kind, not)), false
		}
		return p.like(left, at, not, kind), true
	}
}

func likeOperator(kind ast.LikeKind, not bool) string {
	op := "~~"
	if kind == ast.ILike {
		op = "~~*"
	}
	if not {
		op = "!" + op
	}
	return op
}

// like reads the pattern and ESCAPE. LIKE and ILIKE without ESCAPE stay native.
func (p *Parser) like(left operand, at int, not bool, kind ast.LikeKind) operand {
	mid := len(p.out)
	p.emit(",")
	right := p.exprFrom(precLike+1, false)
	depth := max(left.depth, right.depth) + 1
	if !p.Is("escape") && kind != ast.SimilarTo {
		return p.nativeLike(left, right, mid, at, not, kind)
	}
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		e := &ast.LikeExpr{Offset: ast.Offset(at), Kind: kind, Not: not, Arg: a[0], Pattern: a[1]}
		if len(a) > 2 {
			e.Escape = a[2]
		}
		return e
	})
	if p.Accept("escape") {
		p.emit(",")
		depth = max(depth, p.exprFrom(precLike+1, false).depth+1)
	}
	return p.close(left.start, depth)
}

// nativeLike turns the comma at mid into [NOT] LIKE or ILIKE.
func (p *Parser) nativeLike(left, right operand, mid, at int, not bool, kind ast.LikeKind) operand {
	text := " LIKE "
	switch {
	case kind == ast.ILike && not:
		text = " NOT ILIKE "
	case kind == ast.ILike:
		text = " ILIKE "
	case not:
		text = " NOT LIKE "
	}
	right = p.need(right, levelSimple)
	if left.level < levelAdd { // its end is no longer the end of the text
		p.push(left.start, -1)
		text = ")" + text
	}
	p.out[mid] = piece{kind: pieceOp, text: text, val: int32(at)}
	return operand{start: left.start, level: levelPred, depth: max(left.depth, right.depth) + 1}
}

// in reads the list or subquery of IN.
func (p *Parser) in(left operand, at int, not bool) operand {
	left = p.need(left, levelAdd)
	text := " IN "
	if not {
		text = " NOT IN "
	}
	p.emitOp(text, at)
	if p.isQuery(p.i) {
		q := p.subquery()
		return operand{start: left.start, level: levelPred, depth: max(left.depth, q.depth) + 1}
	}
	p.Expect("(")
	p.emit("(")
	depth := p.exprList()
	p.Expect(")")
	p.emit(")")
	return operand{start: left.start, level: levelPred, depth: max(left.depth, depth) + 1}
}

// exprList reads expressions separated by commas and returns the greatest depth.
func (p *Parser) exprList() (depth int) {
	for {
		depth = max(depth, p.expr().depth)
		if !p.Accept(",") {
			return depth
		}
		p.emit(",")
	}
}

// between reads what follows BETWEEN; SYMMETRIC makes it a marker.
func (p *Parser) between(left operand, at int, not bool) operand {
	symmetric := p.Accept("symmetric")
	if !symmetric {
		p.Accept("asymmetric")
		return p.nativeBetween(left, at, not)
	}
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		return &ast.BetweenExpr{Offset: ast.Offset(at), Not: not, Symmetric: true, Arg: a[0], Low: a[1], High: a[2]}
	})
	p.emit(",")
	low := p.exprFrom(precOr, true)
	p.Expect("and")
	p.emit(",")
	high := p.exprFrom(precLike+1, false)
	return p.close(left.start, max(left.depth, low.depth, high.depth))
}

func (p *Parser) nativeBetween(left operand, at int, not bool) operand {
	left = p.need(left, levelAdd)
	text := " BETWEEN "
	if not {
		text = " NOT BETWEEN "
	}
	p.emitOp(text, at)
	low := p.need(p.exprFrom(precOr, true), levelAdd)
	p.Expect("and")
	p.emit(" AND ")
	high := p.need(p.exprFrom(precLike+1, false), levelAdd)
	return operand{start: left.start, level: levelPred, depth: max(left.depth, low.depth, high.depth) + 1}
}

func (p *Parser) atTimeZone(left operand) operand {
	at := p.Here()
	p.Expect("at", "time", "zone")
	p.wrapBuild(left.start, func(a []ast.Expr) ast.Expr {
		return systemCall("timezone", at, []ast.Expr{a[1], a[0]})
	})
	p.emit(",")
	right := p.exprFrom(precAt+1, false)
	return p.close(left.start, max(left.depth, right.depth))
}

func (p *Parser) collate(left operand) operand {
	at := p.Here()
	p.Expect("collate")
	name := p.AnyName()
	return p.postfix(left, func(a []ast.Expr) ast.Expr {
		return &ast.CollateExpr{Offset: at, Arg: a[0], Collation: name}
	})
}

func (p *Parser) cast(left operand) operand {
	at := p.Here()
	p.Expect("::")
	t := p.TypeName()
	return p.postfix(left, func(a []ast.Expr) ast.Expr {
		return &ast.TypeCast{Offset: at, Arg: a[0], Type: t}
	})
}

// systemCall is a call of a pg_catalog function that came from special syntax.
func systemCall(name string, at ast.Offset, args []ast.Expr) *ast.FuncCall {
	return &ast.FuncCall{Offset: at, SQLSyntax: true, Args: args,
		Name: []ast.Ident{{Offset: at, Name: "pg_catalog"}, {Offset: at, Name: name}}}
}

// ExprInto reads an expression as a fragment of its own; *dst is set when the
// whole statement has been parsed.
func (p *Parser) ExprInto(dst *ast.Expr) {
	p.fragment(func() {
		p.emit("SELECT ")
		p.expr()
	}, Fragment{Expr: func(e ast.Expr) { *dst = e }})
}

// RestrictedExprInto is ExprInto for an expression that a keyword such as NOT or
// COLLATE may follow (b_expr), as after DEFAULT.
func (p *Parser) RestrictedExprInto(dst *ast.Expr) {
	p.fragment(func() {
		p.emit("SELECT ")
		p.exprFrom(precOr, true)
	}, Fragment{Expr: func(e ast.Expr) { *dst = e }})
}

// ExprsInto reads expressions separated by commas as a fragment.
func (p *Parser) ExprsInto(dst *[]ast.Expr) {
	p.fragment(func() {
		p.emit("SELECT ")
		p.exprList()
	}, Fragment{Exprs: func(es []ast.Expr) { *dst = es }})
}

// intConst reads an integer without sign.
func (p *Parser) intConst() int64 {
	t := p.Tok()
	if t.Kind != lex.Int {
		p.Fail()
	}
	c := number(t)
	if c.Int > 1<<31-1 {
		p.Fail()
	}
	p.Advance()
	return c.Int
}

// Names with too many parts, as PostgreSQL words it.
func (p *Parser) tooManyNames(parts []ast.Ident) {
	s := ""
	for i, part := range parts {
		if i > 0 {
			s += "."
		}
		s += part.Name
	}
	p.Error(parts[0].Pos(), sqlerr.SyntaxError, "improper qualified name (too many dotted names): %s", s)
}
