package vanish

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/node"
)

const (
	pairs = 8 // clients at a time, each with its rivals
	// atOnce is how long a rival may wait, on a busy machine, for what is promised at once.
	atOnce = 5 * time.Second
)

// clients is how many vanish.
func clients() int {
	if n, err := strconv.Atoi(os.Getenv("CACHALOT_VANISH_CLIENTS")); err == nil {
		return n
	}
	if os.Getenv("CACHALOT_FULL") != "" {
		return 10_000
	}
	return 400
}

// start starts a node with the table.
func start(t *testing.T, cfg node.Config) *node.Node {
	t.Helper()
	n, err := node.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	conn, err := dialer{dsn: n.DSN()}.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it is done
	mustExec(t, conn, tableSQL)
	mustExec(t, conn, "INSERT INTO vanish SELECT g, 0, '' FROM generate_series(0, 10000) g")
	return n
}

// TestClientsThatVanish lets many go, at random moments, by TCP and by the Unix socket, and looks for what they leave.
func TestClientsThatVanish(t *testing.T) {
	dir := t.TempDir()
	n := start(t, node.Config{SocketDir: dir})
	tcp := dialer{dsn: n.DSN()}
	socket := dialer{dsn: fmt.Sprintf("host=%s port=%d user=cachalot dbname=cachalot sslmode=disable", dir, n.Addr().Port)}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)

	round := func(count int) []time.Duration {
		var mu sync.Mutex
		var waits []time.Duration
		var all sync.WaitGroup
		for p := range pairs {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(seed, uint64(count*pairs+p)))
				d := tcp
				if p%2 == 1 {
					d = socket
				}
				mine, err := vanishing(t.Context(), d, p, count/pairs, rng)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				waits = append(waits, mine...)
			})
		}
		all.Wait()
		return waits
	}
	round(8 * len(scenes)) // what grows once has grown
	before := measure(t, n, footprint{})
	waits := round(clients())
	after := measure(t, n, before)

	slices.Sort(waits)
	t.Logf("%d clients vanished; rivals waited %v in the middle, %v at most", len(waits), waits[len(waits)/2], waits[len(waits)-1])
	t.Logf("before: %v; after: %v", before, after)
	if worst := waits[len(waits)-1]; worst > atOnce {
		t.Errorf("a rival waited %v", worst)
	}
	if !after.within(before) {
		buf := make([]byte, 1<<20)
		t.Errorf("before: %v; after: %v\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// vanishing lets count clients of one pair vanish and returns how long the rival had to wait for each.
func vanishing(ctx context.Context, d dialer, key, count int, rng *rand.Rand) ([]time.Duration, error) {
	r, err := newRival(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.close(context.WithoutCancel(ctx))
	var waits []time.Duration
	for i := range count {
		s := scenes[(i+key)%len(scenes)]
		if err := r.hold(ctx, key); err != nil {
			return nil, err
		}
		c, err := s.play(ctx, d, "", key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		switch rng.IntN(3) {
		case 0: // in whatever it is just now
		case 1:
			for range rng.IntN(2000) {
				runtime.Gosched()
			}
		case 2:
			if err := r.until(ctx, c.pid, s.event); err != nil {
				return nil, err
			}
		}
		c.leave(rng.IntN(2) == 0)
		begun := time.Now()
		if err := r.take(ctx, key); err != nil {
			return nil, fmt.Errorf("after a client vanished %s: %w", s.name, err)
		}
		waits = append(waits, time.Since(begun))
	}
	return waits, nil
}

// footprint is what a process with an idle node takes.
type footprint struct {
	goroutines, files, locks, sessions int
	heap                               uint64
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d locks, %d sessions, heap %.1f MB", f.goroutines, f.files, f.locks, f.sessions, float64(f.heap)/1e6)
}

// heapSlack is for what caches and tables of the runtime take.
const heapSlack = 4 << 20

// within says whether nothing is left but what was there before.
func (f footprint) within(before footprint) bool {
	return f.goroutines <= before.goroutines && f.files <= before.files && f.locks == 0 && f.sessions == 0 && f.heap <= before.heap+heapSlack
}

// measure waits until all has gone that still goes, and for as long as it is not within before, if that is set.
func measure(t *testing.T, n *node.Node, before footprint) footprint {
	t.Helper()
	var f footprint
	for end := time.Now().Add(patience); ; {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		files, _ := filepath.Glob("/proc/self/fd/*")
		f = footprint{goroutines: runtime.NumGoroutine(), files: len(files), locks: len(n.DB().Locks()), sessions: sessions(t, n), heap: m.HeapAlloc}
		settled := f.locks == 0 && f.sessions == 0
		if settled && (before == footprint{} || f.within(before)) || time.Now().After(end) {
			return f
		}
	}
}

// sessions counts those that are not its own.
func sessions(t *testing.T, n *node.Node) int {
	conn, err := dialer{dsn: n.DSN()}.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // it is done
	count, _ := strconv.Atoi(mustExec(t, conn, "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
	if locks := mustExec(t, conn, "SELECT count(*) FROM pg_locks"); count == 0 && strings.TrimSpace(locks) != "0" {
		count += len(locks)
	}
	return count
}
