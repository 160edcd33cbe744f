package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/btree"
	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// treeTwin is the naive twin of BTree and gives it the keys of its rows.
type treeTwin struct {
	mu   sync.RWMutex
	keys map[uint32][]byte
}

func (w *treeTwin) AppendKey(dst []byte, row uint32) []byte {
	w.mu.RLock()
	defer w.mu.RUnlock()
	key, ok := w.keys[row]
	if !ok {
		panic(fmt.Sprintf("row %d is not in the index and its key was asked for", row))
	}
	return append(dst, key...)
}

func (w *treeTwin) set(row uint32, key []byte) {
	w.mu.Lock()
	w.keys[row] = key
	w.mu.Unlock()
}

func (w *treeTwin) all(yield func(key []byte, row uint32) bool) {
	for row, key := range w.keys {
		if !yield(key, row) {
			return
		}
	}
}

// ordered returns the rows with lo <= key < hi in order.
func (w *treeTwin) ordered(lo, hi []byte) []uint32 {
	type pair struct {
		key []byte
		row uint32
	}
	var pairs []pair
	for row, key := range w.keys {
		if (lo == nil || bytes.Compare(key, lo) >= 0) && (hi == nil || bytes.Compare(key, hi) < 0) {
			pairs = append(pairs, pair{key, row})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(a.row, b.row))
	})
	rows := make([]uint32, len(pairs))
	for i, p := range pairs {
		rows[i] = p.row
	}
	return rows
}

// treeShapes are columns with ways to draw their values: of few and many
// distinct ones, with heads that tell everything and nothing.
var treeShapes = []struct {
	name string
	cols []KeyColumn
	draw func(rnd *rand.Rand) []value.Value
}{
	{"int8", []KeyColumn{{Kind: value.Int8}}, func(rnd *rand.Rand) []value.Value {
		return []value.Value{value.NewInt(value.Int8, int64(rnd.Uint64()>>rnd.IntN(64))-5)}
	}},
	{"int4 desc", []KeyColumn{{Kind: value.Int4, Desc: true}}, func(rnd *rand.Rand) []value.Value {
		if rnd.IntN(5) == 0 {
			return []value.Value{value.Null(value.Int4)}
		}
		return []value.Value{value.NewInt(value.Int4, int64(rnd.IntN(20)))}
	}},
	{"text", []KeyColumn{{Kind: value.Text}}, func(rnd *rand.Rand) []value.Value {
		if rnd.IntN(5) == 0 {
			return []value.Value{value.Null(value.Text)}
		}
		return []value.Value{value.NewText(strings.Repeat("\x00x", rnd.IntN(7)) + fmt.Sprint(rnd.IntN(30)))}
	}},
	{"long text", []KeyColumn{{Kind: value.Text}}, func(rnd *rand.Rand) []value.Value {
		return []value.Value{value.NewText(fmt.Sprint("https://example.org/", rnd.IntN(500)))}
	}},
	{"two columns", []KeyColumn{{Kind: value.Text}, {Kind: value.Int4, Desc: true}}, func(rnd *rand.Rand) []value.Value {
		town := value.NewText([]string{"", "Nice", "Paris", "Saint-Germain-en-Laye"}[rnd.IntN(4)])
		if rnd.IntN(6) == 0 {
			town = value.Null(value.Text)
		}
		return []value.Value{town, value.NewInt(value.Int4, int64(rnd.IntN(9)))}
	}},
}

func encode(cols []KeyColumn, vals []value.Value) []byte {
	var key []byte
	for i, v := range vals {
		if cols[i].Desc {
			key = value.AppendKeyDesc(key, v)
		} else {
			key = value.AppendKey(key, v)
		}
	}
	return key
}

// bound draws an end of a range: none, a key, a part of one or what follows
// one.
func bound(rnd *rand.Rand, key []byte) []byte {
	switch rnd.IntN(5) {
	case 0:
		return nil
	case 1:
		return key[:rnd.IntN(len(key)+1)]
	case 2:
		return value.KeySuccessor(nil, key)
	case 3:
		return append(key, 0)
	}
	return key
}

