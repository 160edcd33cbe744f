package parse

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// TestTreesArePostgres: the trees of the corpus, and of mutations of it, are those that PostgreSQL's own parser made.
// test/pgtree compares them, by cgo, and writes the hashes that are compared here.
func TestTreesArePostgres(t *testing.T) {
	data, err := os.ReadFile("testdata/pgtree_corpus.tsv")
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		f := strings.Fields(line)
		hashes[f[0]+" "+f[1]] = f[2]
	}
	files, err := filepath.Glob("../../../test/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	count := 0
	for _, file := range files {
		for i, text := range jsonLines(t, file) {
			count++
			compareTree(t, text, hashes[fmt.Sprintf("%s %d", filepath.Base(file), i+1)])
		}
	}
	if count != len(hashes) {
		t.Errorf("%d statements, %d trees of PostgreSQL's", count, len(hashes))
	}
	data, err = os.ReadFile("testdata/pgtree_mutated.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var rec struct{ Statement, Tree string }
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		compareTree(t, rec.Statement, rec.Tree)
	}
}

func jsonLines(t *testing.T, file string) (list []string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var rec struct{ Statement string }
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		list = append(list, rec.Statement)
	}
	return list
}

func compareTree(t *testing.T, text, want string) {
	t.Helper()
	list, err := parse(text, Options{})
	if err != nil {
		t.Errorf("%s\n%v", text, err)
		return
	}
	h := fnv.New64a()
	for _, s := range list {
		io.WriteString(h, ast.Print(s.Stmt))
	}
	if got := strconv.FormatUint(h.Sum64(), 16); got != want {
		t.Errorf("the tree is not the one that was compared with PostgreSQL's (%s, not %s); compare again: go run -C test/pgtree .\n%s", got, want, text)
	}
}
