package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// sum reads column n of the rows whose id is in [from, to), as a scan with a condition.
func sum(v *View, def *schema.Table, from, to int64) (total int64) {
	tv := v.Table(def.OID)
	in := func(id int64) bool { return from <= id && id < to }
	tv.Restrict(&Condition{Cols: []int16{1}, Test: func(row []value.Value) bool { return in(row[0].Int()) }})
	for part := range tv.Parts() {
		scan := tv.Part(part).Scan(nil, []int16{1, 3})
		var b column.Batch
		for scan.Next(&b) {
			for i := range b.N {
				if in(b.Vecs[0].Value(i).Int()) {
					total += b.Vecs[1].Value(i).Int()
				}
			}
		}
	}
	return total
}

// TestWriteSkew sees that of two transactions that read each other's range and write into their own at most one commits at
// Serializable, that both do at RepeatableRead, and that disjoint ones never fail.
func TestWriteSkew(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		level Isolation
		reads [2][2]int64 // range that each reads
		fails bool
	}{
		{"skew", Serializable, [2][2]int64{{10, 20}, {0, 10}}, true},
		{"skew at RepeatableRead", RepeatableRead, [2][2]int64{{10, 20}, {0, 10}}, false},
		{"disjoint", Serializable, [2][2]int64{{0, 10}, {10, 20}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openTest(t, Config{Partitions: 2})
			d.create()
			d.commit(func(txn *Txn) error {
				for id := range int64(20) {
					if err := put(ctx, txn, d.table(txn), testRow{id: id, n: 1}); err != nil {
						return err
					}
				}
				return nil
			})
			var txns [2]*Txn
			for i := range txns {
				txns[i] = d.db.Begin(TxnOptions{Isolation: c.level})
				v := txns[i].View()
				sum(v, d.table(txns[i]), c.reads[i][0], c.reads[i][1])
				v.Close()
			}
			for i, txn := range txns {
				if err := put(ctx, txn, d.table(txn), testRow{id: int64(i)*10 + 5, n: 100}); err != nil {
					t.Fatal(err)
				}
			}
			if err := txns[0].Commit(ctx); err != nil {
				t.Fatal(err)
			}
			if err := txns[1].Commit(ctx); isCode(err, sqlerr.SerializationFailure) != c.fails || err != nil && !c.fails {
				t.Errorf("the second COMMIT gives %v", err)
			}
			if h := &d.db.log.history; len(h.open) > 0 || len(h.commits) > 0 {
				t.Errorf("%d read sets and %d commits are left", len(h.open), len(h.commits))
			}
			d.db.Close()
		})
	}
}

// TestPhantoms sees what counts as a change of what a scan has read: a row that comes into its range, one that leaves
// it, one that is deleted, a bulk load, a truncation; and an absent key that was looked up.
func TestPhantoms(t *testing.T) {
	ctx := context.Background()
	changes := map[string]struct {
		change func(d *testDB, txn *Txn) error
		fails  bool
	}{
		"insert into the range": {func(d *testDB, txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 7}) }, true},
		"insert beside it":      {func(d *testDB, txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 70}) }, false},
		"update in the range":   {func(d *testDB, txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1, n: 2}) }, true},
		"delete from the range": {func(d *testDB, txn *Txn) error { return remove(ctx, txn, d.table(txn), 1) }, true},
		"update beside it":      {func(d *testDB, txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 50, n: 2}) }, false},
		"delete beside it":      {func(d *testDB, txn *Txn) error { return remove(ctx, txn, d.table(txn), 50) }, false},
		"a bulk load":           {func(d *testDB, txn *Txn) error { return feed(ctx, txn, d.table(txn), []testRow{{id: 500}}) }, true},
		"the key it looked up":  {func(d *testDB, txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 99}) }, true},
		"nothing":               {func(*testDB, *Txn) error { return nil }, false},
		"a change rolled back": {func(d *testDB, txn *Txn) error {
			s := txn.Savepoint()
			err := remove(ctx, txn, d.table(txn), 1)
			txn.RollbackTo(s)
			return err
		}, false},
		"truncation": {func(d *testDB, txn *Txn) error { d.lockedTable(txn); d.truncated(txn); return nil }, true},
		"delete and insert back": {func(d *testDB, txn *Txn) error {
			_ = remove(ctx, txn, d.table(txn), 1)
			return put(ctx, txn, d.table(txn), testRow{id: 1})
		}, true},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			d := openTest(t, Config{Partitions: 2})
			d.create()
			d.commit(func(txn *Txn) error {
				err := put(ctx, txn, d.table(txn), testRow{id: 1})
				if err == nil {
					err = put(ctx, txn, d.table(txn), testRow{id: 50})
				}
				return err
			})
			reader := d.db.Begin(TxnOptions{Isolation: Serializable})
			v := reader.View()
			def := d.table(reader)
			sum(v, def, 0, 10)
			v.Table(def.OID).Lookup(value.AppendKey(nil, value.NewInt(value.Int8, 99)))
			v.Close()
			if err := reader.LockTable(ctx, 1, RowExclusiveLock); err != nil { // of no table: it is written nothing yet
				t.Fatal(err)
			}
			other := d.db.Begin(TxnOptions{})
			if err := c.change(d, other); err != nil {
				t.Fatal(err)
			}
			if err := other.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			err := put(ctx, reader, def, testRow{id: 1000})
			if name == "truncation" {
				if !isCode(err, sqlerr.SerializationFailure) {
					t.Errorf("a write to a table truncated since the snapshot gives %v", err)
				}
				reader.Rollback()
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := reader.Commit(ctx); isCode(err, sqlerr.SerializationFailure) != c.fails || err != nil && !c.fails {
				t.Errorf("COMMIT gives %v", err)
			}
			d.db.Close()
		})
	}
}

