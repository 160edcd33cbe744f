package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// benchDB is a database in memory, or in a directory, with n rows and the test indexes.
func benchDB(b *testing.B, dir string, n int64) (*DB, *Txn) {
	b.Helper()
	ctx := context.Background()
	db, err := Open(ctx, Config{Dir: dir, Partitions: 2, MaintenanceInterval: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	txn := db.Begin(TxnOptions{})
	def := testTable(txn, "t")
	def.Indexes = testIndexes(txn)
	if err := txn.PutTable(def); err != nil {
		b.Fatal(err)
	}
	if err := txn.Commit(ctx); err != nil {
		b.Fatal(err)
	}
	txn = db.Begin(TxnOptions{})
	feedBench(b, txn, n)
	if err := txn.Commit(ctx); err != nil {
		b.Fatal(err)
	}
	db.Vacuum()
	return db, db.Begin(TxnOptions{})
}

func feedBench(b *testing.B, txn *Txn, n int64) {
	b.Helper()
	ctx := context.Background()
	v := txn.View()
	def, _ := v.Catalog().Table("t")
	v.Close()
	if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
		b.Fatal(err)
	}
	f, err := txn.Feed(ctx, def)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	batch := column.Batch{Vecs: make([]column.Vec, 5)}
	for id := int64(0); id < n; {
		for i := range batch.Vecs {
			batch.Vecs[i].Reset(def.Columns[i].Type.Kind)
		}
		batch.N = 0
		for ; batch.N < column.BatchRows && id < n; id++ {
			for i, v := range randomRow(rng, id).values() {
				batch.Vecs[i].Append(v)
			}
			batch.N++
		}
		if err := f.Add(ctx, &batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFeed is a bulk insert of 200,000 rows with four indexes.
func BenchmarkFeed(b *testing.B) {
	const rows = 200_000
	for _, where := range []string{"memory", "disk"} {
		b.Run(where, func(b *testing.B) {
			for b.Loop() {
				dir := ""
				if where == "disk" {
					dir = b.TempDir()
				}
				db, _ := benchDB(b, dir, rows)
				db.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

// BenchmarkGet reads single rows by key, a snapshot each.
func BenchmarkGet(b *testing.B) {
	_, txn := benchDB(b, "", 200_000)
	v := txn.View()
	def, _ := v.Catalog().Table("t")
	v.Close()
	b.ReportAllocs()
	var key [16]byte
	var row [5]value.Value
	id := int64(0)
	for b.Loop() {
		id = (id*7919 + 13) % 200_000
		v := txn.View()
		if _, ok := v.Table(def.OID).Get(row[:0], value.AppendKey(key[:0], value.NewInt(value.Int8, id)), testCols); !ok {
			b.Fatal("missing row")
		}
		v.Close()
	}
}

// BenchmarkUpdate commits single-row updates, alone and from eight goroutines.
func BenchmarkUpdate(b *testing.B) {
	ctx := context.Background()
	for _, where := range []string{"memory", "disk"} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/clients=%d", where, clients), func(b *testing.B) {
				dir := ""
				if where == "disk" {
					dir = b.TempDir()
				}
				db, txn := benchDB(b, dir, 10_000)
				v := txn.View()
				def, _ := v.Catalog().Table("t")
				v.Close()
				b.ReportAllocs()
				b.SetParallelism(clients / runtime.GOMAXPROCS(0))
				b.ResetTimer()
				one := func(rng *rand.Rand) {
					txn := db.Begin(TxnOptions{})
					if err := put(ctx, txn, def, testRow{id: int64(rng.IntN(10_000)), town: "Paris", n: 3}); err != nil {
						b.Error(err)
					}
					if err := txn.Commit(ctx); err != nil {
						b.Error(err)
					}
				}
				if clients == 1 {
					rng := rand.New(rand.NewPCG(1, 1))
					for b.Loop() {
						one(rng)
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
					for pb.Next() {
						one(rng)
					}
				})
			})
		}
	}
}

// BenchmarkScan reads two columns of a million rows in one goroutine.
func BenchmarkScan(b *testing.B) {
	const rows = 1_000_000
	_, txn := benchDB(b, "", rows)
	v := txn.View()
	defer v.Close()
	def, _ := v.Catalog().Table("t")
	tv := v.Table(def.OID)
	var batch column.Batch
	for b.Loop() {
		n := 0
		for i := range tv.Parts() {
			for s := tv.Part(i).Scan(nil, []int16{2, 3}); s.Next(&batch); {
				n += batch.N
			}
		}
		if n != rows {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
