package query

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

var seed = flag.Uint64("seed", 0, "seed of the random queries; 0: another each time")

// generator makes random conditions over the columns of the test tables.
type generator struct{ *rand.Rand }

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// constant is a value that some rows have in a column, or none.
func (g generator) constant(col string) string {
	switch col {
	case "a":
		return fmt.Sprint(g.IntN(30) - 2)
	case "b":
		return fmt.Sprintf("'w%d'", g.IntN(25))
	case "c":
		return g.pick(fmt.Sprintf("%d.%d", g.IntN(20), g.IntN(10)), fmt.Sprint(g.IntN(20)), fmt.Sprintf("%d.50", g.IntN(20)))
	}
	return fmt.Sprintf("date '2020-01-01' + %d", g.IntN(40))
}

func (g generator) condition(depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		switch g.IntN(5) {
		case 0, 1:
			return "(" + g.condition(depth-1) + " and " + g.condition(depth-1) + ")"
		case 2, 3:
			return "(" + g.condition(depth-1) + " or " + g.condition(depth-1) + ")"
		default:
			return "not (" + g.condition(depth-1) + ")"
		}
	}
	col := g.pick("a", "b", "c", "d")
	switch g.IntN(14) {
	case 0:
		return fmt.Sprintf("%s is %s null", col, g.pick("", "not"))
	case 1:
		return fmt.Sprintf("%s %s in (%s, %s, %s)", col, g.pick("", "not"), g.constant(col), g.constant(col), g.constant(col))
	case 2:
		return fmt.Sprintf("%s between %s and %s", col, g.constant(col), g.constant(col))
	case 3:
		return fmt.Sprintf("b like 'w%d%s'", g.IntN(3), g.pick("%", "_", "%1", ""))
	case 4:
		return fmt.Sprintf("g @> array[%d]", g.IntN(8))
	case 5:
		return fmt.Sprintf("g %s array[%d,%d]", g.pick("@>", "&&"), g.IntN(8), g.IntN(8))
	case 6:
		return fmt.Sprintf("%d = any(g)", g.IntN(8))
	case 7:
		return fmt.Sprintf("g %s contains %d", g.pick("", "not"), g.IntN(8))
	case 8:
		return fmt.Sprintf("id %s %d", g.pick("=", "<", ">"), g.IntN(600))
	case 9:
		return fmt.Sprintf("id in (%d, %d, null)", g.IntN(600), g.IntN(600))
	case 10:
		return fmt.Sprintf("a = any(array[%d, %d, null])", g.IntN(30), g.IntN(30))
	}
	return fmt.Sprintf("%s %s %s", col, g.pick("=", "=", "=", "<>", "<", "<=", ">", ">="), g.constant(col))
}

func (g generator) order() string {
	var keys []string
	for _, col := range []string{"a", "b", "c", "d"}[:1+g.IntN(4)] {
		if g.IntN(2) == 0 {
			keys = append(keys, col+g.pick("", " desc")+g.pick("", " nulls first", " nulls last"))
		}
	}
	return strings.Join(append(keys, "id"+g.pick("", " desc")), ", ")
}

// walk is a query whose order an index has. Rows that are equal in it show nothing else, so that their order
// does not matter.
func (g generator) walk() string {
	order := g.pick("a", "a desc", "c desc", "c", "c nulls first", "d nulls first, a", "d desc nulls last, a desc", "d, a", "b, c, d desc",
		"b desc, c desc, d", "b", "b desc, c desc")
	cond := g.condition(2)
	switch g.IntN(3) {
	case 0:
		cond, order = "b = "+g.constant("b")+" and "+cond, g.pick("c", "c desc", "c, d desc", "c desc, d")
	case 1:
		cond = fmt.Sprintf("c %s %s and %s", g.pick("<", ">=", "="), g.constant("c"), cond)
	}
	cols := strings.NewReplacer(" desc", "", " nulls first", "", " nulls last", "").Replace(order)
	return "select " + cols + " from TABLE where " + cond + " order by " + order
}

// listing collects all rows as text.
type listing struct {
	counter
	lines []string
}

func (l *listing) Rows(b *column.Batch, from, to int) error {
	for i := from; i < to; i++ {
		var row []byte
		for c := range b.Vecs {
			if v := b.Vecs[c].Value(i); !v.IsNull() {
				row = value.AppendText(row, v, value.DefaultStyle())
			}
			row = append(row, '|')
		}
		l.lines = append(l.lines, string(row))
	}
	return nil
}

// TestAccessPathsAgree asks random questions of a table without indexes and of one with many, in all the ways that the
// planner can be made to take; the answers must be equal. Half of the time the
// session has changed rows that it has not committed.
func TestAccessPathsAgree(t *testing.T) {
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("-seed %d", n)
	g := generator{rand.New(rand.NewPCG(n, 1))}
	s := newTestSession(t, open(t))
	const columns = "(id int primary key, a int, b text, c numeric(8,2), d date, g int[])"
	s.must("create table plain " + columns + "; create table rich " + columns)
	s.must("create index on rich (a); create index on rich using dictionary (b); create index on rich (c desc)")
	rows := `select g, nullif(g % 29, 7), nullif('w' || g * 7 % 23, 'w3'), case g % 5 when 0 then null else g % 31 / 2.0 end,
		case when g % 6 <> 0 then date '2020-01-01' + g * 13 % 37 end, case g % 4 when 0 then null when 1 then '{}' else array[g % 7, g % 5, null] end`
	for _, table := range []string{"plain", "rich"} {
		s.must("insert into " + table + " " + rows + " from generate_series(1, 500) g")
	}
	s.must("create index on rich (g); create index on rich (b, c, d desc); create index on rich (d nulls first, a); create index on rich using hash (a, b)")
	both := func(text string) {
		for _, table := range []string{"plain", "rich"} {
			s.must(strings.ReplaceAll(text, "TABLE", table))
		}
	}
	avoid := []string{"enable_seqscan", "enable_bitmapscan", "enable_indexscan", "enable_sort"}
	for i := range 400 {
		if i%20 == 0 {
			s.must("rollback; reset all; begin")
			if g.IntN(2) == 0 {
				both("update TABLE set a = a + 1, c = " + g.constant("c") + " where " + g.condition(1))
				both("delete from TABLE where id % 3 = 0 and " + g.condition(1))
				both(fmt.Sprintf("insert into TABLE %s from generate_series(%d, %d) g", rows, 1000*i+1000, 1000*i+1040))
			}
			if g.IntN(3) == 0 {
				s.must("commit; begin")
			}
		}
		s.must(fmt.Sprintf("set %s = %s", avoid[g.IntN(4)], g.pick("on", "off", "off")))
		query := "select id, a, b, c, d, g from TABLE where " + g.condition(3) + " order by " + g.order()
		if g.IntN(3) == 0 {
			query = g.walk()
		}
		if g.IntN(2) == 0 {
			query += fmt.Sprintf(" limit %d offset %d", g.IntN(20), g.IntN(5))
		}
		rich := strings.ReplaceAll(query, "TABLE", "rich")
		want, got := s.list(strings.ReplaceAll(query, "TABLE", "plain")), s.list(rich)
		if want != got {
			plan := s.list("explain " + rich)
			t.Fatalf("-seed %d, query %d: %s\nwithout indexes:\n%s\nwith:\n%s\n%s", n, i, rich, want, got, plan)
		}
	}
}

// list runs one query and returns its rows, one a line.
func (s testSession) list(text string) string {
	s.t.Helper()
	l := &listing{}
	if err := s.into(text, l); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return strings.Join(l.lines, "\n")
}
