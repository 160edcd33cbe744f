package slt

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
	"github.com/jackc/pgx/v5/pgconn"
)

// patience is how long one statement may take before it counts as failed.
const patience = time.Minute

// engine plays statements to a database that was empty when it was opened.
type engine interface {
	run(sql string) result
	close() error
}

// inProcess is an engine in this process, in memory.
type inProcess struct {
	db      *store.DB
	session server.Session
}

func openInProcess() (engine, error) {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{})
	if err != nil {
		return nil, err
	}
	s, err := query.New(db, query.Config{}).NewSession(ctx, server.SessionConfig{
		User: "cachalot", Database: "cachalot", Statements: new(server.Statements),
		Notice: func(string, *sqlerr.Error) {},
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &inProcess{db: db, session: s}, nil
}

func (e *inProcess) close() error {
	e.session.Close()
	return e.db.Close()
}

func (e *inProcess) run(sql string) (res result) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.query(ctx, sql, &res); err != nil {
		_ = e.session.EndImplicit(ctx, true) // the statement's error is what counts
		return failed(err)
	}
	return res
}

func (e *inProcess) query(ctx context.Context, sql string, res *result) error {
	sources, err := e.session.Split(sql)
	if err != nil {
		return err
	}
	for _, src := range sources {
		p, err := e.session.Prepare(ctx, src, nil)
		if err != nil {
			return err
		}
		portal, err := e.session.Bind(ctx, p, server.Args{})
		if err != nil {
			return err
		}
		*res = result{columns: len(portal.Columns())}
		_, err = portal.Run(ctx, &sink{result: res, style: portal.TextStyle()}, 0)
		portal.Close()
		if err != nil {
			return err
		}
	}
	return e.session.EndImplicit(ctx, false)
}

// failed is the result of a statement that ended in an error.
func failed(err error) result {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return result{code: pe.Code, message: pe.Message}
	}
	if e := sqlerr.As(err); e != nil {
		return result{code: e.Code, message: e.Message}
	}
	return result{code: sqlerr.InternalError, message: err.Error()}
}

// sink collects rows as text.
type sink struct {
	result *result
	style  *value.Style
}

func (s *sink) Rows(b *column.Batch, from, to int) error {
	for i := from; i < to; i++ {
		row := make([]*string, len(b.Vecs))
		for c := range b.Vecs {
			if v := b.Vecs[c].Value(i); !v.IsNull() {
				text := string(value.AppendText(nil, v, s.style))
				row[c] = &text
			}
		}
		s.result.rows = append(s.result.rows, row)
	}
	return nil
}

func (s *sink) CopyIn(server.CopyHeader) (io.Reader, error) { return nil, errNoCopy }

func (s *sink) CopyOut(server.CopyHeader) (io.Writer, error) { return nil, errNoCopy }

var errNoCopy = errors.New("the scripts have no COPY")

// wire is an engine behind the Postgres wire.
type wire struct {
	conn *pgconn.PgConn
	node *node.Node // nil when it is somebody else's server
}

// openNode starts a node in memory and connects to it.
func openNode() (engine, error) {
	n, err := node.Start(context.Background(), node.Config{})
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.Connect(context.Background(), n.DSN())
	return &wire{conn: conn, node: n}, err
}

// openPostgres connects to a PostgreSQL whose public schema it empties.
func openPostgres(dsn string) (engine, error) {
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		return nil, err
	}
	e := &wire{conn: conn}
	if res := e.run("set client_min_messages = error; drop schema public cascade; create schema public"); res.code != "" {
		return nil, errors.New(res.message)
	}
	return e, nil
}

func (e *wire) close() error {
	err := e.conn.Close(context.Background())
	if e.node != nil {
		err = errors.Join(err, e.node.Stop(context.Background()))
	}
	return err
}

func (e *wire) run(sql string) (res result) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	results := e.conn.Exec(ctx, sql)
	for results.NextResult() {
		r := results.ResultReader()
		res = result{columns: len(r.FieldDescriptions())}
		for r.NextRow() {
			res.rows = append(res.rows, texts(r.Values()))
		}
		if _, err := r.Close(); err != nil {
			break // Close returns it again
		}
	}
	if err := results.Close(); err != nil {
		return failed(err)
	}
	return res
}

// texts copies a row.
func texts(row [][]byte) []*string {
	out := make([]*string, len(row))
	for c, v := range row {
		if v != nil {
			text := string(v)
			out[c] = &text
		}
	}
	return out
}
