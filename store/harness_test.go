package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// testRow is a row of the test table, as the model knows it.
type testRow struct {
	id    int64
	town  string // "" is NULL
	n     int64  // -1 is NULL
	tags  []string
	price int64 // cents
}

var testTowns = []string{"", "Paris", "Nice", "Lyon", "a town with a name too long for any reference to hold inline"}

func randomRow(rng *rand.Rand, id int64) testRow {
	r := testRow{id: id, town: testTowns[rng.IntN(len(testTowns))], n: int64(rng.IntN(50)) - 1, price: int64(rng.IntN(10000))}
	for range rng.IntN(4) {
		r.tags = append(r.tags, string(rune('a'+rng.IntN(6))))
	}
	return r
}

func (r testRow) values() []value.Value {
	town, n := value.NewText(r.town), value.NewInt(value.Int4, r.n)
	if r.town == "" {
		town = value.Null(value.Text)
	}
	if r.n < 0 {
		n = value.Null(value.Int4)
	}
	var tags []value.Value
	for _, t := range r.tags {
		tags = append(tags, value.NewText(t))
	}
	price, _ := value.PackNumeric(r.price, 2)
	return []value.Value{value.NewInt(value.Int8, r.id), town, n, value.NewArray(value.Text, tags), value.NewNumericWord(price, "")}
}

func rowOf(b *column.Batch, i int) testRow {
	r := testRow{id: b.Vecs[0].Value(i).Int(), town: b.Vecs[1].Value(i).Bytes(), n: -1}
	if v := b.Vecs[2].Value(i); !v.IsNull() {
		r.n = v.Int()
	}
	value.ArrayEach(value.Text, b.Vecs[3].Value(i).Bytes(), func(_ int, v value.Value) bool {
		r.tags = append(r.tags, v.Bytes())
		return true
	})
	r.price, _ = value.UnpackNumeric(b.Vecs[4].Value(i).Int())
	return r
}

func (r testRow) equal(o testRow) bool {
	return r.id == o.id && r.town == o.town && r.n == o.n && r.price == o.price && slices.Equal(r.tags, o.tags)
}

func (r testRow) String() string {
	return fmt.Sprintf("{%d %q %d %v %d}", r.id, r.town, r.n, r.tags, r.price)
}

// testDB is a database with one table, and the model of what is committed.
type testDB struct {
	t     *testing.T
	cfg   Config
	db    *DB
	model map[int64]testRow
	under *vfs.Mem // the disk, when cfg.FS only wraps it

	// For crashes: whether the next commits are asynchronous, the states since the
	// last that is known durable (none: only the model), and what a commit under way
	// would make.
	async     bool
	durable   []map[int64]testRow
	candidate map[int64]testRow
}

func (d *testDB) disk() *vfs.Mem {
	if d.under != nil {
		return d.under
	}
	return d.cfg.FS.(*vfs.Mem)
}

// manualClock makes timestamps deterministic.
func manualClock() func() int64 {
	n := int64(1000)
	return func() int64 { n++; return n }
}

func memConfig(fs vfs.FS, partitions int) Config {
	return Config{FS: fs, Dir: "data", Partitions: partitions, SegmentBytes: 1 << 16, MaintenanceInterval: time.Hour}
}

func openTest(t *testing.T, cfg Config) *testDB {
	t.Helper()
	d := &testDB{t: t, cfg: cfg, model: map[int64]testRow{}}
	d.open()
	t.Cleanup(func() { d.db.Close() })
	return d
}

