package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// uniqueTable is the test table with a unique index on n, a tree, and one on town and n, a dictionary.
func uniqueTable(txn *Txn) *schema.Table {
	def := testTable(txn, "t")
	def.Indexes = []*schema.Index{
		{OID: txn.NewOID(), Name: "u_n", Kind: schema.BTree, Unique: true, Columns: []schema.IndexColumn{{Num: 3}}},
		{OID: txn.NewOID(), Name: "u_town_n", Kind: schema.Dictionary, Unique: true, Columns: []schema.IndexColumn{{Num: 2}, {Num: 3}}},
	}
	return def
}

// putUnique inserts or replaces a row as exec does: the values that it gets and gives up are locked.
func putUnique(ctx context.Context, txn *Txn, def *schema.Table, r testRow) error {
	key, cur, ok, err := lockRow(ctx, txn, def, r.id)
	if err != nil {
		return err
	}
	row := r.values()
	var old []value.Value
	if ok {
		old = cur.Values(nil, testCols)
	}
	for _, x := range def.Indexes {
		if !x.Unique {
			continue
		}
		now, has := UniqueKey(nil, x, row)
		if old != nil {
			was, had := UniqueKey(nil, x, old)
			if had == has && string(was) == string(now) {
				continue
			}
			if had {
				if _, _, err := txn.LockUnique(ctx, def, x, was, ForUpdate, WaitBlock); err != nil {
					return err
				}
			}
		}
		if !has {
			continue
		}
		if _, taken, err := txn.LockUnique(ctx, def, x, now, ForUpdate, WaitBlock); err != nil || taken {
			return errors.Join(err, errTaken(taken, def, x, row))
		}
	}
	if ok {
		return txn.Update(def, key, cur, row)
	}
	return txn.Insert(def, key, row)
}

func errTaken(taken bool, def *schema.Table, x *schema.Index, row []value.Value) error {
	if !taken {
		return nil
	}
	return IndexViolation(def, x, row)
}

func removeUnique(ctx context.Context, txn *Txn, def *schema.Table, id int64) error {
	key, cur, ok, err := lockRow(ctx, txn, def, id)
	if err != nil || !ok {
		return err
	}
	old := cur.Values(nil, testCols)
	for _, x := range def.Indexes {
		if was, had := UniqueKey(nil, x, old); had {
			if _, _, err := txn.LockUnique(ctx, def, x, was, ForUpdate, WaitBlock); err != nil {
				return err
			}
		}
	}
	return txn.Delete(def, key, cur)
}

// uniqueWork runs a transaction of random writes; with savepoints, feeds and spills among them.
func uniqueWork(ctx context.Context, db *DB, def *schema.Table, rng *rand.Rand) error {
	txn := db.Begin(TxnOptions{})
	defer txn.Rollback()
	for range 1 + rng.IntN(6) {
		var err error
		mark := txn.Savepoint()
		switch rng.IntN(6) {
		case 0:
			var rows []testRow
			for range 1 + rng.IntN(5) {
				r := randomRow(rng, int64(rng.IntN(60)))
				r.n = int64(rng.IntN(30))
				rows = append(rows, r)
			}
			err = feed(ctx, txn, def, rows)
		case 1:
			err = removeUnique(ctx, txn, def, int64(rng.IntN(60)))
		case 2:
			err = txn.spill()
		default:
			r := randomRow(rng, int64(rng.IntN(60)))
			r.n = int64(rng.IntN(30)) - 1
			err = putUnique(ctx, txn, def, r)
		}
		if err != nil && !isCode(err, sqlerr.UniqueViolation) {
			return err
		}
		if err != nil || rng.IntN(5) == 0 {
			txn.RollbackTo(mark)
		}
	}
	if rng.IntN(4) == 0 {
		return nil
	}
	return txn.Commit(ctx)
}

