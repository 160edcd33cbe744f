package sessions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if oracle.server != nil {
		oracle.server.Stop()
	}
	os.Exit(code)
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var oracle struct {
	once   sync.Once
	server *pgoracle.Server
	err    error
}

// stage is a server on which scenes are played.
type stage struct {
	t   *testing.T
	dsn string
}

// onBoth plays a scene on a node of ours and on PostgreSQL, and compares what it reports, line by line.
func onBoth(t *testing.T, play func(s *stage, see func(format string, args ...any))) {
	t.Helper()
	record := func(t *testing.T, dsn string) string {
		var seen strings.Builder
		play(&stage{t, dsn}, func(format string, args ...any) { fmt.Fprintf(&seen, format+"\n", args...) })
		return seen.String()
	}
	var ours, theirs string
	t.Run("Cachalot", func(t *testing.T) {
		n, err := node.Start(t.Context(), node.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if locks := n.DB().Locks(); len(locks) > 0 {
				t.Logf("locks at the end, of sessions that are still open: %v", locks)
			}
			if err := n.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		ours = record(t, n.DSN())
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		oracle.once.Do(func() { oracle.server, oracle.err = pgoracle.Start("fsync=off") })
		if errors.Is(oracle.err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
			t.Skip("SKIPPED FOR WANT OF PostgreSQL 15: install postgresql-15, or set PG15_BIN to where its initdb is")
		}
		if oracle.err != nil {
			t.Fatal(oracle.err)
		}
		theirs = record(t, oracle.server.DSN())
		if d := cmp.Diff(strings.Split(theirs, "\n"), strings.Split(ours, "\n")); d != "" && !t.Failed() {
			t.Errorf("(-PostgreSQL +ours)\n%s", d)
		}
	})
}

// actor is a session of a scene.
type actor struct {
	s    *stage
	conn *pgconn.PgConn
	pid  uint32

	notices []string
	answer  chan string // of the statement sent by start
}

// enter opens a session. options are settings of its start.
func (s *stage) enter(options ...string) *actor {
	s.t.Helper()
	cfg, err := pgconn.ParseConfig(s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &actor{s: s}
	for i := 0; i < len(options); i += 2 {
		cfg.RuntimeParams[options[i]] = options[i+1]
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		a.notices = append(a.notices, fmt.Sprintf("%s %s %s", n.Severity, n.Code, n.Message))
	}
	if a.conn, err = pgconn.ConnectConfig(s.t.Context(), cfg); err != nil {
		s.t.Fatal(err)
	}
	a.pid = a.conn.PID()
	s.t.Cleanup(func() { a.leave() })
	return a
}

// leave closes the session and waits until the server has closed it too.
func (a *actor) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a.conn.Close(ctx) //nolint:errcheck // it may be closed already
}

// do runs a query and returns its notices and rows, or its error, as text.
func (a *actor) do(sql string, args ...any) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return a.run(ctx, fmt.Sprintf(sql, args...))
}

func (a *actor) run(ctx context.Context, sql string) string {
	a.notices = nil
	results, err := a.conn.Exec(ctx, sql).ReadAll()
	var lines []string
	for _, r := range results {
		for _, row := range r.Rows {
			var fields []string
			for _, f := range row {
				if f == nil {
					fields = append(fields, "NULL")
				} else {
					fields = append(fields, string(f))
				}
			}
			lines = append(lines, strings.Join(fields, "|"))
		}
	}
	lines = append(a.notices, lines...)
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e):
		lines = append(lines, fmt.Sprintf("%s %s %s", e.Severity, e.Code, e.Message))
	case err != nil:
		lines = append(lines, "ERROR "+err.Error())
	}
	return strings.Join(lines, "\n")
}

// must is do for what cannot fail.
func (a *actor) must(sql string, args ...any) {
	a.s.t.Helper()
	if got := a.do(sql, args...); strings.Contains(got, "ERROR") {
		a.s.t.Fatalf("%s: %s", sql, got)
	}
}

// start sends a query whose answer await returns.
func (a *actor) start(sql string, args ...any) {
	a.answer = make(chan string, 1)
	go func() { a.answer <- a.do(sql, args...) }()
}

func (a *actor) await() string {
	a.s.t.Helper()
	select {
	case s := <-a.answer:
		return s
	case <-time.After(patience):
		a.s.t.Fatal("no answer")
		return ""
	}
}

// until asks again and again until the answer is want.
func (a *actor) until(want, sql string, args ...any) {
	a.s.t.Helper()
	var got string
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if got = a.do(sql, args...); got == want {
			return
		}
	}
	a.s.t.Fatalf("%s\nis %q, not %q", fmt.Sprintf(sql, args...), got, want)
}

// farewell returns the last word of a server that closes the session by itself.
func (a *actor) farewell() string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		_, err := a.conn.ReceiveMessage(ctx)
		var e *pgconn.PgError
		if errors.As(err, &e) {
			return fmt.Sprintf("%s %s %s", e.Severity, e.Code, e.Message)
		}
		if err != nil {
			return err.Error()
		}
	}
}
