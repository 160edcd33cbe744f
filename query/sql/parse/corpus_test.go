package parse

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

const corpusDir = "../../../test/corpus"

// corpus returns the statements that real clients sent, by client.
func corpus(t testing.TB) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpusDir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in %s: %v", corpusDir, err)
	}
	all := map[string][]string{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			var line struct{ Statement string }
			if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all[filepath.Base(file)] = append(all[filepath.Base(file)], line.Statement)
		}
		if err := sc.Err(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return all
}

// TestCorpusParses: every statement that real clients send has a tree of its
// own, and TiDB refuses none.
func TestCorpusParses(t *testing.T) {
	before := Rejected()
	n := 0
	for file, list := range corpus(t) {
		for _, text := range list {
			n++
			stmts, err := parse(text, Options{})
			if err != nil {
				t.Errorf("%s: %v\n%s", file, err, text)
				continue
			}
			for _, s := range stmts {
				checkTree(t, text, s)
				if u, ok := s.Stmt.(*ast.UnsupportedStmt); ok {
					t.Errorf("%s: %s only recognised: %.100s", file, u.Command, text)
				}
			}
		}
	}
	if n < 1000 {
		t.Errorf("only %d statements in the corpus", n)
	}
	if r := Rejected() - before; r != 0 {
		t.Errorf("TiDB refused %d statements that we accepted", r)
	}
}

// checkTree checks what holds for every tree: it is complete, and positions lie
// within the statement.
func checkTree(t testing.TB, text string, s Statement) {
	t.Helper()
	if s.Stmt == nil {
		t.Errorf("no tree for %s", text)
		return
	}
	ast.Inspect(s.Stmt, func(n ast.Node) bool {
		if p := n.Pos(); p != ast.NoPos && (p < s.Start || p > s.Start+len(s.Text)) {
			t.Errorf("%T at %d outside %d+%d of %s", n, p, s.Start, len(s.Text), text)
			return false
		}
		return true
	})
}
