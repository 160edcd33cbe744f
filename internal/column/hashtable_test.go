package column

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// mix spreads a key over 64 bits, all of which depend on all of it.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// TestHashTableAgreesWithMap runs operations on keys of few hashes and of
// many, so that equal hashes, deletions in probe runs and splits all come.
func TestHashTableAgreesWithMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		acct := &Account{}
		table := NewHashTable(acct)
		hashes := rapid.SampledFrom([]uint64{3, 500, 1 << 40}).Draw(t, "hashes")
		hash := func(id uint32) uint64 { return mix(uint64(id) % hashes) }
		live := map[uint32]bool{}
		keys := rapid.Uint32Range(0, 2000)
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			id := keys.Draw(t, "id")
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0, 1:
				for i := id; i < id+20; i++ {
					if !live[i] {
						table.Insert(hash(i), i)
						live[i] = true
					}
				}
			case 2:
				for i := id; i < id+15; i++ {
					if got := table.Delete(hash(i), i); got != live[i] {
						t.Fatalf("Delete(%d) = %v", i, got)
					}
					delete(live, i)
				}
			case 3:
				to := id + 1<<20
				if got := table.Replace(hash(id), id, to); got != live[id] {
					t.Fatalf("Replace(%d) = %v", id, got)
				}
				if live[id] {
					if !table.Replace(hash(id), to, id) {
						t.Fatalf("Replace back of %d failed", id)
					}
				}
			}
		}
		if table.Len() != len(live) {
			t.Fatalf("Len = %d, want %d", table.Len(), len(live))
		}
		for i := range uint32(2020) {
			got, ok := table.Lookup(hash(i), func(id uint32) bool { return id == i })
			if ok != live[i] || ok && got != i {
				t.Fatalf("Lookup(%d) = %d, %v", i, got, ok)
			}
		}
		n := 0
		table.Each(func(h, id uint32) bool {
			if !live[id] || h != uint32(hash(id)) {
				t.Fatalf("Each gives %d", id)
			}
			n++
			return true
		})
		if n != len(live) {
			t.Fatalf("Each visits %d of %d", n, len(live))
		}
		if acct.Bytes() < int64(n)*slotBytes {
			t.Fatalf("%d bytes counted for %d slots", acct.Bytes(), n)
		}
	})
}

// TestHashTableSplits fills many parts and looks at what a step may cost.
func TestHashTableSplits(t *testing.T) {
	acct := &Account{}
	table := NewHashTable(acct)
	const n = 300_000
	for i := range uint32(n) {
		table.Insert(mix(uint64(i)), i)
	}
	for i := range uint32(n) {
		if _, ok := table.Lookup(mix(uint64(i)), func(id uint32) bool { return id == i }); !ok {
			t.Fatalf("%d is lost", i)
		}
	}
	d := table.dir.Load()
	for i := range d.parts {
		if p := d.parts[i].Load(); p.live > 2*maxPartLive {
			t.Errorf("part %d has %d ids", i, p.live)
		}
	}
	if per := float64(acct.Bytes()) / n; per < 8/0.8 || per > 8/0.55 {
		t.Errorf("%.1f bytes an id", per)
	}
	for i := range uint32(n) {
		if !table.Delete(mix(uint64(i)), i) {
			t.Fatalf("%d is not there", i)
		}
	}
	if table.Len() != 0 || acct.Bytes() > 256<<10 {
		t.Errorf("%d ids and %d bytes are left", table.Len(), acct.Bytes())
	}
}

// TestHashTableReadersSeeAllInserted has readers look for everything that was
// inserted before they looked while the table grows, splits and deletes.
func TestHashTableReadersSeeAllInserted(t *testing.T) {
	table := NewHashTable(nil)
	const n = 60_000
	var published atomic.Uint32
	var wg sync.WaitGroup
	for r := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewPCG(uint64(r), 1))
			for {
				hi := published.Load()
				if hi == n {
					return
				}
				if hi == 0 {
					continue
				}
				i := rnd.Uint32N(hi) &^ 1 // odd ones are deleted again
				if _, ok := table.Lookup(mix(uint64(i)), func(id uint32) bool { return id&^(1<<30) == i }); !ok {
					t.Errorf("%d of %d is lost", i, hi)
					return
				}
			}
		}()
	}
	for i := range uint32(n) {
		table.Insert(mix(uint64(i)), i)
		if i%2 == 1 {
			table.Delete(mix(uint64(i)), i)
		} else if i%8 == 0 {
			table.Replace(mix(uint64(i)), i, i|1<<30)
		}
		published.Store(i + 1)
	}
	wg.Wait()
}

func BenchmarkHashTableInsert1M(b *testing.B) {
	for b.Loop() {
		table := NewHashTable(nil)
		for i := range uint32(1_000_000) {
			table.Insert(mix(uint64(i)), i)
		}
	}
}

func BenchmarkHashTableLookup(b *testing.B) {
	table := NewHashTable(nil)
	for i := range uint32(1_000_000) {
		table.Insert(mix(uint64(i)), i)
	}
	i := uint32(0)
	for b.Loop() {
		i = (i + 7919) % 1_000_000
		want := i
		if _, ok := table.Lookup(mix(uint64(i)), func(id uint32) bool { return id == want }); !ok {
			b.Fatal("lost")
		}
	}
}
