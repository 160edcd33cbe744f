package sessions

import (
	"testing"
)

// TestAdvisoryLocks goes through the whole family; who waits for whom is in test/isolation.
func TestAdvisoryLocks(t *testing.T) {
	const held = `SELECT classid, objid, objsubid, mode, granted, count(*) FROM pg_locks
		WHERE locktype = 'advisory' GROUP BY classid, objid, objsubid, mode, granted ORDER BY classid, objid, objsubid, mode, granted`
	onBoth(t, func(s *stage, see func(string, ...any)) {
		a, b := s.enter(), s.enter()
		try := func(who *actor, sql string) { see("%s: %s", sql, who.do("%s", sql)) }
		try(a, "SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(2)")
		try(a, "SELECT pg_advisory_lock(0, 1), pg_advisory_lock(-1), pg_advisory_lock(-1, -2)")
		try(a, "SELECT pg_advisory_lock(9223372036854775807), pg_advisory_lock_shared(2147483647, -2147483648)")
		try(b, held)
		try(b, "SELECT pg_try_advisory_lock(1), pg_try_advisory_lock_shared(1), pg_try_advisory_lock(2), pg_try_advisory_lock_shared(2)")
		try(b, "SELECT pg_try_advisory_lock(0, 1), pg_try_advisory_lock(4294967295, 1)")
		try(b, "SELECT pg_try_advisory_lock(0, 2), pg_try_advisory_lock(3)")
		try(b, "SELECT pg_advisory_unlock_shared(2), pg_advisory_unlock(2)")
		try(b, "SELECT pg_advisory_unlock(1, 1), pg_advisory_unlock_shared(1, 1)")
		try(a, "SELECT pg_advisory_unlock_shared(1)")
		try(a, "SELECT pg_advisory_unlock(1), pg_advisory_unlock(1), pg_advisory_unlock(1)")
		try(a, "SELECT pg_advisory_lock(NULL), pg_try_advisory_lock(NULL), pg_advisory_unlock(NULL, 1)")

		// A rollback leaves those of the session and takes those of the transaction.
		try(a, "BEGIN; SELECT pg_advisory_lock(10), pg_advisory_xact_lock(11), pg_try_advisory_xact_lock_shared(12), pg_try_advisory_xact_lock(13, 14)")
		try(a, "SELECT pg_advisory_unlock(11), pg_advisory_unlock_shared(12)")
		try(b, held)
		try(a, "SELECT 1/0")
		try(a, "ROLLBACK")
		try(b, held)
		try(a, "BEGIN; SELECT pg_advisory_xact_lock(11); SAVEPOINT s; SELECT pg_advisory_xact_lock(12), pg_advisory_lock(15); ROLLBACK TO s")
		try(b, held)
		try(a, "COMMIT")

		try(b, "SELECT pg_try_advisory_lock(10)")
		try(a, "DISCARD ALL")
		try(b, "SELECT pg_try_advisory_lock(10)")
		try(b, "SELECT pg_advisory_unlock_all()")
		try(a, held)
		b.do("SELECT pg_advisory_lock(20)")
		b.leave()
		a.until("t", "SELECT pg_try_advisory_lock(20)")
	})
}
