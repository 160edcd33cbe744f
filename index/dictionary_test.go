package index

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/column"
)

// testKey returns a key that is inline, short or long.
func testKey(n int) []byte {
	switch n % 3 {
	case 0:
		return []byte(fmt.Sprint(n))
	case 1:
		return []byte(fmt.Sprint("a key of number ", n))
	}
	return []byte(fmt.Sprint(n, strings.Repeat("=", 300)))
}

// dictTwin is the naive twin of Dictionary.
type dictTwin map[string]naive

func (d dictTwin) add(key []byte, row uint32) {
	if d[string(key)] == nil {
		d[string(key)] = naive{}
	}
	d[string(key)][row] = true
}

func (d dictTwin) remove(key []byte, row uint32) {
	if delete(d[string(key)], row); len(d[string(key)]) == 0 {
		delete(d, string(key))
	}
}

func (d dictTwin) all(yield func(key []byte, row uint32) bool) {
	for k, rows := range d {
		for r := range rows {
			if !yield([]byte(k), r) {
				return
			}
		}
	}
}

// TestDictionaryAgreesWithMap takes postings through all forms and back.
func TestDictionaryAgreesWithMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		acct := &column.Account{}
		d, want := NewDictionary(acct), dictTwin{}
		keys := rapid.SampledFrom([]int{1, 3, 40, 3000}).Draw(t, "keys")
		rows := uint32(rapid.SampledFrom([]int{50, 150, 100_000}).Draw(t, "rows"))
		removing := rapid.SampledFrom([]int{1, 5, 9}).Draw(t, "removing")
		type held struct {
			set  Set
			want naive
		}
		var old []held
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			switch rnd.IntN(5) {
			case 0:
				var e Entries
				for range rnd.IntN(400) {
					k, r := testKey(rnd.IntN(keys)), rnd.Uint32N(rows)
					e.Add(k, r)
					want.add(k, r)
				}
				d.AddBatch(&e)
			case 1:
				k, r := testKey(rnd.IntN(keys)), rnd.Uint32N(rows)
				d.Add(k, r)
				want.add(k, r)
			case 2:
				d.Compact()
			case 3:
				k := testKey(rnd.IntN(keys))
				w := naive{}
				for r := range want[string(k)] {
					w[r] = true
				}
				old = append(old, held{d.Lookup(k), w})
			case 4:
				n := 0
				want.all(func(k []byte, r uint32) bool {
					if rnd.IntN(10) < removing {
						if !d.Remove(k, r) || d.Remove(k, r) {
							t.Fatalf("row %d of %s is not there, or twice", r, k)
						}
						want.remove(k, r) // a map may shrink under its range
						n++
					}
					return n < 500
				})
			}
		}
		checkDictionary(t, d, want, keys)
		for _, h := range old {
			if !slices.Equal(h.set.AppendTo(nil), h.want.sorted()) {
				t.Fatalf("a set that was given out has changed")
			}
		}
		if err := d.Check(want.all); err != nil {
			t.Fatal(err)
		}
	})
}

func checkDictionary(t *rapid.T, d *Dictionary, want dictTwin, keys int) {
	if d.Len() != len(want) {
		t.Fatalf("Len = %d, want %d", d.Len(), len(want))
	}
	for i := range keys + 3 {
		k := testKey(i)
		if got := d.Lookup(k).AppendTo(nil); !slices.Equal(got, want[string(k)].sorted()) {
			t.Fatalf("key %d has %d rows, want %d", i, len(got), len(want[string(k)]))
		}
		if d.Count(k) != len(want[string(k)]) {
			t.Fatalf("Count(%d) = %d", i, d.Count(k))
		}
	}
	seen := naive{}
	n := 0
	for pos, more := uint32(0), true; more; {
		pos, more = d.Keys(pos, 7, func(key string, count int) {
			if count != len(want[key]) || count == 0 {
				t.Fatalf("Keys gives %d rows of %q, want %d", count, key, len(want[key]))
			}
			n++
		})
		if seen[pos] && more {
			t.Fatalf("Keys stands still at %d", pos)
		}
		seen[pos] = true
	}
	if n != len(want) {
		t.Fatalf("Keys visits %d of %d", n, len(want))
	}
}

