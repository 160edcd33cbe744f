package wal

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestConcurrentAppenders: many append, sync, mark and drop at once, over many
// segments, on the real file system. Each one's records come back in its order.
func TestConcurrentAppenders(t *testing.T) {
	const appenders, each = 8, 200
	cfg := Config{Dir: t.TempDir(), SegmentSizeBytes: 16 << 10, MaxBufferedBytes: 2000}
	l, _ := mustOpen(t, cfg, 0)
	var checkpoint atomic.Uint64
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range each {
				_, end, err := l.AppendV(byte(a), fmt.Appendf(nil, "%d:", i), []byte(strings.Repeat("x", (a*i)%500)))
				if err == nil {
					err = l.Sync(end)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if s := l.Synced(); s < end {
					t.Errorf("synced to %d after Sync(%d)", s, end)
				}
			}
		})
	}
	stop := make(chan struct{})
	var background sync.WaitGroup
	background.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			err := l.MarkSynced()
			if err == nil && n%50 == 0 {
				lsn := l.Synced()
				checkpoint.Store(uint64(lsn))
				err = l.DropBefore(lsn)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
	close(stop)
	background.Wait()
	if err := l.DropBefore(LSN(checkpoint.Load())); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)

	if _, err := Verify(vfs.OS, cfg.Dir, LSN(checkpoint.Load())); err != nil {
		t.Fatal(err)
	}
	l, got := mustOpen(t, cfg, LSN(checkpoint.Load()))
	defer l.Close()
	next := map[byte]int{}
	for _, r := range got {
		var i int
		if _, err := fmt.Sscanf(r.payload, "%d:", &i); err != nil {
			t.Fatal(err)
		}
		if n, ok := next[r.kind]; ok && n != i {
			t.Fatalf("appender %d: record %d where %d should be", r.kind, i, n)
		}
		next[r.kind] = i + 1
	}
	for a, n := range next {
		if n != each {
			t.Errorf("appender %d: last record is %d of %d", a, n-1, each)
		}
	}
}

// TestCloseWithAppenders: Close ends a log in use; what was acknowledged is there.
func TestCloseWithAppenders(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	cfg.Spawn = nil
	l, _ := mustOpen(t, cfg, 0)
	var acked, begun atomic.Int64
	var wg sync.WaitGroup
	halfway := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				_, end, err := l.Append(1, make([]byte, 500))
				if err != nil {
					return
				}
				if begun.Add(1) == 500 {
					close(halfway)
				}
				if err := l.Sync(end); err != nil {
					t.Errorf("appended before Close and not synced: %v", err)
					return
				}
				acked.Add(1)
			}
		})
	}
	<-halfway
	mustClose(t, l)
	wg.Wait()
	_, got := mustOpen(t, cfg, 0)
	if int64(len(got)) != acked.Load() {
		t.Fatalf("replayed %d records, %d were acknowledged", len(got), acked.Load())
	}
}
