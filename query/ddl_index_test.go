package query

import (
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// TestCreateIndexLetsWritersGoOn has writers come between CREATE INDEX and its
// COMMIT: none of them waits, DDL on the table does, and queries use the index from the
// COMMIT on.
func TestCreateIndexLetsWritersGoOn(t *testing.T) {
	e := open(t)
	a, b, old := newTestSession(t, e), newTestSession(t, e), newTestSession(t, e)
	a.must("create table t (id int primary key, v int); insert into t select g, g % 100 from generate_series(1, 5000) g")
	b.must("set lock_timeout = '10ms'")
	const query = "select count(*) from t where v = 7"
	planned := func(s testSession) bool { return strings.Contains(s.list("explain "+query), "by_v") }

	old.must("begin isolation level repeatable read; " + query)
	a.must("begin; create index by_v on t (v)")
	if got := a.must(query).last.Int(); got != 50 {
		t.Errorf("the transaction that made the index counts %d rows, want 50", got)
	}
	if !planned(a) || planned(b) {
		t.Errorf("before COMMIT: the index is used %v by its transaction, %v by others", planned(a), planned(b))
	}
	b.must("insert into t values (6000, 7); update t set v = 7 where id = 1; delete from t where id = 7")
	if got := b.must(query).last.Int(); got != 51 {
		t.Errorf("before COMMIT the others count %d rows, want 51", got)
	}
	for _, ddl := range []string{"truncate t", "alter table t add column c int", "drop table t", "create index on t (id)", "drop index by_v"} {
		if _, err := b.query(ddl); err == nil {
			t.Errorf("%s did not wait", ddl)
		}
	}
	a.must("commit")
	if got := b.must(query).last.Int(); got != 51 {
		t.Errorf("after COMMIT %d rows are counted, want 51", got)
	}
	if !planned(b) {
		t.Error("after COMMIT the index is not used")
	}
	if got := old.must(query).last.Int(); got != 50 || planned(old) {
		t.Errorf("an older snapshot counts %d rows, want 50, and uses the index: %v", got, planned(old))
	}
	old.must("commit")

	a.must("begin; create index gone on t (v); rollback")
	a.must("begin; create index by_v2 on t (v); insert into t values (7000, 7); commit")
	a.must("create index concurrently by_v3 on t (v)")
	a.must("drop index concurrently by_v3")
	if got := a.must(query).last.Int(); got != 52 {
		t.Errorf("%d rows are counted, want 52", got)
	}
}

func TestConcurrentlyIsNotForBlocks(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, v int)")
	s.fails("select 1; create index concurrently x on t (v)", sqlerr.ActiveSQLTransaction)
	s.must("create index concurrently x on t (v)")
	for _, text := range []string{"create index concurrently y on t (v)", "drop index concurrently x"} {
		s.must("begin")
		s.fails(text, sqlerr.ActiveSQLTransaction)
		s.must("rollback")
	}
	s.must("drop index concurrently x")
}
