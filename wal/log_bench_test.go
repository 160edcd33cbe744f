package wal

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// benchLog is a log on the real disk with segments of the default size.
func benchLog(b *testing.B) *Log {
	b.Helper()
	l, err := Open(Config{Dir: b.TempDir()}, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l
}

// BenchmarkAppendSync is a commit of a small record by 1, 8 and 64 committers:
// one write and one fdatasync a group.
func BenchmarkAppendSync(b *testing.B) {
	for _, committers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("committers=%d", committers), func(b *testing.B) {
			l := benchLog(b)
			payload := bytes.Repeat([]byte("x"), 200)
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			for range committers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						_, end, err := l.Append(1, payload)
						if err == nil {
							err = l.Sync(end)
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkAppend is the cost of Append alone: copy and checksum.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{200, 4096} {
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			l := benchLog(b)
			payload := bytes.Repeat([]byte("x"), n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := l.Append(1, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFeed is the throughput of records of 256 KiB, synced every 16 MiB, with
// old segments dropped.
func BenchmarkFeed(b *testing.B) {
	l := benchLog(b)
	payload := bytes.Repeat([]byte("x"), 256<<10)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, end, err := l.Append(1, payload)
		if err == nil && i%64 == 63 {
			if err = l.Sync(end); err == nil {
				err = l.DropBefore(end)
			}
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen replays a full segment of records of 200 bytes.
func BenchmarkOpen(b *testing.B) {
	cfg := Config{Dir: b.TempDir()}
	l, err := Open(cfg, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	payload := bytes.Repeat([]byte("x"), 200)
	for l.End() < 60<<20 {
		if _, _, err := l.Append(1, payload); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(l.End()))
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := Open(cfg, 0, func(LSN, byte, []byte) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}
