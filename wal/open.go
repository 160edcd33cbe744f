package wal

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// Open opens the log, makes it if it is not there, and calls replay for each
// record at or above from, in order; from = 0 means all. A torn tail is cut.
// from must be 0 or a position that Append or End returned and that was synced
// (a checkpoint's): a log that begins above it or ends below it is corrupt, and so
// is one with damage below the largest position known durable (*CorruptError).
// payload is valid only during the call; an error of replay ends Open with it.
//
// All that was replayed is durable when Open returns.
func Open(cfg Config, from LSN, replay func(lsn LSN, kind byte, payload []byte) error) (*Log, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cfg.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("make the log's directory: %w", err)
	}
	if err := removeSpares(cfg.FS, cfg.Dir); err != nil {
		return nil, err
	}
	w, err := walk(cfg.FS, cfg.Dir, from, replay)
	if err != nil {
		return nil, err
	}
	var l *Log
	if len(w.segs) == 0 {
		l, err = create(cfg)
	} else {
		l, err = resume(cfg, w)
	}
	if err != nil {
		return nil, err
	}
	if r := w.report; r.TornBytes > 0 {
		cfg.Logger.Warn("cut the torn tail of the log", "file", r.TornFile, "offset", r.TornOffset, "bytes", r.TornBytes)
	}
	cfg.Logger.Info("log opened", "lsn", uint64(l.End()), "records", w.report.Records,
		"segments", len(l.segs), "dur", time.Since(began))
	// The replayed records are durable now; the first thing the log says is so.
	if err := l.MarkSynced(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// removeSpares removes segments that were being prepared when the process ended.
func removeSpares(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return fmt.Errorf("list the log: %w", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, sparePrefix) && strings.HasSuffix(name, spareSuffix) {
			if err := fsys.Remove(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("remove an unused log segment: %w", err)
			}
		}
	}
	return nil
}

// create makes a new log.
func create(cfg Config) (*Log, error) {
	var id [8]byte
	if _, err := io.ReadFull(cfg.Rand, id[:]); err != nil {
		return nil, fmt.Errorf("draw a log id: %w", err)
	}
	l := newLog(cfg, logID(le.Uint64(id[:])), FirstLSN)
	s, err := l.prepareSegment(cfg.SegmentSizeBytes)
	if err != nil {
		return nil, fmt.Errorf("create the log: %w", err)
	}
	if err := l.beginSegment(s, FirstLSN); err != nil {
		s.discard(cfg.FS)
		return nil, fmt.Errorf("create the log: %w", err)
	}
	l.room = s.room()
	return l, nil
}

// resume makes the log that a walk has read ready to be appended to.
func resume(cfg Config, w *walker) (*Log, error) {
	s := w.segs[len(w.segs)-1]
	f, err := cfg.FS.OpenReadWrite(s.path)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	if err = repair(f, s, w); err == nil {
		err = cfg.FS.SyncDir(cfg.Dir) // the failure may have been there
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("repair the log: %w", err)
	}
	end := w.report.End
	l := newLog(cfg, w.id, end)
	l.segs = w.segs
	l.active = &segmentFile{segment: s, file: f, size: w.reader.size}
	l.room = l.active.room() - int64(end-s.first)
	l.recordsEnd, l.recorded = w.recordsEnd, w.recorded
	return l, nil
}

// repair writes again what is not known durable, cuts the torn tail by zeros, and
// makes both durable. Why: "Opening after a failure" in doc.go.
func repair(f vfs.File, s segment, w *walker) error {
	buf := make([]byte, 64<<10)
	end := s.offset(w.report.End)
	for at := s.offset(max(s.first, w.report.Synced)); at < end; {
		chunk := buf[:min(int64(len(buf)), end-at)]
		if err := readFull(f, chunk, at); err != nil {
			return err
		}
		if _, err := f.WriteAt(chunk, at); err != nil {
			return err
		}
		at += int64(len(chunk))
	}
	clear(buf)
	for at := w.tail.dirtyFrom; at < w.tail.dirtyTo; {
		chunk := buf[:min(int64(len(buf)), w.tail.dirtyTo-at)]
		if _, err := f.WriteAt(chunk, at); err != nil {
			return err
		}
		at += int64(len(chunk))
	}
	return f.Sync()
}
