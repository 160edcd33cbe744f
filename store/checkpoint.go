package store

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// A checkpoint is the whole state at one position of the log: rows that are
// committed, with their timestamps, rows of pending feeds, and what is
// prepared. The file is named for the position and made of blocks:
//
//	offset  bytes
//	0       8      "CACHCKP1"
//	8       ...    blocks
//
//	block:  4      length of the payload, little-endian
//	        4      CRC-32C of kind, block number (4 bytes) and payload
//	        1      kind
//	        ...    payload
//
// The first block is the header, the last one the end with the number of
// blocks before it; nothing follows. It is written to another name, synced, and renamed
// before an older one is removed.
const (
	checkpointMagic  = "CACHCKP1"
	checkpointPrefix = "checkpoint-"
	checkpointTemp   = ".tmp"

	blockHeader = 1 // JSON of checkpointHeader
	blockTable  = 2 // JSON of checkpointTable
	blockRows   = 3 // committed rows
	blockFeed   = 4 // rows of a pending feed
	blockEnded  = 5 // rows that a pending feed has ended
	blockEnd    = 6

	blockPrepared = 7 // a prepared transaction: the payload of its recordPrepare
	blockSequence = 9 // how far a sequence has come (sequence.go)

	blockObject = 8 // JSON of a schema.Object

	blockOverhead = 9
	maxBlockBytes = 512 << 20
)

type checkpointHeader struct {
	Format         int     `json:"format"`
	LSN            wal.LSN `json:"lsn"`
	Partitions     int     `json:"partitions"`
	Timestamp      uint64  `json:"timestamp"`
	CatalogVersion uint64  `json:"catalogVersion"`
	NextOID        uint32  `json:"nextOID"`
	LastID         uint64  `json:"lastID"` // of statuses, owners and generations

	// Objects says that all objects of the catalog are there, the schema public too if there is one. Files of
	// builds that knew only tables have none.
	Objects bool `json:"objects,omitempty"`
}

