package store

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// openFaulty opens a database on a disk that fails on demand.
func openFaulty(t *testing.T) (*testDB, *vfs.Fault) {
	t.Helper()
	mem := vfs.NewMem()
	fs := vfs.NewFault(mem)
	d := openTest(t, memConfig(fs, 2))
	d.under = mem
	d.create()
	return d, fs
}

// fillDisk commits rows until the log has not room for the smallest record.
func (d *testDB) fillDisk(fs *vfs.Fault) {
	d.t.Helper()
	ctx := context.Background()
	fs.SetSpace(0)
	for id := int64(1000); ; id++ {
		txn := d.db.Begin(TxnOptions{})
		r := testRow{id: id, town: strings.Repeat("x", 4000)}
		if err := put(ctx, txn, d.table(txn), r); err != nil {
			d.t.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			if !isCode(err, sqlerr.DiskFull) {
				d.t.Fatalf("a commit without space gives %v", err)
			}
			break
		}
		d.model[id] = r
	}
	for end := d.db.log.wal.End() - 1; end != d.db.log.wal.End(); {
		end = d.db.log.wal.End()
		txn := d.db.Begin(TxnOptions{})
		if err := feed(ctx, txn, d.table(txn), nil); err != nil {
			d.t.Fatal(err)
		}
		txn.Rollback()
	}
}

// TestRollbackWithoutSpace gives up a feed while the disk is full: its keys are
// free at once, and what others write there later survives a crash.
func TestRollbackWithoutSpace(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	loader := d.db.Begin(TxnOptions{})
	if err := feed(ctx, loader, d.table(loader), []testRow{{id: 1, n: 1}, {id: 2, n: 1}}); err != nil {
		t.Fatal(err)
	}
	d.fillDisk(fs)
	loader.Rollback()
	d.verify()
	d.db.Vacuum()
	d.check()
	d.verify()
	fs.SetSpace(-1)
	d.model[1] = testRow{id: 1, n: 2}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	d.verify()
	d.crash()
	d.verify()
}

// TestFailedSync lets a sync of the log fail: the commit hears of it, so does
// every later writer, readers go on with what was acknowledged, and a restart
// finds that and perhaps what was not known.
func TestFailedSync(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1, n: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	loader := d.db.Begin(TxnOptions{})
	if err := feed(ctx, loader, d.table(loader), []testRow{{id: 5}}); err != nil {
		t.Fatal(err)
	}
	held := d.db.Begin(TxnOptions{})
	view := held.View()
	fs.SetHook(vfs.FailNth(vfs.OpSync, 1, syscall.EIO))
	for i, id := range []int64{1, 2, 3} {
		txn := d.db.Begin(TxnOptions{AsyncCommit: i == 2})
		if err := put(ctx, txn, d.table(txn), testRow{id: id, n: 7}); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(ctx); !isCode(err, sqlerr.IOError) {
			t.Fatalf("write %d after a failed sync gives %v", i, err)
		}
		d.wantWriteState(true, true)
		d.verify()
	}
	loader.Rollback()
	txn := d.db.Begin(TxnOptions{})
	if err := feed(ctx, txn, d.table(txn), []testRow{{id: 5}}); !isCode(err, sqlerr.IOError) {
		t.Fatalf("a feed after a failed sync gives %v", err)
	}
	txn.Rollback()
	txn = d.db.Begin(TxnOptions{})
	if err := txn.PutTable(testTable(txn, "other")); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(ctx); !isCode(err, sqlerr.IOError) {
		t.Fatalf("DDL after a failed sync gives %v", err)
	}
	if err := d.db.Checkpoint(ctx); err != nil && !isCode(err, sqlerr.IOError) {
		t.Fatalf("a checkpoint after a failed sync gives %v", err)
	}
	d.db.Vacuum()
	d.check()
	d.verify()
	verifyView(t, view, d.model)
	view.Close()
	held.Rollback()
	if n := d.db.locks.entries(); n != 0 {
		t.Fatalf("%d locks are left", n)
	}
	d.crash()
	d.wantWriteState(false, false)
	if first := (testRow{id: 1, n: 7}); d.row(1).n == 7 {
		d.model[1] = first // it was in doubt
	}
	d.verify()
	d.model[2] = testRow{id: 2, n: 9}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[2]) })
	d.verify()
}

// TestFailedSyncOfAsynchronousCommits loses the log in the background.
func TestFailedSyncOfAsynchronousCommits(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	txn := d.db.Begin(TxnOptions{AsyncCommit: true})
	d.model[1] = testRow{id: 1}
	if err := put(ctx, txn, d.table(txn), d.model[1]); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	fs.SetHook(vfs.FailNth(vfs.OpSync, 1, syscall.EIO))
	d.db.log.idle()
	txn = d.db.Begin(TxnOptions{AsyncCommit: true})
	if err := put(ctx, txn, d.table(txn), testRow{id: 2}); err != nil {
		t.Fatal(err)
	}
	if err := txn.Commit(ctx); !isCode(err, sqlerr.IOError) {
		t.Fatalf("a commit after the log was lost gives %v", err)
	}
	d.verify()
	d.check()
}

// row reads one row; its n is -2 when there is none.
func (d *testDB) row(id int64) testRow {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	def, _ := v.Catalog().Table("t")
	vals, ok := v.Table(def.OID).Get(nil, value.AppendKey(nil, value.NewInt(value.Int8, id)), []int16{3})
	if !ok {
		return testRow{id: id, n: -2}
	}
	return testRow{id: id, n: vals[0].Int()}
}

// entries returns how many locks are held or waited for.
func (lt *lockTable) entries() int {
	n := 0
	for i := range lt.shards {
		s := &lt.shards[i]
		s.mu.Lock()
		n += len(s.locks)
		s.mu.Unlock()
	}
	return n
}

// TestCancelledWaits cancels statements that wait for a lock, for a feed and in
// the middle of one: nothing is held afterwards, and those behind go on.
func TestCancelledWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		d := openTest(t, memConfig(vfs.NewMem(), 2))
		d.create()
		reason := errors.New("cancelled by a test")
		for _, fed := range []bool{false, true} {
			owner := d.db.Begin(TxnOptions{})
			def := d.table(owner)
			var err error
			if fed {
				err = feed(ctx, owner, def, []testRow{{id: 1}})
			} else {
				err = put(ctx, owner, def, testRow{id: 1})
			}
			if err != nil {
				t.Fatal(err)
			}
			waiting, cancel := context.WithCancelCause(ctx)
			errs := make(chan error)
			for i := range 4 {
				go func() {
					ctx := waiting
					if i == 3 {
						ctx = context.Background()
					}
					txn := d.db.Begin(TxnOptions{})
					defer txn.Rollback()
					if i%2 == 0 {
						errs <- feed(ctx, txn, def, []testRow{{id: 3}, {id: 1}, {id: 2}})
					} else {
						errs <- put(ctx, txn, def, testRow{id: 1})
					}
				}()
				synctest.Wait()
			}
			cancel(reason)
			for range 3 {
				if err := <-errs; !errors.Is(err, reason) {
					t.Errorf("a wait that was cancelled gives %v", err)
				}
			}
			synctest.Wait()
			owner.Rollback()
			if err := <-errs; err != nil {
				t.Errorf("who was not cancelled: %v", err)
			}
			synctest.Wait()
			if n := d.db.locks.entries(); n != 0 {
				t.Errorf("%d locks are left", n)
			}
			d.check()
			d.verify()
		}
		d.db.Close()
	})
}
