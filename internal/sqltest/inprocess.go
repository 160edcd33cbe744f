package sqltest

import (
	"context"
	"io"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/server"
)

// InProcess runs blocks in sessions of an engine of this process.
type InProcess struct {
	engine   server.Engine
	sessions map[string]server.Session
	out      *output // of the block that runs
}

// NewInProcess returns a runner. Close ends its sessions.
func NewInProcess(e server.Engine) *InProcess {
	return &InProcess{engine: e, sessions: map[string]server.Session{}}
}

// Close implements Runner.
func (r *InProcess) Close() {
	for _, s := range r.sessions {
		s.Close()
	}
}

func (r *InProcess) session(name string) (server.Session, error) {
	if s, ok := r.sessions[name]; ok {
		return s, nil
	}
	s, err := r.engine.NewSession(context.Background(), server.SessionConfig{
		User: "cachalot", Database: "cachalot", ProcessID: 4711, Statements: new(server.Statements),
		Notice: func(severity string, n *sqlerr.Error) { r.out.message(severity, n) },
	})
	r.sessions[name] = s
	return s, err
}

// Run implements Runner: it does what the server does for a simple Query.
func (r *InProcess) Run(b *Block) string {
	ctx := context.Background()
	r.out = &output{block: b}
	s, err := r.session(b.Session)
	if err == nil {
		err = r.run(ctx, s, b.SQL)
	}
	if err != nil {
		r.out.message("ERROR", asError(err))
		_ = s.EndImplicit(ctx, true) // the statement's error has been shown
	}
	return r.out.text.String()
}

func asError(err error) *sqlerr.Error {
	if e := sqlerr.As(err); e != nil {
		return e
	}
	return sqlerr.New(sqlerr.InternalError, "%s", err.Error())
}

func (r *InProcess) run(ctx context.Context, s server.Session, sql string) error {
	// The data of a COPY FROM STDIN follows its statement.
	sql, data, _ := strings.Cut(sql, "\n<<<\n")
	sources, err := s.Split(sql)
	if err != nil {
		return err
	}
	for i, src := range sources {
		if err := r.statement(ctx, s, src, data, i == len(sources)-1); err != nil {
			return shifted(err, src.Offset)
		}
	}
	return nil
}

// shifted moves an error's position from its statement to the block.
func shifted(err error, offset int) error {
	e := sqlerr.As(err)
	if e == nil || e.Pos == 0 {
		return err
	}
	c := *e
	c.Pos += offset
	return &c
}

func (r *InProcess) statement(ctx context.Context, s server.Session, src server.Source, data string, last bool) error {
	p, err := s.Prepare(ctx, src, nil)
	if err != nil {
		return err
	}
	portal, err := s.Bind(ctx, p, server.Args{})
	if err != nil {
		return err
	}
	defer portal.Close()
	if cols := portal.Columns(); cols != nil {
		names, types := make([]string, len(cols)), make([]string, len(cols))
		for i, c := range cols {
			names[i], types[i] = c.Name, value.FormatType(c.Type)
		}
		r.out.columns(names, types)
	}
	res, err := portal.Run(ctx, &sink{out: r.out, portal: portal, data: data}, 0)
	if err != nil {
		return err
	}
	portal.Close()
	if last {
		if err := s.EndImplicit(ctx, false); err != nil {
			return err
		}
	}
	r.out.tag(res.Tag)
	return nil
}

// sink prints rows.
type sink struct {
	out    *output
	portal server.Portal
	data   string
}

func (s *sink) Rows(b *column.Batch, from, to int) error {
	style := s.portal.TextStyle()
	for i := from; i < to; i++ {
		cells := make([]string, len(b.Vecs))
		for c := range b.Vecs {
			cells[c] = "NULL"
			if v := b.Vecs[c].Value(i); !v.IsNull() {
				cells[c] = cell(string(value.AppendText(nil, v, style)))
			}
		}
		s.out.row(cells)
	}
	return nil
}

func (s *sink) CopyIn(server.CopyHeader) (io.Reader, error) { return strings.NewReader(s.data), nil }

func (s *sink) CopyOut(server.CopyHeader) (io.Writer, error) { return copyLines{s.out}, nil }

// copyLines prints each CopyData message as rows.
type copyLines struct{ out *output }

func (w copyLines) Write(b []byte) (int, error) {
	w.out.rows = append(w.out.rows, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	return len(b), nil
}
