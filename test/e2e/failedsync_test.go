package e2e

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/test/harness"
)

// TestFailedSync lets a sync of the log fail once, under clients: from then on no write is acknowledged, be it
// asynchronous, a COPY or DDL, and nothing more is written to the log; reads and backups go on; a restart has all that
// was acknowledged.
func TestFailedSync(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	disk := vfs.NewFault(vfs.OS)
	n, err := node.Start(t.Context(), node.Config{Dir: dir, FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		_ = n.Stop(context.Background()) // the log's failure
	}
	defer stop()
	open := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), n.DSN())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
		return conn
	}
	conn := open()
	harness.Exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t SELECT g, 0 FROM generate_series(1, 1000) g")
	inBlock := open() // has written, and will commit too late
	harness.Exec(t, inBlock, "BEGIN", "UPDATE t SET v = 1 WHERE id = 500")

	var touched atomic.Int64
	failed := false
	disk.SetHook(func(op vfs.Op, path string) error {
		switch inLog := filepath.Base(filepath.Dir(path)) == "wal"; {
		case inLog && op == vfs.OpSync && !failed:
			failed = true
			return syscall.EIO
		case inLog && failed && (op == vfs.OpSync || op == vfs.OpWrite):
			touched.Add(1)
		}
		return nil
	})
	refused := func(what string, err error) {
		t.Helper()
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "58030" || !strings.Contains(pg.Hint, "restarted") {
			t.Errorf("%s after a failed sync: %v", what, err)
		}
		if sum := number(t, conn, "SELECT sum(v) + count(*) FROM t"); sum != 1000 {
			t.Errorf("after %s readers see %d", what, sum)
		}
	}
	for _, sql := range []string{
		"UPDATE t SET v = 1 WHERE id = 1", "DELETE FROM t WHERE id = 2", "CREATE TABLE other (id int)",
		"SET synchronous_commit = off; INSERT INTO t VALUES (1001, 0)",
	} {
		_, err := conn.Exec(t.Context(), sql)
		refused(sql, err)
	}
	_, err = conn.CopyFrom(t.Context(), pgx.Identifier{"t"}, []string{"id", "v"}, pgx.CopyFromRows([][]any{{1002, 0}}))
	refused("COPY", err)
	_, err = inBlock.Exec(t.Context(), "COMMIT")
	refused("COMMIT", err)
	_, err = conn.Exec(t.Context(), "TRUNCATE t") // not before: it waits for the other's lock
	refused("TRUNCATE", err)
	if touched.Load() > 0 {
		t.Errorf("the log was written or synced %d times after its failure", touched.Load())
	}
	if problem, lasting := n.DB().WriteState(); problem == nil || !lasting {
		t.Errorf("the node says %v, lasting %v", problem, lasting)
	}
	backup, restored := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	for _, args := range [][]string{{"backup", n.DSN(), backup}, {"restore", backup, "--data", restored}} {
		if out, errs, code := harness.Run(t, "", args...); code != 0 {
			t.Fatalf("%v ends with %d\n%s%s", args, code, out, errs)
		}
	}
	stop()
	for _, data := range []string{dir, restored} {
		after := harness.Start(t, data).Connect()
		// The UPDATE whose sync failed was in doubt; all else was refused before it came to the log.
		if sum := number(t, after, "SELECT sum(v) + count(*) FROM t"); sum != 1000 && (data == restored || sum != 1001) {
			t.Errorf("%s has %d after a restart", data, sum)
		}
		harness.Exec(t, after, "UPDATE t SET v = 7 WHERE id = 500")
	}
}
