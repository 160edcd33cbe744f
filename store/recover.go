package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// lockFile keeps a second process out of a data directory.
const lockFile = "LOCK"

// recover brings the database to the end of its log: checkpoint, replay,
// indexes. A directory without a checkpoint is a new one.
func (db *DB) recover(ctx context.Context) (err error) {
	start := time.Now()
	if err := db.cfg.FS.MkdirAll(db.cfg.Dir); err != nil {
		return err
	}
	if db.unlock, err = db.cfg.FS.Lock(filepath.Join(db.cfg.Dir, lockFile)); err != nil {
		return fmt.Errorf("data directory %s: %w", db.cfg.Dir, err)
	}
	lsn, found, err := db.usableCheckpoint(ctx)
	if err != nil {
		return err
	}
	if !found {
		return db.create(ctx)
	}
	db.recovering = true
	l := newLoader(db)
	path := checkpointName(db.cfg.Dir, lsn)
	if err := l.load(ctx, path); err != nil {
		return err
	}
	records := 0
	total := logBytes(db.cfg.FS, filepath.Join(db.cfg.Dir, "wal"))
	db.log.wal, err = wal.Open(db.walConfig(), l.header.LSN, func(lsn wal.LSN, kind byte, payload []byte) error {
		records++
		db.cfg.Progress("log", int64(lsn-l.header.LSN), total)
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		return db.replay(kind, payload)
	})
	if err != nil {
		return err
	}
	db.log.applied = db.log.wal.End()
	db.finishRecovery()
	size := int64(0)
	if info, err := db.cfg.FS.Stat(path); err == nil {
		size = info.SizeBytes
	}
	db.checkpointed(l.header.LSN, size)
	if err := db.removeOldCheckpoints(l.header.LSN); err != nil {
		return err
	}
	db.cfg.Logger.Info("recovered", "lsn", db.log.wal.End(), "records", records, "tables", len(db.state.collections), "dur", time.Since(start))
	return nil
}

// create makes the files of a new database: a log and a checkpoint of nothing.
func (db *DB) create(ctx context.Context) error {
	names, err := db.cfg.FS.List(db.cfg.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case name == lockFile || name == "wal" || strings.HasSuffix(name, checkpointTemp):
		default:
			return fmt.Errorf("data directory %s has no checkpoint but holds %s: it is not a Cachalot directory, or its checkpoint is lost", db.cfg.Dir, name)
		}
	}
	db.log.wal, err = wal.Open(db.walConfig(), 0, func(wal.LSN, byte, []byte) error {
		return errors.New("the log has records, but there is no checkpoint")
	})
	if err != nil {
		return err
	}
	db.log.applied = db.log.wal.End()
	return db.Checkpoint(ctx)
}

func logBytes(fs vfs.FS, dir string) int64 {
	names, _ := fs.List(dir) // for progress only
	total := int64(0)
	for _, name := range names {
		if info, err := fs.Stat(filepath.Join(dir, name)); err == nil {
			total += info.SizeBytes
		}
	}
	return total
}

// loader reads a checkpoint: the tables' blocks come first, rows are decoded
// and put in by one goroutine a partition.
type loader struct {
	db     *DB
	header checkpointHeader
	queues []chan rowsBlock
	wg     sync.WaitGroup

	mu    sync.Mutex // guards err
	err   error
	feeds [][]byte // blocks of pending feeds, then of prepared transactions, in order; applied at the end
	kinds []byte
}

type rowsBlock struct {
	coll  *collection
	batch []byte
}

func newLoader(db *DB) *loader { return &loader{db: db} }

func (l *loader) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *loader) load(ctx context.Context, path string) error {
	progress := func(done, total int64) { l.db.cfg.Progress("checkpoint", done, total) }
	err := readBlocks(ctx, l.db.cfg.FS, path, progress, l.block)
	for _, q := range l.queues {
		close(q)
	}
	l.wg.Wait()
	if err != nil {
		return err
	}
	if l.err != nil {
		return &CorruptError{path, 0, l.err.Error()}
	}
	if l.header.Format == 0 {
		return &CorruptError{path, int64(len(checkpointMagic)), "it has no header"}
	}
	for i, payload := range l.feeds {
		put := l.feed
		if l.kinds[i] == blockPrepared {
			put = func(_ byte, payload []byte) error { return l.db.replayPrepare(payload) }
		}
		if err := put(l.kinds[i], payload); err != nil {
			return &CorruptError{path, 0, err.Error()}
		}
	}
	return nil
}

