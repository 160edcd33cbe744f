package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// preparedModel is what is known at one moment: the rows, and what each prepared transaction will change. Immutable.
type preparedModel struct {
	rows     map[int64]testRow
	prepared map[string]preparedChange
}

// preparedChange is what a prepared transaction has written, nil for a row that it has deleted, and locked.
type preparedChange struct {
	rows   map[int64]*testRow
	shared []int64
}

func (c preparedChange) ids() []int64 { return append(slices.Collect(maps.Keys(c.rows)), c.shared...) }

// apply returns the rows with the change.
func (c preparedChange) apply(rows map[int64]testRow) map[int64]testRow {
	rows = maps.Clone(rows)
	for id, r := range c.rows {
		if r == nil {
			delete(rows, id)
		} else {
			rows[id] = *r
		}
	}
	return rows
}

// preparedCrash is random work with prepared transactions on a disk that loses power in the middle of any of its operations.
type preparedCrash struct {
	*testDB
	rng    *rand.Rand
	broken preparedFault
	next   int
	states []preparedModel // the one known durable, and those after it
	tried  *preparedModel  // what a record under way would make
	points []preparedPoint
}

// preparedPoint is a disk as a loss of power left it, and the states that it may hold.
type preparedPoint struct {
	disk   *vfs.Mem
	states []preparedModel
}

// preparedFault is what is broken on purpose.
type preparedFault int

const (
	soundPrepared preparedFault = iota
	lyingDisk                   // a sync does nothing
	poorCheckpoint
	lostLocks // after a restart the locks are not there
)

func (c *preparedCrash) now() preparedModel { return c.states[len(c.states)-1] }

// locked lists the ids that prepared transactions keep from writers.
func (c *preparedCrash) lockedIDs() map[int64]bool {
	ids := map[int64]bool{}
	for _, p := range c.now().prepared {
		for _, id := range p.ids() {
			ids[id] = true
		}
	}
	return ids
}

// record runs work that makes next of the present state.
func (c *preparedCrash) record(next preparedModel, async bool, work func() error) error {
	c.tried = &next
	err := work()
	c.tried = nil
	switch {
	case err != nil:
		return err
	case async:
		c.states = append(c.states, next)
	default:
		c.states = []preparedModel{next}
	}
	return nil
}

