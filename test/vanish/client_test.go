package vanish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// dialer connects to a server.
type dialer struct {
	dsn  string
	dial pgconn.DialFunc // nil: the usual one
}

// session opens a session that behaves.
func (d dialer) session(ctx context.Context) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(d.dsn)
	if err != nil {
		return nil, err
	}
	if d.dial != nil {
		cfg.DialFunc = d.dial
	}
	return pgconn.ConnectConfig(ctx, cfg)
}

// run runs statements and returns the first field of the last row.
func run(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", fmt.Errorf("%s: %w", sql, err)
	}
	last := ""
	for _, r := range results {
		for _, row := range r.Rows {
			last = string(row[0])
		}
	}
	return last, nil
}

// client is one that will vanish.
type client struct {
	pid  uint32
	conn net.Conn
	fe   *pgproto3.Frontend
}

// vanisher opens a session, runs queries in it and then takes it out of the driver's hands.
func (d dialer) vanisher(ctx context.Context, queries ...string) (*client, error) {
	conn, err := d.session(ctx)
	if err != nil {
		return nil, err
	}
	for _, sql := range queries {
		if _, err := run(ctx, conn, sql); err != nil {
			conn.Close(ctx) //nolint:errcheck // the first error counts
			return nil, err
		}
	}
	h, err := conn.Hijack()
	if err != nil {
		return nil, err
	}
	return &client{pid: h.PID, conn: h.Conn, fe: h.Frontend}, nil
}

// send sends messages.
func (c *client) send(messages ...pgproto3.FrontendMessage) error {
	for _, m := range messages {
		c.fe.Send(m)
	}
	return c.fe.Flush()
}

// await reads until a message of a type has come.
func await[T pgproto3.BackendMessage](c *client) error {
	for {
		m, err := c.fe.Receive()
		if err != nil {
			return err
		}
		if e, ok := m.(*pgproto3.ErrorResponse); ok {
			return errors.New(e.Message)
		}
		if _, ok := m.(T); ok {
			return nil
		}
	}
}

// leave closes the connection, with a reset if it is TCP and one is wanted. What was received and not read makes
// the system send a reset anyway.
func (c *client) leave(reset bool) {
	if tcp, ok := c.conn.(*net.TCPConn); ok && reset {
		tcp.SetLinger(0) //nolint:errcheck // it makes the test weaker, no more
	}
	c.conn.Close()
}

// mustExec is run for what cannot fail.
func mustExec(t testing.TB, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := run(ctx, conn, sql)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
