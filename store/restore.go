package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// restoreSuffix is what a data directory is called until it is complete.
const restoreSuffix = ".restoring"

// RestoreBackup makes the data directory dir from a backup: first every checksum is
// verified, then dir with ".restoring" behind its name is filled and synced, and given its name.
// dir must be missing or empty. After an error nothing is left; what a killed process leaves
// has the other name, and the next restore removes it.
func RestoreBackup(ctx context.Context, fs vfs.FS, backup, dir string, progress BackupProgress) (*BackupManifest, error) {
	dir = filepath.Clean(dir)
	if err := RequireEmpty(fs, dir); err != nil && !vfs.IsNotExist(err) {
		return nil, err
	}
	m, err := readManifest(fs, backup)
	if err != nil {
		return nil, err
	}
	if err := m.eachPart(ctx, fs, backup, progress, func(byte, []byte) error { return nil }); err != nil {
		return nil, err
	}
	temp := dir + restoreSuffix
	if err := fs.MkdirAll(temp); err != nil {
		return nil, err
	}
	lock, err := fs.Lock(filepath.Join(temp, lockFile))
	if err != nil {
		return nil, fmt.Errorf("another restore fills %s: %w", temp, err)
	}
	defer lock.Close()
	err = removeContents(fs, temp, lockFile)
	if err == nil {
		err = m.fill(ctx, fs, backup, temp, progress)
	}
	if err == nil {
		err = giveName(fs, temp, dir)
	}
	if err != nil {
		_ = removeContents(fs, temp, "") // the first error is the one to tell
		_ = fs.Remove(temp)
		return nil, err
	}
	return m, nil
}

// eachPart reads all parts.
func (m *BackupManifest) eachPart(ctx context.Context, fs vfs.FS, dir string, progress BackupProgress, visit func(kind byte, payload []byte) error) error {
	done := int64(0)
	for i, f := range m.Files {
		if err := m.readPart(ctx, fs, dir, i, func(n int64) { progress(i+1, len(m.Files), done+n) }, visit); err != nil {
			return err
		}
		done += f.Bytes
	}
	return nil
}

// fill makes the files of a data directory: an empty log, and a checkpoint at its
// beginning.
func (m *BackupManifest) fill(ctx context.Context, fs vfs.FS, backup, dir string, progress BackupProgress) (err error) {
	log, err := wal.Open(wal.Config{FS: fs, Dir: filepath.Join(dir, "wal")}, 0, func(wal.LSN, byte, []byte) error {
		return errors.New("the log of a new directory has records")
	})
	if err != nil {
		return err
	}
	header := m.State
	header.LSN = log.End()
	if err := log.Close(); err != nil {
		return err
	}
	f, err := fs.Create(checkpointName(dir, header.LSN))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := &blockWriter{w: bufio.NewWriterSize(f, 1<<20)}
	if err := w.begin(checkpointMagic); err != nil {
		return err
	}
	if err := w.json(blockHeader, header); err != nil {
		return err
	}
	var failed error // of the new file, not of the backup
	tables := 0
	err = m.eachPart(ctx, fs, backup, progress, func(kind byte, payload []byte) error {
		if kind == blockTable {
			if tables++; tables > m.Tables {
				return nil // each part has them
			}
		}
		failed = w.block(kind, payload)
		return failed
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return fs.SyncDir(dir)
}

// giveName renames a directory, in the place of an empty one if that is there.
func giveName(fs vfs.FS, temp, dir string) error {
	if err := fs.Remove(dir); err != nil && !vfs.IsNotExist(err) {
		return fmt.Errorf("replace the empty directory %s (if something is mounted there, name a directory in it): %w", dir, err)
	}
	if err := fs.Rename(temp, dir); err != nil {
		return err
	}
	return fs.SyncDir(filepath.Dir(dir))
}

// removeContents removes what is in a directory, but for one file.
func removeContents(fs vfs.FS, dir, except string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == except {
			continue
		}
		path := filepath.Join(dir, name)
		info, err := fs.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir {
			if err := removeContents(fs, path, ""); err != nil {
				return err
			}
		}
		if err := fs.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
