package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// smallLog makes a log of several segments with everything synced. With close
// it ends with a mark; without, the records since the last sync but one have no
// witness.
func smallLog(t testing.TB, clean bool) (*vfs.Mem, Config, []record) {
	t.Helper()
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	cfg.SegmentSizeBytes = 700
	l, _ := mustOpen(t, cfg, 0)
	recs := fill(t, l, rand.New(rand.NewPCG(3, 4)), 10)
	recs = append(recs, mustAppend(t, l, 7, "middle"))
	mustSync(t, l)
	recs = append(recs, mustAppend(t, l, 8, "last but one"), mustAppend(t, l, 9, "last"))
	mustSync(t, l)
	if clean {
		mustClose(t, l)
	}
	return mem.Clone(), cfg, recs
}

func readFile(t testing.TB, fsys vfs.FS, path string) []byte {
	t.Helper()
	f, err := fsys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if err := readFull(f, b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, fsys vfs.FS, path string, b []byte) {
	t.Helper()
	if err := fsys.MkdirAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// snapshotDir returns the files of a directory.
func snapshotDir(t testing.TB, fsys vfs.FS, dir string) map[string]string {
	t.Helper()
	names, err := fsys.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, n := range names {
		files[n] = string(readFile(t, fsys, filepath.Join(dir, n)))
	}
	return files
}

// layout is where the frames of a log are.
type layout struct {
	segs   []segment
	frames []placedFrame
}

type placedFrame struct {
	seg      int
	from, to int64 // offsets in the file
	lsn      LSN
	kind     byte
}

// layoutOf reads where the frames are, seals included.
func layoutOf(t testing.TB, fsys vfs.FS, dir string) layout {
	t.Helper()
	segs, err := listSegments(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	lay := layout{segs: segs}
	var r frameReader
	for i, s := range segs {
		f, err := fsys.Open(s.path)
		if err != nil {
			t.Fatal(err)
		}
		id, err := readSegmentHeader(f, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.reset(f, s, id.seed()); err != nil {
			t.Fatal(err)
		}
		for {
			from := r.off
			fr, reason, err := r.next()
			if err != nil {
				t.Fatal(err)
			}
			if reason != "" {
				break
			}
			lay.frames = append(lay.frames, placedFrame{i, from, r.off, fr.lsn, fr.kind})
		}
		f.Close()
	}
	return lay
}

// at returns the frame that holds an offset, nil for none.
func (lay layout) at(seg int, off int64) *placedFrame {
	for i, f := range lay.frames {
		if f.seg == seg && f.from <= off && off < f.to {
			return &lay.frames[i]
		}
	}
	return nil
}

// checkDamaged opens a damaged log and compares: either a *CorruptError at the
// wanted place that changes nothing, or exactly the records before cut. Verify
// must agree with Open.
func checkDamaged(t *testing.T, what string, mem *vfs.Mem, cfg Config, recs []record, wantFile string, wantOffset int64, cut LSN) {
	t.Helper()
	cfg.FS = mem
	before := snapshotDir(t, mem, cfg.Dir)
	_, verr := Verify(mem, cfg.Dir, 0)
	l, got, err := open(cfg, 0)
	if wantFile != "" {
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) {
			t.Fatalf("%s: Open returned %v, want corruption", what, err)
		}
		if corrupt.File != wantFile || corrupt.Offset != wantOffset {
			t.Fatalf("%s: corruption reported at %s %d, want %s %d: %v", what, corrupt.File, corrupt.Offset, wantFile, wantOffset, err)
		}
		if verr == nil || verr.Error() != err.Error() {
			t.Fatalf("%s: Verify says %v, Open says %v", what, verr, err)
		}
		for name, b := range snapshotDir(t, mem, cfg.Dir) {
			if before[name] != b {
				t.Fatalf("%s: Open changed %s of a corrupt log", what, name)
			}
		}
		return
	}
	if err != nil || verr != nil {
		t.Fatalf("%s: Open: %v, Verify: %v", what, err, verr)
	}
	n := 0
	for n < len(recs) && recs[n].lsn < cut {
		n++
	}
	wantRecords(t, got, recs[:n])
	// What was cut stays cut, and the log goes on.
	more := append(recs[:n:n], mustAppend(t, l, 1, "more"))
	mustSync(t, l)
	l, got = mustOpen(t, cfg, 0)
	wantRecords(t, got, more)
	l.Close()
}

// TestEveryByteFlipped damages each byte of a small log in turn. Damage below the
// largest synced LSN in the log is an error with its place; only what is above is cut.
func TestEveryByteFlipped(t *testing.T) {
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprintf("clean=%v", clean), func(t *testing.T) {
			orig, cfg, recs := smallLog(t, clean)
			lay := layoutOf(t, orig, cfg.Dir)
			if len(lay.segs) < 3 {
				t.Fatalf("only %d segments", len(lay.segs))
			}
			known := lay.segs[len(lay.segs)-1].first // by headers and frames
			for _, f := range lay.frames {
				if !clean && f.kind == 9 {
					known = recs[len(recs)-2].lsn // what "last" says: "middle" was synced
				}
			}
			if clean {
				known = recs[len(recs)-1].lsn + frameHeaderBytes + 4
			}
			for i, s := range lay.segs {
				size := int64(len(readFile(t, orig, s.path)))
				for off := range size {
					mem := orig.Clone()
					b := readFile(t, mem, s.path)
					b[off] ^= 1 << (off % 8)
					writeFile(t, mem, s.path, b)
					what := fmt.Sprintf("%s byte %d", filepath.Base(s.path), off)
					f := lay.at(i, off)
					switch {
					case off < segmentHeaderBytes:
						checkDamaged(t, what, mem, cfg, recs, s.path, 0, 0)
					case f == nil || f.kind == kindSeal || f.kind == kindMark:
						checkDamaged(t, what, mem, cfg, recs, "", 0, maxLSN)
					case f.lsn < known:
						checkDamaged(t, what, mem, cfg, recs, s.path, f.from, 0)
					default:
						checkDamaged(t, what, mem, cfg, recs, "", 0, f.lsn)
					}
				}
			}
		})
	}
}

// TestTruncatedAtEveryLength cuts each file of a small log at every length.
func TestTruncatedAtEveryLength(t *testing.T) {
	orig, cfg, recs := smallLog(t, false)
	lay := layoutOf(t, orig, cfg.Dir)
	last := len(lay.segs) - 1
	for i, s := range lay.segs {
		whole := readFile(t, orig, s.path)
		for size := range int64(len(whole)) {
			mem := orig.Clone()
			writeFile(t, mem, s.path, whole[:size])
			what := fmt.Sprintf("%s cut to %d bytes", filepath.Base(s.path), size)
			f := lay.at(i, size)
			switch {
			case size < segmentHeaderBytes:
				checkDamaged(t, what, mem, cfg, recs, s.path, 0, 0)
			case f == nil || f.kind == kindSeal:
				checkDamaged(t, what, mem, cfg, recs, "", 0, maxLSN)
			case i < last:
				checkDamaged(t, what, mem, cfg, recs, s.path, f.from, 0)
			default: // no frame behind is left to witness
				checkDamaged(t, what, mem, cfg, recs, "", 0, f.lsn)
			}
		}
	}
}

// TestMissingSegments removes each segment of a log in turn.
func TestMissingSegments(t *testing.T) {
	orig, cfg, recs := smallLog(t, true)
	segs, err := listSegments(orig, cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range segs {
		mem := orig.Clone()
		if err := mem.Remove(s.path); err != nil {
			t.Fatal(err)
		}
		what := filepath.Base(s.path) + " missing"
		if i == 0 {
			checkDamaged(t, what, mem, cfg, recs, segs[1].path, 0, 0)
			continue
		}
		checkDamaged(t, what, mem, cfg, recs, segs[i-1].path, segs[i-1].offset(s.first), 0)
	}
}

// TestForeignSegment puts a segment of another log in the place of one.
func TestForeignSegment(t *testing.T) {
	orig, cfg, recs := smallLog(t, true)
	segs, err := listSegments(orig, cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	other := testConfig(vfs.NewMem())
	other.Rand, other.SegmentSizeBytes = newTestRand(99), cfg.SegmentSizeBytes
	l, _ := mustOpen(t, other, 0)
	fill(t, l, rand.New(rand.NewPCG(3, 4)), 10)
	mustClose(t, l)
	b := readFile(t, other.FS, segs[1].path)
	writeFile(t, orig, segs[1].path, b)
	checkDamaged(t, "foreign", orig, cfg, recs, segs[1].path, headerIDAt, 0)
}

func TestUnknownVersionIsRefused(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	s := segment{first: FirstLSN, path: segmentPath(cfg.Dir, FirstLSN)}
	b := encodeSegmentHeader(1, FirstLSN)
	b[headerVersionAt] = 2
	signSegmentHeader(b)
	writeFile(t, mem, s.path, b)
	if _, _, err := open(cfg, 0); !errors.Is(err, ErrVersion) {
		t.Fatalf("got %v", err)
	}
}

// TestCheckpointIsWitness: the position of a checkpoint proves what is below it.
func TestCheckpointIsWitness(t *testing.T) {
	orig, cfg, recs := smallLog(t, false)
	lay := layoutOf(t, orig, cfg.Dir)
	last := lay.frames[len(lay.frames)-1]
	from := last.lsn + LSN(last.to-last.from)
	path := lay.segs[last.seg].path

	damaged := orig.Clone()
	b := readFile(t, damaged, path)
	b[last.from+10] ^= 1
	writeFile(t, damaged, path, b)
	for name, mem := range map[string]*vfs.Mem{"damaged": damaged, "empty": vfs.NewMem()} {
		cfg.FS = mem
		_, _, err := open(cfg, from)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg.FS = orig
	for _, bad := range []LSN{from - 1, from + 1, recs[0].lsn + 1} {
		if _, _, err := open(cfg, bad); err == nil {
			t.Errorf("opened from LSN %d, where no frame begins", bad)
		}
	}
	if _, got, err := open(cfg, from); err != nil || len(got) != 0 {
		t.Errorf("from the end: %d records, %v", len(got), err)
	}
}

// TestCutTailStaysCut: frames behind a torn one fit exactly behind a new frame of
// the torn one's length. They must not come back.
func TestCutTailStaysCut(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	l, _ := mustOpen(t, cfg, 0)
	a := mustAppend(t, l, 1, "a")
	mustSync(t, l)
	if err := l.MarkSynced(); err != nil {
		t.Fatal(err)
	}
	torn := mustAppend(t, l, 1, "torn")
	mustAppend(t, l, 1, "stale")
	if err := l.Flush(l.End()); err != nil {
		t.Fatal(err)
	}
	mem = mem.Clone()
	b := readFile(t, mem, l.active.path)
	b[l.active.offset(torn.lsn)+frameHeaderBytes] ^= 1
	writeFile(t, mem, l.active.path, b)

	cfg.FS = mem
	l, got := mustOpen(t, cfg, 0)
	wantRecords(t, got, []record{a})
	again := mustAppend(t, l, 1, "good")
	if again.lsn != torn.lsn {
		t.Fatalf("the new record is at LSN %d, the torn one was at %d: this test tests nothing", again.lsn, torn.lsn)
	}
	mustSync(t, l)
	_, got = mustOpen(t, cfg, 0)
	wantRecords(t, got, []record{a, again})
}

// TestPayloadOfLookalikes: a torn record full of frame headers with the right
// LSNs and a length of many megabytes is judged in time linear in its size, and no
// lookalike passes.
func TestPayloadOfLookalikes(t *testing.T) {
	mem := vfs.NewMem()
	cfg := testConfig(mem)
	cfg.SegmentSizeBytes = 8 << 20
	l, _ := mustOpen(t, cfg, 0)
	a := mustAppend(t, l, 1, "a")
	mustSync(t, l)
	if err := l.MarkSynced(); err != nil {
		t.Fatal(err)
	}
	lsn := l.End()
	payload := make([]byte, 2<<20)
	for at := 0; at+frameHeaderBytes <= len(payload); at += frameHeaderBytes {
		fake := lsn + frameHeaderBytes + LSN(at)
		sealFrame(payload[at:at+frameHeaderBytes], 12345, fake, fake, 1)
		payload[at+frameLengthAt+2] = 0x10 // 1 MiB
	}
	if _, _, err := l.Append(2, payload); err != nil {
		t.Fatal(err)
	}
	mustSync(t, l)
	b := readFile(t, mem, l.active.path)
	b[l.active.offset(lsn)] ^= 1
	writeFile(t, mem, l.active.path, b)
	cfg.FS = mem.Clone()
	_, got := mustOpen(t, cfg, 0)
	wantRecords(t, got, []record{a})
}

// TestWitnessBehindLargeDamage: a valid frame is found wherever it begins behind
// the damage, across the blocks and chunks in which the tail is read.
func TestWitnessBehindLargeDamage(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 5000, 1 << 20, 1<<20 + 4071, 3<<20 + 17} {
		mem := vfs.NewMem()
		cfg := testConfig(mem)
		cfg.SegmentSizeBytes = 8 << 20
		l, _ := mustOpen(t, cfg, 0)
		bad := mustAppend(t, l, 1, strings.Repeat("b", n))
		mustSync(t, l)
		mustAppend(t, l, 1, strings.Repeat("witness ", 1000)) // says that bad was synced
		mustSync(t, l)
		b := readFile(t, mem, l.active.path)
		b[l.active.offset(bad.lsn)] ^= 1
		writeFile(t, mem, l.active.path, b)
		cfg.FS = mem.Clone()
		_, _, err := open(cfg, 0)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Offset != l.active.offset(bad.lsn) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}
