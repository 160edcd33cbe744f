package wal

import (
	"fmt"
	"path/filepath"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// replayFunc takes a record; payload is valid during the call.
type replayFunc func(lsn LSN, kind byte, payload []byte) error

// Report is what Verify found.
type Report struct {
	Segments     int   // segment files read: those with something at or above from, and the one that holds from
	Obsolete     int   // segment files wholly below from, not read
	Frames       int64 // valid frames
	Records      int64 // records among them, from the beginning of the first segment read
	PayloadBytes int64 // bytes of these records' payloads
	First        LSN   // first position read
	End          LSN   // position after the last valid frame
	Synced       LSN   // largest position known durable

	// TornFile, TornOffset and TornBytes say where a torn tail begins that the next
	// Open will cut, and how long it is up to its last byte that is not zero.
	// TornBytes is 0 when there is none.
	TornFile   string
	TornOffset int64
	TornBytes  int64
}

// Verify reads a log as Open(from) would, and changes nothing. The error is a
// *CorruptError when Open would return one. A directory without a log is an
// empty log when from is 0.
func Verify(fsys vfs.FS, dir string, from LSN) (Report, error) { return Read(fsys, dir, from, nil) }

// Read is Verify, and calls replay for each record as Open would.
func Read(fsys vfs.FS, dir string, from LSN, replay func(lsn LSN, kind byte, payload []byte) error) (Report, error) {
	w, err := walk(fsys, dir, from, replay)
	if err != nil {
		return Report{}, err
	}
	return w.report, nil
}

// walker reads a log from a position to its end and changes nothing.
type walker struct {
	fsys   vfs.FS
	from   LSN
	replay replayFunc // nil: none

	id     logID
	seed   uint32
	segs   []segment // all that are there
	start  int       // index of the first that is read
	reader frameReader

	report     Report
	recordsEnd LSN // position after the last record
	recorded   LSN // largest synced that a frame or header tells
	tail       tail
}

// walk reads the log and calls replay for its records from a position on. With
// no segments there the walker has none.
func walk(fsys vfs.FS, dir string, from LSN, replay replayFunc) (*walker, error) {
	segs, err := listSegments(fsys, dir)
	if err != nil {
		return nil, err
	}
	w := &walker{fsys: fsys, from: max(from, FirstLSN), replay: replay, segs: segs}
	if len(segs) == 0 || segs[0].first > w.from {
		if err := w.missingFirst(dir); err != nil {
			return nil, err
		}
		return w, nil
	}
	for w.start+1 < len(segs) && segs[w.start+1].first <= w.from {
		w.start++
	}
	at := segs[w.start].first
	w.report = Report{Segments: len(segs) - w.start, Obsolete: w.start, First: at}
	w.recorded, w.recordsEnd = at, at
	for i := w.start; i < len(segs); i++ {
		if at, err = w.segment(i, at); err != nil {
			return nil, err
		}
	}
	if at < w.from {
		last := segs[len(segs)-1]
		return nil, last.corrupt(last.offset(at), at, "the log ends here and is needed from LSN %d on", w.from)
	}
	w.report.End = at
	w.report.Synced = min(at, max(w.recorded, w.from))
	return w, nil
}

// missingFirst is the verdict on a log without its beginning: none at all is a
// new log.
func (w *walker) missingFirst(dir string) error {
	if len(w.segs) == 0 {
		w.report.First, w.report.End, w.report.Synced = FirstLSN, FirstLSN, FirstLSN
		if w.from == FirstLSN {
			return nil
		}
		return &CorruptError{File: dir, LSN: w.from,
			Reason: fmt.Sprintf("there is no log segment, and the log is needed from LSN %d on", w.from)}
	}
	s := w.segs[0]
	return s.corrupt(0, w.from, "the first segment begins at LSN %d, and the log is needed from LSN %d on", s.first, w.from)
}

// segment reads one segment, which must begin at LSN at, and returns where its
// frames end.
func (w *walker) segment(i int, at LSN) (LSN, error) {
	s := w.segs[i]
	f, err := w.fsys.Open(s.path)
	if err != nil {
		return 0, fmt.Errorf("open the log: %w", err)
	}
	defer f.Close()
	id, err := readSegmentHeader(f, s)
	if err != nil {
		return 0, err
	}
	if i == w.start {
		w.id, w.seed = id, id.seed()
	} else if id != w.id {
		return 0, s.corrupt(headerIDAt, s.first, "segment belongs to another log")
	}
	w.recorded = max(w.recorded, s.first) // the header says so
	if err := w.reader.reset(f, s, w.seed); err != nil {
		return 0, err
	}
	if i == len(w.segs)-1 {
		return w.lastSegment(s, at)
	}
	return w.fullSegment(s, at, w.segs[i+1])
}

// fullSegment reads a segment that has a successor. All its frames are durable.
func (w *walker) fullSegment(s segment, at LSN, next segment) (LSN, error) {
	for at < next.first {
		f, reason, err := w.reader.next()
		switch {
		case err != nil:
			return 0, err
		case reason != "":
			return 0, s.corrupt(w.reader.off, at, "%s; segment %s begins at LSN %d, so this was durable",
				reason, filepath.Base(next.path), next.first)
		case f.kind == kindSeal:
			return 0, s.corrupt(s.offset(at), at, "segment ends here, but the next one, %s, begins at LSN %d: a segment is missing",
				filepath.Base(next.path), next.first)
		case f.end() > next.first:
			return 0, s.corrupt(s.offset(at), at, "frame reaches to LSN %d, into segment %s", f.end(), filepath.Base(next.path))
		}
		if err := w.take(s, f); err != nil {
			return 0, err
		}
		at = f.end()
	}
	return at, nil
}

// lastSegment reads the last segment and judges what is behind its frames.
func (w *walker) lastSegment(s segment, at LSN) (LSN, error) {
	for {
		f, reason, err := w.reader.next()
		switch {
		case err != nil:
			return 0, err
		case reason != "":
			return at, w.judgeTail(s, at, reason)
		case f.kind == kindSeal:
			return 0, s.corrupt(s.offset(at), at, "segment ends here, and the next one, of LSN %d, is missing", at)
		}
		if err := w.take(s, f); err != nil {
			return 0, err
		}
		at = f.end()
	}
}

// judgeTail decides between a torn tail and corruption. See doc.go.
func (w *walker) judgeTail(s segment, at LSN, reason string) error {
	offset := s.offset(at)
	t, err := scanTail(w.reader.file, s, w.seed, offset, w.reader.size)
	if err != nil {
		return err
	}
	if t.synced > at {
		return s.corrupt(offset, at, "%s; the frame of LSN %d says that all below LSN %d was durable", reason, t.witness, t.synced)
	}
	if w.from > at {
		return s.corrupt(offset, at, "%s; the log is needed from LSN %d on, so this was durable", reason, w.from)
	}
	w.tail = t
	if t.dirtyTo > t.dirtyFrom {
		w.report.TornFile, w.report.TornOffset, w.report.TornBytes = s.path, offset, t.dirtyTo-offset
	}
	return nil
}

// take counts a valid frame and replays it if it is a record at or above from.
func (w *walker) take(s segment, f frame) error {
	w.report.Frames++
	w.recorded = max(w.recorded, f.synced)
	if f.lsn < w.from && f.end() > w.from {
		return s.corrupt(s.offset(f.lsn), f.lsn, "the log is needed from LSN %d on, which is inside this frame", w.from)
	}
	switch {
	case f.kind == kindMark:
		return nil
	case f.kind >= KindReserved:
		return fmt.Errorf("%w: %s has a frame of kind %#x at LSN %d", ErrVersion, s.path, f.kind, f.lsn)
	}
	w.report.Records++
	w.report.PayloadBytes += int64(len(f.payload))
	w.recordsEnd = f.end()
	if w.replay == nil || f.lsn < w.from {
		return nil
	}
	return w.replay(f.lsn, f.kind, f.payload)
}
