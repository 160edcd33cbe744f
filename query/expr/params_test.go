package expr

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

const paramsFile = "testdata/params.txt"

// TestParamTypes compares the inferred types of parameters with those that PostgreSQL
// describes.
func TestParamTypes(t *testing.T) {
	if *postgresDSN != "" {
		writeParams(t)
	}
	data, err := os.ReadFile(paramsFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		text, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' {
			continue
		}
		if got := paramsAnswer(t, text); got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
}

func paramsAnswer(t *testing.T, text string) string {
	list, err := parse.Parse(goldenPrefix+text, parse.Options{})
	if err != nil {
		return goldenError(err)
	}
	p := NewParamTypes(nil)
	b := &Binder{Scope: vecScope{aggBatch(t)}, Params: p, Clause: "SELECT"}
	e, err := b.BindText(list[0].Stmt.(*ast.SelectStmt).Targets[0].Expr)
	if err != nil {
		return goldenError(err)
	}
	kinds, err := p.Finish()
	if err != nil {
		return goldenError(err)
	}
	return kindNames(kinds) + "\t" + e.Type().Kind.String()
}

func writeParams(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TEMP TABLE t ("+aggColumns+")"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(paramsFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		text, answer, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' || answer == "0A000" {
			out.WriteString(line)
			continue
		}
		out.WriteString(text + "\t" + describeParams(ctx, t, conn, text) + "\n")
	}
	if err := os.WriteFile(paramsFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func describeParams(ctx context.Context, t *testing.T, conn *pgx.Conn, text string) string {
	d, err := conn.PgConn().Prepare(ctx, "", goldenPrefix+text+" FROM t", nil)
	if e := (*pgconn.PgError)(nil); err != nil {
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return pgErrorLine(e, text)
	}
	kinds := make([]value.Kind, len(d.ParamOIDs))
	for i, oid := range d.ParamOIDs {
		kinds[i], _ = value.KindOfOID(oid)
	}
	result, _ := value.KindOfOID(d.Fields[0].DataTypeOID)
	return kindNames(kinds) + "\t" + result.String()
}
