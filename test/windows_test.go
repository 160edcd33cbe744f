package test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/internal/sqltest"
	"github.com/cachalotdb/cachalot/query"
	"github.com/cachalotdb/cachalot/store"
)

func TestMain(m *testing.M) { pgoracle.Main(m) }

var windowSeed = flag.Uint64("windows.seed", 1, "seed of the random windows")

// TestRandomWindowsAgainstPostgres asks both for window functions over random windows of random rows. Whatever depends on
// the order of rows is asked for over an order without ties.
func TestRandomWindowsAgainstPostgres(t *testing.T) {
	pg := sqltest.NewWire(pgoracle.Shared(t).DSN())
	defer pg.Close()
	db, err := store.Open(context.Background(), store.Config{Partitions: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	here := sqltest.NewInProcess(query.New(db, query.Config{}))
	defer here.Close()

	g := &windowGen{rand.New(rand.NewPCG(*windowSeed, 7))}
	for _, sql := range g.tables(90) {
		if got, want := here.Run(&sqltest.Block{SQL: sql}), pg.Run(&sqltest.Block{SQL: sql}); got != want {
			t.Fatalf("%s\n here %s\nthere %s", sql, got, want)
		}
	}
	failed := 0
	for range 400 {
		sql := g.query()
		got, want := here.Run(&sqltest.Block{SQL: sql}), pg.Run(&sqltest.Block{SQL: sql})
		if strings.HasPrefix(got, "ERROR") {
			failed++
		}
		if got != want {
			t.Errorf("%s\n here:\n%s\nthere:\n%s", sql, got, want)
		}
	}
	if failed > 40 {
		t.Errorf("%d of the statements fail on both", failed)
	}
}

// windowGen makes statements. Column u is without ties or NULLs, n numeric, f float, d date, p and o small integers, t text,
// b boolean.
type windowGen struct{ *rand.Rand }

func (g *windowGen) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *windowGen) tables(rows int) []string {
	var insert strings.Builder
	insert.WriteString("insert into w values ")
	cell := func(s string) string {
		if g.IntN(9) == 0 {
			return "null"
		}
		return s
	}
	for i := range rows {
		if i > 0 {
			insert.WriteString(", ")
		}
		fmt.Fprintf(&insert, "(%d, %s, %s, %s, %s, %s, %s, %s)", i*7%rows, cell(fmt.Sprint(g.IntN(4))), cell(fmt.Sprint(g.IntN(12))),
			cell(g.pick("1", "1.5", "2.25", "-3.125", "10.50", "'NaN'", "12345678901234567890.5")),
			cell(fmt.Sprintf("%g", float64(g.IntN(1000))/8)), cell(fmt.Sprintf("date '2024-01-01' + %d", g.IntN(200))),
			cell(g.pick("'a'", "'b'", "''", "'zz'")), cell(g.pick("true", "false")))
	}
	return []string{"create table w (u int, p int, o int, n numeric, f float8, d date, t text, b bool)", insert.String()}
}

func (g *windowGen) query() string {
	var calls []string
	for range 1 + g.IntN(3) {
		calls = append(calls, g.call())
	}
	where := g.pick("", "", " where p is not null", " where u % 3 = 1")
	return "select u, " + strings.Join(calls, ", ") + " from w" + where + " order by u"
}

// call is a function over a window: one that depends on the order only over a window that has one.
func (g *windowGen) call() string {
	partition := g.pick("", "partition by p ", "partition by p, b ", "partition by t ")
	nulls := g.pick("", " nulls first", " nulls last")
	dir := g.pick("", " desc")
	anyOrder := g.pick("count(*)", "count(n)", "sum(o)", "avg(o)", "sum(u::int8)", "sum(n)", "avg(n)", "min(o)", "max(d)", "min(t)", "max(f)",
		"bool_and(b)", "bool_or(b)", "every(o > 3)", "bit_or(o)", "variance(o)")
	if g.IntN(4) == 0 {
		anyOrder += " filter (where " + g.pick("b", "o > 4", "n is not null") + ")"
	}
	switch g.IntN(4) {
	case 0:
		return anyOrder + " over (" + partition + g.rangeWindow(dir, nulls) + ")"
	case 1:
		return anyOrder + " over (" + partition + "order by o" + dir + nulls + g.frame("groups") + ")"
	}
	order := g.pick("order by u"+dir, "order by o"+dir+nulls+", u", "order by t"+nulls+", u desc", "order by d"+dir+nulls+", u")
	inOrder := g.pick("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", fmt.Sprintf("ntile(%d)", 1+g.IntN(6)),
		fmt.Sprintf("lag(t, %d)", g.IntN(4)-1), fmt.Sprintf("lead(n, %d, -1)", g.IntN(4)), "lag(f)", "first_value(u)", "last_value(n)",
		fmt.Sprintf("nth_value(d, %d)", 1+g.IntN(4)), "array_agg(u)", "string_agg(t, '-')", "sum(f)", "avg(f)", "stddev_pop(f)", anyOrder, anyOrder)
	return inOrder + " over (" + partition + order + g.frame(g.pick("rows", "rows", "groups", "range")) + ")"
}

// rangeWindow is an order by one column and a RANGE frame with offsets.
func (g *windowGen) rangeWindow(dir, nulls string) string {
	column := g.pick("o", "u", "n", "f", "d")
	offset := func() string {
		switch column {
		case "n", "f":
			return g.pick("0", "1.25", "10", "'infinity'")
		case "d":
			return g.pick("interval '0'", "interval '10 days'", "interval '1 month'", "interval '36 hours'")
		}
		return g.pick("0", "1", "3", "20")
	}
	return "order by " + column + dir + nulls + g.framed("range", offset)
}

func (g *windowGen) frame(mode string) string {
	if mode == "range" {
		return g.pick("", " range unbounded preceding", " range between current row and unbounded following",
			" range between unbounded preceding and unbounded following", " range between current row and current row") + g.exclusion("")
	}
	return g.framed(mode, func() string { return fmt.Sprint(g.IntN(5)) })
}

// framed is a frame with bounds in an order that PostgreSQL takes.
func (g *windowGen) framed(mode string, offset func() string) string {
	bounds := []string{"unbounded preceding", offset() + " preceding", "current row", offset() + " following", "unbounded following"}
	from := g.IntN(4)
	to := max(1, from+g.IntN(5-from))
	if g.IntN(6) == 0 && from <= 2 {
		return " " + mode + " " + bounds[from]
	}
	end := bounds[to]
	switch to {
	case 1:
		end = offset() + " preceding"
	case 3:
		end = offset() + " following"
	}
	return " " + mode + " between " + bounds[from] + " and " + end + g.exclusion(" ")
}

func (g *windowGen) exclusion(before string) string {
	if before == "" || g.IntN(3) > 0 {
		return ""
	}
	return before + g.pick("exclude current row", "exclude group", "exclude ties", "exclude no others")
}
