package store

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// waiters returns how many wait for a lock.
func (lt *lockTable) waiters() int {
	n := 0
	for i := range lt.shards {
		s := &lt.shards[i]
		s.mu.Lock()
		for _, l := range s.locks {
			n += len(l.queue)
		}
		s.mu.Unlock()
	}
	return n
}

// TestManyWaitForOneKey queues sessions at a hot key: the search for circles
// must not visit every path through the queue.
func TestManyWaitForOneKey(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
	first := d.db.Begin(TxnOptions{})
	def := d.table(first)
	if err := put(ctx, first, def, testRow{id: 1}); err != nil {
		t.Fatal(err)
	}
	const sessions = 200
	var wg sync.WaitGroup
	for range sessions {
		wg.Go(func() {
			txn := d.db.Begin(TxnOptions{})
			defer txn.Rollback()
			key, cur, _, err := lockRow(ctx, txn, def, 1)
			if err == nil {
				r := testRow{id: 1, n: cur.Values(nil, []int16{3})[0].Int() + 1}
				err = txn.Update(def, key, cur, r.values())
			}
			if err == nil {
				err = txn.Commit(ctx)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	for d.db.locks.waiters() < sessions {
		runtime.Gosched()
	}
	if err := first.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	d.model[1] = testRow{id: 1, n: sessions}
	d.verify()
}

// TestFeederUpdatesARowThatOthersWaitFor sees that who waits for a feed does
// not stand in the way of its transaction.
func TestFeederUpdatesARowThatOthersWaitFor(t *testing.T) {
	for name, wait := range map[string]func(context.Context, *testDB, *Txn, testRow) error{
		"put": func(ctx context.Context, d *testDB, txn *Txn, r testRow) error {
			return put(ctx, txn, d.table(txn), r)
		},
		"feed": func(ctx context.Context, d *testDB, txn *Txn, r testRow) error {
			if err := feed(ctx, txn, d.table(txn), []testRow{{id: 0}, r}); !isCode(err, sqlerr.UniqueViolation) {
				return err
			}
			txn.Rollback()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
				d.create()
				loader := d.db.Begin(TxnOptions{})
				def := d.table(loader)
				if err := feed(ctx, loader, def, []testRow{{id: 1}, {id: 2}}); err != nil {
					t.Fatal(err)
				}
				done := make(chan error)
				go func() {
					txn := d.db.Begin(TxnOptions{})
					defer txn.Rollback()
					err := wait(ctx, d, txn, testRow{id: 1, n: 1})
					if err == nil {
						err = txn.Commit(ctx)
					}
					done <- err
				}()
				synctest.Wait()
				if err := put(ctx, loader, def, testRow{id: 1, n: 2}); err != nil {
					t.Fatalf("the feed's own transaction: %v", err)
				}
				if err := loader.Commit(ctx); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != nil {
					t.Fatalf("who waited for it: %v", err)
				}
				d.model = map[int64]testRow{1: {id: 1, n: 2}, 2: {id: 2}}
				if name == "put" {
					d.model[1] = testRow{id: 1, n: 1}
				}
				d.verify()
				d.db.Close()
			})
		})
	}
}
