package sessions

import (
	"strings"
	"testing"
)

// TestCancel ends statements of others.
func TestCancel(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, b := s.enter(), s.enter()
		a.start("SELECT pg_sleep(1000)")
		b.until("PgSleep", "SELECT wait_event FROM pg_stat_activity WHERE pid = %d", a.pid)
		see("%s", b.do("SELECT pg_cancel_backend(%d)", a.pid))
		see("%s", a.await())
		see("%s", b.do("SELECT pg_cancel_backend(%d)", a.pid)) // an idle one is left alone
		see("%s", a.do("SELECT 1"))
		see("%s", b.do("SELECT pg_cancel_backend(NULL)"))
		see("%s", b.do("SELECT pg_cancel_backend(99999999)"))
		see("%s", b.do("SELECT pg_terminate_backend(99999999)"))
		see("%s", b.do("SELECT pg_terminate_backend(%d, -1)", a.pid))
		see("%s", lastLine(b.do("SELECT pg_cancel_backend(pg_backend_pid())")))
		see("%s", b.do("SELECT 2"))

		a.do("SELECT pg_advisory_lock(7)")
		b.start("SELECT pg_advisory_lock(7)")
		a.until("Lock|advisory", "SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE pid = %d", b.pid)
		see("%s", a.do("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'"))
		see("%s", b.await())
	})
}

// lastLine is an answer without the row that PostgreSQL still sends before it looks at its signals.
func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// TestTerminate ends sessions: idle ones, busy ones, waiting ones, those in a block, and one's own.
func TestTerminate(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		b, watch := s.enter(), s.enter()
		b.do("DROP TABLE IF EXISTS held")
		b.do("CREATE TABLE held (id int PRIMARY KEY)")
		gone := func(a *actor) {
			watch.until("0", "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", a.pid)
			see("locks left: %s", watch.do("SELECT count(*) FROM pg_locks WHERE pid = %d", a.pid))
		}

		idle := s.enter()
		see("%s", b.do("SELECT pg_terminate_backend(%d, 10000)", idle.pid))
		see("%s", idle.farewell())
		gone(idle)

		inBlock := s.enter()
		inBlock.do("BEGIN")
		inBlock.do("INSERT INTO held VALUES (1)")
		inBlock.do("SELECT pg_advisory_lock(1)")
		see("%s", b.do("SELECT pg_terminate_backend(%d)", inBlock.pid))
		see("%s", inBlock.farewell())
		gone(inBlock)
		see("%s", b.do("INSERT INTO held VALUES (1)"))

		busy := s.enter()
		busy.start("SELECT pg_sleep(1000)")
		watch.until("PgSleep", "SELECT wait_event FROM pg_stat_activity WHERE pid = %d", busy.pid)
		see("%s", b.do("SELECT pg_terminate_backend(%d)", busy.pid))
		see("%s", busy.await())
		gone(busy)

		b.do("BEGIN")
		b.do("UPDATE held SET id = 2")
		waits := s.enter()
		waits.start("DELETE FROM held")
		watch.until("Lock", "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %d", waits.pid)
		see("%s", b.do("SELECT pg_terminate_backend(%d, 10000)", waits.pid))
		see("%s", waits.await())
		gone(waits)
		b.do("COMMIT")

		own := s.enter()
		see("%s", lastLine(own.do("SELECT pg_terminate_backend(pg_backend_pid())")))
		gone(own)
		b.do("DROP TABLE held")
	})
}

// TestTimeouts lets each timeout pass.
func TestTimeouts(t *testing.T) {
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, b := s.enter(), s.enter()
		a.do("DROP TABLE IF EXISTS slow")
		a.do("CREATE TABLE slow (id int PRIMARY KEY)")
		a.do("INSERT INTO slow VALUES (1)")

		b.must("SET statement_timeout = '300ms'")
		see("%s", b.do("SELECT pg_sleep(1000)"))
		a.do("BEGIN")
		a.do("DELETE FROM slow")
		see("%s", b.do("DELETE FROM slow"))
		b.must("SET statement_timeout = 0; SET lock_timeout = '20ms'")
		see("%s", b.do("DELETE FROM slow"))
		see("%s", b.do("LOCK TABLE slow"))
		a.do("SELECT pg_advisory_lock(1), pg_advisory_xact_lock(2)")
		see("%s", b.do("SELECT pg_advisory_lock(1)"))
		see("%s", b.do("SELECT pg_advisory_xact_lock_shared(2)"))
		see("%s", b.do("SELECT pg_try_advisory_lock(1), pg_try_advisory_xact_lock(2)"))

		b.do("BEGIN; SET LOCAL lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '20ms'")
		see("%s", b.farewell())
		c := s.enter("options", "-c idle_session_timeout=50")
		see("%s", c.farewell())
		a.do("ROLLBACK; DROP TABLE slow")
	})
}

// TestSettings sets the timeouts to good and bad values.
func TestSettings(t *testing.T) {
	names := strings.Fields(`lock_timeout statement_timeout idle_in_transaction_session_timeout idle_session_timeout
		deadlock_timeout tcp_user_timeout tcp_keepalives_idle tcp_keepalives_interval tcp_keepalives_count`)
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a := s.enter()
		a.must("SET tcp_keepalives_count = 5")
		for _, name := range names {
			for _, v := range []string{"5000", "'7s'", "'2min'", "90", "'1 d'", "'3.5s'", "-1", "'nonsense'", "'1 week'", "3000000000", "DEFAULT"} {
				if strings.HasPrefix(name, "tcp_keep") && (v == "DEFAULT" || v == "5000" || v == "'1 d'") {
					continue // what the kernel takes and has is shown by PostgreSQL
				}
				see("SET %s = %s: %s", name, v, a.do("SET %s = %s", name, v))
				see("%s", a.do("SHOW %s", name))
			}
		}
		a.do("BEGIN; SET LOCAL tcp_user_timeout = 1234")
		see("%s", a.do("SHOW tcp_user_timeout"))
		a.do("COMMIT")
		see("%s", a.do("SHOW tcp_user_timeout"))
	})
}
