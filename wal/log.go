package wal

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Log is an append-only log of opaque records. It is safe for concurrent use.
//
// Frames pass through three states, and l.synced <= l.written <= l.end bound
// them: appended to the buffer l.fill, written to the active segment, synced. One
// goroutine at a time, the leader, moves frames on; it is whoever found
// l.leading false when it needed something written. The leader alone uses
// l.active.
type Log struct {
	cfg        Config
	id         logID
	seed       uint32
	spareCount atomic.Int64 // names of files in preparation
	dropMu     sync.Mutex   // held by DropBefore, before mu

	active *segmentFile // the leader's

	mu   sync.Mutex // guards below; never held during I/O
	cond sync.Cond  // on mu: synced, written, leading, making, jobs or err changed

	fill    *batch // appended, not yet with the leader
	free    *batch // the other buffer; nil while a leader writes it
	leading bool

	end     LSN
	written LSN
	synced  LSN

	recordsEnd LSN // position after the last record, marks not counted
	recorded   LSN // largest synced that a frame of the log tells

	room        int64        // bytes left in the segment where end is
	spare       *segmentFile // the next segment, prepared
	making      bool         // someone is preparing it
	aheadFailed bool         // the last preparation failed
	prepared    LSN          // end when the last segment was prepared
	syncs       int          // of the leader since then

	segs   []segment // named segments in order; the last is the active one
	jobs   int       // background work not ended
	closed bool
	err    error // why the log has failed
}

// batch is a run of frames in memory.
type batch struct {
	first LSN // position of buf[0]
	buf   []byte
	rolls []batchRoll
}

// batchRoll says that the frames from buf[at] on go to another segment.
type batchRoll struct {
	at   int
	next *segmentFile
}

func newLog(cfg Config, id logID, end LSN) *Log {
	l := &Log{
		cfg: cfg, id: id, seed: id.seed(),
		fill: &batch{first: end}, free: &batch{},
		end: end, written: end, synced: end, recordsEnd: end, recorded: end, prepared: end,
	}
	l.cond.L = &l.mu
	return l
}

// Append puts a record at the end of the log and returns its position and the
// position after it. It is not durable before Sync(end). Order of appends is
// order in the log. payload may be reused at once. It waits when
// MaxBufferedBytes are not yet written. kind is below KindReserved.
//
// When there is no disk space for the next segment, the record is not appended
// and an error returned for which vfs.IsNoSpace is true and ErrFailed is not: the
// log goes on when there is space again.
func (l *Log) Append(kind byte, payload []byte) (lsn, end LSN, err error) {
	return l.AppendV(kind, payload)
}

// AppendV is Append of a payload in parts.
func (l *Log) AppendV(kind byte, parts ...[]byte) (lsn, end LSN, err error) {
	if kind >= KindReserved {
		return 0, 0, fmt.Errorf("log: record kind %#x is reserved", kind)
	}
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > MaxRecordBytes {
		return 0, 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, n, MaxRecordBytes)
	}
	l.mu.Lock()
	if err = l.makeRoomLocked(frameHeaderBytes + int64(n)); err != nil {
		l.mu.Unlock()
		return 0, 0, err
	}
	lsn = l.putLocked(kind, parts)
	end = l.end
	l.recordsEnd = end
	ahead := l.aheadLocked()
	l.mu.Unlock()
	if ahead {
		l.cfg.Spawn(l.makeAhead)
	}
	return lsn, end, nil
}

// makeRoomLocked returns when a frame fits in the buffer and in the segment.
func (l *Log) makeRoomLocked(frameBytes int64) error {
	for {
		if err := l.unusableLocked(); err != nil {
			return err
		}
		if n := len(l.fill.buf); n > 0 && int64(n)+frameBytes > int64(l.cfg.MaxBufferedBytes) {
			if l.leading {
				l.cond.Wait()
			} else {
				l.leadLocked(toWritten)
			}
			continue
		}
		if frameBytes <= l.room {
			return nil
		}
		ready, err := l.spareLocked(frameBytes)
		if err != nil {
			return err
		}
		if ready {
			l.fill.rolls = append(l.fill.rolls, batchRoll{at: len(l.fill.buf), next: l.spare})
			l.room, l.spare = l.spare.room(), nil
			return nil
		}
	}
}

