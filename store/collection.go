package store

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// collection is one generation of a table's data: a Part in each partition.
// It is reached through a state, so that an old generation lives exactly as
// long as a snapshot that needs it.
type collection struct {
	oid        uint32
	generation uint64
	account    column.Account
	parts      []*Part

	// def is the newest definition that Apply has seen. Readers use that of
	// their catalog.
	def atomic.Pointer[schema.Table]

	// hiddenKey is the last hidden key given.
	hiddenKey atomic.Int64

	notes atomic.Value // see TableView.Notes
}

func newCollection(def *schema.Table, partitions int, deferIndexes bool) *collection {
	c := &collection{oid: def.OID, generation: def.Generation}
	c.parts = make([]*Part, partitions)
	for i := range c.parts {
		c.parts[i] = newPart(c, i)
	}
	c.adopt(def, deferIndexes, 0)
	return c
}

// adopt makes the collection fit a newer definition of the same generation:
// columns added, indexes added that are not there yet, and those dropped that
// it has not any more, at a timestamp. With deferIndexes recovery builds the
// indexes at its end.
func (c *collection) adopt(def *schema.Table, deferIndexes bool, ts uint64) {
	old := c.def.Swap(def)
	for _, p := range c.parts {
		p.mu.Lock()
		if deferIndexes && old != nil {
			p.cutColumns(old, def)
		}
		p.addColumns(def)
		if !deferIndexes {
			p.setIndexes(def, nil, ts)
		}
		p.mu.Unlock()
	}
}

// partOf returns the partition of a key.
func partOf(key []byte, partitions int) int { return partOfHash(value.HashKey(key), partitions) }

// partOfHash is partOf by the key's hash.
func partOfHash(hash uint64, partitions int) int {
	return int(value.SlotOfHash(hash)) * partitions / slots
}

// slots is the number of hash slots, frozen (CLUSTER.md 4.2).
const slots = 16384

// Part is a collection's share of one partition. mu makes one writer at a
// time (apply, vacuum, index builds); readers take no lock.
type Part struct {
	coll *collection
	id   int

	versions *column.Versions
	primary  *index.Primary
	columns  atomic.Pointer[[]*column.Store] // by column number - 1
	indexes  atomic.Pointer[[]*partIndex]

	live    atomic.Int64 // rows begun, pending ones too, and not ended; an estimate
	changes atomic.Int64 // versions begun and ended

	mu         sync.Mutex // guards below; order: DB.applying, then Part.mu of ascending ids
	rows       uint32     // slots ever used
	free       freeSlots  // those that may be used again
	dead       []deadRow  // ended versions in about the order of their ends
	quarantine []quarantined
	unlinked   rowSet // the rows in quarantine
	scratch    []byte
	entries    indexBatch // for bulk additions to indexes

	// kept are dead versions that an open snapshot sees, by that snapshot;
	// compacting, that Compact has more to do. Both are vacuum's (vacuum.run).
	kept       map[uint64][]deadRow
	compacting bool
}

// deadRow is a version that vacuum may unlink when no snapshot lies between its
// begin and its end. end is 0 when no snapshot ever will.
type deadRow struct {
	row uint32
	end uint64
}

// quarantined are unlinked slots that wait until every reader of an epoch
// before theirs has gone.
type quarantined struct {
	epoch uint64
	rows  []uint32
}

func newPart(c *collection, id int) *Part {
	p := &Part{
		coll:     c,
		id:       id,
		versions: column.NewVersions(&c.account),
		primary:  index.NewPrimary(&c.account),
	}
	p.columns.Store(new([]*column.Store))
	p.indexes.Store(new([]*partIndex))
	return p
}

// cutColumns drops the columns that old had and def has not, or has otherwise: in replay, where a transaction
// created the table, fed it, went back to a savepoint and altered it in another way.
func (p *Part) cutColumns(old, def *schema.Table) {
	cols := *p.columns.Load()
	n := min(len(cols), len(def.Columns))
	for i := range min(n, len(old.Columns)) {
		a, b := &old.Columns[i], &def.Columns[i]
		if a.Type != b.Type || !bytes.Equal(a.Missing, b.Missing) {
			n = i
			break
		}
	}
	if n < len(cols) {
		cols = cols[:n:n]
		p.columns.Store(&cols)
	}
}

