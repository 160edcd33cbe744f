package wal

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

var rewriteCorpus = flag.Bool("rewrite", false, "make testdata/corpus anew; the files are frozen with format version 1, so only to add cases")

// corpusCase is a log kept as files in testdata/corpus/NAME, and what a reader
// must make of it. The files were written once and are never rewritten: they also
// prove that this build reads what earlier ones wrote.
type corpusCase struct {
	name string
	// story says how such a log comes about.
	story string
	from  LSN
	// damage makes the log's files from those of a good one; see corpusLog.
	damage func(files map[string][]byte)
	// want is the kinds of the records replayed, or the beginning of the error.
	want string
	torn int64 // bytes of the torn tail
}

// The log that the cases damage: records of kinds 1 to 6. 1 to 4 are in the first
// segment, 5 and 6 in the second; 5 is known durable to 6 alone.
const (
	corpusA = "0000000000000040.wal"
	corpusB = "0000000000000185.wal"
	offset2 = 64 + 25 + 60 // of record 2 in A
	offset5 = 64           // of record 5 in B
	offset6 = 64 + 25 + 60 // of record 6 in B
	endB    = offset6 + 25 + 60
)

var corpusCases = []corpusCase{
	{name: "good", story: "killed after a sync",
		damage: func(map[string][]byte) {}, want: "1 2 3 4 5 6"},
	{name: "torn-payload", story: "power loss, the last record's second half did not reach the disk",
		damage: func(f map[string][]byte) { clear(f[corpusB][endB-30 : endB]) }, want: "1 2 3 4 5", torn: 55},
	{name: "torn-header", story: "power loss, the last record's beginning did not reach the disk",
		damage: func(f map[string][]byte) { clear(f[corpusB][offset6 : offset6+12]) }, want: "1 2 3 4 5", torn: 85},
	{name: "short-file", story: "power loss, the size of the file did not reach the disk",
		damage: func(f map[string][]byte) { f[corpusB] = f[corpusB][:offset6+10] }, want: "1 2 3 4 5", torn: 10},
	{name: "garbage-tail", story: "bytes of another log behind the last frame",
		damage: func(f map[string][]byte) { copy(f[corpusB][endB:], f[corpusA][64:120]) }, want: "1 2 3 4 5 6", torn: 56},
	{name: "first-of-two-unsynced-lost", story: "power loss, of two unsynced records the second alone reached the disk",
		damage: func(f map[string][]byte) {
			reseal(f[corpusB], offset6, 389-60-25) // made before 5 was synced
			clear(f[corpusB][offset5+40 : offset6])
		}, want: "1 2 3 4", torn: 170},
	{name: "bit-in-synced", story: "a bit flipped in a record that the one behind it knows to be durable",
		damage: func(f map[string][]byte) { f[corpusB][offset5+30] ^= 4 },
		want:   "log is corrupt: /log/0000000000000185.wal, offset 64 (LSN 389): checksum mismatch; the frame of LSN 474 says that all below LSN 474 was durable"},
	{name: "bit-in-full-segment", story: "a bit flipped in a segment that has a successor",
		damage: func(f map[string][]byte) { f[corpusA][offset2+30] ^= 4 },
		want:   "log is corrupt: /log/0000000000000040.wal, offset 149 (LSN 149): checksum mismatch; segment 0000000000000185.wal begins at LSN 389"},
	{name: "bit-in-header", story: "a bit flipped in a segment's header",
		damage: func(f map[string][]byte) { f[corpusB][20] ^= 4 },
		want:   "log is corrupt: /log/0000000000000185.wal, offset 0 (LSN 389): segment header: checksum mismatch"},
	{name: "empty-last-segment", story: "the last segment lost its contents: never the work of a crash",
		damage: func(f map[string][]byte) { f[corpusB] = nil },
		want:   "log is corrupt: /log/0000000000000185.wal, offset 0 (LSN 389): segment header is cut short after 0 bytes"},
	{name: "last-segment-missing", story: "someone removed the newest file",
		damage: func(f map[string][]byte) { delete(f, corpusB) },
		want:   "log is corrupt: /log/0000000000000040.wal, offset 389 (LSN 389): segment ends here, and the next one, of LSN 389, is missing"},
	{name: "first-segment-missing", story: "someone removed the oldest file, and no checkpoint covers it",
		damage: func(f map[string][]byte) { delete(f, corpusA) },
		want:   "log is corrupt: /log/0000000000000185.wal, offset 0 (LSN 64): the first segment begins at LSN 389"},
	{name: "first-segment-dropped", story: "a checkpoint covers the first segment", from: 389,
		damage: func(f map[string][]byte) { delete(f, corpusA) }, want: "5 6"},
	{name: "begun-segment", story: "killed while the next segment was being prepared",
		damage: func(f map[string][]byte) { f["next-7.tmp"] = []byte("half a segment") }, want: "1 2 3 4 5 6"},
	{name: "unsealed-segment", story: "killed after a segment was begun and before the one before it was sealed",
		damage: func(f map[string][]byte) { f[corpusA] = append(f[corpusA][:389], make([]byte, 61)...) }, want: "1 2 3 4 5 6"},
}

