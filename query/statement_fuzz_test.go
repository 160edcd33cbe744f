package query

import (
	"path/filepath"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/sqltest"
)

// FuzzStatements runs texts against a session: whatever they are, they are answered or refused with an error of
// the user's, and the session goes on.
func FuzzStatements(f *testing.F) {
	scripts, err := filepath.Glob("../test/sql/*.test")
	if err != nil || len(scripts) == 0 {
		f.Fatal("no scripts", err)
	}
	for _, path := range scripts {
		blocks, err := sqltest.Read(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, b := range blocks {
			f.Add(b.SQL)
		}
	}
	e := open(f)
	setup := newTestSession(f, e)
	setup.must("create table t (id int primary key, a int, b text, c numeric, d date, e bool, g int[])")
	setup.must("insert into t select g, g % 7, 'w' || g % 5, g / 3.0, date '2020-01-01' + g, g % 2 = 0, array[g, 1] from generate_series(1, 300) g")
	setup.must("create index on t (a); create index on t using dictionary (b); create index on t (c desc); create index on t (g)")
	f.Fuzz(func(t *testing.T, text string) {
		s := newTestSession(t, e)
		s.must("set statement_timeout = 100; begin")
		_, err := s.query(text)
		if sqlerr.Code(err) == sqlerr.InternalError {
			t.Errorf("%q: %v", text, err)
		}
		_, _ = s.query("rollback") // there may be no block left
		if got := s.must("select 1").last.Int(); got != 1 {
			t.Errorf("after %q: select 1 is %d", text, got)
		}
	})
}