func (l *loader) block(kind byte, payload []byte) error {
	if (kind == blockHeader) != (l.header.Format == 0) {
		return errors.New("the header must be the first block and only that")
	}
	switch kind {
	case blockHeader:
		return l.begin(payload)
	case blockTable:
		var t checkpointTable
		if err := json.Unmarshal(payload, &t); err != nil || t.Def == nil {
			return fmt.Errorf("table definition: %v", err)
		}
		if t.Unborn {
			l.db.unborn[t.Def.Generation] = newCollection(t.Def, l.db.partitions, true)
			return nil
		}
		l.db.state = &state{
			catalog:     l.db.state.catalog.With(t.Def).Reserve(l.header.NextOID, l.header.CatalogVersion),
			collections: l.db.state.collections,
		}
		l.db.state.collections[t.Def.OID] = newCollection(t.Def, l.db.partitions, true)
	case blockObject:
		o := new(schema.Object)
		if err := json.Unmarshal(payload, o); err != nil {
			return fmt.Errorf("object definition: %v", err)
		}
		l.db.state = &state{
			catalog:     l.db.state.catalog.WithObject(o).Reserve(l.header.NextOID, l.header.CatalogVersion),
			collections: l.db.state.collections,
		}
	case blockRows:
		d := decoder{b: payload}
		c, err := l.db.collection(uint32(d.uvarint()), d.uvarint())
		part := int(d.uvarint())
		if err != nil || d.err != nil || part >= len(l.queues) {
			return fmt.Errorf("rows: %v", errors.Join(err, d.err))
		}
		l.queues[part] <- rowsBlock{c, d.b}
	case blockFeed, blockEnded, blockPrepared:
		l.feeds, l.kinds = append(l.feeds, payload), append(l.kinds, kind)
	case blockSequence:
		return l.db.replaySequence(&decoder{b: payload})
	default:
		return fmt.Errorf("unknown kind %d", kind)
	}
	return nil
}

// begin takes the header, and starts the goroutines that put rows in.
func (l *loader) begin(payload []byte) error {
	if err := json.Unmarshal(payload, &l.header); err != nil {
		return fmt.Errorf("header: %v", err)
	}
	h := &l.header
	if h.Format != 1 {
		return fmt.Errorf("format %d, this build knows 1", h.Format)
	}
	l.db.cfg.Partitions = h.Partitions
	if err := l.db.cfg.validate(); err != nil {
		return err
	}
	l.db.partitions = h.Partitions
	l.db.log.last = h.Timestamp
	l.db.oids.raise(h.NextOID)
	l.db.statuses.raise(h.LastID)
	if h.Objects {
		l.db.state.catalog = schema.Bare()
	}
	l.db.state.catalog = l.db.state.catalog.Reserve(h.NextOID, h.CatalogVersion)
	l.queues = make([]chan rowsBlock, h.Partitions)
	for i := range l.queues {
		l.queues[i] = make(chan rowsBlock, 4)
		l.wg.Go(func() {
			for b := range l.queues[i] {
				if err := l.rows(i, b); err != nil {
					l.fail(err)
				}
			}
		})
	}
	return nil
}

// rows puts a block of committed rows into a partition.
func (l *loader) rows(partition int, b rowsBlock) error {
	d := decoder{b: b.batch}
	batch := d.batch()
	def := b.coll.def.Load()
	if d.err != nil || len(batch.Vecs) != len(def.Columns)+1 || !fits(def.Columns, batch) {
		return fmt.Errorf("rows of table %s do not have its columns", def.Name)
	}
	stamps := batch.Vecs[len(def.Columns)].I
	batch.Vecs = batch.Vecs[:len(def.Columns)]
	p := b.coll.parts[partition]
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.rows
	p.rows += uint32(batch.N)
	for i := range batch.Vecs {
		p.column(int16(i+1)).SetVec(first, &batch.Vecs[i], 0, batch.N)
	}
	var keys keyList
	keys.fill(def, batch)
	for i := range batch.N {
		p.begin(first+uint32(i), uint64(stamps[i]), nil, keys.hashes[i], column.NoRow, false)
	}
	return nil
}

