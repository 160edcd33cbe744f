package expr

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// The golden file holds expressions with what PostgreSQL 15 answers:
//
//	expression <tab> type <tab> text of the value, or \N
//	expression <tab> ! <tab> SQLSTATE <tab> message <tab> position or 0
//	expression <tab> 0A000        refused here, whatever PostgreSQL answers
//
// Lines of an expression alone are completed, and the others checked again, by
//
//	go test -run TestGolden -postgres 'host=... dbname=...'
var postgresDSN = flag.String("postgres", "", "PostgreSQL 15 to write testdata/golden*.txt with")

// goldenFiles are by subject: golden.txt has what has no file of its own.
const goldenFiles = "testdata/golden*.txt"

func TestGolden(t *testing.T) {
	files, err := filepath.Glob(goldenFiles)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		if *postgresDSN != "" {
			writeGolden(t, file)
		}
		lines += checkGolden(t, file)
	}
	if lines < 400 {
		t.Errorf("only %d expressions", lines)
	}
}

// TestFloatFunctions compares functions whose results have to be rounded, with a tolerance of a few units in the last place.
func TestFloatFunctions(t *testing.T) {
	const file, tolerance = "testdata/float_functions.txt", 1e-15
	if *postgresDSN != "" {
		writeGolden(t, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		text, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if text[0] == '#' {
			continue
		}
		n++
		wantX, err := strconv.ParseFloat(strings.TrimPrefix(want, "double precision\t"), 64)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got := goldenAnswer(text)
		gotX, err := strconv.ParseFloat(strings.TrimPrefix(got, "double precision\t"), 64)
		if err != nil || math.Abs(gotX-wantX) > tolerance*math.Abs(wantX) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if n < 30 {
		t.Errorf("only %d functions", n)
	}
}

// checkGolden returns the number of expressions of a file.
func checkGolden(t *testing.T, file string) (lines int) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		line := scanner.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		lines++
		text, want, ok := strings.Cut(line, "\t")
		if !ok {
			t.Errorf("%s: no answer", text)
			continue
		}
		if got := goldenAnswer(text); got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
	return lines
}

// goldenAnswer binds and evaluates an expression three ways.
func goldenAnswer(text string) string {
	e, err := bindText(text, nil)
	if err != nil {
		return goldenError(err)
	}
	c := goldenContext()
	v, err := EvalConst(c, e)
	in := &column.Batch{N: 3}
	vec, vecErr := Compile(e).Eval(c, in, nil)
	if (err != nil) != (vecErr != nil) {
		return fmt.Sprintf("row error %v, vector error %v", err, vecErr)
	}
	if err != nil {
		return goldenError(err)
	}
	if w := vec.Value(2); w.IsNull() != v.IsNull() || !v.IsNull() && !value.Equal(v, w) {
		return "row and vector differ"
	}
	if v.IsNull() {
		return e.Type().Kind.String() + "\t" + `\N`
	}
	return e.Type().Kind.String() + "\t" + escapeGolden(string(value.AppendText(nil, v, c.style())))
}

func escapeGolden(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(s)
}

// goldenPrefix stands before the expression in a statement; error positions count from behind it.
const goldenPrefix = "SELECT "

func bindText(text string, scope Scope) (Expr, error) {
	list, err := parse.Parse(goldenPrefix+text, parse.Options{})
	if err != nil {
		return nil, err
	}
	b := &Binder{Scope: scope, Aggregates: scope != nil, Clause: "SELECT"}
	return b.BindText(list[0].Stmt.(*ast.SelectStmt).Targets[0].Expr)
}

func goldenContext() *Context {
	return &Context{
		Style:    value.DefaultStyle(),
		StmtTime: 812332800000000, // 2025-09-28 00:00:00
		TxnTime:  812332800000000,
		Session:  &Session{User: "postgres", Database: "postgres", SearchPath: publicPath},
	}
}

func goldenError(err error) string {
	e := sqlerr.As(err)
	if e == nil {
		return "no SQLSTATE: " + err.Error()
	}
	if e.Code == sqlerr.FeatureNotSupported {
		return "0A000"
	}
	return fmt.Sprintf("!\t%s\t%s\t%d", e.Code, escapeGolden(e.Message), max(0, e.Pos-len(goldenPrefix)))
}

// writeGolden asks PostgreSQL. Lines marked 0A000 stay.
func writeGolden(t *testing.T, file string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET extra_float_digits = 1"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		text, answer, _ := strings.Cut(line, "\t")
		if text == "" || text[0] == '#' || answer == "0A000" {
			out.WriteString(line + "\n")
			continue
		}
		out.WriteString(text + "\t" + askPostgresAbout(ctx, t, conn, text, "") + "\n")
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func askPostgresAbout(ctx context.Context, t *testing.T, conn *pgx.Conn, text, from string) string {
	res, err := conn.PgConn().Exec(ctx, goldenPrefix+text+from).ReadAll()
	if e := (*pgconn.PgError)(nil); err != nil {
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return pgErrorLine(e, text)
	}
	kind, ok := value.KindOfOID(res[0].FieldDescriptions[0].DataTypeOID)
	name := kind.String()
	if !ok {
		switch res[0].FieldDescriptions[0].DataTypeOID {
		case 2278: // void is text here
			name = "text"
		default:
			name = fmt.Sprintf("type %d", res[0].FieldDescriptions[0].DataTypeOID)
		}
	}
	if v := res[0].Rows[0][0]; v != nil {
		return name + "\t" + escapeGolden(string(v))
	}
	return name + "\t" + `\N`
}

// pgErrorLine is goldenError for PostgreSQL's own error.
func pgErrorLine(e *pgconn.PgError, text string) string {
	if e.Code == sqlerr.FeatureNotSupported {
		return e.Code
	}
	// PostgreSQL counts characters from 1; here they are bytes.
	pos := 0
	if e.Position > 0 {
		runes := []rune(goldenPrefix + text)
		pos = len(string(runes[:e.Position-1])) + 1 - len(goldenPrefix)
	}
	return fmt.Sprintf("!\t%s\t%s\t%d", e.Code, escapeGolden(e.Message), max(0, pos))
}
