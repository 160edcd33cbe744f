package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// checkpointDuring takes a checkpoint and runs f between its moment and its writing.
func (d *testDB) checkpointDuring(fs *vfs.Fault, f func()) {
	d.t.Helper()
	ran := false
	fs.SetHook(func(op vfs.Op, path string) error {
		if op == vfs.OpCreate && strings.HasPrefix(filepath.Base(path), checkpointPrefix) && !ran {
			ran = true
			f()
		}
		return nil
	})
	defer fs.SetHook(nil)
	if err := d.db.Checkpoint(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	if !ran {
		d.t.Fatal("no checkpoint was written")
	}
}

// TestFeedEndsWhileItIsCheckpointed ends a transaction, whose feed has
// replaced and ended rows of its own and of others, after a checkpoint has
// taken its moment and before it is written.
func TestFeedEndsWhileItIsCheckpointed(t *testing.T) {
	ctx := context.Background()
	for _, commit := range []bool{false, true} {
		d, fs := openFaulty(t)
		d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), []testRow{{id: 1}, {id: 2}, {id: 3}}) })
		d.model = map[int64]testRow{1: {id: 1}, 2: {id: 2}, 3: {id: 3}}
		txn := d.db.Begin(TxnOptions{})
		def := d.table(txn)
		if err := errors.Join(
			feed(ctx, txn, def, []testRow{{id: 4}, {id: 5}, {id: 6}}),
			put(ctx, txn, def, testRow{id: 1, n: 1}), remove(ctx, txn, def, 2),
			put(ctx, txn, def, testRow{id: 4, n: 4}), remove(ctx, txn, def, 5),
			txn.spill(),
			put(ctx, txn, def, testRow{id: 4, n: 5}), // of the spill
		); err != nil {
			t.Fatal(err)
		}
		d.checkpointDuring(fs, func() {
			if !commit {
				txn.Rollback()
			} else if err := txn.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			d.db.Vacuum()
		})
		if commit {
			d.model = map[int64]testRow{1: {id: 1, n: 1}, 3: {id: 3}, 4: {id: 4, n: 5}, 6: {id: 6}}
		}
		d.verifyCount()
		d.crash()
		rep, err := CheckDir(ctx, d.disk().Clone(), d.cfg.Dir, nil)
		if err != nil || rep.Rows != int64(len(d.model)) {
			t.Fatalf("check finds %d rows, not %d: %v", rep.Rows, len(d.model), err)
		}
		d.verifyCount()
	}
}

// TestTableChangesWhileItIsCheckpointed alters a table that a transaction has
// made, between the moment of a checkpoint and its writing.
func TestTableChangesWhileItIsCheckpointed(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	txn := d.db.Begin(TxnOptions{})
	def := d.truncated(txn)
	if err := feed(ctx, txn, def, []testRow{{id: 1}}); err != nil {
		t.Fatal(err)
	}
	d.checkpointDuring(fs, func() {
		if err := feed(ctx, txn, def, []testRow{{id: 2}}); err != nil {
			t.Fatal(err)
		}
		def = addColumn(def)
		if err := txn.PutTable(def); err != nil {
			t.Fatal(err)
		}
	})
	if err := errors.Join(feed(ctx, txn, def, []testRow{{id: 3}}), txn.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	d.model = map[int64]testRow{1: {id: 1}, 2: {id: 2}, 3: {id: 3}}
	d.verify()
	d.crash()
	d.verify()
}
