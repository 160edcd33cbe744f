package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// us is who prepares and ends transactions in these tests.
var us = Finisher{User: "me", Database: "db"}

func prepareAs(gid string) PrepareInfo {
	return PrepareInfo{GID: gid, User: us.User, Database: us.Database}
}

// mustPrepare runs f in a transaction and prepares it.
func (d *testDB) mustPrepare(gid string, f func(txn *Txn, def *schema.Table) error) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{AsyncCommit: true})
	if err := errors.Join(f(txn, d.table(txn)), txn.Prepare(context.Background(), prepareAs(gid))); err != nil {
		d.t.Fatal(err)
	}
	txn.Rollback() // it is not the session's any more
}

// finish ends a prepared transaction.
func (d *testDB) finish(gid string, commit bool) error {
	if commit {
		return d.db.CommitPrepared(context.Background(), gid, us)
	}
	return d.db.RollbackPrepared(context.Background(), gid, us)
}

// gids lists the prepared transactions.
func (d *testDB) gids() (list []string) {
	for _, p := range d.db.Prepared() {
		list = append(list, p.GID)
	}
	slices.Sort(list)
	return list
}

// locked says which of the ids have a lock that keeps a mode out.
func (d *testDB) locked(mode LockMode, ids ...int64) (list []int64) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	def := d.table(txn)
	if err := txn.LockTable(context.Background(), def.OID, RowExclusiveLock); err != nil {
		d.t.Fatal(err)
	}
	for _, id := range ids {
		_, err := txn.LockKey(context.Background(), def, value.AppendKey(nil, value.NewInt(value.Int8, id)), mode, WaitError)
		switch {
		case isCode(err, sqlerr.LockNotAvailable):
			list = append(list, id)
		case err != nil:
			d.t.Fatal(err)
		}
	}
	return list
}

// tableLocked says whether the table's exclusive lock is not to be had.
func (d *testDB) tableLocked() bool {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	err := txn.LockTablePolicy(context.Background(), d.table(txn).OID, AccessExclusiveLock, WaitError)
	if err != nil && !isCode(err, sqlerr.LockNotAvailable) {
		d.t.Fatal(err)
	}
	return err != nil
}

// share locks a row and writes nothing.
func share(ctx context.Context, txn *Txn, def *schema.Table, id int64) error {
	if err := txn.LockTable(ctx, def.OID, RowShareLock); err != nil {
		return err
	}
	_, err := txn.LockKey(ctx, def, value.AppendKey(nil, value.NewInt(value.Int8, id)), ForShare, WaitBlock)
	return err
}

