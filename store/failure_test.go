package store

import (
	"context"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
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
