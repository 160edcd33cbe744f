package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// noise returns n bytes of text, a multiple of 16, that hardly compress.
func noise(rng *rand.Rand, n int) string {
	b := make([]byte, 0, n/2)
	for len(b) < n/2 {
		b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
	}
	return hex.EncodeToString(b)
}

// TestBatchesOfBigRows feeds a batch that outgrows a log record, and a row that
// outgrows a usual one, through log, checkpoint and both their replays.
func TestBatchesOfBigRows(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(1, 2))
	cfg := memConfig(vfs.NewMem(), 2)
	cfg.SegmentBytes = 4 << 20
	d := openTest(t, cfg)
	d.create()
	var rows []testRow
	for id := range int64(40) {
		rows = append(rows, testRow{id: id, town: noise(rng, 250<<10)})
	}
	rows[20].town = noise(rng, 6<<20)
	d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), rows) })
	for _, r := range rows {
		d.model[r.id] = r
	}
	verify := func() {
		t.Helper()
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		v := txn.View()
		defer v.Close()
		def, _ := v.Catalog().Table("t")
		for id, r := range d.model {
			got, ok := v.Table(def.OID).Get(nil, value.AppendKey(nil, value.NewInt(value.Int8, id)), []int16{2})
			if !ok || got[0].Bytes() != r.town {
				t.Fatalf("row %d is not as it was written", id)
			}
		}
	}
	verify()
	d.crash()
	verify()
	if err := d.db.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	lsn, _, err := newestCheckpoint(d.cfg.FS, d.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	err = readBlocks(ctx, d.cfg.FS, checkpointName(d.cfg.Dir, lsn), func(int64, int64) {}, func(kind byte, payload []byte) error {
		if kind == blockRows {
			in := decoder{b: payload}
			in.uvarint()
			in.uvarint()
			in.uvarint()
			if n, err := s2.DecodedLen(in.bytes()); err != nil || n > maxRecordBytes+maxRowBytes {
				t.Errorf("a block of a checkpoint holds %d bytes of rows, %v", n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d.crash()
	verify()
}

// TestRowTooBig writes rows that no log record holds: an error of the
// statement, and nothing is there by half.
func TestRowTooBig(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	big := testRow{id: 2, town: strings.Repeat("x", 17<<20)}
	txn := d.db.Begin(TxnOptions{})
	def := d.table(txn)
	if err := put(ctx, txn, def, testRow{id: 1}); err != nil {
		t.Fatal(err)
	}
	if err := put(ctx, txn, def, big); !isCode(err, sqlerr.ProgramLimitExceeded) {
		t.Fatalf("a row of 17 MiB gives %v", err)
	}
	txn.Rollback()
	for _, before := range []int{0, 3, 1000} {
		txn := d.db.Begin(TxnOptions{})
		f, err := txn.Feed(ctx, def)
		if err != nil {
			t.Fatal(err)
		}
		b := &column.Batch{Vecs: make([]column.Vec, len(def.Columns))}
		for id := range int64(before) {
			appendTo(b, testRow{id: 10 + id})
		}
		appendTo(b, big)
		if err := f.Add(ctx, b); !isCode(err, sqlerr.ProgramLimitExceeded) || f.FailedRow() != before {
			t.Fatalf("row %d of 17 MiB gives %v at row %d", before, err, f.FailedRow())
		}
		if err := txn.Commit(ctx); err == nil {
			t.Fatal("a feed that failed was committed")
		}
	}
	d.verify()
	d.model[2] = testRow{id: 2, town: "small"}
	d.commit(func(txn *Txn) error { return put(ctx, txn, def, d.model[2]) })
	d.crash()
	d.verify()
}

// appendTo adds a row to a batch.
func appendTo(b *column.Batch, r testRow) {
	for i, v := range r.values() {
		if b.N == 0 {
			b.Vecs[i].Reset(v.Kind())
		}
		b.Vecs[i].Append(v)
	}
	b.N++
}

// TestPieces cuts batches of every kind of vector.
func TestPieces(t *testing.T) {
	long := strings.Repeat("x", maxRecordBytes/4)
	b := &column.Batch{N: 7, Vecs: make([]column.Vec, 2)}
	b.Vecs[0].SetConst(value.NewText(long))
	b.Vecs[1].Reset(value.Int8)
	for i := range 7 {
		b.Vecs[1].Append(value.NewInt(value.Int8, int64(i)))
	}
	var got []byte
	for from, to := range pieces(b) {
		got = binary.AppendUvarint(binary.AppendUvarint(got, uint64(from)), uint64(to))
	}
	if want := []byte{0, 3, 3, 6, 6, 7}; string(got) != string(want) {
		t.Fatalf("pieces are %v, want %v", got, want)
	}
	for range pieces(&column.Batch{}) {
		t.Fatal("an empty batch has a piece")
	}
}

// TestFeedEndsManyLongKeys checkpoints a feed that has ended rows whose keys
// take more than a block.
func TestFeedEndsManyLongKeys(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 1))
	k := keyedTables[1]
	var def *schema.Table
	d.commit(func(txn *Txn) error {
		def = k.definition(txn)
		def.Indexes = nil
		return txn.PutTable(def)
	})
	rng := rand.New(rand.NewPCG(1, 3))
	var rows []testRow
	for id := range int64(30) {
		rows = append(rows, testRow{id: id, town: noise(rng, 200<<10)})
	}
	d.commit(func(txn *Txn) error { return feed(ctx, txn, def, rows) })
	txn := d.db.Begin(TxnOptions{})
	if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		key := value.AppendKey(nil, value.NewText(r.town))
		if _, err := txn.LockKey(ctx, def, key, ForUpdate, WaitBlock); err != nil {
			t.Fatal(err)
		}
		cur, _, err := txn.Newest(def, key)
		if err == nil {
			err = txn.Delete(def, key, cur)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(txn.spill(), d.db.Checkpoint(ctx), txn.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	d.crash()
	d.db.Vacuum()
	d.check()
	if left := d.db.leftovers(); len(left) > 0 {
		t.Fatal(left)
	}
	rep, err := CheckDir(ctx, d.disk().Clone(), d.cfg.Dir, nil)
	if err != nil || rep.Rows != 0 {
		t.Fatalf("%d rows are left, %v", rep.Rows, err)
	}
}
