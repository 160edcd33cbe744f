package store

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// Check walks everything in memory and returns the first broken invariant:
// every version is in the chain of its key and in every index exactly once, no key
// has two live rows, nor a value of a unique index, every row is in the partition of its key, prepared transactions hold their locks. Writers wait meanwhile.
func (db *DB) Check(ctx context.Context) error {
	if err := db.prepared.check(); err != nil {
		return err
	}
	db.vacuum.run.Lock()
	defer db.vacuum.run.Unlock()
	db.applying.Lock()
	defer db.applying.Unlock()
	for _, c := range db.state.collections {
		for _, p := range c.parts {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			if err := p.check(db); err != nil {
				return fmt.Errorf("table %s (%d), partition %d: %w", c.def.Load().Name, c.oid, p.id, err)
			}
		}
		if err := c.checkUnique(db); err != nil {
			return fmt.Errorf("table %s (%d): %w", c.def.Load().Name, c.oid, err)
		}
	}
	return nil
}

// checkUnique looks for two live rows with a value that a unique index has once. A pending feed's rows count as live,
// and what it has ended does not.
func (c *collection) checkUnique(db *DB) error {
	for _, x := range c.def.Load().Indexes {
		if !x.Unique {
			continue
		}
		seen := map[string]struct{}{}
		for _, p := range c.parts {
			cols := *p.columns.Load()
			for row := range p.rows {
				begin, end := p.versions.Begin(row), p.versions.End(row)
				if begin == column.NotBegun || p.unlinked.has(row) || db.statuses.aborted(begin) ||
					end != column.NoEnd && !db.statuses.aborted(end) {
					continue
				}
				key, ok := uniqueKey(nil, x, func(num int16) value.Value { return cols[num-1].Get(row) })
				if _, dup := seen[string(key)]; ok && dup {
					return fmt.Errorf("partition %d, row %d: another live row has its values in unique index %s", p.id, row, x.Name)
				}
				if ok {
					seen[string(key)] = struct{}{}
				}
			}
		}
	}
	return nil
}

// aborted says whether a stamp is that of a feed which was given up.
func (s *statuses) aborted(stamp uint64) bool {
	fate, _ := s.fate(stamp, 0)
	return fate == fateAborted
}

func (p *Part) check(db *DB) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rows []uint32
	quarantined, free := 0, 0
	for _, q := range p.quarantine {
		quarantined += len(q.rows)
	}
	for row := range p.rows {
		if p.unlinked.has(row) {
			quarantined--
		}
		if p.free.rows.has(row) {
			free++
		}
		switch begun := p.versions.Begin(row) != column.NotBegun; {
		case begun && p.free.rows.has(row):
			return fmt.Errorf("slot %d is free and holds a version", row)
		case !begun && !p.free.rows.has(row):
			return fmt.Errorf("slot %d is lost: it holds no version and is not free", row)
		case begun && !p.unlinked.has(row):
			rows = append(rows, row)
		}
	}
	if free != p.free.n {
		return fmt.Errorf("%d slots are free, %d are counted", free, p.free.n)
	}
	if quarantined != 0 {
		return fmt.Errorf("%d more rows are in quarantine than are marked as unlinked", quarantined)
	}
	heads, err := p.checkChains(db, rows)
	if err != nil {
		return err
	}
	def := p.coll.def.Load()
	if err := p.primary.Check(func(yield func(uint64, uint32) bool) {
		var key []byte
		for _, row := range heads {
			key = p.appendRowKey(key[:0], def, row)
			pr := newProbe(def, key)
			if !yield(pr.hash, row) {
				return
			}
		}
	}); err != nil {
		return fmt.Errorf("primary index: %w", err)
	}
	for _, x := range *p.indexes.Load() {
		if err := x.check(rows); err != nil {
			return err
		}
	}
	return nil
}