// TestUniqueConcurrent lets many write few values of unique indexes, and looks for values that are there twice.
func TestUniqueConcurrent(t *testing.T) {
	for _, partitions := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(partitions), func(t *testing.T) {
			ctx := context.Background()
			fs := vfs.NewMem()
			d := openTest(t, memConfig(fs, partitions))
			d.commit(func(txn *Txn) error { return txn.PutTable(uniqueTable(txn)) })
			txn := d.db.Begin(TxnOptions{})
			def := d.table(txn)
			txn.Rollback()
			for round := range uint64(4) {
				var wg sync.WaitGroup
				var crashed []*vfs.Mem // the disk as the power fails, at some moments
				wg.Go(func() {
					rng := rand.New(rand.NewPCG(round, 99))
					for range 3 {
						crashed = append(crashed, fs.CrashClone(rng))
					}
				})
				for worker := range uint64(6) {
					wg.Go(func() {
						rng := rand.New(rand.NewPCG(round, worker))
						for range 60 {
							if err := uniqueWork(ctx, d.db, def, rng); err != nil && !isCode(err, sqlerr.DeadlockDetected) {
								t.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				if err := d.db.Check(ctx); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				for _, image := range crashed {
					db, err := Open(ctx, memConfig(image, partitions))
					if err != nil {
						t.Fatalf("round %d: after a crash: %v", round, err)
					}
					if err := db.Check(ctx); err != nil {
						t.Fatalf("round %d: after a crash: %v", round, err)
					}
					db.Close()
				}
				d.db.Vacuum()
				d.close()
				d.open()
				if err := d.db.Check(ctx); err != nil {
					t.Fatalf("round %d, after a restart: %v", round, err)
				}
			}
			if d.rows() == 0 {
				t.Error("no rows are left: nothing was tested")
			}
		})
	}
}

func (d *testDB) rows() int64 {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	t, _ := v.Catalog().Table("t")
	return v.Table(t.OID).EstimateRows()
}

// TestUniqueCheckFinds is the proof that Check sees a value that is there twice.
func TestUniqueCheckFinds(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutTable(uniqueTable(txn)) })
	d.commit(func(txn *Txn) error {
		def := d.table(txn)
		return errors.Join(put(ctx, txn, def, testRow{id: 1, n: 5}), put(ctx, txn, def, testRow{id: 2, n: 5})) // without locks of values
	})
	if err := d.db.Check(ctx); err == nil {
		t.Error("two rows have the value of a unique index, and Check finds nothing")
	}
}

// TestUniquePrepared: the values of a prepared transaction are kept over a restart, those of its feeds too.
func TestUniquePrepared(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutTable(uniqueTable(txn)) })
	d.commit(func(txn *Txn) error { return putUnique(ctx, txn, d.table(txn), testRow{id: 1, n: 1}) })
	txn := d.db.Begin(TxnOptions{})
	def := d.table(txn)
	if err := errors.Join(
		putUnique(ctx, txn, def, testRow{id: 1, n: 2}),
		feed(ctx, txn, def, []testRow{{id: 2, n: 3}}),
		putUnique(ctx, txn, def, testRow{id: 3, n: 4}),
	); err != nil {
		t.Fatal(err)
	}
	if err := txn.Prepare(ctx, PrepareInfo{GID: "p"}); err != nil {
		t.Fatal(err)
	}
	d.close()
	d.open()
	for n := int64(1); n <= 4; n++ {
		other := d.db.Begin(TxnOptions{})
		def := d.table(other)
		x := def.Indexes[0]
		if err := other.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
			t.Fatal(err)
		}
		key, _ := UniqueKey(nil, x, testRow{id: 9, n: n}.values())
		if _, _, err := other.LockUnique(ctx, def, x, key, ForUpdate, WaitError); !isCode(err, sqlerr.LockNotAvailable) {
			t.Errorf("value %d of a prepared transaction: %v", n, err)
		}
		other.Rollback()
	}
	if err := d.db.CommitPrepared(ctx, "p", Finisher{Superuser: true}); err != nil {
		t.Fatal(err)
	}
	d.commit(func(txn *Txn) error { return putUnique(ctx, txn, d.table(txn), testRow{id: 4, n: 1}) })
	txn = d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	if err := putUnique(ctx, txn, d.table(txn), testRow{id: 5, n: 3}); !isCode(err, sqlerr.UniqueViolation) {
		t.Errorf("a value that the prepared transaction has committed: %v", err)
	}
	if err := d.db.Check(ctx); err != nil {
		t.Error(err)
	}
}

// TestUniqueBuild: an index over values that are there twice is refused, and nothing of it stays; its own transaction's rows count.
func TestUniqueBuild(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "t")) })
	d.commit(func(txn *Txn) error {
		def := d.table(txn)
		return errors.Join(put(ctx, txn, def, testRow{id: 1, n: 5}), put(ctx, txn, def, testRow{id: 2, n: -1}), put(ctx, txn, def, testRow{id: 3, n: -1}))
	})
	add := func(txn *Txn) error {
		def := d.table(txn)
		if err := txn.LockTable(ctx, def.OID, ShareLock); err != nil {
			return err
		}
		return txn.AddIndex(ctx, def, &schema.Index{OID: txn.NewOID(), Name: "u", Kind: schema.BTree, Unique: true,
			Columns: []schema.IndexColumn{{Num: 3}}})
	}
	txn := d.db.Begin(TxnOptions{})
	err := put(ctx, txn, d.table(txn), testRow{id: 4, n: 5})
	if err = errors.Join(err, add(txn)); !isCode(err, sqlerr.UniqueViolation) {
		t.Errorf("an index over a committed row and an own one: %v", err)
	}
	txn.Rollback()
	txn = d.db.Begin(TxnOptions{})
	if err := errors.Join(put(ctx, txn, d.table(txn), testRow{id: 4, n: 6}), add(txn)); err != nil {
		t.Fatal(err)
	}
	// The row that was there before the index was made is in it.
	if err := putUnique(ctx, txn, d.table(txn), testRow{id: 5, n: 6}); !isCode(err, sqlerr.UniqueViolation) {
		t.Errorf("a value of an own row: %v", err)
	}
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	txn = d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	if err := feed(ctx, txn, d.table(txn), []testRow{{id: 7, n: 7}, {id: 8, n: 5}}); !isCode(err, sqlerr.UniqueViolation) {
		t.Errorf("a feed with a value that is there: %v", err)
	}
}
