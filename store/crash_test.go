package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// crashSeeds returns how many seeds the crash test runs: CACHALOT_CRASH_SEEDS,
// or few.
func crashSeeds(t *testing.T) uint64 {
	if s := os.Getenv("CACHALOT_CRASH_SEEDS"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if testing.Short() {
		return 50
	}
	return 1000
}

// TestCrash runs a ledger of transactions on a file system that loses power,
// with unsynced writes randomly kept, dropped or torn: what was acknowledged
// is there, nothing is there by half.
func TestCrash(t *testing.T) {
	for seed := range crashSeeds(t) {
		if err := crashRun(seed, sound); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// variant is what crashRun runs: the store as it is, or broken on purpose.
type variant int

const (
	sound    variant = iota
	lying            // the disk's sync does nothing
	unsynced         // a commit is acknowledged without the sync before it
)

// TestCrashFindsMissingSync is the proof that TestCrash can fail: without the
// sync before the acknowledgement, and on a disk whose sync does nothing,
// acknowledged commits are lost, and the ledger tells.
func TestCrashFindsMissingSync(t *testing.T) {
	for _, broken := range []variant{lying, unsynced} {
		found := false
		for seed := uint64(0); seed < 200 && !found; seed++ {
			if err := crashRun(seed, broken); err != nil {
				t.Logf("variant %d, seed %d: %v", broken, seed, err)
				found = true
			}
		}
		if !found {
			t.Errorf("variant %d went unnoticed in 200 crashes", broken)
		}
	}
}

// ledger is what a client knows: transaction k wrote the ids of its group,
// and was acknowledged or not.
type ledger struct {
	acked map[int64][]int64
	open  map[int64][]int64
}

func crashRun(seed uint64, how variant) error {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 7))
	fs := vfs.NewMem()
	cfg := memConfig(fs, []int{1, 2, 8}[rng.IntN(3)])
	cfg.Spawn = func(work func()) { work() }
	cfg.WALRand = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	cfg.Clock = manualClock()
	db, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	if how == lying {
		fs.LieAboutSync()
	}
	l := ledger{map[int64][]int64{}, map[int64][]int64{}}
	txn := db.Begin(TxnOptions{})
	def := testTable(txn, "t")
	def.Indexes = testIndexes(txn)
	if err := txn.PutTable(def); err != nil {
		return err
	}
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	for round := range 1 + rng.IntN(3) {
		images := l.work(ctx, db, fs, rng, int64(round)*1000, TxnOptions{AsyncCommit: how == unsynced})
		crashed := images[rng.IntN(len(images))]
		db.Close() // gives the goroutines up; its writes come after the crash
		cfg.FS, fs = crashed.fs, crashed.fs
		if db, err = Open(ctx, cfg); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		l = crashed.ledger
		if err := l.verify(ctx, db, rng.IntN(2) == 0); err != nil {
			db.Close()
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return db.Close()
}

// crashImage is the disk after a crash, with what the client knew then.
type crashImage struct {
	fs     *vfs.Mem
	ledger ledger
}

// work runs transactions and takes crash images between and inside them.
func (l *ledger) work(ctx context.Context, db *DB, fs *vfs.Mem, rng *rand.Rand, base int64, opts TxnOptions) (images []crashImage) {
	image := func() {
		c := ledger{map[int64][]int64{}, map[int64][]int64{}}
		for k, v := range l.acked {
			c.acked[k] = v
		}
		for k, v := range l.open {
			c.open[k] = v
		}
		images = append(images, crashImage{fs.CrashClone(rng), c})
	}
	for k := base; k < base+int64(2+rng.IntN(8)); k++ {
		txn := db.Begin(opts)
		v := txn.View()
		def, ok := v.Catalog().Table("t")
		v.Close()
		if !ok { // the sync lied, and the crash took the table
			txn.Rollback()
			break
		}
		var rows []testRow
		for i := range int64(1 + rng.IntN(30)) {
			rows = append(rows, testRow{id: k*100 + i, town: "Paris", n: k % 50, tags: []string{"a"}})
			l.open[k] = append(l.open[k], k*100+i)
		}
		var err error
		if rng.IntN(2) == 0 {
			err = feed(ctx, txn, def, rows)
		} else {
			for _, r := range rows {
				if err == nil {
					err = put(ctx, txn, def, r)
				}
			}
		}
		if err != nil {
			txn.Rollback()
			continue
		}
		if rng.IntN(4) == 0 { // with the rows of the feed pending
			_ = db.Checkpoint(ctx)
		}
		if rng.IntN(4) == 0 {
			image()
		}
		if rng.IntN(8) == 0 { // rows of the feed end while it is pending
			id := rows[len(rows)-1].id
			if err := errors.Join(remove(ctx, txn, def, id), txn.spill()); err == nil {
				l.open[k] = l.open[k][:len(l.open[k])-1]
			}
			_ = db.Checkpoint(ctx)
		}
		if rng.IntN(5) == 0 {
			txn.Rollback()
			delete(l.open, k)
			continue
		}
		if err := txn.Commit(ctx); err == nil {
			l.acked[k] = l.open[k]
			delete(l.open, k)
		}
		if rng.IntN(6) == 0 {
			_ = db.Checkpoint(ctx)
		}
		if rng.IntN(6) == 0 {
			db.Vacuum()
		}
		image()
	}
	image()
	return images
}

// verify looks for every acknowledged group, and for halves of the others.
func (l *ledger) verify(ctx context.Context, db *DB, vacuum bool) error {
	if vacuum {
		db.Vacuum()
	}
	if err := db.Check(ctx); err != nil {
		return err
	}
	txn := db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	def, ok := v.Catalog().Table("t")
	if !ok {
		if len(l.acked) > 0 {
			return fmt.Errorf("the table is lost")
		}
		return nil
	}
	tv := v.Table(def.OID)
	has := func(id int64) bool {
		_, ok := tv.Lookup(value.AppendKey(nil, value.NewInt(value.Int8, id)))
		return ok
	}
	total := 0
	for k, ids := range l.acked {
		for _, id := range ids {
			if !has(id) {
				return fmt.Errorf("transaction %d was acknowledged, its row %d is lost", k, id)
			}
		}
		total += len(ids)
	}
	for k, ids := range l.open {
		if len(ids) == 0 {
			delete(l.open, k)
			continue
		}
		for _, id := range ids {
			if has(id) != has(ids[0]) {
				return fmt.Errorf("transaction %d is there by half", k)
			}
		}
		if has(ids[0]) { // it had reached the disk: from now on it must stay
			total += len(ids)
			l.acked[k] = ids
		}
		delete(l.open, k)
	}
	rows := 0
	for i := range tv.Parts() {
		rows += len(readScan(tv.Part(i).Scan(nil, testCols)))
	}
	if rows != total {
		return fmt.Errorf("there are %d rows, %d were written", rows, total)
	}
	return nil
}