// checkChains follows the chain of every key, and returns the heads.
func (p *Part) checkChains(db *DB, rows []uint32) (heads []uint32, err error) {
	def := p.coll.def.Load()
	seen := make(map[uint32]bool, len(rows))
	var key, other []byte
	for _, row := range rows {
		if seen[row] {
			continue
		}
		key = p.appendRowKey(key[:0], def, row)
		if partOf(key, len(p.coll.parts)) != p.id {
			return nil, fmt.Errorf("row %d belongs to partition %d", row, partOf(key, len(p.coll.parts)))
		}
		pr := newProbe(def, key)
		head, ok := p.find(def, &pr)
		if !ok {
			return nil, fmt.Errorf("the key of row %d is not in the primary index", row)
		}
		heads = append(heads, head)
		live := 0
		for r := head; r != column.NoRow; r = p.versions.Prev(r) {
			if seen[r] {
				return nil, fmt.Errorf("row %d is in two chains, or twice in one", r)
			}
			seen[r] = true
			other = p.appendRowKey(other[:0], def, r)
			if string(other) != string(key) {
				return nil, fmt.Errorf("rows %d and %d share a chain and not a key", head, r)
			}
			begin, end := db.statuses.resolve(p.versions.Begin(r)), p.versions.End(r)
			if begin != never && (end == column.NoEnd || db.statuses.resolve(end) == never) {
				live++
			}
			if end != column.NoEnd && db.statuses.resolve(end) != never && begin != never && db.statuses.resolve(end) < begin {
				return nil, fmt.Errorf("row %d ends at %d before it begins at %d", r, end, begin)
			}
		}
		if live > 1 {
			return nil, fmt.Errorf("the key of row %d has %d live rows", row, live)
		}
		if !seen[row] {
			return nil, fmt.Errorf("row %d is not in the chain of its key", row)
		}
	}
	return heads, nil
}

// DirReport is what CheckDir found.
type DirReport struct {
	Checkpoint string
	LSN        wal.LSN
	Log        wal.Report
	Tables     int
	Rows       int64
	Prepared   int // transactions
}

// CheckDir verifies a data directory that no server uses: every block of the
// checkpoint, every frame of the log, and, after recovering both in memory,
// every invariant. Nothing in the directory is changed. Damage is a *CorruptError or a *wal.CorruptError.
func CheckDir(ctx context.Context, fs vfs.FS, dir string, progress func(stage string, done, total int64)) (DirReport, error) {
	var rep DirReport
	cfg := Config{FS: fs, Dir: dir, Progress: progress}.withDefaults()
	lock, err := fs.Lock(filepath.Join(dir, lockFile))
	if err != nil {
		return rep, fmt.Errorf("data directory %s: %w", dir, err)
	}
	defer lock.Close()
	lsn, found, err := newestCheckpoint(fs, dir)
	if err != nil {
		return rep, err
	}
	if !found {
		return rep, fmt.Errorf("data directory %s has no checkpoint", dir)
	}
	rep.LSN, rep.Checkpoint = lsn, checkpointName(dir, lsn)
	db := &DB{cfg: cfg, partitions: cfg.Partitions, unborn: map[uint64]*collection{}, recovering: true}
	db.log = &localLog{db: db}
	db.vacuum = newVacuum(db)
	db.state = &state{catalog: schema.Empty(), collections: map[uint32]*collection{}}
	db.publish(firstSnapshot)
	l := newLoader(db)
	if err := l.load(ctx, rep.Checkpoint); err != nil {
		return rep, err
	}
	if l.header.LSN != lsn {
		return rep, &CorruptError{rep.Checkpoint, 0, fmt.Sprintf("its header says position %d", l.header.LSN)}
	}
	if rep.Log, err = wal.Read(fs, filepath.Join(dir, "wal"), lsn, db.replayAny); err != nil {
		return rep, err
	}
	db.finishRecovery()
	db.vacuum.stampEnded() // else the rows of aborted feeds are counted
	if err := db.Check(ctx); err != nil {
		return rep, err
	}
	txn := db.Begin(TxnOptions{})
	view := txn.View()
	defer txn.Rollback()
	defer view.Close()
	for _, t := range view.Catalog().Tables() {
		rep.Tables++
		rep.Rows += view.Table(t.OID).EstimateRows()
	}
	for _, e := range db.prepared.byGID {
		rep.Prepared++
		rep.Rows -= e.holder.pendingRows()
	}
	return rep, nil
}

func (db *DB) replayAny(_ wal.LSN, kind byte, payload []byte) error { return db.replay(kind, payload) }
