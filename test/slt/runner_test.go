package slt

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

func TestMain(m *testing.M) { pgoracle.Main(m) }

// small is a script with one record of each kind that must fail the runner's checks or pass them.
const small = "# a comment\r\nhash-threshold 8\r\n\r\nstatement ok\r\nCREATE TABLE t(a INTEGER, b TEXT)\r\n\r\n" + `statement ok
INSERT INTO t
VALUES (2, 'x'), (1, ''), (NULL, 'é')

onlyif mysql
query I
SELECT nonsense

skipif postgresql
statement ok
nonsense

query IT rowsort
SELECT a, b FROM t
----
1
(empty)
2
x
NULL
@@

query I valuesort one
SELECT a FROM t
----
3 values hashing to HASH

query I valuesort one
SELECT a FROM t ORDER BY 1
----
1
2
NULL

query R
SELECT 1.5 WHERE false

query I
SELECT 37.9 UNION ALL SELECT 3
----
37
3

statement error
SELECT * FROM nowhere

onlyif postgresql
halt

statement error
SELECT 1
`

func readSmall(t *testing.T, text string) *script {
	t.Helper()
	dir := t.TempDir()
	text = strings.ReplaceAll(text, "HASH", hashOf([]string{"1", "2", "NULL"}))
	if err := os.WriteFile(filepath.Join(dir, "small.test"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := readScript(dir, "small.test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRunner plays a small script, and then the same with things changed that must fail, to PostgreSQL.
func TestRunner(t *testing.T) {
	dsn := pgoracle.Shared(t).DSN()
	play := func(text string, base baseline, left leftOut) tally {
		t.Helper()
		var counts tally
		r := &runner{open: func() (engine, error) { return openPostgres(dsn) }, baseline: base, leftOut: left, share: 1000}
		if err := r.play(readSmall(t, text), &counts); err != nil {
			t.Fatal(err)
		}
		return counts
	}
	s := readSmall(t, small)
	if len(s.records) != 8 || s.skipped != 2 || s.records[1].line != 7 {
		t.Fatalf("%d records, %d skipped, the second at line %d", len(s.records), s.skipped, s.records[1].line)
	}
	if got := play(small, nil, nil); got.passed != 8 || got.wrong != 0 {
		t.Fatalf("%v\n%s", got.failures, &got)
	}
	for name, change := range map[string][2]string{
		"value":          {"@@", "@"},
		"missing value":  {"(empty)\n", ""},
		"label":          {"SELECT a FROM t ORDER BY 1\n----\n1\n2\nNULL", "SELECT a+1 FROM t\n----\n2\n3\nNULL"},
		"hash":           {"HASH", strings.Repeat("0", 32)},
		"count":          {"3 values", "4 values"},
		"columns":        {"query R\n", "query RR\n"},
		"no error":       {"FROM nowhere", "FROM t"},
		"error":          {"SELECT 1.5 WHERE", "SELECT x WHERE"},
		"statement":      {"INSERT INTO t\n", "INSERT INTO t(a)\n"},
		"empty expected": {"WHERE false", "WHERE true"},
	} {
		if got := play(strings.Replace(small, change[0], change[1], 1), nil, nil); got.wrong == 0 {
			t.Errorf("%s: nothing is wrong\n%s", name, &got)
		}
	}
	last := strconv.Itoa(s.records[7].line)
	if got := play(small, baseline{"small.test": {last: "error 42P01"}}, nil); got.wrong != 0 {
		t.Errorf("baseline: %v", got.failures)
	}
	if got := play(small, baseline{"small.test": {last: "error 42601"}}, nil); got.wrong != 1 {
		t.Errorf("wrong baseline: %v", got.failures)
	}
	if got := play(small, nil, leftOut{"small.test:" + last: "for a reason"}); got.wrong != 1 {
		t.Errorf("stale: %v", got.failures)
	}
}