// TestPreparedTransactions prepares transactions of every kind and lets them live through restarts of every kind (I5):
// nobody sees what they have written, nobody else gets their locks, until they are ended.
func TestPreparedTransactions(t *testing.T) {
	ctx := context.Background()
	checkpoint := func(d *testDB) {
		if err := d.db.Checkpoint(ctx); err != nil {
			d.t.Fatal(err)
		}
	}
	routes := map[string][]func(d *testDB){
		"none":        nil,
		"restart":     {(*testDB).reopen},
		"crash":       {(*testDB).crash},
		"checkpoint":  {checkpoint, (*testDB).crash},
		"checkpoints": {(*testDB).crash, checkpoint, (*testDB).crash, checkpoint, (*testDB).reopen},
		"vacuum":      {func(d *testDB) { d.db.Vacuum() }, checkpoint, (*testDB).crash, func(d *testDB) { d.db.Vacuum() }},
	}
	loaded := make([]testRow, 250)
	for i := range loaded {
		loaded[i] = testRow{id: int64(100 + i), town: "Nice", n: int64(i % 50)}
	}
	for _, kind := range []struct {
		name   string
		work   func(txn *Txn, def *schema.Table) error
		change func(model map[int64]testRow)
		locked []int64 // against FOR UPDATE
		share  []int64 // of these, not against FOR SHARE
	}{
		{"small", func(txn *Txn, def *schema.Table) error {
			return errors.Join(put(ctx, txn, def, testRow{id: 1, town: "Lyon"}), remove(ctx, txn, def, 2), put(ctx, txn, def, testRow{id: 9, tags: []string{"c"}}),
				share(ctx, txn, def, 3))
		}, func(model map[int64]testRow) {
			model[1], model[9] = testRow{id: 1, town: "Lyon"}, testRow{id: 9, tags: []string{"c"}}
			delete(model, 2)
		}, []int64{1, 2, 3, 9}, []int64{3}},
		{"feed", func(txn *Txn, def *schema.Table) error {
			return errors.Join(feed(ctx, txn, def, loaded), put(ctx, txn, def, testRow{id: 100, town: "own"}), remove(ctx, txn, def, 101),
				put(ctx, txn, def, testRow{id: 1}))
		}, func(model map[int64]testRow) {
			for _, r := range loaded {
				model[r.id] = r
			}
			model[100], model[1] = testRow{id: 100, town: "own"}, testRow{id: 1}
			delete(model, 101)
		}, []int64{1, 100, 101, 102, 349}, nil},
		{"spilled", func(txn *Txn, def *schema.Table) error {
			return errors.Join(remove(ctx, txn, def, 2), put(ctx, txn, def, testRow{id: 9}), txn.spill(), put(ctx, txn, def, testRow{id: 1}),
				put(ctx, txn, def, testRow{id: 9, n: 9}))
		}, func(model map[int64]testRow) {
			model[1], model[9] = testRow{id: 1}, testRow{id: 9, n: 9}
			delete(model, 2)
		}, []int64{1, 2, 9}, nil},
		{"feed without a row", func(txn *Txn, def *schema.Table) error {
			return errors.Join(feed(ctx, txn, def, nil), put(ctx, txn, def, testRow{id: 1, n: 4}))
		}, func(model map[int64]testRow) { model[1] = testRow{id: 1, n: 4} }, []int64{1}, nil},
		{"only locks", func(txn *Txn, def *schema.Table) error { return share(ctx, txn, def, 3) }, func(map[int64]testRow) {}, []int64{3}, []int64{3}},
	} {
		for route, steps := range routes {
			for _, commit := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", kind.name, route, commit), func(t *testing.T) {
					d := openTest(t, memConfig(vfs.NewMem(), 2))
					d.create()
					for id := range int64(5) {
						d.model[id] = testRow{id: id, n: 1, town: "Paris"}
						d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
					}
					d.mustPrepare("g", kind.work)
					all := append([]int64{0, 4, 8}, kind.locked...)
					kept := func() {
						t.Helper()
						d.verify()
						d.check()
						if got := d.gids(); !slices.Equal(got, []string{"g"}) {
							t.Fatalf("prepared are %q", got)
						}
						if got := d.locked(ForUpdate, all...); !slices.Equal(got, kind.locked) {
							t.Fatalf("locked are %v, not %v", got, kind.locked)
						}
						if got := d.locked(ForShare, all...); len(got)+len(kind.share) != len(kind.locked) {
							t.Fatalf("locked against FOR SHARE are %v", got)
						}
						if !d.tableLocked() {
							t.Fatal("the table is not locked")
						}
					}
					kept()
					for _, step := range steps {
						step(d)
						kept()
					}
					if err := d.db.log.wal.Sync(d.db.log.wal.End()); err != nil {
						t.Fatal(err)
					}
					rep, err := CheckDir(ctx, d.disk().CrashClone(rand.New(rand.NewPCG(1, 1))), "data", nil)
					if err != nil || rep.Prepared != 1 || rep.Rows != int64(len(d.model)) {
						t.Fatalf("check says %+v, %v", rep, err)
					}
					// Others write meanwhile.
					d.model[0] = testRow{id: 0, town: "Lyon"}
					d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[0]) })
					kept()
					if err := d.finish("g", commit); err != nil {
						t.Fatal(err)
					}
					if commit {
						kind.change(d.model)
					}
					over := func() {
						t.Helper()
						d.verify()
						d.check()
						if got := d.gids(); got != nil {
							t.Fatalf("prepared are %q", got)
						}
						if got := d.locked(ForUpdate, all...); got != nil || d.tableLocked() {
							t.Fatalf("locked are %v", got)
						}
						if err := d.finish("g", commit); !isCode(err, sqlerr.UndefinedObject) {
							t.Fatalf("ended twice: %v", err)
						}
					}
					over()
					d.db.Vacuum()
					over()
					d.crash()
					over()
					checkpoint(d)
					d.reopen()
					over()
				})
			}
		}
	}
}

