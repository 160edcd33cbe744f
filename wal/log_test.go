package wal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// record is what a test appended or got back.
type record struct {
	lsn     LSN
	kind    byte
	payload string
}

// testRand gives log ids.
type testRand struct{ r *rand.Rand }

func newTestRand(seed uint64) testRand { return testRand{rand.New(rand.NewPCG(seed, 1))} }

func (t testRand) Read(p []byte) (int, error) {
	var b [8]byte
	le.PutUint64(b[:], t.r.Uint64())
	return copy(p, b[:]), nil
}

// inline is a Spawn that makes a log deterministic.
func inline(work func()) { work() }

// testConfig is a deterministic log of small segments on fsys.
func testConfig(fsys vfs.FS) Config {
	return Config{FS: fsys, Dir: "/log", SegmentSizeBytes: 4096, Rand: newTestRand(1), Spawn: inline}
}

// open opens a log and returns what it replayed.
func open(cfg Config, from LSN) (*Log, []record, error) {
	var got []record
	l, err := Open(cfg, from, func(lsn LSN, kind byte, payload []byte) error {
		got = append(got, record{lsn, kind, string(payload)})
		return nil
	})
	return l, got, err
}

func mustOpen(t testing.TB, cfg Config, from LSN) (*Log, []record) {
	t.Helper()
	l, got, err := open(cfg, from)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return l, got
}

func mustAppend(t testing.TB, l *Log, kind byte, payload string) record {
	t.Helper()
	lsn, _, err := l.Append(kind, []byte(payload))
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return record{lsn, kind, payload}
}

func mustSync(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Sync(l.End()); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// wantRecords fails unless got is exactly want.
func wantRecords(t testing.TB, got, want []record) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("record %d is LSN %d kind %d %.40q, want LSN %d kind %d %.40q", i,
				got[i].lsn, got[i].kind, got[i].payload, want[i].lsn, want[i].kind, want[i].payload)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("replayed %d records, want %d", len(got), len(want))
	}
}

// fill appends n records of varied sizes and syncs.
func fill(t testing.TB, l *Log, rng *rand.Rand, n int) []record {
	t.Helper()
	var recs []record
	for i := range n {
		payload := bytes.Repeat([]byte{byte('a' + i%26)}, rng.IntN(300))
		recs = append(recs, mustAppend(t, l, byte(i%3), string(payload)))
	}
	mustSync(t, l)
	return recs
}

func TestReplayGivesBackWhatWasAppended(t *testing.T) {
	for _, size := range []int64{1, 100, 512, 4096, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			cfg := testConfig(vfs.NewMem())
			cfg.SegmentSizeBytes = size
			rng := rand.New(rand.NewPCG(1, 2))
			var want []record
			for range 5 {
				l, got := mustOpen(t, cfg, 0)
				wantRecords(t, got, want)
				want = append(want, fill(t, l, rng, 40)...)
				mustClose(t, l)
			}
			l, got := mustOpen(t, cfg, 0)
			wantRecords(t, got, want)
			mustClose(t, l)
			for _, i := range []int{0, 1, 77, len(want) - 1} {
				l, got := mustOpen(t, cfg, want[i].lsn)
				wantRecords(t, got, want[i:])
				mustClose(t, l)
			}
			if _, err := Verify(cfg.FS, cfg.Dir, 0); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAppendReturnsPositions(t *testing.T) {
	l, _ := mustOpen(t, testConfig(vfs.NewMem()), 0)
	defer l.Close()
	if l.End() != FirstLSN || l.Synced() != FirstLSN {
		t.Fatalf("a new log is at %d, synced %d; want %d", l.End(), l.Synced(), FirstLSN)
	}
	lsn, end, err := l.AppendV(1, []byte("ab"), nil, []byte("cde"))
	if err != nil || lsn != FirstLSN || end != FirstLSN+frameHeaderBytes+5 {
		t.Fatalf("got LSN %d, end %d, error %v", lsn, end, err)
	}
	if next, _, _ := l.Append(1, nil); next != end {
		t.Fatalf("the next record is at %d, want the end of the last, %d", next, end)
	}
	if l.Synced() != FirstLSN {
		t.Fatal("durable without Sync")
	}
	mustSync(t, l)
	if l.Synced() != l.End() {
		t.Fatalf("synced to %d of %d", l.Synced(), l.End())
	}
}

func TestAppendRefusesWhatCannotBeFramed(t *testing.T) {
	l, _ := mustOpen(t, testConfig(vfs.NewMem()), 0)
	defer l.Close()
	if _, _, err := l.Append(1, make([]byte, MaxRecordBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, _, err := l.Append(KindReserved, nil); err == nil {
		t.Error("a reserved kind was accepted")
	}
	if err := l.Sync(l.End() + 1); err == nil {
		t.Error("Sync beyond the end returned nil")
	}
	if l.End() != FirstLSN {
		t.Errorf("refused records moved the end to %d", l.End())
	}
}

func TestLargestRecord(t *testing.T) {
	cfg := testConfig(vfs.NewMem())
	l, _ := mustOpen(t, cfg, 0)
	big := string(bytes.Repeat([]byte("0123456789abcdef"), MaxRecordBytes/16))
	want := []record{mustAppend(t, l, 1, "small"), mustAppend(t, l, 2, big), mustAppend(t, l, 3, "small")}
	mustClose(t, l)
	l, got := mustOpen(t, cfg, 0)
	wantRecords(t, got, want)
	mustClose(t, l)
}

func TestClosedLogRefuses(t *testing.T) {
	l, _ := mustOpen(t, testConfig(vfs.NewMem()), 0)
	r := mustAppend(t, l, 1, "x")
	mustClose(t, l)
	mustClose(t, l)
	if _, _, err := l.Append(1, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if err := l.Sync(r.lsn + 1); err != nil {
		t.Errorf("Sync of what Close synced: %v", err)
	}
	if err := l.MarkSynced(); !errors.Is(err, ErrClosed) {
		t.Errorf("MarkSynced after Close: %v", err)
	}
}