// putLocked appends a frame to the buffer. There is room for it.
func (l *Log) putLocked(kind byte, parts [][]byte) LSN {
	lsn, b := l.end, l.fill
	at := len(b.buf)
	var header [frameHeaderBytes]byte
	b.buf = append(b.buf, header[:]...)
	for _, p := range parts {
		b.buf = append(b.buf, p...)
	}
	sealFrame(b.buf[at:], l.seed, lsn, l.synced, kind)
	l.recorded = max(l.recorded, l.synced)
	n := len(b.buf) - at
	l.end += LSN(n)
	l.room -= int64(n)
	return lsn
}

func (l *Log) unusableLocked() error {
	if l.err != nil {
		return l.err
	}
	if l.closed {
		return ErrClosed
	}
	return nil
}

// goal is what a leader leads to.
type goal int

const (
	toWritten goal = iota
	toSynced
)

// Sync returns when everything below upTo, an end that Append returned, is
// durable. One sync of the file serves all who wait. It returns nil for what was
// durable before the log failed, and ErrFailed for all else after it.
func (l *Log) Sync(upTo LSN) error { return l.reach(toSynced, upTo) }

// Flush returns when everything below upTo is written to the operating system;
// it survives the end of the process and not power loss.
func (l *Log) Flush(upTo LSN) error { return l.reach(toWritten, upTo) }

// reach waits, leading when nobody does, until the goal holds below upTo.
func (l *Log) reach(g goal, upTo LSN) error {
	reached := &l.written
	if g == toSynced {
		reached = &l.synced
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if upTo > l.end {
		return fmt.Errorf("log: LSN %d is beyond the end, %d", upTo, l.end)
	}
	for *reached < upTo {
		switch {
		case l.err != nil:
			return l.err
		case l.leading:
			l.cond.Wait()
		default:
			l.leadLocked(g)
		}
	}
	return nil
}

// leadLocked writes what is appended so far, and syncs it if that is the goal.
// It unlocks l.mu meanwhile; nobody else leads.
func (l *Log) leadLocked(g goal) {
	l.leading = true
	b, upTo := l.fill, l.end
	l.fill, l.free = l.free, nil
	l.fill.first = upTo
	l.mu.Unlock()

	err := l.writeBatch(b)
	if err == nil && g == toSynced {
		err = l.active.file.Sync()
	}

	l.mu.Lock()
	b.reset(2 * l.cfg.MaxBufferedBytes)
	l.free, l.leading = b, false
	if err != nil {
		l.failLocked(err)
	} else {
		l.written = upTo
		if g == toSynced {
			l.synced = upTo
			l.syncs++
		}
	}
	l.cond.Broadcast()
}

// reset empties the batch; a buffer above keepBytes is given to the collector.
func (b *batch) reset(keepBytes int) {
	b.buf = b.buf[:0]
	if cap(b.buf) > keepBytes {
		b.buf = nil
	}
	clear(b.rolls)
	b.rolls = b.rolls[:0]
}

// writeBatch writes a batch to the active segment and those that follow.
func (l *Log) writeBatch(b *batch) error {
	done := 0
	for i, r := range b.rolls {
		err := l.writeFrames(b, done, r.at)
		if err == nil {
			err = l.roll(r.next, b.first+LSN(r.at))
		}
		if err != nil {
			l.discardRolls(b.rolls[i:])
			return err
		}
		done = r.at
	}
	return l.writeFrames(b, done, len(b.buf))
}

// discardRolls gives up the segments that a failed log will not come to.
func (l *Log) discardRolls(rolls []batchRoll) {
	for _, r := range rolls {
		r.next.discard(l.cfg.FS)
	}
}

// writeFrames writes b.buf[from:to] to its place in the active segment.
func (l *Log) writeFrames(b *batch, from, to int) error {
	if from == to {
		return nil
	}
	lsn := b.first + LSN(from)
	at := l.active.offset(lsn)
	if lsn < l.active.first || at+int64(to-from)+frameHeaderBytes > l.active.size {
		invariant.Violated("frames of LSN %d, %d bytes, do not fit into log segment %s", lsn, to-from, l.active.path)
	}
	_, err := l.active.file.WriteAt(b.buf[from:to], at)
	return err
}

// failLocked ends the life of the log: after a failed write or sync nothing is
// known about the file, and trying again could make a lie of an earlier error.
func (l *Log) failLocked(cause error) {
	if l.err != nil {
		return
	}
	l.err = fmt.Errorf("%w: %w", ErrFailed, cause)
	l.cfg.Logger.Error("log has failed, no more writes", "lsn", uint64(l.synced), "err", cause)
}

// MarkSynced writes down, in a small frame of its own, that all records are
// durable, so that later damage to them is told from a torn tail. It syncs what is
// not durable yet. The caller calls it in idle moments; it costs nothing when
// there is nothing new to say.
func (l *Log) MarkSynced() error {
	l.mu.Lock()
	upTo, known := l.recordsEnd, l.recorded
	err := l.unusableLocked()
	l.mu.Unlock()
	if err != nil || known >= upTo {
		return err
	}
	if err := l.Sync(upTo); err != nil {
		return err
	}
	l.mu.Lock()
	// No segment is begun for a mark: the header of the next one will say it.
	if err := l.unusableLocked(); err != nil || l.recorded >= upTo || l.room < frameHeaderBytes {
		l.mu.Unlock()
		return err
	}
	l.putLocked(kindMark, nil)
	upTo = l.end
	l.mu.Unlock()
	return l.Sync(upTo)
}

// End returns the position after the last record or mark appended.
func (l *Log) End() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Synced returns the position below which everything is durable.
func (l *Log) Synced() LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.synced
}

