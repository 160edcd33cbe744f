package column

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// version is a row of the naive twin.
type version struct {
	begin, end uint64
	prev       uint32
}

func seen(w, snapshot uint64, resolve func(uint64) uint64) bool {
	if w&StatusBit != 0 {
		w = resolve(w)
	}
	return w <= snapshot
}

func (v version) visible(snapshot uint64, resolve func(uint64) uint64) bool {
	return v.begin != NotBegun && seen(v.begin, snapshot, resolve) && (v.end == NoEnd || !seen(v.end, snapshot, resolve))
}

// TestVersionsAgreeWithSlice runs the life of rows in any order and compares
// every answer, the summary among them.
func TestVersionsAgreeWithSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		v := NewVersions(&Account{})
		var want []version
		var top uint32
		if rapid.IntRange(0, 9).Draw(t, "later") == 0 {
			top = SegmentRows - 100
			v.SetBegins(0, int(top), 1)
			want = slices.Repeat([]version{{1, NoEnd, NoRow}}, int(top))
		}
		// A status n commits at n*10, but an odd one does not.
		resolve := func(s uint64) uint64 {
			if n := s &^ StatusBit; n%2 == 0 {
				return n * 10
			}
			return Never
		}
		stamp := func() uint64 {
			n := rnd.Uint64N(50) + 1
			if rnd.IntN(3) == 0 {
				return n | StatusBit
			}
			return n * 10
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			row := top
			if top > 0 && rnd.IntN(2) == 0 {
				row = rnd.Uint32N(top)
			}
			w := version{prev: NoRow}
			if row < top {
				w = want[row]
			}
			switch rnd.IntN(7) {
			case 0, 1:
				w.begin = stamp()
				v.SetBegin(row, w.begin)
			case 2:
				n := rnd.IntN(300)
				b := stamp()
				v.SetBegins(top, n, b)
				want = append(want, slices.Repeat([]version{{b, NoEnd, NoRow}}, n)...)
				top += uint32(n)
				continue
			case 3:
				w.end = stamp()
				v.SetEnd(row, w.end)
			case 4:
				w.end = NoEnd
				v.SetEnd(row, NoEnd)
			case 5:
				w.prev = rnd.Uint32()
				v.SetPrev(row, w.prev)
			case 6:
				w = version{prev: NoRow}
				v.SetBegin(row, NotBegun)
			}
			switch {
			case row < top:
				want[row] = w
			case w.begin == NotBegun: // what never began has nothing else
				v.SetBegin(row, NotBegun)
				want = append(want, version{prev: NoRow})
				top++
			default:
				want = append(want, w)
				top++
			}
		}
		checkVersions(t, v, want, top, rnd, resolve)
	})
}

func checkVersions(t *rapid.T, v *Versions, want []version, top uint32, rnd *rand.Rand, resolve func(uint64) uint64) {
	if v.Len() != top {
		t.Fatalf("Len = %d, want %d", v.Len(), top)
	}
	for i, w := range want {
		row := uint32(i)
		if got := (version{v.Begin(row), v.End(row), v.Prev(row)}); got != w {
			t.Fatalf("row %d is %v, want %v", row, got, w)
		}
	}
	snapshot := rnd.Uint64N(600)
	var visible []uint32
	for row := range top {
		if want[row].visible(snapshot, resolve) {
			visible = append(visible, row)
		}
		if v.Visible(row, snapshot, resolve) != want[row].visible(snapshot, resolve) {
			t.Fatalf("Visible(%d) of %v at %d is wrong", row, want[row], snapshot)
		}
	}
	var got []uint32
	for seg := 0; seg<<segmentBits < int(top); seg++ {
		k := rnd.IntN(SegmentRows)
		got = v.VisibleRange(seg, 0, k, snapshot, resolve, got)
		got = v.VisibleRange(seg, k, SegmentRows-k, snapshot, resolve, got)
		n, maxBegin, ok := v.AllVisible(seg)
		all, last := true, uint64(0)
		for i := range n {
			w := want[seg<<segmentBits+i]
			all = all && w.begin != NotBegun && w.begin&StatusBit == 0 && w.end == NoEnd
			if w.begin&StatusBit == 0 {
				last = max(last, w.begin)
			}
		}
		if ok != all || maxBegin < last || n != min(int(top)-seg<<segmentBits, SegmentRows) {
			t.Fatalf("AllVisible(%d) = %d, %d, %v; want %v at %d", seg, n, maxBegin, ok, all, last)
		}
	}
	if !slices.Equal(got, visible) {
		t.Fatalf("VisibleRange gives %v, want %v", got, visible)
	}
	var rows []uint32
	for row := range top {
		rows = append(rows, row)
	}
	if got := v.VisibleRows(rows, snapshot, resolve, rows[:0]); !slices.Equal(got, visible) {
		t.Fatalf("VisibleRows gives %v, want %v", got, visible)
	}
}

