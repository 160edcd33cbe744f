package store

import (
	"bytes"
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

func sampleCommit() *commitRecord {
	num := func(n int64) value.Value { return value.NewInt(value.Int8, n) }
	return &commitRecord{
		catalogVersion: 7, owner: 3,
		feeds:  []feedEnd{{4, true}, {5, false}},
		schema: []schemaChange{{put: &schema.Table{OID: 16384, Name: "t", Key: []int16{1}}}, {drop: 99}},
		parts: []part{{partition: 1, ops: []op{
			{kind: opPut, table: 16384, generation: 2, key: []byte("k"), cond: cond{kind: condAbsent}, row: []value.Value{num(1), value.Null(value.Text)}},
			{kind: opDelete, table: 16384, generation: 2, key: []byte{}, cond: cond{kind: condVersion, version: 12}},
			{kind: opAdd, table: 16384, generation: 2, key: []byte("k2"), row: []value.Value{num(-5)}, cols: []int16{1},
				cond: cond{kind: condAnd, args: []cond{{kind: condExists}, {kind: condNot, args: []cond{
					{kind: condCompare, op: compareLt, col: 1, val: num(5)}}}}}},
		}}},
	}
}

var recordEqual = []cmp.Option{
	cmp.AllowUnexported(commitRecord{}, feedEnd{}, schemaChange{}, part{}, cond{}, committed{}, oldRow{}),
	cmp.Comparer(func(a, b value.Value) bool { return a == b }),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b op) bool {
		return a.kind == b.kind && a.table == b.table && a.generation == b.generation && bytes.Equal(a.key, b.key) &&
			reflect.DeepEqual(a.row, b.row) && reflect.DeepEqual(a.cols, b.cols) && bytes.Equal(a.cond.append(nil), b.cond.append(nil))
	}),
}

func TestCommitRecordRoundTrip(t *testing.T) {
	want := sampleCommit()
	b, err := want.append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCommit(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, recordEqual...); d != "" {
		t.Fatal(d)
	}
	for i := range b {
		if _, err := decodeCommit(b[:i]); err == nil {
			t.Fatalf("a record cut at %d of %d decodes", i, len(b))
		}
	}
}

func sampleBatch() *column.Batch {
	b := &column.Batch{N: 3, Vecs: make([]column.Vec, 5)}
	for i, r := range []testRow{{id: 1, town: "Paris", n: -1}, {id: 1 << 40, tags: []string{"x"}}, {id: -3, price: 77}} {
		for c, v := range r.values() {
			if i == 0 {
				b.Vecs[c].Reset(v.Kind())
			}
			b.Vecs[c].Append(v)
		}
	}
	return b
}

func TestBatchRoundTrip(t *testing.T) {
	want := sampleBatch()
	d := decoder{b: appendBatch(nil, want)}
	got := d.batch()
	if d.err != nil || len(d.b) != 0 || got.N != want.N {
		t.Fatal(d.err)
	}
	for i := range want.N {
		if g, w := rowOf(got, i).String(), rowOf(want, i).String(); g != w {
			t.Errorf("row %d is %s, want %s", i, g, w)
		}
	}
}

func FuzzDecodeCommit(f *testing.F) {
	b, _ := sampleCommit().append(nil)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeCommit(b)
		if err != nil {
			return
		}
		again, err := r.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		r2, err := decodeCommit(again)
		if err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if third, _ := r2.append(nil); !bytes.Equal(again, third) {
			t.Fatal("encoding is not stable")
		}
	})
}

func FuzzDecodeChunk(f *testing.F) {
	c := feedChunk{status: 1, owner: 2, table: 16384, generation: 3, rows: []chunkRows{{partition: 1, batch: sampleBatch()}}}
	b, _ := c.append(nil)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeChunk(b)
		if err != nil {
			return
		}
		if _, err := c.append(nil); err != nil {
			t.Fatal(err)
		}
	})
}