func (d *testDB) open() {
	d.t.Helper()
	db, err := Open(context.Background(), d.cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	d.db = db
}

func (d *testDB) reopen() {
	d.t.Helper()
	before := d.stamps()
	d.close()
	d.open()
	d.check()
	if after := d.stamps(); !maps.Equal(before, after) {
		d.t.Fatalf("the commit timestamps of rows were %v, after a restart %v", before, after)
	}
}

// stamps returns the timestamps at which the rows of the test table began, by
// partition and id.
func (d *testDB) stamps() map[[2]int64]uint64 {
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	stamps := map[[2]int64]uint64{}
	def, ok := v.Catalog().Table("t")
	if !ok {
		return stamps
	}
	tv := v.Table(def.OID)
	var b column.Batch
	for i := range tv.Parts() {
		for s := tv.Part(i).Scan(nil, []int16{1}); s.Next(&b); {
			for j, r := range s.Refs() {
				begin := tv.coll.parts[i].versions.Begin(r.Row)
				stamps[[2]int64{int64(i), b.Vecs[0].Value(j).Int()}] = d.db.statuses.settled(begin)
			}
		}
	}
	return stamps
}

func (d *testDB) close() {
	d.t.Helper()
	d.check()
	if err := d.db.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *testDB) check() {
	d.t.Helper()
	if err := d.db.Check(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func testTable(txn *Txn, name string) *schema.Table {
	col := func(num int16, name string, k value.Kind) schema.Column {
		return schema.Column{Num: num, Name: name, Type: value.Of(k)}
	}
	return &schema.Table{
		OID: txn.NewOID(), Schema: schema.PublicSchema, Name: name, Generation: txn.NewGeneration(), Version: 1,
		Columns: []schema.Column{
			col(1, "id", value.Int8), col(2, "town", value.Text), col(3, "n", value.Int4),
			col(4, "tags", value.Text.Array()), col(5, "price", value.Numeric),
		},
		Key: []int16{1}, KeyName: name + "_pkey", KeyOID: txn.NewOID(),
	}
}

func testIndexes(txn *Txn) []*schema.Index {
	on := func(nums ...int16) (cols []schema.IndexColumn) {
		for _, n := range nums {
			cols = append(cols, schema.IndexColumn{Num: n})
		}
		return cols
	}
	return []*schema.Index{
		{OID: txn.NewOID(), Name: "by_town", Kind: schema.Dictionary, Columns: on(2)},
		{OID: txn.NewOID(), Name: "by_n", Kind: schema.BTree, Columns: on(3)},
		{OID: txn.NewOID(), Name: "by_tag", Kind: schema.Dictionary, Columns: on(4)},
		{OID: txn.NewOID(), Name: "by_town_price", Kind: schema.BTree, Columns: []schema.IndexColumn{{Num: 2}, {Num: 5, Desc: true, NullsFirst: true}}},
	}
}

// create makes the table with its indexes.
func (d *testDB) create() {
	d.t.Helper()
	d.commit(func(txn *Txn) error {
		def := testTable(txn, "t")
		def.Indexes = testIndexes(txn)
		return txn.PutTable(def)
	})
}

// commit runs f in a transaction and commits it.
func (d *testDB) commit(f func(*Txn) error) {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{})
	if err := f(txn); err != nil {
		d.t.Fatal(err)
	}
	if err := txn.Commit(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *testDB) table(txn *Txn) *schema.Table {
	v := txn.View()
	defer v.Close()
	def, ok := v.Catalog().Table("t")
	if !ok {
		d.t.Fatal("no table t")
	}
	return def
}

// put inserts or replaces a row.
func put(ctx context.Context, txn *Txn, def *schema.Table, r testRow) error {
	vals := r.values()
	for len(vals) < len(def.Columns) {
		vals = append(vals, value.Null(def.Columns[len(vals)].Type.Kind))
	}
	key, cur, ok, err := lockRow(ctx, txn, def, r.id)
	if err != nil {
		return err
	}
	if ok {
		return txn.Update(def, key, cur, vals)
	}
	return txn.Insert(def, key, vals)
}

func remove(ctx context.Context, txn *Txn, def *schema.Table, id int64) error {
	key, cur, ok, err := lockRow(ctx, txn, def, id)
	if err != nil || !ok {
		return err
	}
	return txn.Delete(def, key, cur)
}

func lockRow(ctx context.Context, txn *Txn, def *schema.Table, id int64) (key []byte, cur Current, ok bool, err error) {
	if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
		return nil, cur, false, err
	}
	key = value.AppendKey(nil, value.NewInt(value.Int8, id))
	if _, err := txn.LockKey(ctx, def, key, ForUpdate, WaitBlock); err != nil {
		return nil, cur, false, err
	}
	cur, ok, err = txn.Newest(def, key)
	return key, cur, ok, err
}

// feed inserts rows in bulk.
func feed(ctx context.Context, txn *Txn, def *schema.Table, rows []testRow) error {
	if err := txn.LockTable(ctx, def.OID, RowExclusiveLock); err != nil {
		return err
	}
	f, err := txn.Feed(ctx, def)
	if err != nil {
		return err
	}
	for len(rows) > 0 && err == nil {
		n := min(len(rows), 100)
		b := column.Batch{N: n, Vecs: make([]column.Vec, len(def.Columns))}
		for i := range b.Vecs {
			b.Vecs[i].Reset(def.Columns[i].Type.Kind)
		}
		for _, r := range rows[:n] {
			vals := r.values()
			for i := range b.Vecs {
				if i < len(vals) {
					b.Vecs[i].Append(vals[i])
				} else {
					b.Vecs[i].Append(value.Null(def.Columns[i].Type.Kind))
				}
			}
		}
		err = f.Add(ctx, &b)
		rows = rows[n:]
	}
	return errors.Join(err, f.Close(ctx))
}

var testCols = []int16{1, 2, 3, 4, 5}

// scan reads all rows of a scan.
func readScan(s *Scan) (rows []testRow) {
	var b column.Batch
	for s.Next(&b) {
		for i := range b.N {
			rows = append(rows, rowOf(&b, i))
		}
	}
	return rows
}

func sortRows(rows []testRow) []testRow {
	slices.SortFunc(rows, func(a, b testRow) int { return int(a.id - b.id) })
	return rows
}

func modelRows(model map[int64]testRow, keep func(testRow) bool) (rows []testRow) {
	for _, r := range model {
		if keep(r) {
			rows = append(rows, r)
		}
	}
	return sortRows(rows)
}

func diffRows(t *testing.T, what string, got, want []testRow) {
	t.Helper()
	if !slices.EqualFunc(got, want, testRow.equal) {
		t.Fatalf("%s:\n got %d rows %.2000s\nwant %d rows %.2000s", what, len(got), fmt.Sprint(got), len(want), fmt.Sprint(want))
	}
}

// verifyView compares everything a view can be asked with a model.
func verifyView(t *testing.T, v *View, model map[int64]testRow) {
	t.Helper()
	def, ok := v.Catalog().Table("t")
	if !ok {
		t.Fatal("no table t")
	}
	tv := v.Table(def.OID)
	all := func(testRow) bool { return true }
	var got []testRow
	for i := range tv.Parts() {
		got = append(got, readScan(tv.Part(i).Scan(nil, testCols))...)
	}
	diffRows(t, "full scan", sortRows(got), modelRows(model, all))

	for id := int64(0); id < 40; id++ {
		vals, ok := tv.Get(nil, value.AppendKey(nil, value.NewInt(value.Int8, id)), testCols)
		want, there := model[id]
		if ok != there {
			t.Fatalf("Get(%d) finds %v, the model %v", id, ok, there)
		}
		if ok {
			b := column.Batch{N: 1, Vecs: make([]column.Vec, 5)}
			for i := range b.Vecs {
				b.Vecs[i].Reset(vals[i].Kind())
				b.Vecs[i].Append(vals[i])
			}
			diffRows(t, "Get", []testRow{rowOf(&b, 0)}, []testRow{want})
		}
	}
	for _, x := range def.Indexes {
		verifyIndex(t, tv, x, model)
	}
}

func verifyIndex(t *testing.T, tv *TableView, x *schema.Index, model map[int64]testRow) {
	t.Helper()
	switch x.Name {
	case "by_town":
		for _, town := range testTowns {
			key := IndexKey(nil, x, testRow{town: town}.values()[1])
			verifySet(t, tv, "town "+town, modelRows(model, func(r testRow) bool { return r.town == town }), func(p *PartView) *Scan {
				set := p.Equal(x, key)
				return p.Scan(&set, testCols)
			})
		}
	case "by_tag":
		for _, tag := range []string{"a", "c", "f", "z"} {
			key := IndexKey(nil, x, value.NewText(tag))
			verifySet(t, tv, "tag "+tag, modelRows(model, func(r testRow) bool { return slices.Contains(r.tags, tag) }), func(p *PartView) *Scan {
				set := p.Equal(x, key)
				return p.Scan(&set, testCols)
			})
		}
	case "by_n":
		lo, hi := IndexKey(nil, x, value.NewInt(value.Int4, 10)), IndexKey(nil, x, value.NewInt(value.Int4, 30))
		want := modelRows(model, func(r testRow) bool { return r.n >= 10 && r.n < 30 })
		verifySet(t, tv, "range", want, func(p *PartView) *Scan {
			set := p.Range(x, KeyRange{lo, hi})
			return p.Scan(&set, testCols)
		})
		for _, reverse := range []bool{false, true} {
			verifyWalk(t, tv, x, KeyRange{lo, hi}, reverse, want, func(a, b testRow) int { return int(a.n - b.n) })
		}
	case "by_town_price":
		paris := IndexKey(nil, x, value.NewText("Paris"))
		want := modelRows(model, func(r testRow) bool { return r.town == "Paris" })
		verifyWalk(t, tv, x, KeyRange{paris, value.KeySuccessor(nil, paris)}, false, want, func(a, b testRow) int { return int(b.price - a.price) })
	}
}

// verifySet compares what a set gives, with the condition tested on own rows.
func verifySet(t *testing.T, tv *TableView, what string, want []testRow, scan func(*PartView) *Scan) {
	t.Helper()
	wanted := map[int64]bool{}
	for _, r := range want {
		wanted[r.id] = true
	}
	var got []testRow
	for i := range tv.Parts() {
		s := scan(tv.Part(i))
		var b column.Batch
		for s.Next(&b) {
			for j := range b.N {
				if r := rowOf(&b, j); !s.Own() || wanted[r.id] {
					got = append(got, r)
				}
			}
		}
	}
	diffRows(t, what, sortRows(got), want)
}

func verifyWalk(t *testing.T, tv *TableView, x *schema.Index, r KeyRange, reverse bool, want []testRow, cmp func(a, b testRow) int) {
	t.Helper()
	var all []testRow
	for i := range tv.Parts() {
		rows := readScan(tv.Part(i).Walk(x, r, reverse, testCols))
		if !sort.SliceIsSorted(rows, func(i, j int) bool {
			if reverse {
				return cmp(rows[i], rows[j]) > 0
			}
			return cmp(rows[i], rows[j]) < 0
		}) {
			t.Fatalf("walk of %s, reverse %v, is out of order: %v", x.Name, reverse, rows)
		}
		all = append(all, rows...)
	}
	diffRows(t, "walk of "+x.Name, sortRows(all), want)
}

// verify compares a new snapshot with the model.
func (d *testDB) verify() {
	d.t.Helper()
	txn := d.db.Begin(TxnOptions{})
	defer txn.Rollback()
	v := txn.View()
	defer v.Close()
	verifyView(d.t, v, d.model)
}

func isCode(err error, code string) bool { return err != nil && sqlerr.Code(err) == code }
