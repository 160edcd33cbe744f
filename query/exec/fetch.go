package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/store"
)

// withNames adds to the rows of a scan a column with their names, for a fetch.
type withNames struct {
	Operator
	source Operator // the scan, not measured
	out    column.Batch
	names  column.Vec
}

func (w *withNames) Next(ctx context.Context, r *Rows) (bool, error) {
	ok, err := w.Operator.Next(ctx, r)
	if !ok || err != nil {
		return false, err
	}
	w.names.Reset(value.Int8)
	for _, ref := range w.source.(named).names() {
		w.names.I = append(w.names.I, packRef(ref))
	}
	w.out.N = r.N
	w.out.Vecs = append(append(w.out.Vecs[:0], r.Vecs...), w.names)
	r.Vecs = w.out.Vecs
	return true, nil
}

// packRef makes a number of a row's name: own flag, partition, row id.
func packRef(r store.Ref) int64 {
	n := int64(r.Part)<<32 | int64(r.Row)
	if r.Own {
		n |= 1 << 48
	}
	return n
}

// fetch reads columns of the rows whose names are the last column of its input, in the order of
// the input. It keeps all rows, which are few.
type fetch struct {
	in    Operator
	table *store.TableView
	cols  []int16
	kinds []value.Kind

	rows  column.Batch // as they were found
	order []uint32     // places in rows, in the order of the result; nil before the first Next
	at    int
	done  bool
	out   column.Batch
}

func (f *fetch) Next(ctx context.Context, r *Rows) (bool, error) {
	if !f.done {
		f.done = true
		if err := f.run(ctx); err != nil {
			return false, err
		}
	}
	if f.at == len(f.order) {
		return false, nil
	}
	n := min(len(f.order)-f.at, column.BatchRows)
	if f.out.Vecs == nil {
		f.out.Vecs = make([]column.Vec, len(f.cols))
	}
	f.out.N = n
	for i := range f.out.Vecs {
		f.out.Vecs[i].Pick(&f.rows.Vecs[i], f.order[f.at:f.at+n])
	}
	f.at += n
	r.set(&f.out, nil)
	return true, nil
}

// run finds the rows of all names.
func (f *fetch) run(ctx context.Context) error {
	place := make(map[int64]int)
	parts := make([][]uint32, f.table.Parts())
	own := make([]bool, len(parts))
	var r Rows
	for {
		ok, err := f.in.Next(ctx, &r)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		names := &r.Vecs[len(r.Vecs)-1]
		for i := range r.Count() {
			name := names.I[r.at(i)]
			place[name] = len(place)
			part := int(name >> 32 & 0xFFFF)
			if name>>48 != 0 {
				own[part] = true
			} else {
				parts[part] = append(parts[part], uint32(name))
			}
		}
	}
	f.order = make([]uint32, len(place))
	f.rows.Reset(f.kinds)
	for part, rows := range parts {
		if len(rows) > 0 || own[part] {
			f.read(part, index.FromUnsorted(rows), place)
		}
	}
	return nil
}

// read reads the wanted rows of one partition.
func (f *fetch) read(part int, set index.Set, place map[int64]int) {
	var b column.Batch
	scan := f.table.Part(part).Scan(&set, f.cols)
	for scan.Next(&b) {
		for i, ref := range scan.Refs() {
			at, ok := place[packRef(ref)]
			if !ok {
				continue // another of the transaction's own rows
			}
			f.order[at] = uint32(f.rows.N)
			for c := range b.Vecs {
				f.rows.Vecs[c].AppendVec(&b.Vecs[c], i, i+1)
			}
			f.rows.N++
		}
	}
}

func (f *fetch) Close() { f.in.Close() }
