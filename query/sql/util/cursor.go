package util

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// declare reads DECLARE name CURSOR FOR query. DECLARE DOMAIN, a statement of
// Cachalot's, is recognised only.
func (r reader) declare() ast.Stmt {
	if r.IsSeq("declare", "domain") && r.IsAt(2, "on") {
		return r.skip("DECLARE DOMAIN")
	}
	s := &ast.DeclareCursorStmt{Offset: r.Here()}
	r.Expect("declare")
	s.Name = r.ColID().Name
	yes, no := true, false
	for !r.Is("cursor") {
		switch {
		case r.Accept("no"):
			r.Expect("scroll")
			s.Scroll = &no
		case r.Accept("scroll"):
			s.Scroll = &yes
		case r.Accept("binary"):
			s.Binary = true
		case r.Accept("asensitive"):
			s.Insensitive = &no
		case r.Accept("insensitive"):
			s.Insensitive = &yes
		default:
			r.Fail()
		}
	}
	r.Expect("cursor")
	switch {
	case r.Accept("with"):
		r.Expect("hold")
		s.Hold = true
	case r.Accept("without"):
		r.Expect("hold")
	}
	r.Expect("for")
	if !r.IsQuery() {
		r.Fail()
	}
	r.QueryInto(func(q *ast.SelectStmt) { s.Query = q })
	return s
}

// fetch reads FETCH or MOVE.
func (r reader) fetch() ast.Stmt {
	s := &ast.FetchStmt{Offset: r.Here(), Count: 1}
	s.Move = r.Advance().Val == "move"
	r.direction(s)
	if r.IsAny("from", "in") {
		r.Advance()
	}
	s.Cursor = r.ColID().Name
	return s
}

// direction reads how far to go. Its words may also be the cursor's name, when
// that ends the statement.
func (r reader) direction(s *ast.FetchStmt) {
	t := r.Tok()
	if t.Kind == lex.Int || t.Is("-") || t.Is("+") {
		s.Count = r.signedInt()
		return
	}
	if t.Kind != lex.Word || r.Peek(1).Kind == lex.EOF || r.IsAt(1, ";") {
		return
	}
	switch t.Val {
	case "next":
	case "prior":
		s.Dir = ast.FetchBackward
	case "first", "last":
		s.Dir = ast.FetchAbsolute
		if t.Val == "last" {
			s.Count = -1
		}
	case "absolute", "relative":
		s.Dir = ast.FetchAbsolute
		if t.Val == "relative" {
			s.Dir = ast.FetchRelative
		}
		r.Advance()
		s.Count = r.signedInt()
		return
	case "all":
		s.All = true
	case "forward", "backward":
		if t.Val == "backward" {
			s.Dir = ast.FetchBackward
		}
		r.Advance()
		if n := r.Tok(); r.Accept("all") {
			s.All = true
		} else if n.Kind == lex.Int || n.Is("-") || n.Is("+") {
			s.Count = r.signedInt()
		}
		return
	default:
		return
	}
	r.Advance()
}

func (r reader) signedInt() int64 {
	at := r.Pos()
	c := r.SignedNumber()
	if c.Kind != ast.Int || c.Int > 1<<31-1 || c.Int < -1<<31 {
		r.Error(at, sqlerr.SyntaxError, "syntax error at or near \"%s\"", c.Text)
	}
	return c.Int
}

// closeCursor reads CLOSE.
func (r reader) closeCursor() ast.Stmt {
	s := &ast.CloseStmt{Offset: r.Here()}
	r.Expect("close")
	if s.All = r.Accept("all"); !s.All {
		s.Name = r.ColID().Name
	}
	return s
}

// listen reads LISTEN.
func (r reader) listen() ast.Stmt {
	s := &ast.ListenStmt{Offset: r.Here()}
	r.Expect("listen")
	s.Channel = r.ColID().Name
	return s
}

// unlisten reads UNLISTEN.
func (r reader) unlisten() ast.Stmt {
	s := &ast.UnlistenStmt{Offset: r.Here()}
	r.Expect("unlisten")
	if r.Is("*") {
		r.Advance()
		s.All = true
	} else {
		s.Channel = r.ColID().Name
	}
	return s
}

// notify reads NOTIFY.
func (r reader) notify() ast.Stmt {
	s := &ast.NotifyStmt{Offset: r.Here()}
	r.Expect("notify")
	s.Channel = r.ColID().Name
	if r.Accept(",") {
		s.Payload = r.StringConst()
	}
	return s
}
