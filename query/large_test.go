package query

import (
	"fmt"
	"strings"
	"testing"
)

// TestLargeStatements: joins of more relations than a group holds, and long and deep queries, are planned in time that
// grows with their length.
func TestLargeStatements(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, a int); insert into t select g, g % 10 from generate_series(1, 200) g")
	chain, star, where := "t t0", "t t0", "true"
	for i := 1; i < 100; i++ {
		chain += fmt.Sprintf(" join t t%d on t%d.id = t%d.id", i, i, i-1)
		star += fmt.Sprintf(", t t%d", i)
		where += fmt.Sprintf(" and t0.id = t%d.id", i)
	}
	union := "select 0"
	for i := range 1500 {
		union += fmt.Sprintf(" union all select %d", i)
	}
	for _, c := range []struct{ sql, want string }{
		{"select count(*) from " + chain, "200"},
		{"select count(*) from " + star + " where " + where, "200"},
		{strings.ReplaceAll("select count(*) from "+chain, " join ", " left join "), "200"},
		{"select count(*), sum(x) from (" + union + ") u (x)", "1124250"},
		{strings.Repeat("select (", 300) + "select 1" + strings.Repeat(")", 300), "1"},
		{strings.Repeat("select * from (", 300) + "select 1" + strings.Repeat(") x", 300), "1"},
	} {
		if got := s.answer(c.sql); !strings.Contains(got, c.want) {
			t.Errorf("%.80s: %.200s", c.sql, got)
		}
	}
	// A join that finds nothing for long can be stopped.
	s.must("set statement_timeout = '50ms'")
	got := s.answer("select count(*) from t a, t b, t c, t d where a.a + b.a + c.a + d.a = -1")
	if !strings.Contains(got, "57014") {
		t.Errorf("not stopped: %.200s", got)
	}
}
