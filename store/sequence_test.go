package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// testSequence is the definition of a sequence of generation g.
func testSequence(txn *Txn, name string) *schema.Object {
	return &schema.Object{OID: txn.NewOID(), Kind: schema.SequenceObject, Schema: schema.PublicSchema, Name: name,
		Sequence: &schema.Sequence{Generation: txn.NewGeneration(), Type: value.Int8, Start: 1, First: 1, Increment: 1, Min: 1, Max: 1 << 62, Cache: 1}}
}

func namedSequence(t *testing.T, db *DB, name string) *schema.Object {
	t.Helper()
	txn := db.Begin(TxnOptions{})
	defer txn.Rollback()
	r, ok := txn.Catalog().Relation(schema.PublicSchema, name)
	if !ok || r.Object == nil {
		t.Fatalf("no sequence %s", name)
	}
	return r.Object
}

// TestSequenceSteps compares the values of sequences with those that PostgreSQL gives.
func TestSequenceSteps(t *testing.T) {
	tests := []struct {
		rule  schema.Sequence
		want  []int64
		limit bool // then there are no more
	}{
		{schema.Sequence{First: 1, Increment: 1, Min: 1, Max: 3}, []int64{1, 2, 3}, true},
		{schema.Sequence{First: 2, Increment: 1, Min: 1, Max: 3, Cycle: true}, []int64{2, 3, 1, 2, 3, 1}, false},
		{schema.Sequence{First: -1, Increment: -2, Min: -6, Max: -1}, []int64{-1, -3, -5}, true},
		{schema.Sequence{First: -1, Increment: -2, Min: -6, Max: -1, Cycle: true}, []int64{-1, -3, -5, -1}, false},
		{schema.Sequence{First: 9, Increment: 5, Min: -9, Max: 11, Cycle: true}, []int64{9, -9, -4, 1}, false},
		{schema.Sequence{First: 1<<63 - 2, Increment: 1, Min: 1, Max: 1<<63 - 1}, []int64{1<<63 - 2, 1<<63 - 1}, true},
		{schema.Sequence{First: -1<<63 + 1, Increment: -1, Min: -1 << 63, Max: -1}, []int64{-1<<63 + 1, -1 << 63}, true},
	}
	for i, test := range tests {
		db, err := Open(context.Background(), Config{})
		if err != nil {
			t.Fatal(err)
		}
		q := test.rule
		q.Type, q.Cache, q.Generation = value.Int8, 1, 7
		def := &schema.Object{OID: 17000, Name: "s", Sequence: &q}
		var got []int64
		for range test.want {
			v, n, err := db.Sequence(def).Next(def)
			if err != nil || n != 1 {
				t.Fatalf("%d: %d values, %v", i, n, err)
			}
			got = append(got, v)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%d: %v, want %v", i, got, test.want)
		}
		if _, _, err := db.Sequence(def).Next(def); (err != nil) != test.limit {
			t.Errorf("%d: behind the last value: %v", i, err)
		}
		db.Close()
	}
}

// TestSequenceConcurrent takes values from many goroutines: each once, and few of them through the log.
func TestSequenceConcurrent(t *testing.T) {
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutObject(testSequence(txn, "s")) })
	def := namedSequence(t, d.db, "s")
	before := d.db.log.wal.End()
	const workers, each = 8, 2000
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var got []int64
			for range each {
				v, _, err := d.db.Sequence(def).Next(def)
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, v)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, v := range got {
				if seen[v] {
					t.Errorf("value %d was given twice", v)
				}
				seen[v] = true
			}
		})
	}
	wg.Wait()
	if len(seen) != workers*each {
		t.Errorf("%d values, want %d", len(seen), workers*each)
	}
	if bytes := int64(d.db.log.wal.End() - before); bytes > workers*each {
		t.Errorf("%d values took %d bytes of log", len(seen), bytes)
	}
	// An orderly restart skips none.
	d.close()
	d.open()
	if v, _, err := d.db.Sequence(def).Next(def); err != nil || v != workers*each+1 {
		t.Errorf("after a restart the next value is %d, %v", v, err)
	}
}

