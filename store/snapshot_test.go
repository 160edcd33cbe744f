package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// keyed is the test table with another primary key.
type keyed struct {
	name   string
	hidden bool
	key    []int16
}

var keyedTables = []keyed{
	{name: "integer", key: []int16{1}},
	{name: "text", key: []int16{2}},
	{name: "composite", key: []int16{2, 1}},
	{name: "three columns", key: []int16{2, 1, 5}},
	{name: "hidden", hidden: true, key: []int16{6}},
}

// definition returns the table with its indexes.
func (k keyed) definition(txn *Txn) *schema.Table {
	def := testTable(txn, k.name)
	def.Key, def.HiddenKey = k.key, k.hidden
	if k.hidden {
		def.Columns = append(def.Columns, schema.Column{Num: 6, Name: "hidden", Type: value.Of(value.Int8), Hidden: true, NotNull: true})
	}
	def.Indexes = testIndexes(txn)
	return def
}

// vals returns a row's values for the table; a hidden key is NULL.
func (k keyed) vals(r testRow) []value.Value {
	vals := r.values()
	if k.hidden {
		vals = append(vals, value.Null(value.Int8))
	}
	return vals
}

// groupRows are the rows of one group: a transaction writes all of them or none.
const groupRows = 5

func groupRow(group, i int, n int64) testRow {
	return testRow{id: int64(group*groupRows + i), town: fmt.Sprintf("town %d of group %d, which is not short", i, group), n: n,
		tags: []string{string(rune('a' + n%6))}, price: int64(i)}
}

