package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// IsBackup says whether a directory has files of a backup, complete or not.
func IsBackup(fs vfs.FS, dir string) bool {
	names, err := fs.List(dir)
	if err != nil {
		return false
	}
	for _, name := range names {
		if isBackupFile(name) && (name == backupManifest || strings.HasPrefix(name, backupPartPrefix)) {
			return true
		}
	}
	return false
}

// CheckBackup verifies a backup: its manifest, every block and the sum of every part and,
// after loading all into memory, every invariant and the number of rows. Damage is a *CorruptError.
func CheckBackup(ctx context.Context, fs vfs.FS, dir string, progress func(stage string, done, total int64)) (*BackupManifest, error) {
	m, err := readManifest(fs, dir)
	if err != nil {
		return nil, err
	}
	cfg := Config{FS: fs, Partitions: m.State.Partitions, Progress: progress}.withDefaults()
	db := &DB{cfg: cfg, partitions: cfg.Partitions, unborn: map[uint64]*collection{}, recovering: true}
	db.log = &localLog{db: db}
	db.vacuum = newVacuum(db)
	db.state = &state{catalog: schema.Empty(), collections: map[uint32]*collection{}}
	db.publish(firstSnapshot)
	if err := m.load(ctx, newLoader(db), fs, dir); err != nil {
		return nil, err
	}
	db.finishRecovery()
	if err := db.Check(ctx); err != nil {
		return nil, err
	}
	txn := db.Begin(TxnOptions{})
	view := txn.View()
	defer txn.Rollback()
	defer view.Close()
	for i, f := range m.Files {
		rows := int64(0)
		for _, t := range view.Catalog().Tables() {
			rows += view.Table(t.OID).coll.parts[i].live.Load()
		}
		if rows != f.Rows {
			return nil, &CorruptError{filepath.Join(dir, f.Name), 0, fmt.Sprintf("it has %d rows, the manifest says %d", rows, f.Rows)}
		}
	}
	return m, nil
}

// load reads all parts through a loader, which hears the common header and the tables once.
func (m *BackupManifest) load(ctx context.Context, l *loader, fs vfs.FS, dir string) error {
	header, err := json.Marshal(m.State)
	if err != nil {
		return err
	}
	err = l.block(blockHeader, header)
	done := int64(0)
	for i := range m.Files {
		if err != nil {
			break
		}
		progress := func(n int64) { l.db.cfg.Progress("backup", done+n, m.Bytes()) }
		err = m.readPart(ctx, fs, dir, i, progress, func(kind byte, payload []byte) error {
			if i > 0 && (kind == blockTable || kind == blockObject) {
				return nil
			}
			return l.block(kind, payload)
		})
		done += m.Files[i].Bytes
	}
	for _, q := range l.queues {
		close(q)
	}
	l.wg.Wait()
	if err == nil && l.err != nil {
		err = &CorruptError{dir, 0, l.err.Error()}
	}
	return err
}

// readPart verifies a part and calls visit with its tables and rows. Whether the sum is right
// is known only at the end.
func (m *BackupManifest) readPart(ctx context.Context, fs vfs.FS, dir string, partition int, progress func(done int64), visit func(kind byte, payload []byte) error) error {
	want := m.Files[partition]
	path := filepath.Join(dir, want.Name)
	f, err := fs.Open(path)
	if vfs.IsNotExist(err) {
		return &CorruptError{path, 0, "the file is missing"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	sum := sha256.New()
	in := blockReader{r: bufio.NewReaderSize(io.TeeReader(f, sum), 1<<20), magic: backupMagic, path: path, size: size}
	begun := false
	err = in.blocks(ctx, progress, func(kind byte, payload []byte) error {
		if (kind == blockHeader) == begun {
			return errors.New("the header must be the first block and only that")
		}
		begun = true
		switch kind {
		case blockHeader:
			return m.checkHeader(partition, payload)
		case blockRows:
			d := decoder{b: payload}
			d.uvarint()
			d.uvarint()
			if p := d.uvarint(); d.err != nil || p != uint64(partition) {
				return fmt.Errorf("rows of partition %d", p)
			}
		case blockTable, blockObject, blockSequence:
		default:
			return fmt.Errorf("block of kind %d", kind)
		}
		return visit(kind, payload)
	})
	if err != nil {
		return err
	}
	if size != want.Bytes || hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
		return &CorruptError{path, 0, "it is whole but not the file that the manifest names: its SHA-256 is another"}
	}
	return nil
}

func (m *BackupManifest) checkHeader(partition int, payload []byte) error {
	var h backupPart
	if err := json.Unmarshal(payload, &h); err != nil {
		return fmt.Errorf("header: %v", err)
	}
	if h.Format != backupFormat {
		return fmt.Errorf("format %d, this build knows %d", h.Format, backupFormat)
	}
	if h.Partition != partition || h.State != m.State {
		return errors.New("the header is not of this backup")
	}
	return nil
}
