package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/test/harness"
)

// TestNotify: LISTEN and NOTIFY between clients, also to one that is idle, one in a transaction, and the sender.
func TestNotify(t *testing.T) {
	node := harness.Start(t, "")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	connect := func() *pgx.Conn {
		c, err := pgx.Connect(ctx, node.DSN())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(context.Background()) })
		return c
	}
	exec := func(c *pgx.Conn, sql string) {
		t.Helper()
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	listener, sender := connect(), connect()
	expect := func(c *pgx.Conn, channel, payload string) {
		t.Helper()
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n.Channel != channel || n.Payload != payload || n.PID != sender.PgConn().PID() {
			t.Errorf("got %+v, want %s %q of %d", n, channel, payload, sender.PgConn().PID())
		}
	}
	exec(listener, `LISTEN news; LISTEN "Other"`)
	exec(sender, "NOTIFY news, 'first'") // the listener is idle
	expect(listener, "news", "first")
	exec(sender, `BEGIN; NOTIFY news, 'a'; NOTIFY news, 'a'; NOTIFY "Other"; SAVEPOINT s; NOTIFY news, 'lost'; ROLLBACK TO s; COMMIT`)
	expect(listener, "news", "a")
	expect(listener, "Other", "")
	exec(sender, "BEGIN; NOTIFY news, 'never'; ROLLBACK")
	exec(listener, "BEGIN")
	exec(sender, "SELECT pg_notify('news', 'later')")
	exec(listener, "COMMIT") // told only now
	expect(listener, "news", "later")
	exec(sender, "LISTEN news")
	exec(sender, "NOTIFY news, 'self'")
	expect(sender, "news", "self")
	expect(listener, "news", "self")
	exec(listener, "UNLISTEN *")
	exec(sender, "NOTIFY news, 'gone'")
	expect(sender, "news", "gone")
	var n int
	if err := listener.QueryRow(ctx, "SELECT count(*) FROM pg_listening_channels()").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d channels, %v", n, err)
	}
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if n, err := listener.WaitForNotification(short); err == nil {
		t.Errorf("the listener got %+v after UNLISTEN", n)
	}
}
