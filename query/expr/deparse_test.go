package expr

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

const deparseFile = "testdata/deparse.txt"

// TestDeparse compares String with the filter that PostgreSQL's EXPLAIN shows.
func TestDeparse(t *testing.T) {
	if *postgresDSN != "" {
		writeDeparse(t)
	}
	data, err := os.ReadFile(deparseFile)
	if err != nil {
		t.Fatal(err)
	}
	in := aggBatch(t)
	for line := range strings.Lines(string(data)) {
		text, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' {
			continue
		}
		e, err := bindText(text, vecScope{in})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func writeDeparse(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TEMP TABLE t ("+aggColumns+")"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(deparseFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		text, answer, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' || strings.HasSuffix(answer, " ") {
			out.WriteString(line)
			continue
		}
		fmt.Fprintf(&out, "%s\t%s\n", text, explainFilter(ctx, t, conn, text))
	}
	if err := os.WriteFile(deparseFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func explainFilter(ctx context.Context, t *testing.T, conn *pgx.Conn, text string) string {
	rows, err := conn.Query(ctx, "EXPLAIN (COSTS OFF) SELECT FROM t WHERE "+text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		if _, filter, ok := strings.Cut(line, "Filter: "); ok {
			return filter
		}
	}
	t.Fatalf("%s: no filter (%v)", text, rows.Err())
	return ""
}