// Err returns the failure that ended the log, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// DropBefore removes the segments that lie wholly below lsn, oldest first. The
// caller has a durable checkpoint at lsn, which must itself be synced.
func (l *Log) DropBefore(lsn LSN) error {
	l.dropMu.Lock()
	defer l.dropMu.Unlock()
	dropped := false
	for {
		l.mu.Lock()
		synced := l.synced
		drop := len(l.segs) > 1 && l.segs[1].first <= lsn
		path := l.segs[0].path
		l.mu.Unlock()
		if lsn > synced {
			return fmt.Errorf("log: cannot drop below LSN %d, durable is only LSN %d", lsn, synced)
		}
		if !drop {
			break
		}
		if err := l.cfg.FS.Remove(path); err != nil {
			return fmt.Errorf("remove a log segment: %w", err)
		}
		dropped = true
		l.mu.Lock()
		l.segs = l.segs[1:]
		l.mu.Unlock()
	}
	if !dropped {
		return nil
	}
	return l.cfg.FS.SyncDir(l.cfg.Dir)
}

// Close writes, syncs and marks what was appended, waits for background work and
// closes the files. Of a failed log it returns the failure. A second Close does
// nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.mu.Unlock()
	err := l.MarkSynced()

	l.mu.Lock()
	l.closed = true
	for l.leading || l.making {
		l.cond.Wait()
	}
	if err == nil && l.synced < l.end { // appended since the mark
		l.leadLocked(toSynced)
		err = l.err
	}
	for l.jobs > 0 {
		l.cond.Wait()
	}
	spare := l.spare
	l.spare = nil
	l.discardRolls(l.fill.rolls) // a failed log's
	l.mu.Unlock()

	if spare != nil {
		spare.discard(l.cfg.FS)
	}
	if cerr := l.active.file.Close(); err == nil {
		err = cerr
	}
	return err
}
