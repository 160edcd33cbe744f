package wal

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

var (
	crashSeeds = flag.Uint64("crash.seeds", 10_000, "number of seeds of the crash tests")
	crashSeed  = flag.Uint64("crash.seed", 0, "run only this seed of TestCrashKeepsWhatWasSynced")
)

// crashRun is one history of a log under power losses and failing operations,
// drawn from a seed, and what must be true of it.
type crashRun struct {
	rng *rand.Rand
	mem *vfs.Mem
	cfg Config
	log *Log

	appended []record // everything the log may hold, in order
	acked    int      // this many of them are durable: Sync said so
	from     LSN      // a checkpoint's position

	// A power loss happens before operation crashAt of the file system; after has
	// what was left and what was acknowledged then.
	ops     int
	crashAt int
	after   *vfs.Mem
	ackedAt int
}

var errInjected = fmt.Errorf("injected: %w", syscall.EIO)

func newCrashRun(seed uint64, mem *vfs.Mem) *crashRun {
	rng := rand.New(rand.NewPCG(seed, 42))
	r := &crashRun{rng: rng, mem: mem}
	r.cfg = Config{
		Dir: "/db/log", Rand: newTestRand(seed), Spawn: inline,
		SegmentSizeBytes: []int64{200, 600, 1500, 5000}[rng.IntN(4)],
		MaxBufferedBytes: []int{100, 1000, 1 << 20}[rng.IntN(3)],
	}
	return r
}

// hook counts operations, takes the picture of a power loss, and makes some
// operations fail.
func (r *crashRun) hook(failOneIn int) vfs.Hook {
	return func(op vfs.Op, path string) error {
		r.ops++
		if r.ops == r.crashAt {
			r.after, r.ackedAt = r.mem.CrashClone(r.rng), r.acked
		}
		changes := op != vfs.OpRead && op != vfs.OpOpen && op != vfs.OpList
		if failOneIn == 0 || !changes || r.rng.IntN(failOneIn) != 0 {
			return nil
		}
		if op == vfs.OpWrite {
			return &vfs.ShortWrite{Bytes: r.rng.IntN(600), Err: errInjected}
		}
		return errInjected
	}
}

// run goes through some lives of the process.
func (r *crashRun) run() error {
	for range 6 {
		fault := vfs.NewFault(r.mem)
		r.cfg.FS = fault
		r.ops, r.crashAt, r.after = 0, 1+r.rng.IntN(120), nil
		failOneIn := 0
		if r.rng.IntN(3) == 0 {
			failOneIn = 20 + r.rng.IntN(60)
		}
		fault.SetHook(r.hook(failOneIn))
		err := r.life()
		if err != nil && !errors.Is(err, errInjected) {
			return err
		}
		if r.after == nil { // the process ends, the machine goes on
			r.after, r.ackedAt = r.mem.Clone(), r.acked
		}
		r.mem, r.acked = r.after, r.ackedAt
	}
	r.cfg.FS = r.mem
	r.crashAt, r.after = 0, nil
	return r.open()
}

// life is one process: open, work, close; it ends early after the power loss.
func (r *crashRun) life() error {
	if err := r.open(); err != nil {
		return err
	}
	for range r.rng.IntN(40) {
		if r.after != nil {
			return nil
		}
		if err := r.step(); err != nil && !errors.Is(err, errInjected) {
			return err
		}
	}
	switch err := r.log.Close(); {
	case err == nil:
		r.ackAll()
	case !errors.Is(err, errInjected):
		return err
	}
	return nil
}

// ackAll notes that all records are durable, unless the power is off already.
func (r *crashRun) ackAll() { r.acked = len(r.appended) }

// open opens the log and compares what it replays with what it must.
func (r *crashRun) open() error {
	l, got, err := open(r.cfg, r.from)
	if errors.Is(err, errInjected) {
		return err
	}
	if err != nil {
		return fmt.Errorf("open from %d: %w", r.from, err)
	}
	first := 0
	for first < len(r.appended) && r.appended[first].lsn < r.from {
		first++
	}
	may := r.appended[first:]
	if len(got) > len(may) {
		return fmt.Errorf("replayed %d records, only %d were appended from LSN %d on", len(got), len(may), r.from)
	}
	for i, g := range got {
		if g != may[i] {
			return fmt.Errorf("record %d is LSN %d %.60q, want LSN %d %.60q", i, g.lsn, g.payload, may[i].lsn, may[i].payload)
		}
	}
	if first+len(got) < r.acked {
		return fmt.Errorf("lost: replayed %d records from LSN %d on, %d were durable", len(got), r.from, r.acked-first)
	}
	r.log = l
	if r.after == nil {
		r.appended = r.appended[:first+len(got)]
		r.ackAll()
	}
	return nil
}

// step does one thing with the log.
func (r *crashRun) step() error {
	switch n := r.rng.IntN(20); {
	case n < 12:
		return r.append()
	case n < 16:
		if err := r.log.Sync(r.log.End()); err != nil {
			return err
		}
		r.ackAll()
	case n < 17:
		return r.log.Flush(r.log.End())
	case n < 18:
		if err := r.log.MarkSynced(); err != nil {
			return err
		}
		r.ackAll()
	default:
		from := r.log.Synced()
		if r.after != nil || r.rng.IntN(3) != 0 {
			return nil
		}
		r.from = from // a checkpoint there, made durable by other means
		return r.log.DropBefore(from)
	}
	return nil
}

func (r *crashRun) append() error {
	kind := byte(r.rng.IntN(int(KindReserved)))
	// Often multiples of a mark's size, so that a frame left behind by a cut tail
	// could fit again.
	size := []int{7, 7, 7, 32, 32, r.rng.IntN(60), r.rng.IntN(3000)}[r.rng.IntN(7)]
	payload := fmt.Sprintf("%08d-%08x:", len(r.appended), r.rng.Uint32()) + strings.Repeat("p", size)
	// The record may be replayed even when Append fails or the power goes in it.
	r.appended = append(r.appended, record{r.log.End(), kind, payload})
	lsn, _, err := r.log.Append(kind, []byte(payload))
	if err != nil {
		r.appended = r.appended[:len(r.appended)-1]
		return err
	}
	r.appended[len(r.appended)-1].lsn = lsn
	return nil
}

// TestCrashKeepsWhatWasSynced: whatever was synced is replayed, in order, without
// a gap and without garbage, after power loss at any operation, with failing
// writes and syncs besides.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	if *crashSeed != 0 {
		if err := newCrashRun(*crashSeed, vfs.NewMem()).run(); err != nil {
			t.Fatal(err)
		}
		return
	}
	for seed := uint64(1); seed <= *crashSeeds; seed++ {
		if err := newCrashRun(seed, vfs.NewMem()).run(); err != nil {
			t.Fatalf("%v\nagain: go test ./wal -run TestCrashKeepsWhatWasSynced -crash.seed=%d", err, seed)
		}
	}
}

// TestCrashNoticesMissingSync: the test above is able to fail. On a file system
// whose Sync does nothing it does, within a few seeds.
func TestCrashNoticesMissingSync(t *testing.T) {
	caught := 0
	for seed := uint64(1); seed <= 100; seed++ {
		mem := vfs.NewMem()
		mem.LieAboutSync()
		if newCrashRun(seed, mem).run() != nil {
			caught++
		}
	}
	if caught < 50 {
		t.Fatalf("a log without syncs was caught in %d of 100 runs", caught)
	}
}
