package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/test/harness"
)

// bench runs PostgreSQL's own pgbench against a server.
type bench struct {
	*testing.T
	program string
	server  *harness.Server
	history int // rows there should be
}

// run runs pgbench, which must not complain.
func (b *bench) run(args ...string) string {
	b.Helper()
	cmd := exec.Command(b.program, append(args, "-h", b.server.Host(), "-p", b.server.Port(), "-U", "cachalot", "cachalot")...)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "error:") {
		b.Fatalf("pgbench %s: %v\n%s", args, err, out)
	}
	return string(out)
}

// script runs one of pgbench's scripts with a number of clients, 160 transactions or more, none of which fails.
func (b *bench) script(mode string, clients int, flags ...string) {
	b.Helper()
	each := max(5, 160/clients)
	total := each * clients
	out := b.run(append(flags, "-M", mode, "-c", strconv.Itoa(clients), "-j", "2", "-t", strconv.Itoa(each))...)
	for _, want := range []string{fmt.Sprintf("actually processed: %d/%d\n", total, total), "failed transactions: 0 (0.000%)\n"} {
		if !strings.Contains(out, want) {
			b.Errorf("%s %s, %d clients: no %q in\n%s", flags, mode, clients, want, out)
		}
	}
	for _, f := range flags {
		if f == "-S" {
			return
		}
	}
	b.history += total
}

// balance returns the sum of a column, 0 for none.
func balance(t *testing.T, conn *pgx.Conn, column, table string) (sum int64) {
	t.Helper()
	err := conn.QueryRow(t.Context(), "SELECT coalesce(sum("+column+"), 0) FROM "+table).Scan(&sum)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestPgbench runs pgbench as it is, with each protocol and with 1, 8 and 64 clients, and then looks whether the
// books are balanced.
func TestPgbench(t *testing.T) {
	program, err := pgoracle.Program("pgbench")
	if err != nil {
		needs(t, "pgbench")
		program = "pgbench"
	}
	scale := "1"
	if os.Getenv("CACHALOT_FULL") != "" {
		scale = "10"
	}
	b := &bench{T: t, program: program, server: harness.Start(t, t.TempDir())}
	b.run("-i", "-s", scale)
	b.run("-i", "-s", scale, "-I", "dtGvp") // filled by the server, over what is there
	conn := b.server.Connect()
	b.script("simple", 1) // with its VACUUM and TRUNCATE
	for _, mode := range []string{"simple", "extended", "prepared"} {
		for _, clients := range []int{1, 8, 64} {
			b.script(mode, clients, "-n", "-S")
			b.script(mode, clients, "-n")
		}
	}
	delta := balance(t, conn, "delta", "pgbench_history")
	for column, table := range map[string]string{"abalance": "pgbench_accounts", "bbalance": "pgbench_branches", "tbalance": "pgbench_tellers"} {
		if sum := balance(t, conn, column, table); sum != delta {
			t.Errorf("the sum of %s is %d, that of the history %d", column, sum, delta)
		}
	}
	for _, mode := range []string{"simple", "extended", "prepared"} {
		b.script(mode, 8, "-n", "-N")
	}
	delta = balance(t, conn, "delta", "pgbench_history")
	if sum := balance(t, conn, "abalance", "pgbench_accounts"); sum != delta {
		t.Errorf("after -N the sum of abalance is %d, that of the history %d", sum, delta)
	}
	if rows := balance(t, conn, "1", "pgbench_history"); rows != int64(b.history) {
		t.Errorf("the history has %d rows of %d", rows, b.history)
	}
	b.server.Stop()
}
