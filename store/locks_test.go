package store

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
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

// TestFeedIsVisibleToThoseItWakes sees that who waited for a feed's end can
// read it at once: its rows are published before anybody is woken.
func TestFeedIsVisibleToThoseItWakes(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	loader := d.db.Begin(TxnOptions{})
	def := d.table(loader)
	if err := feed(ctx, loader, def, []testRow{{id: 1}}); err != nil {
		t.Fatal(err)
	}
	// One group: the loader's commit, and a record whose turn lasts.
	syncing, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fs.SetHook(func(op vfs.Op, _ string) error {
		if op == vfs.OpSync {
			once.Do(func() { close(syncing); <-goOn })
		}
		return nil
	})
	var wg sync.WaitGroup
	queued := func(n int, f func() error) {
		wg.Go(func() {
			if err := f(); err != nil {
				t.Error(err)
			}
		})
		for queue := -1; queue < n; runtime.Gosched() {
			d.db.log.mu.Lock()
			queue = len(d.db.log.queue)
			d.db.log.mu.Unlock()
		}
	}
	first := d.db.Begin(TxnOptions{})
	if err := put(ctx, first, def, testRow{id: 9}); err != nil {
		t.Fatal(err)
	}
	queued(0, func() error { return first.Commit(ctx) })
	<-syncing
	var woken atomic.Bool
	queued(1, func() error { return loader.Commit(ctx) })
	queued(2, func() error {
		return d.db.log.Propose(&proposal{
			kind: recordFeedEnd, payload: appendFeedEnd(appendHeader(nil, 0), 1<<40), done: make(chan struct{}, 1),
			apply: func(uint64) error {
				for range 1000 {
					if runtime.Gosched(); woken.Load() {
						break
					}
				}
				return nil
			},
		})
	})
	waiting := make(chan error)
	late := d.db.Begin(TxnOptions{})
	go func() {
		defer late.Rollback()
		_, _, ok, err := lockRow(ctx, late, def, 1)
		found := d.row(1)
		woken.Store(true)
		if !ok || found.n == -2 {
			err = fmt.Errorf("the row is there: %v, and seen: %v, %v", ok, found, err)
		}
		waiting <- err
	}()
	for late.locker.waiting.Load() == nil {
		runtime.Gosched()
	}
	close(goOn)
	if err := <-waiting; err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	d.model = map[int64]testRow{1: {id: 1}, 9: {id: 9}}
	d.verify()
}
