package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

func ident(t *lex.Token) ast.Ident { return ast.Ident{Offset: ast.Offset(t.Start), Name: t.Val} }

// isColID reports whether t may name a column, table or the like.
func isColID(t *lex.Token) bool {
	switch t.Kind {
	case lex.QuotedID:
		return true
	case lex.Word:
		return t.Cat <= lex.ColName
	}
	return false
}

// isTypeFuncName reports whether t may name a function or type.
func isTypeFuncName(t *lex.Token) bool {
	switch t.Kind {
	case lex.QuotedID:
		return true
	case lex.Word:
		return t.Cat != lex.ColName && t.Cat != lex.Reserved
	}
	return false
}

// isName reports whether t is any word or quoted name (ColLabel).
func isName(t *lex.Token) bool { return t.Kind == lex.Word || t.Kind == lex.QuotedID }

// ColID reads the name of a column, table or the like.
func (p *Parser) ColID() ast.Ident {
	if !isColID(p.Tok()) {
		p.Fail()
	}
	return ident(p.Advance())
}

// Label reads any word (ColLabel).
func (p *Parser) Label() ast.Ident {
	if !isName(p.Tok()) {
		p.Fail()
	}
	return ident(p.Advance())
}

// NonReserved reads a name that is no reserved word, or is of the wider class
// that role, option and channel names have.
func (p *Parser) NonReserved() ast.Ident {
	t := p.Tok()
	if t.Kind != lex.QuotedID && (t.Kind != lex.Word || t.Cat == lex.Reserved) {
		p.Fail()
	}
	return ident(p.Advance())
}

// IsColID reports whether a ColID stands n tokens ahead.
func (p *Parser) IsColID(n int) bool { return isColID(p.Peek(n)) }

// IsLabel reports whether any word stands n tokens ahead.
func (p *Parser) IsLabel(n int) bool { return isName(p.Peek(n)) }

// AnyName reads a name with qualifiers (any_name).
func (p *Parser) AnyName() []ast.Ident {
	name := []ast.Ident{p.ColID()}
	for p.Accept(".") {
		name = append(name, p.Label())
	}
	return name
}

// QualifiedName reads the name of a relation, of at most three parts.
func (p *Parser) QualifiedName() ast.QualifiedName {
	first := p.ColID()
	if !p.Is(".") {
		return ast.QualifiedName{Offset: first.Offset, Name: first.Name}
	}
	parts := []ast.Ident{first}
	for p.Accept(".") {
		parts = append(parts, p.Label())
	}
	return p.Qualified(parts)
}

// Qualified makes a relation's name of its parts.
func (p *Parser) Qualified(parts []ast.Ident) ast.QualifiedName {
	q := ast.QualifiedName{Offset: parts[0].Offset, Name: parts[len(parts)-1].Name}
	switch len(parts) {
	case 1:
	case 2:
		q.Schema = parts[0].Name
	case 3:
		q.Catalog, q.Schema = parts[0].Name, parts[1].Name
	default:
		p.tooManyNames(parts)
	}
	return q
}

// QualifiedNames reads names separated by commas.
func (p *Parser) QualifiedNames() []ast.QualifiedName {
	list := []ast.QualifiedName{p.QualifiedName()}
	for p.Accept(",") {
		list = append(list, p.QualifiedName())
	}
	return list
}

// ColumnList reads (name, ..).
func (p *Parser) ColumnList() []ast.Ident {
	p.Expect("(")
	list := []ast.Ident{p.ColID()}
	for p.Accept(",") {
		list = append(list, p.ColID())
	}
	p.Expect(")")
	return list
}

// StringConst reads a string literal and returns its value.
func (p *Parser) StringConst() string {
	if p.Tok().Kind != lex.String {
		p.Fail()
	}
	return p.Advance().Val
}

// Relation reads [ONLY] name [*] (relation_expr).
func (p *Parser) Relation() *ast.RangeVar {
	rv := &ast.RangeVar{Offset: p.Here()}
	if p.Accept("only") {
		rv.Only = true
		if p.Accept("(") {
			rv.Table = p.QualifiedName()
			p.Expect(")")
			return rv
		}
	}
	rv.Table = p.QualifiedName()
	if !rv.Only && p.Is("*") {
		p.Advance()
	}
	return rv
}