// TestDictionaryCheckFindsDamage plants each kind of disagreement.
func TestDictionaryCheckFindsDamage(t *testing.T) {
	fill := func() (*Dictionary, dictTwin) {
		d, want := NewDictionary(nil), dictTwin{}
		for i := range 500 {
			k := testKey(i % 5)
			if i > 400 {
				k = testKey(i)
			}
			d.Add(k, uint32(i))
			want.add(k, uint32(i))
		}
		return d, want
	}
	d, want := fill()
	if err := d.Check(want.all); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(*Dictionary){
		"a row too many":       func(d *Dictionary) { d.Add(testKey(1), 9999) },
		"a row missing":        func(d *Dictionary) { d.Remove(testKey(1), 1) },
		"a key too many":       func(d *Dictionary) { d.Add(testKey(7777), 1) },
		"a key missing":        func(d *Dictionary) { d.Remove(testKey(450), 450) },
		"a row of another key": func(d *Dictionary) { d.Remove(testKey(450), 450); d.Add(testKey(450), 451) },
	} {
		d, want := fill()
		damage(d)
		if d.Check(want.all) == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

// TestDictionaryForgetsRemovedKeys fills and empties an index again and again:
// its memory does not grow.
func TestDictionaryForgetsRemovedKeys(t *testing.T) {
	d := NewDictionary(&column.Account{})
	var first int64
	for round := range 6 {
		for i := range 20_000 {
			d.Add(testKey(i+round*20_000), uint32(i))
		}
		if round == 0 {
			first = d.Bytes()
		}
		for i := range 20_000 {
			if !d.Remove(testKey(i+round*20_000), uint32(i)) {
				t.Fatalf("key %d is not there", i)
			}
		}
		for d.Compact() {
		}
	}
	if d.Len() != 0 || d.Bytes() > first/3 {
		t.Errorf("%d keys and %d bytes are left of %d", d.Len(), d.Bytes(), first)
	}
}

// TestDictionaryReadersBesideWriter looks up keys while one goroutine adds
// and removes: even rows stay, so a reader finds all those added before.
func TestDictionaryReadersBesideWriter(t *testing.T) {
	const n, keys = 40_000, 7
	d := NewDictionary(nil)
	var published atomic.Uint32
	var wg sync.WaitGroup
	for r := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := r; ; k++ {
				hi := published.Load()
				if hi == n {
					return
				}
				s := d.Lookup(testKey(k % keys))
				count := 0
				for _, row := range s.AppendTo(nil) {
					if row%2 == 0 && row < hi {
						count++
					}
					if int(row)%keys != k%keys {
						t.Errorf("row %d has key %d", row, k%keys)
						return
					}
				}
				want := 0
				for row := k % keys; row < int(hi); row += keys {
					if row%2 == 0 {
						want++
					}
				}
				if count != want {
					t.Errorf("key %d has %d rows below %d, want %d", k%keys, count, hi, want)
					return
				}
				d.Keys(0, 100, func(string, int) {})
			}
		}()
	}
	for i := range uint32(n) {
		d.Add(testKey(int(i%keys)), i)
		if i%2 == 1 {
			d.Remove(testKey(int(i%keys)), i)
		}
		published.Store(i + 1)
	}
	wg.Wait()
}

// BenchmarkDictionary1M adds a million rows in batches, of few and many
// distinct keys, and reports bytes a row and the time of a collection.
func BenchmarkDictionary1M(b *testing.B) {
	const rows = 1_000_000
	for _, distinct := range []uint64{16, 1000, rows} {
		b.Run(fmt.Sprint(distinct), func(b *testing.B) {
			var d *Dictionary
			for b.Loop() {
				d = NewDictionary(&column.Account{})
				var e Entries
				var key [9]byte
				for row := range uint32(rows) {
					key[0] = 0x48
					binary.BigEndian.PutUint64(key[1:], uint64(row)*7919%distinct)
					e.Add(key[:], row)
					if e.Len() == 1024 {
						d.AddBatch(&e)
						e.Reset()
					}
				}
				d.AddBatch(&e)
			}
			b.ReportMetric(float64(d.Bytes())/rows, "bytes/row")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			runtime.GC()
			start := time.Now()
			runtime.GC()
			b.ReportMetric(float64(time.Since(start).Microseconds()), "us/GC")
			runtime.KeepAlive(d)
		})
	}
}

// BenchmarkDictionaryDates indexes arrays of 30 dates of two years, 200,000
// rows: by their keys, and as words.
func BenchmarkDictionaryDates(b *testing.B) {
	encode := func(dst []byte, day int64) []byte { return append(dst, 0x42, 0x22, byte(day)) }
	b.Run("keys", func(b *testing.B) {
		var key []byte
		benchDates(b, func(e *Entries, row uint32, days []int64) {
			for _, day := range days {
				key = encode(key[:0], day)
				e.Add(key, row)
			}
		})
	})
	b.Run("words", func(b *testing.B) {
		var rows []uint32
		benchDates(b, func(e *Entries, row uint32, days []int64) {
			rows = rows[:0]
			for range days {
				rows = append(rows, row)
			}
			e.AddWords(days, rows, encode)
		})
	})
}

func benchDates(b *testing.B, add func(e *Entries, row uint32, days []int64)) {
	const rows, dates = 200_000, 30
	rnd := rand.New(rand.NewPCG(1, 1))
	days := make([]int64, dates)
	var d *Dictionary
	for b.Loop() {
		d = NewDictionary(&column.Account{})
		var e Entries
		for row := range uint32(rows) {
			day := rnd.Int64N(200)
			for i := range days {
				days[i] = day + int64(i)
			}
			add(&e, row, days)
			if row%1024 == 1023 {
				d.AddBatch(&e)
				e.Reset()
			}
		}
		d.AddBatch(&e)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows/dates, "ns/date")
	b.ReportMetric(float64(d.Bytes())/rows, "bytes/row")
}

// BenchmarkDictionaryLookup is the answer of an equality on 62,500 rows,
// unchanged and with a row added each time.
func BenchmarkDictionaryLookup(b *testing.B) {
	d := NewDictionary(nil)
	for row := range uint32(1_000_000) {
		d.Add([]byte{byte(row % 16)}, row)
	}
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			d.Lookup([]byte{3})
		}
	})
	b.Run("changed", func(b *testing.B) {
		row := uint32(1_000_000)
		for b.Loop() {
			d.Add([]byte{3}, row)
			d.Lookup([]byte{3})
			row++
		}
	})
}
