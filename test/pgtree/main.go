// Command pgtree compares our trees with PostgreSQL's own parser (libpg_query, by cgo) and writes the golden files
// that the tests of query/sql/parse read without it. It is a Go module of its own, so that the product links
// nothing of it.
//
//	go run . -corpus ../corpus -out ../../query/sql/parse/testdata
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"

	pgquery "github.com/pganalyze/pg_query_go/v6"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

func main() {
	corpus := flag.String("corpus", "../corpus", "folder of the captured statements")
	out := flag.String("out", "", "folder to write the golden files to; none: only compare")
	mutations := flag.Int("mutations", 5000, "statements to make by deleting, doubling and swapping tokens")
	show := flag.Int("show", 10, "differences to show")
	flag.Parse()
	files, _ := filepath.Glob(filepath.Join(*corpus, "*.jsonl"))
	c := &comparison{show: *show}
	var texts []string
	var golden strings.Builder
	for _, f := range files {
		for i, text := range statements(f) {
			texts = append(texts, text)
			if c.compare(filepath.Base(f), text) {
				fmt.Fprintf(&golden, "%s %d %s\n", filepath.Base(f), i+1, hash(text))
			}
		}
	}
	fmt.Printf("corpus: %v\n", c)
	failed := c.differ > 0
	c = &comparison{show: *show}
	rng := rand.New(rand.NewPCG(4, 15))
	var mutated strings.Builder
	for range *mutations {
		text := mutate(rng, texts[rng.IntN(len(texts))])
		if c.compare("mutated", text) {
			line, _ := json.Marshal(map[string]string{"statement": text, "tree": hash(text)})
			mutated.Write(line)
			mutated.WriteByte('\n')
		}
	}
	fmt.Printf("mutated: %v\n", c)
	if *out != "" {
		for name, text := range map[string]string{"pgtree_corpus.tsv": golden.String(), "pgtree_mutated.jsonl": mutated.String()} {
			if err := os.WriteFile(filepath.Join(*out, name), []byte(text), 0o644); err != nil {
				panic(err)
			}
		}
	}
	if failed || c.differ > 0 {
		os.Exit(1)
	}
}

// comparison counts what was compared.
//
// What PostgreSQL 17's parser, which this is, accepts and PostgreSQL 15's does not is counted as refused here: the verdicts
// are compared with a real PostgreSQL 15 by the tests of query/sql/parse.
type comparison struct{ same, differ, treeless, refused, refusedHere, show int }

func (c *comparison) String() string {
	return fmt.Sprintf("%d equal, %d differ, %d without a tree here, %d refused by PostgreSQL, %d here only",
		c.same, c.differ, c.treeless, c.refused, c.refusedHere)
}

// compare says whether both parsers make the same tree of a text.
func (c *comparison) compare(name, text string) bool {
	want, err := pgquery.ParseToJSON(text)
	if err != nil {
		c.refused++
		return false
	}
	got, why := convertText(text)
	if why == "" {
		var tree struct{ Stmts []struct{ Stmt any } }
		if err := json.Unmarshal([]byte(want), &tree); err != nil {
			panic(err)
		}
		wants := []any{}
		for _, s := range tree.Stmts {
			wants = append(wants, normal(s.Stmt))
		}
		a, b := roundTrip(got), roundTrip(wants)
		if reflect.DeepEqual(a, b) {
			c.same++
			return true
		}
		why = "at " + where("", a, b)
	}
	if strings.Contains(why, "no conversion of *ast.UnsupportedStmt") {
		c.treeless++
		return true
	}
	if name == "mutated" && strings.Contains(why, "SQLSTATE 42601") {
		c.refusedHere++
		return false
	}
	c.differ++
	if c.differ <= c.show {
		fmt.Printf("-- %s\n%s\n   %s\n", name, text, why)
	}
	return false
}

// hash is of what the golden tests compare: our tree as text.
func hash(text string) string {
	list, err := parse.Parse(text, parse.Options{})
	if err != nil {
		panic(err)
	}
	h := fnv.New64a()
	for _, s := range list {
		io.WriteString(h, ast.Print(s.Stmt))
	}
	return strconv.FormatUint(h.Sum64(), 16)
}

// mutate deletes, doubles or swaps a token, or cuts the text off after one.
func mutate(rng *rand.Rand, text string) string {
	var toks lex.Tokens
	if lex.Scan(text, lex.Mode{}, &toks) != nil || len(toks.List) < 3 {
		return text
	}
	l := toks.List[:len(toks.List)-1]
	a, b := l[rng.IntN(len(l))], l[rng.IntN(len(l))]
	if a.Start > b.Start {
		a, b = b, a
	}
	switch rng.IntN(4) {
	case 0:
		return text[:a.Start] + text[a.End:]
	case 1:
		return text[:a.End] + " " + text[a.Start:]
	case 2:
		if a == b {
			return text
		}
		return text[:a.Start] + text[b.Start:b.End] + text[a.End:b.Start] + text[a.Start:a.End] + text[b.End:]
	}
	return text[:a.End]
}

// convertText converts what our parser makes of a text.
func convertText(text string) (out []any, why string) {
	defer func() {
		if p := recover(); p != nil {
			why = fmt.Sprint(p)
		}
	}()
	list, err := parse.Parse(text, parse.Options{})
	if err != nil {
		return nil, err.Error()
	}
	for _, s := range list {
		out = append(out, stmt(s.Stmt))
	}
	return out, ""
}

func roundTrip(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return normal(out)
}

// normal takes out what our tree does not have: places, and defaults that are written out.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case strings.HasSuffix(k, "location"), k == "partbound", // which we keep as text
				k == "stmt_len", k == "list_start", k == "list_end":
				delete(v, k)
				continue
			case k == "frameOptions":
				v[k] = float64(int(x.(float64)) &^ 0x10) // whether BETWEEN was written
				continue
			}
			if v[k] = normal(x); v[k] == nil {
				delete(v, k)
			}
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			if n := normal(v[i]); n != nil {
				v[i] = n
			}
		}
	}
	return v
}

// where finds the first difference.
func where(path string, a, b any) string {
	if am, ok := a.(map[string]any); ok {
		if bm, ok := b.(map[string]any); ok {
			keys := map[string]bool{}
			for k := range am {
				keys[k] = true
			}
			for k := range bm {
				keys[k] = true
			}
			var sorted []string
			for k := range keys {
				sorted = append(sorted, k)
			}
			sort.Strings(sorted)
			for _, k := range sorted {
				if !reflect.DeepEqual(am[k], bm[k]) {
					return where(path+"."+k, am[k], bm[k])
				}
			}
		}
	}
	if al, ok := a.([]any); ok {
		if bl, ok := b.([]any); ok && len(al) == len(bl) {
			for i := range al {
				if !reflect.DeepEqual(al[i], bl[i]) {
					return where(fmt.Sprintf("%s[%d]", path, i), al[i], bl[i])
				}
			}
		}
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	cut := func(s []byte) string {
		if len(s) > 300 {
			s = s[:300]
		}
		return string(s)
	}
	return fmt.Sprintf("%s:\n   ours %s\n   PG's %s", path, cut(x), cut(y))
}

func statements(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	var out []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var rec struct{ Statement string }
		if json.Unmarshal(sc.Bytes(), &rec) == nil {
			out = append(out, rec.Statement)
		}
	}
	return out
}