// walkAll reads a walk in steps of random size; between runs after each.
func walkAll(t *BTree, lo, hi []byte, dir Direction, rnd *rand.Rand, between func()) []uint32 {
	rows := []uint32{}
	buf := make([]uint32, 1500)
	c := t.Walk(lo, hi, dir)
	for {
		n := c.NextMany(buf[:1+rnd.IntN(len(buf))])
		if n == 0 {
			return rows
		}
		rows = append(rows, buf[:n]...)
		between()
	}
}

// TestBTreeAgreesWithSortedKeys runs random changes beside a map, with pairs
// in the tail, in leaves, and in both while a walk is on its way.
func TestBTreeAgreesWithSortedKeys(t *testing.T) {
	for _, shape := range treeShapes {
		t.Run(shape.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
				want := &treeTwin{keys: map[uint32][]byte{}}
				acct := &column.Account{}
				tree := NewBTree(shape.cols, want, acct)
				next := uint32(0)
				draw := func() []byte { return encode(shape.cols, shape.draw(rnd)) }
				for range rapid.IntRange(0, 20).Draw(t, "steps") {
					switch rapid.IntRange(0, 4).Draw(t, "op") {
					case 0:
						key := draw()
						want.set(next, key)
						tree.Add(key, next)
						next++
					case 1:
						var e Entries
						for range rapid.SampledFrom([]int{3, 300, 2500}).Draw(t, "n") {
							key := draw()
							want.set(next, key)
							e.Add(key, next)
							next++
						}
						tree.AddBatch(&e)
					case 2:
						tree.Merge()
					case 3:
						n := rnd.IntN(len(want.keys) + 1)
						for _, row := range slices.Sorted(maps.Keys(want.keys))[:n] {
							key := want.keys[row]
							if !tree.Remove(key, row) || tree.Remove(key, row) {
								t.Fatalf("row %d is not there, or twice", row)
							}
							delete(want.keys, row)
						}
					case 4:
						lo, hi := bound(rnd, draw()), bound(rnd, draw())
						checkRange(t, tree, want, lo, hi, rnd)
					}
				}
				checkRange(t, tree, want, nil, nil, rnd)
				if tree.Len() != len(want.keys) {
					t.Fatalf("Len = %d, want %d", tree.Len(), len(want.keys))
				}
				if err := tree.Check(want.all); err != nil {
					t.Fatal(err)
				}
				held := bytesOf(tree.leaves)
				for _, c := range tree.post.classes {
					held += int64(len(c.pages)) * pageBytes
				}
				for _, b := range tree.post.bitmaps {
					if b != nil {
						held += b.counted
					}
				}
				if tree.Bytes() != held || acct.Bytes() != held {
					t.Fatalf("%d bytes counted, leaves and NULLs hold %d", tree.Bytes(), held)
				}
			})
		})
	}
}

func checkRange(t *rapid.T, tree *BTree, want *treeTwin, lo, hi []byte, rnd *rand.Rand) {
	rows := want.ordered(lo, hi)
	estimate := tree.Estimate(lo, hi)
	merged := tree.Tail() == 0
	asSet := slices.Clone(rows)
	slices.Sort(asSet)
	if got := tree.Range(lo, hi).AppendTo([]uint32{}); !slices.Equal(got, asSet) {
		t.Fatalf("Range(%x, %x) has %d rows, want %d", lo, hi, len(got), len(asSet))
	}
	merges := rnd.IntN(2) == 0
	got := walkAll(tree, lo, hi, Ascending, rnd, func() {
		if merges {
			tree.Merge()
		}
	})
	if !slices.Equal(got, rows) {
		t.Fatalf("Walk(%x, %x) gives %d rows, want %d, or in another order", lo, hi, len(got), len(rows))
	}
	slices.Reverse(rows)
	got = walkAll(tree, lo, hi, Descending, rnd, func() {})
	if !slices.Equal(got, rows) {
		t.Fatalf("Walk(%x, %x) backwards gives %d rows, want %d, or in another order", lo, hi, len(got), len(rows))
	}
	// The error is of the leaves' sizes, at most, once all is in them.
	if slack := len(want.keys)/2 + leafItems; merged && (estimate < len(rows)-slack || estimate > len(rows)+slack) {
		t.Fatalf("Estimate(%x, %x) = %d of %d", lo, hi, estimate, len(rows))
	}
}

