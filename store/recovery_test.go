package store

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// crash replaces the database by what is found after power loss, without the
// mercy of a clean shutdown.
func (d *testDB) crash() {
	d.t.Helper()
	disk := d.disk().CrashClone(rand.New(rand.NewPCG(1, 1)))
	d.db.Close() // what it writes goes to the old disk
	d.cfg.FS, d.under = disk, nil
	d.open()
	d.check()
}

// TestSecondCrashKeepsWhatCameAfterTheFirst has a feed interrupted by a crash,
// its keys written anew, and another crash: both replays begin at the same
// checkpoint, and the second must not take the feed for one that still runs.
func TestSecondCrashKeepsWhatCameAfterTheFirst(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1, n: 1}) })
	loader := d.db.Begin(TxnOptions{})
	def := d.table(loader)
	if err := feed(ctx, loader, def, []testRow{{id: 2, n: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := remove(ctx, loader, def, 1); err != nil {
		t.Fatal(err)
	}
	if err := loader.spill(); err != nil {
		t.Fatal(err)
	}
	if err := d.db.log.wal.Sync(d.db.log.wal.End()); err != nil {
		t.Fatal(err)
	}
	d.crash()
	d.commit(func(txn *Txn) error {
		def := d.table(txn)
		for id := range int64(3) {
			d.model[id] = testRow{id: id, n: 10 + id}
			if err := put(ctx, txn, def, d.model[id]); err != nil {
				return err
			}
		}
		return nil
	})
	d.verify()
	d.crash()
	d.verify()
}
