package differential

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/jackc/pgx/v5/pgconn"
)

// statementTimeout is set on both sides.
const statementTimeout = 10 * time.Second

// target is one of the two engines.
type target struct {
	dsn    string
	conn   *pgconn.PgConn
	node   *node.Node // nil for PostgreSQL
	config node.Config
	log    stackLog // of the node
}

// newCachalot is an engine of its own, in memory, empty.
func newCachalot(t testing.TB) *target {
	t.Helper()
	c := &target{}
	if err := c.reset(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

// newPostgres is a connection to PostgreSQL; reset drops its public schema.
func newPostgres(t testing.TB, dsn string) *target {
	t.Helper()
	c := &target{dsn: dsn}
	if err := c.reset(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

func (c *target) stop() {
	if c.conn != nil {
		_ = c.conn.Close(context.Background()) // nothing is lost with it
	}
	if c.node != nil {
		_ = c.node.Stop(context.Background()) // the same
	}
	c.conn = nil
}

// reset empties the engine, and connects again if the connection was lost.
func (c *target) reset() error {
	if c.dsn == "" || c.node != nil {
		c.stop()
		cfg := c.config
		cfg.Logger = slog.New(&c.log)
		n, err := node.Start(context.Background(), cfg)
		if err != nil {
			return err
		}
		c.node, c.dsn = n, n.DSN()
	}
	if err := c.connect(); err != nil {
		return err
	}
	if c.node != nil {
		return nil
	}
	return c.run("drop schema public cascade; create schema public").failure()
}

// connect connects if there is no connection.
func (c *target) connect() error {
	if c.conn != nil && !c.conn.IsClosed() {
		return nil
	}
	cfg, err := pgconn.ParseConfig(c.dsn)
	if err != nil {
		return err
	}
	cfg.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
	if c.conn, err = pgconn.ConnectConfig(context.Background(), cfg); err != nil {
		return err
	}
	return c.run(fmt.Sprintf("set statement_timeout = %d; set extra_float_digits = 1", statementTimeout.Milliseconds())).failure()
}

// answer is what a statement gave: rows of text with NULL as a nil, or an error.
type answer struct {
	names []string
	oids  []uint32
	rows  [][]*string
	tag   string
	code  string // SQLSTATE
	text  string // of the error
}

func (a *answer) failure() error {
	if a.code == "" {
		return nil
	}
	return fmt.Errorf("%s: %s", a.code, a.text)
}

// codeLost is the code of a connection that was lost.
const codeLost = "lost"

// run sends a text as a simple Query; the answer is that of its last statement.
func (c *target) run(sql string) *answer {
	if c.conn == nil || c.conn.IsClosed() {
		if err := c.connect(); err != nil {
			return &answer{code: codeLost, text: err.Error()}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*statementTimeout)
	defer cancel()
	a := &answer{}
	results := c.conn.Exec(ctx, sql)
	for results.NextResult() {
		a = read(results.ResultReader())
	}
	if err := results.Close(); err != nil {
		a = failed(err)
	}
	if strings.HasPrefix(a.code, "XX") {
		a.text += c.log.last()
	}
	return a
}

// runExtended sends one statement through Parse, Bind and Execute.
func (c *target) runExtended(sql string) *answer {
	if c.conn == nil || c.conn.IsClosed() {
		return c.run(sql)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*statementTimeout)
	defer cancel()
	return read(c.conn.ExecParams(ctx, sql, nil, nil, nil, nil))
}

func read(r *pgconn.ResultReader) *answer {
	a := &answer{}
	for _, f := range r.FieldDescriptions() {
		a.names, a.oids = append(a.names, f.Name), append(a.oids, f.DataTypeOID)
	}
	for r.NextRow() {
		row := make([]*string, len(r.Values()))
		for i, v := range r.Values() {
			if v != nil {
				s := string(v)
				row[i] = &s
			}
		}
		a.rows = append(a.rows, row)
	}
	tag, err := r.Close()
	if err != nil {
		return failed(err)
	}
	a.tag = tag.String()
	return a
}

func failed(err error) *answer {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return &answer{code: pe.Code, text: pe.Message}
	}
	return &answer{code: codeLost, text: err.Error()}
}

// String shows an answer, at most 30 rows of it.
func (a *answer) String() string {
	if a.code != "" {
		return "ERROR " + a.code + ": " + a.text
	}
	var b strings.Builder
	for i := range a.names {
		fmt.Fprintf(&b, "%s:%d ", a.names[i], a.oids[i])
	}
	fmt.Fprintf(&b, "(%s)", a.tag)
	for i, row := range a.rows {
		if i == 30 {
			fmt.Fprintf(&b, "\n    ... %d rows", len(a.rows))
			break
		}
		b.WriteString("\n    " + line(row))
	}
	return b.String()
}

func line(row []*string) string {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = "NULL"
		if v != nil {
			cells[i] = *v
		}
	}
	return strings.Join(cells, "|")
}