// TestConditionsAndAdditions goes through Apply with records that SQL does not
// write yet.
func TestConditionsAndAdditions(t *testing.T) {
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	d.create()
	ctx := context.Background()
	txn := d.db.Begin(TxnOptions{})
	def := d.table(txn)
	txn.Rollback()
	d.commit(func(txn *Txn) error { return put(ctx, txn, def, testRow{id: 1, n: 10, price: 500}) })
	d.model[1] = testRow{id: 1, n: 10, price: 500}

	coll := d.db.state.collections[def.OID]
	num := func(n int64) value.Value { return value.NewInt(value.Int4, n) }
	cents := func(n int64) value.Value { w, _ := value.PackNumeric(n, 2); return value.NewNumericWord(w, "") }
	propose := func(id int64, o op) error {
		o.table, o.generation = def.OID, def.Generation
		o.key = value.AppendKey(nil, value.NewInt(value.Int8, id))
		r := &commitRecord{parts: []part{{partition: partOf(o.key, len(coll.parts)), ops: []op{o}}}}
		b, err := r.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = decodeCommit(b); err != nil {
			t.Fatal(err)
		}
		txn := d.db.Begin(TxnOptions{})
		defer txn.Rollback()
		return txn.propose(r)
	}
	atLeast := func(n int64) cond { return cond{kind: condCompare, op: compareGe, col: 3, val: num(n)} }
	add := op{kind: opAdd, cols: []int16{3, 5}, row: []value.Value{num(-4), cents(25)}}
	for _, c := range []struct {
		name string
		id   int64
		cond cond
		ok   bool
		n    int64
	}{
		{"enough", 1, atLeast(10), true, 6},
		{"not enough", 1, atLeast(10), false, 6},
		{"a row that is not there", 2, cond{}, false, 6},
		{"not absent", 1, cond{kind: condAbsent}, false, 6},
		{"either", 1, cond{kind: condOr, args: []cond{atLeast(100), {kind: condExists}}}, true, 2},
		{"not both", 1, cond{kind: condNot, args: []cond{{kind: condAnd, args: []cond{atLeast(1), atLeast(2)}}}}, false, 2},
		{"NULL is not true", 1, cond{kind: condCompare, op: compareNe, col: 3, val: value.Null(value.Int4)}, false, 2},
	} {
		o := add
		o.cond = c.cond
		err := propose(c.id, o)
		if (err == nil) != c.ok || err != nil && !isCode(err, sqlerr.SerializationFailure) {
			t.Fatalf("%s: %v", c.name, err)
		}
		if c.ok {
			m := d.model[1]
			m.n, m.price = c.n, m.price+25
			d.model[1] = m
		}
		d.verify()
		d.check()
	}
	over := add
	over.row = []value.Value{num(1<<31 - 1), cents(0)}
	if err := propose(1, over); !isCode(err, sqlerr.NumericValueOutOfRange) {
		t.Fatalf("an addition that overflows: %v", err)
	}
	d.verify()
}

// TestBigTransactionIsAtomic commits more than one record holds.
func TestBigTransactionIsAtomic(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	long := string(bytes.Repeat([]byte("x"), 2000))
	write := func(txn *Txn, from, to int64, town string) {
		t.Helper()
		def := d.table(txn)
		for id := from; id < to; id++ {
			if err := put(ctx, txn, def, testRow{id: id, town: town, n: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.commit(func(txn *Txn) error { write(txn, 0, 3000, long); return nil })
	d.commit(func(txn *Txn) error { write(txn, 1000, 4000, long+"y"); return nil })
	for id := range int64(4000) {
		d.model[id] = testRow{id: id, town: long, n: 1}
		if id >= 1000 {
			d.model[id] = testRow{id: id, town: long + "y", n: 1}
		}
	}
	d.verify()
	d.db.Vacuum()
	d.reopen()
	d.verify()
	txn := d.db.Begin(TxnOptions{})
	write(txn, 0, 4000, "gone")
	if err := txn.spill(); err != nil {
		t.Fatal(err)
	}
	v := txn.View()
	def, _ := v.Catalog().Table("t")
	for i := range v.Table(def.OID).Parts() {
		for _, r := range readScan(v.Table(def.OID).Part(i).Scan(nil, testCols)) {
			if r.town != "gone" {
				t.Fatalf("the transaction does not see its own row %d", r.id)
			}
		}
	}
	v.Close()
	txn.Rollback()
	d.db.Vacuum()
	d.check()
	d.verify()
}
