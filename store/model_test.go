package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// TestModel runs random operations against the store and a map, for several
// numbers of partitions, and compares all that can be asked.
func TestModel(t *testing.T) {
	seeds := max(crashSeeds(t)/100, 3)
	for _, partitions := range []int{1, 2, 8} {
		t.Run(fmt.Sprintf("P=%d", partitions), func(t *testing.T) {
			for seed := range seeds {
				runModel(t, seed, partitions)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// heldView is a snapshot with what it must go on showing (I7).
type heldView struct {
	txn   *Txn
	view  *View
	model map[int64]testRow
}

func runModel(t *testing.T, seed uint64, partitions int) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 1))
	d := openTest(t, memConfig(vfs.NewMem(), partitions))
	d.create()
	var held []heldView
	drop := func() {
		for _, h := range held {
			verifyView(t, h.view, h.model)
			h.view.Close()
			if h.txn.Isolation() == RepeatableRead { // the same, however often it is asked
				again := h.txn.View()
				verifyView(t, again, h.model)
				again.Close()
			}
			h.txn.Rollback()
		}
		held = nil
	}
	for range 60 {
		switch rng.IntN(14) {
		case 0:
			drop()
			d.reopen()
		case 1:
			if err := d.db.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
		case 2:
			d.db.Vacuum()
		case 3:
			txn := d.db.Begin(TxnOptions{Isolation: Isolation(rng.IntN(2))})
			held = append(held, heldView{txn, txn.View(), maps.Clone(d.model)})
		case 4:
			d.truncate(rng)
		case 5:
			d.reindex(rng)
		case 6, 7:
			d.feedSome(rng)
		default:
			d.writeSome(rng)
		}
		if rng.IntN(4) == 0 {
			d.check()
			d.verify()
		}
	}
	d.check()
	d.verify()
	drop()
	d.verifyCount()
	d.reopen()
	d.verifyCount()
	d.db.Close()
}

// leftovers counts what nobody needs when there are no transactions.
func (db *DB) leftovers() map[string]int {
	all := db.everyCollection()
	db.vacuum.run.Lock()
	defer db.vacuum.run.Unlock()
	db.applying.Lock()
	defer db.applying.Unlock()
	left := map[string]int{"locks": db.locks.entries(), "uncommitted tables": len(db.unborn), "statuses to drop": len(db.vacuum.stamping)}
	db.statuses.m.Range(func(any, any) bool { left["statuses"]++; return true })
	for _, c := range all {
		for _, p := range c.parts {
			p.mu.Lock()
			left["dead rows"] += len(p.dead)
			left["rows in quarantine"] += len(p.quarantine)
			left["indexes"] += len(*p.indexes.Load()) - len(c.def.Load().Indexes)
			p.mu.Unlock()
		}
	}
	maps.DeleteFunc(left, func(_ string, n int) bool { return n == 0 })
	return left
}

// verifyCount compares the estimate of rows, which is exact after vacuum, and
// sees that nothing is left of what was.
func (d *testDB) verifyCount() {
	d.t.Helper()
	d.db.Vacuum()
	d.check()
	d.verify()
	if left := d.db.leftovers(); len(left) > 0 {
		d.t.Fatalf("without transactions and after vacuum there are %v", left)
	}
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	def, _ := v.Catalog().Table("t")
	if n := v.Table(def.OID).EstimateRows(); n != int64(len(d.model)) {
		d.t.Fatalf("%d rows are estimated, there are %d", n, len(d.model))
	}
}

// savepoints are those of a transaction, with what it showed then.
type savepoints []struct {
	mark *Savepoint
	mine map[int64]testRow
}

// step sometimes makes a savepoint, and sometimes goes back to one.
func (s *savepoints) step(rng *rand.Rand, txn *Txn, mine map[int64]testRow) {
	switch n := len(*s); {
	case rng.IntN(4) == 0:
		*s = append(*s, struct {
			mark *Savepoint
			mine map[int64]testRow
		}{txn.Savepoint(), maps.Clone(mine)})
	case n > 0 && rng.IntN(5) == 0:
		i := rng.IntN(n)
		*s = (*s)[:i+1]
		txn.RollbackTo((*s)[i].mark)
		clear(mine)
		maps.Copy(mine, (*s)[i].mine)
	}
}

// writeSome does a transaction of small writes, looking at its own all the time.
func (d *testDB) writeSome(rng *rand.Rand) {
	d.t.Helper()
	ctx := context.Background()
	txn := d.db.Begin(TxnOptions{AsyncCommit: d.async})
	def := d.table(txn)
	mine := maps.Clone(d.model)
	var marks savepoints
	for range 1 + rng.IntN(12) {
		id := int64(rng.IntN(40))
		var err error
		marks.step(rng, txn, mine)
		switch rng.IntN(8) {
		case 0, 1:
			err = remove(ctx, txn, def, id)
			delete(mine, id)
		case 2:
			if _, there := mine[1000+id]; there {
				continue
			}
			r := randomRow(rng, 1000+id)
			err = feed(ctx, txn, def, []testRow{r})
			mine[r.id] = r
		default:
			r := randomRow(rng, id)
			err = put(ctx, txn, def, r)
			mine[id] = r
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if rng.IntN(3) == 0 {
			v := txn.View()
			verifyView(d.t, v, mine)
			v.Close()
			d.verify()
		}
	}
	d.end(rng, txn, mine)
}

func (d *testDB) end(rng *rand.Rand, txn *Txn, mine map[int64]testRow) {
	d.t.Helper()
	if rng.IntN(4) == 0 {
		txn.Rollback()
		return
	}
	wrote := txn.Wrote()
	d.candidate = mine
	if err := txn.Commit(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	if d.candidate = nil; wrote {
		d.acknowledged(mine)
	}
}

// acknowledged makes mine the model.
func (d *testDB) acknowledged(mine map[int64]testRow) {
	switch {
	case !d.async:
		d.durable = nil
	case len(d.durable) == 0:
		d.durable = append(d.durable, d.model, mine)
	default:
		d.durable = append(d.durable, mine)
	}
	d.model = mine
}

// feedSome does a bulk insert, of which some break the key.
func (d *testDB) feedSome(rng *rand.Rand) {
	d.t.Helper()
	ctx := context.Background()
	txn := d.db.Begin(TxnOptions{AsyncCommit: d.async})
	def := d.table(txn)
	mine := maps.Clone(d.model)
	var rows []testRow
	dup := false
	for range rng.IntN(300) {
		id := int64(rng.IntN(100000))
		if rng.IntN(100) == 0 {
			id = int64(rng.IntN(40))
		}
		if _, there := mine[id]; there {
			if rng.IntN(10) > 0 {
				continue
			}
			dup = true
		}
		r := randomRow(rng, id)
		rows = append(rows, r)
		mine[id] = r
	}
	err := feed(ctx, txn, def, rows)
	if dup {
		if !isCode(err, sqlerr.UniqueViolation) {
			d.t.Fatalf("a feed with a duplicate key gives %v", err)
		}
		txn.Rollback()
		return
	}
	if err != nil {
		d.t.Fatal(err)
	}
	for range rng.IntN(5) { // and some of its rows change at once
		if len(rows) == 0 {
			break
		}
		r := randomRow(rng, rows[rng.IntN(len(rows))].id)
		if rng.IntN(2) == 0 {
			err = put(ctx, txn, def, r)
			mine[r.id] = r
		} else {
			err = remove(ctx, txn, def, r.id)
			delete(mine, r.id)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	d.end(rng, txn, mine)
}

// truncate swaps the generation, and feeds, writes to and alters the table
// before and after in the same transaction.
func (d *testDB) truncate(rng *rand.Rand) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{AsyncCommit: d.async})
	d.lockedTable(txn)
	mine := maps.Clone(d.model)
	var marks savepoints
	for range 1 + rng.IntN(2) {
		marks.step(rng, txn, mine)
		if rng.IntN(2) == 0 {
			d.scribble(rng, txn, d.table(txn), mine)
		}
		d.truncated(txn)
		clear(mine)
		for range rng.IntN(3) {
			marks.step(rng, txn, mine)
			d.alter(rng, txn)
			marks.step(rng, txn, mine)
			def := d.table(txn)
			if txn.created[def.Generation] == nil && txn.altered(def.OID) {
				continue // a savepoint took the TRUNCATE back; feeds are refused then
			}
			var rows []testRow
			for range rng.IntN(100) {
				r := randomRow(rng, int64(rng.IntN(300)))
				if _, there := mine[r.id]; !there {
					rows = append(rows, r)
					mine[r.id] = r
				}
			}
			if err := feed(context.Background(), txn, def, rows); err != nil {
				d.t.Fatal(err)
			}
			d.scribble(rng, txn, def, mine)
		}
		v := txn.View()
		verifyView(d.t, v, mine)
		v.Close()
	}
	d.end(rng, txn, mine)
}

// scribble puts and removes a few rows.
func (d *testDB) scribble(rng *rand.Rand, txn *Txn, def *schema.Table, mine map[int64]testRow) {
	d.t.Helper()
	ctx := context.Background()
	for range rng.IntN(5) {
		r := randomRow(rng, int64(rng.IntN(40)))
		var err error
		if rng.IntN(3) == 0 {
			err = remove(ctx, txn, def, r.id)
			delete(mine, r.id)
		} else {
			err = put(ctx, txn, def, r)
			mine[r.id] = r
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// alter drops the table's last index, adds those that are missing, or adds a column.
func (d *testDB) alter(rng *rand.Rand, txn *Txn) {
	d.t.Helper()
	def := d.lockedTable(txn)
	var err error
	switch {
	case rng.IntN(4) == 0:
		err = txn.PutTable(addColumn(def))
	case len(def.Indexes) > 0 && rng.IntN(2) == 0:
		def.Indexes = def.Indexes[:len(def.Indexes)-1]
		err = txn.PutTable(def)
	default:
		for _, x := range testIndexes(txn) {
			if _, there := def.Index(x.Name); !there && err == nil {
				err = txn.AddIndex(context.Background(), def, x)
				def = d.table(txn)
			}
		}
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// reindex alters the table, and writes to it before and after in the same transaction.
func (d *testDB) reindex(rng *rand.Rand) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{AsyncCommit: d.async})
	def := d.lockedTable(txn)
	mine := maps.Clone(d.model)
	for range 1 + rng.IntN(2) {
		if rng.IntN(2) == 0 {
			d.scribble(rng, txn, def, mine)
		}
		d.alter(rng, txn)
		def = d.table(txn)
		if rng.IntN(2) == 0 {
			d.scribble(rng, txn, def, mine)
		}
		v := txn.View()
		verifyView(d.t, v, mine)
		v.Close()
	}
	d.end(rng, txn, mine)
}
