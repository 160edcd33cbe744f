package store

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// Log puts records in one order, makes them durable and has them applied in
// that order. localLog is this node's; a cluster's replicated log carries the
// same parts. Safe for concurrent use.
type Log interface {
	// Propose appends a record, and returns when it is durable (as its sync
	// asks) and applied and its timestamp published, or with the reason why it is not (I1, I2).
	Propose(p *proposal) error
}

// proposal is one record on its way. payload begins with a record header, into which
// the log writes the timestamp.
type proposal struct {
	kind    byte
	payload []byte
	sync    bool // wait until durable before applying; false for chunks of feeds and synchronous_commit = off

	// apply is called once, in log order, with db.applying held. An error
	// means that the record has no effect, here and in every replay.
	apply func(timestamp uint64) error

	// validate, if set, is called before the record gets its place, with localLog.mu held; an error keeps it out.
	validate func() error
	// changes, if set, is what the record will have changed, for open serializable transactions.
	changes *committed

	end  wal.LSN
	ts   uint64
	err  error
	done chan struct{} // receives one token: applied, or to lead the next group
	lead bool          // set before the token is sent
}

// localLog is the log of a single node: the WAL, or nothing for a database in memory.
//
// One committer at a time leads: it takes all proposals that wait, syncs once,
// applies them in order, publishes the last timestamp and wakes the others;
// those that came meanwhile are led by the first of them.
//
// A small commit costs one append (copy of the record), its share of one
// write and fdatasync, and a channel receive for those that do not lead.
type localLog struct {
	db  *DB
	wal *wal.Log // nil: in memory

	proposals sync.Pool

	mu      sync.Mutex // guards below; held for the append, so that log order is timestamp order
	last    uint64     // last timestamp given
	queue   []*proposal
	spare   []*proposal
	flying  []*proposal // the group that is being led
	leading bool
	crowd   crowd
	history history
	failed  error // sticky: the log cannot be written any more
	full    error // why the last record was refused, when it was for lack of space

	// owed are feeds given up in memory and not in the log: by the last start, and
	// for lack of space. Their ends go before the next record, or a replay would take
	// them for pending and refuse what came in the place of their rows.
	owed []uint64

	applied wal.LSN // everything below is applied; guarded by DB.applying
}

// payloadKept is up to how many bytes of a payload's memory are used again.
const payloadKept = 256 << 10

// proposal returns an unused proposal.
func (l *localLog) proposal() *proposal {
	if p, ok := l.proposals.Get().(*proposal); ok {
		return p
	}
	return &proposal{done: make(chan struct{}, 1)}
}

// release gives a proposal back for another use.
func (l *localLog) release(p *proposal) {
	if cap(p.payload) > payloadKept {
		p.payload = nil
	}
	p.err, p.apply, p.validate, p.changes = nil, nil, nil, nil
	l.proposals.Put(p)
}

// Propose implements Log.
func (l *localLog) Propose(p *proposal) error {
	l.mu.Lock()
	if l.failed != nil {
		l.mu.Unlock()
		return l.failed
	}
	if p.validate != nil {
		if err := p.validate(); err != nil {
			l.mu.Unlock()
			return err
		}
	}
	err := l.settle()
	if err == nil {
		p.ts, p.end, err = l.append(p.kind, p.payload)
	}
	l.full = nil
	if err != nil {
		err = l.refusedLocked(err)
		l.mu.Unlock()
		return err
	}
	if p.changes != nil {
		l.history.add(p.ts, p.changes)
	}
	l.queue = append(l.queue, p)
	l.crowd.came(len(l.queue))
	lead := !l.leading
	l.leading = true
	l.mu.Unlock()
	if !lead {
		<-p.done
		if !p.lead {
			return p.err
		}
		p.lead = false
	}
	l.leadGroup(p)
	return p.err
}

// append stamps a record and puts it at the end of the log. It holds mu.
func (l *localLog) append(kind byte, payload []byte) (ts uint64, end wal.LSN, err error) {
	ts = max(uint64(max(l.db.cfg.Clock(), 0)), l.last+1) // a clock without a battery says 1970
	if l.wal != nil {
		binary.LittleEndian.PutUint64(payload[timestampOffset:], ts)
		if _, end, err = l.wal.Append(kind, payload); err != nil {
			return 0, 0, err
		}
	}
	l.last = ts
	return ts, end, nil
}

