package wal

import (
	"bytes"
	"errors"
	"math/rand/v2"
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
// panic; a log that opens must replay the same again, agree with Verify, and take
// more records. Run it with -fuzzminimizetime 1s: Go would spend most of its time on
// making inputs smaller.
func FuzzReader(f *testing.F) {
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
		f.Add(a, b, uint16(0), byte(0))
		f.Add(a, []byte(nil), uint16(0), byte(1))
		f.Add(a, b, uint16(segs[1].first), byte(3))
		f.Add(b, []byte(nil), uint16(0), byte(1))
		damaged := bytes.Clone(a)
		damaged[segmentHeaderBytes+frameHeaderBytes] ^= 1 // the frames behind are witnesses
		f.Add(damaged, []byte(nil), uint16(0), byte(0))
		f.Add(damaged[:len(damaged)-40], []byte(nil), uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, from uint16, signed byte) {
		mem := vfs.NewMem()
		cfg := testConfig(mem)
		second := FirstLSN + LSN(max(0, len(a)-segmentHeaderBytes-frameHeaderBytes))
		if signed&1 != 0 {
			sign(a, FirstLSN)
		}
		if signed&2 != 0 {
			sign(b, second)
		}
		writeFile(t, mem, segmentPath(cfg.Dir, FirstLSN), a)
		if len(b) > 0 {
			writeFile(t, mem, segmentPath(cfg.Dir, second), b)
		}
		report, verr := Verify(mem, cfg.Dir, LSN(from))
		l, got, err := open(cfg, LSN(from))
		if (err == nil) != (verr == nil) {
			t.Fatalf("Open: %v, Verify: %v", err, verr)
		}
		if err != nil {
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) && !errors.Is(err, ErrVersion) {
				t.Fatalf("neither corrupt nor of another version: %v", err)
			}
			return
		}
		for _, r := range got {
			if r.lsn < LSN(from) || r.lsn >= report.End || r.kind >= KindReserved {
				t.Fatalf("replayed LSN %d kind %#x from %d, end %d", r.lsn, r.kind, from, report.End)
			}
		}
		got = append(got, mustAppend(t, l, 1, "more"))
		mustSync(t, l)
		cfg.FS = mem.CrashClone(rand.New(rand.NewPCG(1, 1)))
		report, err = Verify(cfg.FS, cfg.Dir, LSN(from))
		if err != nil || report.TornBytes != 0 {
			t.Fatalf("after a repair: %+v, %v", report, err)
		}
		_, again := mustOpen(t, cfg, LSN(from))
		wantRecords(t, again, got)
	})
}
