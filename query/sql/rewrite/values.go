package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// valuesSelect reads VALUES (..), (..). The first row, and every row that is not
// made of plain literals, is emitted; the others are built here and never reach
// TiDB: ast.ValuesClause.Rows holds nil for the rows that the tree must supply.
// A marker around the first cell names the statement.
func (p *Parser) valuesSelect(s *ast.SelectStmt) (depth int) {
	v := &ast.ValuesClause{Offset: p.Here()}
	s.Values = v
	p.Expect("values")
	p.emit("VALUES ")
	var block literalBlock
	for {
		if row := p.plainRow(&block, len(v.Rows)); row != nil {
			v.Rows = append(v.Rows, row)
		} else {
			depth = max(depth, p.valuesRow(s, len(v.Rows) == 0))
			v.Rows = append(v.Rows, nil)
			v.PlainFrom = len(v.Rows)
		}
		if !p.Accept(",") {
			return depth
		}
	}
}

// valuesRow emits one row.
func (p *Parser) valuesRow(s *ast.SelectStmt, first bool) (depth int) {
	p.Expect("(")
	if first {
		p.emit("ROW(")
		p.open(Note{Node: s})
		depth = p.expr().depth
		p.emit(")")
	} else {
		p.emit(",ROW(")
		depth = p.expr().depth
	}
	for p.Accept(",") {
		p.emit(",")
		depth = max(depth, p.expr().depth)
	}
	p.Expect(")")
	p.emit(")")
	return depth + 1
}

// literalBlock allots literals and cells in large pieces, which are never moved.
type literalBlock struct {
	consts []ast.Const
	cells  []ast.Expr
}

// plainRow reads a row after the first if all its cells are plain: literals,
// parameters or DEFAULT. Else it returns nil and reads nothing.
func (p *Parser) plainRow(b *literalBlock, index int) []ast.Expr {
	if index == 0 || !p.Is("(") {
		return nil
	}
	save, saveParams := p.i, p.numParams
	consts, cells := len(b.consts), len(b.cells)
	p.Advance()
	for {
		e := p.plainCell(b)
		if e == nil || !p.IsAny(",", ")") {
			p.i, p.numParams = save, saveParams
			if len(b.consts) >= consts {
				b.consts = b.consts[:consts]
			}
			if len(b.cells) >= cells {
				b.cells = b.cells[:cells]
			}
			return nil
		}
		cells = b.addCell(e, cells)
		if p.Advance().Val == ")" {
			return b.cells[cells:len(b.cells):len(b.cells)]
		}
	}
}

// cellsPerBlock is a compromise: 16 KiB of cells beside 40 KiB of literals.
const cellsPerBlock = 1024

// addCell appends to the row that begins at start, and returns where it begins
// now: a row that does not fit moves to a new block.
func (b *literalBlock) addCell(e ast.Expr, start int) int {
	if len(b.cells) == cap(b.cells) {
		row := b.cells[start:]
		b.cells = make([]ast.Expr, len(row), max(cellsPerBlock, 2*len(row)))
		copy(b.cells, row)
		start = 0
	}
	b.cells = append(b.cells, e)
	return start
}

func (b *literalBlock) newConst(c ast.Const) *ast.Const {
	if len(b.consts) == cap(b.consts) {
		b.consts = make([]ast.Const, 0, cellsPerBlock)
	}
	b.consts = append(b.consts, c)
	return &b.consts[len(b.consts)-1]
}

// plainCell reads a literal, parameter or DEFAULT, or returns nil.
func (p *Parser) plainCell(b *literalBlock) ast.Expr {
	t := p.Tok()
	at := ast.Offset(t.Start)
	c := ast.Const{Offset: at}
	switch t.Kind {
	case lex.Int, lex.Number:
		c = *number(t)
	case lex.String:
		c.Kind, c.Text = ast.String, t.Val
	case lex.BitString:
		c.Kind, c.Text = ast.BitString, t.Val
	case lex.Param:
		return p.param()
	case lex.Op:
		next := p.Peek(1)
		if t.Val != "-" || next.Kind != lex.Int && next.Kind != lex.Number {
			return nil
		}
		p.Advance()
		c = *negate(number(next), at)
	case lex.Word:
		switch t.Val {
		case "null":
			c.Kind = ast.Null
		case "true":
			c.Kind, c.Int = ast.Bool, 1
		case "false":
			c.Kind = ast.Bool
		case "default":
			p.Advance()
			return &ast.SetToDefault{Offset: at}
		default:
			return nil
		}
	default:
		return nil
	}
	p.Advance()
	return b.newConst(c)
}
