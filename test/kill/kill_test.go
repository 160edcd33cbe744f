package kill

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// rounds returns how often the server is killed: 5 times, CACHALOT_KILL_ROUNDS says otherwise, 100
// times in full.
func rounds(t *testing.T) int {
	if text := os.Getenv("CACHALOT_KILL_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if os.Getenv("CACHALOT_FULL") != "" {
		return 100
	}
	return 5
}

// leastCommits are acknowledged in each round.
const leastCommits = 100

func TestKillLosesNothing(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	dir := filepath.Join(t.TempDir(), "data")
	l := newLedger()
	clients := newClients(l, seed)
	start := func() *harness.Server {
		// Checkpoints every few rounds, so that some are cut short too.
		return harness.Start(t, dir, "--checkpoint-size", "4MiB")
	}
	s := start()
	harness.Exec(t, s.Connect(), schema...)
	commits, underWay, doubtful := 0, 0, 0
	for round := range rounds(t) {
		runRound(t, s, l, clients, leastCommits+random.IntN(300))
		commits, underWay = commits+l.acknowledged, underWay+l.unknown()
		if l.acknowledged < leastCommits {
			t.Fatalf("round %d: only %d commits", round, l.acknowledged)
		}
		if l.unknown() == 0 {
			t.Errorf("round %d: nothing was under way", round)
		}
		if out, errs, code := harness.Run(t, "", "check", dir); code != 0 {
			t.Fatalf("seed %d, round %d: check says %d\n%s%s", seed, round, code, out, errs)
		}
		s = start()
		doubtful += len(l.prepared)
		wrong := resolve(t, s.Connect(), l)
		for _, err := range append(wrong, l.settle(look(t, s.Connect()))...) {
			t.Errorf("seed %d, round %d: %v", seed, round, err)
		}
		if t.Failed() {
			keep(t, dir)
			return
		}
		if round%3 == 2 {
			forget(t, s, l)
		}
	}
	s.Stop()
	if out, errs, code := harness.Run(t, "", "check", dir); code != 0 {
		t.Errorf("after a clean stop check says %d\n%s%s", code, out, errs)
	}
	if doubtful == 0 {
		t.Error("nothing was prepared at any kill")
	}
	t.Logf("%d rounds, %d commits acknowledged, %d more under way, %d prepared", rounds(t), commits, underWay, doubtful)
}

// runRound lets the clients write until enough was acknowledged, kills the server meanwhile and waits
// for the clients.
func runRound(t *testing.T, s *harness.Server, l *ledger, clients []*client, enough int) {
	t.Helper()
	l.begin(enough, s.Kill)
	var wg sync.WaitGroup
	for _, c := range clients {
		c.conn = s.Connect()
		wg.Go(func() {
			if err := c.run(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
				s.Kill()
			}
		})
	}
	wg.Wait()
}

// look reads everything.
func look(t *testing.T, conn *pgx.Conn) found {
	t.Helper()
	f := found{map[int64]bool{}, map[int64]int64{}, map[int64]transfer{}, map[int]int64{}, map[int]int64{}}
	each := func(sql string, into []any, take func()) {
		rows, err := conn.Query(t.Context(), sql)
		if err == nil {
			_, err = pgx.ForEachRow(rows, into, func() error { take(); return nil })
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	var id, n int64
	var key, a, b, amount int
	each("SELECT id FROM single", []any{&id}, func() { f.inserts[id] = true })
	each("SELECT batch, count(*) FROM feed GROUP BY batch", []any{&id, &n}, func() { f.batches[id] = n })
	each("SELECT id, source, destination, amount FROM transfer", []any{&id, &a, &b, &amount}, func() {
		f.transfers[id] = transfer{from: a, to: b, amount: amount}
	})
	each("SELECT id, balance FROM account", []any{&key, &n}, func() { f.balances[key] = n })
	each("SELECT id, n FROM counter", []any{&key, &n}, func() { f.counters[key] = n })
	return f
}

// forget deletes all batches but the newest, so that a long test stays small. That too is a
// commit which must not come undone.
func forget(t *testing.T, s *harness.Server, l *ledger) {
	t.Helper()
	var newest int64
	for id := range l.batches {
		newest = max(newest, id)
	}
	if _, err := s.Connect().Exec(t.Context(), "DELETE FROM feed WHERE batch < $1", newest); err != nil {
		t.Fatal(err)
	}
	l.forget(newest)
}

// keep copies a data directory that is wrong to where it survives the test.
func keep(t *testing.T, dir string) {
	t.Helper()
	kept, err := os.MkdirTemp("", "cachalot-kill-")
	if err == nil {
		err = os.CopyFS(kept, os.DirFS(dir))
	}
	t.Logf("the data directory is kept in %s: %v", kept, err)
}
