package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/bench/accounts"
	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/test/harness"
)

// TestPsqlAsksTheBookingQueries runs the search page's queries in both vocabularies.
func TestPsqlAsksTheBookingQueries(t *testing.T) {
	const homes = 20_000
	s, m := serveMarket(t, homes)
	steps, err := m.Steps()
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(t, s, "COUNT FROM home;"); !slices.Equal(got, []string{strconv.Itoa(homes)}) {
		t.Errorf("COUNT FROM home gives %v", got)
	}
	for _, step := range steps {
		for words, text := range map[string]string{"Cachalot's": step.Cachalot, "Postgres'": step.Postgres} {
			if text == "" {
				continue
			}
			got := lines(t, s, text+";")
			if step.Homes {
				checkHomes(t, step, words, got)
				continue
			}
			slices.Sort(got)
			if !slices.Equal(got, step.Lines) {
				t.Errorf("%s in %s words:\n got %q\nwant %q", step.Name, words, got, step.Lines)
			}
		}
	}
}

func checkHomes(t *testing.T, step booking.Step, words string, rows []string) {
	t.Helper()
	var sum int64
	var prices []int
	for _, row := range rows {
		fields := strings.Split(row, "|")
		id, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || len(fields) != 13 {
			t.Fatalf("%s in %s words: row %q", step.Name, words, row)
		}
		price, _ := strconv.Atoi(fields[9])
		sum += id
		prices = append(prices, price)
	}
	if len(rows) != step.Rows || step.TopPrices == nil && sum != step.Checksum {
		t.Errorf("%s in %s words: %d rows with sum %d, want %d with %d", step.Name, words, len(rows), sum, step.Rows, step.Checksum)
	}
	if step.Order == booking.PriceDescending {
		slices.Reverse(prices)
	}
	if step.Order != booking.Unordered && !slices.IsSorted(prices) {
		t.Errorf("%s in %s words: prices %v", step.Name, words, prices)
	}
	for i, p := range step.TopPrices {
		if prices[len(prices)-1-i] != int(p) {
			t.Errorf("%s in %s words: prices %v, want %v", step.Name, words, prices, step.TopPrices)
			break
		}
	}
}

// TestBareWords: a word that is no column is an error with a hint, and a literal only where asked for.
func TestBareWords(t *testing.T) {
	s, m := serveMarket(t, 2000)
	conn := s.Connect()
	_, err := conn.Exec(t.Context(), "SELECT FROM home WHERE town = Paris")
	pg := pgError(t, err)
	if pg.Code != "42703" || pg.Hint == "" || pg.Position != 31 || !strings.Contains(pg.Hint, "'Paris'") {
		t.Errorf("a bare word: %s at %d, hint %q", pg.Code, pg.Position, pg.Hint)
	}
	want := lines(t, s, "SELECT count(*) FROM home WHERE town = 'Paris';")
	got := lines(t, s, "SET cachalot.bare_literals = on; COUNT FROM home WHERE town = Paris;")
	if !slices.Equal(got, want) || got[0] == "0" {
		t.Errorf("bare Paris: %v homes, quoted %v", got, want)
	}
	day := m.Today.Format("2006-01-02")
	want = lines(t, s, "SELECT count(*) FROM home WHERE town = 'Paris' AND availabledates CONTAINS '"+day+"';")
	got = lines(t, s, "SET cachalot.bare_literals = on; COUNT FROM home WHERE town = Paris AND AvailableDates CONTAINS "+day+";")
	if !slices.Equal(got, want) || got[0] == "0" {
		t.Errorf("bare date: %v homes, quoted %v", got, want)
	}
}

// TestBrokenDeleteDeletesNothing: what cannot be read as a condition is not taken for none.
func TestBrokenDeleteDeletesNothing(t *testing.T) {
	const homes = 1000
	s, _ := serveMarket(t, homes)
	conn := s.Connect()
	for _, where := range []string{
		"WHERE", "WHERE town", "WHERE town =", "WHERE town = 'Paris' AND", "WHERE (town = 'Paris'", "WHERE town = Paris",
		"WHERE town = 'a,b,c' AND ,", "WHERE rooms > 1 rooms < 3", "WHERE rooms = 'many'", "WHERE town 'Paris'", "WERE town = 'Paris'",
		"WHERE town = 'Paris'' ", "WHERE nosuch = 1", "WHERE rooms = 1 LIMIT", "WHERE town = 'Paris' TAKE", "WHERE rooms > 'x' OR town = 'Paris'",
	} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeDescribeExec} {
			tag, err := conn.Exec(t.Context(), "DELETE FROM home "+where, mode)
			if err == nil {
				t.Errorf("DELETE FROM home %s: %s", where, tag)
			}
		}
	}
	var left int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM home").Scan(&left); err != nil || left != homes {
		t.Errorf("%d homes of %d are left, %v", left, homes, err)
	}
}

// TestWorkloadsHoldOnPostgres runs the demo's workloads on PostgreSQL: what they check is what is
// right, and not what we make of it.
func TestWorkloadsHoldOnPostgres(t *testing.T) {
	pg := pgoracle.Shared(t)
	conn, err := pgx.Connect(t.Context(), pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	schema := append([]string{booking.Table}, booking.Indexes...)
	for _, sql := range append(schema, accounts.Schema...) {
		if strings.Contains(sql, "(availabledates)") {
			sql = strings.Replace(sql, "dictionary", "gin", 1)
		}
		harness.Exec(t, conn, strings.Replace(sql, "dictionary", "btree", 1))
	}
	m := booking.NewMarket(10_000, 3)
	if _, err := m.Feed(pg.DSN(), 2).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	steps, err := m.Steps()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if err := step.Run(t.Context(), conn, step.Postgres); err != nil {
			t.Error(err)
		}
	}
	bank := accounts.Bank{DSN: pg.DSN(), Accounts: 50, Seed: 1}
	for _, clients := range []int{1, 8} {
		if err := bank.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := bank.Run(t.Context(), clients, 100); err != nil {
			t.Error(err)
		}
	}
	// A book that was cooked is found out.
	harness.Exec(t, conn, "UPDATE account SET balance = balance + 1 WHERE id = 7")
	if err := bank.Check(t.Context(), 0); err == nil {
		t.Error("money out of nothing was not noticed")
	}
	wrong := steps[0]
	wrong.Checksum++
	if err := wrong.Run(t.Context(), conn, wrong.Postgres); err == nil {
		t.Error("a wrong answer was not noticed")
	}
}
