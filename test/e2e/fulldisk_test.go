package e2e

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/test/harness"
)

// smallDisk mounts a disk of so many MiB for the test.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mib), "tmpfs", dir).CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED FOR WANT OF A MOUNT: a full disk cannot be had here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// noise is a row's worth of bytes that do not compress.
func noise(random *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	random.Read(b) //nolint:errcheck // it never fails
	return b
}

// TestFullDisk fills the disk of a node with COPY: the statement fails with 53100, readers go on, a
// restart needs no space, and when there is space writers go on without one. Nothing acknowledged is lost.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 400)
	data, ballast := filepath.Join(disk, "data"), filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := harness.Start(t, data, "--http", address)
	conn := s.Connect()
	harness.Exec(t, conn, "CREATE TABLE t (id bigint PRIMARY KEY, pad bytea)")
	random := rand.NewChaCha8([32]byte{2})
	acknowledged := int64(0)
	load := func(rows int) error {
		next := acknowledged
		n, err := conn.CopyFrom(t.Context(), pgx.Identifier{"t"}, []string{"id", "pad"}, pgx.CopyFromSlice(rows, func(int) ([]any, error) {
			next++
			return []any{next, noise(random, 2000)}, nil
		}))
		if err == nil {
			acknowledged += n
		}
		return err
	}
	wantAll := func(what string) {
		t.Helper()
		if n, sum := number(t, conn, "SELECT count(*) FROM t"), number(t, conn, "SELECT coalesce(sum(id), 0)::bigint FROM t"); n != acknowledged ||
			sum != acknowledged*(acknowledged+1)/2 {
			t.Errorf("%s: %d rows, acknowledged were %d", what, n, acknowledged)
		}
	}
	wantFull := func(what string, err error) {
		t.Helper()
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "53100" || pg.Hint == "" {
			t.Fatalf("%s on a full disk: %v", what, err)
		}
		wantAll("after " + what)
	}
	if err := load(20_000); err != nil {
		t.Fatal(err)
	}
	wantFull("COPY", load(200_000))
	var refused error
	for refused == nil { // into what is left of the last segment
		refused = load(100)
	}
	wantFull("COPY of 100 rows", refused)
	wantFull("INSERT", insertUntilFull(t, conn, &acknowledged, random))
	if answer := readyz(t, address); !strings.HasPrefix(answer, "200") || !strings.Contains(answer, "no space left on device") {
		t.Errorf("readyz says %s", answer)
	}
	if _, err := conn.Exec(t.Context(), "CHECKPOINT"); err == nil {
		t.Error("there was room for a checkpoint: the test's disk is too large")
	} else {
		wantFull("CHECKPOINT", err)
	}

	s.Kill()
	if out, errs, code := harness.Run(t, "", "check", data); code != 0 {
		t.Errorf("check of a full disk ends with %d\n%s%s", code, out, errs)
	}
	s = harness.Start(t, data, "--http", address)
	conn = s.Connect()
	wantAll("after kill -9 and a restart on the full disk")
	wantFull("INSERT", insertUntilFull(t, conn, &acknowledged, random))
	backup := t.TempDir() // on another disk
	if out, errs, code := harness.Run(t, "", "backup", s.DSN(), backup); code != 0 {
		t.Errorf("backup of a node with a full disk ends with %d\n%s%s", code, out, errs)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := load(1000); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	harness.Exec(t, conn, "CHECKPOINT")
	if answer := readyz(t, address); answer != "200 ready\n" {
		t.Errorf("readyz says %s", answer)
	}
	s.Kill()
	conn = harness.Start(t, data).Connect()
	wantAll("at the end")
}

// insertUntilFull inserts single rows until one is refused, and returns why.
func insertUntilFull(t *testing.T, conn *pgx.Conn, acknowledged *int64, random *rand.ChaCha8) error {
	t.Helper()
	for range 1_000_000 {
		if _, err := conn.Exec(t.Context(), "INSERT INTO t VALUES ($1, $2)", *acknowledged+1, noise(random, 20_000)); err != nil {
			return err
		}
		*acknowledged++
	}
	return nil
}

// readyz returns the status and the text of /readyz.
func readyz(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, text)
}

// TestBackupOntoAFullDisk fails clearly and leaves nothing; so does a restore.
func TestBackupOntoAFullDisk(t *testing.T) {
	disk := smallDisk(t, 16)
	s := serveBulk(t, "")
	if out, errs, code := harness.Run(t, "", "backup", s.DSN(), disk); code != 1 || !strings.Contains(errs, "no space left on device") {
		t.Errorf("backup ends with %d\n%s%s", code, out, errs)
	}
	backup := t.TempDir()
	if out, errs, code := harness.Run(t, "", "backup", s.DSN(), backup); code != 0 {
		t.Fatalf("backup ends with %d\n%s%s", code, out, errs)
	}
	if out, errs, code := harness.Run(t, "", "restore", backup, "--data", filepath.Join(disk, "data")); code != 1 || !strings.Contains(errs, "no space left on device") {
		t.Errorf("restore ends with %d\n%s%s", code, out, errs)
	}
	if names, err := os.ReadDir(disk); err != nil || len(names) > 0 {
		t.Errorf("the full disk holds %v, %v", names, err)
	}
}
