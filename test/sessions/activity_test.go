package sessions

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestColumns compares the columns of the system relations.
func TestColumns(t *testing.T) {
	shown := map[string]string{ // what we show a type as
		"26": "20", "19": "25", "869": "25", "28": "25", // oid, name, inet, xid
		"24": "25",
	}
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a := s.enter()
		for _, relation := range []string{"pg_stat_activity", "pg_locks", "pg_prepared_xacts", "pg_catalog.pg_locks"} {
			d, err := a.conn.Prepare(t.Context(), "", "SELECT * FROM "+relation, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range d.Fields {
				typ := fmt.Sprint(f.DataTypeOID)
				if as, ok := shown[typ]; ok {
					typ = as
				}
				see("%s.%s %s", relation, f.Name, typ)
			}
		}
	})
}

const stateQuery = `SELECT application_name, datname = current_database(), usename = current_user, client_addr, client_port > 1023,
	state, CASE WHEN state = 'active' THEN wait_event_type END, CASE WHEN state = 'active' THEN wait_event END, backend_type, query,
	xact_start IS NULL, query_start >= backend_start, state_change >= query_start, leader_pid, client_hostname, query_id
	FROM pg_stat_activity WHERE pid = %d`

// TestStates looks at a session in each of its states.
func TestStates(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, watch := s.enter("application_name", "actor"), s.enter()
		look := func() { see("%s", watch.do(stateQuery, a.pid)) }
		a.do("SELECT 1 AS one")
		look()
		a.do("BEGIN")
		look()
		a.do("SELECT now()")
		see("xact_start is now() of the block: %v",
			watch.do("SELECT xact_start FROM pg_stat_activity WHERE pid = %d", a.pid) == a.do("SELECT now()"))
		a.do("SELECT 1/0")
		look()
		a.do("ROLLBACK; SET application_name = 'another name'")
		look()
		a.do("this is no SQL")
		look()
		a.do("SELECT '%s'", fmt.Sprintf("%01014d", 0)+"äöü")
		look()
		a.start("SELECT pg_sleep(1000)")
		watch.until("PgSleep", "SELECT wait_event FROM pg_stat_activity WHERE pid = %d", a.pid)
		look()
		see("%s", watch.do("SELECT pg_cancel_backend(%d)", a.pid))
		see("%s", a.await())
		watch.until("Client|ClientRead", "SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE pid = %d", a.pid)
		see("own: %s", watch.do("SELECT state, query, wait_event FROM pg_stat_activity WHERE pid = pg_backend_pid()"))
		// A session of the test before may not have gone yet.
		watch.until("2", "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
		see("all: %s", watch.do("SELECT count(*), count(DISTINCT pid), min(state), max(backend_type) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'"))
		see("ordered: %s", watch.do("SELECT application_name FROM pg_stat_activity s WHERE s.state IS NOT NULL ORDER BY s.application_name DESC LIMIT 1"))
	})
}

// TestCopyStates looks at sessions that wait for their clients within a statement.
func TestCopyStates(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, watch := s.enter(), s.enter()
		a.do("DROP TABLE IF EXISTS copied")
		a.do("CREATE TABLE copied (a text)")
		feed := &feeder{asked: make(chan struct{}), end: make(chan struct{})}
		done := make(chan error)
		go func() {
			_, err := a.conn.CopyFrom(t.Context(), feed, "COPY copied FROM STDIN")
			done <- err
		}()
		<-feed.asked
		watch.until("active|Client|ClientRead|COPY copied FROM STDIN",
			"SELECT state, wait_event_type, wait_event, query FROM pg_stat_activity WHERE pid = %d", a.pid)
		close(feed.end)
		see("%v", <-done)
		a.do("DROP TABLE copied")
	})
}

