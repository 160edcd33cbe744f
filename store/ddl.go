package store

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
)

// NewOID returns an OID never given before.
func (t *Txn) NewOID() uint32 { return t.db.oids.next() }

// NewGeneration returns a generation never used before.
func (t *Txn) NewGeneration() uint64 { return t.db.statuses.newID() }

// Catalog returns the newest catalog with the transaction's own changes: what
// its DDL goes by at every level. That of a View is as old as its snapshot.
func (t *Txn) Catalog() *schema.Catalog {
	return t.state(t.db.published.Load().state).catalog
}

// PutTable creates or replaces a table's definition within the transaction,
// which holds its exclusive lock. A new generation starts empty (TRUNCATE); new
// columns take their Missing value; indexes that the definition has no more go. The
// transaction's next Views see it, others after COMMIT. Indexes are added by AddIndex,
// but for those of a new generation.
//
// What the definition needs in memory is made at once: nobody else uses it
// before the commit, and Rollback takes it back.
func (t *Txn) PutTable(def *schema.Table) error {
	if err := t.mayDefine(def.OID); err != nil {
		return err
	}
	coll := t.state(t.db.published.Load().state).collections[def.OID]
	switch {
	case coll == nil || coll.generation != def.Generation:
		t.forget(def.OID)
		t.create(def)
	case t.created[def.Generation] != nil:
		t.undo = append(t.undo, coll.restorer())
		coll.adopt(def, false, never) // an index that it drops stays until the commit
		t.delta(coll).widen(def)
	default:
		t.widen(coll, def)
		t.delta(coll).widen(def)
	}
	t.change(schemaChange{put: def})
	return nil
}

// mayDefine refuses, 40001, to change a table whose definition is not any more the one that the transaction's snapshot
// shows: its Views could show neither.
func (t *Txn) mayDefine(oid uint32) error {
	if t.base == nil {
		return nil
	}
	then, _ := t.base.state.catalog.TableByOID(oid)
	now, _ := t.db.published.Load().state.catalog.TableByOID(oid)
	if then != now {
		return SerializationFailure(false)
	}
	return nil
}

// create makes the collection of a new generation.
func (t *Txn) create(def *schema.Table) {
	db := t.db
	c := newCollection(def, db.partitions, false)
	if t.created == nil {
		t.created = map[uint64]*collection{}
	}
	t.created[def.Generation] = c
	db.applying.Lock()
	db.unborn[def.Generation] = c
	db.applying.Unlock()
	t.undo = append(t.undo, func() {
		delete(t.created, def.Generation)
		db.applying.Lock()
		delete(db.unborn, def.Generation)
		db.applying.Unlock()
	})
}

// restorer returns what gives a collection that no other transaction uses its present definition back.
func (c *collection) restorer() func() {
	def := c.def.Load()
	columns := make([][]*column.Store, len(c.parts))
	for i, p := range c.parts {
		columns[i] = *p.columns.Load()
	}
	return func() {
		for i, p := range c.parts {
			p.mu.Lock()
			p.columns.Store(&columns[i])
			for _, x := range *p.indexes.Load() {
				x.retired = 0 // adopt retires those that def has not
			}
			p.mu.Unlock()
		}
		c.adopt(def, false, never)
	}
}

// widen adds the columns of a new definition to a collection that others use.
func (t *Txn) widen(c *collection, def *schema.Table) {
	for _, p := range c.parts {
		p.mu.Lock()
		old := *p.columns.Load()
		p.addColumns(def)
		p.mu.Unlock()
		t.undo = append(t.undo, func() {
			p.mu.Lock()
			p.columns.Store(&old)
			p.mu.Unlock()
		})
	}
}

// AddIndex adds an index to a table, and builds it from the rows there are
// while others go on writing. The transaction holds the table's
// ShareUpdateExclusiveLock, so that its definition stays; for a unique index the ShareLock, so that its rows stay too. An error,
// which is that of ctx, or 23505 for values that a unique index would have twice, leaves nothing.
func (t *Txn) AddIndex(ctx context.Context, tbl *schema.Table, x *schema.Index) error {
	coll, err := t.collection(tbl)
	if err != nil {
		return err
	}
	if err := t.mayDefine(tbl.OID); err != nil {
		return err
	}
	def := tbl.Clone()
	def.Indexes = append(def.Indexes, x)
	def.Version++
	b := t.db.buildIndex(coll, def, x)
	if err := b.run(ctx); err != nil {
		b.drop()
		return err
	}
	if x.Unique {
		t.delta(coll).indexUnique(x)
		if err := t.CheckUnique(ctx, tbl, x); err != nil {
			b.drop()
			return err
		}
	}
	t.undo = append(t.undo, b.drop)
	if t.created[def.Generation] != nil {
		old := coll.def.Swap(def)
		t.undo = append(t.undo, func() { coll.def.Store(old) })
	}
	t.change(schemaChange{put: def})
	return nil
}

// DropTable drops a table, whose exclusive lock is held.
func (t *Txn) DropTable(oid uint32) error {
	if err := t.mayDefine(oid); err != nil {
		return err
	}
	t.forget(oid)
	t.change(schemaChange{drop: oid})
	return nil
}

// PutObject creates or replaces an object that is no table within the transaction, which holds the lock of whoever
// changes the catalog.
func (t *Txn) PutObject(o *schema.Object) error {
	if err := t.mayDefineObject(o.OID); err != nil {
		return err
	}
	t.change(schemaChange{object: o})
	return nil
}

// DropObject drops an object that is no table.
func (t *Txn) DropObject(oid uint32) error {
	if err := t.mayDefineObject(oid); err != nil {
		return err
	}
	t.change(schemaChange{drop: oid})
	return nil
}

// mayDefineObject is mayDefine for objects that are no tables.
func (t *Txn) mayDefineObject(oid uint32) error {
	if t.base == nil {
		return nil
	}
	then, _ := t.base.state.catalog.Object(oid)
	now, _ := t.db.published.Load().state.catalog.Object(oid)
	if then != now {
		return SerializationFailure(false)
	}
	return nil
}

// forget drops what the transaction has written to a table whose data goes:
// the commit record cannot name it any more.
func (t *Txn) forget(oid uint32) {
	t.deltas = slices.DeleteFunc(t.deltas, func(d *delta) bool { return d.coll.oid == oid })
}

// change notes a schema change for the commit record.
func (t *Txn) change(c schemaChange) {
	t.changes = append(t.changes, c)
	t.ownBase = nil
}

// maxHidden returns the largest hidden key in the collection.
func (c *collection) maxHidden(def *schema.Table) int64 {
	most := int64(0)
	if !def.HiddenKey {
		return 0
	}
	for _, p := range c.parts {
		keys := p.column(def.Key[0])
		for row := range p.rows {
			if p.versions.Begin(row) != column.NotBegun {
				most = max(most, keys.Get(row).Int())
			}
		}
	}
	return most
}
