package wal

import (
	"fmt"
	"path/filepath"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

const sparePrefix = "next-"

// segmentFile is a segment open for writing, or one in preparation, whose path
// is temporary and whose first LSN is not known yet.
type segmentFile struct {
	segment
	file vfs.File
	size int64 // preallocated length
}

// room is how many bytes of frames the whole segment takes; its seal has its
// place besides.
func (s *segmentFile) room() int64 { return s.size - segmentHeaderBytes - frameHeaderBytes }

// sizeFor is the size of a segment with room for one frame.
func sizeFor(frameBytes int64) int64 { return segmentHeaderBytes + frameBytes + frameHeaderBytes }

// discard gives up a segment in preparation. A file that cannot be removed is
// removed by the next Open.
func (s *segmentFile) discard(fsys vfs.FS) {
	s.file.Close()
	_ = fsys.Remove(s.path)
}

// prepareSegment makes a file with its blocks allocated and durable, without
// header and under a temporary name.
func (l *Log) prepareSegment(sizeBytes int64) (*segmentFile, error) {
	path := filepath.Join(l.cfg.Dir, fmt.Sprintf("%s%d%s", sparePrefix, l.spareCount.Add(1), spareSuffix))
	f, err := l.cfg.FS.Create(path)
	if err != nil {
		return nil, err
	}
	s := &segmentFile{segment: segment{path: path}, file: f, size: sizeBytes}
	if err := f.Preallocate(sizeBytes, l.allocation()); err != nil {
		s.discard(l.cfg.FS)
		return nil, err
	}
	// Now, so that beginSegment's sync has only the header to write.
	if err := f.Sync(); err != nil {
		s.discard(l.cfg.FS)
		return nil, err
	}
	return s, nil
}

// bulkSyncBytes a sync on the average are a bulk load rather than commits.
const bulkSyncBytes = 1 << 20

// allocation decides how the next segment's blocks are made: written, so that
// the syncs of commits are short; reserved in a bulk load, which syncs seldom and
// would have the disk write everything twice.
func (l *Log) allocation() vfs.Allocation {
	l.mu.Lock()
	defer l.mu.Unlock()
	appended, syncs := l.end-l.prepared, l.syncs
	l.prepared, l.syncs = l.end, 0
	if appended/LSN(syncs+1) >= bulkSyncBytes {
		return vfs.Reserved
	}
	return vfs.Written
}

// beginSegment makes a prepared segment the active one. Everything below first
// is durable: the header says so to every reader. The header is durable before the
// name, so that a named segment is whole, and the name before any frame.
func (l *Log) beginSegment(s *segmentFile, first LSN) error {
	if _, err := s.file.WriteAt(encodeSegmentHeader(l.id, first), 0); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	path := segmentPath(l.cfg.Dir, first)
	if err := l.cfg.FS.Rename(s.path, path); err != nil {
		return err
	}
	if err := l.cfg.FS.SyncDir(l.cfg.Dir); err != nil {
		return err
	}
	s.segment = segment{first: first, path: path}
	l.active = s
	l.mu.Lock()
	defer l.mu.Unlock()
	// A frame too large for a segment that has none yet: the larger segment has
	// the same first LSN and has taken the other's name.
	if n := len(l.segs); n > 0 && l.segs[n-1].first == first {
		l.segs = l.segs[:n-1]
	}
	l.segs = append(l.segs, s.segment)
	return nil
}

// roll goes on to the next segment at LSN first. Called by the leader.
func (l *Log) roll(next *segmentFile, first LSN) error {
	old := l.active
	if err := old.file.Sync(); err != nil {
		return err
	}
	l.mu.Lock()
	l.written, l.synced = first, first
	l.cond.Broadcast()
	l.mu.Unlock()
	if err := l.beginSegment(next, first); err != nil {
		return err
	}
	l.mu.Lock()
	l.jobs++
	l.mu.Unlock()
	l.cfg.Spawn(func() {
		l.finish(old, first)
		l.endJob()
	})
	return nil
}

// finish seals a full segment, gives its unused rest back and closes it. Only
// after its successor is durable (beginSegment): a seal without a successor is
// corruption. All of this is for tidiness, nothing depends on it, so an error is
// no failure of the log.
func (l *Log) finish(s *segmentFile, end LSN) {
	var seal [frameHeaderBytes]byte
	sealFrame(seal[:], l.seed, end, end, kindSeal)
	_, err := s.file.WriteAt(seal[:], s.offset(end))
	if err == nil {
		err = s.file.Truncate(s.offset(end) + frameHeaderBytes)
	}
	if err == nil {
		err = s.file.Sync()
	}
	if cerr := s.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		l.cfg.Logger.Warn("log segment could not be sealed", "file", s.path, "err", err)
	}
}

// spareLocked makes sure that l.spare has room for a frame. It unlocks l.mu while
// it waits or works, and returns true when the caller may go on with the state it
// knows. The error is for this record only: the log goes on.
func (l *Log) spareLocked(frameBytes int64) (ready bool, err error) {
	size := max(l.cfg.SegmentSizeBytes, sizeFor(frameBytes))
	switch {
	case l.spare != nil && l.spare.size >= size:
		return true, nil
	case l.making:
		l.cond.Wait()
		return false, nil
	}
	small := l.spare
	l.spare, l.making = nil, true
	l.mu.Unlock()
	if small != nil {
		small.discard(l.cfg.FS)
	}
	s, err := l.prepareSegment(size)
	l.mu.Lock()
	l.making, l.spare = false, s
	l.aheadFailed = err != nil
	l.cond.Broadcast()
	if err != nil {
		return false, fmt.Errorf("make a log segment: %w", err)
	}
	return false, nil
}

// aheadLocked decides whether to make the next segment now, so that no append
// has to wait for it: when the active one is half full. After an attempt that
// failed only a record in need tries again.
func (l *Log) aheadLocked() bool {
	if l.room > l.cfg.SegmentSizeBytes/2 || l.spare != nil || l.making || l.aheadFailed || l.closed {
		return false
	}
	l.making = true
	l.jobs++
	return true
}

// makeAhead is the work that aheadLocked asks for.
func (l *Log) makeAhead() {
	s, err := l.prepareSegment(l.cfg.SegmentSizeBytes)
	if err != nil {
		l.cfg.Logger.Warn("next log segment could not be made ahead", "dir", l.cfg.Dir, "err", err)
	}
	l.mu.Lock()
	l.making, l.spare = false, s
	l.aheadFailed = err != nil
	l.mu.Unlock()
	l.endJob()
}

func (l *Log) endJob() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs--
	l.cond.Broadcast()
}
