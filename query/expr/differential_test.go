package expr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// TestDifferential evaluates generated expressions, as String writes them, in
// PostgreSQL too. It runs only with -postgres.
func TestDifferential(t *testing.T) {
	if *postgresDSN == "" {
		t.Skip("no -postgres")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(twinColumns).Draw(t, "kind")
		b := Binder{Scope: twinScope{}}
		e, err := b.BindText(drawExpr(t, k, rapid.IntRange(0, 4).Draw(t, "depth")))
		if err != nil || hasContains(e) {
			t.Skip()
		}
		row := make([]value.Value, len(twinColumns))
		cells := make([]string, len(row))
		names := make([]string, len(row))
		for i, k := range twinColumns {
			row[i] = drawValue(t, k)
			cells[i] = NewConst(row[i], value.Of(k), ast.NoPos).String()
			names[i] = fmt.Sprintf("c%d", i)
		}
		sql := fmt.Sprintf("SELECT (%s)::text FROM (VALUES (%s) OFFSET 0) t(%s)", e, strings.Join(cells, ", "), strings.Join(names, ", "))
		want, err := oneText(ctx, conn, sql)
		v, ourErr := Eval(&Context{}, NewCast(e, value.Of(value.Text), value.CastExplicit), row)
		got := "NULL"
		if !v.IsNull() {
			got = v.Bytes()
		}
		if ourErr != nil {
			got = sqlerr.Code(ourErr)
		}
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) {
			if want = pgErr.Code; strings.HasPrefix(want, "22") && ourErr == nil {
				return // PostgreSQL folds constants in branches that are not taken
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want && got != sqlerr.FeatureNotSupported && !(ourErr != nil && pgErr != nil) {
			t.Fatalf("%s\n got %s (%v)\nwant %s (%v)", sql, got, ourErr, want, err)
		}
	})
}

func hasContains(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*Contains); ok {
			found = true
		}
		return !found
	})
	return found
}

func oneText(ctx context.Context, conn *pgx.Conn, sql string) (string, error) {
	var s *string
	err := conn.QueryRow(ctx, sql).Scan(&s)
	if err != nil || s == nil {
		return "NULL", err
	}
	return *s, nil
}
