// Package tpch asks the 22 queries of TPC-H at a small scale here and of PostgreSQL 15: the answers must be equal. For times see
// bench/tpch/compare.
package tpch

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/bench/tpch"
	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

func TestMain(m *testing.M) { pgoracle.Main(m) }

// scale has some 60,000 lineitems.
const scale = 0.01

func connect(t *testing.T, dsn string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing is lost with it
	return conn
}

// TestAnswers compares the answers.
func TestAnswers(t *testing.T) {
	ctx := context.Background()
	theirs := connect(t, pgoracle.Shared(t).DSN())
	n, err := node.Start(ctx, node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop(ctx) //nolint:errcheck // it is in memory
	ours := connect(t, n.DSN())
	for _, conn := range []*pgconn.PgConn{ours, theirs} {
		if err := tpch.Load(ctx, conn, tpch.NewGenerator(scale)); err != nil {
			t.Fatal(err)
		}
	}
	queries, err := tpch.Queries(scale)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		t.Run(fmt.Sprintf("Q%d", q.Number), func(t *testing.T) {
			want, err := tpch.Ask(ctx, theirs, q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tpch.Ask(ctx, ours, q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := q.Differs(got, want); diff != "" {
				t.Errorf("here and on PostgreSQL: %s", diff)
			}
			if len(want) == 0 || strings.Trim(want[0], "NUL|") == "" {
				t.Logf("the answer is empty at this scale")
			}
		})
	}
}

// TestDiffersFindsDifferences: the comparison can fail.
func TestDiffersFindsDifferences(t *testing.T) {
	q := tpch.Query{Number: 1, Sorted: []int{0}}
	a := tpch.Answer{"1|x", "1|y", "2|z"}
	for _, c := range []struct {
		b    tpch.Answer
		same bool
	}{
		{tpch.Answer{"1|x", "1|y", "2|z"}, true},
		{tpch.Answer{"1|y", "1|x", "2|z"}, true},
		{tpch.Answer{"1|x", "2|z", "1|y"}, false},
		{tpch.Answer{"1|x", "1|y"}, false},
		{tpch.Answer{"1|x", "1|x", "2|z"}, false},
	} {
		if got := q.Differs(a, c.b) == ""; got != c.same {
			t.Errorf("%v: %v", c.b, got)
		}
	}
}
