package store

import (
	"slices"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/invariant"
)

// vacuum is the background work that gives memory back: it stamps the rows of
// ended feeds with their timestamps, unlinks versions that no snapshot can see,
// and frees their slots once every reader that could have met them has gone. It is local:
// nothing of it is logged.
type vacuum struct {
	db   *DB
	wake chan struct{} // buffered by one
	stop chan struct{}
	done chan struct{}

	mu    sync.Mutex // guards below
	ended []*status  // feeds whose rows are to be stamped

	run      sync.Mutex // one round at a time; guards below
	stamping []*forgotten

	// replay counts the bytes of the log that recovery has read since the last round.
	replay int
}

// forgotten is a status whose rows are stamped; it is dropped when no reader
// is left that could have met a reference.
type forgotten struct {
	epoch uint64
	id    uint64
}

// vacuumStep is how many versions are unlinked under one hold of a part's
// mutex, so that Apply never waits longer than about a millisecond.
const vacuumStep = 512

func newVacuum(db *DB) *vacuum {
	return &vacuum{db: db, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
}

// stamp leaves an ended feed to vacuum.
func (v *vacuum) stamp(s *status) {
	v.mu.Lock()
	v.ended = append(v.ended, s)
	v.mu.Unlock()
	v.nudge()
}

// nudge asks for a round soon.
func (v *vacuum) nudge() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// loop runs rounds when asked, and now and then.
func (v *vacuum) loop(interval time.Duration) {
	defer close(v.done)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-v.stop:
			return
		case <-v.wake:
		case <-ticker.C:
			v.db.log.idle()
		}
		v.round()
		v.db.checkpointIfDue()
	}
}

// round does everything that can be done now, and says whether it did anything.
func (v *vacuum) round() bool {
	v.run.Lock()
	defer v.run.Unlock()
	// The snapshots first: whatever ended at or before it belongs to statuses
	// that stampEnded finds, so that nothing is unlinked before it is stamped.
	open := v.db.readers.snapshots(&v.db.published)
	did := v.stampEnded()
	for _, c := range v.db.everyCollection() {
		for _, p := range c.parts {
			did = v.part(p, open) || did
		}
	}
	return v.release() || did
}

// stampEnded writes timestamps in the place of references to ended feeds.
func (v *vacuum) stampEnded() bool {
	v.mu.Lock()
	ended := v.ended
	v.ended = nil
	v.mu.Unlock()
	for _, s := range ended {
		ts := s.commit.Load()
		for i := range s.rows {
			s.rows[i].stamp(statusRef(s.id), ts)
		}
		s.rows = nil
		v.stamping = append(v.stamping, &forgotten{v.db.readers.advance(), s.id})
	}
	return len(ended) > 0
}

// stamp settles the rows of one part: a committed feed's get its timestamp, an
// aborted one's are dead, and what it had ended lives on.
func (r *statusRows) stamp(ref, ts uint64) {
	p := r.part
	if ts == never {
		p.live.Add(int64(len(r.ended)))
	}
	for _, row := range r.ended {
		p.mu.Lock()
		if p.versions.End(row) == ref { // not since ended by another
			if ts == never {
				p.versions.SetEnd(row, column.NoEnd)
			} else {
				p.versions.SetEnd(row, ts)
				p.dead = append(p.dead, deadRow{row, ts})
			}
		}
		p.mu.Unlock()
	}
	for _, run := range r.begun {
		for first := run.first; first < run.first+run.n; first += vacuumStep {
			p.mu.Lock()
			for row := first; row < min(first+vacuumStep, run.first+run.n); row++ {
				invariant.Check(p.versions.Begin(row) == ref, "row %d of a feed was reused before it was stamped", row)
				if ts != never {
					p.versions.SetBegin(row, ts)
					continue
				}
				p.live.Add(-1)
				p.dead = append(p.dead, deadRow{row, 0}) // seen by nobody, ever
			}
			p.mu.Unlock()
		}
	}
}

// part unlinks the dead versions of a part and frees what has been in
// quarantine long enough.
func (v *vacuum) part(p *Part, open snapshots) bool {
	horizon := open.oldest()
	p.mu.Lock()
	p.dropIndexes(func(x *partIndex) bool { return x.retired != 0 && x.retired <= horizon })
	dead := p.takeDead(open.newest)
	p.mu.Unlock()
	doomed := p.unseen(dead, open, &v.db.statuses)
	did := len(doomed) > 0
	for {
		for _, x := range *p.indexes.Load() {
			if x.tree != nil && x.tree.Tail() > 0 {
				x.tree.Merge()
			}
		}
		p.mu.Lock()
		if n := min(len(doomed), vacuumStep); n > 0 {
			rows := p.unlinkAll(doomed[len(doomed)-n:])
			doomed = doomed[:len(doomed)-n]
			p.quarantine = append(p.quarantine, quarantined{v.db.readers.advance(), rows})
		}
		freed := p.freeQuarantined(v.db.readers.oldestEpoch())
		p.mu.Unlock()
		if freed || p.compacting {
			p.compact()
			did = true
		}
		if len(doomed) == 0 {
			return did
		}
	}
}

