package index

import (
	"bytes"
	"cmp"
	"slices"
)

// radixFrom is the number of items from which on sorting by the bytes of
// their heads beats comparing.
const radixFrom = 256

// sort orders items by key, then by row.
func (c *comparer) sort(items []item) {
	if len(items) < radixFrom {
		slices.SortFunc(items, c.compare)
		return
	}
	radixSort(items)
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && compareHeads(items[from], items[to]) == 0 {
			to++
		}
		if to-from > 1 {
			c.sortTies(items[from:to])
		}
		from = to
	}
}

// sortTies orders items of equal heads.
func (c *comparer) sortTies(items []item) {
	byRow := func(a, b item) int { return cmp.Compare(a.row, b.row) }
	if !items[0].long() {
		if !slices.IsSortedFunc(items, byRow) {
			slices.SortFunc(items, byRow)
		}
		return
	}
	// Each key is fetched once, not for every comparison.
	type tie struct {
		from, to int
		item     item
	}
	var keys []byte
	ties := make([]tie, len(items))
	for i, x := range items {
		from := len(keys)
		keys = c.rows.AppendKey(keys, x.row)
		ties[i] = tie{from, len(keys), x}
	}
	slices.SortFunc(ties, func(a, b tie) int {
		if o := bytes.Compare(keys[a.from:a.to], keys[b.from:b.to]); o != 0 {
			return o
		}
		return byRow(a.item, b.item)
	})
	for i := range ties {
		items[i] = ties[i].item
	}
}

// headByte returns byte i of an item's head, counted from its end.
func headByte(x item, i int) byte {
	if i < 4 {
		return byte(x.tail >> (8 * i))
	}
	return byte(x.prefix >> (8 * (i - 4)))
}

// radixSort orders items by their heads, stably: one pass for each byte in
// which they differ.
func radixSort(items []item) {
	var counts [longKey][256]int
	for _, x := range items {
		for i := range counts {
			counts[i][headByte(x, i)]++
		}
	}
	from, to := items, make([]item, len(items))
	for i := range counts {
		if counts[i][headByte(items[0], i)] == len(items) {
			continue
		}
		sum := 0
		for b := range counts[i] {
			counts[i][b], sum = sum, sum+counts[i][b]
		}
		for _, x := range from {
			b := headByte(x, i)
			to[counts[i][b]] = x
			counts[i][b]++
		}
		from, to = to, from
	}
	if &from[0] != &items[0] {
		copy(items, from)
	}
}
