package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// stepContext calls between after each step of an index build, when the build
// holds nothing.
type stepContext struct {
	context.Context
	between func()
}

func (c stepContext) Err() error {
	c.between()
	return c.Context.Err()
}

// createPlain makes the table without indexes, with rows of which some have
// been updated and deleted.
func (d *testDB) createPlain(rng *rand.Rand, rows int) {
	d.t.Helper()
	ctx := context.Background()
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "t")) })
	d.commit(func(txn *Txn) error {
		var list []testRow
		for id := range int64(rows) {
			d.model[id] = randomRow(rng, id)
			list = append(list, d.model[id])
		}
		return feed(ctx, txn, d.table(txn), list)
	})
	for range rows / 10 {
		d.writeAny(rng, rows)
	}
}

// writeAny commits a random write of one row.
func (d *testDB) writeAny(rng *rand.Rand, rows int) {
	d.t.Helper()
	ctx, id := context.Background(), rng.Int64N(int64(rows))
	d.commit(func(txn *Txn) error {
		if rng.IntN(3) == 0 {
			delete(d.model, id)
			return remove(ctx, txn, d.table(txn), id)
		}
		d.model[id] = randomRow(rng, id)
		return put(ctx, txn, d.table(txn), d.model[id])
	})
}

// addIndexes builds the test indexes in a transaction.
func (d *testDB) addIndexes(ctx context.Context, txn *Txn) error {
	for _, x := range testIndexes(txn) {
		if err := txn.AddIndex(ctx, d.table(txn), x); err != nil {
			return err
		}
	}
	return nil
}

// attached returns the names of the indexes that the parts keep.
func (d *testDB) attached() (names []string) {
	for _, c := range d.db.everyCollection() {
		for _, p := range c.parts {
			for _, x := range *p.indexes.Load() {
				names = append(names, x.def.Name)
			}
		}
	}
	return names
}

// load is a bulk load that takes its time. Its ids are its own.
type load struct {
	txn  *Txn
	rows []testRow
	next int64
}

// add loads some more rows.
func (l *load) add(d *testDB, rng *rand.Rand) {
	d.t.Helper()
	if l.txn == nil {
		l.txn = d.db.Begin(TxnOptions{})
	}
	var batch []testRow
	for range 1 + rng.IntN(150) {
		batch = append(batch, randomRow(rng, l.next))
		l.next++
	}
	l.rows = append(l.rows, batch...)
	if err := feed(context.Background(), l.txn, d.table(l.txn), batch); err != nil {
		d.t.Fatal(err)
	}
}

// end commits what was loaded, or gives it up.
func (l *load) end(d *testDB, commit bool) {
	d.t.Helper()
	if l.txn == nil {
		return
	}
	if commit {
		if err := l.txn.Commit(context.Background()); err != nil {
			d.t.Fatal(err)
		}
		for _, r := range l.rows {
			d.model[r.id] = r
		}
	}
	l.txn.Rollback()
	l.txn, l.rows = nil, nil
}

// TestIndexBuildBetweenWrites has writes of all kinds, bulk loads that end during
// the build and after it, vacuum and a snapshot between the steps of index
// builds: the indexes hold every version once, and answer as a scan does.
func TestIndexBuildBetweenWrites(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { buildBetweenWrites(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func buildBetweenWrites(t *testing.T, rng *rand.Rand) {
	const rows = 3000
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.createPlain(rng, rows)

	// With an open view no slot is used again, without one it is.
	before := maps.Clone(d.model)
	var snapshot *View
	if rng.IntN(2) == 0 {
		older := d.db.Begin(TxnOptions{})
		defer older.Rollback()
		snapshot = older.View()
	}

	short, long := &load{next: rows}, &load{next: 100 * rows}
	long.add(d, rng)
	commits := 0
	ctx := stepContext{context.Background(), func() {
		for range rng.IntN(20) {
			d.writeAny(rng, rows)
			commits++
		}
		switch rng.IntN(8) {
		case 0:
			d.db.Vacuum()
		case 1, 2:
			short.add(d, rng)
		case 3:
			short.end(d, rng.IntN(2) == 0)
		case 4:
			long.add(d, rng)
		case 5:
			d.check()
		}
	}}
	d.commit(func(txn *Txn) error { return d.addIndexes(ctx, txn) })
	if commits == 0 {
		t.Fatal("nothing was committed between two steps")
	}
	if snapshot != nil {
		if def, _ := snapshot.Catalog().Table("t"); len(def.Indexes) != 0 {
			t.Fatal("an older snapshot knows the indexes")
		}
		verifyView(t, snapshot, before)
		snapshot.Close()
	}
	d.check()
	d.verify()
	short.end(d, false)
	long.end(d, true)
	d.verifyCount()
	d.verify()
	d.reopen()
	d.verify()
}

// TestIndexBuildUnderWriters builds indexes while goroutines write, load and read: none of
// them waits for the build's end.
func TestIndexBuildUnderWriters(t *testing.T) {
	const (
		rows    = 20000
		writers = 3
	)
	ctx := context.Background()
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.MaintenanceInterval = time.Millisecond
	d := openTest(t, cfg)
	d.createPlain(rand.New(rand.NewPCG(1, 1)), rows)

	var (
		wg       sync.WaitGroup
		stop     atomic.Bool
		commits  atomic.Int64
		mu       sync.Mutex // guards d.model
		failures = make(chan error, writers+1)
	)
	for w := range int64(writers) {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 2))
			for !stop.Load() {
				r := randomRow(rng, rng.Int64N(rows)/writers*writers+w)
				txn := d.db.Begin(TxnOptions{})
				if err := errors.Join(put(ctx, txn, d.table(txn), r), txn.Commit(ctx)); err != nil {
					failures <- err
					return
				}
				commits.Add(1)
				mu.Lock()
				d.model[r.id] = r
				mu.Unlock()
			}
		})
	}
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(3, 3))
		for next := int64(rows + writers); !stop.Load(); {
			var batch []testRow
			for range 300 {
				batch = append(batch, randomRow(rng, next))
				next++
			}
			txn := d.db.Begin(TxnOptions{})
			err := feed(ctx, txn, d.table(txn), batch)
			if err == nil && rng.IntN(2) == 0 {
				txn.Rollback()
				continue
			}
			if err = errors.Join(err, txn.Commit(ctx)); err != nil {
				failures <- err
				return
			}
			commits.Add(1)
			mu.Lock()
			for _, r := range batch {
				d.model[r.id] = r
			}
			mu.Unlock()
		}
	})
	build := d.db.Begin(TxnOptions{})
	began := commits.Load()
	if err := d.addIndexes(ctx, build); err != nil {
		t.Fatal(err)
	}
	during := commits.Load() - began
	if err := build.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	stop.Store(true)
	wg.Wait()
	select {
	case err := <-failures:
		t.Fatal(err)
	default:
	}
	if during == 0 {
		t.Error("no writer committed while the indexes were built")
	}
	d.verifyCount()
	d.verify()
}

