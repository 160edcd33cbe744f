package isolation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if postgres.server != nil {
		postgres.server.Stop()
	}
	os.Exit(code)
}

// postgres is the one PostgreSQL of the process, with a connection that watches the sessions.
var postgres struct {
	once    sync.Once
	server  *pgoracle.Server
	monitor *pgx.Conn
	err     error
}

// startPostgres returns PostgreSQL 15, or skips the test where there is none.
func startPostgres(t *testing.T) *target {
	t.Helper()
	p := &postgres
	p.once.Do(func() {
		if p.server, p.err = pgoracle.Start("fsync=off", "max_prepared_transactions=8"); p.err == nil {
			p.monitor, p.err = pgx.Connect(context.Background(), p.server.DSN())
		}
	})
	if errors.Is(p.err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED FOR WANT OF PostgreSQL 15: install postgresql-15, or set PG15_BIN to where its initdb is")
	}
	if p.err != nil {
		t.Fatal(p.err)
	}
	return &target{name: "PostgreSQL", dsn: p.server.DSN(), blocking: postgresBlocking, parameters: deadlockTimeout}
}

// deadlockTimeout makes the victim of a deadlock the one that the script says: who looks for circles is
// who has waited that long, once, and ours is found by who closes it.
func deadlockTimeout(r run, session string) map[string]string {
	switch r.victim {
	case "":
		return nil
	case session:
		return map[string]string{"deadlock_timeout": "10ms"}
	}
	return map[string]string{"deadlock_timeout": "10min"}
}

const blockingQuery = `SELECT pid, pg_blocking_pids(pid) || pg_safe_snapshot_blocking_pids(pid) FROM unnest($1::int[]) pid`

func postgresBlocking(ctx context.Context, pids []uint32) (map[uint32][]int32, error) {
	by := map[uint32][]int32{}
	rows, err := postgres.monitor.Query(ctx, blockingQuery, pids)
	if err != nil {
		return nil, err
	}
	var pid uint32
	var blockers []int32
	_, err = pgx.ForEachRow(rows, []any{&pid, (*pgtype.FlatArray[int32])(&blockers)}, func() error {
		by[pid] = slices.Clone(blockers)
		return nil
	})
	return by, err
}

// emptyPostgres removes what earlier runs left.
func emptyPostgres(t *testing.T) {
	t.Helper()
	rows, err := postgres.monitor.Query(t.Context(), "SELECT gid FROM pg_prepared_xacts")
	if err != nil {
		t.Fatal(err)
	}
	gids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, gid := range gids {
		_, e := postgres.monitor.Exec(t.Context(), fmt.Sprintf("ROLLBACK PREPARED '%s'", gid))
		err = errors.Join(err, e)
	}
	_, e := postgres.monitor.Exec(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	if err = errors.Join(err, e); err != nil {
		t.Fatal(err)
	}
}

// startNode returns a node of ours.
func startNode(t *testing.T) *target {
	t.Helper()
	n, err := node.Start(t.Context(), node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // sessions that still wait have failed the test
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return &target{
		name: "Cachalot", dsn: n.DSN(),
		blocking:   func(_ context.Context, pids []uint32) (map[uint32][]int32, error) { return nodeBlocking(n, pids), nil },
		parameters: func(run, string) map[string]string { return nil },
	}
}

func connect(t testing.TB, tg *target) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), tg.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// prepare makes a run's tables.
func prepare(t testing.TB, tg *target, r run) {
	t.Helper()
	conn := connect(t, tg)
	for _, sql := range r.setup {
		sql = r.text(sql, nil)
		if a := query(t.Context(), conn, sql); a.code != "" {
			t.Fatalf("%s: %s: %s", tg.name, sql, a.text)
		}
	}
	conn.Close(t.Context())
}

var created = regexp.MustCompile(`CREATE TABLE (\w+)`)

// tables returns what the tables of a run hold.
func tables(t testing.TB, tg *target, r run) string {
	t.Helper()
	conn := connect(t, tg)
	defer conn.Close(t.Context())
	var statements []string
	statements = append(statements, r.setup...)
	for _, st := range r.steps {
		statements = append(statements, r.text(st.sql, nil))
	}
	var b strings.Builder
	seen := map[string]bool{}
	for _, m := range created.FindAllStringSubmatch(strings.Join(statements, "\n"), -1) {
		if name := m[1]; !seen[name] {
			seen[name] = true
			fmt.Fprintf(&b, "table %s:\n%s", name, query(t.Context(), conn, "SELECT * FROM "+name).text)
		}
	}
	return b.String()
}