// addColumns appends the columns that def has and the part has not.
func (p *Part) addColumns(def *schema.Table) {
	old := *p.columns.Load()
	if len(old) >= len(def.Columns) {
		return
	}
	cols := append(old[:len(old):len(old)], make([]*column.Store, len(def.Columns)-len(old))...)
	for i := len(old); i < len(cols); i++ {
		c := &def.Columns[i]
		cols[i] = column.NewStore(c.Type, &p.coll.account, missing(c), p.rows)
	}
	p.columns.Store(&cols)
}

// column returns the store of a column number.
func (p *Part) column(num int16) *column.Store { return (*p.columns.Load())[num-1] }

// probe is a primary key made ready for comparison with rows.
type probe struct {
	key  []byte
	hash uint64
	vals [2]value.Value // the decoded key, when it has at most two columns
	n    int
}

func newProbe(def *schema.Table, key []byte) probe { return newProbeOf(def, key, value.HashKey(key)) }

// newProbeOf is newProbe for a key whose hash is known.
func newProbeOf(def *schema.Table, key []byte, hash uint64) probe {
	pr := probe{key: key, hash: hash}
	if len(def.Key) > len(pr.vals) {
		return pr
	}
	rest := key
	for i, num := range def.Key {
		v, r, err := value.DecodeKey(def.ColumnByNum(num).Type.Kind, rest)
		if err != nil {
			pr.n = 0 // fall back to comparing encodings
			return pr
		}
		pr.vals[i], rest = v, r
		pr.n++
	}
	return pr
}

// find returns the newest version of a key, whatever its fate.
func (p *Part) find(def *schema.Table, pr *probe) (uint32, bool) {
	cols := *p.columns.Load()
	switch {
	case pr.n == 1:
		c, v := cols[def.Key[0]-1], pr.vals[0]
		return p.primary.Lookup(pr.hash, func(row uint32) bool { return c.EqualValue(row, v) })
	case pr.n == 2:
		return p.primary.Lookup(pr.hash, func(row uint32) bool {
			return cols[def.Key[0]-1].EqualValue(row, pr.vals[0]) && cols[def.Key[1]-1].EqualValue(row, pr.vals[1])
		})
	}
	return p.primary.Lookup(pr.hash, func(row uint32) bool {
		var buf [64]byte
		return string(p.appendRowKey(buf[:0], def, row)) == string(pr.key)
	})
}

// appendRowKey appends the primary key of a row.
func (p *Part) appendRowKey(dst []byte, def *schema.Table, row uint32) []byte {
	cols := *p.columns.Load()
	for _, num := range def.Key {
		dst = value.AppendKey(dst, cols[num-1].Get(row))
	}
	return dst
}

// newest follows the versions of a key from its head to the one that counts
// for the transaction with an id: the committed one, or one of its own feed.
// wait is another transaction's pending status that has to end first. owner 0 is nobody.
// The caller is in an epoch or holds mu.
func (p *Part) newest(st *statuses, head uint32, owner uint64) (row uint32, ok bool, wait *status) {
	for row = head; row != column.NoRow; row = p.versions.Prev(row) {
		begin := p.versions.Begin(row)
		if begin == column.NotBegun {
			continue
		}
		if fate, s := st.fate(begin, owner); fate == fatePending {
			return row, false, s
		} else if fate == fateAborted {
			continue
		}
		end := p.versions.End(row)
		if end == column.NoEnd {
			return row, true, nil
		}
		switch fate, s := st.fate(end, owner); fate {
		case fatePending:
			return row, false, s
		case fateAborted:
			return row, true, nil
		}
		return row, false, nil
	}
	return column.NoRow, false, nil
}

// fate is what a stamp means to a transaction.
type fate uint8

const (
	fateDone    fate = iota // committed, or the transaction's own
	fatePending             // another's, undecided
	fateAborted
)

func (s *statuses) fate(stamp, owner uint64) (fate, *status) {
	if stamp&statusBit == 0 {
		return fateDone, nil
	}
	st := s.get(stamp)
	if st == nil {
		return fateAborted, nil
	}
	switch st.commit.Load() {
	case 0:
		if owner != 0 && st.owner == owner {
			return fateDone, nil
		}
		return fatePending, st
	case never:
		return fateAborted, nil
	}
	return fateDone, nil
}
