package tidb

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pingcap/tidb/pkg/parser"
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/rewrite"
)

// parsers are TiDB parsers, about 23 KB each; one serves one goroutine at a time.
var parsers = sync.Pool{New: func() any {
	p := parser.New()
	p.SetSQLMode(mysql.ModeNoBackslashEscapes)
	return p
}}

// maxPooled is the longest text after which a parser goes back to the pool: it
// keeps its stack, which grows with the text.
const maxPooled = 64 << 10

// rejected counts texts that the rewriter accepted and TiDB did not.
var rejected atomic.Int64

// Rejected returns how many rewritten texts TiDB refused, or read in a way that
// the notes contradict. It should be 0: each is an error in the rewriter.
func Rejected() int64 { return rejected.Load() }

// Build parses the rewritten statement and hands each fragment's tree to its
// destination, in order. An error is an internal one: the syntax is known to be good.
func Build(rw *rewrite.Rewritten) (err error) {
	if rw.SQL == "" {
		return nil
	}
	p := parsers.Get().(*parser.Parser)
	stmts, _, perr := p.ParseSQL(rw.SQL)
	if perr != nil {
		rejected.Add(1)
		return refused(rw, perr)
	}
	defer func() {
		if r := recover(); r != nil {
			m, ok := r.(mismatch)
			if !ok {
				panic(r)
			}
			rejected.Add(1)
			err = sqlerr.New(sqlerr.InternalError, "statement could not be parsed: %s", string(m)).At(rw.SourceBefore(0))
		}
	}()
	c := converter{rw: rw}
	c.fragments(stmts)
	if len(rw.SQL) <= maxPooled {
		parsers.Put(p) // after the conversion: stmts is the parser's memory
	}
	return nil
}

// refused makes the error for a text that TiDB does not accept. Its own message
// speaks of the rewritten text, so it does not reach the client.
func refused(rw *rewrite.Rewritten, perr error) error {
	at := rw.SourceBefore(len(rw.SQL))
	if i := strings.Index(perr.Error(), "near \""); i >= 0 {
		near, _, _ := strings.Cut(perr.Error()[i+len("near \""):], "\"")
		if j := strings.Index(rw.SQL, near); near != "" && j >= 0 {
			at = rw.SourceBefore(j)
		}
	}
	return sqlerr.New(sqlerr.SyntaxError, "syntax error").At(at)
}

// mismatch is the panic of a converter that finds TiDB's tree at odds with the notes.
type mismatch string

func fail(format string, args ...any) { panic(mismatch(fmt.Sprintf(format, args...))) }

// converter turns the trees of one text into ours.
type converter struct {
	rw *rewrite.Rewritten
}

func (c *converter) fragments(stmts []tast.StmtNode) {
	if len(stmts) != len(c.rw.Fragments) {
		fail("%d statements for %d fragments", len(stmts), len(c.rw.Fragments))
	}
	for i, s := range stmts {
		f := &c.rw.Fragments[i]
		switch {
		case f.Expr != nil:
			f.Expr(c.targets(s)[0])
		case f.Exprs != nil:
			f.Exprs(c.targets(s))
		default:
			f.Stmt(c.stmt(s))
		}
	}
}

// targets returns the targets of a SELECT that stands for bare expressions.
func (c *converter) targets(s tast.StmtNode) []ast.Expr {
	sel, ok := s.(*tast.SelectStmt)
	if !ok {
		fail("%T for an expression", s)
	}
	list := make([]ast.Expr, len(sel.Fields.Fields))
	for i, f := range sel.Fields.Fields {
		list[i] = c.expr(f.Expr)
	}
	return list
}

func (c *converter) stmt(s tast.StmtNode) ast.Stmt {
	switch s := s.(type) {
	case *tast.SelectStmt, *tast.SetOprStmt:
		return c.query(s)
	case *tast.InsertStmt:
		return c.insert(s)
	case *tast.UpdateStmt:
		return c.update(s)
	case *tast.DeleteStmt:
		return c.delete(s)
	}
	fail("unexpected %T", s)
	return nil
}

// note returns the note of a marker's name, or nil for another name.
func (c *converter) note(name string) *rewrite.Note {
	digits, ok := strings.CutPrefix(name, rewrite.Marker)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n <= 0 || n >= len(c.rw.Notes) {
		return nil
	}
	return &c.rw.Notes[n]
}

// node returns the node of the marker's note, which must be of type T.
func node[T any](c *converter, name string) T {
	if n := c.note(name); n != nil {
		if v, ok := n.Node.(T); ok {
			return v
		}
	}
	var zero T
	fail("no %T at marker %q", zero, name)
	return zero
}

// markerCall returns the note of a call of a marker, or nil for another expression.
func (c *converter) markerCall(e tast.ExprNode) (*rewrite.Note, []tast.ExprNode) {
	if f, ok := e.(*tast.FuncCallExpr); ok {
		if n := c.note(f.FnName.O); n != nil {
			return n, f.Args
		}
	}
	return nil, nil
}
