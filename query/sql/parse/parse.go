// Package parse is the door to the SQL front end: text in, trees out. It splits
// a query string into statements, chooses the hand parser or the rewriter and
// TiDB's grammar for each, and caches the result by exact text.
package parse

import (
	"strings"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
	"github.com/cachalotdb/cachalot/query/sql/rewrite"
	"github.com/cachalotdb/cachalot/query/sql/tidb"
	"github.com/cachalotdb/cachalot/query/sql/util"
)

// Options are the settings of a session that change what a text means. They are
// part of the cache's key.
type Options struct {
	// BareLiterals makes an unquoted date such as 2021-10-19 a string constant and
	// marks single unquoted names as possible text literals (ColumnRef.MaybeLiteral).
	// It is the setting cachalot.bare_literals.
	BareLiterals bool
}

// Statement is one statement of a query string. It is immutable and shared.
type Statement struct {
	ast.Stmt
	// Text is the statement's own text, without the semicolon and the blanks around
	// it; it begins at byte Start of the query string. Positions in the tree and in
	// errors count from the beginning of the query string.
	Text  string
	Start int
	// NumParams is the largest N of the $N in it.
	NumParams int
	// Notices are those of the parser, such as truncated identifiers.
	Notices []*sqlerr.Error
}

// Parse returns the statements of a query string; none for an empty one. As in
// PostgreSQL an error anywhere in the text means that nothing of it may be run.
// The error is always a *sqlerr.Error with a position where there is one; its
// position counts from the beginning of text. Results come from a cache of the
// whole process. Safe for concurrent use.
func Parse(text string, opts Options) ([]Statement, error) { return shared.Parse(text, opts) }

// Rejected returns how many statements passed our syntax check and were refused
// by TiDB's grammar since the process began. Each is an error in package rewrite.
func Rejected() int64 { return tidb.Rejected() }

// workspace is the memory of one parse.
type workspace struct {
	tokens lex.Tokens
	parser rewrite.Parser
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// maxPooledTokens bounds the memory that a pooled workspace keeps: 48 bytes each.
const maxPooledTokens = 1 << 14

// parse is Parse without a cache.
func parse(text string, opts Options) ([]Statement, error) {
	w := workspaces.Get().(*workspace)
	list, err := w.parse(text, opts)
	if cap(w.tokens.List) <= maxPooledTokens {
		clear(w.tokens.List) // do not keep the text alive
		w.parser.Reset("", nil, rewrite.Options{})
		workspaces.Put(w)
	}
	return list, err
}

func (w *workspace) parse(text string, opts Options) ([]Statement, error) {
	if err := lex.Scan(text, lex.Mode{BareDates: opts.BareLiterals}, &w.tokens); err != nil {
		return nil, err
	}
	p := &w.parser
	p.Reset(text, &w.tokens, rewrite.Options{BareLiterals: opts.BareLiterals})
	var list []Statement
	for {
		for p.Accept(";") {
		}
		if p.Tok().Kind == lex.EOF {
			addNotices(list, w.tokens.Notices)
			return list, nil
		}
		s, err := statement(p)
		if err != nil {
			return nil, err
		}
		s.Text = text[s.Start:p.PrevEnd()]
		list = append(list, s)
	}
}

// statement reads one statement and builds its tree.
func statement(p *rewrite.Parser) (s Statement, err error) {
	s.Start = p.Pos()
	rw, err := p.Run(func() {
		switch {
		case p.IsQuery(), p.BeginsDML(), p.Is("values"):
			p.Preparable(func(stmt ast.Stmt) { s.Stmt = stmt })
		case p.Is("("):
			p.FailInside()
		default:
			s.Stmt = util.Statement(p)
		}
		p.ExpectEnd()
	})
	if err != nil {
		return s, err
	}
	s.NumParams = p.NumParams()
	return s, tidb.Build(rw)
}

// addNotices gives each notice to the statement in which it arose.
func addNotices(list []Statement, notices []*sqlerr.Error) {
	for _, n := range notices {
		for i := range list {
			if s := &list[i]; n.Pos > s.Start && n.Pos <= s.Start+len(s.Text) {
				s.Notices = append(s.Notices, n)
			}
		}
	}
}

// Range is a part of a text, in bytes.
type Range struct{ Start, End int }

// Split returns the statements of a text by the semicolons between them, without
// parsing them. It is for shells that send statement by statement. A text that
// ends within a string, comment or the like gives complete = false.
func Split(text string) (ranges []Range, complete bool) {
	var tokens lex.Tokens
	if err := lex.Scan(text, lex.Mode{}, &tokens); err != nil {
		return []Range{{0, len(text)}}, true
	}
	start, end, atomic := -1, 0, 0
	for i := range tokens.List {
		t := &tokens.List[i]
		ends := t.Kind == lex.EOF || t.Kind == lex.Error || t.Is(";") && atomic == 0
		if ends && start >= 0 {
			ranges = append(ranges, Range{start, end})
			start = -1
		}
		if !ends {
			if start < 0 {
				start = int(t.Start)
			}
			end = int(t.End)
		}
		switch {
		case t.Is("begin") && tokens.List[i+1].Is("atomic"), atomic > 0 && t.Is("case"):
			atomic++
		case atomic > 0 && t.Is("end"):
			atomic--
		}
	}
	if tokens.Err != nil {
		at := tokens.Err.Pos - 1
		if n := len(ranges); n > 0 && strings.TrimSpace(text[ranges[n-1].End:max(at, ranges[n-1].End)]) == "" {
			ranges[n-1].End = len(text)
		} else {
			ranges = append(ranges, Range{max(at, 0), len(text)})
		}
		return ranges, false
	}
	return ranges, true
}
