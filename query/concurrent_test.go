package query

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/server"
)

// blocked starts a statement in a session of its own and returns when it waits for a lock. Its caller runs
// in a synctest bubble.
func blocked(t *testing.T, e *Engine, text string) (wait func() error) {
	t.Helper()
	s := newTestSession(t, e)
	done := make(chan error, 1)
	go func() {
		_, err := s.query(text)
		done <- err
	}()
	synctest.Wait()
	return func() error { return <-done }
}

func TestUpdateLooksAgainAtChangedRow(t *testing.T) {
	synctest.Test(t, checkUpdateLooksAgainAtChangedRow)
}

func checkUpdateLooksAgainAtChangedRow(t *testing.T) {
	e := open(t)
	a := newTestSession(t, e)
	a.must("create table t (id int primary key, v int, w int); insert into t values (1, 10, 0), (2, 20, 0); create index on t (v)")

	a.must("begin; update t set v = 11 where id = 1")
	wait := blocked(t, e, "update t set w = v where v = 10 or v = 20")
	a.must("commit")
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	// Row 1 was 10 in the statement's snapshot and is not any more.
	if got := a.must("select sum(w) from t").last.Int(); got != 20 {
		t.Errorf("sum(w) = %d, want 20", got)
	}

	a.must("begin; update t set v = 100 where id = 1")
	wait = blocked(t, e, "update t set v = v + 1 where id = 1")
	a.must("commit")
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	if got := a.must("select v from t where id = 1").last.Int(); got != 101 {
		t.Errorf("v = %d, want 101: an update was lost", got)
	}
}

func TestDeleteOfRowDeletedMeanwhile(t *testing.T) {
	synctest.Test(t, checkDeleteOfRowDeletedMeanwhile)
}

func checkDeleteOfRowDeletedMeanwhile(t *testing.T) {
	e := open(t)
	a := newTestSession(t, e)
	a.must("create table t (id int primary key, v int); insert into t values (1, 1), (2, 1)")
	a.must("begin; delete from t where id = 1")
	wait := blocked(t, e, "delete from t where v = 1")
	a.must("commit")
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	if got := a.must("select count(*) from t").last.Int(); got != 0 {
		t.Errorf("%d rows left", got)
	}
}

func TestInsertWaitsForTheSameKey(t *testing.T) { synctest.Test(t, checkInsertWaitsForTheSameKey) }

func checkInsertWaitsForTheSameKey(t *testing.T) {
	e := open(t)
	a := newTestSession(t, e)
	a.must("create table t (id int primary key, v int)")
	a.must("begin; insert into t values (1, 1)")
	wait := blocked(t, e, "insert into t values (1, 2)")
	a.must("commit")
	if err := wait(); sqlerr.Code(err) != sqlerr.UniqueViolation {
		t.Errorf("second insert: %v", err)
	}
	a.must("begin; insert into t values (2, 1)")
	wait = blocked(t, e, "insert into t values (2, 2)")
	a.must("rollback")
	if err := wait(); err != nil {
		t.Errorf("insert after the other's rollback: %v", err)
	}
}

func TestLockTimeout(t *testing.T) {
	e := open(t)
	a, b := newTestSession(t, e), newTestSession(t, e)
	a.must("create table t (id int primary key, v int); insert into t values (1, 1)")
	a.must("begin; update t set v = 2")
	b.must("set lock_timeout = '10ms'")
	b.fails("update t set v = 3", sqlerr.LockNotAvailable)
	b.must("set lock_timeout = 0; set statement_timeout = '10ms'")
	if _, err := b.query("update t set v = 3"); sqlerr.Code(err) != sqlerr.QueryCanceled || !strings.Contains(err.Error(), "statement timeout") {
		t.Errorf("waiting for a lock: %v", err)
	}
	b.must("reset statement_timeout")
	a.must("rollback")
	b.must("update t set v = 3")
}

func TestDeadlockHasAVictim(t *testing.T) { synctest.Test(t, checkDeadlockHasAVictim) }