// TestBTreeWalkSurvivesRemovals removes pairs before, at and behind the place
// of a walk: what stays is seen once and in order.
func TestBTreeWalkSurvivesRemovals(t *testing.T) {
	for _, dir := range []Direction{Ascending, Descending} {
		want := &treeTwin{keys: map[uint32][]byte{}}
		tree := NewBTree([]KeyColumn{{Kind: value.Text}}, want, nil)
		for row := range uint32(5000) {
			key := value.AppendKey(nil, value.NewText(fmt.Sprintf("a long common beginning %04d", row/3)))
			want.set(row, key)
			tree.Add(key, row)
		}
		c := tree.Walk(nil, nil, dir)
		var got []uint32
		buf := make([]uint32, 10)
		for n := c.NextMany(buf); n > 0; n = c.NextMany(buf) {
			got = append(got, buf[:n]...)
			for _, row := range []uint32{buf[0], buf[n-1]} { // behind and at its place
				if row%2 == 1 {
					tree.Remove(want.keys[row], row) // the key stays readable, as in quarantine
				}
			}
		}
		rows := want.ordered(nil, nil)
		if dir == Descending {
			slices.Reverse(rows)
		}
		if !slices.Equal(got, rows) {
			t.Errorf("the walk gives %d rows, want %d, or in another order", len(got), len(rows))
		}
	}
}