// TestPrepareRefuses lists what PREPARE TRANSACTION says no to: the transaction is then rolled back.
func TestPrepareRefuses(t *testing.T) {
	ctx := context.Background()
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.MaxPrepared = 2
	d := openTest(t, cfg)
	d.create()
	d.mustPrepare("taken", func(txn *Txn, def *schema.Table) error { return put(ctx, txn, def, testRow{id: 1}) })
	session := d.db.NewLocker(7)
	defer session.Close()
	id := AdvisoryID{Key: 5}
	if _, err := session.LockAdvisory(ctx, id, ShareLock, WaitBlock, 0); err != nil {
		t.Fatal(err)
	}
	write := func(txn *Txn, def *schema.Table) error { return put(ctx, txn, def, testRow{id: 2}) }
	for _, c := range []struct {
		name, gid, code, message string
		opts                     TxnOptions
		work                     func(txn *Txn, def *schema.Table) error
	}{
		{"taken", "taken", sqlerr.DuplicateObject, `transaction identifier "taken" is already in use`, TxnOptions{}, write},
		{"long", strings.Repeat("x", 200), sqlerr.InvalidParameterValue, "is too long", TxnOptions{}, write},
		{"DDL", "g", sqlerr.FeatureNotSupported, "definition of a table", TxnOptions{}, func(txn *Txn, _ *schema.Table) error {
			return txn.PutTable(testTable(txn, "u"))
		}},
		{"exported", "g", sqlerr.FeatureNotSupported, "exported snapshots", TxnOptions{Isolation: RepeatableRead}, func(txn *Txn, def *schema.Table) error {
			txn.ExportSnapshot()
			return write(txn, def)
		}},
		{"advisory", "g", sqlerr.FeatureNotSupported, "session-level and transaction-level", TxnOptions{Locker: session}, func(txn *Txn, def *schema.Table) error {
			_, err := txn.LockAdvisory(ctx, id, ShareLock, WaitBlock)
			return errors.Join(err, write(txn, def))
		}},
	} {
		txn := d.db.Begin(c.opts)
		if err := c.work(txn, d.table(txn)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err := txn.Prepare(ctx, prepareAs(c.gid))
		if !isCode(err, c.code) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := d.locked(ForUpdate, 1, 2); !slices.Equal(got, []int64{1}) {
			t.Errorf("%s: locked are %v", c.name, got)
		}
	}
	d.mustPrepare(strings.Repeat("x", 199), func(*Txn, *schema.Table) error { return nil })
	txn := d.db.Begin(TxnOptions{})
	if err := txn.Prepare(ctx, prepareAs("g")); !isCode(err, sqlerr.OutOfMemory) {
		t.Errorf("one too many: %v", err)
	}

	none := openTest(t, Config{MaxPrepared: NoPrepared})
	if err := none.db.Begin(TxnOptions{}).Prepare(ctx, prepareAs("g")); !isCode(err, sqlerr.ObjectNotInPrerequisiteState) || none.db.MaxPrepared() != 0 {
		t.Errorf("disabled: %v", err)
	}

	for _, c := range []struct {
		gid  string
		by   Finisher
		code string
	}{
		{"none", us, sqlerr.UndefinedObject},
		{"taken", Finisher{User: "other", Database: us.Database}, sqlerr.InsufficientPrivilege},
		{"taken", Finisher{User: us.User, Database: "other"}, sqlerr.FeatureNotSupported},
	} {
		if err := d.db.CommitPrepared(ctx, c.gid, c.by); !isCode(err, c.code) {
			t.Errorf("%q by %v: %v", c.gid, c.by, err)
		}
		if err := d.db.RollbackPrepared(ctx, c.gid, c.by); !isCode(err, c.code) {
			t.Errorf("%q by %v: %v", c.gid, c.by, err)
		}
	}
	if err := d.db.CommitPrepared(ctx, "taken", Finisher{User: "root", Superuser: true, Database: us.Database}); err != nil {
		t.Error(err)
	}
	d.model[1] = testRow{id: 1}
	d.verify()
}

// TestPreparedIsNotItsSession has the session that prepared a transaction meet its locks as those of another: it waits, and
// is not taken for one that waits for itself.
func TestPreparedIsNotItsSession(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	session := d.db.NewLocker(1)
	txn := d.db.Begin(TxnOptions{Locker: session})
	def := d.table(txn)
	if err := errors.Join(feed(ctx, txn, def, []testRow{{id: 2}}), put(ctx, txn, def, testRow{id: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.LockAdvisory(ctx, AdvisoryID{Key: 8}, ExclusiveLock, WaitBlock); err != nil {
		t.Fatal(err)
	}
	if err := txn.Prepare(ctx, prepareAs("g")); err != nil {
		t.Fatal(err)
	}
	xid := d.db.Prepared()[0].XID
	for _, reopened := range []bool{false, true} {
		if reopened {
			d.crash()
			session = d.db.NewLocker(1)
		}
		if got := d.db.Prepared()[0]; got.XID != xid || got.Owner != us.User || got.Database != us.Database || got.Prepared == 0 {
			t.Errorf("prepared is %+v", got)
		}
		var kinds []string
		for _, l := range d.db.Locks() {
			if l.PID != 0 || l.Txn != xid || !l.Granted {
				t.Errorf("lock of another: %+v", l)
			}
			kinds = append(kinds, fmt.Sprint(l.Kind, l.Mode))
		}
		slices.Sort(kinds)
		if want := []string{fmt.Sprint(LockRelation, RowExclusiveLock), fmt.Sprint(LockTuple, ForUpdate), fmt.Sprint(LockAdvisory, ExclusiveLock)}; !slices.Equal(kinds, want) {
			t.Errorf("locks are %v, not %v", kinds, want)
		}
		if ok, err := session.LockAdvisory(ctx, AdvisoryID{Key: 8}, ShareLock, WaitSkip, 0); ok || err != nil {
			t.Errorf("the advisory lock is to be had: %v %v", ok, err)
		}
		for _, id := range []int64{1, 2} {
			waits, stop := context.WithCancelCause(ctx)
			txn := d.db.Begin(TxnOptions{Locker: session})
			done := make(chan error)
			go func() { done <- put(waits, txn, def, testRow{id: id, n: 7}) }()
			for session.waiting.Load() == nil {
				select {
				case err := <-done:
					t.Fatalf("key %d did not wait: %v", id, err)
				default:
				}
			}
			if got := d.db.BlockingPIDs(1); !slices.Equal(got, []int32{0}) {
				t.Errorf("blocked by %v", got)
			}
			stop(errors.New("enough"))
			if err := <-done; err == nil || err.Error() != "enough" {
				t.Errorf("waiting for key %d ended with %v", id, err)
			}
			txn.Rollback()
		}
	}
	if err := d.finish("g", true); err != nil {
		t.Fatal(err)
	}
	if ok, err := session.LockAdvisory(ctx, AdvisoryID{Key: 8}, ShareLock, WaitSkip, 0); !ok || err != nil {
		t.Errorf("the advisory lock is held: %v %v", ok, err)
	}
	d.model[1], d.model[2] = testRow{id: 1}, testRow{id: 2}
	d.verify()
}

// TestWaitersOfPrepared lets writers wait for a prepared transaction: its end wakes them, whatever it is.
func TestWaitersOfPrepared(t *testing.T) {
	ctx := context.Background()
	for _, commit := range []bool{true, false} {
		d := openTest(t, memConfig(vfs.NewMem(), 2))
		d.create()
		d.mustPrepare("g", func(txn *Txn, def *schema.Table) error {
			return errors.Join(put(ctx, txn, def, testRow{id: 1, n: 1}), feed(ctx, txn, def, []testRow{{id: 2, n: 1}}))
		})
		d.crash()
		var writers sync.WaitGroup
		var waiting []*Locker
		for i := range int64(4) {
			l := d.db.NewLocker(int32(i + 1))
			waiting = append(waiting, l)
			txn := d.db.Begin(TxnOptions{Locker: l})
			def := d.table(txn)
			id := 1 + i%2
			writers.Go(func() {
				if err := errors.Join(put(ctx, txn, def, testRow{id: id, n: 2}), txn.Commit(ctx)); err != nil {
					t.Error(err)
				}
			})
		}
		for _, l := range waiting {
			for l.waiting.Load() == nil {
			}
		}
		if err := d.finish("g", commit); err != nil {
			t.Fatal(err)
		}
		writers.Wait()
		d.model[1], d.model[2] = testRow{id: 1, n: 2}, testRow{id: 2, n: 2}
		d.verify()
		d.check()
	}
}

// TestPreparedEndsOnce lets many try to end the same transactions at the same time.
func TestPreparedEndsOnce(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2})
	d.create()
	for round := range int64(30) {
		d.mustPrepare("g", func(txn *Txn, def *schema.Table) error {
			return errors.Join(put(ctx, txn, def, testRow{id: round}), feed(ctx, txn, def, []testRow{{id: 1000 + round}}))
		})
		var ended, committed atomic.Int32
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				switch err := d.finish("g", i%2 == 0); {
				case err == nil:
					ended.Add(1)
					if i%2 == 0 {
						committed.Add(1)
					}
				case !isCode(err, sqlerr.UndefinedObject) && !isCode(err, sqlerr.ObjectNotInPrerequisiteState):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if ended.Load() != 1 {
			t.Fatalf("ended %d times", ended.Load())
		}
		if committed.Load() == 1 {
			d.model[round], d.model[1000+round] = testRow{id: round}, testRow{id: 1000 + round}
		}
		d.verify()
	}
	d.db.Vacuum()
	d.check()
	d.verify()
}

// TestPreparedKeepsItsHiddenKeys restarts with rows prepared whose keys nobody wrote down elsewhere: they are not given to others.
func TestPreparedKeepsItsHiddenKeys(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	k := keyedTables[len(keyedTables)-1]
	d.commit(func(txn *Txn) error { return txn.PutTable(k.definition(txn)) })
	w := groupWriter{k: k, d: d}
	insert := func(txn *Txn) error {
		def, err := w.lockTable(ctx, txn)
		if err != nil {
			return err
		}
		vals := k.vals(testRow{id: 1000, n: 1, tags: []string{"a"}})
		key, err := txn.RowKey(nil, def, vals)
		if err != nil {
			return err
		}
		if _, err = txn.LockKey(ctx, def, key, ForUpdate, WaitError); err != nil {
			return err
		}
		return txn.Insert(def, key, vals)
	}
	rows := 0
	for round := range 4 {
		gid := fmt.Sprint("g", round)
		txn := d.db.Begin(TxnOptions{})
		if err := errors.Join(insert(txn), insert(txn), txn.Prepare(ctx, prepareAs(gid))); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 {
			if err := d.db.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
		}
		d.crash()
		txn = d.db.Begin(TxnOptions{})
		def, err := w.lockTable(ctx, txn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.feed(ctx, txn, def, 1); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(insert(txn), txn.Commit(ctx), d.finish(gid, true)); err != nil {
			t.Fatal(err)
		}
		rows += groupRows + 3
		if got := k.read(t, d); len(got) != rows {
			t.Fatalf("%d rows, not %d", len(got), rows)
		}
	}
}

// TestPreparedWithoutSpace fills the disk: PREPARE is rolled back, and what is prepared stays so until there is space.
func TestPreparedWithoutSpace(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	for _, gid := range []string{"commit", "rollback"} {
		d.mustPrepare(gid, func(txn *Txn, def *schema.Table) error {
			id := int64(len(gid))
			return errors.Join(put(ctx, txn, def, testRow{id: id}), feed(ctx, txn, def, []testRow{{id: 10 + id}}))
		})
	}
	late := d.db.Begin(TxnOptions{})
	if err := put(ctx, late, d.table(late), testRow{id: 1, town: strings.Repeat("x", 4000)}); err != nil {
		t.Fatal(err)
	}
	d.fillDisk(fs)
	if err := late.Prepare(ctx, prepareAs("late")); !isCode(err, sqlerr.DiskFull) {
		t.Fatal(err)
	}
	for _, gid := range []string{"commit", "rollback"} {
		if err := d.finish(gid, gid == "commit"); !isCode(err, sqlerr.DiskFull) {
			t.Fatal(err)
		}
	}
	ids := []int64{1, 6, 8, 16, 18}
	if got := d.locked(ForUpdate, ids...); !slices.Equal(got, ids[1:]) {
		t.Fatalf("locked are %v", got)
	}
	d.verify()
	d.check()
	fs.SetSpace(-1)
	d.mustPrepare("late", func(txn *Txn, def *schema.Table) error { return put(ctx, txn, def, testRow{id: 1}) })
	for _, gid := range []string{"commit", "rollback"} {
		if err := d.finish(gid, gid == "commit"); err != nil {
			t.Fatal(err)
		}
	}
	d.model[6], d.model[16] = testRow{id: 6}, testRow{id: 16}
	d.verify()
	d.crash()
	d.verify()
	if got := d.gids(); !slices.Equal(got, []string{"late"}) {
		t.Errorf("prepared are %q", got)
	}
}

// TestPreparedFailedSync loses the log in the middle of each of the three statements: what they would have done is unknown until the next
// start, which finds it wholly or not at all; until then what was prepared keeps its locks.
func TestPreparedFailedSync(t *testing.T) {
	ctx := context.Background()
	for _, statement := range []string{"prepare", "commit", "rollback"} {
		for seed := range uint64(20) {
			d, fs := openFaulty(t)
			change := func(txn *Txn, def *schema.Table) error {
				return errors.Join(feed(ctx, txn, def, []testRow{{id: 2}}), put(ctx, txn, def, testRow{id: 1}))
			}
			txn := d.db.Begin(TxnOptions{})
			if err := change(txn, d.table(txn)); err != nil {
				t.Fatal(err)
			}
			if statement != "prepare" {
				if err := txn.Prepare(ctx, prepareAs("g")); err != nil {
					t.Fatal(err)
				}
			}
			fs.SetHook(vfs.FailNth(vfs.OpSync, 1, syscall.EIO))
			for range 2 {
				var err error
				if statement == "prepare" {
					err = txn.Prepare(ctx, prepareAs("g"))
					txn = d.db.Begin(TxnOptions{})
				} else {
					err = d.finish("g", statement == "commit")
				}
				if !isCode(err, sqlerr.IOError) {
					t.Fatalf("%s after a failed sync: %v", statement, err)
				}
			}
			txn.Rollback()
			want := []int64{1, 2}
			if statement == "prepare" {
				want = nil
			}
			if got := d.locked(ForUpdate, 1, 2, 3); !slices.Equal(got, want) || len(d.gids()) != len(want)/2 {
				t.Fatalf("%s: locked are %v, prepared %q", statement, got, d.gids())
			}
			d.verify()
			d.check()
			disk := d.disk().CrashClone(rand.New(rand.NewPCG(seed, 3)))
			d.db.Close()
			d.cfg.FS, d.under = disk, nil
			d.open()
			d.check()
			want = nil
			if len(d.gids()) > 0 {
				want = []int64{1, 2}
			} else if statement == "commit" {
				d.model[1], d.model[2] = testRow{id: 1}, testRow{id: 2}
			}
			if got := d.locked(ForUpdate, 1, 2, 3); !slices.Equal(got, want) {
				t.Fatalf("%s: after the start locked are %v, not %v", statement, got, want)
			}
			d.verify()
		}
	}
}

// TestPreparedInALongReplay has recovery vacuum between the records of prepared transactions and their ends.
func TestPreparedInALongReplay(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	for id := range int64(4) {
		d.model[id] = testRow{id: id, n: 1}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
	}
	long := func() {
		for n := range 3 * replayBytes / 100_000 {
			d.model[3] = testRow{id: 3, town: strings.Repeat("x", 100_000), n: int64(n % 7)}
			d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[3]) })
		}
	}
	long()
	for i, gid := range []string{"commit", "rollback", "stays"} {
		d.mustPrepare(gid, func(txn *Txn, def *schema.Table) error {
			id := int64(i)
			return errors.Join(feed(ctx, txn, def, []testRow{{id: 10 + id}}), put(ctx, txn, def, testRow{id: 20 + id}), remove(ctx, txn, def, id), txn.spill(),
				put(ctx, txn, def, testRow{id: 20 + id, n: 5}))
		})
	}
	long()
	for _, gid := range []string{"commit", "rollback"} {
		if err := d.finish(gid, gid == "commit"); err != nil {
			t.Fatal(err)
		}
	}
	delete(d.model, 0)
	d.model[10], d.model[20] = testRow{id: 10}, testRow{id: 20, n: 5}
	long()
	d.crash()
	d.verify()
	if got := d.locked(ForUpdate, 0, 1, 2, 3, 10, 11, 12, 20, 21, 22); !slices.Equal(got, []int64{2, 12, 22}) {
		t.Fatalf("locked are %v", got)
	}
	if err := d.finish("stays", true); err != nil {
		t.Fatal(err)
	}
	delete(d.model, 2)
	d.model[12], d.model[22] = testRow{id: 12}, testRow{id: 22, n: 5}
	d.verify()
	d.check()
}

// TestPreparedSerializable prepares serializable transactions: what one has read must not change before its commit, so it
// has locked it or is refused; and what it changes is a conflict for those who read it, after a restart too.
func TestPreparedSerializable(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	for id := range int64(5) {
		d.model[id] = testRow{id: id, n: 1}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
	}
	begin := func() (*Txn, *View, *schema.Table) {
		txn := d.db.Begin(TxnOptions{Isolation: Serializable})
		v := txn.View()
		def, _ := v.Catalog().Table("t")
		return txn, v, def
	}
	read := func(v *View, def *schema.Table, c *Condition) {
		tv := v.Table(def.OID)
		tv.Restrict(c)
		for i := range tv.Parts() {
			readScan(tv.Part(i).Scan(nil, testCols))
		}
		v.Close()
	}
	txn, v, def := begin()
	read(v, def, nil)
	if err := put(ctx, txn, def, testRow{id: 1, n: 2}); err != nil {
		t.Fatal(err)
	}
	if err := txn.Prepare(ctx, prepareAs("scan")); !isCode(err, sqlerr.FeatureNotSupported) {
		t.Fatalf("prepared although it has read a table: %v", err)
	}
	txn, v, def = begin()
	v.Table(def.OID).Lookup(value.AppendKey(nil, value.NewInt(value.Int8, 1)))
	v.Close()
	if err := put(ctx, txn, def, testRow{id: 1, n: 2}); err != nil {
		t.Fatal(err)
	}
	if err := txn.Prepare(ctx, prepareAs("g")); err != nil {
		t.Fatal(err)
	}
	for _, reopened := range []bool{false, true} {
		if reopened {
			d.crash()
		}
		other, v, def := begin()
		read(v, def, &Condition{Cols: []int16{3}, Test: func(row []value.Value) bool { return row[0].Int() == 1 }})
		if err := put(ctx, other, def, testRow{id: 4, n: 3}); err != nil {
			t.Fatal(err)
		}
		if !reopened {
			other.Rollback()
			continue
		}
		if err := d.finish("g", true); err != nil {
			t.Fatal(err)
		}
		d.model[1] = testRow{id: 1, n: 2}
		if err := other.Commit(ctx); !isCode(err, sqlerr.SerializationFailure) {
			t.Fatalf("committed although a row that it had read was changed: %v", err)
		}
	}
	d.verify()
}

// TestBigPreparedTransactions prepares more than one record holds: rows become a feed, and their keys need no locks in the record.
func TestBigPreparedTransactions(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	town := strings.Repeat("x", 2000)
	d.mustPrepare("g", func(txn *Txn, def *schema.Table) error {
		for id := range int64(3000) {
			if err := put(ctx, txn, def, testRow{id: id, town: town, n: 1}); err != nil {
				return err
			}
		}
		return share(ctx, txn, def, 5000)
	})
	e := d.db.prepared.byGID["g"]
	if len(e.rec.feeds) == 0 || len(e.rec.parts) > 0 || len(e.rec.locks) != 2 {
		t.Errorf("the record has %d feeds, %d parts, %d locks", len(e.rec.feeds), len(e.rec.parts), len(e.rec.locks))
	}
	d.crash()
	if got := d.locked(ForUpdate, 0, 1, 2999, 3000, 5000); !slices.Equal(got, []int64{0, 1, 2999, 5000}) {
		t.Fatalf("locked are %v", got)
	}
	d.verify()
	if err := d.finish("g", true); err != nil {
		t.Fatal(err)
	}
	model := maps.Clone(d.model)
	for id := range int64(3000) {
		model[id] = testRow{id: id, town: town, n: 1}
	}
	d.model = model
	d.verify()
	d.check()

	txn := d.db.Begin(TxnOptions{})
	def := d.table(txn)
	if err := txn.LockTable(ctx, def.OID, RowShareLock); err != nil {
		t.Fatal(err)
	}
	for i := range 4 { // a million of ordinary ones would be as much
		if _, err := txn.LockKey(ctx, def, bytes.Repeat([]byte{byte(i)}, 5<<20), ForUpdate, WaitBlock); err != nil {
			t.Fatal(err)
		}
	}
	if err := txn.Prepare(ctx, prepareAs("locks")); !isCode(err, sqlerr.ProgramLimitExceeded) {
		t.Errorf("more locks than a record holds: %v", err)
	}
	if got := d.gids(); got != nil {
		t.Errorf("prepared are %q", got)
	}
}
