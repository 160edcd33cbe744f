package index

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naive is the twin of Set.
type naive map[uint32]bool

func (n naive) sorted() []uint32 {
	out := make([]uint32, 0, len(n))
	for row := range n {
		out = append(out, row)
	}
	slices.Sort(out)
	return out
}

func naiveOf(rows []uint32) naive {
	n := naive{}
	for _, r := range rows {
		n[r] = true
	}
	return n
}

const universe = 200_000

// drawSet returns a set of one of all shapes, and its twin.
func drawSet(t *rapid.T, label string) (Set, naive) {
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, label), 1))
	n := rapid.SampledFrom([]int{0, 1, 5, 100, maxList - 1, maxList, maxList + 1, 5000, 60_000}).Draw(t, label+" rows")
	span := uint32(rapid.SampledFrom([]int{2*n + 1, universe}).Draw(t, label+" span"))
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = rnd.Uint32N(min(span, universe))
	}
	want := naiveOf(rows)
	switch rapid.IntRange(0, 3).Draw(t, label+" from") {
	case 0:
		return FromSorted(want.sorted()), want
	case 1:
		return FromUnsorted(rows), want
	case 2:
		from := rnd.Uint32N(universe)
		to := min(universe, from+rnd.Uint32N(uint32(n)+1))
		want = naive{}
		for r := from; r < to; r++ {
			want[r] = true
		}
		return Span(from, to), want
	}
	k := rnd.IntN(n + 1)
	return Union(FromUnsorted(slices.Clone(rows[:k])), Set{}, FromUnsorted(slices.Clone(rows[k:]))), want
}

func checkSet(t *rapid.T, what string, got Set, want naive) {
	rows := want.sorted()
	if g := got.AppendTo([]uint32{7}); g[0] != 7 || !slices.Equal(g[1:], rows) {
		t.Fatalf("%s has %d rows, want %d", what, len(g)-1, len(rows))
	}
	if got.Len() != len(rows) || got.Empty() != (len(rows) == 0) {
		t.Fatalf("%s: Len = %d, want %d", what, got.Len(), len(rows))
	}
	if (got.bm != nil) && got.Len() <= maxList {
		t.Fatalf("%s keeps %d rows in a bitmap", what, got.Len())
	}
	var read []uint32
	it := got.Iterator()
	buf := make([]uint32, 300)
	for n := it.NextMany(buf); n > 0; n = it.NextMany(buf) {
		read = append(read, buf[:n]...)
	}
	if !slices.Equal(read, rows) {
		t.Fatalf("%s: the iterator gives %d rows, want %d", what, len(read), len(rows))
	}
	for r := uint32(0); r < universe; r += 997 {
		if got.Contains(r) != want[r] {
			t.Fatalf("%s: Contains(%d) = %v", what, r, got.Contains(r))
		}
	}
}

// TestSetAlgebraAgreesWithMap compares every operation with the twin's, and
// that the operands stay what they were.
func TestSetAlgebraAgreesWithMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, wa := drawSet(t, "a")
		b, wb := drawSet(t, "b")
		and, or, andNot, not := naive{}, naive{}, naive{}, naive{}
		n := uint32(rapid.IntRange(0, universe).Draw(t, "universe"))
		for r := range uint32(universe) {
			if wa[r] && wb[r] {
				and[r] = true
			}
			if wa[r] || wb[r] {
				or[r] = true
			}
			if wa[r] && !wb[r] {
				andNot[r] = true
			}
			if r < n && !wa[r] {
				not[r] = true
			}
		}
		checkSet(t, "And", a.And(b), and)
		checkSet(t, "Or", a.Or(b), or)
		checkSet(t, "Union", Union(a, b), or)
		checkSet(t, "AndNot", a.AndNot(b), andNot)
		checkSet(t, "Not", a.Not(n), not)
		checkSet(t, "a", a, wa)
		checkSet(t, "b", b, wb)
	})
}

func BenchmarkSetAnd62kWith100k(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) Set {
		rows := make([]uint32, n)
		for i := range rows {
			rows[i] = rnd.Uint32N(1_000_000)
		}
		return FromUnsorted(rows)
	}
	x, y := draw(62_000), draw(100_000)
	for b.Loop() {
		if x.And(y).Empty() {
			b.Fatal("empty")
		}
	}
}

func BenchmarkSetNot(b *testing.B) {
	rows := make([]uint32, 100_000)
	for i := range rows {
		rows[i] = uint32(i) * 10
	}
	x := FromSorted(rows)
	for b.Loop() {
		x.Not(1_000_000)
	}
}
