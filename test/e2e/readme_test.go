package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/test/harness"
)

// TestReadmesFirstMinute types the README's SQL into psql.
func TestReadmesFirstMinute(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no block of SQL")
	}
	s := harness.Start(t, t.TempDir())
	out, errs, code := psql(t, s.Host(), s.Port(), string(block[1]), "-At")
	if code != 0 || errs != "" {
		t.Fatalf("psql ends with %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{"\n1|120\n", "\n1|Paris|120|{2026-07-14,2026-07-15}\n", "Paris|2|100.0000000000000000\n", "\n|3|96.6666666666666667\n", "Execution Time"} {
		if !strings.Contains("\n"+out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