// feed puts back the rows that a pending feed had begun or ended.
func (l *loader) feed(kind byte, payload []byte) error {
	d := decoder{b: payload}
	chunk := &feedChunk{status: d.uvarint(), owner: d.uvarint(), table: uint32(d.uvarint()), generation: d.uvarint()}
	partition := int(d.uvarint())
	coll, err := l.db.collection(chunk.table, chunk.generation)
	if err != nil || partition >= l.db.partitions {
		return fmt.Errorf("rows of a feed: %v", err)
	}
	if kind == blockFeed {
		chunk.rows = []chunkRows{{partition: partition, batch: d.batch()}}
		if d.err != nil || !fits(coll.def.Load().Columns, chunk.rows[0].batch) {
			return errRecord
		}
		return l.db.replayChunk(chunk)
	}
	s := l.db.statuses.get(chunk.status)
	if s == nil {
		s = l.db.statuses.create(chunk.status, chunk.owner, nil)
	}
	p, def := coll.parts[partition], coll.def.Load()
	for range d.count(2) {
		begin, key := d.uvarint(), d.bytes()
		pr := newProbe(def, key)
		row, ok := p.find(def, &pr)
		for ok && row != column.NoRow && p.versions.Begin(row) != begin {
			row = p.versions.Prev(row)
		}
		if !ok || row == column.NoRow {
			return fmt.Errorf("a feed has ended a row of table %s that is not there", def.Name)
		}
		p.endRow(row, statusRef(s.id), s)
	}
	return d.err
}

// replay applies one record of the log as it was applied at first: what was
// rejected is rejected again.
func (db *DB) replay(kind byte, payload []byte) error {
	d := decoder{b: payload}
	ts, _ := d.header()
	if d.err != nil {
		return d.err
	}
	db.log.last = max(db.log.last, ts)
	err := db.replayKind(kind, payload)
	db.vacuum.replayed(len(payload))
	if sqlerr.As(err) != nil {
		return nil
	}
	return err
}

func (db *DB) replayKind(kind byte, payload []byte) error {
	switch kind {
	case recordPut:
		r, err := decodeCommit(payload)
		if err != nil {
			return err
		}
		if err := db.checkParts(r.parts); err != nil {
			return err
		}
		return db.applyCommit(r)
	case recordFeedChunk:
		c, err := decodeChunk(payload)
		if err != nil {
			return err
		}
		if err := db.checkParts(c.parts); err != nil {
			return err
		}
		return db.replayChunk(c)
	case recordFeedEnd:
		id, err := decodeFeedEnd(payload)
		if err != nil {
			return err
		}
		db.endFeed(feedEnd{status: id}, never)
		return nil
	case recordPrepare:
		return db.replayPrepare(payload)
	case recordResolve:
		return db.replayResolve(payload)
	case recordSequence:
		d := decoder{b: payload}
		d.header()
		return db.replaySequence(&d)
	}
	return fmt.Errorf("log record of kind %d, which this build does not know", kind)
}

func (db *DB) checkParts(parts []part) error {
	for i := range parts {
		if parts[i].partition >= db.partitions {
			return fmt.Errorf("%w: partition %d of %d", errRecord, parts[i].partition, db.partitions)
		}
	}
	return nil
}

func (db *DB) replayChunk(c *feedChunk) error {
	if c.def != nil {
		if coll := db.unborn[c.generation]; coll != nil { // altered since it was announced
			coll.adopt(c.def, true, 0)
		} else {
			db.unborn[c.generation] = newCollection(c.def, db.partitions, true)
		}
	}
	db.statuses.raise(c.generation)
	for i := range c.rows {
		coll, err := db.collection(c.table, c.generation)
		if err != nil {
			return err
		}
		def := coll.def.Load()
		if c.rows[i].partition >= db.partitions || !fits(def.Columns, c.rows[i].batch) {
			return errRecord
		}
		c.rows[i].keys.fill(def, c.rows[i].batch)
	}
	return db.applyChunk(c)
}

// finishRecovery gives up what the crash interrupted, and builds the indexes.
func (db *DB) finishRecovery() {
	kept := db.prepared.pending()
	db.statuses.m.Range(func(_, v any) bool {
		if s := v.(*status); s.commit.Load() == 0 && kept[s.id] == nil {
			db.endFeed(feedEnd{status: s.id}, never)
			db.log.owe(s.id)
		}
		return true
	})
	clear(db.unborn)
	db.settleSequences()
	db.recovering = false
	for _, c := range db.state.collections {
		def := c.def.Load()
		var wg sync.WaitGroup
		for _, p := range c.parts {
			wg.Go(func() {
				built := make([]*partIndex, 0, len(def.Indexes))
				for _, x := range def.Indexes {
					built = append(built, p.recoveredIndex(def, x))
				}
				p.setIndexes(def, built, 0)
			})
		}
		wg.Wait()
		c.hiddenKey.Store(c.maxHidden(def))
	}
	db.restorePrepared()
	db.publish(db.log.last)
}
