package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// joinGenerator makes random queries over some small tables. Every relation in FROM has the columns a int, b text and
// c numeric.
type joinGenerator struct {
	*rand.Rand
	aliases int
	joins   int // that may still be made: without any rule a query takes time
}

func (g *joinGenerator) pick(list ...string) string { return list[g.IntN(len(list))] }

// alias returns a new name for a relation.
func (g *joinGenerator) alias() string {
	g.aliases++
	return fmt.Sprintf("r%d", g.aliases)
}

// relation is a FROM item, and the names of the relations in it that may be named.
func (g *joinGenerator) relation(depth int) (text string, names []string) {
	switch n := g.IntN(10); {
	case depth > 0 && n < 7 && g.joins > 0:
		g.joins--
		return g.join(depth)
	case depth > 0 && n < 8:
		inner, in := g.relation(depth - 1)
		x := g.alias()
		return fmt.Sprintf("(select %s.a, %s.b, %s.c from %s%s) %s", g.pick(in...), g.pick(in...), g.pick(in...), inner, g.where(in, depth-1), x), []string{x}
	case depth > 0 && n == 8:
		inner, in := g.relation(depth - 1)
		x, from := g.alias(), g.pick(in...)
		return fmt.Sprintf("(select %s.a, max(%s.b) b, %s c from %s%s group by %s.a) %s", from, g.pick(in...),
			g.pick("sum("+from+".c)", "count(*)::numeric", "0.5"), inner, g.where(in, depth-1), from, x), []string{x}
	case depth > 0:
		inner, in := g.relation(depth - 1)
		x, from := g.alias(), g.pick(in...)
		return fmt.Sprintf("(select distinct %s.a, %s.b, 1.5 c from %s) %s", from, from, inner, x), []string{x}
	}
	x := g.alias()
	return g.pick("t1", "t2", "t3", "t3") + " " + x, []string{x}
}

func (g *joinGenerator) join(depth int) (string, []string) {
	l, left := g.relation(depth - 1)
	if g.IntN(8) == 0 {
		x := g.alias()
		outer := g.pick(left...)
		kind := g.pick("join", "left join")
		sub := fmt.Sprintf("select a, b, c from t%d where a %s %s.a", 1+g.IntN(3), g.pick("=", "=", ">"), outer)
		if g.IntN(2) == 0 {
			sub = fmt.Sprintf("select count(*)::int a, max(b) b, sum(c) c from t%d where a = %s.a", 1+g.IntN(3), outer)
		}
		return fmt.Sprintf("(%s %s lateral (%s) %s on %s)", l, kind, sub, x, g.on(left, []string{x})), append(left, x)
	}
	r, right := g.relation(depth - 1)
	both := append(slices.Clone(left), right...)
	switch kind := g.pick("join", "join", "join", "left join", "left join", "right join", "full join", "cross join"); kind {
	case "cross join":
		return fmt.Sprintf("(%s cross join %s)", l, r), both
	default:
		return fmt.Sprintf("(%s %s %s on %s)", l, kind, r, g.on(left, right)), both
	}
}

// on is a condition that most often has an equality between the sides.
func (g *joinGenerator) on(left, right []string) string {
	var parts []string
	for range 1 + g.IntN(2) {
		l, r := g.pick(left...), g.pick(right...)
		switch g.IntN(8) {
		case 0:
			parts = append(parts, g.condition(append(slices.Clone(left), right...), 0))
		case 1:
			parts = append(parts, fmt.Sprintf("%s.b = %s.b", l, r))
		case 2:
			parts = append(parts, fmt.Sprintf("%s.c %s %s.c", l, g.pick("=", "<", "<>"), r))
		case 3:
			parts = append(parts, fmt.Sprintf("%s.a = %s.a + 1", l, r))
		default:
			parts = append(parts, fmt.Sprintf("%s.a = %s.a", l, r))
		}
	}
	return strings.Join(parts, " and ")
}

func (g *joinGenerator) where(names []string, depth int) string {
	var parts []string
	for range g.IntN(3) {
		parts = append(parts, g.condition(names, depth))
	}
	if len(parts) == 0 {
		return ""
	}
	return " where " + strings.Join(parts, " and ")
}

func (g *joinGenerator) condition(names []string, depth int) string {
	x, y := g.pick(names...), g.pick(names...)
	table := g.pick("t1", "t2", "t3")
	switch n := g.IntN(16); {
	case n < 3:
		return fmt.Sprintf("%s.a = %d", x, g.IntN(8))
	case n == 3:
		return fmt.Sprintf("%s.%s is %snull", x, g.pick("a", "b", "c"), g.pick("", "not "))
	case n == 4:
		return fmt.Sprintf("(%s.a = %d or %s.a = %d)", x, g.IntN(8), y, g.IntN(8))
	case n == 5:
		return fmt.Sprintf("(%s.a = %s.a and %s.b > 'w2' or %s.a = %s.a and %s.c < 3)", x, y, x, x, y, y)
	case n == 6:
		return fmt.Sprintf("%s.b like 'w%%%d'", x, g.IntN(4))
	case n == 7:
		return fmt.Sprintf("coalesce(%s.c, 1) < %d", x, g.IntN(6))
	case n == 8:
		return fmt.Sprintf("%s.a in (1, 2, %d)", x, g.IntN(9))
	case n == 9:
		return fmt.Sprintf("%s.a < %s.a", x, y)
	case depth > 0 && n == 10:
		return fmt.Sprintf("%sexists (select from %s z where z.a = %s.a and z.c %s %s.c)", g.pick("", "not "), table, x, g.pick("<", "=", "<>"), y)
	case depth > 0 && n == 11:
		return fmt.Sprintf("%s.a %sin (select z.a from %s z where z.b = %s.b)", x, g.pick("", "not "), table, y)
	case depth > 0 && n == 12:
		return fmt.Sprintf("%s.c %s (select %s from %s z where z.a = %s.a)", x, g.pick("<", ">=", "="),
			g.pick("avg(z.c)", "max(z.c)", "0.5 * sum(z.c)", "count(*)", "coalesce(sum(z.c), 1)"), table, y)
	case depth > 0 && n == 13:
		return fmt.Sprintf("%s.a = (select min(z.a) from %s z where z.b = %s.b and z.a = %s.a)", x, table, y, x)
	case n == 14:
		return g.pick("true", "1 = 1", "false", "null::bool") + fmt.Sprintf(" or %s.a > 2", x)
	}
	return fmt.Sprintf("%s.a = %s.a", x, y)
}

