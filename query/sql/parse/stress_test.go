package parse

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// TestMutationsNeverReachTiDBsErrors: statements whose tokens are deleted,
// doubled, swapped, cut off or spliced with another's are either refused by us
// or accepted by both.
func TestMutationsNeverReachTiDBsErrors(t *testing.T) {
	var all []string
	for _, list := range corpus(t) {
		all = append(all, list...)
	}
	for _, file := range goldenFiles(t) {
		for _, c := range readGolden(t, file) {
			all = append(all, c.text, c.text) // twice the weight of the corpus: they are richer
		}
	}
	slices.Sort(all) // the corpus is a map
	rng := rand.New(rand.NewSource(7))
	accepted := 0
	for range 20000 {
		text := mutate(rng, all[rng.Intn(len(all))])
		for rng.Intn(3) == 0 {
			text = splice(rng, text, all[rng.Intn(len(all))])
		}
		before := Rejected()
		stmts, err := parse(text, Options{BareLiterals: rng.Intn(2) == 0})
		if Rejected() != before {
			t.Errorf("TiDB refused what we accept: %v\n%s", err, text)
		}
		if err != nil {
			checkError(t, text, err)
			continue
		}
		accepted++
		for _, s := range stmts {
			checkTree(t, text, s)
		}
	}
	t.Logf("%d of 20000 accepted", accepted)
	if accepted < 2000 {
		t.Errorf("only %d mutations were accepted: the test says little", accepted)
	}
}

// splice replaces a run of tokens of a by a run of b.
func splice(rng *rand.Rand, a, b string) string {
	var ta, tb lex.Tokens
	if lex.Scan(a, lex.Mode{}, &ta) != nil || lex.Scan(b, lex.Mode{}, &tb) != nil || len(ta.List) < 2 || len(tb.List) < 2 {
		return a
	}
	i := rng.Intn(len(ta.List))
	j := min(i+rng.Intn(3), len(ta.List)-1)
	k := rng.Intn(len(tb.List))
	l := min(k+rng.Intn(8), len(tb.List)-1)
	return a[:ta.List[i].Start] + " " + b[tb.List[k].Start:tb.List[l].End] + " " + a[ta.List[j].End:]
}

