package wal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// faultyLog is a new log on a file system that can be made to fail.
func faultyLog(t testing.TB) (*vfs.Mem, *vfs.Fault, Config, *Log) {
	t.Helper()
	mem := vfs.NewMem()
	fault := vfs.NewFault(mem)
	cfg := testConfig(fault)
	l, _ := mustOpen(t, cfg, 0)
	return mem, fault, cfg, l
}

// TestFailedLogStaysFailed: after a failed write or sync everything but what was
// durable before is refused, with the cause, and the file is not touched again.
func TestFailedLogStaysFailed(t *testing.T) {
	for _, tc := range []struct {
		op  vfs.Op
		err error
	}{
		{vfs.OpSync, syscall.EIO},
		{vfs.OpWrite, syscall.EIO},
		{vfs.OpWrite, &vfs.ShortWrite{Bytes: 10, Err: syscall.ENOSPC}},
	} {
		t.Run(fmt.Sprintf("%s %v", tc.op, tc.err), func(t *testing.T) {
			_, fault, cfg, l := faultyLog(t)
			good := mustAppend(t, l, 1, "good")
			goodEnd := l.End()
			mustSync(t, l)
			fault.SetHook(vfs.FailNth(tc.op, 1, tc.err))
			_, end, err := l.Append(1, []byte("bad"))
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Sync(end); !errors.Is(err, ErrFailed) || !errors.Is(err, errors.Unwrap(tc.err)) && !errors.Is(err, tc.err) {
				t.Fatalf("Sync returned %v", err)
			}
			if vfs.IsNoSpace(tc.err) && !vfs.IsNoSpace(l.Err()) {
				t.Fatalf("%v does not tell that space was missing", l.Err())
			}
			touched := 0
			fault.SetHook(func(op vfs.Op, _ string) error {
				if op == vfs.OpWrite || op == vfs.OpSync {
					touched++
				}
				return nil
			})
			_, _, aerr := l.Append(1, []byte("more"))
			for what, err := range map[string]error{"Append": aerr, "Sync": l.Sync(end), "Flush": l.Flush(end),
				"MarkSynced": l.MarkSynced(), "Close": l.Close(), "Err": l.Err()} {
				if what == "Flush" && tc.op == vfs.OpSync {
					continue // it was written
				}
				if !errors.Is(err, ErrFailed) {
					t.Errorf("%s returned %v", what, err)
				}
			}
			if err := l.Sync(goodEnd); err != nil {
				t.Errorf("Sync of what was durable before: %v", err)
			}
			if touched != 0 {
				t.Errorf("%d writes and syncs after the failure", touched)
			}
			l, got := mustOpen(t, cfg, 0)
			wantRecords(t, got[:1], []record{good})
			next := mustAppend(t, l, 1, "next")
			mustClose(t, l)
			_, again := mustOpen(t, cfg, 0)
			wantRecords(t, again, append(got, next))
		})
	}
}

// TestReopenAfterFailedSyncWritesAgain: after a failed sync the kernel shows the
// bytes and will not write them. What Open replays must survive power loss.
func TestReopenAfterFailedSyncWritesAgain(t *testing.T) {
	for seed := range uint64(50) {
		mem, fault, cfg, l := faultyLog(t)
		rng := rand.New(rand.NewPCG(seed, 1))
		mustAppend(t, l, 1, "good")
		mustSync(t, l)
		for i := range 5 {
			mustAppend(t, l, byte(i), string(bytes.Repeat([]byte("lost?"), 100)))
		}
		fault.SetHook(vfs.FailNth(vfs.OpSync, 1, syscall.EIO))
		if err := l.Sync(l.End()); !errors.Is(err, ErrFailed) {
			t.Fatal(err)
		}
		l.Close()
		l, got := mustOpen(t, cfg, 0)
		if len(got) != 6 {
			t.Fatalf("the written records do not show: %d", len(got))
		}
		got = append(got, mustAppend(t, l, 1, "after"))
		mustSync(t, l)
		cfg.FS = mem.CrashClone(rng)
		_, again := mustOpen(t, cfg, 0)
		wantRecords(t, again, got)
	}
}

