package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// lockedTable takes the exclusive lock of the test table and returns a copy of its definition.
func (d *testDB) lockedTable(txn *Txn) *schema.Table {
	d.t.Helper()
	def := d.table(txn).Clone()
	if err := txn.LockTable(context.Background(), def.OID, AccessExclusiveLock); err != nil {
		d.t.Fatal(err)
	}
	return def
}

// truncated swaps the table's generation.
func (d *testDB) truncated(txn *Txn) *schema.Table {
	d.t.Helper()
	def := d.lockedTable(txn)
	def.Generation = txn.NewGeneration()
	if err := txn.PutTable(def); err != nil {
		d.t.Fatal(err)
	}
	return def
}

// TestWritesBeforeTruncateAndDrop writes rows that the same transaction then
// takes away with their table.
func TestWritesBeforeTruncateAndDrop(t *testing.T) {
	ctx := context.Background()
	for _, fed := range []bool{false, true} {
		t.Run(fmt.Sprint("fed=", fed), func(t *testing.T) {
			d := openTest(t, memConfig(vfs.NewMem(), 2))
			d.create()
			write := func(txn *Txn, def *schema.Table, rows ...testRow) {
				t.Helper()
				if fed {
					if err := feed(ctx, txn, def, rows); err != nil {
						t.Fatal(err)
					}
					return
				}
				for _, r := range rows {
					if err := put(ctx, txn, def, r); err != nil {
						t.Fatal(err)
					}
				}
			}
			d.commit(func(txn *Txn) error {
				write(txn, d.table(txn), testRow{id: 1})
				write(txn, d.truncated(txn), testRow{id: 2})
				write(txn, d.truncated(txn), testRow{id: 3, n: 3})
				return nil
			})
			d.model = map[int64]testRow{3: {id: 3, n: 3}}
			d.verify()
			d.reopen()
			d.verify()

			txn := d.db.Begin(TxnOptions{})
			write(txn, d.table(txn), testRow{id: 4})
			write(txn, d.truncated(txn), testRow{id: 5})
			if err := txn.DropTable(d.lockedTable(txn).OID); err != nil {
				t.Fatal(err)
			}
			txn.Rollback()
			d.verify()

			d.commit(func(txn *Txn) error {
				write(txn, d.table(txn), testRow{id: 4})
				write(txn, d.truncated(txn), testRow{id: 5})
				return txn.DropTable(d.lockedTable(txn).OID)
			})
			d.crash()
			txn = d.db.Begin(TxnOptions{})
			defer txn.Rollback()
			v := txn.View()
			defer v.Close()
			if _, ok := v.Catalog().Table("t"); ok {
				t.Fatal("the table is back")
			}
		})
	}
}

// addColumn adds an int4 column with a default of 7.
func addColumn(def *schema.Table) *schema.Table {
	def = def.Clone()
	num := int16(len(def.Columns) + 1)
	def.Version++
	def.Columns = append(def.Columns, schema.Column{
		Num: num, Name: fmt.Sprint("c", num), Type: value.Of(value.Int4),
		Missing: value.AppendStored(nil, value.NewInt(value.Int4, 7)),
	})
	return def
}

// column6 returns the sixth column by id, as a scan, a walk and look-ups agree on it.
func (d *testDB) column6(v *View) map[int64]int64 {
	d.t.Helper()
	def, _ := v.Catalog().Table("t")
	x, _ := def.Index("by_n")
	tv := v.Table(def.OID)
	var scanned, walked []testRow // column 6 in the place of price
	read := func(s *Scan) (rows []testRow) {
		var b column.Batch
		for s.Next(&b) {
			for i := range b.N {
				rows = append(rows, testRow{id: b.Vecs[0].Value(i).Int(), n: b.Vecs[1].Value(i).Int()})
			}
		}
		return rows
	}
	for i := range tv.Parts() {
		scanned = append(scanned, read(tv.Part(i).Scan(nil, []int16{1, 6}))...)
		walked = append(walked, read(tv.Part(i).Walk(x, KeyRange{}, false, []int16{1, 6}))...)
	}
	diffRows(d.t, "scan and walk", sortRows(scanned), sortRows(walked))
	got := map[int64]int64{}
	for _, r := range scanned {
		got[r.id] = r.n
		vals, ok := tv.Get(nil, value.AppendKey(nil, value.NewInt(value.Int8, r.id)), []int16{6})
		if !ok || vals[0].Int() != r.n {
			d.t.Fatalf("Get(%d) gives %v, the scan %d", r.id, vals, r.n)
		}
	}
	return got
}

// TestAddColumnAfterWrites writes rows before, between and after the ALTERs of
// one transaction, in a table that was there and in one that it has made.
func TestAddColumnAfterWrites(t *testing.T) {
	ctx := context.Background()
	for _, fresh := range []bool{false, true} {
		for _, fed := range []bool{false, true} {
			if fed && !fresh {
				continue // refused: bulk loading into an altered table
			}
			t.Run(fmt.Sprintf("fresh=%v fed=%v", fresh, fed), func(t *testing.T) {
				d := openTest(t, memConfig(vfs.NewMem(), 2))
				d.create()
				d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1, n: 1}) })
				want := map[int64]int64{}
				look := func(txn *Txn) {
					t.Helper()
					v := txn.View()
					defer v.Close()
					if got := d.column6(v); !maps.Equal(got, want) {
						t.Fatalf("got %v, want %v", got, want)
					}
				}
				txn := d.db.Begin(TxnOptions{})
				def := d.lockedTable(txn)
				if fresh {
					def = d.truncated(txn)
				} else {
					want[1] = 7
				}
				write := func(id int64, c ...int64) {
					t.Helper()
					r := testRow{id: id, n: id}
					if !fed {
						vals := r.values()
						for _, n := range c {
							vals = append(vals, value.NewInt(value.Int4, n))
						}
						key, _, _, err := lockRow(ctx, txn, def, id)
						if err == nil {
							err = txn.Insert(def, key, vals)
						}
						if err != nil {
							t.Fatal(err)
						}
						return
					}
					f, err := txn.Feed(ctx, def)
					if err != nil {
						t.Fatal(err)
					}
					b := &column.Batch{N: 1}
					for _, v := range r.values() {
						b.Vecs = append(b.Vecs, column.Vec{})
						b.Vecs[len(b.Vecs)-1].Reset(v.Kind())
						b.Vecs[len(b.Vecs)-1].Append(v)
					}
					for _, n := range c {
						b.Vecs = append(b.Vecs, column.Vec{Kind: value.Int4, I: []int64{n}})
					}
					if err := errors.Join(f.Add(ctx, b), f.Close(ctx)); err != nil {
						t.Fatal(err)
					}
				}
				write(2)
				for range 2 {
					def = addColumn(def)
					if err := txn.PutTable(def); err != nil {
						t.Fatal(err)
					}
				}
				want[2] = 7
				look(txn)
				write(3, 33, 34)
				want[3] = 33
				look(txn)
				if err := d.db.Checkpoint(ctx); err != nil {
					t.Fatal(err)
				}
				write(4, 44, 45)
				want[4] = 44
				look(txn)
				if err := txn.Commit(ctx); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					txn = d.db.Begin(TxnOptions{})
					look(txn)
					txn.Rollback()
					d.crash()
				}
			})
		}
	}
}
