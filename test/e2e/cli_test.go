package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/test/harness"
)

// TestShellPrintsAsPsqlDoes sends the same to our shell and to psql.
func TestShellPrintsAsPsqlDoes(t *testing.T) {
	s := harness.Start(t, "")
	harness.Exec(t, s.Connect(), "CREATE TABLE home (id int PRIMARY KEY, town text, price numeric(10,2))",
		"INSERT INTO home VALUES (1, 'Paris', 99.5), (2, NULL, 1200), (3, E'two\\nlines', NULL)")
	for _, sql := range []string{
		"SELECT * FROM home ORDER BY id",
		"SELECT FROM home WHERE town = 'Paris'",
		"SELECT count(*) FROM home",
		"SELECT town FROM home WHERE id = 77",
		"SELECT nosuch FROM home",
		"SELECT id\nFROM home\nWHERE tow = 'Paris'",
		"SELECT 1/0",
		"SELECT 1; SELECT 2",
		"UPDATE home SET price = 1 WHERE id = 1 RETURNING id, price",
	} {
		out, errs, code := harness.Run(t, "", "sql", s.DSN(), "-c", sql)
		wantOut, wantErrs, wantCode := psql(t, s.Host(), s.Port(), "", "-c", sql)
		if out = strings.ReplaceAll(out, "UPDATE 1\n", ""); trimLines(out) != trimLines(wantOut) || errs != wantErrs || code != wantCode {
			t.Errorf("%s\nends with %d\n%s%s\npsql ends with %d\n%s%s", sql, code, out, errs, wantCode, wantOut, wantErrs)
		}
	}
}

// trimLines drops spaces at the ends of lines, which psql leaves after its last column.
func trimLines(text string) string {
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(text, "")
}

func TestShellRunsScripts(t *testing.T) {
	s := harness.Start(t, "")
	script := filepath.Join(t.TempDir(), "script.sql")
	text := "-- a table;\ncreate table t (id int primary key,\n  v text);\ncopy t from stdin;\n1\tone;\n2\t\\N\n\\.\nselect count(*) from t; select ';' as semicolon"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := harness.Run(t, "", "sql", s.DSN(), "-f", script)
	if code != 0 || errs != "" || !strings.Contains(out, "COPY 2\n") || !strings.Contains(out, "     2\n") || !strings.Contains(out, " ;\n") {
		t.Errorf("ends with %d\n%s%s", code, out, errs)
	}
	// What follows an error is not run.
	out, errs, code = harness.Run(t, "insert into t values (3);\nselect nosuch;\ninsert into t values (4);\n", "sql", s.DSN())
	if code != 3 || out != "INSERT 0 1\n" || !strings.Contains(errs, "nosuch") {
		t.Errorf("a script with an error ends with %d\n%s%s", code, out, errs)
	}
	out, _, code = harness.Run(t, "5\tfive\n", "sql", s.DSN(), "-c", "copy t from stdin", "-c", "copy (select id from t order by id) to stdout")
	if code != 0 || out != "COPY 1\n1\n2\n3\n5\n" {
		t.Errorf("copies end with %d\n%s", code, out)
	}
	if _, errs, code = harness.Run(t, "", "sql", "postgres://cachalot@127.0.0.1:1/cachalot", "-c", "select 1"); code != 2 || errs == "" {
		t.Errorf("without a server it ends with %d\n%s", code, errs)
	}
}

func TestCommandLinesThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"import"}, 2, `unknown argument "import"`},
		{[]string{"serve"}, 2, "--data DIR, or --memory"},
		{[]string{"serve", "--memory", "--listen", "0.0.0.0:0"}, 2, "--insecure"},
		{[]string{"serve", "--memory", "--nosuch"}, 2, "unknown flag"},
		{[]string{"serve", "--memory", "--memory-limit", "much"}, 2, "is not a size"},
		{[]string{"serve", "--memory", "--config", "/nonexistent"}, 2, "/nonexistent"},
		{[]string{"demo", "--objects", "3"}, 2, "--objects"},
		{[]string{"check"}, 2, "one data directory or backup"},
		{[]string{"check", "/nonexistent"}, 2, "/nonexistent"},
		{[]string{"backup", "postgres://x"}, 2, "a DSN and a directory"},
		{[]string{"backup", "postgres://cachalot@127.0.0.1:1/cachalot", "/nonexistent"}, 2, "directory /nonexistent does not exist"},
		{[]string{"restore", "--data", "/nonexistent"}, 2, "the directory of one backup"},
		{[]string{"restore", "/nonexistent"}, 2, "--data NEWDIR"},
		{[]string{"restore", "/nonexistent", "--data", "/etc"}, 2, "directory is not empty"},
		{[]string{"restore", "/nonexistent", "--data", "/nonexistent/new"}, 1, "/nonexistent holds no backup"},
		{[]string{"version", "x"}, 2, `unknown argument "x"`},
		{[]string{"version"}, 0, ""},
		{[]string{}, 0, ""},
	} {
		out, errs, code := harness.Run(t, "", c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("cachalot %s ends with %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, c.code, c.says, out, errs)
		}
	}
}

