package index

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestEntriesAgreeWithPairs adds pairs by their keys and by words, and groups them, in batches that leave numbers of
// keys behind for the next.
func TestEntriesAgreeWithPairs(t *testing.T) {
	type pair struct {
		key string
		row uint32
	}
	encode := func(dst []byte, word int64) []byte { // two words have the same key
		return binary.BigEndian.AppendUint64(dst, uint64(word)>>1)
	}
	var e Entries
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		most := rapid.SampledFrom([]int64{2, 100, 3000, 1 << 40}).Draw(t, "words")
		steps := rapid.SampledFrom([]int{3, 40, 600}).Draw(t, "steps")
		unhashed := rapid.Bool().Draw(t, "unhashed")
		e.Reset()
		if unhashed {
			e.ResetUnhashed()
		}
		var want []pair
		encoded := map[int64]int{}
		for range steps {
			var words []int64
			var rows []uint32
			for range rnd.IntN(300) {
				words, rows = append(words, rnd.Int64N(most)), append(rows, rnd.Uint32())
			}
			for i, w := range words {
				want = append(want, pair{string(encode(nil, w)), rows[i]})
			}
			if rnd.IntN(4) > 0 {
				e.AddWords(words, append(rows, 99), func(dst []byte, word int64) []byte {
					encoded[word]++
					return encode(dst, word)
				})
				continue
			}
			for i, w := range words {
				e.Add(encode(nil, w), rows[i])
			}
		}
		if e.Len() != len(want) {
			t.Fatalf("%d pairs, want %d", e.Len(), len(want))
		}
		for i, w := range want {
			if key, row := e.At(i); string(key) != w.key || row != w.row {
				t.Fatalf("pair %d is %x %d, want %x %d", i, key, row, w.key, w.row)
			}
		}
		if most == 2 {
			for word, n := range encoded {
				if n > 1 {
					t.Fatalf("word %d was encoded %d times", word, n)
				}
			}
			if !unhashed && len(e.ends) > 1 {
				t.Fatalf("one key is kept %d times", len(e.ends))
			}
		}
		rows, ends := e.group()
		got, wantRows := map[string][]uint32{}, map[string][]uint32{}
		from := uint32(0)
		for n, end := range ends {
			key := string(e.key(uint32(n)))
			got[key] = append(got[key], rows[from:end]...)
			from = end
		}
		for _, w := range want {
			wantRows[w.key] = append(wantRows[w.key], w.row)
		}
		for _, m := range []map[string][]uint32{got, wantRows} {
			for _, rows := range m { // a key that is kept twice has its rows in two groups
				slices.Sort(rows)
			}
		}
		if !maps.EqualFunc(got, wantRows, slices.Equal) || int(from) != len(rows) {
			t.Fatalf("grouped %v, want %v", got, wantRows)
		}
	})
}