func (g *joinGenerator) query() string {
	g.aliases, g.joins = 0, 1+g.IntN(3)
	from, names := g.relation(3)
	x, y := g.pick(names...), g.pick(names...)
	where := g.where(names, 1)
	switch g.IntN(6) {
	case 3:
		return fmt.Sprintf("select %s.a from %s%s order by %s.a %s limit %d offset %d", x, from, where, x,
			g.pick("", "desc", "nulls first", "desc nulls last"), g.IntN(12), g.IntN(3))
	case 0:
		return fmt.Sprintf("select %s.a, count(*), sum(%s.c) from %s%s group by %s.a", x, y, from, where, x)
	case 1:
		return fmt.Sprintf("select count(*) from %s%s", from, where)
	case 2:
		return fmt.Sprintf("select distinct %s.b from %s%s", x, from, where)
	}
	return fmt.Sprintf("select %s.a, %s.b, %s.c from %s%s", x, y, g.pick(names...), from, where)
}

// TestJoinsAgree asks random questions with joins and subqueries, in all the ways that the planner can be made to take, and
// without any rule: as it is bound, every join a nested loop, every subquery run for each row.
func TestJoinsAgree(t *testing.T) {
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("-seed %d", n)
	g := &joinGenerator{Rand: rand.New(rand.NewPCG(n, 2))}
	s := newTestSession(t, open(t))
	const columns = "(id int primary key, a int, b text, c numeric(8,2))"
	s.must("create table t1 " + columns + "; create table t2 " + columns + "; create table t3 (a int, b text, c numeric(8,2), primary key (a, b))")
	s.must("create index on t1 (a, c); create index on t2 using dictionary (a); create index on t2 using dictionary (b); create index on t3 (c desc)")
	row := "nullif(g % 11, 7), nullif('w' || g % 5, 'w3'), case when g % 4 > 0 then g % 7 / 2.0 end"
	s.must("insert into t1 select g, " + row + " from generate_series(1, 40) g")
	s.must("insert into t2 select g, " + row + " from generate_series(3, 15) g")
	s.must("insert into t3 select g % 9, 'w' || g, g % 5 from generate_series(1, 25) g")
	settings := []string{"enable_seqscan", "enable_bitmapscan", "enable_indexscan", "enable_hashjoin", "enable_nestloop", "enable_mergejoin", "enable_sort"}
	rounds := 200
	if testing.Short() {
		rounds = 60
	}
	answered := 0
	for i := range rounds {
		if i%25 == 0 {
			s.must("rollback; reset all; begin")
			if g.IntN(2) == 0 {
				s.must(fmt.Sprintf("update t1 set a = a + 1 where id %% 3 = %d; delete from t2 where id %% 4 = 1; insert into t3 values (%d, 'new', 2)", g.IntN(3), 100+i))
			}
			if g.IntN(3) == 0 {
				s.must("analyze t1")
			}
		}
		s.must(fmt.Sprintf("set %s = %s", settings[g.IntN(len(settings))], g.pick("on", "off")))
		s.must("set join_collapse_limit = " + g.pick("1", "8", "8"))
		text := g.query()
		got, gotErr := s.sorted(text, false)
		want, wantErr := s.sorted(text, true)
		if (gotErr == nil) != (wantErr == nil) || gotErr == nil && got != want {
			plan := s.list("explain " + text)
			t.Fatalf("-seed %d, query %d: %s\nplain: %v\n%s\nplanned: %v\n%s\n%s", n, i, text, wantErr, want, gotErr, got, plan)
		}
		if want != "" {
			answered++
		}
	}
	if answered < rounds/5 { // a third is usual
		t.Errorf("only %d of %d queries have an answer", answered, rounds)
	}
	t.Logf("%d of %d queries have an answer", answered, rounds)
}

// sorted runs a query, plain or planned, and returns its rows in the order of their texts.
func (s testSession) sorted(text string, plain bool) (string, error) {
	own := s.Session.(*Session)
	key := own.set.vars.planKey
	defer func() { own.plain, own.set.vars.planKey = false, key }()
	if own.plain = plain; plain {
		own.set.vars.planKey += "plain"
	}
	l := &listing{}
	if err := s.into(text, l); err != nil {
		return "", err
	}
	slices.Sort(l.lines)
	return strings.Join(l.lines, "\n"), nil
}
