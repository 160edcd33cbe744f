package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// replayPrepare applies a recordPrepare of the log or a checkpoint's blockPrepared. The locks come back when all of the
// log is read: until then nobody asks for any.
func (db *DB) replayPrepare(payload []byte) error {
	r, err := decodePrepare(slices.Clone(payload)) // it stays
	if err != nil {
		return err
	}
	if err := db.checkParts(r.parts); err != nil {
		return err
	}
	if db.prepared.byGID[r.gid] != nil {
		return fmt.Errorf("%w: transaction %q is prepared twice", errRecord, r.gid)
	}
	e := &preparedTxn{rec: r}
	if err := db.applyPrepare(e); err != nil {
		return err
	}
	db.prepared.add(e)
	return nil
}

// replayResolve applies a recordResolve of the log.
func (db *DB) replayResolve(payload []byte) error {
	r, err := decodeResolve(payload)
	if err != nil {
		return err
	}
	if err := db.checkParts(r.commit.parts); err != nil {
		return err
	}
	e := db.prepared.byGID[r.gid]
	if e == nil || e.rec.number != r.number {
		return fmt.Errorf("%w: it ends prepared transaction %q, which there is not", errRecord, r.gid)
	}
	if err := db.applyResolve(e, r); err != nil {
		return err
	}
	db.prepared.remove(e)
	return nil
}

// capture returns the records of the prepared transactions of this moment for a checkpoint, in the order of their
// numbers. It holds db.applying.
func (ps *preparedTxns) capture() []*prepareRecord {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var list []*prepareRecord
	for _, e := range ps.byGID {
		if e.state == isPrepared {
			list = append(list, e.rec)
		}
	}
	slices.SortFunc(list, func(a, b *prepareRecord) int { return cmp.Compare(a.number, b.number) })
	return list
}

// pending returns the statuses of the feeds that wait for the end of a prepared transaction, which a restart must not give up.
func (ps *preparedTxns) pending() map[uint64]*preparedTxn {
	feeds := map[uint64]*preparedTxn{}
	for _, e := range ps.byGID {
		for _, id := range e.rec.feeds {
			feeds[id] = e
		}
	}
	return feeds
}

// restorePrepared gives the prepared transactions that recovery has found their locks back, before anybody
// else can ask for one (I5).
func (db *DB) restorePrepared() {
	for _, gid := range slices.Sorted(maps.Keys(db.prepared.byGID)) {
		e := db.prepared.byGID[gid]
		e.holder = db.newHolder(e.rec.number, e.rec.owner)
		for _, l := range e.rec.locks {
			ok := e.holder.retake(l)
			invariant.Check(ok, "lock %x of prepared transaction %q is held by another", l.name, gid)
		}
		for _, id := range e.rec.feeds {
			if s := db.statuses.get(id); s != nil { // else a feed without a row
				s.txn = e.holder
				e.holder.feeds = append(e.holder.feeds, s)
			}
		}
		for i := range e.rec.parts {
			for j := range e.rec.parts[i].ops {
				db.keepHidden(&e.rec.parts[i].ops[j])
			}
		}
	}
}

// keepHidden sees that the hidden key of a row that will be there is not given to another.
func (db *DB) keepHidden(o *op) {
	c := db.state.collections[o.table]
	if def := c.def.Load(); def.HiddenKey && o.kind == opPut {
		c.hiddenKey.Store(max(c.hiddenKey.Load(), o.row[def.Key[0]-1].Int()))
	}
}

// check returns the first lock that a prepared transaction should hold and does not (I5).
func (ps *preparedTxns) check() error {
	ps.mu.Lock()
	all := slices.Collect(maps.Values(ps.byGID))
	ps.mu.Unlock()
	for _, e := range all {
		if !ps.rests(e) {
			continue
		}
		for _, l := range e.rec.locks {
			if !e.holder.holds(l) && ps.rests(e) { // not ended meanwhile
				return fmt.Errorf("prepared transaction %q has lost lock %x", e.rec.gid, l.name)
			}
		}
	}
	return nil
}

// rests says whether a transaction is prepared and nobody is ending it.
func (ps *preparedTxns) rests(e *preparedTxn) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return e.state == isPrepared && !e.busy
}
