package util

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// copy reads COPY with old and new option syntax.
func (r reader) copy() ast.Stmt {
	s := &ast.CopyStmt{Offset: r.Here()}
	r.Expect("copy")
	if at := r.Here(); r.Accept("binary") { // before the table, in the oldest syntax
		s.Options = append(s.Options, &ast.OptionDef{Offset: at, Name: "format", Value: str(at, "binary")})
	}
	if r.Is("(") {
		r.Advance()
		r.Preparable(func(q ast.Stmt) { s.Query = q })
		r.Expect(")")
		r.Expect("to")
	} else {
		s.Table = &ast.RangeVar{Offset: r.Here(), Table: r.QualifiedName()}
		if r.Is("(") {
			s.Columns = r.ColumnList()
		}
		if r.Accept("from") {
			s.From = true
		} else {
			r.Expect("to")
		}
	}
	r.copyFile(s)
	r.oldDelimiters(s)
	r.Accept("with")
	if r.Is("(") {
		s.Options = append(s.Options, r.copyOptions()...)
	} else {
		r.oldCopyOptions(s)
	}
	if s.Table != nil && r.Is("where") {
		at := r.Pos()
		r.Advance()
		if !s.From {
			r.Error(at, sqlerr.SyntaxError, "WHERE clause not allowed with COPY TO")
		}
		r.ExprInto(&s.Where)
	}
	return s
}

func (r reader) copyFile(s *ast.CopyStmt) {
	at := r.Pos()
	switch {
	case r.Accept("stdin"), r.Accept("stdout"):
	case r.Accept("program"):
		s.Program = true
		s.File = r.StringConst()
	default:
		s.File = r.StringConst()
		if s.File == "" {
			r.Error(at, sqlerr.InvalidParameterValue, "empty file name")
		}
	}
}

// oldDelimiters reads [USING] DELIMITERS 'x', which came before WITH once.
func (r reader) oldDelimiters(s *ast.CopyStmt) {
	at := r.Here()
	using := r.Accept("using")
	if r.Accept("delimiters") {
		s.Options = append(s.Options, &ast.OptionDef{Offset: at, Name: "delimiter", Value: r.stringValue()})
	} else if using {
		r.Fail()
	}
}

func (r reader) stringValue() ast.Expr { return str(r.Here(), r.StringConst()) }

// copyOptions reads (name [value], ..).
func (r reader) copyOptions() []*ast.OptionDef {
	r.Expect("(")
	var list []*ast.OptionDef
	for {
		o := &ast.OptionDef{Offset: r.Here(), Name: r.Label().Name}
		o.Value = r.copyValue()
		list = append(list, o)
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
	return list
}

// copyValue reads the value of an option: a word, string, number, star or list;
// nil for none.
func (r reader) copyValue() ast.Expr {
	t := r.Tok()
	at := ast.Offset(t.Start)
	switch {
	case t.Is("*"):
		r.Advance()
		return &ast.ColumnRef{Offset: at, Star: true}
	case t.Is("("):
		r.Advance()
		list := &ast.ArrayExpr{Offset: at}
		for {
			list.Elems = append(list.Elems, r.copyWord())
			if !r.Accept(",") {
				break
			}
		}
		r.Expect(")")
		return list
	case t.Is(","), t.Is(")"):
		return nil
	case t.Kind == lex.Int, t.Kind == lex.Number, t.Is("-"), t.Is("+"):
		return r.SignedNumber()
	}
	return r.copyWord()
}

// copyWord reads a word or string.
func (r reader) copyWord() ast.Expr {
	t := r.Tok()
	if t.Kind == lex.String || t.Is("true") || t.Is("false") || t.Is("on") {
		r.Advance()
		return str(ast.Offset(t.Start), t.Val)
	}
	return str(ast.Offset(t.Start), r.NonReserved().Name)
}

// oldCopyOptions reads options without parentheses, as before version 9.
func (r reader) oldCopyOptions(s *ast.CopyStmt) {
	for !r.AtEnd() && !r.Is("where") {
		at := r.Here()
		o := &ast.OptionDef{Offset: at}
		switch {
		case r.IsAny("binary", "csv"):
			o.Name, o.Value = "format", str(at, r.Advance().Val)
		case r.IsAny("freeze", "header"):
			o.Name = r.Advance().Val
			o.Value = &ast.Const{Offset: at, Kind: ast.Bool, Int: 1}
		case r.IsAny("delimiter", "null", "quote", "escape"):
			o.Name = r.Advance().Val
			r.Accept("as")
			o.Value = r.stringValue()
		case r.Accept("encoding"):
			o.Name = "encoding"
			o.Value = r.stringValue()
		case r.Accept("force", "quote"):
			o.Name, o.Value = "force_quote", r.forcedColumns(true)
		case r.Accept("force", "not", "null"):
			o.Name, o.Value = "force_not_null", r.forcedColumns(false)
		case r.Accept("force", "null"):
			o.Name, o.Value = "force_null", r.forcedColumns(false)
		default:
			r.Fail()
		}
		s.Options = append(s.Options, o)
	}
}

func (r reader) forcedColumns(star bool) ast.Expr {
	at := r.Here()
	if star && r.Is("*") {
		r.Advance()
		return &ast.ColumnRef{Offset: at, Star: true}
	}
	list := &ast.ArrayExpr{Offset: at}
	for {
		id := r.ColID()
		list.Elems = append(list.Elems, str(id.Offset, id.Name))
		if !r.Accept(",") {
			return list
		}
	}
}
