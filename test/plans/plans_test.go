// Package plans pins the plan of each query of the booking demo: what EXPLAIN shows, without costs, over 20,000 homes. A change of
// a plan is a change of testdata, to be looked at: go test ./test/plans -args -update.
package plans

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/node"
)

var update = flag.Bool("update", false, "write the plans into testdata")

// market is on a day of its own, which the queries name.
var market = booking.Market{Count: 20_000, Seed: 1, Today: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)}

// more are shapes of the demo's pages beside its steps: by key, by list, by range and order, and joins of homes with each other.
var more = []struct{ name, sql string }{
	{"one home", "SELECT * FROM home WHERE id = 4711"},
	{"a list of homes", "SELECT id, town FROM home WHERE id IN (1, 500, 19999)"},
	{"the cheapest", "SELECT id, priceineuros FROM home ORDER BY priceineuros LIMIT 10"},
	{"a range of prices, counted", "SELECT count(*) FROM home WHERE priceineuros BETWEEN 60 AND 62"},
	{"two towns or a price", "SELECT id FROM home WHERE town IN ('Paris', 'Nice') OR priceineuros = 50"},
	{"homes dearer than the mean of their town", "SELECT h.id FROM home h JOIN (SELECT town, avg(priceineuros) AS mean FROM home GROUP BY town) m ON m.town = h.town WHERE h.priceineuros > m.mean"},
	{"towns with a free home", "SELECT DISTINCT h.town FROM home h WHERE EXISTS (SELECT 1 FROM home f WHERE f.town = h.town AND f.availabledates @> ARRAY['2024-06-01'::date])"},
	{"the dearest of each town", "SELECT DISTINCT ON (town) town, id FROM home ORDER BY town, priceineuros DESC, id"},
}

// estimate is a number of rows that comes from a sample of an index.
var estimate = regexp.MustCompile(`\(rows=\d+ of `)

// TestBookingPlans compares the plans of the demo's queries with testdata.
func TestBookingPlans(t *testing.T) {
	ctx := context.Background()
	n, err := node.Start(ctx, node.Config{Partitions: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop(ctx) //nolint:errcheck // it is in memory
	conn, err := pgx.Connect(ctx, n.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	must := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	must(booking.Table)
	for _, sql := range booking.Indexes {
		must(sql)
	}
	if _, err := market.Feed(n.DSN(), 1).Run(ctx); err != nil {
		t.Fatal(err)
	}
	must("ANALYZE")
	steps, err := market.Steps()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	show := func(name, sql string) {
		fmt.Fprintf(&got, "-- %s\n%s\n", name, sql)
		rows, err := conn.Query(ctx, "EXPLAIN (COSTS OFF) "+sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		for _, line := range lines {
			got.WriteString("    " + estimate.ReplaceAllString(line, "(rows=N of ") + "\n")
		}
		got.WriteString("\n")
	}
	for _, s := range steps {
		if s.Cachalot != "" {
			show(fmt.Sprintf("step %d, %s, in Cachalot's words", s.Number, s.Name), s.Cachalot)
		}
		show(fmt.Sprintf("step %d, %s", s.Number, s.Name), s.Postgres)
	}
	for _, q := range more {
		show(q.name, q.sql)
	}
	const file = "testdata/booking.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("plans (-want +got); if this is better, run with -update:\n%s", diff)
	}
}