// TestFullDiskRefusesRecordsAndBreaksNothing: without space for the next segment a
// record is refused, the log lives, and goes on when there is space.
func TestFullDiskRefusesRecordsAndBreaksNothing(t *testing.T) {
	mem, fault, cfg, l := faultyLog(t)
	fault.SetSpace(2 * cfg.SegmentSizeBytes)
	payload := bytes.Repeat([]byte("x"), 300)
	var want []record
	refused := 0
	for range 100 {
		lsn, end, err := l.Append(1, payload)
		if err == nil {
			want = append(want, record{lsn, 1, string(payload)})
			if err := l.Sync(end); err != nil {
				t.Fatalf("an accepted record could not be synced: %v", err)
			}
			continue
		}
		refused++
		if !vfs.IsNoSpace(err) || errors.Is(err, ErrFailed) {
			t.Fatalf("got %v", err)
		}
	}
	if refused == 0 || len(want) < 20 || l.Err() != nil {
		t.Fatalf("%d accepted, %d refused, log: %v", len(want), refused, l.Err())
	}
	// A restart on the full disk works, small records find their place.
	mustClose(t, l)
	l, got := mustOpen(t, cfg, 0)
	wantRecords(t, got, want)
	// A checkpoint makes space.
	if err := l.DropBefore(l.Synced()); err != nil {
		t.Fatal(err)
	}
	from := l.Synced()
	var after []record
	for range 5 {
		after = append(after, mustAppend(t, l, 2, string(payload)))
	}
	mustSync(t, l)
	cfg.FS = mem.CrashClone(rand.New(rand.NewPCG(1, 1)))
	_, got = mustOpen(t, cfg, from)
	wantRecords(t, got, after)
}

// TestNewSegmentFails: whatever operation fails while a segment is begun, the log
// opens again with what was synced.
func TestNewSegmentFails(t *testing.T) {
	for n := 1; ; n++ {
		_, fault, cfg, l := faultyLog(t)
		want := []record{mustAppend(t, l, 1, string(make([]byte, 3000)))}
		mustSync(t, l)
		count, fired := 0, vfs.Op("")
		fault.SetHook(func(op vfs.Op, _ string) error {
			if count++; count == n {
				fired = op
				return syscall.EIO
			}
			return nil
		})
		lsn, end, err := l.Append(2, make([]byte, 3000))
		if err == nil {
			err = l.Sync(end)
		}
		if err == nil {
			want = append(want, record{lsn, 2, string(make([]byte, 3000))})
		}
		l.Close()
		fault.SetHook(nil)
		l, got := mustOpen(t, cfg, 0)
		if len(got) == 2 && len(want) == 1 {
			got = got[:1] // not acknowledged and there all the same
		}
		wantRecords(t, got, want)
		mustAppend(t, l, 3, "more")
		mustClose(t, l)
		if names, _ := cfg.FS.List(cfg.Dir); len(names) > 2 {
			t.Errorf("operation %d, %s: left %v", n, fired, names)
		}
		if fired == "" {
			if n < 8 {
				t.Fatalf("only %d operations for a segment", n)
			}
			return
		}
	}
}

// TestSyncCosts: a record synced alone costs one write and one sync, and no
// allocation.
func TestSyncCosts(t *testing.T) {
	_, fault, _, l := faultyLog(t)
	ops := map[vfs.Op]int{}
	fault.SetHook(func(op vfs.Op, _ string) error { ops[op]++; return nil })
	for range 10 {
		mustAppend(t, l, 1, "record")
		mustSync(t, l)
	}
	mustSync(t, l)
	if len(ops) != 2 || ops[vfs.OpWrite] != 10 || ops[vfs.OpSync] != 10 {
		t.Errorf("10 records cost %v", ops)
	}
	clear(ops)
	for range 3 {
		if err := l.MarkSynced(); err != nil {
			t.Fatal(err)
		}
	}
	if len(ops) != 2 || ops[vfs.OpWrite] != 1 || ops[vfs.OpSync] != 1 {
		t.Errorf("3 marks of one state cost %v", ops)
	}
	l.Close()

	l, err := Open(Config{Dir: t.TempDir(), SegmentSizeBytes: 1 << 20}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	payload := make([]byte, 100)
	allocs := testing.AllocsPerRun(100, func() {
		_, end, err := l.Append(1, payload)
		if err == nil {
			err = l.Sync(end)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("Append and Sync allocate %v times", allocs)
	}
}

// TestOneSyncServesAll: records appended while a sync runs are all made durable by
// the next one.
func TestOneSyncServesAll(t *testing.T) {
	_, fault, _, l := faultyLog(t)
	started, release := make(chan struct{}), make(chan struct{})
	syncs := 0 // one leader at a time
	fault.SetHook(func(op vfs.Op, _ string) error {
		if op != vfs.OpSync {
			return nil
		}
		if syncs++; syncs == 1 {
			close(started)
			<-release
		}
		return nil
	})
	var wg sync.WaitGroup
	appendAndSync := func() {
		_, end, err := l.Append(1, []byte("x"))
		if err != nil {
			t.Error(err)
		}
		wg.Go(func() {
			if err := l.Sync(end); err != nil {
				t.Error(err)
			}
		})
	}
	appendAndSync()
	<-started
	for range 20 {
		appendAndSync()
	}
	close(release)
	wg.Wait()
	if syncs != 2 {
		t.Errorf("21 records took %d syncs, want 2", syncs)
	}
}