// TestDeepAndLongStatements: what is deep or long is read in time that grows
// with its length, or refused with 54001; never more.
func TestDeepAndLongStatements(t *testing.T) {
	rep := strings.Repeat
	for _, c := range []struct {
		name, text string
		code       string // "" when it must parse
	}{
		{"ands", "SELECT 1 WHERE a = 1" + rep(" AND a = 1", 50000), ""},
		{"ors and nots", "SELECT 1 WHERE a" + rep(" OR NOT b AND c", 20000), ""},
		{"operators", "SELECT a" + rep(" || b", 5000), ""},
		{"too many operators", "SELECT a" + rep(" || b", 50000), sqlerr.StatementTooComplex},
		{"sums", "SELECT 1" + rep("+1", 5000), ""},
		{"too many sums", "SELECT 1" + rep("+1", 50000), sqlerr.StatementTooComplex},
		{"parentheses", "SELECT " + rep("(", 1000) + "1" + rep(")", 1000), ""},
		{"too many parentheses", "SELECT " + rep("(", 50000) + "1" + rep(")", 50000), sqlerr.StatementTooComplex},
		{"open parentheses", "SELECT " + rep("(", 50000), sqlerr.StatementTooComplex},
		{"subqueries", rep("SELECT (", 500) + "1" + rep(")", 500), ""},
		{"too many subqueries", rep("SELECT (", 50000) + "1" + rep(")", 50000), sqlerr.StatementTooComplex},
		{"queries in parentheses", rep("(", 500) + "SELECT 1" + rep(")", 500), ""},
		{"too many queries in parentheses", rep("(", 50000) + "SELECT 1" + rep(")", 50000), sqlerr.StatementTooComplex},
		{"ambiguous parentheses", "SELECT " + rep("(", 600) + "(SELECT 1)" + rep(" + 1)", 600), ""},
		{"calls", "SELECT " + rep("f(", 800) + "1" + rep(")", 800), ""},
		{"too many calls", "SELECT " + rep("f(", 50000) + "1" + rep(")", 50000), sqlerr.StatementTooComplex},
		{"casts", "SELECT a" + rep("::int", 5000), ""},
		{"too many casts", "SELECT a" + rep("::int", 50000), sqlerr.StatementTooComplex},
		{"signs", "SELECT " + rep("- ", 1000) + "a", ""},
		{"too many signs", "SELECT " + rep("- ", 50000) + "a", sqlerr.StatementTooComplex},
		{"too many nots", "SELECT " + rep("NOT ", 50000) + "a", sqlerr.StatementTooComplex},
		{"cases", "SELECT " + rep("CASE WHEN ", 500) + "a" + rep(" THEN 1 END", 500), ""},
		{"arrays", "SELECT ARRAY" + rep("[", 1000) + rep("]", 1000), ""},
		{"too many arrays", "SELECT ARRAY" + rep("[", 50000) + rep("]", 50000), sqlerr.StatementTooComplex},
		{"unions", "SELECT 1" + rep(" UNION ALL SELECT 1", 3000), ""},
		{"too many unions", "SELECT 1" + rep(" UNION ALL SELECT 1", 50000), sqlerr.StatementTooComplex},
		{"joins", "SELECT * FROM a" + rep(" JOIN b ON true", 1000), ""},
		{"joins in parentheses", "SELECT * FROM " + rep("(", 500) + "a" + rep(" JOIN b ON true)", 500), ""},
		{"too many joins in parentheses", "SELECT * FROM " + rep("(", 50000) + "a", sqlerr.StatementTooComplex},
		{"froms", "SELECT * FROM a" + rep(", b", 2000), ""},
		{"ins", "SELECT a IN (1" + rep(", 2", 100000) + ")", ""},
		{"targets", "SELECT 1" + rep(", a", 20000), ""},
		{"rows", "INSERT INTO t VALUES (1, 'a')" + rep(", (2, 'b')", 100000), ""},
		{"calls in rows", "INSERT INTO t VALUES (1, now())" + rep(", (2, now())", 10000), ""},
		{"statements", rep("SELECT 1;", 5000), ""},
		{"semicolons", rep(";", 100000), ""},
		{"comment", rep("/*", 50000) + rep("*/", 50000), ""},
		{"CTEs", "WITH " + rep("x AS (SELECT 1), ", 2000) + "y AS (SELECT 1) SELECT 1", ""},
		{"nested CTEs", rep("WITH x AS (", 300) + "SELECT 1" + rep(") SELECT 1", 300), ""},
		{"too many nested CTEs", rep("WITH x AS (", 20000) + "SELECT 1" + rep(") SELECT 1", 20000), sqlerr.StatementTooComplex},
		{"too many explains", rep("EXPLAIN ", 50000) + "SELECT 1", sqlerr.SyntaxError},
		{"grouping sets", "SELECT 1 GROUP BY " + rep("GROUPING SETS (", 500) + "a" + rep(")", 500), ""},
	} {
		before := Rejected()
		start := time.Now()
		stmts, err := parse(c.text, Options{})
		took := time.Since(start)
		if got := sqlerr.Code(err); got != c.code {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.code)
		}
		if Rejected() != before {
			t.Errorf("%s: TiDB refused what we accept", c.name)
		}
		for _, s := range stmts {
			ast.Inspect(s.Stmt, func(ast.Node) bool { return true })
		}
		if took > 5*time.Second { // a hundred times what it takes: only the exponential is caught
			t.Errorf("%s: took %v", c.name, took)
		}
		if testing.Verbose() {
			t.Logf("%-32s %8d bytes %v", c.name, len(c.text), took.Round(time.Microsecond))
		}
	}
}

// TestMarkersCannotBeSpoofed: a name with the byte that begins the rewriter's
// own names is refused, and names that look like its text stay what they are.
func TestMarkersCannotBeSpoofed(t *testing.T) {
	for _, text := range []string{"SELECT \"\x011\" FROM t", "SELECT * FROM \"a\x01\"", "SELECT U&\"\\0001\""} {
		if _, err := parse(text, Options{}); sqlerr.Code(err) != sqlerr.InvalidName {
			t.Errorf("%q: %v", text, err)
		}
	}
	stmts, err := parse("SELECT \"`) FROM x; DROP TABLE y -- \", 'it''s \\', \"a`b\".\"c\\\" FROM \"t`\" WHERE \"1\" = '`'", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := stmts[0].Stmt.(*ast.SelectStmt)
	if got := s.Targets[0].Expr.(*ast.ColumnRef).Parts[0].Name; got != "`) FROM x; DROP TABLE y -- " {
		t.Errorf("column %q", got)
	}
	if got := s.Targets[1].Expr.(*ast.Const).Text; got != "it's \\" {
		t.Errorf("string %q", got)
	}
	if got := s.Targets[2].Expr.(*ast.ColumnRef).Parts; got[0].Name != "a`b" || got[1].Name != "c\\" {
		t.Errorf("column %v", got)
	}
	if got := s.From[0].(*ast.RangeVar).Table.Name; got != "t`" {
		t.Errorf("table %q", got)
	}
}
