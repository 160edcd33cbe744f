package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// A backup is the committed state of one snapshot, in the files of one directory:
//
//	part-0000.cbk   a partition each: "CACHBKP1", then blocks as in a checkpoint:
//	part-0001.cbk   the header, every table's definition, the partition's rows,
//	...             the end
//	MANIFEST        written last: JSON, then a line "sha256 " with that of all before it
//
// A directory without a manifest holds no backup, whatever else is in it. The
// manifest names each file with its slots, rows, size and SHA-256; a part says by itself
// what it is, so that the nodes of a cluster can each write theirs.
//
// A backup holds no pending feeds, no prepared transactions and no transactions under
// way: only what was committed at the snapshot, with its timestamps.
//
// On its way from the server a backup is one stream: the parts in order, then
// the manifest.
const (
	backupMagic      = "CACHBKP1"
	backupFormat     = 1
	backupManifest   = "MANIFEST"
	backupPartPrefix = "part-"
	backupPartSuffix = ".cbk"

	maxManifestBytes = 16 << 20
)

// BackupManifest describes a backup.
type BackupManifest struct {
	Format  int              `json:"format"`
	Created time.Time        `json:"created"`
	State   checkpointHeader `json:"state"` // of a checkpoint of the same moment, at position 0
	Tables  int              `json:"tables"`
	Rows    int64            `json:"rows"`
	Files   []BackupFile     `json:"files"` // by partition
}

// BackupFile describes one part of a backup.
type BackupFile struct {
	Name   string `json:"name"`
	Slots  [2]int `json:"slots"` // [first, after the last] hash slot
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Bytes returns the size of all parts.
func (m *BackupManifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// backupPart is the header of a part.
type backupPart struct {
	Format    int              `json:"format"`
	Partition int              `json:"partition"`
	State     checkpointHeader `json:"state"` // the same in all parts
}

// isBackupFile says whether a file is named as those of a backup are.
func isBackupFile(path string) bool {
	return filepath.Base(path) == backupManifest || strings.HasSuffix(path, backupPartSuffix)
}

func backupPartName(partition int) string {
	return fmt.Sprintf("%s%04d%s", backupPartPrefix, partition, backupPartSuffix)
}

// partSlots returns the hash slots of a partition, of which partOf is the inverse.
func partSlots(partition, partitions int) [2]int {
	n := slots / partitions
	return [2]int{partition * n, (partition + 1) * n}
}

// Backup writes a backup of everything committed as one stream. It holds a
// snapshot and no lock; writers and schema changes go on, only vacuum keeps what the snapshot sees.
// It reads memory alone, so it works on a node whose log has failed, too.
func (db *DB) Backup(ctx context.Context, w io.Writer) (BackupManifest, error) {
	img := &image{db: db, txn: db.Begin(TxnOptions{})}
	img.view = img.txn.View()
	defer img.close()
	img.sequences = db.sequences.present(img.view.state)
	m := BackupManifest{
		Format:  backupFormat,
		Created: time.UnixMicro(db.cfg.Clock() + epoch2000).UTC().Truncate(time.Second),
		State:   img.counters(),
		Tables:  len(img.view.Catalog().Tables()),
	}
	start := time.Now()
	for i := range db.partitions {
		f, err := img.writeBackupPart(ctx, w, i, m.State)
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, f)
		m.Rows += f.Rows
	}
	if _, err := w.Write(m.encode()); err != nil {
		return m, err
	}
	db.cfg.Logger.Info("backup", "timestamp", m.State.Timestamp, "rows", m.Rows, "bytes", m.Bytes(), "dur", time.Since(start))
	return m, nil
}

// writeBackupPart writes the file of one partition.
func (img *image) writeBackupPart(ctx context.Context, w io.Writer, partition int, state checkpointHeader) (BackupFile, error) {
	f := BackupFile{Name: backupPartName(partition), Slots: partSlots(partition, img.db.partitions)}
	bw := newBackupWriter(w)
	tables := img.view.Catalog().Tables()
	if err := bw.head(backupPart{backupFormat, partition, state}, img.view.Catalog()); err != nil {
		return f, err
	}
	if partition == 0 { // they are of no partition
		if err := bw.sequences(img.sequences); err != nil {
			return f, err
		}
	}
	for _, def := range tables {
		rows, err := img.writePart(ctx, &bw.blockWriter, img.view.Table(def.OID), partition)
		if err != nil {
			return f, err
		}
		f.Rows += rows
	}
	err := bw.finish(&f)
	return f, err
}

// backupWriter writes a part and sums it up.
type backupWriter struct {
	blockWriter
	sum hash.Hash
}

func newBackupWriter(w io.Writer) *backupWriter {
	sum := sha256.New()
	return &backupWriter{blockWriter{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)}, sum}
}

