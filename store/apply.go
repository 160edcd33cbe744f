package store

import (
	"fmt"
	"slices"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// errCondition is returned by Apply when a condition of a record is not true:
// nothing of the record is applied.
var errCondition = sqlerr.New(sqlerr.SerializationFailure, "could not serialize access due to concurrent update")

// current is the newest version of an operation's key; it implements candidate.
type current struct {
	part *Part
	st   *statuses
	row  uint32
	ok   bool
}

func (c current) exists() bool                 { return c.ok }
func (c current) began() uint64                { return c.st.settled(c.part.versions.Begin(c.row)) }
func (c current) column(num int16) value.Value { return c.part.column(num).Get(c.row) }

// applyCommit applies a commit record: conditions first, then schema changes,
// every operation and the ends of its feeds. It holds db.applying. The rows are not
// visible before the timestamp is published. An error with an SQLSTATE rejects the
// record: it has no effect, here and in every replay.
func (db *DB) applyCommit(r *commitRecord) error {
	next := db.changed(r.schema)
	targets, err := r.prepare(db, next)
	if err == nil && len(r.schema) > 0 {
		// A schema change takes the parts' locks itself. Conditions stay true
		// meanwhile, but vacuum may move the heads of chains.
		unlockParts(targets)
		db.install(next, r.schema, r.timestamp)
		targets, err = r.prepare(db, next)
		invariant.Check(err == nil, "a record was rejected after its schema changes: %v", err)
	}
	defer unlockParts(targets)
	if err != nil {
		return err
	}
	for i := range r.parts {
		for j := range r.parts[i].ops {
			r.parts[i].ops[j].apply(r.timestamp, nil)
		}
	}
	for _, f := range r.feeds {
		db.endFeed(f, r.timestamp)
	}
	return nil
}

// prepare prepares every operation and returns the parts, locked.
func (r *commitRecord) prepare(db *DB, next *state) ([]*Part, error) {
	targets := make([]*Part, 0, len(r.parts))
	for i := range r.parts {
		for j := range r.parts[i].ops {
			o := &r.parts[i].ops[j]
			c := next.collections[o.table]
			if c == nil || c.generation != o.generation {
				return targets, fmt.Errorf("log record names table %d generation %d, which there is not", o.table, o.generation)
			}
			if o.part = c.parts[r.parts[i].partition]; !slices.Contains(targets, o.part) {
				o.part.mu.Lock()
				targets = append(targets, o.part)
			}
			if err := o.prepare(&db.statuses, r.owner); err != nil {
				return targets, err
			}
		}
	}
	return targets, nil
}

func unlockParts(parts []*Part) {
	for _, p := range parts {
		p.mu.Unlock()
	}
}

// endFeed decides a status: the store of its commit is what makes its rows
// visible to snapshots at or after ts. It leaves them to vacuum for stamping, and to
// publish to wake those who wait. It holds db.applying.
func (db *DB) endFeed(f feedEnd, ts uint64) {
	s := db.statuses.get(f.status)
	if s == nil { // a feed without a row
		return
	}
	if !f.commit {
		ts = never
	}
	s.commit.Store(ts)
	db.ended = append(db.ended, s)
	db.vacuum.stamp(s)
}

// prepare finds the newest version of the key and evaluates the condition; for an
// addition it computes the new row.
func (o *op) prepare(st *statuses, owner uint64) error {
	def := o.part.coll.def.Load()
	o.probe = newProbe(def, o.key)
	o.head, o.linked = o.part.find(def, &o.probe)
	o.base = current{part: o.part, st: st}
	if o.linked {
		var wait *status
		o.base.row, o.base.ok, wait = o.part.newest(st, o.head, owner)
		if wait != nil {
			return errCondition
		}
	}
	if o.cond.eval(o.base) != isTrue {
		return errCondition
	}
	switch {
	case o.kind == opDelete && !o.base.ok, o.kind == opAdd && !o.base.ok:
		return errCondition
	case o.kind == opAdd:
		return o.add()
	}
	return nil
}

// add turns an addition into the put of the row with the constants added.
func (o *op) add() error {
	cols := *o.part.columns.Load()
	row := make([]value.Value, len(cols))
	for i, c := range cols {
		row[i] = c.Get(o.base.row)
	}
	for i, num := range o.cols {
		if int(num) > len(row) || num < 1 {
			return fmt.Errorf("log record adds to column %d, which there is not", num)
		}
		sum, err := addConstant(row[num-1], o.row[i])
		if err != nil {
			return err
		}
		row[num-1] = sum
	}
	o.sum = row
	return nil
}

// addConstant adds two values of one kind; NULL stays NULL, as in SQL.
func addConstant(a, b value.Value) (value.Value, error) {
	if a.IsNull() || b.IsNull() {
		return value.Null(a.Kind()), nil
	}
	switch a.Kind() {
	case value.Int2, value.Int4, value.Int8:
		sum := a.Int() + b.Int()
		bits := uint(8 * a.Kind().Size())
		if (a.Int()^sum)&(b.Int()^sum) < 0 || sum != sum<<(64-bits)>>(64-bits) {
			return value.Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", a.Kind())
		}
		return value.NewInt(a.Kind(), sum), nil
	case value.Float8:
		return value.NewFloat(a.Float() + b.Float()), nil
	case value.Numeric:
		return value.NumericAdd(a, b)
	}
	return value.Value{}, sqlerr.New(sqlerr.DatatypeMismatch, "cannot add to a column of type %s", a.Kind())
}

// apply carries out a prepared operation. stamp is the commit timestamp, or
// the reference to s when the operation is part of a pending feed.
func (o *op) apply(stamp uint64, s *status) {
	p := o.part
	if o.kind == opDelete {
		p.endRow(o.base.row, stamp, s)
		return
	}
	vals := o.row
	if o.kind == opAdd {
		vals = o.sum
	}
	row := p.allot()
	cols := *p.columns.Load()
	for i, v := range vals {
		cols[i].Set(row, v)
	}
	for i := len(vals); i < len(cols); i++ { // a column added since the record was made
		cols[i].Set(row, missing(&p.coll.def.Load().Columns[i]))
	}
	p.begin(row, stamp, s, o.probe.hash, o.head, o.linked)
	if o.base.ok {
		p.endRow(o.base.row, stamp, s)
	}
	for _, x := range *p.indexes.Load() {
		p.scratch = x.add(row, p.scratch)
	}
}

// missing returns what rows hold in a column that they were stored without.
func missing(c *schema.Column) value.Value {
	if c.Missing == nil {
		return value.Null(c.Type.Kind)
	}
	v, _, err := value.DecodeStored(c.Missing)
	invariant.Check(err == nil, "missing value of column %s: %v", c.Name, err)
	return v
}

// begin publishes a version whose columns are set and makes it the head of its key.
func (p *Part) begin(row uint32, stamp uint64, s *status, hash uint64, head uint32, linked bool) {
	p.live.Add(1)
	p.changes.Add(1)
	if linked {
		p.versions.SetPrev(row, head)
	} else {
		p.versions.SetPrev(row, column.NoRow)
	}
	p.versions.SetBegin(row, stamp)
	if linked {
		ok := p.primary.Replace(hash, head, row)
		invariant.Check(ok, "primary index of table %d lost row %d", p.coll.oid, head)
	} else {
		p.primary.Insert(hash, row)
	}
	if s != nil {
		s.of(p).addBegun(row)
	}
}

// beginEach publishes pending versions and makes them the heads of their keys.
func (p *Part) beginEach(def *schema.Table, runs []rowRun, s *status, keys *keyList) {
	stamp := statusRef(s.id)
	i := 0
	for row := range eachRow(runs) {
		pr := newProbeOf(def, keys.at(i), keys.hashes[i])
		head, linked := p.find(def, &pr)
		p.begin(row, stamp, s, pr.hash, head, linked)
		i++
	}
}

// beginAll is beginEach for keys that no row has.
func (p *Part) beginAll(runs []rowRun, s *status, hashes []uint64) {
	p.live.Add(int64(len(hashes)))
	p.changes.Add(int64(len(hashes)))
	stamp := statusRef(s.id)
	begun := s.of(p)
	for _, run := range runs {
		p.versions.SetBegins(run.first, int(run.n), stamp)
		for i := range run.n {
			p.primary.Insert(hashes[i], run.first+i)
			begun.addBegun(run.first + i)
		}
		hashes = hashes[run.n:]
	}
}

// endRow ends a version.
func (p *Part) endRow(row uint32, stamp uint64, s *status) {
	p.live.Add(-1)
	p.changes.Add(1)
	p.versions.SetEnd(row, stamp)
	if s != nil {
		r := s.of(p)
		r.ended = append(r.ended, row)
		return
	}
	p.dead = append(p.dead, deadRow{row, stamp})
}

// feedChunk is the content of a recordFeedChunk: rows of one collection, or
// operations on any, that become visible with the end of a status.
type feedChunk struct {
	catalogVersion uint64
	status         uint64
	owner          uint64
	table          uint32
	generation     uint64

	// def is set in the first chunk of a feed into a collection that the
	// transaction has made itself and that no commit record has announced yet.
	def   *schema.Table
	rows  []chunkRows
	parts []part
	txn   *Txn // nil in replay
}

// chunkRows are new rows for one partition, column by column.
type chunkRows struct {
	partition int
	batch     *column.Batch
	keys      keyList // made from the batch before the record's turn
	absent    bool    // no row has any of the keys, not even an ended one
}

// keyList is a list of encoded keys with their hashes.
type keyList struct {
	bytes  []byte
	ends   []uint32
	hashes []uint64
}

func (l *keyList) reset() { l.bytes, l.ends, l.hashes = l.bytes[:0], l.ends[:0], l.hashes[:0] }

// close ends a key whose bytes were appended to l.bytes.
func (l *keyList) close() {
	l.ends = append(l.ends, uint32(len(l.bytes)))
	l.hashes = append(l.hashes, value.HashKey(l.at(len(l.ends)-1)))
}

func (l *keyList) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.bytes[from:l.ends[i]:l.ends[i]]
}

