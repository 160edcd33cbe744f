package store

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestFaultModel runs random work on a disk whose operations fail: once, from
// then on, or for lack of space. What fails changes nothing in memory; what
// was acknowledged is there after a restart; of a commit that failed all is there or nothing,
// and nothing of it when later ones succeeded.
func TestFaultModel(t *testing.T) {
	for seed := range max(crashSeeds(t)/20, 5) {
		runFaultModel(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func runFaultModel(t *testing.T, seed uint64) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 13))
	d, fs := openFaulty(t)
	d.db.cfg.Clock = manualClock()
	var doubt []map[int64]testRow
	kind := rng.IntN(3)
	left := 1 + rng.IntN(60)
	fs.SetHook(func(vfs.Op, string) error {
		if left--; left == 0 || left < 0 && kind == 1 {
			return syscall.EIO
		}
		return nil
	})
	if kind == 2 {
		fs.SetHook(nil)
		fs.SetSpace(int64(rng.IntN(1 << 18)))
	}
	for step := range 25 {
		if kind == 2 && step == 20 {
			fs.SetSpace(-1)
		}
		if rng.IntN(6) == 0 {
			_ = d.db.Checkpoint(ctx) // may fail
			continue
		}
		txn := d.db.Begin(TxnOptions{})
		mine, err := d.randomWork(ctx, rng, txn)
		wrote := txn.Wrote()
		if err == nil && rng.IntN(5) > 0 {
			if err = txn.Commit(ctx); err == nil && wrote {
				d.model, doubt = mine, nil
			} else if err != nil {
				doubt = append(doubt, mine)
			}
		}
		txn.Rollback()
		if rng.IntN(4) == 0 {
			d.db.Vacuum()
		}
		d.verify()
	}
	d.verifyCount()
	fs.SetHook(nil)
	if rng.IntN(2) == 0 {
		_ = d.db.Close()
	}
	d.durable = append(doubt, d.model)
	d.crash()
	d.settle(0)
	d.verifyCount()
	d.commit(func(txn *Txn) error {
		d.model[0] = testRow{id: 0, n: 5}
		return put(ctx, txn, d.table(txn), d.model[0])
	})
	d.crash()
	d.verifyCount()
	d.db.Close()
}

// randomWork changes a little in a transaction, and returns what the table then holds.
func (d *testDB) randomWork(ctx context.Context, rng *rand.Rand, txn *Txn) (map[int64]testRow, error) {
	mine := maps.Clone(d.model)
	def := d.table(txn)
	if rng.IntN(6) == 0 {
		def = d.lockedTable(txn)
		switch rng.IntN(3) {
		case 0:
			def.Generation = txn.NewGeneration()
			clear(mine)
		case 1:
			def = addColumn(def)
		default:
			def.Indexes = slices.DeleteFunc(def.Indexes, func(*schema.Index) bool { return rng.IntN(2) == 0 })
		}
		if err := txn.PutTable(def); err != nil {
			return nil, err
		}
		def = d.table(txn)
	}
	_, fresh := txn.created[def.Generation]
	mayFeed := fresh || !txn.altered(def.OID)
	for range 1 + rng.IntN(3) {
		var rows []testRow
		for range rng.IntN(30) {
			r := randomRow(rng, int64(rng.IntN(200)))
			if _, there := mine[r.id]; !there {
				rows = append(rows, r)
				mine[r.id] = r
			}
		}
		if mayFeed && rng.IntN(2) == 0 {
			if err := feed(ctx, txn, def, rows); err != nil {
				return nil, err
			}
			rows = nil
		}
		for range rng.IntN(5) {
			r := randomRow(rng, int64(rng.IntN(200)))
			rows = append(rows, r)
			mine[r.id] = r
		}
		for _, r := range rows {
			if err := put(ctx, txn, def, r); err != nil {
				return nil, err
			}
		}
		if id := int64(rng.IntN(200)); rng.IntN(2) == 0 {
			if err := remove(ctx, txn, def, id); err != nil {
				return nil, err
			}
			delete(mine, id)
		}
		if mayFeed && rng.IntN(4) == 0 {
			if err := txn.spill(); err != nil {
				return nil, err
			}
		}
	}
	return mine, nil
}