// TestSequenceRollback: what a transaction took is gone, a generation that it made is not there.
func TestSequenceRollback(t *testing.T) {
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.commit(func(txn *Txn) error { return txn.PutObject(testSequence(txn, "s")) })
	def := namedSequence(t, d.db, "s")
	next := func(def *schema.Object, want int64) {
		t.Helper()
		if v, _, err := d.db.Sequence(def).Next(def); err != nil || v != want {
			t.Errorf("next value %d, %v, want %d", v, err, want)
		}
	}
	next(def, 1)
	txn := d.db.Begin(TxnOptions{})
	q, o := *def.Sequence, *def
	q.Generation, q.First = txn.NewGeneration(), 500
	o.Sequence = &q
	if err := txn.PutObject(&o); err != nil {
		t.Fatal(err)
	}
	next(&o, 500)
	txn.Rollback()
	next(def, 2)
	d.commit(func(txn *Txn) error {
		q.Generation = txn.NewGeneration()
		return txn.PutObject(&o)
	})
	next(&o, 500)
	if err := d.db.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	d.close()
	d.open()
	next(namedSequence(t, d.db, "s"), 501)
}

// TestSequenceBackup: a restored sequence gives no value that the backup's rows can have.
func TestSequenceBackup(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem()
	d := openTest(t, memConfig(fs, 2))
	d.commit(func(txn *Txn) error { return txn.PutObject(testSequence(txn, "s")) })
	def := namedSequence(t, d.db, "s")
	for range 40 {
		if _, _, err := d.db.Sequence(def).Next(def); err != nil {
			t.Fatal(err)
		}
	}
	var stream bytes.Buffer
	if _, err := d.db.Backup(ctx, &stream); err != nil {
		t.Fatal(err)
	}
	if err := fs.MkdirAll("backup"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReceiveBackup(ctx, fs, "backup", &stream, func(int, int, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreBackup(ctx, fs, "backup", "restored", func(int, int, int64) {}); err != nil {
		t.Fatal(err)
	}
	cfg := memConfig(fs, 2)
	cfg.Dir = "restored"
	db, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if v, _, err := db.Sequence(def).Next(def); err != nil || v != 41 {
		t.Errorf("after a restore the next value is %d, %v", v, err)
	}
}

// TestSequenceCrash takes values while the power fails at any moment: what was given before is not given again,
// also when the sequence was created by a transaction that committed later.
func TestSequenceCrash(t *testing.T) {
	for seed := range crashSeeds(t) / 4 {
		if err := sequenceCrash(t, seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func sequenceCrash(t *testing.T, seed uint64) error {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 11))
	fs := vfs.NewMem()
	cfg := memConfig(fs, 2)
	cfg.Spawn = func(work func()) { work() }
	cfg.WALRand = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 3})
	cfg.Clock = manualClock()
	db, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	last := int64(0)
	txn := db.Begin(TxnOptions{})
	def := testSequence(txn, "s")
	if err := txn.PutObject(def); err != nil {
		return err
	}
	take := func(n int) error {
		for range n {
			v, _, err := db.Sequence(def).Next(def)
			if err != nil {
				return err
			}
			if v <= last {
				return fmt.Errorf("value %d came after %d", v, last)
			}
			last = v
		}
		return nil
	}
	if err := take(rng.IntN(50)); err != nil { // before its sequence is committed
		return err
	}
	if rng.IntN(2) == 0 {
		if err := db.Checkpoint(ctx); err != nil {
			return err
		}
	}
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	for range 2 + rng.IntN(4) {
		if err := take(rng.IntN(200)); err != nil {
			return err
		}
		if rng.IntN(3) == 0 {
			if err := db.Checkpoint(ctx); err != nil {
				return err
			}
		}
		image := fs.CrashClone(rng)
		db.Close()
		cfg.FS, fs = image, image
		if db, err = Open(ctx, cfg); err != nil {
			return err
		}
		if err := db.Check(ctx); err != nil {
			return err
		}
		def = namedSequence(t, db, "s")
	}
	return db.Close()
}