// TestBTreeCheckFindsDamage plants each kind of disagreement.
func TestBTreeCheckFindsDamage(t *testing.T) {
	fill := func() (*BTree, *treeTwin) {
		want := &treeTwin{keys: map[uint32][]byte{}}
		tree := NewBTree([]KeyColumn{{Kind: value.Int4}}, want, nil)
		for row := range uint32(3000) {
			v := value.NewInt(value.Int4, int64(row%100))
			if row%10 == 0 {
				v = value.Null(value.Int4)
			}
			want.set(row, value.AppendKey(nil, v))
			tree.Add(want.keys[row], row)
		}
		tree.Merge()
		return tree, want
	}
	tree, want := fill()
	if err := tree.Check(want.all); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(*BTree, *treeTwin){
		"a row too many":    func(b *BTree, w *treeTwin) { b.Add(w.keys[1], 9000) },
		"a row missing":     func(b *BTree, w *treeTwin) { b.Remove(w.keys[1], 1) },
		"another key":       func(_ *BTree, w *treeTwin) { w.set(1, w.keys[2]) },
		"a NULL missing":    func(b *BTree, w *treeTwin) { b.Remove(w.keys[0], 0) },
		"a NULL too many":   func(b *BTree, w *treeTwin) { b.Add(w.keys[0], 9000) },
		"two rows swapped":  func(b *BTree, _ *treeTwin) { l := b.leaves[0]; l[3], l[4] = l[4], l[3] },
		"a row of the tail": func(b *BTree, w *treeTwin) { delete(w.keys, 5) },
	} {
		tree, want := fill()
		damage(tree, want)
		if tree.Check(want.all) == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

// TestBTreeGivesBackMemory removes most of the pairs, in no order: what is left
// does not hold the memory of all.
func TestBTreeGivesBackMemory(t *testing.T) {
	const n = 50_000
	acct := &column.Account{}
	want := &treeTwin{keys: map[uint32][]byte{}}
	tree := NewBTree([]KeyColumn{{Kind: value.Int4}}, want, acct)
	rnd := rand.New(rand.NewPCG(1, 1))
	for row := range uint32(n) {
		want.set(row, value.AppendKey(nil, value.NewInt(value.Int4, int64(rnd.Int32()))))
		tree.Add(want.keys[row], row)
	}
	tree.Merge()
	before := tree.Bytes()
	for i, row := range rnd.Perm(n) {
		if i%10 < 8 {
			tree.Remove(want.keys[uint32(row)], uint32(row))
			delete(want.keys, uint32(row))
		}
	}
	if after := tree.Bytes(); after > before/2 {
		t.Errorf("%d bytes with all pairs, %d with a fifth of them", before, after)
	}
	if err := tree.Check(want.all); err != nil {
		t.Fatal(err)
	}
}

// TestBTreeReadersBesideWriter has readers walk and range over everything
// that was added before they began, while a writer adds, another goroutine
// merges, and odd rows are removed again.
func TestBTreeReadersBesideWriter(t *testing.T) {
	const n = 20_000
	want := &treeTwin{keys: make(map[uint32][]byte, n)}
	rnd := rand.New(rand.NewPCG(1, 1))
	for row := range uint32(n) {
		want.keys[row] = value.AppendKey(nil, value.NewText(fmt.Sprint("beginning", rnd.IntN(3000))))
	}
	tree := NewBTree([]KeyColumn{{Kind: value.Text}}, want, nil)
	var published atomic.Uint32
	var wg sync.WaitGroup
	start := func(f func(rnd *rand.Rand, hi uint32)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewPCG(2, 2))
			for hi := published.Load(); hi < n && !t.Failed(); hi = published.Load() {
				f(rnd, hi)
			}
		}()
	}
	for _, dir := range []Direction{Ascending, Descending} {
		start(func(rnd *rand.Rand, hi uint32) {
			rows := walkAll(tree, nil, nil, dir, rnd, func() {})
			if dir == Descending {
				slices.Reverse(rows)
			}
			even := uint32(0)
			for i, row := range rows {
				if row%2 == 0 && row < hi {
					even++
				}
				if i > 0 {
					if o := bytes.Compare(want.keys[rows[i-1]], want.keys[row]); o > 0 || o == 0 && rows[i-1] >= row {
						t.Errorf("rows %d and %d are out of order", rows[i-1], row)
					}
				}
			}
			if even != (hi+1)/2 {
				t.Errorf("a walk sees %d even rows below %d", even, hi)
			}
		})
	}
	start(func(_ *rand.Rand, hi uint32) {
		s := tree.Range(nil, nil)
		for row := uint32(0); row < hi; row += 2 {
			if !s.Contains(row) {
				t.Errorf("a range misses row %d of %d", row, hi)
				return
			}
		}
		tree.Estimate(want.keys[1], want.keys[2])
	})
	start(func(*rand.Rand, uint32) { tree.Merge() })
	for row := range uint32(n) {
		tree.Add(want.keys[row], row)
		published.Store(row + 1)
		if row%64 == 63 {
			for r := row - 62; r < row; r += 20 {
				if r |= 1; !tree.Remove(want.keys[r], r) {
					t.Errorf("row %d is not there", r)
				}
			}
		}
	}
	wg.Wait()
}

// intRows are the keys of an int8 column.
type intRows []int64

func (r intRows) AppendKey(dst []byte, row uint32) []byte { return value.AppendKeyInt(dst, r[row]) }

func randomInts(n int) intRows {
	rnd := rand.New(rand.NewPCG(1, 1))
	rows := make(intRows, n)
	for i := range rows {
		rows[i] = int64(rnd.Uint64())
	}
	return rows
}

// BenchmarkBTreeInsert adds a million random int8 keys: all of them and then a merge, with a
// merge every 20,000, and into google/btree in the same sorted runs.
func BenchmarkBTreeInsert(b *testing.B) {
	const n = 1_000_000
	rows := randomInts(n)
	for _, step := range []int{n, 20_000, 1000} {
		b.Run(fmt.Sprint("runs of ", step), func(b *testing.B) {
			var tree *BTree
			for b.Loop() {
				tree = NewBTree([]KeyColumn{{Kind: value.Int8}}, rows, &column.Account{})
				var key []byte
				for row := range uint32(n) {
					key = rows.AppendKey(key[:0], row)
					tree.Add(key, row)
					if int(row)%step == step-1 {
						tree.Merge()
					}
				}
			}
			reportTree(b, n, tree)
			b.ReportMetric(float64(tree.Bytes())/n, "bytes/row")
		})
		b.Run(fmt.Sprint("google, runs of ", step), func(b *testing.B) {
			var tree *btree.BTreeG[item]
			c := &comparer{rows: rows}
			for b.Loop() {
				tree = btree.NewG(32, func(a, b item) bool { return c.compare(a, b) < 0 })
				var key []byte
				var run []item
				for row := range uint32(n) {
					key = rows.AppendKey(key[:0], row)
					run = append(run, itemOf(key, row))
					if len(run) == step {
						c.sort(run)
						for _, x := range run {
							tree.ReplaceOrInsert(x)
						}
						run = run[:0]
					}
				}
			}
			reportTree(b, n, tree)
		})
	}
}

