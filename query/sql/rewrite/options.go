package rewrite

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// OptionList reads (name [= value], ..) as WITH and SET have it; names may have
// a namespace.
func (p *Parser) OptionList() []*ast.OptionDef {
	p.Expect("(")
	var list []*ast.OptionDef
	for {
		o := &ast.OptionDef{Offset: p.Here(), Name: p.Label().Name}
		if p.Accept(".") {
			o.Namespace, o.Name = o.Name, p.Label().Name
		}
		if p.Accept("=") {
			o.Value = p.OptionValue()
		}
		list = append(list, o)
		if !p.Accept(",") {
			break
		}
	}
	p.Expect(")")
	return list
}

// OptionValue reads the value of an option: a number, string or word (def_arg).
// A word with a type's syntax is taken as its text.
func (p *Parser) OptionValue() ast.Expr {
	t := p.Tok()
	at := ast.Offset(t.Start)
	switch {
	case t.Kind == lex.String:
		p.Advance()
		return &ast.Const{Offset: at, Kind: ast.String, Text: t.Val}
	case t.Kind == lex.Int || t.Kind == lex.Number || t.Is("-") || t.Is("+"):
		return p.SignedNumber()
	case t.Kind == lex.QuotedID || t.Kind == lex.Word:
		p.Advance()
		text := t.Val
		if p.Is(".") || p.Is("(") || p.Is("[") {
			p.i--
			p.TypeName()
			text = strings.TrimSpace(p.text[t.Start:p.PrevEnd()])
		}
		return &ast.Const{Offset: at, Kind: ast.String, Text: text}
	case t.Kind == lex.Op:
		p.Advance()
		return &ast.Const{Offset: at, Kind: ast.String, Text: t.Val}
	}
	p.Fail()
	return nil
}

// SignedNumber reads [+|-] number.
func (p *Parser) SignedNumber() *ast.Const {
	at := p.Here()
	minus := p.Is("-")
	if minus || p.Is("+") {
		p.Advance()
	}
	t := p.Tok()
	if t.Kind != lex.Int && t.Kind != lex.Number {
		p.Fail()
	}
	c := number(p.Advance())
	if minus {
		return negate(c, at)
	}
	c.Offset = at
	return c
}

// IntConst reads an integer without sign that fits four bytes.
func (p *Parser) IntConst() int64 { return p.intConst() }
