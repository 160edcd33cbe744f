package query

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestJoinOfManyTables joins more tables than one group holds, in a chain and all by one column.
func TestJoinOfManyTables(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, next int)")
	s.must("insert into t select g, g + 1 from generate_series(1, 100) g")
	for _, n := range []int{2, 5, 9, 10, 20, 33, 70} {
		var chain, star strings.Builder
		chain.WriteString("select count(*), min(t0.id) from t t0")
		star.WriteString(chain.String())
		for i := 1; i < n; i++ {
			fmt.Fprintf(&chain, " join t t%d on t%d.id = t%d.next", i, i, i-1)
			fmt.Fprintf(&star, ", t t%d", i)
		}
		star.WriteString(" where true")
		for i := 1; i < n; i++ {
			fmt.Fprintf(&star, " and t%d.id = t%d.id", i, i-1)
		}
		began := time.Now()
		if got, want := s.list(chain.String()), fmt.Sprintf("%d|1|", 100-n+1); got != want {
			t.Errorf("a chain of %d: %s, want %s", n, got, want)
		}
		if got := s.list(star.String()); got != "100|1|" {
			t.Errorf("%d tables by one column: %s", n, got)
		}
		if got := s.list(strings.ReplaceAll(chain.String(), " join ", " left join ")); got != "100|1|" {
			t.Errorf("a chain of %d outer joins: %s", n, got)
		}
		t.Logf("%d tables: %v", n, time.Since(began))
	}
}