// pick makes it the given keys of another list.
func (l *keyList) pick(from *keyList, rows []uint32) {
	l.bytes = make([]byte, 0, len(rows)*(len(from.bytes)/len(from.ends)+1))
	l.ends = make([]uint32, len(rows))
	l.hashes = make([]uint64, len(rows))
	for i, row := range rows {
		l.bytes = append(l.bytes, from.at(int(row))...)
		l.ends[i] = uint32(len(l.bytes))
		l.hashes[i] = from.hashes[row]
	}
}

// fill encodes the keys of a batch.
func (l *keyList) fill(def *schema.Table, b *column.Batch) {
	l.reset()
	for i := range b.N {
		for _, num := range def.Key {
			l.bytes = value.AppendKey(l.bytes, b.Vecs[num-1].Value(i))
		}
		l.close()
	}
}

// applyChunk applies a chunk of a feed. It holds db.applying.
func (db *DB) applyChunk(c *feedChunk) error {
	s := db.statuses.get(c.status)
	if s == nil {
		s = db.statuses.create(c.status, c.owner, c.txn)
	}
	if err := db.applyFeedOps(c, s); err != nil || len(c.rows) == 0 {
		return err
	}
	coll, err := db.collection(c.table, c.generation)
	if err != nil {
		return err
	}
	for i := range c.rows { // before the goroutines, which must not grow s.rows
		s.of(coll.parts[c.rows[i].partition])
	}
	var wg sync.WaitGroup
	for i := range c.rows {
		r, p := &c.rows[i], coll.parts[c.rows[i].partition]
		if i == len(c.rows)-1 {
			p.applyRows(r, s)
			break
		}
		wg.Go(func() { p.applyRows(r, s) })
	}
	wg.Wait()
	return nil
}

