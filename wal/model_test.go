package wal

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// logModel is the naive twin of a log: a list of records, how many of them the
// operating system has, and where the log begins.
type logModel struct {
	cfg     Config
	mem     *vfs.Mem
	log     *Log
	recs    []record
	written int // records that survive a kill
	from    LSN
}

// reopen opens the log over what is in mem and compares.
func (m *logModel) reopen(t *rapid.T) {
	m.cfg.FS = m.mem
	l, got, err := open(m.cfg, m.from)
	if err != nil {
		t.Fatalf("open from %d: %v", m.from, err)
	}
	var want []record
	for _, r := range m.recs {
		if r.lsn >= m.from {
			want = append(want, r)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("replayed %d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("record %d: got %v, want %v", i, got[i], want[i])
		}
	}
	m.log, m.written = l, len(m.recs)
}

// TestLogAgainstModel compares a log with its twin over drawn sequences of calls
// and kills.
func TestLogAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &logModel{mem: vfs.NewMem()}
		m.cfg = testConfig(m.mem)
		m.cfg.SegmentSizeBytes = int64(rapid.IntRange(1, 2000).Draw(t, "segment"))
		m.cfg.MaxBufferedBytes = rapid.SampledFrom([]int{1, 500, 1 << 20}).Draw(t, "buffer")
		m.reopen(t)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				kind := rapid.ByteMax(KindReserved-1).Draw(t, "kind")
				a := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "a")
				b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "b")
				before := m.log.End()
				lsn, end, err := m.log.AppendV(kind, a, b)
				if err != nil {
					t.Fatal(err)
				}
				if lsn != before || end != m.log.End() || end <= lsn {
					t.Fatalf("appended at %d to %d, the log ended at %d and ends at %d", lsn, end, before, m.log.End())
				}
				m.recs = append(m.recs, record{lsn, kind, string(a) + string(b)})
			},
			"sync": func(t *rapid.T) {
				end := m.log.End()
				if err := m.log.Sync(end); err != nil || m.log.Synced() != end {
					t.Fatalf("synced %d of %d: %v", m.log.Synced(), end, err)
				}
				m.written = len(m.recs)
			},
			"flush": func(t *rapid.T) {
				if err := m.log.Flush(m.log.End()); err != nil {
					t.Fatal(err)
				}
				m.written = len(m.recs)
			},
			"mark": func(t *rapid.T) {
				if err := m.log.MarkSynced(); err != nil {
					t.Fatal(err)
				}
				m.written = len(m.recs)
			},
			"drop": func(t *rapid.T) {
				m.from = m.log.Synced()
				if err := m.log.DropBefore(m.from); err != nil {
					t.Fatal(err)
				}
			},
			"close": func(t *rapid.T) {
				if err := m.log.Close(); err != nil {
					t.Fatal(err)
				}
				m.reopen(t)
			},
			"kill": func(t *rapid.T) {
				m.mem = m.mem.Clone()
				// The buffer may have been written for want of room.
				r, err := Verify(m.mem, m.cfg.Dir, m.from)
				if err != nil {
					t.Fatal(err)
				}
				n := m.written
				for n < len(m.recs) && m.recs[n].lsn < r.End {
					n++
				}
				m.recs = m.recs[:n]
				m.reopen(t)
			},
		})
	})
}
