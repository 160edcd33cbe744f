package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestPreparedUnderLoad moves amounts between rows by prepared transactions, which others end, among plain writers, checkpoints
// and vacuum: the sum stays at every moment, and after a crash.
func TestPreparedUnderLoad(t *testing.T) {
	const rows, movers, moves, each = 20, 4, 150, 1000
	ctx := context.Background()
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.MaintenanceInterval = time.Millisecond
	d := openTest(t, cfg)
	d.create()
	d.commit(func(txn *Txn) error {
		def := d.table(txn)
		for id := range int64(rows) {
			if err := put(ctx, txn, def, testRow{id: id, n: each}); err != nil {
				return err
			}
		}
		return nil
	})
	sum := func() (total int64) {
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		v := txn.View()
		defer v.Close()
		def, _ := v.Catalog().Table("t")
		for i := range v.Table(def.OID).Parts() {
			for _, r := range readScan(v.Table(def.OID).Part(i).Scan(nil, testCols)) {
				total += r.n
			}
		}
		return total
	}
	// change adds to a row.
	change := func(txn *Txn, id, by int64) error {
		def := d.table(txn)
		key, cur, ok, err := lockRow(ctx, txn, def, id)
		if err != nil || !ok {
			return errors.Join(err, errors.New("a row is not there"))
		}
		vals := cur.Values(nil, testCols)
		r := testRow{id: id, n: vals[2].Int() + by}
		return txn.Update(def, key, cur, r.values())
	}
	var conflicts atomic.Int64
	move := func(rng *rand.Rand, end func(*Txn) error) {
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		from, to, by := rng.Int64N(rows), rng.Int64N(rows), rng.Int64N(5)
		err := errors.Join(change(txn, from, -by), change(txn, to, by))
		if err == nil && rng.IntN(3) == 0 {
			err = txn.spill()
		}
		if err == nil {
			err = end(txn)
		}
		switch {
		case isCode(err, sqlerr.DeadlockDetected):
			conflicts.Add(1)
		case err != nil:
			t.Error(err)
		}
	}
	turns := make(chan int)
	ends := make(chan string, movers) // to whoever ends them: no mover waits for its own
	var work, background sync.WaitGroup
	for m := range movers {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(m), 5))
			for i := range moves {
				select {
				case turns <- i:
				default: // it is busy
				}
				if rng.IntN(3) == 0 {
					move(rng, func(txn *Txn) error { return txn.Commit(ctx) })
					continue
				}
				gid := fmt.Sprint(m, "-", i)
				move(rng, func(txn *Txn) error {
					err := txn.Prepare(ctx, prepareAs(gid))
					if err == nil {
						ends <- gid
					}
					return err
				})
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for gid := range ends {
			if err := d.finish(gid, len(gid)%3 > 0); err != nil {
				t.Error(err)
			}
		}
	}()
	background.Go(func() {
		for i := range turns {
			var err error
			switch i % 3 {
			case 0:
				err = d.db.Checkpoint(ctx)
			case 1:
				err = d.db.Check(ctx)
			default:
				if s := sum(); s != rows*each {
					err = fmt.Errorf("the sum is %d", s)
				}
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	work.Wait()
	close(ends)
	<-ended
	close(turns)
	background.Wait()
	if s, left := sum(), d.gids(); s != rows*each || left != nil {
		t.Errorf("the sum is %d, prepared are %q", s, left)
	}
	d.crash()
	if s := sum(); s != rows*each {
		t.Errorf("after a crash the sum is %d", s)
	}
	t.Logf("%d deadlocks", conflicts.Load())
}