// TestSerializableSums runs transactions that keep an invariant over two ranges which each alone would break: each reads both
// and takes from one only if the sum stays positive. Reads of the whole by others never see it broken.
func TestSerializableSums(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2})
	d.create()
	d.commit(func(txn *Txn) error {
		for id := range int64(10) {
			if err := put(ctx, txn, d.table(txn), testRow{id: id, n: 10}); err != nil {
				return err
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	var committed, refused [4]int
	for w := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 7))
			for range 200 {
				txn := d.db.Begin(TxnOptions{Isolation: Serializable})
				v := txn.View()
				def := d.table(txn)
				total := sum(v, def, 0, 10)
				if total < 0 {
					t.Errorf("the sum was %d", total)
				}
				v.Close()
				id := int64(rng.IntN(10))
				key, cur, ok, err := lockRow(ctx, txn, def, id)
				take := int64(30)
				if total < take {
					take = -50
				}
				if err == nil && ok {
					if !txn.Sees(cur) {
						err = SerializationFailure(false)
					} else {
						n := cur.Values(nil, []int16{3})[0].Int() - take
						err = txn.Update(def, key, cur, testRow{id: id, n: n}.values())
					}
				}
				if err == nil {
					err = txn.Commit(ctx)
				}
				txn.Rollback()
				switch {
				case err == nil:
					committed[w]++
				case isCode(err, sqlerr.SerializationFailure):
					refused[w]++
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if all := fmt.Sprint(committed, refused); committed[0]+committed[1]+committed[2]+committed[3] == 0 {
		t.Errorf("nothing was committed: %s", all)
	}
	d.db.Close()
}

// TestFirstReaderMeetsCommitUnderWay begins the only serializable transaction while a commit of a transaction that
// read nothing is being synced: the snapshot is without it, so the reader's own commit must fail.
func TestFirstReaderMeetsCommitUnderWay(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewFault(vfs.NewMem())
	d := openTest(t, memConfig(fs, 2))
	d.create()
	def := d.table(d.db.Begin(TxnOptions{}))
	reader := d.db.Begin(TxnOptions{Isolation: Serializable})
	var once sync.Once
	fs.SetHook(func(op vfs.Op, _ string) error {
		if op == vfs.OpSync {
			once.Do(func() {
				v := reader.View()
				defer v.Close()
				if n := sum(v, def, 0, 10); n != 0 {
					t.Errorf("a commit is seen before its sync: %d", n)
				}
			})
		}
		return nil
	})
	d.model[1] = testRow{id: 1, n: 5}
	d.commit(func(txn *Txn) error { return put(ctx, txn, def, d.model[1]) })
	fs.SetHook(nil)
	if err := put(ctx, reader, def, testRow{id: 20, n: 1}); err != nil {
		t.Fatal(err)
	}
	if err := reader.Commit(ctx); !isCode(err, sqlerr.SerializationFailure) {
		t.Errorf("what was read has changed, and COMMIT says %v", err)
	}
}
