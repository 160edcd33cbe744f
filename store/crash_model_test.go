package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestCrashModel runs the random operations of TestModel on a disk that loses
// power in the middle of any of its operations: in a commit, a checkpoint, a
// start. What is found is the state after the last commit that was
// acknowledged as durable, or a later one in the order of commits; and whoever
// goes on from there, on the same keys, can crash again.
func TestCrashModel(t *testing.T) {
	for seed := range max(crashSeeds(t)/50, 5) {
		runCrashModel(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// crashPoint is a disk as a loss of power left it, and the states that it may hold.
type crashPoint struct {
	disk   *vfs.Mem
	states []map[int64]testRow
}

func runCrashModel(t *testing.T, seed uint64) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 11))
	clock := manualClock()
	var points []crashPoint
	var d *testDB
	// on opens a disk on which the power fails now and then.
	on := func(disk *vfs.Mem) {
		fs := vfs.NewFault(disk)
		fs.SetHook(func(vfs.Op, string) error {
			if rng.IntN(30) == 0 {
				points = append(points, crashPoint{disk.CrashClone(rng), d.crashStates()})
			}
			return nil
		})
		d.cfg.FS, d.under = fs, disk
		d.open()
	}
	cfg := memConfig(nil, []int{1, 2, 8}[rng.IntN(3)])
	cfg.Spawn = func(work func()) { work() }
	cfg.WALRand = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	cfg.Clock = clock
	d = &testDB{t: t, cfg: cfg, model: map[int64]testRow{}}
	on(vfs.NewMem())
	d.create()
	for round := range 3 {
		points = points[:0]
		d.durable = nil
		var open []*bulkLoad
		end := func() {
			for _, l := range open {
				l.end(d, rng)
			}
			open = nil
		}
		for range 5 + rng.IntN(15) {
			d.async = rng.IntN(4) == 0
			switch rng.IntN(17) {
			case 0, 1, 2:
				if err := d.db.Checkpoint(ctx); err != nil {
					t.Fatal(err)
				}
			case 3:
				d.db.Vacuum()
			case 4:
				end()
				d.truncate(rng)
			case 5:
				end()
				d.reindex(rng)
			case 6, 7:
				d.feedSome(rng)
			case 8, 9, 10:
				open = append(open, d.startLoad(rng, int64(200000+1000*len(open))))
			case 11, 12:
				end()
				d.writeLoaded(rng)
			default:
				d.writeSome(rng)
			}
		}
		points = append(points, crashPoint{d.under.CrashClone(rng), d.crashStates()})
		at := points[rng.IntN(len(points))]
		for _, l := range open {
			l.txn.Rollback()
		}
		d.db.Close()
		points = nil // of the end
		d.candidate, d.durable = nil, at.states
		on(at.disk)
		for len(points) > 0 && rng.IntN(2) == 0 { // in the start after the crash, too
			disk := points[rng.IntN(len(points))].disk
			d.db.Close()
			points = nil
			on(disk)
		}
		d.check()
		d.settle(round)
		d.verify()
	}
	d.verifyCount()
	d.db.Close()
}

// crashStates lists the states that a crash now may leave.
func (d *testDB) crashStates() []map[int64]testRow {
	states := slices.Clone(d.durable)
	if len(states) == 0 {
		states = append(states, d.model)
	}
	if d.candidate != nil {
		states = append(states, d.candidate)
	}
	return states
}

// settle takes what was found after a crash for the model, if it may be that.
func (d *testDB) settle(round int) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	var got []testRow
	if def, ok := v.Catalog().Table("t"); ok {
		tv := v.Table(def.OID)
		for i := range tv.Parts() {
			got = append(got, readScan(tv.Part(i).Scan(nil, testCols))...)
		}
	}
	all := func(testRow) bool { return true }
	sortRows(got)
	for _, state := range d.durable {
		if slices.EqualFunc(got, modelRows(state, all), testRow.equal) {
			d.model, d.durable = state, nil
			return
		}
	}
	d.t.Fatalf("round %d: what the crash left is none of %d states: %.2000s\nthe oldest is %.2000s", round, len(d.durable), fmt.Sprint(got),
		fmt.Sprint(modelRows(d.durable[0], all)))
}

// bulkLoad is a transaction that stays open, with rows in keys of its own.
type bulkLoad struct {
	txn  *Txn
	mine map[int64]testRow // what it has changed
}

// startLoad feeds rows, changes some of them, and leaves the transaction open.
func (d *testDB) startLoad(rng *rand.Rand, base int64) *bulkLoad {
	d.t.Helper()
	ctx := context.Background()
	l := &bulkLoad{d.db.Begin(TxnOptions{AsyncCommit: d.async}), map[int64]testRow{}}
	def := d.table(l.txn)
	for range 1 + rng.IntN(3) {
		var rows []testRow
		for range rng.IntN(40) {
			id := base + int64(rng.IntN(100))
			if _, there := l.mine[id]; there {
				continue
			}
			if _, there := d.model[id]; there {
				continue
			}
			r := randomRow(rng, id)
			rows = append(rows, r)
			l.mine[id] = r
		}
		if err := feed(ctx, l.txn, def, rows); err != nil {
			d.t.Fatal(err)
		}
		for _, r := range rows {
			var err error
			switch rng.IntN(6) {
			case 0:
				err = remove(ctx, l.txn, def, r.id)
				delete(l.mine, r.id)
			case 1:
				r = randomRow(rng, r.id)
				err = put(ctx, l.txn, def, r)
				l.mine[r.id] = r
			}
			if err != nil {
				d.t.Fatal(err)
			}
		}
		if rng.IntN(2) == 0 {
			if err := l.txn.spill(); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	return l
}

// writeLoaded puts rows by keys that loads use too, or did before a crash.
func (d *testDB) writeLoaded(rng *rand.Rand) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{AsyncCommit: d.async})
	def := d.table(txn)
	mine := maps.Clone(d.model)
	for range 1 + rng.IntN(40) {
		r := randomRow(rng, int64(200000+1000*rng.IntN(2)+rng.IntN(100)))
		if err := put(context.Background(), txn, def, r); err != nil {
			d.t.Fatal(err)
		}
		mine[r.id] = r
	}
	d.end(rng, txn, mine)
}

func (l *bulkLoad) end(d *testDB, rng *rand.Rand) {
	d.t.Helper()
	mine := maps.Clone(d.model)
	maps.Copy(mine, l.mine)
	d.async = l.txn.opts.AsyncCommit
	d.end(rng, l.txn, mine)
}
