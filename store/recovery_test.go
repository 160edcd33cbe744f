package store

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
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

// TestClockBeforeTheEpoch runs with a clock that says 1970, then one that goes
// backwards over a restart: timestamps grow all the same.
func TestClockBeforeTheEpoch(t *testing.T) {
	ctx := context.Background()
	now := int64(-946684800 * 1000000)
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.Clock = func() int64 { return now }
	d := openTest(t, cfg)
	d.create()
	last := uint64(0)
	write := func(id int64) {
		t.Helper()
		held := d.db.Begin(TxnOptions{})
		before, model := held.View(), maps.Clone(d.model)
		d.model[id] = testRow{id: id, n: id}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
		d.verify()
		verifyView(t, before, model)
		if before.Timestamp() < last {
			t.Fatalf("timestamp %d after %d", before.Timestamp(), last)
		}
		last = before.Timestamp()
		before.Close()
		held.Rollback()
	}
	write(1)
	d.crash()
	d.verify()
	now = 1 << 40
	write(2)
	loader := d.db.Begin(TxnOptions{})
	now++
	if err := feed(ctx, loader, d.table(loader), []testRow{{id: 3}}); err != nil {
		t.Fatal(err)
	}
	v := loader.View()
	last = v.Timestamp()
	v.Close()
	if err := d.db.log.wal.Sync(d.db.log.wal.End()); err != nil {
		t.Fatal(err)
	}
	now = 5
	d.crash()
	write(4)
	d.crash()
	d.verify()
}

// TestFirstSnapshotOfAll opens a view before the first commit, with a clock at
// the epoch.
func TestFirstSnapshotOfAll(t *testing.T) {
	for _, cfg := range []Config{{Partitions: 2}, memConfig(vfs.NewMem(), 2)} {
		cfg.MaintenanceInterval = time.Hour
		cfg.Clock = func() int64 { return 0 }
		d := openTest(t, cfg)
		txn := d.db.Begin(TxnOptions{})
		v := txn.View()
		d.create()
		if _, ok := v.Catalog().Table("t"); ok || v.Timestamp() >= d.db.published.Load().timestamp {
			t.Fatal("a commit has the timestamp of a snapshot before it")
		}
		v.Close()
		txn.Rollback()
	}
}

// TestRejectedRecordsAreRejectedAgain puts records into the log whose
// conditions are false or whose additions overflow: they have no effect, whatever
// else they carry, then and after a restart.
func TestRejectedRecordsAreRejectedAgain(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	d.model[1] = testRow{id: 1, n: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	operation := func(def *schema.Table, id int64, o op) part {
		o.table, o.generation = def.OID, def.Generation
		o.key = value.AppendKey(nil, value.NewInt(value.Int8, id))
		return part{partition: partOf(o.key, 2), ops: []op{o}}
	}
	insert := op{kind: opPut, row: testRow{id: 2}.values()}
	overflow := op{kind: opAdd, cols: []int16{3}, row: []value.Value{value.NewInt(value.Int4, 1<<31-1)}}
	for _, o := range []op{overflow, {kind: opDelete, cond: cond{kind: condAbsent}}} {
		txn := d.db.Begin(TxnOptions{})
		def := addColumn(d.lockedTable(txn))
		def.Indexes = nil
		if err := txn.PutTable(def); err != nil {
			t.Fatal(err)
		}
		parts := []part{operation(def, 2, insert), operation(def, 1, o)}
		if err := txn.propose(&commitRecord{schema: txn.changes, parts: parts}); sqlerr.As(err) == nil {
			t.Fatalf("a record that must be rejected: %v", err)
		}
		txn.Rollback()
		d.check()
		d.verify()

		txn = d.db.Begin(TxnOptions{})
		s := txn.newStatus()
		chunk := &feedChunk{status: s.id, owner: s.owner, table: def.OID, generation: def.Generation, txn: txn, parts: parts}
		if err := d.db.proposeChunk(new(proposal), chunk); sqlerr.As(err) == nil {
			t.Fatalf("a chunk that must be rejected: %v", err)
		}
		txn.Rollback()
		d.check()
		d.verify()
		d.reopen()
		d.verify()
	}
	d.commit(func(txn *Txn) error {
		def := d.lockedTable(txn)
		if len(def.Columns) != 5 || len(def.Indexes) != 4 {
			t.Fatalf("the table has %d columns and %d indexes", len(def.Columns), len(def.Indexes))
		}
		def.Columns = append(def.Columns, schema.Column{Num: 6, Name: "other", Type: value.Of(value.Text)})
		return txn.PutTable(def)
	})
	d.model[2] = testRow{id: 2, n: 2}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[2]) })
	d.crash()
	d.verify()
}

// TestExistingDirectoryKeepsItsPartitions opens with another number of them.
func TestExistingDirectoryKeepsItsPartitions(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 4))
	d.create()
	for _, p := range []int{1, 16} {
		for range 20 {
			id := int64(len(d.model))
			d.model[id] = testRow{id: id, n: id}
			d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
		}
		d.cfg.Partitions = p
		d.reopen()
		d.verify()
		if d.db.Partitions() != 4 {
			t.Fatalf("a directory of 4 partitions has %d", d.db.Partitions())
		}
	}
}

// TestHiddenKeysAfterRestart goes on giving keys where it stopped, whatever the
// fate of the rows that had them: none is given twice.
func TestHiddenKeysAfterRestart(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	k := keyedTables[len(keyedTables)-1]
	d.commit(func(txn *Txn) error { return txn.PutTable(k.definition(txn)) })
	w := groupWriter{k: k, d: d}
	rows := 0
	for round := range 6 {
		for _, commit := range []bool{true, false} {
			txn := d.db.Begin(TxnOptions{})
			def, err := w.lockTable(ctx, txn)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.feed(ctx, txn, def, 1); err != nil {
				t.Fatal(err)
			}
			vals := k.vals(testRow{id: 1000, n: 1, tags: []string{"a"}})
			key, err := txn.RowKey(nil, def, vals)
			if err == nil {
				if _, err = txn.LockKey(ctx, def, key, ForUpdate, WaitBlock); err == nil {
					err = txn.Insert(def, key, vals)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if round == 3 {
				if err := errors.Join(txn.spill(), d.db.Checkpoint(ctx)); err != nil {
					t.Fatal(err)
				}
			}
			if !commit {
				continue // the crash ends it
			}
			if err := txn.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			rows += groupRows + 1
		}
		if round%2 == 0 {
			d.db.Vacuum()
		}
		d.crash()
		if got := k.read(t, d); len(got) != rows {
			t.Fatalf("%d rows, not %d", len(got), rows)
		}
	}
}