// TestSnapshotsUnderConcurrency has many write groups of rows, by hand and by
// feeds, commit and roll back, while vacuum, checkpoints and changes of indexes
// go on: a view shows whole groups only, the same however it is read, and goes on
// showing them (I7).
func TestSnapshotsUnderConcurrency(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 8
	}
	for _, k := range keyedTables {
		t.Run(k.name, func(t *testing.T) {
			ctx := context.Background()
			cfg := memConfig(vfs.NewMem(), 2)
			cfg.MaintenanceInterval = 100 * time.Microsecond
			d := openTest(t, cfg)
			d.commit(func(txn *Txn) error { return txn.PutTable(k.definition(txn)) })
			var writers, others sync.WaitGroup
			var stop atomic.Bool
			for w := range 3 {
				writers.Go(func() {
					g := groupWriter{k: k, d: d, rng: rand.New(rand.NewPCG(uint64(w), 5)), group: w, hidden: map[int][]value.Value{}}
					for i := range rounds {
						if err := g.write(ctx, int64(i%49)); err != nil {
							t.Errorf("writer %d: %v", w, err)
							return
						}
						g.group = w + 3*g.rng.IntN(4)
					}
				})
			}
			for range 2 {
				others.Go(func() {
					for !stop.Load() {
						if err := k.readTwice(d); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			others.Go(func() {
				for !stop.Load() {
					if err := errors.Join(d.db.Checkpoint(ctx), k.reindex(ctx, d)); err != nil {
						t.Error(err)
						return
					}
				}
			})
			writers.Wait()
			stop.Store(true)
			others.Wait()
			d.db.Vacuum()
			d.check()
			before := k.read(t, d)
			d.close()
			d.open()
			d.check()
			if after := k.read(t, d); !slices.EqualFunc(after, before, testRow.equal) {
				t.Errorf("after a restart there is\n%v, before\n%v", after, before)
			}
		})
	}
}

// groupWriter writes groups of its own.
type groupWriter struct {
	k      keyed
	d      *testDB
	rng    *rand.Rand
	group  int
	hidden map[int][]value.Value // the hidden keys of the rows of a group
}

// write replaces, removes or feeds a group in one transaction.
func (g *groupWriter) write(ctx context.Context, n int64) error {
	txn := g.d.db.Begin(TxnOptions{AsyncCommit: g.rng.IntN(2) == 0})
	defer txn.Rollback()
	def, err := g.lockTable(ctx, txn)
	if err != nil {
		return err
	}
	var keys []value.Value
	how := g.rng.IntN(4)
	for i := range groupRows {
		vals := g.k.vals(groupRow(g.group, i, n))
		if old := g.hidden[g.group]; g.k.hidden && old != nil {
			vals[5] = old[i]
		}
		key, err := txn.RowKey(nil, def, vals)
		if err != nil {
			return err
		}
		if _, err := txn.LockKey(ctx, def, key, ForUpdate, WaitBlock); err != nil {
			return err
		}
		cur, there, err := txn.Newest(def, key)
		if err != nil {
			return err
		}
		switch {
		case how == 0 || how == 1: // remove; how 1: and feed again
			if there {
				err = txn.Delete(def, key, cur)
			}
		case there:
			err = txn.Update(def, key, cur, vals)
		default:
			err = txn.Insert(def, key, vals)
		}
		if err != nil {
			return err
		}
		if g.k.hidden {
			keys = append(keys, vals[5])
		}
	}
	switch how {
	case 0:
		keys = nil
	case 1:
		if keys, err = g.feed(ctx, txn, def, n); err != nil {
			return err
		}
	}
	if g.rng.IntN(4) == 0 {
		return nil // and roll back
	}
	g.hidden[g.group] = keys
	return txn.Commit(ctx)
}

func (g *groupWriter) lockTable(ctx context.Context, txn *Txn) (*schema.Table, error) {
	for {
		v := txn.View()
		def, _ := v.Catalog().Table(g.k.name)
		v.Close()
		if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
			return nil, err
		}
		v = txn.View()
		now, _ := v.Catalog().Table(g.k.name)
		v.Close()
		if now == def {
			return def, nil
		}
	}
}

// feed feeds a group and returns its hidden keys.
func (g *groupWriter) feed(ctx context.Context, txn *Txn, def *schema.Table, n int64) ([]value.Value, error) {
	f, err := txn.Feed(ctx, def)
	if err != nil {
		return nil, err
	}
	b := &column.Batch{N: groupRows, Vecs: make([]column.Vec, len(def.Columns))}
	for i := range groupRows {
		for c, v := range g.k.vals(groupRow(g.group, i, n)) {
			if i == 0 {
				b.Vecs[c].Reset(v.Kind())
			}
			b.Vecs[c].Append(v)
		}
	}
	if err := errors.Join(f.Add(ctx, b), f.Close(ctx)); err != nil {
		return nil, err
	}
	var keys []value.Value
	for i := range groupRows {
		if g.k.hidden {
			keys = append(keys, b.Vecs[5].Value(i))
		}
	}
	return keys, nil
}

// reindex drops the table's last index, or makes one anew.
func (k keyed) reindex(ctx context.Context, d *testDB) error {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	def, _ := v.Catalog().Table(k.name)
	v.Close()
	if err := txn.LockTable(ctx, def.OID, AccessExclusiveLock); err != nil {
		return err
	}
	var err error
	if def = def.Clone(); len(def.Indexes) == 4 {
		def.Indexes = def.Indexes[:3]
		def.Version++
		err = txn.PutTable(def)
	} else {
		err = txn.AddIndex(ctx, def, testIndexes(txn)[3])
	}
	if err != nil {
		return err
	}
	return txn.Commit(ctx)
}

// readTwice reads a view, lets others go on, and reads it again.
func (k keyed) readTwice(d *testDB) error {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	first, err := k.rows(v)
	if err != nil {
		return err
	}
	groups := map[int64][]int64{}
	for _, r := range first {
		groups[r.id/groupRows] = append(groups[r.id/groupRows], r.n)
	}
	for g, ns := range groups {
		if len(ns) != groupRows || slices.Min(ns) != slices.Max(ns) {
			return fmt.Errorf("group %d is there by half: %v", g, ns)
		}
	}
	for range 3 {
		time.Sleep(time.Millisecond)
		again, err := k.rows(v)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(first, again, testRow.equal) {
			return fmt.Errorf("a snapshot has changed from\n%v to\n%v", first, again)
		}
	}
	return nil
}

func (k keyed) read(t *testing.T, d *testDB) []testRow {
	t.Helper()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	rows, err := k.rows(v)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// rows reads all rows of a view in every way there is.
func (k keyed) rows(v *View) ([]testRow, error) {
	def, _ := v.Catalog().Table(k.name)
	tv := v.Table(def.OID)
	read := func(how string, want []testRow, scan func(p *PartView) []*Scan) ([]testRow, error) {
		var rows []testRow
		for i := range tv.Parts() {
			for _, s := range scan(tv.Part(i)) {
				rows = append(rows, readScan(s)...)
			}
		}
		if sortRows(rows); want != nil && !slices.EqualFunc(rows, want, testRow.equal) {
			return nil, fmt.Errorf("%s of %s gives\n%v, a scan\n%v", how, k.name, rows, want)
		}
		return rows, nil
	}
	rows, err := read("scan", nil, func(p *PartView) []*Scan { return []*Scan{p.Scan(nil, testCols)} })
	if err != nil {
		return nil, err
	}
	rows = append([]testRow{}, rows...)
	var errs []error
	also := func(how string, scan func(p *PartView) []*Scan) {
		_, err := read(how, rows, scan)
		errs = append(errs, err)
	}
	also("scan of ranges", func(p *PartView) (scans []*Scan) {
		for at := uint32(0); at == 0 || at < p.Universe(); at += 13 {
			scans = append(scans, p.ScanRange(at, at+13, testCols))
		}
		return scans
	})
	for _, x := range def.Indexes {
		if x.Kind != schema.BTree {
			continue
		}
		also("walk", func(p *PartView) []*Scan { return []*Scan{p.Walk(x, KeyRange{}, false, testCols)} })
		also("walk back", func(p *PartView) []*Scan { return []*Scan{p.Walk(x, KeyRange{}, true, testCols)} })
		also("range", func(p *PartView) []*Scan { set := p.Range(x, KeyRange{}); return []*Scan{p.Scan(&set, testCols)} })
	}
	byTag, _ := def.Index("by_tag")
	also("tags", func(p *PartView) (scans []*Scan) {
		for tag := 'a'; tag < 'g'; tag++ {
			set := p.Equal(byTag, IndexKey(nil, byTag, value.NewText(string(tag))))
			scans = append(scans, p.Scan(&set, testCols))
		}
		return scans
	})
	if !k.hidden {
		for _, r := range rows {
			var key []byte
			for _, num := range def.Key {
				key = value.AppendKey(key, r.values()[num-1])
			}
			vals, ok := tv.Get(nil, key, []int16{1, 3})
			if !ok || vals[0].Int() != r.id || vals[1].Int() != r.n {
				errs = append(errs, fmt.Errorf("Get of %v gives %v", r, vals))
			}
		}
	}
	return rows, errors.Join(errs...)
}