// owe notes that feeds have ended of which the log does not know.
func (l *localLog) owe(statuses ...uint64) {
	l.mu.Lock()
	l.owed = append(l.owed, statuses...)
	l.mu.Unlock()
}

// settle logs the ends that are owed. It holds mu.
func (l *localLog) settle() error {
	for l.wal != nil && len(l.owed) > 0 {
		if _, _, err := l.append(recordFeedEnd, appendFeedEnd(appendHeader(nil, 0), l.owed[0])); err != nil {
			return err
		}
		l.owed = l.owed[1:]
	}
	return nil
}

// leadGroup carries out one group, of which own is the leader's proposal.
func (l *localLog) leadGroup(own *proposal) {
	l.gather()
	l.mu.Lock()
	group := l.queue
	l.queue = l.spare[:0]
	l.flying = group
	l.mu.Unlock()

	err := l.syncGroup(group)
	l.db.applying.Lock()
	last := uint64(0)
	for _, p := range group {
		if p.err = err; err == nil {
			p.err = p.apply(p.ts)
			last, l.applied = p.ts, p.end
		}
	}
	if last != 0 {
		l.db.publish(last) // I2, I3
	}
	l.db.applying.Unlock()

	l.mu.Lock()
	l.flying = nil // those that are woken use their proposals again
	l.mu.Unlock()
	for i, p := range group {
		group[i] = nil
		if p != own {
			p.done <- struct{}{}
		}
	}
	l.mu.Lock()
	l.crowd.note(len(group) + len(l.queue))
	l.spare = group
	if len(l.queue) > 0 {
		next := l.queue[0]
		next.lead = true
		next.done <- struct{}{}
	} else {
		l.leading = false
	}
	l.mu.Unlock()
}

// syncGroup makes a group durable. When the log fails nothing of the group is
// applied: whether it is durable is unknown until the next start.
func (l *localLog) syncGroup(group []*proposal) error {
	if l.wal == nil {
		return nil
	}
	var end wal.LSN
	for _, p := range group {
		if p.sync {
			end = p.end
		}
	}
	if end == 0 {
		return nil
	}
	start := time.Now()
	err := l.wal.Sync(end) // I1
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.crowd.synced(took)
		return nil
	}
	if l.failed == nil {
		l.failed = logError(err)
	}
	return l.failed
}

// refusedLocked notes why a record was not taken, and returns what the client hears.
func (l *localLog) refusedLocked(err error) error {
	told := logError(err)
	switch {
	case errors.Is(err, wal.ErrFailed):
		l.failed = told
	case vfs.IsNoSpace(err):
		l.full = told
	}
	return told
}

// logError is what a client hears when the log cannot take a write. After a failed write or sync that lasts
// until a restart; a record refused for lack of space has broken nothing.
func logError(err error) error {
	if vfs.IsNoSpace(err) && !errors.Is(err, wal.ErrFailed) {
		return sqlerr.New(sqlerr.DiskFull, "could not write to the transaction log: no space left on device").
			WithHint("The server answers reads, and accepts writes again when there is space.")
	}
	if vfs.IsNoSpace(err) {
		return sqlerr.New(sqlerr.DiskFull, "could not write to the transaction log: no space left on device").
			WithHint("The server answers reads. It accepts no writes until there is space and it is restarted.")
	}
	return sqlerr.New(sqlerr.IOError, "could not write to the transaction log: %v", err).
		WithHint("The server answers reads and accepts no writes until it is restarted.")
}

// idle makes durable what asynchronous commits have left, and lets the log
// note that it is.
func (l *localLog) idle() {
	if l.wal == nil {
		return
	}
	if end := l.wal.End(); l.wal.Synced() < end {
		if err := l.wal.Sync(end); err != nil {
			l.mu.Lock()
			if l.failed == nil {
				l.failed = logError(err)
			}
			l.mu.Unlock()
			return
		}
	}
	_ = l.wal.MarkSynced() // a failure is sticky and met by the next write
}