// change writes a random change in a transaction: small ones, loads and locks alone.
func (c *preparedCrash) change(txn *Txn) (preparedChange, error) {
	ctx, def := context.Background(), c.table(txn)
	out := preparedChange{rows: map[int64]*testRow{}}
	now, locked := c.now(), c.lockedIDs()
	row := func(id int64) (testRow, bool) {
		if r, mine := out.rows[id]; mine {
			if r == nil {
				return testRow{}, false
			}
			return *r, true
		}
		r, ok := now.rows[id]
		return r, ok
	}
	for range 1 + c.rng.IntN(6) {
		id := int64(c.rng.IntN(40))
		_, there := row(id)
		switch r := randomRow(c.rng, id); {
		case locked[id]:
		case c.rng.IntN(5) == 0:
			if err := share(ctx, txn, def, id); err != nil {
				return out, err
			}
			out.shared = append(out.shared, id)
		case there && c.rng.IntN(3) == 0:
			if err := remove(ctx, txn, def, id); err != nil {
				return out, err
			}
			out.rows[id] = nil
		default:
			if err := put(ctx, txn, def, r); err != nil {
				return out, err
			}
			out.rows[id] = &r
		}
		switch c.rng.IntN(8) {
		case 0:
			if err := txn.spill(); err != nil {
				return out, err
			}
		case 1:
			var load []testRow
			for id := int64(50 + c.rng.IntN(10)); id < 80; id += int64(1 + c.rng.IntN(5)) {
				if _, there := row(id); there || locked[id] {
					continue
				}
				if _, mine := out.rows[id]; mine {
					continue
				}
				load = append(load, randomRow(c.rng, id))
				out.rows[id] = &load[len(load)-1]
			}
			if err := feed(ctx, txn, def, slices.Clone(load)); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// step does one random thing.
func (c *preparedCrash) step() error {
	ctx, now := context.Background(), c.now()
	switch n := c.rng.IntN(14); {
	case n < 3:
		return c.checkpoint(ctx)
	case n == 3:
		c.db.Vacuum()
		return nil
	case n < 6:
		async := c.rng.IntN(3) == 0
		txn := c.db.Begin(TxnOptions{AsyncCommit: async})
		ch, err := c.change(txn)
		if err != nil {
			return err
		}
		async = async || !txn.Wrote() // then nothing is synced
		return c.record(preparedModel{ch.apply(now.rows), now.prepared}, async, func() error { return txn.Commit(ctx) })
	case n < 10 && len(now.prepared) < 4:
		txn := c.db.Begin(TxnOptions{})
		ch, err := c.change(txn)
		if err != nil {
			return err
		}
		next := preparedModel{now.rows, maps.Clone(now.prepared)}
		gid := fmt.Sprint("g", c.next)
		c.next++
		next.prepared[gid] = ch
		return c.record(next, false, func() error { return txn.Prepare(ctx, prepareAs(gid)) })
	case len(now.prepared) > 0:
		gids := slices.Sorted(maps.Keys(now.prepared))
		return c.end(gids[c.rng.IntN(len(gids))], c.rng.IntN(3) > 0)
	}
	return nil
}

// end ends a prepared transaction.
func (c *preparedCrash) end(gid string, commit bool) error {
	now := c.now()
	next := preparedModel{now.rows, maps.Clone(now.prepared)}
	if commit {
		next.rows = now.prepared[gid].apply(now.rows)
	}
	delete(next.prepared, gid)
	return c.record(next, false, func() error { return c.finish(gid, commit) })
}

func (c *preparedCrash) checkpoint(ctx context.Context) error {
	if c.broken != poorCheckpoint {
		return c.db.Checkpoint(ctx)
	}
	ps := &c.db.prepared
	kept := ps.byGID
	ps.byGID = nil
	err := c.db.Checkpoint(ctx)
	ps.byGID = kept
	return err
}

// on opens a disk on which the power fails now and then.
func (c *preparedCrash) on(disk *vfs.Mem) (err error) {
	fs := vfs.NewFault(disk)
	fs.SetHook(func(vfs.Op, string) error {
		if c.rng.IntN(20) == 0 {
			c.points = append(c.points, c.point(disk))
		}
		return nil
	})
	if c.broken == lyingDisk {
		disk.LieAboutSync()
	}
	c.cfg.FS, c.under = fs, disk
	if c.db, err = Open(context.Background(), c.cfg); err != nil || c.broken != lostLocks {
		return err
	}
	for _, e := range c.db.prepared.byGID {
		c.db.locks.unlockFrom(e.holder.locker, &e.holder.held, 0)
	}
	return nil
}

func (c *preparedCrash) point(disk *vfs.Mem) preparedPoint {
	p := preparedPoint{disk.CrashClone(c.rng), slices.Clone(c.states)}
	if c.tried != nil {
		p.states = append(p.states, *c.tried)
	}
	return p
}

// settle finds out which of the states there may be was found.
func (c *preparedCrash) settle(states []preparedModel) error {
	if err := c.db.Check(context.Background()); err != nil {
		return err
	}
	txn := c.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	def, ok := v.Catalog().Table("t")
	if !ok {
		return errors.New("the table is lost")
	}
	var got []testRow
	for i := range v.Table(def.OID).Parts() {
		got = append(got, readScan(v.Table(def.OID).Part(i).Scan(nil, testCols))...)
	}
	sortRows(got)
	gids := c.gids()
	for _, s := range states {
		rows := modelRows(s.rows, func(testRow) bool { return true })
		if slices.EqualFunc(got, rows, testRow.equal) && slices.Equal(gids, slices.Sorted(maps.Keys(s.prepared))) {
			c.states = []preparedModel{s}
			return c.checkLocks()
		}
	}
	last := states[len(states)-1]
	return fmt.Errorf("what the crash left, %q prepared, is none of %d states: %.2000s\nthe last is %q: %.2000s", gids, len(states), fmt.Sprint(got),
		slices.Sorted(maps.Keys(last.prepared)), fmt.Sprint(modelRows(last.rows, func(testRow) bool { return true })))
}

// checkLocks compares the locks there are with those that the model knows (I5).
func (c *preparedCrash) checkLocks() error {
	want := c.lockedIDs()
	ids := make([]int64, 80)
	for i := range ids {
		ids[i] = int64(i)
	}
	got := c.locked(ForUpdate, ids...)
	if len(got) != len(want) || slices.ContainsFunc(got, func(id int64) bool { return !want[id] }) {
		return fmt.Errorf("locked are %v, the model has %v", got, slices.Sorted(maps.Keys(want)))
	}
	return nil
}

func runPreparedCrash(t *testing.T, seed uint64, broken preparedFault) (err error) {
	rng := rand.New(rand.NewPCG(seed, 13))
	cfg := memConfig(nil, []int{1, 2, 8}[rng.IntN(3)])
	cfg.Spawn = func(work func()) { work() }
	cfg.WALRand = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	cfg.Clock = manualClock()
	c := &preparedCrash{testDB: &testDB{t: t, cfg: cfg}, rng: rng, broken: broken,
		states: []preparedModel{{map[int64]testRow{}, map[string]preparedChange{}}}}
	if err := c.on(vfs.NewMem()); err != nil {
		return err
	}
	defer func() { c.db.Close() }()
	c.create()
	for round := range 4 {
		c.points = nil
		for range 4 + rng.IntN(12) {
			if err := c.step(); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
		c.points = append(c.points, c.point(c.under))
		at := c.points[rng.IntN(len(c.points))]
		c.db.Close() // gives the goroutines up; its writes come after the crash
		c.points, c.states = nil, at.states
		if err := c.on(at.disk); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		for len(c.points) > 0 && rng.IntN(2) == 0 { // in the start after the crash, too
			disk := c.points[rng.IntN(len(c.points))].disk
			c.db.Close()
			c.points = nil
			if err := c.on(disk); err != nil {
				return fmt.Errorf("round %d, second start: %w", round, err)
			}
		}
		if err := c.settle(at.states); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	for _, gid := range slices.Sorted(maps.Keys(c.now().prepared)) {
		if err := c.end(gid, rng.IntN(2) == 0); err != nil {
			return err
		}
		if err := c.settle(c.states); err != nil {
			return err
		}
	}
	return nil
}

// TestPreparedCrash prepares, commits and rolls back transactions among checkpoints and losses of power: what was acknowledged as
// prepared is there with all its locks, what was acknowledged as ended has ended, in whole.
func TestPreparedCrash(t *testing.T) {
	for seed := range max(crashSeeds(t)/5, 20) {
		if err := runPreparedCrash(t, seed, soundPrepared); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestPreparedCrashFindsFaults is the proof that TestPreparedCrash can fail.
func TestPreparedCrashFindsFaults(t *testing.T) {
	for fault, name := range map[preparedFault]string{
		lyingDisk: "a sync that does nothing", poorCheckpoint: "a checkpoint without prepared transactions", lostLocks: "locks that a restart loses",
	} {
		found := false
		for seed := uint64(0); seed < 200 && !found; seed++ {
			if err := runPreparedCrash(t, seed, fault); err != nil {
				t.Logf("%s, seed %d: %v", name, seed, err)
				found = true
			}
		}
		if !found {
			t.Errorf("%s went unnoticed in 200 runs", name)
		}
	}
}
