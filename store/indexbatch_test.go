package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// feedTable makes a table of one part, of an id and columns of some kinds, and feeds it n rows.
func feedTable(t testing.TB, kinds []value.Kind, n int, draw func(id, col int) value.Value) (*Part, *schema.Table) {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, Config{Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	txn := db.Begin(TxnOptions{})
	def := &schema.Table{
		OID: txn.NewOID(), Schema: schema.PublicSchema, Name: "t", Generation: txn.NewGeneration(), Version: 1,
		Columns: []schema.Column{{Num: 1, Name: "id", Type: value.Of(value.Int8)}},
		Key:     []int16{1}, KeyName: "t_pkey", KeyOID: txn.NewOID(),
	}
	for i, k := range kinds {
		def.Columns = append(def.Columns, schema.Column{Num: int16(i + 2), Name: fmt.Sprint("c", i), Type: value.Of(k)})
	}
	if err := txn.PutTable(def); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	txn = db.Begin(TxnOptions{})
	if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
		t.Fatal(err)
	}
	f, err := txn.Feed(ctx, def)
	if err != nil {
		t.Fatal(err)
	}
	b := column.Batch{}
	all := append([]value.Kind{value.Int8}, kinds...)
	for id := 0; id < n; {
		b.Reset(all)
		for ; b.N < column.BatchRows && id < n; id++ {
			row := []value.Value{value.NewInt(value.Int8, int64(id))}
			for i := range kinds {
				row = append(row, draw(id, i))
			}
			b.AppendRow(row)
		}
		if err := f.Add(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	coll, err := db.collection(def.OID, def.Generation)
	if err != nil {
		t.Fatal(err)
	}
	return coll.parts[0], def
}

// TestIndexBatchAgreesWithEach adds runs of rows to indexes of all shapes; check finds the pairs row by row.
func TestIndexBatchAgreesWithEach(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	kinds := []value.Kind{
		value.Bool, value.Int4, value.Date, value.Float8, value.Numeric, value.Text, value.Text, value.UUID,
		value.Date.Array(), value.Int2.Array(), value.Int8.Array(), value.Text.Array(), value.Numeric.Array(),
	}
	draw := func(k value.Kind, few bool) value.Value {
		n := rnd.Int64N(1 << rnd.IntN(15))
		switch {
		case rnd.IntN(8) == 0:
			return value.Null(k)
		case k == value.Bool:
			return value.NewInt(k, n&1)
		case k.Rep() == value.RepInt:
			return value.NewInt(k, n-100)
		case k.Rep() == value.RepFloat:
			return value.NewFloat(float64(n) / 4)
		case k == value.UUID:
			return value.NewBytes(k, fmt.Sprintf("%016d", n))
		case k == value.Numeric && n%100 == 0:
			v, err := value.Parse(value.Of(k), fmt.Sprintf("%d00000000000000000000.5", n), value.DefaultStyle())
			if err != nil {
				t.Fatal(err)
			}
			return v
		case k == value.Numeric:
			word, _ := value.PackNumeric(n/10, int(n%3)) // 1 and 1.0 have one key
			return value.NewNumericWord(word, "")
		case few:
			return value.NewText(fmt.Sprint("town ", n%50))
		}
		return value.NewText(fmt.Sprintf("%x", rnd.Uint64()))
	}
	const rows = 12_000 // more different texts than a column encodes
	p, def := feedTable(t, kinds, rows, func(id, col int) value.Value {
		k := kinds[col]
		if !k.IsArray() {
			return draw(k, col == 5)
		}
		if rnd.IntN(10) == 0 {
			return value.Null(k)
		}
		var elems []value.Value
		for range rnd.IntN(12) {
			e := draw(k.Elem(), true)
			if e.IsNull() && id%2 == 0 {
				continue // most arrays have no NULL
			}
			elems = append(elems, e)
		}
		v := value.NewArray(k.Elem(), elems)
		return v
	})
	var shapes []*schema.Index
	for i, k := range kinds {
		num := int16(i + 2)
		shapes = append(shapes, &schema.Index{Kind: schema.Dictionary, Columns: []schema.IndexColumn{{Num: num}}})
		if k.IsArray() {
			continue
		}
		for _, c := range []schema.IndexColumn{{Num: num}, {Num: num, Desc: true}, {Num: num, NullsFirst: true}, {Num: num, Desc: true, NullsFirst: true}} {
			shapes = append(shapes, &schema.Index{Kind: schema.BTree, Columns: []schema.IndexColumn{c}})
		}
		shapes = append(shapes,
			&schema.Index{Kind: schema.BTree, Columns: []schema.IndexColumn{{Num: num}, {Num: 4}}},
			&schema.Index{Kind: schema.BTree, Columns: []schema.IndexColumn{{Num: num}}, Filter: 2})
	}
	var all []uint32
	for row := range p.rows {
		all = append(all, row)
	}
	if len(all) != rows {
		t.Fatalf("the part has %d slots, want %d", len(all), rows)
	}
	for _, shape := range shapes {
		x := newPartIndex(p, def, shape)
		x.build = slotRange{100, 200}
		for from := uint32(0); from < rows; {
			n := min(1+rnd.Uint32N(2000), rows-from)
			half := n / 2
			p.scratch = x.addRuns([]rowRun{{from + half, n - half}, {from, half}}, &p.entries, p.scratch)
			from += n
		}
		if err := x.check(all); err != nil {
			t.Errorf("%v on %s: %v", shape.Kind, kinds[shape.Columns[0].Num-2], err)
		}
	}
}

// BenchmarkIndexBatch makes an index of 200,000 rows, in runs of 512 as a feed brings them, in the steps of a build
// beside writers, and in recovery: by the columns of bench/homes that have one.
func BenchmarkIndexBatch(b *testing.B) {
	const rows, run = 200_000, 512
	rnd := rand.New(rand.NewPCG(1, 1))
	kinds := []value.Kind{value.Text, value.Text, value.Date.Array(), value.Int4, value.Numeric}
	names := []string{"4 countries", "16 towns", "30 dates", "rooms", "prices"}
	p, def := feedTable(b, kinds, rows, func(id, col int) value.Value {
		switch col {
		case 0:
			return value.NewText([]string{"FR", "US", "SP", "CA"}[id%4])
		case 1:
			return value.NewText([]string{"Paris", "New York", "Madrid", "Ottawa"}[id%4] + string(rune('A'+rnd.IntN(4))))
		case 2:
			day := 9131 + rnd.Int64N(365)
			var elems []value.Value
			for range 30 {
				elems = append(elems, value.NewInt(value.Date, day))
				day += 1 + rnd.Int64N(2)
			}
			return value.NewArray(value.Date, elems)
		case 3:
			return value.NewInt(value.Int4, 1+rnd.Int64N(8))
		}
		word, _ := value.PackNumeric(5000+rnd.Int64N(25_000), 2)
		return value.NewNumericWord(word, "")
	})
	for i, name := range names {
		shape := &schema.Index{Kind: schema.Dictionary, Columns: []schema.IndexColumn{{Num: int16(i + 2)}}}
		if i >= 3 {
			shape.Kind = schema.BTree
		}
		b.Run("recovered/"+name, func(b *testing.B) {
			for b.Loop() {
				p.recoveredIndex(def, shape)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
		b.Run("built/"+name, func(b *testing.B) {
			for b.Loop() {
				x := newPartIndex(p, def, shape)
				x.build.to = p.rows
				var build indexBuild
				for build.fill(x, buildSlots, buildPairs, buildBytes) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
		b.Run("fed/"+name, func(b *testing.B) {
			for b.Loop() {
				x := newPartIndex(p, def, shape)
				for row := uint32(0); row < rows; row += run {
					p.scratch = x.addRuns([]rowRun{{row, min(run, rows-row)}}, &p.entries, p.scratch)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
