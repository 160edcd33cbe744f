package value

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAppendArrayIntsAgreesWithArrayEach(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, k := range []Kind{Bool, Char, Int2, Int4, Int8, Date, Timestamp, Timestamptz, Time, OID} {
		for n := range 40 {
			var b ArrayBuilder
			b.Reset(k)
			for range n {
				e := NewInt(k, rnd.Int64N(2))
				if n%3 == 0 && rnd.IntN(4) == 0 {
					e = Null(k)
				} else if k != Bool && k != Char && k != OID {
					e = NewInt(k, int64(int16(rnd.Uint32())))
				}
				b.Append(e)
			}
			if n == 12 {
				b.Shape([]Dim{{Len: 3, Lower: 1}, {Len: 4, Lower: -2}})
			}
			v := b.Value()
			want := []int64{7}
			ArrayEach(k, v.Bytes(), func(_ int, e Value) bool {
				if !e.IsNull() {
					want = append(want, e.Int())
				}
				return true
			})
			if got := AppendArrayInts([]int64{7}, k, v.Bytes()); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", k, got, want)
			}
		}
	}
}
