package wal

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

func TestConfigDefaults(t *testing.T) {
	c := Config{Dir: "d"}.withDefaults()
	if c.FS != vfs.OS || c.SegmentSizeBytes != 64<<20 || c.MaxBufferedBytes != 4<<20 || c.Logger == nil || c.Rand == nil {
		t.Errorf("%+v", c)
	}
	done := make(chan struct{})
	c.Spawn(func() { close(done) })
	<-done
	set := Config{FS: vfs.NewMem(), Dir: "d", SegmentSizeBytes: 7, MaxBufferedBytes: 8, Rand: newTestRand(1), Spawn: inline}
	if got := set.withDefaults(); got.FS != set.FS || got.SegmentSizeBytes != 7 || got.MaxBufferedBytes != 8 || got.Rand != set.Rand {
		t.Errorf("%+v", got)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []Config{{}, {Dir: "d", SegmentSizeBytes: -1}, {Dir: "d", SegmentSizeBytes: 2 << 30}, {Dir: "d", MaxBufferedBytes: -1}} {
		if _, err := Open(c, 0, nil); err == nil {
			t.Errorf("accepted %+v", c)
		}
	}
}

// TestCRCOfConcatenation compares crcShift with computing over the bytes.
func TestCRCOfConcatenation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 3, 25, 4095, 4096, 100_000, 1 << 20} {
		a, b := make([]byte, rng.IntN(100)), make([]byte, n)
		for _, s := range [][]byte{a, b} {
			for i := range s {
				s[i] = byte(rng.Uint32())
			}
		}
		ca, cb := crc32.Checksum(a, castagnoli), crc32.Checksum(b, castagnoli)
		if got, want := crcShift(ca, int64(n))^cb, crc32.Update(ca, castagnoli, b); got != want {
			t.Errorf("%d bytes: got %#x, want %#x", n, got, want)
		}
	}
}

func TestSegmentNames(t *testing.T) {
	if got := segmentPath("d", 0x1a2b); got != "d/0000000000001a2b.wal" {
		t.Error(got)
	}
	for name, want := range map[string]LSN{"0000000000000040.wal": 64, "00000000deadbeef.wal": 0xdeadbeef} {
		if got, ok := parseSegmentName(name); !ok || got != want {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", ".wal", "40.wal", "000000000000004G.wal", "00000000DEADBEEF.wal", "0000000000000040.wal.bak",
		"next-1.tmp", "+000000000000040.wal"} {
		if _, ok := parseSegmentName(name); ok {
			t.Errorf("%q passes for a segment", name)
		}
	}
}

// TestFrameHeaderSizes: the layouts in doc.go are those of the code.
func TestFrameHeaderSizes(t *testing.T) {
	if frameKindAt+1 != frameHeaderBytes || headerCRCAt+4 != segmentHeaderBytes || kindMark != 0xF0 || kindSeal != 0xF1 {
		t.Error("layout changed: it needs a new format version")
	}
}
