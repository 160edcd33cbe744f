package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/test/harness"
)

func TestMain(m *testing.M) {
	// pgoracle ends the process; what harness built is removed before.
	os.Exit(pgoracle.Run(func() int { return harness.Main(m) }))
}

// needs skips a test where a program is missing, and fails it there in CI.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED FOR WANT OF %s: run test/install-tools", program)
	}
}

// psql runs psql with the text as its standard input, stopping at the first error.
func psql(t *testing.T, host, port, text string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	needs(t, "psql")
	args = append([]string{"-X", "-q", "-h", host, "-p", port, "-U", "cachalot", "-d", "cachalot", "-v", "ON_ERROR_STOP=1"}, args...)
	cmd := exec.Command("psql", args...)
	cmd.Stdin = strings.NewReader(text)
	cmd.Env = append(os.Environ(), "PGTZ=UTC", "LC_ALL=C.UTF-8")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// lines runs psql for a query's rows as unaligned lines.
func lines(t *testing.T, s *harness.Server, text string) []string {
	t.Helper()
	out, errs, code := psql(t, s.Host(), s.Port(), text, "-At")
	if code != 0 || errs != "" {
		t.Fatalf("psql: %s\nends with %d\n%s", text, code, errs)
	}
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
}

// serveMarket starts a server in memory with a market of homes.
func serveMarket(t *testing.T, count int) (*harness.Server, booking.Market) {
	t.Helper()
	s := harness.Start(t, "")
	conn := s.Connect()
	harness.Exec(t, conn, append([]string{booking.Table}, booking.Indexes...)...)
	m := booking.NewMarket(count, 7)
	rows, err := m.Feed(s.DSN(), 2).Run(t.Context())
	if err != nil || rows != int64(count) {
		t.Fatalf("fed %d rows of %d: %v", rows, count, err)
	}
	return s, m
}