func (db *DB) applyFeedOps(c *feedChunk, s *status) error {
	for i := range c.parts {
		for j := range c.parts[i].ops {
			o := &c.parts[i].ops[j]
			coll, err := db.collection(o.table, o.generation)
			if err != nil {
				return err
			}
			o.part = coll.parts[c.parts[i].partition]
			o.part.mu.Lock()
			if err = o.prepare(&db.statuses, c.owner); err == nil {
				o.apply(statusRef(s.id), s)
			}
			o.part.mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// applyRows adds the rows of a chunk. Their keys are absent: the feed saw to
// that under the keys' locks before it wrote the record.
func (p *Part) applyRows(r *chunkRows, s *status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	def := p.coll.def.Load()
	runs := p.allotRuns(r.batch.N)
	for i, c := range *p.columns.Load() {
		if i < len(r.batch.Vecs) {
			at := 0
			for _, run := range runs {
				c.SetVec(run.first, &r.batch.Vecs[i], at, at+int(run.n))
				at += int(run.n)
			}
			continue
		}
		v := missing(&def.Columns[i])
		for row := range eachRow(runs) {
			c.Set(row, v)
		}
	}
	if r.absent {
		p.beginAll(runs, s, r.keys.hashes)
	} else {
		p.beginEach(def, runs, s, &r.keys)
	}
	for _, x := range *p.indexes.Load() {
		p.scratch = x.addRuns(runs, &p.entries, p.scratch)
	}
}
