package store

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// TestVacuumOfAHotKey unlinks thousands of versions of one key that a snapshot
// has kept: their chain is not walked for each.
func TestVacuumOfAHotKey(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	write := func(n int64) {
		d.model[1] = testRow{id: 1, n: n}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	}
	write(0)
	held := d.db.Begin(TxnOptions{})
	view := held.View()
	for n := range int64(20000) {
		write(n % 50)
	}
	verifyView(t, view, map[int64]testRow{1: {id: 1}})
	view.Close()
	held.Rollback()
	began := time.Now()
	d.verifyCount()
	if took := time.Since(began); took > 3*time.Second { // 20 ms; walking it each time, 10 s and more
		t.Fatalf("vacuum took %v", took)
	}
}

// TestFeedsUseFreeSlots loads and deletes in turn: memory does not grow.
func TestFeedsUseFreeSlots(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	const rows = 500
	rng := rand.New(rand.NewPCG(3, 3))
	for range 12 {
		d.commit(func(txn *Txn) error {
			var batch []testRow
			for _, id := range rng.Perm(10 * rows)[:rows] {
				if _, there := d.model[int64(id)]; !there {
					batch = append(batch, randomRow(rng, int64(id)))
					d.model[int64(id)] = batch[len(batch)-1]
				}
			}
			return feed(ctx, txn, d.table(txn), batch)
		})
		d.verify()
		d.commit(func(txn *Txn) error {
			for id := range d.model {
				if rng.IntN(10) > 0 {
					if err := remove(ctx, txn, d.table(txn), id); err != nil {
						return err
					}
					delete(d.model, id)
				}
			}
			return nil
		})
		d.verifyCount()
	}
	slots := uint32(0)
	for _, p := range d.db.everyCollection()[0].parts {
		slots += p.rows
	}
	if slots > 3*rows {
		t.Fatalf("%d slots for at most about %d rows", slots, rows)
	}
}
