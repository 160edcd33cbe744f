package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/server"
)

// testEngine knows a handful of statements, enough to bring the protocol into each of its
// states; it answers them as PostgreSQL does. One table, t(a int, b text), takes copied rows.
type testEngine struct {
	mu   sync.Mutex
	rows []string // of t, in COPY's text format

	sessions atomic.Int64 // open now
	// sleeping receives once for each pg_sleep that has begun.
	sleeping chan struct{}
}

func newTestEngine() *testEngine { return &testEngine{sleeping: make(chan struct{}, 64)} }

func (e *testEngine) NewSession(_ context.Context, cfg server.SessionConfig) (server.Session, error) {
	if cfg.Settings["datestyle"] == "bad" {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, `invalid value for parameter "DateStyle": "bad"`)
	}
	for _, p := range [][2]string{{"server_version", server.Version}, {"client_encoding", "UTF8"}, {"application_name", cfg.ApplicationName}} {
		cfg.ParameterStatus(p[0], p[1])
	}
	e.sessions.Add(1)
	return &testSession{eng: e, cfg: cfg, status: server.TxIdle}, nil
}

type testSession struct {
	eng    *testEngine
	cfg    server.SessionConfig
	status server.TxStatus
	closed bool
}

func (s *testSession) TxStatus() server.TxStatus { return s.status }

func (s *testSession) Close() {
	if !s.closed {
		s.closed = true
		s.eng.sessions.Add(-1)
	}
}

// Split cuts at semicolons; there are none in the tests' literals.
func (s *testSession) Split(text string) ([]server.Source, error) {
	var list []server.Source
	at := 0
	for _, part := range strings.SplitAfter(text, ";") {
		stmt := strings.TrimRight(strings.TrimSuffix(part, ";"), " \n")
		lead := len(stmt) - len(strings.TrimLeft(stmt, " \n"))
		if stmt[lead:] != "" {
			src := server.Source{Text: stmt[lead:], Offset: at + lead}
			if err := checkSyntax(src.Text); err != nil {
				err.Pos += src.Offset
				return nil, err
			}
			list = append(list, src)
		}
		at += len(part)
	}
	return list, nil
}

var (
	reSelect   = regexp.MustCompile(`(?i)^select (.*)$`)
	reSeries   = regexp.MustCompile(`(?i)^(?:\* from )?generate_series\(1,(\d+)\)$`)
	reSleep    = regexp.MustCompile(`(?i)^pg_sleep\((\d+)\)$`)
	reParam    = regexp.MustCompile(`^\$(\d+)::(\w+)$`)
	reString   = regexp.MustCompile(`^'([^']*)'(?:::(\w+))?$`)
	reSetApp   = regexp.MustCompile(`(?i)^set application_name = '(.*)'$`)
	reKeywords = regexp.MustCompile(`(?i)^(select|begin|commit|rollback|copy|set|deallocate|drop)\b`)
)

func checkSyntax(text string) *sqlerr.Error {
	if reKeywords.MatchString(text) {
		return nil
	}
	word := strings.Fields(text)[0]
	return sqlerr.New(sqlerr.SyntaxError, "syntax error at or near %q", word).At(0)
}

// testStmt is a prepared statement: a list of expressions, or a verb.
type testStmt struct {
	src     server.Source
	kind    server.Kind
	verb    string
	exprs   []string
	columns []server.Column
	params  []uint32
}

func (p *testStmt) Kind() server.Kind        { return p.kind }
func (p *testStmt) ParamTypes() []uint32     { return p.params }
func (p *testStmt) Columns() []server.Column { return p.columns }
func (p *testStmt) Source() server.Source    { return p.src }