func (w *backupWriter) head(p backupPart, cat *schema.Catalog) error {
	if err := w.begin(backupMagic); err != nil {
		return err
	}
	if err := w.json(blockHeader, p); err != nil {
		return err
	}
	return w.definitions(cat)
}

// finish ends the part, and fills in its size and sum.
func (w *backupWriter) finish(f *BackupFile) error {
	if err := w.end(); err != nil {
		return err
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	f.Bytes, f.SHA256 = w.size, hex.EncodeToString(w.sum.Sum(nil))
	return nil
}

// sumLine comes before a manifest's checksum.
const sumLine = "sha256 "

// encode returns the manifest as it is written.
func (m *BackupManifest) encode() []byte {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // it has only numbers and strings
	}
	text = append(text, '\n')
	return append(text, manifestSum(text)...)
}

func manifestSum(text []byte) string {
	sum := sha256.Sum256(text)
	return sumLine + hex.EncodeToString(sum[:]) + "\n"
}

// decodeManifest reads what encode has written; path is for errors.
func decodeManifest(path string, text []byte) (*BackupManifest, error) {
	at := bytes.LastIndex(text, []byte("\n"+sumLine)) + 1
	if at == 0 || string(text[at:]) != manifestSum(text[:at]) {
		return nil, &CorruptError{path, 0, "checksum of the manifest does not match"}
	}
	m := new(BackupManifest)
	if err := json.Unmarshal(text[:at], m); err != nil {
		return nil, &CorruptError{path, 0, err.Error()}
	}
	if m.Format != backupFormat {
		return nil, fmt.Errorf("%s: backup of format %d, this build knows %d: use the Cachalot that wrote it, or a newer one", path, m.Format, backupFormat)
	}
	if err := m.validate(); err != nil {
		return nil, &CorruptError{path, 0, err.Error()}
	}
	return m, nil
}

func (m *BackupManifest) validate() error {
	if err := (Config{Partitions: m.State.Partitions}).validate(); err != nil {
		return err
	}
	if len(m.Files) != m.State.Partitions {
		return fmt.Errorf("%d files for %d partitions", len(m.Files), m.State.Partitions)
	}
	rows := int64(0)
	for i, f := range m.Files {
		if f.Name != backupPartName(i) || f.Slots != partSlots(i, len(m.Files)) {
			return fmt.Errorf("file %q, slots %v, in the place of partition %d", f.Name, f.Slots, i)
		}
		rows += f.Rows
	}
	if rows != m.Rows {
		return fmt.Errorf("the files have %d rows, the whole %d", rows, m.Rows)
	}
	return nil
}

// readManifest reads the manifest of a backup.
func readManifest(fs vfs.FS, dir string) (*BackupManifest, error) {
	path := filepath.Join(dir, backupManifest)
	f, err := fs.Open(path)
	if vfs.IsNotExist(err) {
		return nil, fmt.Errorf("%s holds no backup: there is no %s, which is written last (a backup that was interrupted has none)", dir, backupManifest)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifestBytes))
	if err != nil {
		return nil, err
	}
	return decodeManifest(path, text)
}
