package exec

import (
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// codedVec is a vec of dictionary codes of some texts; "-" is NULL.
func codedVec(d *column.Dict, texts []string) column.Vec {
	v := column.Vec{Kind: value.Text, Dict: d, Nulls: make([]bool, len(texts))}
	for i, s := range texts {
		if s == "-" {
			v.Nulls[i] = true
			v.Codes = append(v.Codes, 0)
			continue
		}
		code, _ := d.Add(s)
		v.Codes = append(v.Codes, code)
	}
	return v
}

// TestGroupTableByCodes checks that rows grouped by their dictionary codes, over growing
// and changing dictionaries, get the groups that their values have.
func TestGroupTableByCodes(t *testing.T) {
	g := rand.New(rand.NewPCG(5, 6))
	coded, plain := newGroupTable([]value.Kind{value.Text, value.Text}), newGroupTable([]value.Kind{value.Text, value.Text})
	dicts := []*column.Dict{column.NewDict(nil), column.NewDict(nil), column.NewDict(nil)}
	for range 200 {
		n := 1 + g.IntN(100)
		var a, b []string
		for range n {
			a = append(a, []string{"-", "x", "y", string(rune('a' + g.IntN(26)))}[g.IntN(4)])
			b = append(b, []string{"-", "p", string(rune('a'+g.IntN(26))) + string(rune('a'+g.IntN(26)))}[g.IntN(3)])
		}
		var sel []int32
		if g.IntN(2) == 0 {
			sel = []int32{}
			for i := range n {
				if g.IntN(3) > 0 {
					sel = append(sel, int32(i))
				}
			}
		}
		keys := []column.Vec{codedVec(dicts[g.IntN(2)], a), codedVec(dicts[2], b)}
		got := append([]uint32(nil), coded.add(keys, n, sel)...)
		forRows(n, sel, func(row int) {
			if want := plain.group(keys, row); got[row] != want {
				t.Fatalf("row (%s, %s) is in group %d, want %d", a[row], b[row], got[row], want)
			}
		})
		if coded.n != plain.n {
			t.Fatalf("%d groups, want %d", coded.n, plain.n)
		}
	}
}

func TestGroupTableOfIntegers(t *testing.T) {
	table := newGroupTable([]value.Kind{value.Int4})
	v := column.Vec{Kind: value.Int4, I: []int64{5, 5, 0, 7, 0, 5}, Nulls: []bool{false, false, true, false, false, false}}
	got := table.add([]column.Vec{v}, 6, nil)
	want := []uint32{0, 0, 1, 2, 3, 0}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("groups %v, want %v", got, want)
		}
	}
	var c column.Vec
	c.SetConst(value.NewInt(value.Int4, 7))
	if got := table.add([]column.Vec{c}, 3, nil); got[0] != 2 || got[2] != 2 {
		t.Errorf("groups of a constant: %v", got)
	}
}

func TestChains(t *testing.T) {
	for _, c := range []struct {
		sets [][]int
		want int
	}{
		{[][]int{{0, 1, 2}, {0, 1}, {0}, {}}, 1}, // rollup
		{[][]int{{0, 1}, {0}, {1}, {}}, 2},       // cube
		{[][]int{{0}, {1}, {2}}, 3},              // grouping sets
		{[][]int{{}, {0}, {0, 1}, {1}, {0}}, 2},  // in any order, with repeats
		{[][]int{{}}, 1},                         // no grouping
	} {
		got := chains(c.sets)
		seen := 0
		for _, ch := range got {
			seen += len(ch)
			for i := 1; i < len(ch); i++ {
				if !contains(c.sets[ch[i-1]], c.sets[ch[i]]) {
					t.Errorf("%v: set %v follows %v", c.sets, c.sets[ch[i]], c.sets[ch[i-1]])
				}
			}
		}
		if len(got) != c.want || seen != len(c.sets) {
			t.Errorf("%v: chains %v, want %d", c.sets, got, c.want)
		}
	}
}

// TestGroupTableByKeys compares the groups of random rows with those of their key encodings.
func TestGroupTableByKeys(t *testing.T) {
	g := rand.New(rand.NewPCG(9, 1))
	all := []value.Kind{value.Int4, value.Int8, value.Text, value.Float8, value.Numeric, value.Bool, value.Date}
	for range 200 {
		var ks []value.Kind
		for range 1 + g.IntN(3) {
			ks = append(ks, all[g.IntN(len(all))])
		}
		table, want := newGroupTable(ks), map[string]uint32{}
		for range 20 {
			var b column.Batch
			b.Reset(ks)
			n := 1 + g.IntN(60)
			var row []value.Value
			for range n {
				row = row[:0]
				for _, k := range ks {
					x := randomValue(g, k)
					if k == value.Int8 && !x.IsNull() {
						x = value.NewInt(k, g.Int64N(500))
					}
					row = append(row, x)
				}
				b.AppendRow(row)
			}
			if g.IntN(5) == 0 {
				b.Vecs[0].SetConst(row[0])
			}
			for i, group := range table.add(b.Vecs, n, nil) {
				var key []byte
				for c := range b.Vecs {
					key = value.AppendKey(key, b.Vecs[c].Value(i))
				}
				w, ok := want[string(key)]
				if !ok {
					w = uint32(len(want))
					want[string(key)] = w
				}
				if group != w {
					t.Fatalf("%v: row %v is in group %d, want %d", ks, b.Row(nil, i), group, w)
				}
			}
		}
		if table.n != len(want) {
			t.Fatalf("%v: %d groups, want %d", ks, table.n, len(want))
		}
	}
}