func (s *testSession) inFailed() error {
	return sqlerr.New(sqlerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

func (s *testSession) Prepare(_ context.Context, src server.Source, types []uint32) (server.Prepared, error) {
	text := strings.TrimSpace(src.Text)
	p := &testStmt{src: src}
	if text == "" {
		p.kind = server.KindEmpty
		return p, nil
	}
	if err := checkSyntax(text); err != nil {
		return nil, err
	}
	lower := strings.ToLower(text)
	p.verb, _, _ = strings.Cut(lower, " ")
	if s.status == server.TxFailed && p.verb != "rollback" && p.verb != "commit" {
		return nil, s.inFailed()
	}
	switch {
	case p.verb == "select":
		p.kind = server.KindRows
		p.exprs = strings.Split(reSelect.FindStringSubmatch(text)[1], ", ")
		for _, x := range p.exprs {
			if err := p.addColumn(x); err != nil {
				return nil, err
			}
			if types == nil && len(p.params) > 0 {
				return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $1").At(strings.Index(src.Text, "$1"))
			}
		}
	case strings.HasPrefix(lower, "copy t from stdin"):
		p.kind = server.KindCopyIn
	case strings.HasPrefix(lower, "copy (select * from t order by a) to stdout"):
		p.kind = server.KindCopyOut
	}
	return p, nil
}

func (p *testStmt) addColumn(x string) error {
	name, kind := "?column?", value.Int4
	switch {
	case reSeries.MatchString(x):
		name = "generate_series"
	case reSleep.MatchString(x):
		name, kind = "pg_sleep", value.Text
	case reString.MatchString(x), x == "null":
		kind = value.Text
	case reParam.MatchString(x):
		m := reParam.FindStringSubmatch(x)
		n, _ := strconv.Atoi(m[1])
		kind = map[string]value.Kind{"int4": value.Int4, "text": value.Text, "bytea": value.Bytea}[m[2]]
		name = m[2]
		for len(p.params) < n {
			p.params = append(p.params, 0)
		}
		p.params[n-1] = kind.OID()
	case x == "nosuch":
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", x).At(strings.Index(p.src.Text, x))
	}
	p.columns = append(p.columns, server.Column{Name: name, Type: value.Of(kind)})
	return nil
}

func (s *testSession) Bind(_ context.Context, p server.Prepared, args server.Args) (server.Portal, error) {
	stmt := p.(*testStmt)
	if s.status == server.TxFailed && stmt.verb != "rollback" && stmt.verb != "commit" {
		return nil, s.inFailed()
	}
	portal := &testPortal{s: s, stmt: stmt}
	for i := range args.Values {
		k, _ := value.KindOfOID(stmt.params[i])
		v, err := args.Decode(i, value.Of(k), value.DefaultStyle())
		if err != nil {
			return nil, err
		}
		portal.args = append(portal.args, v)
	}
	return portal, nil
}

func (s *testSession) EndImplicit(_ context.Context, failed bool) error {
	if failed && s.status == server.TxInBlock {
		s.status = server.TxFailed
	}
	return nil
}

// testPortal runs a statement; next is the row that comes next.
type testPortal struct {
	s    *testSession
	stmt *testStmt
	args []value.Value
	next int
}

func (p *testPortal) Columns() []server.Column { return p.stmt.columns }
func (p *testPortal) TextStyle() *value.Style  { return value.DefaultStyle() }
func (p *testPortal) Close()                   {}

func (p *testPortal) Run(ctx context.Context, sink server.Sink, maxRows int) (server.Result, error) {
	s := p.s
	switch p.stmt.verb {
	case "":
		return server.Result{Empty: true}, nil
	case "begin":
		if s.status != server.TxIdle {
			s.cfg.Notice("WARNING", sqlerr.New(sqlerr.ActiveSQLTransaction, "there is already a transaction in progress"))
		} else {
			s.status = server.TxInBlock
		}
		return server.Result{Tag: "BEGIN"}, nil
	case "commit", "rollback":
		tag := strings.ToUpper(p.stmt.verb)
		switch s.status {
		case server.TxIdle:
			s.cfg.Notice("WARNING", sqlerr.New(sqlerr.NoActiveSQLTransaction, "there is no transaction in progress"))
		case server.TxFailed:
			tag = "ROLLBACK"
		}
		s.status = server.TxIdle
		return server.Result{Tag: tag, TxEnded: true}, nil
	case "set":
		m := reSetApp.FindStringSubmatch(p.stmt.src.Text)
		s.cfg.ParameterStatus("application_name", m[1])
		return server.Result{Tag: "SET"}, nil
	case "deallocate":
		s.cfg.Statements.Clear()
		return server.Result{Tag: "DEALLOCATE ALL"}, nil
	case "drop":
		panic("a fault of the engine")
	case "copy":
		if p.stmt.kind == server.KindCopyIn {
			return p.copyIn(ctx, sink)
		}
		return p.copyOut(ctx, sink)
	}
	return p.runSelect(ctx, sink, maxRows)
}

// runSelect gives one row, or as many as a generate_series has.
func (p *testPortal) runSelect(ctx context.Context, sink server.Sink, maxRows int) (server.Result, error) {
	total := 1
	for _, x := range p.stmt.exprs {
		if m := reSeries.FindStringSubmatch(x); m != nil {
			total, _ = strconv.Atoi(m[1])
		}
		if reSleep.MatchString(x) {
			p.s.eng.sleeping <- struct{}{}
			<-ctx.Done()
			return server.Result{}, context.Cause(ctx)
		}
	}
	sent := 0
	for p.next < total && (maxRows == 0 || sent < maxRows) {
		n := min(column.BatchRows, total-p.next)
		if maxRows > 0 {
			n = min(n, maxRows-sent)
		}
		if err := ctx.Err(); err != nil {
			return server.Result{}, err
		}
		b, err := p.batch(n)
		if err != nil {
			return server.Result{}, err
		}
		if err := sink.Rows(b, 0, n); err != nil {
			return server.Result{}, err
		}
		p.next += n
		sent += n
	}
	// As PostgreSQL: a portal that gave as many rows as were asked for is suspended, without
	// a look whether there are more.
	if maxRows > 0 && sent == maxRows {
		return server.Result{Suspended: true}, nil
	}
	return server.Result{Tag: fmt.Sprintf("SELECT %d", sent)}, nil
}

func (p *testPortal) batch(n int) (*column.Batch, error) {
	b := &column.Batch{N: n, Vecs: make([]column.Vec, len(p.stmt.exprs))}
	for c, x := range p.stmt.exprs {
		v := &b.Vecs[c]
		v.Kind = p.stmt.columns[c].Type.Kind
		for i := range n {
			var val value.Value
			switch {
			case reSeries.MatchString(x):
				val = value.NewInt(value.Int4, int64(p.next+i+1))
			case reString.MatchString(x):
				val = value.NewText(reString.FindStringSubmatch(x)[1])
			case reParam.MatchString(x):
				k, _ := strconv.Atoi(reParam.FindStringSubmatch(x)[1])
				val = p.args[k-1]
			case x == "null":
				val = value.Null(value.Text)
			default:
				k, err := strconv.ParseInt(x, 10, 64)
				if err != nil {
					return nil, fmt.Errorf("test engine: no such expression: %q", x)
				}
				val = value.NewInt(value.Int4, k)
			}
			appendTo(v, val)
		}
	}
	return b, nil
}

// appendTo adds a value to a vec.
func appendTo(v *column.Vec, x value.Value) {
	v.Nulls = append(v.Nulls, x.IsNull())
	switch v.Kind.Rep() {
	case value.RepInt:
		v.I = append(v.I, x.Int())
	default:
		v.S = append(v.S, x.Bytes())
	}
}

func (p *testPortal) copyIn(_ context.Context, sink server.Sink) (server.Result, error) {
	r, err := sink.CopyIn(server.CopyHeader{Columns: 2})
	if err != nil {
		return server.Result{}, err
	}
	var rows []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		line := lines.Text()
		if line == `\.` {
			break
		}
		where := fmt.Sprintf("COPY t, line %d", len(rows)+1)
		first, _, ok := strings.Cut(line, "\t")
		if _, err := strconv.Atoi(first); err != nil {
			return server.Result{}, sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type integer: %q", first).
				WithWhere("%s, column a: %q", where, first)
		}
		if !ok {
			return server.Result{}, sqlerr.New(sqlerr.BadCopyFileFormat, "missing data for column \"b\"").
				WithWhere("%s: %q", where, line)
		}
		rows = append(rows, line)
	}
	if err := lines.Err(); err != nil {
		if e := sqlerr.As(err); e != nil {
			err = e.WithWhere("COPY t, line %d", len(rows)+1)
		}
		return server.Result{}, err
	}
	p.s.eng.mu.Lock()
	defer p.s.eng.mu.Unlock()
	p.s.eng.rows = append(p.s.eng.rows, rows...)
	return server.Result{Tag: fmt.Sprintf("COPY %d", len(rows))}, nil
}

func (p *testPortal) copyOut(_ context.Context, sink server.Sink) (server.Result, error) {
	w, err := sink.CopyOut(server.CopyHeader{Columns: 2})
	if err != nil {
		return server.Result{}, err
	}
	p.s.eng.mu.Lock()
	defer p.s.eng.mu.Unlock()
	for _, row := range p.s.eng.rows {
		if _, err := io.WriteString(w, row+"\n"); err != nil {
			return server.Result{}, err
		}
	}
	return server.Result{Tag: fmt.Sprintf("COPY %d", len(p.s.eng.rows))}, nil
}