// TestServeStopsInOrder: what was acknowledged before SIGTERM is there afterwards, a directory in use is refused.
func TestServeStopsInOrder(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := harness.Start(t, dir, "--http", address)
	for _, path := range []string{"/readyz", "/healthz"} {
		answer, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	harness.Exec(t, s.Connect(), "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT g FROM generate_series(1, 1000) g")
	if _, errs, code := harness.Run(t, "", "check", dir); code != 2 || !strings.Contains(errs, "lock") {
		t.Errorf("check of a directory in use ends with %d\n%s", code, errs)
	}
	if _, errs, code := harness.Run(t, "", "serve", "--data", dir, "--listen", "127.0.0.1:0", "--http", ""); code != 1 || !strings.Contains(errs, "lock") {
		t.Errorf("a second server ends with %d\n%s", code, errs)
	}
	s.Stop()
	if !strings.Contains(s.Stderr(), "stopped") {
		t.Errorf("it said\n%s", s.Stderr())
	}
	if out, errs, code := harness.Run(t, "", "check", dir); code != 0 || !strings.Contains(out, "1 tables, 1000 rows") {
		t.Errorf("check ends with %d\n%s%s", code, out, errs)
	}
	if got := lines(t, harness.Start(t, dir), "SELECT count(*), sum(id) FROM t;"); !slices.Equal(got, []string{"1000|500500"}) {
		t.Errorf("after a restart: %v", got)
	}
}

// TestDamageIsNamed flips a byte of each file that matters: check and serve name the file and the
// place, end with 1 and change nothing.
func TestDamageIsNamed(t *testing.T) {
	dir := t.TempDir()
	s := harness.Start(t, dir)
	conn := s.Connect()
	harness.Exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v text)")
	for i := range 50 {
		harness.Exec(t, conn, fmt.Sprintf("INSERT INTO t VALUES (%d, repeat('x', 200))", i))
	}
	s.Stop()
	flipped := 0
	for _, path := range files(t, dir) {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) == 0 {
			continue // the lock
		}
		// A byte that is not in the empty space after the last record.
		at := len(strings.TrimRight(string(whole), "\x00")) / 2
		damaged := slices.Clone(whole)
		damaged[at] ^= 0x10
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"check", dir}, {"serve", "--data", dir, "--listen", "127.0.0.1:0", "--http", ""}} {
			_, errs, code := harness.Run(t, "", args...)
			if code != 1 || !strings.Contains(errs, filepath.Base(path)) || !regexp.MustCompile(`(?i)(offset|byte|at) \d+`).MatchString(errs) {
				t.Errorf("%s with a byte of %s flipped at %d ends with %d\n%s", args[0], path, at, code, errs)
			}
		}
		if now, err := os.ReadFile(path); err != nil || !slices.Equal(now, damaged) {
			t.Errorf("%s was changed: %v", path, err)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		flipped++
	}
	if flipped < 2 {
		t.Errorf("only %d files were damaged", flipped)
	}
	if _, errs, code := harness.Run(t, "", "check", dir); code != 0 {
		t.Errorf("the directory as it was: check ends with %d\n%s", code, errs)
	}
}

// TestDemo runs the demo small, with everything that it checks.
func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	out, errs, code := harness.Run(t, "", "demo", "--objects", "3000", "--transfers", "20", "--data", dir)
	if code != 0 || strings.Count(out, "  ok\n") != 14 || !strings.Contains(out, "psql -h 127.0.0.1 -p 48401 -U cachalot cachalot") {
		t.Errorf("ends with %d\n%s%s", code, out, errs)
	}
	if out, errs, code := harness.Run(t, "", "check", dir); code != 0 || !strings.Contains(out, "3 tables") {
		t.Errorf("check of its data ends with %d\n%s%s", code, out, errs)
	}
	if _, errs, code := harness.Run(t, "", "demo", "--data", dir); code != 2 || !strings.Contains(errs, "not empty") {
		t.Errorf("a second demo over it ends with %d\n%s", code, errs)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