// compact does a step of giving back what freed rows leave behind in chunks of
// bytes and in dictionaries.
func (p *Part) compact() {
	p.compacting = false
	for _, c := range *p.columns.Load() {
		p.mu.Lock()
		p.compacting = c.Compact() || p.compacting
		p.mu.Unlock()
	}
	for _, x := range *p.indexes.Load() {
		d := x.dict
		if x.beside() {
			d = x.unique
		}
		if d != nil {
			p.mu.Lock()
			p.compacting = d.Compact() || p.compacting
			p.mu.Unlock()
		}
	}
}

// takeDead takes the versions that ended at or before a timestamp from the list of
// the dead. It holds mu.
func (p *Part) takeDead(newest uint64) []deadRow {
	n := 0
	for n < len(p.dead) && p.dead[n].end <= newest {
		n++
	}
	dead := p.dead[:n:n]
	p.dead = p.dead[n:]
	return dead
}

// unseen returns those dead versions that no snapshot sees, and keeps the
// others until theirs is closed: a snapshot that is held costs one version of each key,
// however often it is updated meanwhile.
func (p *Part) unseen(dead []deadRow, open snapshots, st *statuses) []deadRow {
	var doomed []deadRow
	sort := func(dead []deadRow) {
		for _, d := range dead {
			// The begin is stamped, if that of an aborted feed is not.
			if by, seen := open.between(st.settled(p.versions.Begin(d.row)), d.end); seen {
				if p.kept == nil {
					p.kept = map[uint64][]deadRow{}
				}
				p.kept[by] = append(p.kept[by], d)
			} else {
				doomed = append(doomed, d)
			}
		}
	}
	for by, rows := range p.kept {
		if !open.has(by) {
			delete(p.kept, by)
			sort(rows)
		}
	}
	sort(dead)
	return doomed
}

// unlinkAll unlinks dead versions and returns their rows. The last come first:
// a version is looked for from the newest of its key on, and of a key that was
// written a thousand times the others are behind it. It holds mu.
func (p *Part) unlinkAll(dead []deadRow) []uint32 {
	rows := make([]uint32, len(dead))
	for i, d := range slices.Backward(dead) {
		p.unlink(d.row)
		p.unlinked.add(d.row)
		rows[i] = d.row
	}
	return rows
}

// unlink takes a version out of its key's chain and out of every index.
func (p *Part) unlink(row uint32) {
	def := p.coll.def.Load()
	p.scratch = p.appendRowKey(p.scratch[:0], def, row)
	pr := newProbe(def, p.scratch)
	head, ok := p.find(def, &pr)
	invariant.Check(ok, "primary index of table %d has lost the key of row %d", p.coll.oid, row)
	prev := p.versions.Prev(row)
	switch {
	case head != row:
		newer := head
		for next := p.versions.Prev(newer); next != row; next = p.versions.Prev(newer) {
			invariant.Check(next != column.NoRow, "row %d of table %d is not in its key's chain", row, p.coll.oid)
			newer = next
		}
		p.versions.SetPrev(newer, prev)
	case prev == column.NoRow:
		p.primary.Delete(pr.hash, row)
	default:
		p.primary.Replace(pr.hash, row, prev)
	}
	for _, x := range *p.indexes.Load() {
		p.scratch = x.remove(row, p.scratch)
	}
}

// freeQuarantined frees the slots that no reader can know any more. It holds mu.
func (p *Part) freeQuarantined(oldest uint64) bool {
	n := 0
	for _, q := range p.quarantine {
		if q.epoch > oldest {
			break
		}
		n++
		for _, row := range q.rows {
			p.unlinked.remove(row)
			p.freeSlot(row)
		}
	}
	p.quarantine = slices.Delete(p.quarantine, 0, n)
	return n > 0
}

// release drops statuses that nobody can look up any more.
func (v *vacuum) release() bool {
	oldest := v.db.readers.oldestEpoch()
	n := 0
	for n < len(v.stamping) && v.stamping[n].epoch <= oldest {
		v.db.statuses.forget(v.stamping[n].id)
		n++
	}
	v.stamping = slices.Delete(v.stamping, 0, n)
	return n > 0
}

// replayBytes of the log make recovery vacuum: what lies dead in memory is then about
// as much.
const replayBytes = 4 << 20

// replayed tells of a record that recovery has applied. A log of many updates
// would otherwise need memory for all their versions at once: there is no reader yet, and what is
// dead is seen by nobody. What a later record names by its begin, the newest
// committed version of a key, is never dead.
func (v *vacuum) replayed(bytes int) {
	if v.replay += bytes; v.replay < replayBytes {
		return
	}
	v.replay = 0
	v.db.publish(v.db.log.last)
	v.round()
}
