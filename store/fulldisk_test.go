package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// wantDiskFull says that an error is 53100 with a hint that says what helps.
func wantDiskFull(t *testing.T, err error, hint string) {
	t.Helper()
	if e := sqlerr.As(err); e == nil || e.Code != sqlerr.DiskFull || !strings.Contains(e.Hint, hint) {
		t.Fatalf("on a full disk: %v, want 53100 and a hint with %q", err, hint)
	}
}

// wantWriteState compares what the database says of itself.
func (d *testDB) wantWriteState(problem, lasting bool) {
	d.t.Helper()
	if err, last := d.db.WriteState(); (err != nil) != problem || last != lasting {
		d.t.Fatalf("the database says %v, lasting %v", err, last)
	}
}

// goesOn commits a row without a restart, and finds everything after a loss of power.
func (d *testDB) goesOn() {
	d.t.Helper()
	d.model[0] = testRow{id: 0, n: 1}
	d.commit(func(txn *Txn) error { return put(context.Background(), txn, d.table(txn), d.model[0]) })
	d.wantWriteState(false, false)
	d.verify()
	d.crash()
	d.verifyCount()
}

// bulky returns rows of about 1 kB.
func bulky(from, n int64) (rows []testRow) {
	for id := from; id < from+n; id++ {
		rows = append(rows, testRow{id: id, town: strings.Repeat(string(rune('a'+id%26)), 1000), n: id})
	}
	return rows
}

// TestFullDiskDuringAFeed runs out of space in the middle of a COPY: its statement fails, nothing of it
// stays, and the next one succeeds when there is space.
func TestFullDiskDuringAFeed(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1, n: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	other := d.db.Begin(TxnOptions{}) // whose feed stays pending meanwhile
	if err := feed(ctx, other, d.table(other), []testRow{{id: 2}}); err != nil {
		t.Fatal(err)
	}
	fs.SetSpace(100 << 10)
	txn := d.db.Begin(TxnOptions{})
	wantDiskFull(t, feed(ctx, txn, d.table(txn), distinctRows(100, 20000)), "accepts writes again when there is space")
	d.wantWriteState(true, false)
	d.verify()
	txn.Rollback()
	d.verify()
	fs.SetSpace(-1)
	if err := other.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	d.model[2] = testRow{id: 2}
	rows := distinctRows(100, 2000)
	d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), rows) })
	for _, r := range rows {
		d.model[r.id] = r
	}
	d.goesOn()
}

// distinctRows returns rows that do not compress well.
func distinctRows(from, n int64) (rows []testRow) {
	x := uint64(1)
	for id := from; id < from+n; id++ {
		var town strings.Builder
		for range 6 {
			x = x*6364136223846793005 + 1442695040888963407
			for s := 0; s < 64; s += 7 {
				town.WriteByte(byte(' ' + x>>s&63))
			}
		}
		rows = append(rows, testRow{id: id, town: town.String()})
	}
	return rows
}

// TestFullDiskAtTheCommitOfAFeed has room for a feed's rows and not for its commit: it is
// rolled back as a whole.
func TestFullDiskAtTheCommitOfAFeed(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	loader := d.db.Begin(TxnOptions{})
	if err := feed(ctx, loader, d.table(loader), bulky(1, 10)); err != nil {
		t.Fatal(err)
	}
	d.fillDisk(fs)
	wantDiskFull(t, loader.Commit(ctx), "accepts writes again when there is space")
	d.verify()
	d.db.Vacuum()
	d.verify()
	fs.SetSpace(-1)
	d.goesOn()
}

