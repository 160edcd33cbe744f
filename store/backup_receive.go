package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// ErrNotEmpty is returned when a directory to be filled has something in it.
var ErrNotEmpty = errors.New("directory is not empty")

// BackupProgress is told how far a backup or a restore has come: part counts from 1.
type BackupProgress func(part, parts int, bytes int64)

// ReceiveBackup writes the stream of a Backup as files into an existing empty
// directory: each part is synced before the next begins, and the manifest comes last, by rename,
// when the stream has ended well (io.EOF) and every sum is right. After an error the files are removed;
// what a killed process leaves has no manifest and is no backup.
func ReceiveBackup(ctx context.Context, fs vfs.FS, dir string, stream io.Reader, progress BackupProgress) (*BackupManifest, error) {
	if err := RequireEmpty(fs, dir); err != nil {
		return nil, err
	}
	lock, err := fs.Lock(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("backup directory %s: %w", dir, err)
	}
	defer lock.Close()
	rc := &backupReceiver{fs: fs, dir: dir, r: bufio.NewReaderSize(stream, 1<<20), progress: progress}
	rc.made = append(rc.made, filepath.Join(dir, lockFile))
	m, err := rc.receive(ctx)
	if err != nil {
		rc.made = append(rc.made, filepath.Join(dir, backupManifest+checkpointTemp))
		rc.clean()
		return nil, err
	}
	_ = fs.Remove(filepath.Join(dir, lockFile)) // it does no harm
	return m, nil
}

// RequireEmpty returns an error unless dir is an empty directory: of a missing one vfs.IsNotExist
// is true, of a full one it is ErrNotEmpty.
func RequireEmpty(fs vfs.FS, dir string) error {
	info, err := fs.Stat(dir)
	if vfs.IsNotExist(err) {
		return fmt.Errorf("directory %s does not exist: %w", dir, err)
	}
	if err != nil {
		return err
	}
	if !info.IsDir {
		return fmt.Errorf("%s is not a directory", dir)
	}
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: %s holds %s", ErrNotEmpty, dir, names[0])
	}
	return nil
}

// backupReceiver turns a stream into files.
type backupReceiver struct {
	fs       vfs.FS
	dir      string
	r        *bufio.Reader
	progress BackupProgress
	made     []string // files
	parts    int      // 0 before the first
	files    []BackupFile
	bytes    int64
}

func (rc *backupReceiver) clean() {
	for _, path := range rc.made {
		_ = rc.fs.Remove(path) // the first error is the one to tell
	}
}

func (rc *backupReceiver) receive(ctx context.Context) (*BackupManifest, error) {
	for rc.parts == 0 || len(rc.files) < rc.parts {
		if err := rc.part(ctx); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(rc.r, maxManifestBytes))
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(backupManifest, text)
	if err != nil {
		return nil, err
	}
	for i, f := range rc.files {
		if want := m.Files[i]; f.Bytes != want.Bytes || f.SHA256 != want.SHA256 {
			return nil, &CorruptError{f.Name, 0, "it is not what the server has sent"}
		}
	}
	return m, rc.writeManifest(text)
}

// part receives one file.
func (rc *backupReceiver) part(ctx context.Context) (err error) {
	n := len(rc.files)
	f := BackupFile{Name: backupPartName(n)}
	path := filepath.Join(rc.dir, f.Name)
	rc.made = append(rc.made, path)
	file, err := rc.fs.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := newBackupWriter(file)
	if err := w.begin(backupMagic); err != nil {
		return err
	}
	in := blockReader{r: rc.r, magic: backupMagic, path: f.Name, size: unknownSize}
	var failed error // of our own disk, not of the stream
	err = in.blocks(ctx, func(done int64) { rc.progress(n+1, rc.parts, rc.bytes+done) }, func(kind byte, payload []byte) error {
		if kind == blockHeader {
			var h backupPart
			if err := json.Unmarshal(payload, &h); err != nil || h.Format != backupFormat || h.Partition != n {
				return fmt.Errorf("header of a part that was not expected: %.200s", payload)
			}
			if err := (Config{Partitions: h.State.Partitions}).validate(); err != nil {
				return err
			}
			rc.parts = h.State.Partitions
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
	if err := w.finish(&f); err != nil {
		return err
	}
	rc.files = append(rc.files, f)
	rc.bytes += f.Bytes
	return file.Sync()
}

// writeManifest makes the files a backup.
func (rc *backupReceiver) writeManifest(text []byte) error {
	// The names of the parts are durable before the manifest can be.
	if err := rc.fs.SyncDir(rc.dir); err != nil {
		return err
	}
	path := filepath.Join(rc.dir, backupManifest)
	file, err := rc.fs.Create(path + checkpointTemp)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(text))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := rc.fs.Rename(path+checkpointTemp, path); err != nil {
		return err
	}
	if err := rc.fs.SyncDir(rc.dir); err != nil {
		_ = rc.fs.Remove(path)
		return err
	}
	return nil
}