func reportTree(b *testing.B, n int, tree any) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
	runtime.GC()
	start := time.Now()
	runtime.GC()
	b.ReportMetric(float64(time.Since(start).Microseconds()), "us/GC")
	runtime.KeepAlive(tree)
}

func BenchmarkBTreeWalkTop10(b *testing.B) {
	tree := benchTree(1_000_000)
	buf := make([]uint32, 10)
	for b.Loop() {
		tree.Walk(nil, nil, Descending).NextMany(buf)
	}
}

func BenchmarkBTreeRangeHalf(b *testing.B) {
	tree := benchTree(1_000_000)
	lo := binary.BigEndian.AppendUint64([]byte{0x40}, 0) // 0 and above
	for b.Loop() {
		tree.Range(lo, nil)
	}
}

func benchTree(n int) *BTree {
	rows := randomInts(n)
	tree := NewBTree([]KeyColumn{{Kind: value.Int8}}, rows, nil)
	for row := range uint32(n) {
		tree.Add(rows.AppendKey(nil, row), row)
	}
	tree.Merge()
	return tree
}

// TestAfterAgreesWithCompare compares items of all shapes, and sorts them by both ways.
func TestAfterAgreesWithCompare(t *testing.T) {
	for _, shape := range treeShapes {
		rnd := rand.New(rand.NewPCG(1, 1))
		rows := &treeTwin{keys: map[uint32][]byte{}}
		items := make([]item, radixFrom+50)
		for i := range items {
			key := encode(shape.cols, shape.draw(rnd))
			rows.set(uint32(i), key)
			items[i] = itemOf(key, uint32(i))
		}
		c := &comparer{rows: rows}
		for range 20_000 {
			a, b := items[rnd.IntN(len(items))], items[rnd.IntN(len(items))]
			if c.after(a, b) != (c.compare(a, b) > 0) {
				t.Fatalf("%s: after(%x, %x) is %v", shape.name, a, b, c.after(a, b))
			}
		}
		want := slices.Clone(items)
		slices.SortFunc(want, c.compare)
		c.sort(items)
		if !slices.Equal(items, want) {
			t.Fatalf("%s: sorted otherwise", shape.name)
		}
		for i, x := range items {
			if n := c.upper(items, x); n != i+1 {
				t.Fatalf("%s: upper of item %d is %d", shape.name, i, n)
			}
		}
	}
}

// BenchmarkSortItems sorts runs of numerics of cents, by comparing and by radix: radixFrom is where they cross.
func BenchmarkSortItems(b *testing.B) {
	for _, n := range []int{64, 128, 256, 512, 1024, 2048, 4096} {
		rnd := rand.New(rand.NewPCG(1, 1))
		all := make([]item, n)
		for i := range all {
			word, _ := value.PackNumeric(500_000+rnd.Int64N(2_500_000), 2)
			all[i] = itemOf(value.AppendKey(nil, value.NewNumericWord(word, "")), uint32(i))
		}
		items := make([]item, n)
		c := &comparer{}
		b.Run(fmt.Sprint("compare ", n), func(b *testing.B) {
			for b.Loop() {
				copy(items, all)
				slices.SortFunc(items, c.compare)
			}
		})
		b.Run(fmt.Sprint("radix ", n), func(b *testing.B) {
			for b.Loop() {
				copy(items, all)
				radixSort(items)
			}
		})
	}
}
