package rewrite

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// pieceKind says how a piece is written.
type pieceKind uint8

const (
	pieceText   pieceKind = iota // its text
	pieceOp                      // its text, and val is the operator's source offset
	pieceNumber                  // the number val of a note
	pieceMarker                  // a marker's name, back-quoted, of note val
	pieceColumn                  // the column reference of note val
	pieceSelect                  // its text; the first field of SELECT note val follows
	pieceName                    // its text as a back-quoted name
)

// piece is a part of the rewritten text. Pieces are appended as the statement is
// read; what an operator found later puts before its left operand is pushed onto
// the prefixes of the operand's first piece.
type piece struct {
	kind   pieceKind
	val    int32
	prefix int32 // the outermost prefix, an index into Parser.prefixes; 0 for none
	text   string
}

// prefix is "(" or the opening of a marker call before a piece.
type prefix struct {
	marker int32 // a note, or -1 for a plain parenthesis
	next   int32
}

func (p *Parser) emit(s string) { p.out = append(p.out, piece{text: s}) }

// emitOp emits a native operator or keyword that stands at the source offset.
func (p *Parser) emitOp(s string, at int) {
	p.out = append(p.out, piece{kind: pieceOp, text: s, val: int32(at)})
}

func (p *Parser) emitName(name string) {
	p.out = append(p.out, piece{kind: pieceName, text: name})
}

func (p *Parser) emitMarker(n Note) {
	p.out = append(p.out, piece{kind: pieceMarker, val: p.note(n)})
}

// leaf emits a literal, parameter or other childless node as its note's number.
func (p *Parser) leaf(e ast.Expr) operand {
	start := len(p.out)
	p.out = append(p.out, piece{kind: pieceNumber, val: p.note(Note{Leaf: e})})
	return operand{start: start, level: levelSimple}
}

func (p *Parser) column(c *ast.ColumnRef) operand {
	start := len(p.out)
	p.out = append(p.out, piece{kind: pieceColumn, val: p.note(Note{Leaf: c})})
	return operand{start: start, level: levelSimple}
}

// note adds a note and returns its number.
func (p *Parser) note(n Note) int32 {
	if p.notes == nil {
		p.notes = make([]Note, 1, 16) // the first is the sentinel for "no LIMIT"
	}
	p.notes = append(p.notes, n)
	return int32(len(p.notes) - 1)
}

// open begins a marker call with arguments to come; end it with close.
func (p *Parser) open(n Note) int {
	start := len(p.out)
	p.emitMarker(n)
	p.emit("(")
	return start
}

// build is open for an expression.
func (p *Parser) build(f func(args []ast.Expr) ast.Expr) int { return p.open(Note{Build: f}) }

// close ends the marker call that begins at start.
func (p *Parser) close(start, depth int) operand {
	p.emit(")")
	p.checkDepth(depth + 1)
	return operand{start: start, level: levelSimple, depth: depth + 1}
}

// wrap puts the opening of a marker call before what begins at start.
func (p *Parser) wrap(start int, n Note) { p.push(start, p.note(n)) }

// wrapBuild is wrap for an expression.
func (p *Parser) wrapBuild(start int, f func(args []ast.Expr) ast.Expr) {
	p.wrap(start, Note{Build: f})
}

func (p *Parser) push(start int, marker int32) {
	p.prefixes = append(p.prefixes, prefix{marker: marker, next: p.out[start].prefix})
	p.out[start].prefix = int32(len(p.prefixes) - 1)
}

// parenthesise puts the operand into parentheses.
func (p *Parser) parenthesise(o operand) operand {
	p.push(o.start, -1)
	p.emit(")")
	o.level = levelSimple
	o.depth++
	return o
}

// need parenthesises the operand, which must be the last thing emitted, when
// TiDB's grammar would not read it as one at the level.
func (p *Parser) need(o operand, l level) operand {
	if o.level < l {
		return p.parenthesise(o)
	}
	return o
}

// cut takes what was emitted from start on out of the text, to be put back with
// paste.
func (p *Parser) cut(start int) []piece {
	moved := append([]piece(nil), p.out[start:]...)
	p.out = p.out[:start]
	return moved
}

func (p *Parser) paste(moved []piece) { p.out = append(p.out, moved...) }

// writer assembles the final text and the marks.
type writer struct {
	p   *Parser
	buf strings.Builder
	rw  *Rewritten
}

func (w *writer) pieces(ps []piece) {
	for i := range ps {
		w.piece(&ps[i])
	}
}

func (w *writer) piece(pc *piece) {
	for x := pc.prefix; x != 0; x = w.p.prefixes[x].next {
		if m := w.p.prefixes[x].marker; m >= 0 {
			w.marker(m)
		}
		w.buf.WriteByte('(')
	}
	switch pc.kind {
	case pieceText:
		w.buf.WriteString(pc.text)
	case pieceOp:
		w.rw.ops = append(w.rw.ops, mark{int32(w.buf.Len()), pc.val})
		w.buf.WriteString(pc.text)
	case pieceNumber:
		w.number(pc.val)
	case pieceMarker:
		w.marker(pc.val)
	case pieceColumn:
		w.rw.columns = append(w.rw.columns, mark{int32(w.buf.Len()), pc.val})
		w.columnName(w.p.notes[pc.val].Leaf.(*ast.ColumnRef))
	case pieceSelect:
		w.buf.WriteString(pc.text)
		w.rw.selects = append(w.rw.selects, mark{int32(w.buf.Len()), pc.val})
	case pieceName:
		w.name(pc.text)
	}
}

func (w *writer) number(n int32) {
	var digits [12]byte
	w.buf.Write(strconv.AppendInt(digits[:0], int64(n), 10))
}

func (w *writer) marker(n int32) {
	w.buf.WriteString("`" + Marker)
	w.number(n)
	w.buf.WriteByte('`')
}

// columnName writes the last three parts of a name at most: MySQL has no more,
// and the note has them all.
func (w *writer) columnName(c *ast.ColumnRef) {
	parts := c.Parts
	limit := 3
	if c.Star {
		limit = 2
	}
	if len(parts) > limit {
		parts = parts[len(parts)-limit:]
	}
	for i, part := range parts {
		if i > 0 {
			w.buf.WriteByte('.')
		}
		w.name(part.Name)
	}
	if c.Star {
		if len(parts) > 0 {
			w.buf.WriteByte('.')
		}
		w.buf.WriteByte('*')
	}
}

func (w *writer) name(s string) {
	w.buf.WriteByte('`')
	if strings.IndexByte(s, '`') >= 0 {
		s = strings.ReplaceAll(s, "`", "``")
	}
	w.buf.WriteString(s)
	w.buf.WriteByte('`')
}
