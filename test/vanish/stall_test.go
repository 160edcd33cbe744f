package vanish

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/cachalotdb/cachalot/internal/node"
)

// waitsForClient says whether a session in the scene waits for its client, whom idle_in_transaction_session_timeout
// then gives so long.
func (s scene) waitsForClient() bool {
	return s.event == "ClientRead" || s.event == "ClientWrite" || s.name == "before the Sync" || s.name == "with a suspended portal"
}

// TestClientsThatStall are there and do nothing: they hold others up until idle_in_transaction_session_timeout, and
// not for less, whatever they were in the middle of.
func TestClientsThatStall(t *testing.T) {
	const limit = 300 * time.Millisecond
	n := start(t, node.Config{})
	d := dialer{dsn: n.DSN()}
	for key, s := range scenes {
		if !s.waitsForClient() {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			waited := stall(t, d, s, key, "SET idle_in_transaction_session_timeout = '300ms'")
			if waited > limit+atOnce {
				t.Errorf("the rival waited %v", waited)
			}
		})
	}
}

// stall brings a client into a scene, leaves it there, and returns how long a rival had to wait from when
// the client did the last thing.
func stall(t *testing.T, d dialer, s scene, key int, prelude string) time.Duration {
	t.Helper()
	r, err := newRival(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close(context.Background())
	if err := r.hold(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	c, err := s.play(t.Context(), d, prelude, key)
	if err != nil {
		t.Fatal(err)
	}
	defer c.leave(true)
	begun := time.Now()
	if err := r.take(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	return time.Since(begun)
}

// TestASlowClientIsNotOneThatStalls reads a result for longer than idle_in_transaction_session_timeout, never stopping for
// so long.
func TestASlowClientIsNotOneThatStalls(t *testing.T) {
	n := start(t, node.Config{})
	d := dialer{dsn: n.DSN()}
	c, err := d.vanisher(t.Context(), "SET idle_in_transaction_session_timeout = '500ms'", "BEGIN")
	if err != nil {
		t.Fatal(err)
	}
	defer c.leave(false)
	if err := c.send(&pgproto3.Query{String: "SELECT repeat('x', 1000) FROM generate_series(1, 60000)"}); err != nil {
		t.Fatal(err)
	}
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for rows := 0; ; {
		m, err := c.fe.Receive()
		if err != nil {
			t.Fatalf("after %d rows: %v", rows, err)
		}
		switch m := m.(type) {
		case *pgproto3.DataRow:
			if rows++; rows%500 == 0 {
				<-pause.C // 1.2 s in all
			}
		case *pgproto3.CommandComplete:
			if rows != 60000 {
				t.Errorf("%d rows", rows)
			}
			return
		case *pgproto3.ErrorResponse:
			t.Fatalf("after %d rows: %s", rows, m.Message)
		}
	}
}
