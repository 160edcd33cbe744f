package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestTransfersConserveMoney moves money between rows from many goroutines
// while others add it all up, feed, vacuum and checkpoint.
func TestTransfersConserveMoney(t *testing.T) {
	const accounts, start = 50, 1000
	ctx := context.Background()
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.MaintenanceInterval = time.Millisecond
	d := openTest(t, cfg)
	d.create()
	d.commit(func(txn *Txn) error {
		var rows []testRow
		for id := range int64(accounts) {
			rows = append(rows, testRow{id: id, price: start})
		}
		return feed(ctx, txn, d.table(txn), rows)
	})
	var (
		wg, readers sync.WaitGroup
		stop        atomic.Bool
	)
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 3))
			for range 300 {
				if err := transfer(ctx, d, rng, accounts); err != nil && !isCode(err, sqlerr.DeadlockDetected) {
					t.Error(err)
					return
				}
			}
		})
	}
	readers.Go(func() {
		for !stop.Load() {
			if got := total(d); got != accounts*start {
				t.Errorf("the total is %d, not %d", got, accounts*start)
				return
			}
		}
	})
	readers.Go(func() {
		for id := int64(1000); !stop.Load(); id += 10 {
			txn := d.db.Begin(TxnOptions{})
			var rows []testRow
			for i := range int64(10) {
				rows = append(rows, testRow{id: id + i, town: "Paris", tags: []string{"a"}})
			}
			if err := feed(ctx, txn, d.table(txn), rows); err != nil {
				t.Error(err)
			}
			if id%20 == 0 {
				txn.Rollback()
			} else if err := txn.Commit(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	readers.Go(func() {
		for !stop.Load() {
			if err := d.db.Checkpoint(ctx); err != nil {
				t.Error(err)
			}
			d.db.Vacuum()
		}
	})
	wg.Wait()
	stop.Store(true)
	readers.Wait()
	d.reopen()
	if got := total(d); got != accounts*start {
		t.Fatalf("after a restart the total is %d, not %d", got, accounts*start)
	}
}

// TestLockComesWithItsHoldersRow has many commit to one row: who gets its lock sees, in a snapshot of that moment, the row
// that the last holder has committed, and no other.
func TestLockComesWithItsHoldersRow(t *testing.T) {
	const writers, commits = 8, 100
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
	increment := func() error {
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		def := d.table(txn)
		key, cur, _, err := lockRow(ctx, txn, def, 1)
		if err != nil {
			return err
		}
		n := cur.Values(nil, []int16{3})[0].Int()
		v := txn.View()
		seen, ok := v.Table(def.OID).Get(nil, key, []int16{3})
		v.Close()
		if !ok || seen[0].Int() != n {
			return fmt.Errorf("under the lock the row has %d, and the snapshot shows %v", n, seen)
		}
		if err := txn.Update(def, key, cur, testRow{id: 1, n: n + 1}.values()); err != nil {
			return err
		}
		return txn.Commit(ctx)
	}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range commits {
				if err := increment(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	_, cur, _, err := lockRow(ctx, txn, d.table(txn), 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := cur.Values(nil, []int16{3})[0].Int(); n != writers*commits {
		t.Fatalf("%d commits have counted to %d", writers*commits, n)
	}
}

func transfer(ctx context.Context, d *testDB, rng *rand.Rand, accounts int) error {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	def := d.table(txn)
	from, to := int64(rng.IntN(accounts)), int64(rng.IntN(accounts))
	if from == to {
		return nil
	}
	amount := int64(rng.IntN(100))
	for _, leg := range []struct{ id, change int64 }{{from, -amount}, {to, amount}} {
		key, cur, ok, err := lockRow(ctx, txn, def, leg.id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("account %d is gone", leg.id)
		}
		vals := cur.Values(nil, testCols)
		cents, _ := value.UnpackNumeric(vals[4].Int())
		word, _ := value.PackNumeric(cents+leg.change, 2)
		vals[4] = value.NewNumericWord(word, "")
		if err := txn.Update(def, key, cur, vals); err != nil {
			return err
		}
	}
	if rng.IntN(10) == 0 {
		return nil
	}
	return txn.Commit(ctx)
}

func total(d *testDB) int64 {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	def, _ := v.Catalog().Table("t")
	tv, sum := v.Table(def.OID), int64(0)
	var b column.Batch
	for i := range tv.Parts() {
		for s := tv.Part(i).Scan(nil, []int16{5}); s.Next(&b); {
			for j := range b.N {
				cents, _ := value.UnpackNumeric(b.Vecs[0].Value(j).Int())
				sum += cents
			}
		}
	}
	return sum
}

// TestDeadlockHasOneVictim lets two transactions lock two keys crosswise.
func TestDeadlockHasOneVictim(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	a, b := d.db.Begin(TxnOptions{}), d.db.Begin(TxnOptions{})
	def := d.table(a)
	for _, l := range []struct {
		txn *Txn
		id  int64
	}{{a, 1}, {b, 2}} {
		if err := put(ctx, l.txn, def, testRow{id: l.id}); err != nil {
			t.Fatal(err)
		}
	}
	errs := make(chan error, 2)
	finish := func(txn *Txn, id int64) {
		err := put(ctx, txn, def, testRow{id: id})
		if err == nil {
			err = txn.Commit(ctx)
		}
		txn.Rollback()
		errs <- err
	}
	go finish(a, 2)
	go finish(b, 1)
	first, second := <-errs, <-errs
	if (first == nil) == (second == nil) || !isCode(first, sqlerr.DeadlockDetected) && !isCode(second, sqlerr.DeadlockDetected) {
		t.Fatalf("of two one must be the victim: %v, %v", first, second)
	}
}

// TestWriterWaitsForAFeed sees that a key in an uncommitted feed is waited for.
func TestWriterWaitsForAFeed(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	loader := d.db.Begin(TxnOptions{})
	def := d.table(loader)
	if err := feed(ctx, loader, def, []testRow{{id: 1, n: 1}}); err != nil {
		t.Fatal(err)
	}
	late := d.db.Begin(TxnOptions{})
	late.LockTimeout = time.Millisecond
	if err := put(ctx, late, def, testRow{id: 1}); !isCode(err, sqlerr.LockNotAvailable) {
		t.Fatalf("got %v", err)
	}
	late.Rollback()
	done := make(chan error, 1)
	go func() {
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		err := put(ctx, txn, def, testRow{id: 1, n: 2})
		if err == nil {
			err = txn.Commit(ctx)
		}
		done <- err
	}()
	if err := loader.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.model[1] = testRow{id: 1, n: 2}
	d.verify()
	d.check()
}
