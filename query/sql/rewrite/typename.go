package rewrite

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// Bits of interval fields, as in PostgreSQL's INTERVAL_MASK.
const (
	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12
	maskFull   = 0x7fff
)

// TypeName reads a type with its modifiers and array bounds (Typename).
func (p *Parser) TypeName() *ast.TypeName {
	p.Enter()
	defer p.Leave()
	at := p.Here()
	setOf := p.Accept("setof")
	t := p.simpleTypeName()
	t.Offset, t.SetOf = at, setOf
	if p.Accept("array") {
		dim := -1
		if p.Accept("[") {
			dim = int(p.intConst())
			p.Expect("]")
		}
		t.ArrayDims = []int{dim}
		return t
	}
	for p.Accept("[") {
		dim := -1
		if !p.Is("]") {
			dim = int(p.intConst())
		}
		p.Expect("]")
		t.ArrayDims = append(t.ArrayDims, dim)
	}
	return t
}

// simpleTypeName reads a type without array bounds (SimpleTypename).
func (p *Parser) simpleTypeName() *ast.TypeName {
	t := p.Tok()
	if t.Kind == lex.Word {
		if ty := p.keywordType(t); ty != nil {
			return ty
		}
	}
	return p.genericType()
}

// genericType reads name[.name] [(modifiers)] [%TYPE].
func (p *Parser) genericType() *ast.TypeName {
	if !isTypeFuncName(p.Tok()) {
		p.Fail()
	}
	ty := &ast.TypeName{Offset: p.Here(), Names: []ast.Ident{ident(p.Advance())}}
	for p.Accept(".") {
		ty.Names = append(ty.Names, p.Label())
	}
	if p.Is("%") && p.IsAt(1, "type") {
		p.Expect("%", "type")
		ty.PctType = true
		return ty
	}
	if p.Is("(") {
		p.typmods(ty)
	}
	return ty
}

// typmods reads type modifiers in parentheses. Literals and names, which is all
// that is in use, need no fragment.
func (p *Parser) typmods(ty *ast.TypeName) {
	p.Expect("(")
	simple := true
	for i := 0; simple; i += 2 {
		t := p.Peek(i)
		simple = t.Kind == lex.Int || t.Kind == lex.String || isColID(t)
		if p.IsAt(i+1, ")") {
			break
		}
		simple = simple && p.IsAt(i+1, ",")
	}
	if !simple {
		p.ExprsInto(&ty.Typmods)
		p.Expect(")")
		return
	}
	for {
		ty.Typmods = append(ty.Typmods, p.simpleTypmod())
		if !p.Accept(",") {
			break
		}
	}
	p.Expect(")")
}

func (p *Parser) simpleTypmod() ast.Expr {
	t := p.Advance()
	switch t.Kind {
	case lex.Int:
		return number(t)
	case lex.String:
		return &ast.Const{Offset: ast.Offset(t.Start), Kind: ast.String, Text: t.Val}
	}
	return &ast.ColumnRef{Offset: ast.Offset(t.Start), Parts: []ast.Ident{ident(t)}}
}

// system returns a type of schema pg_catalog.
func system(at ast.Offset, name string, typmods ...ast.Expr) *ast.TypeName {
	return &ast.TypeName{Offset: at, Typmods: typmods,
		Names: []ast.Ident{{Offset: at, Name: "pg_catalog"}, {Offset: at, Name: name}}}
}

func intTypmod(n int) *ast.Const {
	return &ast.Const{Offset: ast.NoPos, Kind: ast.Int, Int: int64(n)}
}

// beginsKeywordType reports whether the word begins a type that has its own
// syntax, and so a literal such as date-time 'x' or a cast.
func beginsKeywordType(t *lex.Token) bool {
	if t.Kind != lex.Word {
		return false
	}
	switch t.Val {
	case "int", "integer", "smallint", "bigint", "real", "float", "double", "decimal", "dec",
		"numeric", "boolean", "bit", "character", "char", "varchar", "national", "nchar",
		"timestamp", "time", "interval":
		return true
	}
	return false
}

// keywordType reads a type spelled with keywords, or returns nil.
func (p *Parser) keywordType(t *lex.Token) *ast.TypeName {
	if !beginsKeywordType(t) || t.Val == "double" && !p.IsAt(1, "precision") {
		return nil
	}
	at := p.Here()
	p.Advance()
	switch t.Val {
	case "int", "integer":
		return system(at, "int4")
	case "smallint":
		return system(at, "int2")
	case "bigint":
		return system(at, "int8")
	case "real":
		return system(at, "float4")
	case "double":
		p.Expect("precision")
		return system(at, "float8")
	case "float":
		return p.floatType(at)
	case "boolean":
		return system(at, "bool")
	case "decimal", "dec", "numeric":
		ty := system(at, "numeric")
		if p.Is("(") {
			p.typmods(ty)
		}
		return ty
	case "bit":
		return p.bitType(at)
	case "timestamp", "time":
		return p.dateTimeType(at, t.Val)
	case "interval":
		return p.intervalType(at)
	}
	return p.characterType(at, t.Val)
}