func checkDeadlockHasAVictim(t *testing.T) {
	e := open(t)
	a := newTestSession(t, e)
	a.must("create table t (id int primary key, v int); insert into t values (1, 1), (2, 2)")
	a.must("begin; update t set v = 0 where id = 1")
	wait := blocked(t, e, "begin; update t set v = 0 where id = 2; update t set v = 0 where id = 1; commit")
	_, err := a.query("update t set v = 0 where id = 2")
	if sqlerr.Code(err) == sqlerr.DeadlockDetected {
		a.must("rollback")
		err = wait()
		if err != nil {
			t.Errorf("the other: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	a.must("commit")
	if err := wait(); sqlerr.Code(err) != sqlerr.DeadlockDetected {
		t.Errorf("no victim: %v", err)
	}
}

func TestStatementTimeout(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key); insert into t select g from generate_series(1, 200000) g")
	s.must("set statement_timeout = 1")
	for _, q := range []string{
		"select count(*) from t where id::text like '%9%8%7%6%5%4%' or id::text like '%1%2%3%4%5%6%'",
		"select id from t order by id::text || 'x', id limit 1 offset 190000",
		"select count(*) from generate_series(1, 100000000)",
		"select pg_sleep(10)",
	} {
		_, err := s.query(q)
		if sqlerr.Code(err) != sqlerr.QueryCanceled || !strings.Contains(err.Error(), "statement timeout") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestCancel(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key)")
	cause := sqlerr.New(sqlerr.AdminShutdown, "terminating connection due to administrator command")
	for _, q := range []string{
		"select count(*) from generate_series(1, 1000000000)",
		"insert into t select g from generate_series(1, 1000000000) g",
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		p, err := s.Prepare(ctx, server.Source{Text: q}, []uint32{})
		if err != nil {
			t.Fatal(err)
		}
		portal, err := s.Bind(ctx, p, server.Args{})
		if err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		_, err = portal.Run(ctx, &counter{}, 0)
		timer.Stop()
		if sqlerr.Code(err) != sqlerr.AdminShutdown {
			t.Errorf("%s: %v", q, err)
		}
		portal.Close()
		if err := s.EndImplicit(context.Background(), true); err != nil {
			t.Error(err)
		}
	}
	if got := s.must("select count(*) from t").last.Int(); got != 0 {
		t.Errorf("%d rows of a cancelled insert", got)
	}
}

// TestSuspendedPortal reads a result in small steps while others change the rows: the portal's View stays as it was.
func TestSuspendedPortal(t *testing.T) {
	e := open(t)
	s, other := newTestSession(t, e), newTestSession(t, e)
	const rows = 20000 // enough for goroutines of their own
	s.must(fmt.Sprintf("create table t (id int primary key, v int); insert into t select g, g from generate_series(1, %d) g", rows))
	ctx := context.Background()
	for _, q := range []string{"select v from t", "select v from t where v > 0 order by v", "select v, count(*) from t group by v", "select distinct v from t"} {
		p, err := s.Prepare(ctx, server.Source{Text: q}, []uint32{})
		if err != nil {
			t.Fatal(err)
		}
		portal, err := s.Bind(ctx, p, server.Args{})
		if err != nil {
			t.Fatal(err)
		}
		c := &counter{}
		for step := 1; ; step++ {
			// Each Execute has a context of its own, which ends with it.
			run, cancel := context.WithCancel(ctx)
			res, err := portal.Run(run, c, 1777)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if !res.Suspended {
				break
			}
			if c.rows != step*1777 {
				t.Fatalf("%s: %d rows after %d steps", q, c.rows, step)
			}
			if step == 2 {
				other.must("update t set v = -v; delete from t where id % 2 = 0; insert into t values (0, 0)")
			}
		}
		if c.rows != rows {
			t.Errorf("%s: %d rows, want %d", q, c.rows, rows)
		}
		portal.Close()
		if err := s.EndImplicit(ctx, false); err != nil {
			t.Fatal(err)
		}
		other.must(fmt.Sprintf("truncate t; insert into t select g, g from generate_series(1, %d) g", rows))
	}
}

// TestAbandonedPortal closes a portal in the middle of a parallel scan.
func TestAbandonedPortal(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, b text); insert into t select g, 'x' from generate_series(1, 200000) g")
	ctx := context.Background()
	p, err := s.Prepare(ctx, server.Source{Text: "select * from t where b = 'x'"}, []uint32{})
	if err != nil {
		t.Fatal(err)
	}
	portal, err := s.Bind(ctx, p, server.Args{})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := portal.Run(ctx, &counter{}, 5); err != nil || !res.Suspended {
		t.Fatal(res, err)
	}
	portal.Close()
	portal.Close()
	if err := s.EndImplicit(ctx, false); err != nil {
		t.Fatal(err)
	}
	s.must("drop table t")
}

// TestTransfers moves money between accounts from many sessions at once.
func TestTransfers(t *testing.T) {
	e := open(t)
	s := newTestSession(t, e)
	s.must("create table a (id int primary key, balance int not null); insert into a select g, 100 from generate_series(0, 9) g; create index on a (balance)")
	var wait sync.WaitGroup
	for w := range 4 {
		c := newTestSession(t, e)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range 100 {
				from, to := (w+i)%10, (w*3+i*7+1)%10
				if from == to {
					continue
				}
				if from > to && i%5 != 0 { // sometimes in the order that deadlocks
					from, to = to, from
				}
				_, err := c.query(fmt.Sprintf("begin; update a set balance = balance - 10 where id = %d; update a set balance = balance + 10 where id = %d; commit", from, to))
				if err != nil {
					if code := sqlerr.Code(err); code != sqlerr.DeadlockDetected {
						t.Error(err)
					}
					c.must("rollback")
				}
			}
		}()
	}
	for range 50 {
		if got := s.must("select sum(balance)::int from a").last.Int(); got != 1000 {
			t.Errorf("the total is %d", got)
		}
	}
	wait.Wait()
	if got := s.must("select sum(balance)::int from a").last.Int(); got != 1000 {
		t.Errorf("the total is %d", got)
	}
}

func TestPlanSeesNewCatalog(t *testing.T) {
	e := open(t)
	a, b := newTestSession(t, e), newTestSession(t, e)
	ctx := context.Background()
	a.must("create table t (id int primary key, v int); insert into t values (1, 1)")
	p, err := b.Prepare(ctx, server.Source{Text: "select * from t"}, []uint32{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := b.Prepare(ctx, server.Source{Text: "select v from t where id = $1"}, []uint32{})
	if err != nil {
		t.Fatal(err)
	}
	a.must("alter table t add column w int default 5")
	run := func(p server.Prepared, args server.Args) (*counter, error) {
		portal, err := b.Bind(ctx, p, args)
		if err != nil {
			return nil, err
		}
		defer portal.Close()
		c := &counter{}
		_, err = portal.Run(ctx, c, 0)
		return c, err
	}
	if _, err := run(p, server.Args{}); sqlerr.Code(err) != sqlerr.FeatureNotSupported || !strings.Contains(err.Error(), "cached plan must not change result type") {
		t.Errorf("select * after ADD COLUMN: %v", err)
	}
	if err := b.EndImplicit(ctx, true); err != nil {
		t.Fatal(err)
	}
	if c, err := run(q, server.Args{Values: [][]byte{[]byte("1")}}); err != nil || c.last.Int() != 1 {
		t.Errorf("select v after ADD COLUMN: %v %v", c, err)
	}
	if got := b.must("select * from t"); got.rows != 1 {
		t.Error("simple query after ADD COLUMN")
	}
	a.must("drop table t")
	if _, err := run(q, server.Args{Values: [][]byte{[]byte("1")}}); sqlerr.Code(err) != sqlerr.UndefinedTable {
		t.Errorf("after DROP: %v", err)
	}
	if err := b.EndImplicit(ctx, true); err != nil {
		t.Fatal(err)
	}
	// A table of the same name made in a transaction that rolls back leaves no plan behind.
	a.must("begin; create table t (id int primary key, v text); insert into t values (1, 'x'); select v from t where id = 1; rollback")
	a.must("create table t (id int primary key, v int); insert into t values (1, 42)")
	if got := a.must("select v from t where id = 1").last.Int(); got != 42 {
		t.Errorf("v = %d", got)
	}
}

func TestCopyThatFailsLeavesNothing(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, v int)")
	ctx := context.Background()
	var data strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&data, "%d\t%d\n", i, i)
	}
	load := func(tail string) error {
		p, err := s.Prepare(ctx, server.Source{Text: "copy t from stdin"}, nil)
		if err != nil {
			return err
		}
		portal, err := s.Bind(ctx, p, server.Args{})
		if err != nil {
			return err
		}
		defer portal.Close()
		_, err = portal.Run(ctx, &counter{data: strings.NewReader(data.String() + tail)}, 0)
		if endErr := s.EndImplicit(ctx, err != nil); err == nil {
			err = endErr
		}
		return err
	}
	for tail, code := range map[string]string{
		"x\ty\n": sqlerr.InvalidTextRepresentation, "60000\n": sqlerr.BadCopyFileFormat,
		"7\t7\n": sqlerr.UniqueViolation, "\\N\t1\n": sqlerr.NotNullViolation,
	} {
		if err := load(tail); sqlerr.Code(err) != code {
			t.Errorf("%q: %v, want %s", tail, err, code)
		}
		if got := s.must("select count(*) from t").last.Int(); got != 0 {
			t.Errorf("%q: %d rows are there", tail, got)
		}
	}
	if err := load(""); err != nil {
		t.Fatal(err)
	}
	if got := s.must("select count(*) from t where id = v").last.Int(); got != 50000 {
		t.Errorf("%d rows", got)
	}
}