// TestVersionsSnapshotIsStable moves live versions from slot to slot, as updates
// and vacuum do, while readers count what their snapshot sees: always the
// same number of rows.
func TestVersionsSnapshotIsStable(t *testing.T) {
	const rows, updates, readers = 200, 30_000, 3
	v := NewVersions(&Account{})
	v.SetBegins(0, rows, 1)
	var published atomic.Uint64
	published.Store(1)
	var open [readers]atomic.Uint64 // snapshots in use; 0: none
	var wg sync.WaitGroup
	done := make(chan struct{})
	for r := range readers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var dst []uint32
			for {
				select {
				case <-done:
					return
				default:
				}
				open[r].Store(published.Load())
				snapshot := published.Load()
				dst = dst[:0]
				for seg := 0; seg<<segmentBits < int(v.Len()); seg++ {
					if n, maxBegin, ok := v.AllVisible(seg); ok && maxBegin <= snapshot {
						for i := range n {
							dst = append(dst, uint32(seg<<segmentBits+i))
						}
						continue
					}
					dst = v.VisibleRange(seg, 0, SegmentRows, snapshot, nil, dst)
				}
				open[r].Store(0)
				if len(dst) != rows {
					t.Errorf("a snapshot at %d sees %d rows", snapshot, len(dst))
					return
				}
			}
		}()
	}
	live := make([]uint32, 0, rows+updates) // the oldest first
	for row := range uint32(rows) {
		live = append(live, row)
	}
	var free, dead []uint32
	next := uint32(rows)
	for i := range uint32(updates) {
		ts := uint64(i) + 2
		row := next
		if len(free) > 0 {
			row, free = free[0], free[1:]
		} else {
			next++
		}
		old := live[i]
		v.SetEnd(old, ts)
		v.SetPrev(row, old)
		v.SetBegin(row, ts)
		live = append(live, row)
		dead = append(dead, old)
		published.Store(ts)
		horizon := ts
		for r := range open {
			if s := open[r].Load(); s != 0 {
				horizon = min(horizon, s)
			}
		}
		for len(dead) > 0 && v.End(dead[0]) <= horizon {
			v.SetBegin(dead[0], NotBegun)
			free, dead = append(free, dead[0]), dead[1:]
		}
	}
	close(done)
	wg.Wait()
	if next > rows+updates/2 {
		t.Logf("few slots were used again: %d", next)
	}
}

func BenchmarkVersionsVisibleRange(b *testing.B) {
	v := NewVersions(nil)
	v.SetBegins(0, SegmentRows, 5)
	v.SetEnd(17, 9)
	var dst []uint32
	for b.Loop() {
		dst = v.VisibleRange(0, 0, SegmentRows, 100, nil, dst[:0])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/SegmentRows, "ns/row")
}

func BenchmarkVersionsAppend(b *testing.B) {
	for b.Loop() {
		v := NewVersions(nil)
		for row := range uint32(1_000_000) {
			v.SetBegin(row, uint64(row)+1)
		}
	}
}
