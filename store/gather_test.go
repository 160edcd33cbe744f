package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestCommittersShareSyncs has clients that commit a row, do something else for a fifth of a sync's time, and commit
// again. All are to share each sync, where without a moment's patience of the leader two groups would take turns. One
// client waits for nobody; and when clients go the others wait for them a few times only.
func TestCommittersShareSyncs(t *testing.T) {
	const (
		syncTime = 2 * time.Millisecond
		think    = 400 * time.Microsecond
		rounds   = 60
	)
	for _, clients := range []int{1, 2, 8, 64} {
		t.Run(fmt.Sprint(clients), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				d, fs := openFaulty(t)
				var syncs atomic.Int64
				fs.SetHook(func(op vfs.Op, _ string) error {
					if op == vfs.OpSync {
						syncs.Add(1)
						time.Sleep(syncTime)
					}
					return nil
				})
				run := func(clients, rounds int, skew time.Duration) (int64, time.Duration) {
					start, before := time.Now(), syncs.Load()
					var wg sync.WaitGroup
					for c := range clients {
						wg.Go(func() {
							time.Sleep(time.Duration(c) * skew)
							for n := range rounds {
								txn := d.db.Begin(TxnOptions{})
								err := put(ctx, txn, d.table(txn), testRow{id: int64(c), n: int64(n)})
								if err == nil {
									err = txn.Commit(ctx)
								}
								if err != nil {
									t.Error(err)
								}
								time.Sleep(think)
							}
						})
					}
					wg.Wait()
					return syncs.Load() - before, time.Since(start)
				}
				n, took := run(clients, rounds, syncTime/7)
				if n > rounds*3/2 {
					t.Errorf("%d clients with %d commits each took %d syncs", clients, rounds, n)
				}
				if worst := rounds * (syncTime + think) * 7 / 5; took > worst {
					t.Errorf("they took %v, more than %v", took, worst)
				}
				// One alone, when the others have gone.
				if n, took = run(1, rounds, 0); took > rounds*(syncTime+think)+crowdGroups*syncTime {
					t.Errorf("one client alone took %v for %d commits and %d syncs", took, rounds, n)
				}
				d.db.Close()
			})
		})
	}
}
