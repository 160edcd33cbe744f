package parse

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sltStatements calls f for each distinct statement of the sqllogictest scripts
// in SLT_DIR (default ../shared/slt beside the repository) that should parse.
func sltStatements(t testing.TB, f func(text string)) (n int) {
	t.Helper()
	dir := os.Getenv("SLT_DIR")
	if dir == "" {
		dir = "../../../../shared/slt"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("NO SQLLOGICTEST SCRIPTS: set SLT_DIR to a directory that has them: %v", err)
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".test") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		sc := bufio.NewScanner(file)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			head := strings.Fields(sc.Text())
			if len(head) < 2 || head[0] != "query" && (head[0] != "statement" || head[1] != "ok") {
				continue
			}
			var text []string
			for sc.Scan() && strings.TrimSpace(sc.Text()) != "" && sc.Text() != "----" {
				text = append(text, strings.TrimRight(sc.Text(), "\r"))
			}
			if s := strings.Join(text, "\n"); !seen[s] {
				seen[s] = true
				n++
				f(s)
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sqliteOnly is what SQLite has and PostgreSQL refuses too: see
// TestSQLLogicTestAgreesWithPostgres.
var sqliteOnly = regexp.MustCompile(`(?i)\bIN\s*\(\s*\)|\bIN\s+\w|INSERT OR |REPLACE INTO|INDEXED|\bDIV\b|WHERE x NOT NULL|UNIQUE \(a\(1|^IF EXISTS`)

// TestSQLLogicTestParses: the scripts' statements parse, but for SQLite's own
// syntax, and TiDB refuses none that we accept.
func TestSQLLogicTestParses(t *testing.T) {
	before := Rejected()
	failed := 0
	n := sltStatements(t, func(text string) {
		stmts, err := parse(text, Options{})
		if err != nil {
			failed++
			if !sqliteOnly.MatchString(text) {
				t.Errorf("%v\n%.300s", err, text)
			}
			return
		}
		for _, s := range stmts {
			checkTree(t, text, s)
		}
	})
	t.Logf("%d distinct statements, %d refused", n, failed)
	if r := Rejected() - before; r != 0 {
		t.Errorf("TiDB refused %d statements that we accepted", r)
	}
}
