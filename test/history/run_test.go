package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// runs returns how many seeds a test runs: CACHALOT_HISTORY_RUNS, or few.
func runs(t *testing.T, few int) uint64 {
	text := os.Getenv("CACHALOT_HISTORY_RUNS")
	if text == "" {
		if os.Getenv("CACHALOT_FULL") != "" {
			return 1000
		}
		return uint64(few)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seeds calls run with each seed, from CACHALOT_HISTORY_SEED on; the first seed that fails is the last.
func seeds(t *testing.T, few int, run func(t *testing.T, seed uint64)) {
	var first uint64
	if text := os.Getenv("CACHALOT_HISTORY_SEED"); text != "" {
		var err error
		if first, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for seed := first; seed < first+runs(t, few); seed++ {
		if run(t, seed); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// workload is what the clients of a run do.
type workload interface {
	// schema is run before.
	schema() []string
	// step lets a client do something. The error is one that no run expects.
	step(ctx context.Context, c *client) error
}

// plan is how a run goes, drawn from its seed.
type plan struct {
	clients int
	steps   int // of all clients
	crashes []int
	cuts    bool
	options map[string]string
}

// drawPlan draws a plan; crashes says how many crashes there may be.
func drawPlan(random *rand.Rand, steps, crashes int) plan {
	p := plan{clients: 2 + random.IntN(7), steps: steps, cuts: random.IntN(2) == 0, options: map[string]string{}}
	for range random.IntN(crashes + 1) {
		p.crashes = append(p.crashes, random.IntN(steps))
	}
	return p
}

// patience bounds a run.
const patience = time.Minute

// perform runs a workload. Each crash comes when so many steps have begun.
func perform(t *testing.T, s system, w workload, p plan, seed uint64, c *clock) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := setUp(ctx, s, w); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var begun atomic.Int64
	crash := make(chan struct{}, p.steps)
	var wg sync.WaitGroup
	for n := range p.clients {
		cl := &client{number: n, random: rand.New(rand.NewPCG(seed, uint64(n)+100)), system: s, clock: c, cuts: p.cuts, options: p.options}
		wg.Go(func() {
			defer cl.close()
			for (int(begun.Load()) < p.steps || cl.prepared != nil) && ctx.Err() == nil {
				if !cl.connected(ctx) {
					continue
				}
				i := int(begun.Add(1))
				for _, at := range p.crashes {
					if i == at+1 {
						crash <- struct{}{}
					}
				}
				if err := w.step(ctx, cl); err != nil {
					t.Errorf("seed %d, client %d: %v", seed, n, err)
					return
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	for {
		select {
		case <-crash:
			s.crash(c.turn)
			continue
		case <-over:
		}
		break
	}
	if ctx.Err() != nil {
		t.Fatalf("seed %d: the run has not ended within %v", seed, patience)
	}
}

func setUp(ctx context.Context, s system, w workload) error {
	conn, err := pgx.Connect(ctx, s.dsn())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range w.schema() {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// each runs a kind of history on nodes of this process, and on some of their own that are killed.
func each(t *testing.T, run func(t *testing.T, seed uint64, s system, p plan)) {
	t.Run("power loss", func(t *testing.T) {
		seeds(t, 25, func(t *testing.T, seed uint64) {
			random := rand.New(rand.NewPCG(seed, 0))
			s := startPowered(t, random)
			defer s.stop()
			run(t, seed, s, drawPlan(random, 300, 2))
		})
	})
	t.Run("kill", func(t *testing.T) {
		killed := 0
		seeds(t, 2*killedEvery, func(t *testing.T, seed uint64) {
			if seed%killedEvery > 0 {
				return
			}
			killed++
			random := rand.New(rand.NewPCG(seed, 1))
			s := startProcess(t)
			defer s.stop()
			p := drawPlan(random, 600, 2)
			p.crashes = append(p.crashes, random.IntN(p.steps)) // at least one
			run(t, seed, s, p)
		})
		t.Logf("%d runs with kill -9", killed)
	})
}

// killedEvery is how many runs there are to one with a process of its own.
const killedEvery = 10