func (p *Parser) floatType(at ast.Offset) *ast.TypeName {
	if !p.Is("(") {
		return system(at, "float8")
	}
	p.Advance()
	pos := p.Pos()
	n := p.intConst()
	p.Expect(")")
	switch {
	case n < 1:
		p.Error(pos, sqlerr.InvalidParameterValue, "precision for type float must be at least 1 bit")
	case n > 53:
		p.Error(pos, sqlerr.InvalidParameterValue, "precision for type float must be less than 54 bits")
	case n <= 24:
		return system(at, "float4")
	}
	return system(at, "float8")
}

func (p *Parser) bitType(at ast.Offset) *ast.TypeName {
	name := "bit"
	if p.Accept("varying") {
		name = "varbit"
	}
	ty := system(at, name)
	if p.Is("(") {
		p.typmods(ty)
	} else if name == "bit" {
		ty.Typmods = []ast.Expr{intTypmod(1)}
	}
	return ty
}

// characterType reads what follows CHARACTER, CHAR, VARCHAR, NATIONAL or NCHAR.
func (p *Parser) characterType(at ast.Offset, word string) *ast.TypeName {
	name := "bpchar"
	if word == "national" {
		if !p.IsAny("character", "char") {
			p.Fail()
		}
		p.Advance()
	}
	if word == "varchar" || p.Accept("varying") {
		name = "varchar"
	}
	ty := system(at, name)
	if p.Accept("(") {
		pos := p.Here()
		n := p.intConst()
		p.Expect(")")
		ty.Typmods = []ast.Expr{&ast.Const{Offset: pos, Kind: ast.Int, Int: n}}
	} else if name == "bpchar" {
		ty.Typmods = []ast.Expr{intTypmod(1)}
	}
	return ty
}

// dateTimeType reads [(precision)] [WITH|WITHOUT TIME ZONE].
func (p *Parser) dateTimeType(at ast.Offset, name string) *ast.TypeName {
	var mods []ast.Expr
	if p.Accept("(") {
		pos := p.Here()
		mods = []ast.Expr{&ast.Const{Offset: pos, Kind: ast.Int, Int: p.intConst()}}
		p.Expect(")")
	}
	switch {
	case p.Accept("with", "time", "zone"):
		name += "tz"
	case p.Accept("without", "time", "zone"):
	}
	return system(at, name, mods...)
}

func (p *Parser) intervalType(at ast.Offset) *ast.TypeName {
	if p.Accept("(") {
		n := p.intConst()
		p.Expect(")")
		return system(at, "interval", intTypmod(maskFull), intTypmod(int(n)))
	}
	ty := system(at, "interval")
	p.intervalFields(ty)
	return ty
}

// intervalFields reads YEAR, DAY TO SECOND(3) and the like, if they stand here.
func (p *Parser) intervalFields(ty *ast.TypeName) {
	first := fieldMask(p.Tok())
	if first == 0 {
		return
	}
	last := first
	p.Advance()
	if p.Is("to") && first != maskMonth && first != maskSecond {
		p.Advance()
		last = fieldMask(p.Tok())
		ok := first == maskYear && last == maskMonth ||
			first >= maskDay && last > first && last >= maskHour && first != maskYear
		if !ok {
			p.Fail()
		}
		p.Advance()
	}
	mask := 0
	for m := first; m <= last; m <<= 1 {
		if m&(maskMonth|maskYear|maskDay|maskHour|maskMinute|maskSecond) != 0 {
			mask |= m
		}
	}
	if first == maskYear {
		mask = maskYear
		if last == maskMonth {
			mask |= maskMonth
		}
	}
	ty.IntervalMask = mask
	ty.Typmods = []ast.Expr{intTypmod(mask)}
	if last == maskSecond && p.Accept("(") {
		ty.Typmods = append(ty.Typmods, intTypmod(int(p.intConst())))
		p.Expect(")")
	}
}

func fieldMask(t *lex.Token) int {
	if t.Kind != lex.Word {
		return 0
	}
	switch t.Val {
	case "year":
		return maskYear
	case "month":
		return maskMonth
	case "day":
		return maskDay
	case "hour":
		return maskHour
	case "minute":
		return maskMinute
	case "second":
		return maskSecond
	}
	return 0
}
