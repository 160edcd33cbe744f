package parse

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

var update = flag.Bool("update", false, "write the trees into the golden files")

// goldenCase is a statement and its tree, or its error.
type goldenCase struct{ text, want string }

func readGolden(t testing.TB, file string) (cases []goldenCase) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
		text, want, ok := strings.Cut(block, "\n----")
		if !ok {
			t.Fatalf("%s: no ---- in %q", file, block)
		}
		cases = append(cases, goldenCase{text, strings.TrimSpace(want)})
	}
	return cases
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return files
}

// render writes the trees of a text, or its error as PostgreSQL shows it.
func render(text string, opts Options) string {
	stmts, err := parse(text, opts)
	if err != nil {
		e := sqlerr.As(err)
		s := fmt.Sprintf("error %s at %d: %s", e.Code, e.Pos-1, e.Message)
		if e.Hint != "" {
			s += "\nhint: " + e.Hint
		}
		return s
	}
	var parts []string
	for _, s := range stmts {
		parts = append(parts, ast.Print(s.Stmt))
	}
	return strings.Join(parts, "\n")
}

// TestGoldenTrees compares the trees of the statements in testdata. The trees
// there were read by a person who knows PostgreSQL's; -update rewrites them.
func TestGoldenTrees(t *testing.T) {
	before := Rejected()
	for _, file := range goldenFiles(t) {
		opts := Options{BareLiterals: strings.Contains(file, "bare")}
		var out strings.Builder
		for i, c := range readGolden(t, file) {
			got := render(c.text, opts)
			if i > 0 {
				out.WriteString("\n")
			}
			fmt.Fprintf(&out, "%s\n----\n%s\n", c.text, got)
			if d := cmp.Diff(c.want, got); d != "" && !*update {
				t.Errorf("%s: %s\n(-want +got)\n%s", file, c.text, d)
			}
		}
		if *update {
			if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := Rejected() - before; r != 0 {
		t.Errorf("TiDB refused %d statements that we accepted", r)
	}
}
