package rewrite

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// windowingError is the SQLSTATE of ill-formed windows.
const windowingError = "42P20"

// windowArgs counts the expressions of a window in its marker: partition keys,
// sort keys, then the offsets of the frame.
type windowArgs struct {
	partition  int
	start, end bool
}

// fill puts the converted expressions into the window.
func (w *windowArgs) fill(d *ast.WindowDef, a []ast.Expr) {
	if w.partition > 0 {
		d.PartitionBy, a = a[:w.partition:w.partition], a[w.partition:]
	}
	for i, s := range d.OrderBy {
		s.Expr = a[i]
		s.Offset = ast.Offset(a[i].Pos())
	}
	a = a[len(d.OrderBy):]
	if w.start {
		d.Frame.StartOffset, a = a[0], a[1:]
	}
	if w.end {
		d.Frame.EndOffset = a[0]
	}
}

// over reads what follows OVER.
func (p *Parser) over(e *emitter) (*ast.WindowDef, *windowArgs) {
	if !p.Is("(") {
		return &ast.WindowDef{Offset: p.Here(), Name: p.ColID().Name, NameOnly: true}, &windowArgs{}
	}
	d := &ast.WindowDef{Offset: p.Here()}
	return d, p.windowSpec(d, e)
}

// windowSpec reads a window in parentheses.
func (p *Parser) windowSpec(d *ast.WindowDef, e *emitter) *windowArgs {
	w := &windowArgs{}
	p.Expect("(")
	if p.IsColID(0) && !p.IsAny("partition", "range", "rows", "groups") {
		d.Ref = p.ColID().Name
	}
	if p.Accept("partition", "by") {
		n := e.n
		e.expr()
		for p.Accept(",") {
			e.expr()
		}
		w.partition = e.n - n
	}
	if p.Accept("order", "by") {
		d.OrderBy = p.sortList(e)
	}
	if p.IsAny("range", "rows", "groups") {
		p.frame(d, w, e)
	}
	p.Expect(")")
	return w
}

func (p *Parser) frame(d *ast.WindowDef, w *windowArgs, e *emitter) {
	f := &ast.WindowFrame{Offset: p.Here(), End: ast.CurrentRow}
	d.Frame = f
	switch p.Advance().Val {
	case "rows":
		f.Mode = ast.FrameRows
	case "groups":
		f.Mode = ast.FrameGroups
	}
	between := p.Accept("between")
	start := p.Pos()
	end := start
	f.Start, w.start = p.frameBound(e)
	if between {
		p.Expect("and")
		end = p.Pos()
		f.End, w.end = p.frameBound(e)
	}
	p.checkFrame(f, between, start, end)
	if p.Accept("exclude") {
		f.Exclude = p.exclusion()
	}
}

func (p *Parser) exclusion() ast.FrameExclusion {
	switch {
	case p.Accept("current"):
		p.Expect("row")
		return ast.ExcludeCurrentRow
	case p.Accept("group"):
		return ast.ExcludeGroup
	case p.Accept("ties"):
		return ast.ExcludeTies
	}
	p.Expect("no", "others")
	return ast.ExcludeNone
}

// checkFrame refuses the frames that PostgreSQL's grammar refuses.
func (p *Parser) checkFrame(f *ast.WindowFrame, between bool, start, end int) {
	msg, at := "", end
	switch {
	case f.Start == ast.UnboundedFollowing:
		msg, at = "frame start cannot be UNBOUNDED FOLLOWING", start
	case f.End == ast.UnboundedPreceding:
		msg = "frame end cannot be UNBOUNDED PRECEDING"
	case f.Start == ast.CurrentRow && f.End == ast.OffsetPreceding:
		msg = "frame starting from current row cannot have preceding rows"
	case f.Start == ast.OffsetFollowing && !between:
		msg = "frame starting from following row cannot end with current row"
	case f.Start == ast.OffsetFollowing && (f.End == ast.OffsetPreceding || f.End == ast.CurrentRow):
		msg = "frame starting from following row cannot have preceding rows"
	default:
		return
	}
	p.Error(at, windowingError, "%s", msg)
}

func (p *Parser) frameBound(e *emitter) (kind ast.BoundKind, offset bool) {
	switch {
	case p.Accept("unbounded", "preceding"):
		return ast.UnboundedPreceding, false
	case p.Accept("unbounded", "following"):
		return ast.UnboundedFollowing, false
	case p.Accept("current", "row"):
		return ast.CurrentRow, false
	}
	e.expr()
	if p.Accept("preceding") {
		return ast.OffsetPreceding, true
	}
	p.Expect("following")
	return ast.OffsetFollowing, true
}

// windowClause reads WINDOW name AS (..), .. Each definition stays native as
// far as it goes: a name and a PARTITION BY list of all its expressions.
func (p *Parser) windowClause(s *ast.SelectStmt) {
	p.Expect("window")
	p.emit(" WINDOW ")
	for {
		d := &ast.WindowDef{Name: p.ColID().Name}
		s.Windows = append(s.Windows, d)
		p.Expect("as")
		d.Offset = p.Here()
		var w *windowArgs
		p.emitMarker(Note{Build: func(a []ast.Expr) ast.Expr { w.fill(d, a); return nil }})
		p.emit(" AS (PARTITION BY ")
		e := emitter{p: p}
		w = p.windowSpec(d, &e)
		if e.n == 0 {
			p.emit("0")
		}
		p.emit(")")
		if !p.Accept(",") {
			return
		}
		p.emit(",")
	}
}
