package store

import (
	"context"
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
