package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/column"
)

// keptRows are rows that are read more than once, in batches of their own.
type keptRows struct {
	batches []*column.Batch
	budget  *Budget
	taken   int64
	idx     []uint32
}

// add copies the rows that count.
func (k *keptRows) add(r *Rows) error {
	b := new(column.Batch)
	copyRows(b, r, &k.idx)
	k.batches = append(k.batches, b)
	n := batchBytes(b)
	k.taken += n
	return k.budget.take(n)
}

// batchBytes guesses the memory of a batch.
func batchBytes(b *column.Batch) int64 {
	n := int64(64)
	for i := range b.Vecs {
		v := &b.Vecs[i]
		n += int64(8*(len(v.I)+len(v.F)) + 4*len(v.Codes) + 16*len(v.S) + len(v.Nulls))
		for _, s := range v.S {
			n += int64(len(s))
		}
	}
	return n
}

// fill adds all rows of an operator.
func (k *keptRows) fill(ctx context.Context, in Operator) error {
	var r Rows
	for {
		ok, err := in.Next(ctx, &r)
		if err != nil || !ok {
			return err
		}
		if err := k.add(&r); err != nil {
			return err
		}
	}
}

// clear forgets the rows.
func (k *keptRows) clear() {
	k.budget.give(k.taken)
	k.batches, k.taken = nil, 0
}

// count returns the number of rows.
func (k *keptRows) count() int {
	n := 0
	for _, b := range k.batches {
		n += b.N
	}
	return n
}

// reader yields the rows of batches that another keeps.
type reader struct {
	batches []*column.Batch
	at      int
}

func (k *reader) Next(_ context.Context, r *Rows) (bool, error) {
	if k.at == len(k.batches) {
		return false, nil
	}
	r.set(k.batches[k.at], nil)
	k.at++
	return true, nil
}

func (k *reader) Close() {}
