package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// listCheckpoints returns the positions of a directory's complete checkpoints, the oldest first.
func listCheckpoints(fs vfs.FS, dir string) ([]wal.LSN, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	var all []wal.LSN
	for _, name := range names {
		hex, ok := strings.CutPrefix(name, checkpointPrefix)
		if !ok || strings.HasSuffix(name, checkpointTemp) {
			continue
		}
		n, err := strconv.ParseUint(hex, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("data directory %s holds a file that is no checkpoint: %s", dir, name)
		}
		all = append(all, wal.LSN(n))
	}
	slices.Sort(all)
	return all, nil
}

// newestCheckpoint finds the newest complete checkpoint of a directory.
func newestCheckpoint(fs vfs.FS, dir string) (lsn wal.LSN, found bool, err error) {
	all, err := listCheckpoints(fs, dir)
	if err != nil || len(all) == 0 {
		return 0, false, err
	}
	return all[len(all)-1], true, nil
}

// usableCheckpoint finds the checkpoint to recover from: the newest.
//
// There are two when the end of the process, or a failed removal, came between the new one's name and
// the old one's removal. The log is dropped after that removal, so it still has everything since the old one.
// If the newest is damaged then, and the older one is not, the older one and the log give the same state, and
// it is used: after the log was seen to reach, whole, from the one to the other. In every other case the
// damage is reported and nothing is changed.
func (db *DB) usableCheckpoint(ctx context.Context) (lsn wal.LSN, found bool, err error) {
	fs, dir := db.cfg.FS, db.cfg.Dir
	all, err := listCheckpoints(fs, dir)
	if err != nil || len(all) == 0 {
		return 0, false, err
	}
	newest := all[len(all)-1]
	if len(all) == 1 {
		return newest, true, nil // loading it verifies it
	}
	damage := verifyCheckpoint(ctx, fs, checkpointName(dir, newest))
	var corrupt *CorruptError
	if !errors.As(damage, &corrupt) {
		return newest, true, damage
	}
	for _, older := range slices.Backward(all[:len(all)-1]) {
		if err = verifyCheckpoint(ctx, fs, checkpointName(dir, older)); err == nil {
			err = logReaches(fs, filepath.Join(dir, "wal"), older, newest)
		}
		if err == nil {
			db.cfg.Logger.Warn("newest checkpoint is damaged, an older one and the log have everything",
				"err", damage, "lsn", older)
			return older, true, nil
		}
		damage = fmt.Errorf("%w (the older checkpoint %s cannot take its place: %w)", damage, checkpointName(dir, older), err)
	}
	return 0, false, damage
}

// verifyCheckpoint reads every block of a checkpoint.
func verifyCheckpoint(ctx context.Context, fs vfs.FS, path string) error {
	return readBlocks(ctx, fs, path, func(int64, int64) {}, func(byte, []byte) error { return nil })
}

// logReaches says whether the log has everything from one position to another, without changing it. That it ends
// above the second counts: a reader that begins at the first might take damage below the second for a torn tail.
func logReaches(fs vfs.FS, dir string, from, to wal.LSN) error {
	report, err := wal.Verify(fs, dir, from)
	if err == nil && report.End < to {
		err = fmt.Errorf("the log has records from %d up to %d, and is needed up to %d", from, report.End, to)
	}
	return err
}