// TestNoOtherCatalog makes sure that what is not there is not empty but an error.
func TestNoOtherCatalog(t *testing.T) {
	s := ours(t)
	a := s.enter()
	for _, name := range []string{"pg_class", "pg_catalog.pg_class", "public.pg_locks", "information_schema.tables"} {
		if got, want := a.do("SELECT * FROM %s", name), fmt.Sprintf(`ERROR 42P01 relation "%s" does not exist`, name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestPgCatalogComesBeforePublic: a table does not hide a system relation.
func TestPgCatalogComesBeforePublic(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a := s.enter()
		a.do("DROP TABLE IF EXISTS public.pg_prepared_xacts")
		a.must("CREATE TABLE pg_prepared_xacts (a int)")
		a.must("INSERT INTO public.pg_prepared_xacts VALUES (1)")
		see("%s", a.do("SELECT count(*) FROM pg_prepared_xacts"))
		see("%s", a.do("SELECT count(*) FROM public.pg_prepared_xacts"))
		a.must("DROP TABLE public.pg_prepared_xacts")
	})
}

// TestQueriesOfTheManual runs the queries of docs/operations.md.
func TestQueriesOfTheManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile(`(?m)^    SELECT [^;]*;`).FindAllString(string(text), -1)
	if len(queries) < 3 {
		t.Fatalf("%q", queries)
	}
	onBoth(t, func(s *stage, _ func(string, ...any)) {
		a, b, watch := s.enter("application_name", "idler"), s.enter(), s.enter()
		a.do("DROP TABLE IF EXISTS t")
		a.must("CREATE TABLE t (id int)")
		a.must("BEGIN; LOCK TABLE t")
		b.start("SELECT 1; LOCK TABLE t; INSERT INTO t VALUES (1)")
		watch.until("relation", "SELECT wait_event FROM pg_stat_activity WHERE pid = %d", b.pid)
		for _, q := range queries {
			q = strings.ReplaceAll(q, "17", fmt.Sprint(b.pid))
			if got := watch.do("%s", q); got == "" || strings.Contains(got, "ERROR") {
				s.t.Errorf("%s: %q", q, got)
			}
		}
		a.must("DROP TABLE t; COMMIT")
		b.await()
	})
}

// TestWhoWaitsForWhom looks at a queue.
func TestWhoWaitsForWhom(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, b, c, watch := s.enter(), s.enter(), s.enter(), s.enter()
		a.do("DROP TABLE IF EXISTS contended")
		a.do("CREATE TABLE contended (id int PRIMARY KEY, n int)")
		a.do("INSERT INTO contended VALUES (1, 1), (2, 2)")
		name := func(pid string) string {
			return map[string]string{fmt.Sprintf("{%d}", a.pid): "a", fmt.Sprintf("{%d}", b.pid): "b", "{}": "nobody"}[pid]
		}
		a.do("BEGIN; LOCK TABLE contended IN SHARE MODE")
		b.start("UPDATE contended SET n = 3 WHERE id = 1")
		watch.until("Lock", "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %d", b.pid)
		c.start("LOCK TABLE contended IN ROW EXCLUSIVE MODE")
		see("%s", watch.do(`SELECT state, wait_event_type, wait_event, query FROM pg_stat_activity WHERE pid = %d`, b.pid))
		see("b waits for %s", name(watch.do("SELECT pg_blocking_pids(%d)", b.pid)))
		see("a waits for %s", name(watch.do("SELECT pg_blocking_pids(%d)", a.pid)))
		see("nobody waits for %s", name(watch.do("SELECT pg_blocking_pids(-1)")))
		see("%s", watch.do(`SELECT locktype, mode, granted, waitstart IS NOT NULL, fastpath AND false FROM pg_locks
			WHERE pid IN (%d, %d) AND locktype = 'relation' AND mode <> 'AccessShareLock' ORDER BY granted DESC, mode`, a.pid, b.pid))
		a.do("COMMIT")
		see("%s", b.await())
		see("%s", c.await())
		a.do("DROP TABLE contended")
	})
}

// TestVolatileFunctionsAreCalledOnceARow, also where other conditions run on several goroutines.
func TestVolatileFunctionsAreCalledOnceARow(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, watch := s.enter(), s.enter()
		a.do("DROP TABLE IF EXISTS many")
		a.do("CREATE TABLE many (id int PRIMARY KEY)")
		a.do("INSERT INTO many SELECT g FROM generate_series(1, 50000) g")
		see("%s", a.do("SELECT count(*) FROM many WHERE pg_try_advisory_lock(id %% 100)"))
		see("%s", watch.do("SELECT count(*), count(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory'"))
		see("%s", a.do("SELECT count(*) FROM (SELECT pg_advisory_unlock(id %% 100) AS was FROM many) x WHERE was AND true LIMIT 1"))
		a.do("SELECT pg_advisory_unlock_all()")
		a.do("DROP TABLE many")
	})
}
