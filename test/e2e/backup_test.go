package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/test/harness"
)

// The bank's transfers are numbered without gaps by a counter that each of them updates, so that a
// state of the bank is the state after transfer n and of no other moment, or it is wrong. Batches are feeds of
// batchRows rows each.
const (
	bankAccounts = 40
	bankBalance  = 1000
	batchRows    = 500
)

var bank = []string{
	"CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)",
	"CREATE TABLE counter (id int PRIMARY KEY, n bigint NOT NULL)",
	"CREATE TABLE transfer (n bigint PRIMARY KEY, source int NOT NULL, destination int NOT NULL, amount bigint NOT NULL)",
	"CREATE INDEX ON transfer USING dictionary (source)",
	"CREATE TABLE batch (id bigint PRIMARY KEY, batch bigint NOT NULL, pad text)",
	"CREATE INDEX ON batch USING btree (batch)",
	fmt.Sprintf("INSERT INTO account SELECT g, %d FROM generate_series(1, %d) g", bankBalance, bankAccounts),
	"INSERT INTO counter VALUES (1, 0)",
}

// bankClients write until stop is closed. transferred is the number of the last acknowledged transfer.
type bankClients struct {
	stop        chan struct{}
	done        sync.WaitGroup
	transferred atomic.Int64
	batches     atomic.Int64
}