// TestNoSpaceForASegment fails what it takes to make the next segment.
func TestNoSpaceForASegment(t *testing.T) {
	ctx := context.Background()
	for _, failed := range []vfs.Op{vfs.OpCreate, vfs.OpPreallocate} {
		d, fs := openFaulty(t)
		fs.SetHook(func(op vfs.Op, path string) error {
			if op == failed && filepath.Base(filepath.Dir(path)) == "wal" {
				return syscall.ENOSPC
			}
			return nil
		})
		var err error
		for id := int64(1); err == nil && id < 1000; id++ {
			txn := d.db.Begin(TxnOptions{})
			r := bulky(id, 1)[0]
			if err := put(ctx, txn, d.table(txn), r); err != nil {
				t.Fatal(err)
			}
			if err = txn.Commit(ctx); err == nil {
				d.model[id] = r
			}
		}
		wantDiskFull(t, err, "accepts writes again when there is space")
		d.wantWriteState(true, false)
		d.verify()
		fs.SetHook(nil)
		d.goesOn()
	}
}

// TestFullDiskDuringACheckpoint runs out of space at each operation of a checkpoint: the last
// one and the log stay, the half one goes, commits go on, and the next one succeeds.
func TestFullDiskDuringACheckpoint(t *testing.T) {
	ctx := context.Background()
	for n := 1; ; n++ {
		d, fs := openFaulty(t)
		rows := bulky(1, 50)
		d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), rows) })
		for _, r := range rows {
			d.model[r.id] = r
		}
		count, failed := 0, vfs.Op("")
		fs.SetHook(func(op vfs.Op, path string) error {
			if !strings.HasPrefix(filepath.Base(path), checkpointPrefix) || op == vfs.OpRemove || op == vfs.OpStat {
				return nil
			}
			if count++; count == n {
				failed = op
				return syscall.ENOSPC
			}
			return nil
		})
		err := d.db.Checkpoint(ctx)
		if failed == "" {
			if err != nil || n < 4 {
				t.Fatalf("after %d operations: %v", count, err)
			}
			return
		}
		wantDiskFull(t, err, "Nothing is lost")
		d.wantWriteState(false, false)
		names, _ := d.disk().List("data")
		if len(names) != 3 { // the last checkpoint, LOCK, wal
			t.Fatalf("after %s failed there are %v", failed, names)
		}
		d.model[60] = testRow{id: 60}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[60]) })
		d.verify()
		d.crash()
		d.verify()
		if err := d.db.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
		d.goesOn()
	}
}

// TestFailedSyncOfACheckpoint: it is no checkpoint, its file is not tried again, and the log is as well as before.
func TestFailedSyncOfACheckpoint(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	synced, created := 0, 0
	fs.SetHook(func(op vfs.Op, path string) error {
		if !strings.HasSuffix(path, checkpointTemp) {
			return nil
		}
		if op == vfs.OpCreate {
			created++
		}
		if op == vfs.OpSync {
			if synced++; synced == 1 {
				return syscall.EIO
			}
		}
		return nil
	})
	if err := d.db.Checkpoint(ctx); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	if synced != 1 || created != 1 {
		t.Fatalf("%d syncs of %d files", synced, created)
	}
	if err := d.db.Checkpoint(ctx); err != nil || created != 2 {
		t.Fatalf("%v, %d files", err, created)
	}
	d.goesOn()
}

// TestNoSpaceInsideASegment writes to a file system that has not kept what it reserved: as after a failed sync,
// nobody knows what is in the file, so the log ends until a restart.
func TestNoSpaceInsideASegment(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	fs.SetHook(vfs.FailNth(vfs.OpWrite, 1, &vfs.ShortWrite{Bytes: 20, Err: syscall.ENOSPC}))
	for range 2 {
		txn := d.db.Begin(TxnOptions{})
		if err := put(ctx, txn, d.table(txn), testRow{id: 2}); err != nil {
			t.Fatal(err)
		}
		wantDiskFull(t, txn.Commit(ctx), "until there is space and it is restarted")
		d.wantWriteState(true, true)
		d.verify()
	}
	d.crash()
	if d.row(2).n == -1 {
		d.model[2] = testRow{id: 2, n: -1} // it was in doubt
	}
	d.verify()
	d.goesOn()
}
