package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// slots returns the number of version slots in memory.
func (d *testDB) slots() (n int) {
	for _, c := range d.db.everyCollection() {
		for _, p := range c.parts {
			n += int(p.rows)
		}
	}
	return n
}

// updateAll commits an update of each of the ids [0, keys), in one transaction.
func (d *testDB) updateAll(rng *rand.Rand, keys int64) {
	d.t.Helper()
	d.commit(func(txn *Txn) error {
		def := d.table(txn)
		for id := range keys {
			d.model[id] = randomRow(rng, id)
			if err := put(context.Background(), txn, def, d.model[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestReplayVacuums replays a log of many updates of few keys: it takes memory
// for the versions of some megabytes of log, not for all. A load that is not over and a
// prepared transaction come through.
func TestReplayVacuums(t *testing.T) {
	const keys = 1000
	rounds := 1000
	if testing.Short() {
		rounds = 200
	}
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.SegmentBytes = 8 << 20
	d := openTest(t, cfg)
	rng := rand.New(rand.NewPCG(1, 1))
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "t")) })
	loads := []*load{{next: keys}, {next: 10 * keys}}
	prepared := randomRow(rng, 100*keys)
	write := func(txn *Txn) error { return put(context.Background(), txn, d.table(txn), prepared) }
	d.commit(write)
	d.model[prepared.id] = prepared
	for round := range rounds {
		d.updateAll(rng, keys)
		if round%50 == 0 {
			d.db.Vacuum()
			loads[0].add(d, rng) // committed after half of it
			loads[1].add(d, rng) // never
		}
		if round == rounds/10 {
			prepared = randomRow(rng, prepared.id)
			txn := d.db.Begin(TxnOptions{})
			if err := errors.Join(write(txn), txn.Prepare(context.Background(), PrepareInfo{GID: "p"})); err != nil {
				t.Fatal(err)
			}
		}
		if round == rounds/2 {
			loads[0].end(d, true)
		}
	}
	loads[0].end(d, false)
	crashed := d.cfg
	crashed.FS = d.disk().CrashClone(rng)
	after := &testDB{t: t, cfg: crashed, model: d.model}
	after.open()
	defer after.close()
	slots := after.slots()
	t.Logf("%d updates of %d keys replayed in %d slots", rounds*keys, keys, slots)
	if slots > 120*keys {
		t.Errorf("the replay of %d updates took %d slots", rounds*keys, slots)
	}
	after.verify()
	if err := after.db.CommitPrepared(context.Background(), "p", Finisher{}); err != nil {
		t.Fatal(err)
	}
	after.model[prepared.id] = prepared
	after.verifyCount()
	loads[1].end(d, false)
}

// TestHeldSnapshotCostsOneVersionAKey updates every key many times while
// snapshots are held: each sees its data to the end (I7), and costs at most one version
// of each key.
func TestHeldSnapshotCostsOneVersionAKey(t *testing.T) {
	const (
		keys   = 200
		rounds = 60
	)
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	rng := rand.New(rand.NewPCG(2, 2))
	type held struct {
		txn   *Txn
		model map[int64]testRow
	}
	var snapshots []held
	verify := func() {
		for _, h := range snapshots {
			v := h.txn.View()
			verifyView(t, v, h.model)
			v.Close()
		}
	}
	for round := range rounds {
		d.updateAll(rng, keys)
		if round%20 == 0 {
			h := held{d.db.Begin(TxnOptions{Isolation: RepeatableRead}), maps.Clone(d.model)}
			h.txn.View().Close()
			snapshots = append(snapshots, h)
		}
		if round%5 == 0 {
			verify()
			d.db.Vacuum()
			d.check()
		}
	}
	verify()
	// The versions since the last vacuum are there too.
	if slots := d.slots(); slots > (1+3+5+1)*keys {
		t.Errorf("%d slots for %d keys and 3 snapshots after %d updates of each", slots, keys, rounds)
	}
	for _, i := range rng.Perm(len(snapshots)) {
		h := snapshots[i]
		h.txn.Rollback()
		snapshots[i].txn = nil
		d.db.Vacuum()
		d.check()
		for _, h := range snapshots {
			if h.txn != nil {
				v := h.txn.View()
				verifyView(t, v, h.model)
				v.Close()
			}
		}
	}
	d.verifyCount()
	used := d.slots()
	for _, c := range d.db.everyCollection() {
		for _, p := range c.parts {
			used -= p.free.n
		}
	}
	if used != keys {
		t.Errorf("%d versions are left of %d keys", used, keys)
	}
}

// TestMemoryStaysBoundedUnderUpdates updates rows with texts that no dictionary
// holds: after ten times as many updates the table takes hardly more slots and
// bytes.
func TestMemoryStaysBoundedUnderUpdates(t *testing.T) {
	const keys = 6000
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	rng := rand.New(rand.NewPCG(3, 3))
	ctx := context.Background()
	update := func(n int) {
		for range n {
			d.commit(func(txn *Txn) error {
				def := d.table(txn)
				for range 100 {
					r := randomRow(rng, rng.Int64N(keys))
					r.town = fmt.Sprintf("%x%s", rng.Uint64(), strings.Repeat("x", 50+rng.IntN(250)))
					d.model[r.id] = r
					if err := put(ctx, txn, def, r); err != nil {
						return err
					}
				}
				return nil
			})
			d.db.vacuum.round()
		}
	}
	measure := func() (slots int, bytes int64) {
		d.db.Vacuum()
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		v := txn.View()
		defer v.Close()
		return d.slots(), v.Table(d.table(txn).OID).Bytes()
	}
	update(3 * keys / 100)
	slots, bytes := measure()
	update(27 * keys / 100)
	slotsAfter, bytesAfter := measure()
	t.Logf("slots %d, then %d; bytes %d, then %d", slots, slotsAfter, bytes, bytesAfter)
	if float64(slotsAfter) > 1.2*float64(slots) || float64(bytesAfter) > 1.2*float64(bytes) {
		t.Errorf("10 times as many updates take %d slots in place of %d, and %d bytes in place of %d", slotsAfter, slots, bytesAfter, bytes)
	}
	d.verify()
	d.check()
}

// TestMemoryGoesBack updates each row of a table under a held snapshot, and deletes
// them all in the end: the memory goes with the versions.
func TestMemoryGoesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("whole segments of rows take seconds")
	}
	const keys = 2 * column.SegmentRows
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 1, MaintenanceInterval: time.Hour})
	rng := rand.New(rand.NewPCG(4, 4))
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "t")) })
	rows := make([]testRow, keys)
	for id := range rows {
		rows[id] = randomRow(rng, int64(id))
	}
	d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), rows) })
	each := func(f func(txn *Txn, def *schema.Table, r *testRow) error) {
		for some := range slices.Chunk(rows, 4096) {
			d.commit(func(txn *Txn) error {
				def := d.table(txn)
				for i := range some {
					if err := f(txn, def, &some[i]); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	bytes := func() int64 {
		d.db.Vacuum()
		d.check()
		return d.db.everyCollection()[0].account.Bytes()
	}
	loaded := bytes()
	held := d.db.Begin(TxnOptions{Isolation: RepeatableRead})
	held.View().Close()
	each(func(txn *Txn, def *schema.Table, r *testRow) error {
		*r = randomRow(rng, r.id)
		return put(ctx, txn, def, *r)
	})
	during := bytes()
	held.Rollback()
	after := bytes()
	if float64(after) > 1.2*float64(loaded) {
		t.Errorf("%d bytes before the snapshot, %d while it was held, %d after it", loaded, during, after)
	}
	// The versions are where they began to be: the first slots are used again.
	each(func(txn *Txn, def *schema.Table, r *testRow) error { return put(ctx, txn, def, *r) })
	all := sortRows(slices.Clone(rows))
	for _, r := range all {
		d.model[r.id] = r
	}
	d.verifyCount()
	each(func(txn *Txn, def *schema.Table, r *testRow) error { return remove(ctx, txn, def, r.id) })
	clear(d.model)
	if none := bytes(); none > loaded/10 {
		t.Errorf("%d bytes with all rows, %d without any", loaded, none)
	}
	d.verifyCount()
	// The table is used again.
	each(func(txn *Txn, def *schema.Table, r *testRow) error { return put(ctx, txn, def, *r) })
	for _, r := range all {
		d.model[r.id] = r
	}
	d.verifyCount()
	if again := bytes(); float64(again) > 1.2*float64(loaded) {
		t.Errorf("%d bytes with all rows, %d with them a second time", loaded, again)
	}
}

// writeHook calls f before each write.
type writeHook struct {
	io.Writer
	f func()
}

func (w writeHook) Write(b []byte) (int, error) {
	w.f()
	return w.Writer.Write(b)
}

// TestSlowBackupKeepsLittle updates rows again and again while the receiver of a
// backup takes its time: of the updates hardly anything stays in memory, and the backup
// is that of its moment.
func TestSlowBackupKeepsLittle(t *testing.T) {
	const rows, hot = 15_000, 100
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "t")) })
	rng := rand.New(rand.NewPCG(5, 5))
	var list []testRow
	for id := range int64(rows) {
		r := randomRow(rng, id)
		r.town = fmt.Sprintf("%x %x", id, make([]byte, 200))
		list = append(list, r)
		d.model[id] = r
	}
	d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), list) })
	before := maps.Clone(d.model)
	var stream bytes.Buffer
	updates := 0
	m, err := d.db.Backup(ctx, writeHook{&stream, func() {
		for range 20 {
			d.updateAll(rng, hot)
			d.db.Vacuum()
			updates += hot
		}
	}})
	if err != nil || m.Rows != rows {
		t.Fatalf("%d rows, %v", m.Rows, err)
	}
	if slots := d.slots(); updates < 50*hot || slots > rows+5*hot {
		t.Errorf("%d slots for %d rows after %d updates of %d of them", slots, rows, updates, hot)
	}
	d.verifyCount()
	if err := d.disk().MkdirAll("backup"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReceiveBackup(ctx, d.disk(), "backup", &stream, noProgress); err != nil {
		t.Fatal(err)
	}
	d.model = before
	d.restored("backup", "other").verify()
}