// TestIndexBuildCancelled ends builds in the middle and rolls others back: nothing
// is left of them, and the next one succeeds.
func TestIndexBuildCancelled(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.createPlain(rng, 3000)
	for _, steps := range []int{1, 3, 10, 20} {
		ctx, cancel := context.WithCancel(context.Background())
		txn := d.db.Begin(TxnOptions{})
		err := d.addIndexes(stepContext{ctx, func() {
			d.writeAny(rng, 3000)
			if steps--; steps == 0 {
				cancel()
			}
		}}, txn)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled build returns %v", err)
		}
		txn.Rollback()
		if left := d.attached(); left != nil {
			t.Fatalf("cancelled builds leave %v", left)
		}
	}
	txn := d.db.Begin(TxnOptions{})
	if err := d.addIndexes(context.Background(), txn); err != nil {
		t.Fatal(err)
	}
	verifyOwn := txn.View()
	verifyView(t, verifyOwn, d.model) // the transaction reads by them already
	verifyOwn.Close()
	txn.Rollback()
	if left := d.attached(); left != nil {
		t.Fatalf("builds that were rolled back leave %v", left)
	}
	d.check()
	d.commit(func(txn *Txn) error { return d.addIndexes(context.Background(), txn) })
	d.check()
	d.verify()
}

// TestIndexBuildCrash loses power between the steps of a build: what was
// committed is there, the index is not; after the build's commit it is.
func TestIndexBuildCrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	fs := vfs.NewMem()
	d := openTest(t, memConfig(fs, 2))
	d.createPlain(rng, 2000)
	type image struct {
		fs    *vfs.Mem
		model map[int64]testRow
		names int
	}
	var images []image
	crash := func(names int) {
		images = append(images, image{fs.CrashClone(rng), maps.Clone(d.model), names})
	}
	d.commit(func(txn *Txn) error {
		return d.addIndexes(stepContext{context.Background(), func() {
			d.writeAny(rng, 2000)
			if rng.IntN(8) == 0 {
				crash(0)
			}
		}}, txn)
	})
	d.writeAny(rng, 2000)
	crash(4)
	for i, im := range images {
		cfg := d.cfg
		cfg.FS = im.fs
		after := &testDB{t: t, cfg: cfg, model: im.model}
		after.open()
		after.check()
		after.verify()
		after.commit(func(txn *Txn) error {
			if def := after.table(txn); len(def.Indexes) != im.names {
				t.Errorf("image %d: %d indexes, want %d", i, len(def.Indexes), im.names)
			}
			return nil
		})
		after.close()
	}
	if len(images) < 3 {
		t.Fatalf("only %d crashes", len(images))
	}
}

// TestIndexBuildOfATransactionsOwnTable builds an index on a table that the
// same transaction has made and filled.
func TestIndexBuildOfATransactionsOwnTable(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(5, 5))
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error {
		def := testTable(txn, "t")
		if err := txn.PutTable(def); err != nil {
			return err
		}
		var list []testRow
		for id := range int64(1000) {
			d.model[id] = randomRow(rng, id)
			list = append(list, d.model[id])
		}
		if err := errors.Join(feed(ctx, txn, def, list), d.addIndexes(ctx, txn)); err != nil {
			return err
		}
		d.model[7] = randomRow(rng, 7)
		return put(ctx, txn, d.table(txn), d.model[7])
	})
	d.check()
	d.verify()
	if !slices.ContainsFunc(d.indexes(), func(x *schema.Index) bool { return x.Name == "by_town" }) {
		t.Fatal("the index is not in the catalog")
	}
	d.reopen()
	d.verify()
}

// indexes returns the table's indexes in the catalog.
func (d *testDB) indexes() []*schema.Index {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	return d.table(txn).Indexes
}