// start runs clients; the counter's row makes the transfers follow one another.
func (b *bankClients) start(t *testing.T, s *harness.Server) {
	b.stop = make(chan struct{})
	loop := func(work func(i int64) error) {
		b.done.Go(func() {
			for i := int64(1); ; i++ {
				select {
				case <-b.stop:
					return
				default:
				}
				if err := work(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for c := range 3 {
		conn, random := s.Connect(), rand.New(rand.NewPCG(1, uint64(c)))
		loop(func(int64) error {
			from, to, amount := 1+random.IntN(bankAccounts), 1+random.IntN(bankAccounts), random.IntN(100)
			var n int64
			err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
				if err := tx.QueryRow(t.Context(), "UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n").Scan(&n); err != nil {
					return err
				}
				for account, change := range map[int]int{from: -amount, to: amount} {
					if from == to {
						change = 0
					}
					if _, err := tx.Exec(t.Context(), "UPDATE account SET balance = balance + $1 WHERE id = $2", change, account); err != nil {
						return err
					}
				}
				_, err := tx.Exec(t.Context(), "INSERT INTO transfer VALUES ($1, $2, $3, $4)", n, from, to, amount)
				return err
			})
			for last := b.transferred.Load(); last < n && !b.transferred.CompareAndSwap(last, n); {
				last = b.transferred.Load()
			}
			return err
		})
	}
	feeder := s.Connect()
	loop(func(i int64) error {
		rows := pgx.CopyFromSlice(batchRows, func(j int) ([]any, error) {
			return []any{i*batchRows + int64(j), i, strings.Repeat("x", j%70)}, nil
		})
		_, err := feeder.CopyFrom(t.Context(), pgx.Identifier{"batch"}, []string{"id", "batch", "pad"}, rows)
		b.batches.Store(i)
		return err
	})
}

func (b *bankClients) end() {
	close(b.stop)
	b.done.Wait()
}

// copiedOut returns what COPY gives for a query.
func copiedOut(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := conn.PgConn().CopyTo(t.Context(), &out, "COPY ("+query+") TO STDOUT"); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out.String()
}

func number(t *testing.T, conn *pgx.Conn, query string) (n int64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestBackupIsOneMoment takes backups while clients transfer money and feed rows. Each is restored and served,
// and has exactly the state after one transfer: not before what was acknowledged when it began.
func TestBackupIsOneMoment(t *testing.T) {
	dir := t.TempDir()
	s := harness.Start(t, filepath.Join(dir, "data"), "--checkpoint-size", "1MiB")
	conn := s.Connect()
	harness.Exec(t, conn, bank...)
	var clients bankClients
	clients.start(t, s)
	const backups = 4
	var before, batchesBefore [backups]int64
	for i := range backups {
		for n := clients.transferred.Load() + 150; clients.transferred.Load() < n && !t.Failed(); {
			if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil { // gives way to the clients
				t.Fatal(err)
			}
		}
		into := filepath.Join(dir, fmt.Sprint("backup", i))
		if err := os.Mkdir(into, 0o700); err != nil {
			t.Fatal(err)
		}
		before[i], batchesBefore[i] = clients.transferred.Load(), clients.batches.Load()
		out, errs, code := harness.Run(t, "", "backup", s.DSN(), into)
		if code != 0 || !strings.Contains(out, "4 tables") || !strings.Contains(out, "MB/s") {
			t.Fatalf("backup ends with %d\n%s%s", code, out, errs)
		}
	}
	clients.end()
	for i := range backups {
		into, data := filepath.Join(dir, fmt.Sprint("backup", i)), filepath.Join(dir, fmt.Sprint("data", i))
		if out, errs, code := harness.Run(t, "", "check", into); code != 0 || !strings.Contains(out, "A backup of") {
			t.Fatalf("check ends with %d\n%s%s", code, out, errs)
		}
		if out, errs, code := harness.Run(t, "", "restore", into, "--data", data); code != 0 {
			t.Fatalf("restore ends with %d\n%s%s", code, out, errs)
		}
		r := harness.Start(t, data)
		restored := r.Connect()
		n := number(t, restored, "SELECT n FROM counter")
		if n < before[i] || n > clients.transferred.Load() {
			t.Errorf("backup %d is of transfer %d, begun after %d", i, n, before[i])
		}
		// What the original says of that moment: its transfers never change.
		upTo := fmt.Sprintf("SELECT * FROM transfer WHERE n <= %d ORDER BY n", n)
		if copiedOut(t, restored, "SELECT * FROM transfer ORDER BY n") != copiedOut(t, conn, upTo) {
			t.Errorf("backup %d does not have the transfers up to %d", i, n)
		}
		if rows := number(t, restored, "SELECT count(*) FROM transfer"); rows != n {
			t.Errorf("backup %d has %d transfers of %d", i, rows, n)
		}
		wantBalances(t, restored)
		batches := number(t, restored, "SELECT count(DISTINCT batch) FROM batch")
		if rows := number(t, restored, "SELECT count(*) FROM batch"); rows != batches*batchRows || batches < batchesBefore[i] {
			t.Errorf("backup %d has %d rows in %d batches, %d were acknowledged before", i, rows, batches, batchesBefore[i])
		}
		// It lives on: nothing collides with what it has.
		harness.Exec(t, restored, "CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)",
			"UPDATE account SET balance = balance + 1 WHERE id = 1", "UPDATE account SET balance = balance - 1 WHERE id = 1",
			"DELETE FROM transfer WHERE n = 1", "TRUNCATE batch")
		r.Stop()
		if out, errs, code := harness.Run(t, "", "check", data); code != 0 || !strings.Contains(out, "5 tables") {
			t.Errorf("check of the restored copy ends with %d\n%s%s", code, out, errs)
		}
	}
}

// wantBalances compares the accounts with the transfers.
func wantBalances(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	want := make([]int64, bankAccounts+1)
	rows, err := conn.Query(t.Context(), "SELECT source, destination, amount FROM transfer")
	if err != nil {
		t.Fatal(err)
	}
	var from, to int
	var amount, total int64
	if _, err := pgx.ForEachRow(rows, []any{&from, &to, &amount}, func() error {
		want[from] -= amount
		want[to] += amount
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if rows, err = conn.Query(t.Context(), "SELECT id, balance FROM account"); err != nil {
		t.Fatal(err)
	}
	var id int
	var balance int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &balance}, func() error {
		total += balance
		if balance != bankBalance+want[id] {
			t.Errorf("account %d holds %d, its transfers make %d", id, balance, bankBalance+want[id])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if total != bankAccounts*bankBalance {
		t.Errorf("all accounts hold %d", total)
	}
}

// serveBulk serves a table whose backup takes a while.
func serveBulk(t *testing.T, dir string) *harness.Server {
	t.Helper()
	s := harness.Start(t, dir)
	conn := s.Connect()
	harness.Exec(t, conn, "CREATE TABLE bulk (id int PRIMARY KEY, pad bytea)")
	random := rand.NewChaCha8([32]byte{1})
	_, err := conn.CopyFrom(t.Context(), pgx.Identifier{"bulk"}, []string{"id", "pad"}, pgx.CopyFromSlice(40_000, func(i int) ([]any, error) {
		pad := make([]byte, 1500)
		_, err := random.Read(pad)
		return []any{i, pad}, err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// halfway starts a backup and stops its client in the middle.
func halfway(t *testing.T, s *harness.Server, into string) *exec.Cmd {
	t.Helper()
	if err := os.Mkdir(into, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(harness.Binary(t), "backup", s.DSN(), into)
	cmd.Stderr = new(bytes.Buffer)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for begun := int64(0); begun == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("no part of a backup after a minute\n%s", cmd.Stderr)
		}
		if info, err := os.Stat(filepath.Join(into, "part-0000.cbk")); err == nil {
			begun = info.Size()
		}
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(into, "MANIFEST")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the backup was over already: %v", err)
	}
	return cmd
}

// TestKilledBackups kills the client, then the server, in the middle of a backup. Neither leaves a backup; the
// server does not notice its client's end, and loses nothing by its own.
func TestKilledBackups(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	s := serveBulk(t, data)
	conn := s.Connect()

	left := filepath.Join(dir, "left")
	cmd := halfway(t, s, left)
	// While a backup stands still nobody waits for it.
	harness.Exec(t, conn, "INSERT INTO bulk VALUES (-1, 'new')", "CREATE TABLE other (id int PRIMARY KEY)", "DROP TABLE other",
		"ALTER TABLE bulk ADD COLUMN more int", "UPDATE bulk SET more = 1 WHERE id < 100", "CHECKPOINT")
	cmd.Process.Kill() //nolint:errcheck // Wait tells
	if err := cmd.Wait(); err == nil {
		t.Error("a killed backup ended well")
	}
	for _, args := range [][]string{{"check", left}, {"restore", left, "--data", filepath.Join(dir, "new")}} {
		if out, errs, code := harness.Run(t, "", args...); code != 1 || !strings.Contains(errs, "holds no backup") {
			t.Errorf("%v ends with %d\n%s%s", args, code, out, errs)
		}
	}
	if _, errs, code := harness.Run(t, "", "backup", s.DSN(), left); code != 2 || !strings.Contains(errs, "not empty") {
		t.Errorf("a backup over the remains ends with %d\n%s", code, errs)
	}

	cut := filepath.Join(dir, "cut")
	cmd = halfway(t, s, cut)
	s.Kill()
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("a backup whose server was killed ends with %v\n%s", err, cmd.Stderr)
	}
	if names, err := os.ReadDir(cut); err != nil || len(names) > 0 {
		t.Errorf("it has left %v, %v", names, err)
	}
	s = harness.Start(t, data)
	whole := filepath.Join(dir, "whole")
	if err := os.Mkdir(whole, 0o700); err != nil {
		t.Fatal(err)
	}
	out, errs, code := harness.Run(t, "", "backup", s.DSN(), whole)
	if code != 0 || !strings.Contains(out, "40,001 rows") {
		t.Errorf("the next backup ends with %d\n%s%s", code, out, errs)
	}
	testDamage(t, whole)
}

// testDamage flips a byte in the middle of each file of a backup.
func testDamage(t *testing.T, backup string) {
	t.Helper()
	files, err := os.ReadDir(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(backup, file.Name())
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(whole)
		damaged[len(damaged)/2] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"check", backup}, {"restore", backup, "--data", backup + "-new"}} {
			if out, errs, code := harness.Run(t, "", args...); code != 1 || !strings.Contains(errs, path+", offset ") {
				t.Errorf("%v with a flipped byte in %s ends with %d\n%s%s", args, path, code, out, errs)
			}
		}
		if _, err := os.Stat(backup + "-new"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a damaged backup was restored: %v", err)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBackupStatement: it is refused in a transaction block, and a slow reader can cancel it.
func TestBackupStatement(t *testing.T) {
	s := harness.Start(t, "")
	conn := s.Connect()
	harness.Exec(t, conn, "BEGIN")
	_, err := conn.PgConn().CopyTo(t.Context(), new(bytes.Buffer), "BACKUP TO STDOUT")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "25001" {
		t.Errorf("in a transaction block: %v", err)
	}
	harness.Exec(t, conn, "ROLLBACK", "CREATE TABLE backup (backup int PRIMARY KEY)", "INSERT INTO backup VALUES (1)")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := conn.PgConn().CopyTo(ctx, cancelling(cancel), "BACKUP TO STDOUT"); err == nil {
		t.Error("a backup whose reader has gone ended well")
	}
	if n := number(t, s.Connect(), "SELECT count(*) FROM backup"); n != 1 {
		t.Errorf("there are %d rows", n)
	}
}

// cancelling is a writer that gives up.
type cancelling context.CancelFunc

func (c cancelling) Write([]byte) (int, error) {
	c()
	return 0, context.Canceled
}
