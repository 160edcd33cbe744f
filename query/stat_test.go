package query

import (
	"regexp"
	"strconv"
	"testing"
)

// TestEstimatesFromStatistics: after ANALYZE conditions without an index are estimated by common values, bounds
// and the share of NULLs.
func TestEstimatesFromStatistics(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must(`create table t (id int primary key, kind text, x int, n int);
		insert into t select g, case when g % 10 = 0 then 'rare' else 'often' end, g % 1000, case when g % 4 = 0 then null else 1 end from generate_series(1, 20000) g`)
	s.must("analyze t")
	rows := regexp.MustCompile(`rows=(\d+)`)
	for _, c := range []struct {
		where     string
		low, high int
	}{
		{"kind = 'rare'", 1800, 2200},
		{"kind = 'often'", 17000, 19000},
		{"kind <> 'often'", 1800, 2200},
		{"kind in ('rare', 'often')", 19000, 20000},
		{"x = 7", 10, 40},
		{"x < 100", 1600, 2400},
		{"x between 250 and 749", 8500, 11500},
		{"n = 1", 14500, 15500},
		{"kind = 'none'", 1, 40},
	} {
		m := rows.FindStringSubmatch(s.answer("explain select * from t where " + c.where))
		if m == nil {
			t.Fatalf("%s: no estimate", c.where)
		}
		if got, _ := strconv.Atoi(m[1]); got < c.low || got > c.high {
			t.Errorf("%s: estimated %d rows, want %d to %d", c.where, got, c.low, c.high)
		}
	}
}