type checkpointTable struct {
	Def    *schema.Table `json:"def"`
	Unborn bool          `json:"unborn,omitempty"` // of a transaction that has not committed
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoints runs one at a time.
type checkpoints struct {
	mu      sync.Mutex // held while one is written
	running sync.WaitGroup
	busy    atomic.Bool
	last    wal.LSN // position of the newest; guarded by mu
	size    atomic.Int64
	lsn     atomic.Uint64
}

// wait returns when no checkpoint is being written. The database is closed, so
// that none begins.
func (c *checkpoints) wait() {
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
}

// checkpointIfDue starts a checkpoint when the log has grown enough since the last.
func (db *DB) checkpointIfDue() {
	if db.log.wal == nil || db.closed.Load() {
		return
	}
	grown := int64(db.log.wal.End()) - int64(db.checkpoints.lsn.Load())
	if grown < max(db.cfg.CheckpointBytes, db.checkpoints.size.Load()) || db.checkpoints.busy.Swap(true) {
		return
	}
	db.checkpoints.running.Go(func() {
		defer db.checkpoints.busy.Store(false)
		err := db.Checkpoint(context.Background())
		if err == nil || errors.Is(err, errClosed) {
			return
		}
		db.cfg.Logger.Error("checkpoint failed", "err", err, "retry", checkpointRetry)
		select {
		case <-time.After(checkpointRetry):
		case <-db.vacuum.stop:
		}
	})
}

// checkpointRetry is how long a checkpoint that is due waits after one that
// failed: on a full disk each takes the space that the log needs.
const checkpointRetry = time.Minute

// errClosed is returned by what Close interrupts.
var errClosed = sqlerr.New(sqlerr.AdminShutdown, "the database is closed")

// Checkpoint writes a checkpoint now and drops the log before it. Readers and
// writers go on meanwhile. A database in memory has none.
func (db *DB) Checkpoint(ctx context.Context) error {
	if db.log.wal == nil {
		return nil
	}
	db.checkpoints.mu.Lock()
	defer db.checkpoints.mu.Unlock()
	if db.closed.Load() {
		return errClosed
	}
	start := time.Now()
	img := db.capture()
	defer img.close()
	if img.header.LSN == db.checkpoints.last && db.checkpoints.last != 0 {
		return nil
	}
	// The image holds the effects of records that may not be durable yet.
	if err := db.log.wal.Sync(img.header.LSN); err != nil {
		return logError(err)
	}
	size, err := img.write(ctx)
	if vfs.IsNoSpace(err) {
		return sqlerr.New(sqlerr.DiskFull, "could not write a checkpoint: no space left on device").
			WithHint("Nothing is lost: the last checkpoint and the log since are kept. It needs about as much space as the last one has.")
	}
	if err != nil {
		return err
	}
	db.checkpointed(img.header.LSN, size)
	db.cfg.Logger.Info("checkpoint", "lsn", img.header.LSN, "bytes", size, "dur", time.Since(start))
	if err := db.removeOldCheckpoints(img.header.LSN); err != nil {
		return err
	}
	return db.log.wal.DropBefore(img.header.LSN)
}

func (db *DB) checkpointed(lsn wal.LSN, size int64) {
	db.checkpoints.last = lsn
	db.checkpoints.size.Store(size)
	db.checkpoints.lsn.Store(uint64(lsn))
}

func checkpointName(dir string, lsn wal.LSN) string {
	return filepath.Join(dir, fmt.Sprintf("%s%016x", checkpointPrefix, uint64(lsn)))
}

// removeOldCheckpoints removes all but the newest.
func (db *DB) removeOldCheckpoints(newest wal.LSN) error {
	names, err := db.cfg.FS.List(db.cfg.Dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(db.cfg.Dir, name)
		if strings.HasPrefix(name, checkpointPrefix) && path != checkpointName(db.cfg.Dir, newest) {
			if err := db.cfg.FS.Remove(path); err != nil {
				return err
			}
		}
	}
	return db.cfg.FS.SyncDir(db.cfg.Dir)
}

// image is what a checkpoint writes: a view, and the pending feeds and prepared transactions of that moment.
type image struct {
	db      *DB
	header  checkpointHeader
	view    *View
	txn     *Txn
	unborn  []*schema.Table
	pending []pendingFeed

	prepared  []*prepareRecord
	sequences []captured
}

// pendingFeed is a copy of a pending status' rows.
type pendingFeed struct {
	status *status
	rows   []pendingRows
}

// pendingRows are the rows in one collection part, with the definition of that
// moment and the begins of those that have ended: both may change meanwhile.
type pendingRows struct {
	statusRows
	def    *schema.Table
	begins []uint64
}

// capture takes the image's moment: between two records.
func (db *DB) capture() *image {
	img := &image{db: db, txn: db.Begin(TxnOptions{})}
	db.applying.Lock()
	defer db.applying.Unlock()
	img.view = img.txn.View()
	img.header = img.counters()
	img.header.LSN = db.log.applied
	for _, c := range db.unborn {
		img.unborn = append(img.unborn, c.def.Load())
	}
	slices.SortFunc(img.unborn, func(a, b *schema.Table) int { return cmp.Compare(a.Generation, b.Generation) })
	img.prepared = db.prepared.capture()
	img.sequences = db.sequences.capture()
	db.statuses.m.Range(func(_, v any) bool {
		s := v.(*status)
		if s.commit.Load() != 0 {
			return true
		}
		f := pendingFeed{status: s}
		for _, r := range s.rows {
			copied := pendingRows{
				statusRows: statusRows{r.part, slices.Clone(r.begun), slices.Clone(r.ended)},
				def:        r.part.coll.def.Load(),
				begins:     make([]uint64, len(r.ended)),
			}
			for i, row := range r.ended {
				copied.begins[i] = r.part.versions.Begin(row)
			}
			f.rows = append(f.rows, copied)
		}
		img.pending = append(img.pending, f)
		return true
	})
	slices.SortFunc(img.pending, func(a, b pendingFeed) int { return cmp.Compare(a.status.id, b.status.id) })
	return img
}

// counters returns the header but for its position: a backup has none. The
// numbers only grow, and whatever the view shows was given before it opened.
func (img *image) counters() checkpointHeader {
	return checkpointHeader{
		Format:         1,
		Partitions:     img.db.partitions,
		Timestamp:      img.view.snapshot,
		CatalogVersion: img.view.Catalog().Version(),
		NextOID:        img.db.oids.n.Load(),
		LastID:         img.db.statuses.next.Load(),
		Objects:        true,
	}
}

func (img *image) close() {
	img.view.Close()
	img.txn.Rollback()
}

// write writes the file and returns its size.
func (img *image) write(ctx context.Context) (int64, error) {
	fs, path := img.db.cfg.FS, checkpointName(img.db.cfg.Dir, img.header.LSN)
	f, err := fs.Create(path + checkpointTemp)
	if err != nil {
		return 0, err
	}
	w := &blockWriter{w: bufio.NewWriterSize(f, 1<<20)}
	err = img.writeBlocks(ctx, w)
	if err == nil {
		err = w.w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fs.Rename(path+checkpointTemp, path)
	}
	if err == nil {
		return w.size, fs.SyncDir(img.db.cfg.Dir)
	}
	_ = fs.Remove(path + checkpointTemp) // the first error is the one to tell
	return 0, fmt.Errorf("write checkpoint %s: %w", path, err)
}

func (img *image) writeBlocks(ctx context.Context, w *blockWriter) error {
	if err := w.begin(checkpointMagic); err != nil {
		return err
	}
	if err := w.json(blockHeader, img.header); err != nil {
		return err
	}
	tables := img.view.Catalog().Tables()
	if err := w.definitions(img.view.Catalog()); err != nil {
		return err
	}
	for _, def := range img.unborn {
		if err := w.json(blockTable, checkpointTable{Def: def, Unborn: true}); err != nil {
			return err
		}
	}
	// The feeds come first, while the view keeps the slots of their rows.
	for _, f := range img.pending {
		if err := img.writeFeed(ctx, w, f); err != nil {
			return err
		}
	}
	for _, def := range tables {
		if err := img.writeTable(ctx, w, img.view.Table(def.OID)); err != nil {
			return err
		}
	}
	if err := w.sequences(img.sequences); err != nil {
		return err
	}
	for _, r := range img.prepared {
		w.scratch = r.append(w.scratch[:0])
		if err := w.block(blockPrepared, w.scratch); err != nil {
			return err
		}
	}
	return w.end()
}

// interrupted returns why writing must end before its time.
func (img *image) interrupted(ctx context.Context) error {
	if img.db.closed.Load() {
		return errClosed
	}
	return context.Cause(ctx)
}

// allColumns lists every column number of a definition.
func allColumns(def *schema.Table) []int16 {
	cols := make([]int16, len(def.Columns))
	for i := range cols {
		cols[i] = int16(i + 1)
	}
	return cols
}

// writeTable writes the committed rows of a table:
//
//	uvarint  table; uvarint generation; uvarint partition
//	batch    the columns, then one of the begin timestamps
func (img *image) writeTable(ctx context.Context, w *blockWriter, tv *TableView) error {
	for i := range tv.Parts() {
		if _, err := img.writePart(ctx, w, tv, i); err != nil {
			return err
		}
	}
	return nil
}

// writePart writes the committed rows of a table in partition i, and returns their number. However long the writing takes,
// of what is updated meanwhile only the versions that the image shows are kept.
func (img *image) writePart(ctx context.Context, w *blockWriter, tv *TableView, i int) (rows int64, err error) {
	var b column.Batch
	p := tv.Part(i)
	scan := p.Scan(nil, allColumns(tv.def))
	img.view.resume()
	defer img.view.pause()
	for scan.Next(&b) {
		if err := img.interrupted(ctx); err != nil {
			return rows, err
		}
		stamps := column.Vec{Kind: value.Int8}
		for _, r := range scan.Refs() {
			begin := img.db.statuses.settled(p.part.versions.Begin(r.Row))
			stamps.I = append(stamps.I, int64(begin))
		}
		out := column.Batch{N: b.N, Vecs: append(slices.Clone(b.Vecs), stamps)}
		head := w.scratch[:0]
		head = binary.AppendUvarint(head, uint64(tv.def.OID))
		head = binary.AppendUvarint(head, tv.def.Generation)
		head = binary.AppendUvarint(head, uint64(i))
		img.view.pause()
		if err := w.batch(blockRows, head, &out); err != nil {
			return rows, err
		}
		img.view.resume()
		rows += int64(b.N)
	}
	return rows, nil
}

// writeFeed writes the rows of a pending feed:
//
//	uvarint  status; uvarint owner; uvarint table; uvarint generation; uvarint partition; batch
//
// and those it has ended, with the version of each:
//
//	uvarint  status; uvarint owner; uvarint table; uvarint generation; uvarint partition
//	uvarint  number; for each uvarint begin, uvarint length and bytes of the key
func (img *image) writeFeed(ctx context.Context, w *blockWriter, f pendingFeed) error {
	for _, r := range f.rows {
		c, def := r.part.coll, r.def
		head := binary.AppendUvarint(nil, f.status.id)
		head = binary.AppendUvarint(head, f.status.owner)
		head = binary.AppendUvarint(head, uint64(c.oid))
		head = binary.AppendUvarint(head, c.generation)
		head = binary.AppendUvarint(head, uint64(r.part.id))
		for rows := range slices.Chunk(slices.Collect(eachRow(r.begun)), column.BatchRows) {
			if err := img.interrupted(ctx); err != nil {
				return err
			}
			b := column.Batch{N: len(rows), Vecs: make([]column.Vec, len(def.Columns))}
			for i := range b.Vecs {
				r.part.column(int16(i+1)).Gather(&b.Vecs[i], rows)
			}
			if err := w.batch(blockFeed, append(w.scratch[:0], head...), &b); err != nil {
				return err
			}
		}
		if err := img.writeEnded(w, head, r); err != nil {
			return err
		}
	}
	return nil
}

// writeEnded writes the rows of a part that a pending feed has ended, in
// blocks of about maxRecordBytes.
func (img *image) writeEnded(w *blockWriter, head []byte, r pendingRows) error {
	var list []byte
	n := 0
	for i, row := range r.ended {
		list = binary.AppendUvarint(list, img.settled(r.begins[i]))
		list = appendBytes(list, r.part.appendRowKey(nil, r.def, row))
		if n++; len(list) < maxRecordBytes && i < len(r.ended)-1 {
			continue
		}
		w.scratch = binary.AppendUvarint(append(w.scratch[:0], head...), uint64(n))
		w.scratch = append(w.scratch, list...)
		if err := w.block(blockEnded, w.scratch); err != nil {
			return err
		}
		list, n = list[:0], 0
	}
	return nil
}

// settled is statuses.settled at the image's moment.
func (img *image) settled(stamp uint64) uint64 {
	if _, pending := slices.BinarySearchFunc(img.pending, stamp&^statusBit, func(f pendingFeed, id uint64) int {
		return cmp.Compare(f.status.id, id)
	}); pending && stamp&statusBit != 0 {
		return stamp
	}
	return img.db.statuses.settled(stamp)
}

// blockWriter writes blocks and counts them.
type blockWriter struct {
	w       *bufio.Writer
	blocks  uint32
	size    int64
	scratch []byte
}

// begin writes the magic of a file.
func (w *blockWriter) begin(magic string) error {
	w.size = int64(len(magic))
	_, err := io.WriteString(w.w, magic)
	return err
}

// definitions writes the committed definitions, which a backup has in each of its parts too.
func (w *blockWriter) definitions(cat *schema.Catalog) error {
	for _, o := range cat.Objects() {
		if err := w.json(blockObject, o); err != nil {
			return err
		}
	}
	for _, def := range cat.Tables() {
		if err := w.json(blockTable, checkpointTable{Def: def}); err != nil {
			return err
		}
	}
	return nil
}

// sequences writes how far sequences have come.
func (w *blockWriter) sequences(list []captured) error {
	for _, c := range list {
		w.scratch = c.sequence.append(w.scratch[:0], c.state)
		if err := w.block(blockSequence, w.scratch); err != nil {
			return err
		}
	}
	return nil
}

// end writes the last block of a file.
func (w *blockWriter) end() error {
	return w.block(blockEnd, binary.AppendUvarint(nil, uint64(w.blocks)))
}

func (w *blockWriter) json(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.block(kind, b)
}

// batch writes blocks of a head, which is w.scratch's, and rows.
func (w *blockWriter) batch(kind byte, head []byte, b *column.Batch) error {
	for from, to := range pieces(b) {
		piece := b
		if to-from < b.N {
			piece = new(column.Batch)
			pickRows(piece, b, span(from, to))
		}
		w.scratch = appendBatch(head, piece)
		head = w.scratch[:len(head)]
		if err := w.block(kind, w.scratch); err != nil {
			return err
		}
	}
	return nil
}

func (w *blockWriter) block(kind byte, payload []byte) error {
	var h [blockOverhead]byte
	binary.LittleEndian.PutUint32(h[0:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(h[4:], blockCRC(kind, w.blocks, payload))
	h[8] = kind
	w.blocks++
	w.size += int64(len(h) + len(payload))
	if _, err := w.w.Write(h[:]); err != nil {
		return err
	}
	_, err := w.w.Write(payload)
	return err
}

func blockCRC(kind byte, number uint32, payload []byte) uint32 {
	var h [5]byte
	h[0] = kind
	binary.LittleEndian.PutUint32(h[1:], number)
	return crc32.Update(crc32.Checksum(h[:], castagnoli), castagnoli, payload)
}

// CorruptError says that a checkpoint, or a file of a backup, is damaged.
type CorruptError struct {
	File   string
	Offset int64
	Reason string
}

func (e *CorruptError) Error() string {
	what := "checkpoint"
	if isBackupFile(e.File) {
		what = "backup"
	}
	return fmt.Sprintf("%s is corrupt: %s, offset %d: %s", what, e.File, e.Offset, e.Reason)
}

// readBlocks reads a checkpoint and calls visit with each block, whose
// payload is its own. An error of visit is reported as damage at the block; one of
// the file system, or the end of ctx, is not.
func readBlocks(ctx context.Context, fs vfs.FS, path string, progress func(done, total int64), visit func(kind byte, payload []byte) error) error {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	r := blockReader{r: bufio.NewReaderSize(f, 1<<20), magic: checkpointMagic, path: path, size: size}
	return r.blocks(ctx, func(done int64) { progress(done, size) }, visit)
}

// unknownSize is the size of a blockReader's stream that goes on behind the last block.
const unknownSize = math.MaxInt64

// blockReader reads the blocks of one file.
type blockReader struct {
	r     *bufio.Reader
	magic string // how the file begins
	path  string // for errors
	size  int64  // of the file, or unknownSize
}

func (r *blockReader) corrupt(at int64, format string, args ...any) error {
	return &CorruptError{r.path, at, fmt.Sprintf(format, args...)}
}

// read fills b with what is at the offset.
func (r *blockReader) read(b []byte, at int64) error {
	_, err := io.ReadFull(r.r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return r.corrupt(at, "it ends before its last block")
	}
	return err
}

// payload reads n bytes at the offset. In a stream n is believed only as far as bytes come.
func (r *blockReader) payload(n, at int64) ([]byte, error) {
	if r.size != unknownSize {
		b := make([]byte, n)
		return b, r.read(b, at)
	}
	b, err := io.ReadAll(io.LimitReader(r.r, n))
	if err == nil && int64(len(b)) < n {
		err = r.corrupt(at, "it ends before its last block")
	}
	return b, err
}

// blocks is readBlocks; it reads nothing behind the last block when the size is unknown.
func (r *blockReader) blocks(ctx context.Context, progress func(done int64), visit func(kind byte, payload []byte) error) error {
	magic := make([]byte, len(r.magic))
	if err := r.read(magic, 0); err != nil {
		return err
	}
	if string(magic) != r.magic {
		return r.corrupt(0, "it does not begin as such a file does")
	}
	at := int64(len(magic))
	for number := uint32(0); ; number++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var h [blockOverhead]byte
		if err := r.read(h[:], at); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(h[0:]))
		if n > maxBlockBytes || n > r.size-at-blockOverhead {
			return r.corrupt(at, "block of %d bytes in a file of %d", n, r.size)
		}
		payload, err := r.payload(n, at)
		if err != nil {
			return err
		}
		if blockCRC(h[8], number, payload) != binary.LittleEndian.Uint32(h[4:]) {
			return r.corrupt(at, "checksum of block %d does not match", number)
		}
		if h[8] == blockEnd {
			if at += blockOverhead + n; at != r.size && r.size != unknownSize {
				return r.corrupt(at, "%d bytes after the last block", r.size-at)
			}
			return nil
		}
		if err := visit(h[8], payload); err != nil {
			return r.corrupt(at, "block %d: %v", number, err)
		}
		at += blockOverhead + n
		progress(at)
	}
}
