package index

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestBitmapPostingAgreesWithMap appends rows in batches, as feeds do, among single rows, removals and readers, whose
// sets stay as they were.
func TestBitmapPostingAgreesWithMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		gap := rapid.SampledFrom([]uint32{1, 4, 14, 200, 30_000}).Draw(t, "gap") // containers of all kinds
		most := rapid.SampledFrom([]int{3, 100, 9000}).Draw(t, "batch")
		others := rapid.SampledFrom([]int{2, 20, 1000}).Draw(t, "others") // one of so many steps is no batch
		want, last := naive{}, uint32(0)
		next := func(n int) []uint32 {
			rows := make([]uint32, n)
			for i := range rows {
				last += 1 + rnd.Uint32N(gap)
				rows[i], want[last] = last, true
			}
			return rows
		}
		place := func() uint32 { return rnd.Uint32N(last + 1 + 2*gap) }
		b := newBitmapPosting(next(1 + rnd.IntN(100)))
		type held struct {
			set  Set
			want []uint32
		}
		var sets []held
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if len(want) > 100_000 {
				break
			}
			if rnd.IntN(others) > 0 {
				b.addRows(next(1 + rnd.IntN(most)))
				continue
			}
			switch rnd.IntN(5) {
			case 0:
				row := place()
				if b.add(row) == want[row] {
					t.Fatalf("row %d was there or not", row)
				}
				want[row], last = true, max(last, row)
			case 1:
				row := place()
				if b.remove(row) != want[row] {
					t.Fatalf("row %d was there or not", row)
				}
				delete(want, row)
			case 2:
				rows := []uint32{place(), place(), place(), place(), place()}[rnd.IntN(5):]
				b.addRows(rows)
				for _, row := range rows {
					want[row], last = true, max(last, row)
				}
			case 3:
				if s, ok := b.set(); ok {
					sets = append(sets, held{s, want.sorted()})
				}
			case 4:
				b.snapshot()
				s, ok := b.set()
				if !ok {
					t.Fatal("there is no set after a snapshot")
				}
				sets = append(sets, held{s, want.sorted()})
			}
		}
		if got := b.rows(); b.n != len(want) || !slices.Equal(got, want.sorted()) {
			t.Fatalf("%d rows, counted %d, want %d", len(got), b.n, len(want))
		}
		sets = append(sets, held{Set{list: b.change().ToArray()}, want.sorted()})
		for i, h := range sets {
			if !slices.Equal(h.set.AppendTo(nil), h.want) {
				t.Fatalf("set %d of %d has %d rows, want %d", i, len(sets), h.set.Len(), len(h.want))
			}
		}
	})
}

func TestContainerOfEverySize(t *testing.T) {
	for _, n := range []int{1, 2, 100, containerList - 1, containerList, containerList + 1, maxOpen, 65_536} {
		lows, want := make([]uint16, n), make([]uint32, n)
		for i := range n {
			lows[i] = uint16(i * 65_536 / n)
			want[i] = 7<<16 | uint32(lows[i])
		}
		bm := containerOf(7, lows)
		if err := bm.Validate(); err != nil || !slices.Equal(bm.ToArray(), want) {
			t.Errorf("%d values come back as %d: %v", n, bm.GetCardinality(), err)
		}
		bm.Add(7<<16 | 1) // the bytes it was made from are its own to copy
		bm.Remove(7 << 16)
		if bm.Contains(7<<16) || !bm.Contains(7<<16|1) {
			t.Errorf("%d values do not change", n)
		}
	}
}

// BenchmarkBitmapAppend adds a million rows to a posting in ascending runs of 37, as a date gets them from a feed of homes.
func BenchmarkBitmapAppend(b *testing.B) {
	const n, run, gap = 1_000_000, 37, 14
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i * gap)
	}
	for b.Loop() {
		p := newBitmapPosting(rows[:1])
		for c := range slices.Chunk(rows[1:], run) {
			p.addRows(c)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