// reseal gives the frame at an offset another synced.
func reseal(b []byte, at int, synced LSN) {
	seed := logID(le.Uint64(b[headerIDAt:])).seed()
	end := at + frameHeaderBytes + int(le.Uint32(b[at+frameLengthAt:]))
	sealFrame(b[at:end], seed, LSN(le.Uint64(b[at+frameLSNAt:])), synced, b[at+frameKindAt])
}

// corpusLog makes the good log.
func corpusLog(t *testing.T) map[string][]byte {
	cfg := testConfig(vfs.NewMem())
	cfg.SegmentSizeBytes = 450
	l, _ := mustOpen(t, cfg, 0)
	for kind := range byte(6) {
		n := 60
		if kind == 3 {
			n = 45
		}
		mustAppend(t, l, kind+1, strings.Repeat(fmt.Sprint(kind+1), n))
		mustSync(t, l)
	}
	files := map[string][]byte{}
	for name, b := range snapshotDir(t, cfg.FS, cfg.Dir) {
		if strings.HasSuffix(name, segmentSuffix) {
			files[name] = []byte(b)
		}
	}
	return files
}

func TestCorpus(t *testing.T) {
	for _, tc := range corpusCases {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join("testdata", "corpus", tc.name)
			if *rewriteCorpus {
				files := corpusLog(t)
				tc.damage(files)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for name, b := range files {
					if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			mem := vfs.NewMem()
			for name, b := range snapshotDir(t, vfs.OS, dir) {
				writeFile(t, mem, filepath.Join("/log", name), []byte(b))
			}
			checkCorpus(t, tc, mem)
		})
	}
}

func checkCorpus(t *testing.T, tc corpusCase, mem *vfs.Mem) {
	t.Helper()
	cfg := testConfig(mem)
	var read []record
	report, verr := Read(mem, cfg.Dir, tc.from, func(lsn LSN, kind byte, payload []byte) error {
		read = append(read, record{lsn, kind, string(payload)})
		return nil
	})
	l, got, err := open(cfg, tc.from)
	if strings.HasPrefix(tc.want, "log is corrupt") {
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !strings.HasPrefix(err.Error(), tc.want) {
			t.Fatalf("got  %v\nwant %s", err, tc.want)
		}
		if verr == nil || verr.Error() != err.Error() {
			t.Fatalf("Verify says %v", verr)
		}
		return
	}
	if err != nil || verr != nil {
		t.Fatalf("Open: %v, Verify: %v", err, verr)
	}
	wantRecords(t, read, got)
	var kinds []string
	for _, r := range got {
		kinds = append(kinds, fmt.Sprint(r.kind))
		if want := strings.Repeat(fmt.Sprint(r.kind), len(r.payload)); r.payload != want {
			t.Errorf("record %d holds %q", r.kind, r.payload)
		}
	}
	if s := strings.Join(kinds, " "); s != tc.want || report.TornBytes != tc.torn {
		t.Fatalf("replayed %s with %d bytes torn, want %s with %d", s, report.TornBytes, tc.want, tc.torn)
	}
	got = append(got, mustAppend(t, l, 7, "7"))
	mustClose(t, l)
	l, again := mustOpen(t, cfg, tc.from)
	wantRecords(t, again, got)
	mustClose(t, l)
	if names, _ := mem.List(cfg.Dir); slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, spareSuffix) }) {
		t.Errorf("left %v", names)
	}
}
