package wal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// sign makes the header and the chain of frames of a segment valid as far as
// their lengths allow, so that a fuzzer gets behind the checksums.
func sign(b []byte, first LSN) {
	if len(b) < segmentHeaderBytes {
		return
	}
	copy(b, encodeSegmentHeader(logID(le.Uint64(b[headerIDAt:])), first))
	seed := logID(le.Uint64(b[headerIDAt:])).seed()
	for at := segmentHeaderBytes; at+frameHeaderBytes <= len(b); {
		h := b[at:]
		end := frameHeaderBytes + int(le.Uint32(h[frameLengthAt:]))
		lsn := first + LSN(at-segmentHeaderBytes)
		synced := LSN(le.Uint64(h[frameSyncedAt:]))
		if end < frameHeaderBytes || end > len(h) {
			return
		}
		sealFrame(h[:end], seed, lsn, synced, h[frameKindAt])
		at += end
	}
}

// FuzzReader opens arbitrary bytes as a log of one or two segments. It must not
// panic and must find what naiveRead finds; a log that opens must agree with Verify, take
// more records and replay the same again. Run it with -fuzzminimizetime 1s: Go would spend most
// of its time on making inputs smaller.
//
// signed says which segments get valid checksums before they are read (bits 0 and 1); after that
// the byte of the last segment at flip is damaged, unless flip is 0. Seeds are small logs
// of this package's, and one that a node wrote while psql, pgbench and pgx were at work.
func FuzzReader(f *testing.F) {
	traffic, err := os.ReadFile("testdata/traffic/0000000000000040.wal")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{600, 1500, len(traffic)} {
		f.Add(traffic[:n], []byte(nil), uint16(0), byte(0), uint16(0))
		f.Add(traffic[:n], []byte(nil), uint16(0), byte(0), uint16(300))
	}
	for seed := range uint64(3) {
		cfg := testConfig(vfs.NewMem())
		cfg.SegmentSizeBytes = 300
		l, _ := mustOpen(f, cfg, 0)
		for i := range 8 {
			mustAppend(f, l, byte(i), "payload"[:i%8])
			if uint64(i)%(seed+1) == 0 {
				mustSync(f, l)
			}
		}
		mustSync(f, l)
		if seed == 0 {
			mustClose(f, l)
		}
		segs, err := listSegments(cfg.FS, cfg.Dir)
		if err != nil || len(segs) < 2 {
			f.Fatal(segs, err)
		}
		a, b := readFile(f, cfg.FS, segs[0].path), readFile(f, cfg.FS, segs[1].path)
		a = a[:segs[0].offset(segs[1].first)+frameHeaderBytes] // to the end of its seal
		if naiveRead([]naiveSegment{{segs[0].first, a}, {segs[1].first, b}}, 0).corrupt {
			f.Fatal("the seeds are corrupt")
		}
		f.Add(a, b, uint16(0), byte(0), uint16(0))
		f.Add(a, b, uint16(0), byte(3), uint16(0))
		f.Add(a, []byte(nil), uint16(0), byte(1), uint16(0))
		f.Add(a, b, uint16(segs[1].first), byte(3), uint16(0))
		f.Add(b, []byte(nil), uint16(0), byte(1), uint16(0))
		damaged := bytes.Clone(a)
		damaged[segmentHeaderBytes+frameHeaderBytes] ^= 1 // the frames behind are witnesses
		f.Add(damaged, []byte(nil), uint16(0), byte(0), uint16(0))
		f.Add(damaged[:len(damaged)-40], []byte(nil), uint16(0), byte(0), uint16(0))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, from uint16, signed byte, flip uint16) {
		if len(a)+len(b) > 20_000 {
			return // naiveRead is quadratic
		}
		second := FirstLSN + LSN(max(0, len(a)-segmentHeaderBytes-frameHeaderBytes))
		a, b = bytes.Clone(a), bytes.Clone(b)
		if signed&1 != 0 {
			sign(a, FirstLSN)
		}
		if signed&2 != 0 {
			sign(b, second)
		}
		segs := []naiveSegment{{FirstLSN, a}, {second, b}}
		switch {
		case len(b) == 0:
			segs = segs[:1]
		case second == FirstLSN:
			segs = segs[1:]
		}
		if last := segs[len(segs)-1].b; flip > 0 && int(flip) < len(last) {
			last[flip] ^= 0x40
		}
		mem := vfs.NewMem()
		cfg := testConfig(mem)
		for _, s := range segs {
			writeFile(t, mem, segmentPath(cfg.Dir, s.first), s.b)
		}
		checkReader(t, cfg, LSN(from), naiveRead(segs, LSN(from)))
	})
}

// checkReader opens the log of cfg and compares it with want.
func checkReader(t *testing.T, cfg Config, from LSN, want naiveLog) {
	t.Helper()
	mem := cfg.FS.(*vfs.Mem)
	report, verr := Verify(mem, cfg.Dir, from)
	l, got, err := open(cfg, from)
	if (err == nil) != (verr == nil) || (err != nil) != want.corrupt {
		t.Fatalf("Open: %v, Verify: %v, corrupt: %v", err, verr, want.corrupt)
	}
	if err != nil {
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("neither corrupt nor of another version: %v", err)
		}
		return
	}
	wantRecords(t, got, want.records)
	if report.End != want.end || report.TornBytes != want.torn {
		t.Fatalf("Verify: %+v, want an end at %d and %d bytes torn", report, want.end, want.torn)
	}
	got = append(got, mustAppend(t, l, 1, "more"))
	mustSync(t, l)
	cfg.FS = mem.CrashClone(rand.New(rand.NewPCG(1, 1)))
	report, err = Verify(cfg.FS, cfg.Dir, from)
	if err != nil || report.TornBytes != 0 {
		t.Fatalf("after a repair: %+v, %v", report, err)
	}
	_, again := mustOpen(t, cfg, from)
	wantRecords(t, again, got)
}
