package store

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Sequence is how far one generation of a sequence has come. Values are given in memory and reserved in the log: a record says up
// to which value they may have been given, and is durable before the first of them is. After a crash the
// sequence goes on behind that value; none is given twice. Nothing of it is taken back by a rollback. Safe for concurrent use.
type Sequence struct {
	db         *DB
	oid        uint32
	generation uint64

	mu     sync.Mutex       // guards below; held while a reservation becomes durable
	rule   *schema.Sequence // by which the last reservation was made
	now    sequenceState
	ahead  int64     // how many more values are reserved
	block  int64     // how many the last reservation took
	when   time.Time // of the last reservation
	logCnt int64     // what PostgreSQL's log_cnt would be

	logged atomic.Pointer[sequenceState] // by the last record applied; nil before the first
}

// sequenceState is the value given last, or the one to be given first when none has been.
type sequenceState struct {
	last   int64
	called bool
}

// A reservation is of so many values: PostgreSQL's number, doubled each time that one is used up at once.
const (
	sequenceBlock    = 32
	maxSequenceBlock = 8192
	sequenceHurry    = 200 * time.Millisecond
)

// sequences are all that have been used since the start, or before it.
type sequences struct {
	mu sync.Mutex
	m  map[uint64]*Sequence // by generation
}

// get returns the sequence of a generation, which begins at first.
func (ss *sequences) get(db *DB, oid uint32, generation uint64, first int64) *Sequence {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s := ss.m[generation]
	if s == nil {
		if ss.m == nil {
			ss.m = map[uint64]*Sequence{}
		}
		s = &Sequence{db: db, oid: oid, generation: generation, now: sequenceState{last: first}}
		ss.m[generation] = s
	}
	return s
}

// forget drops a generation that no catalog names any more.
func (ss *sequences) forget(generation uint64) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.m, generation)
}

// all lists them.
func (ss *sequences) all() []*Sequence {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	list := make([]*Sequence, 0, len(ss.m))
	for _, s := range ss.m {
		list = append(list, s)
	}
	return list
}

// Sequence returns the sequence of a definition.
func (db *DB) Sequence(def *schema.Object) *Sequence {
	return db.sequences.get(db, def.OID, def.Sequence.Generation, def.Sequence.First)
}

// State returns the value given last, whether it has been given, and PostgreSQL's log_cnt.
func (s *Sequence) State() (last int64, called bool, logCnt int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.last, s.now.called, s.logCnt
}

// Next gives the next value and those after it up to the sequence's cache, n in all: first, first + increment, ...
// 2200H when there are no more. An error of the log gives nothing.
func (s *Sequence) Next(def *schema.Object) (first, n int64, err error) {
	q := sequenceRule{def.Sequence}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rule != def.Sequence {
		s.rule, s.ahead = def.Sequence, 0
	}
	state, ahead := s.now, s.ahead
	want := q.Cache
	if state.called {
		if state.last, err = q.step(state.last, def.Name, true); err != nil {
			return 0, 0, err
		}
		if ahead--; ahead >= 0 && q.beyond(s.now.last) { // the cycle begins again
			ahead = -1
		}
	} else {
		state.called, ahead = true, -1
	}
	first = state.last
	for n = 1; n < want && !q.beyond(state.last); n++ {
		state.last, _ = q.step(state.last, def.Name, false) // not beyond
		ahead--
	}
	if ahead < 0 {
		if ahead, err = s.reserve(q, state); err != nil {
			return 0, 0, err
		}
	}
	if s.logCnt -= n; s.logCnt < 0 || !s.now.called {
		s.logCnt = sequenceBlock
	}
	s.now, s.ahead = state, ahead
	return first, n, nil
}

// beyond says whether a value is the last of its round.
func (q sequenceRule) beyond(v int64) bool {
	if q.Increment > 0 {
		return q.Max >= 0 && v > q.Max-q.Increment || q.Max < 0 && v+q.Increment > q.Max
	}
	return q.Min < 0 && v < q.Min-q.Increment || q.Min >= 0 && v+q.Increment < q.Min
}

// reserve logs that values up to some ahead of state may be given, waits until that is durable, and returns
// how many those are. It holds mu.
func (s *Sequence) reserve(q sequenceRule, state sequenceState) (ahead int64, err error) {
	block := int64(sequenceBlock)
	if time.Since(s.when) < sequenceHurry {
		block = min(2*max(s.block, sequenceBlock), maxSequenceBlock)
	}
	upTo := state.last
	for ahead < block && !q.beyond(upTo) {
		upTo += q.Increment
		ahead++
	}
	if err := s.log(sequenceState{upTo, true}); err != nil {
		return 0, err
	}
	s.block, s.when = block, time.Now()
	return ahead, nil
}

// Set makes v the value given last, or the one to be given next when called is false: setval.
func (s *Sequence) Set(v int64, called bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := sequenceState{v, called}
	if err := s.log(state); err != nil {
		return err
	}
	s.now, s.ahead, s.block, s.logCnt = state, 0, 0, 0
	return nil
}

// log makes a state durable: what the sequence goes on from after a crash. It holds mu.
func (s *Sequence) log(state sequenceState) error {
	p := s.db.log.proposal()
	defer s.db.log.release(p)
	p.payload = appendHeader(p.payload[:0], s.db.published.Load().state.catalog.Version())
	p.payload = s.append(p.payload, state)
	p.kind, p.sync = recordSequence, true
	p.apply = func(uint64) error {
		s.logged.Store(&state)
		return nil
	}
	err := s.db.log.Propose(p)
	p.apply = nil
	return err
}

// append encodes a state, in a record behind the header and in a checkpoint's blockSequence:
//
//	uvarint  OID; uvarint generation; varint value; 1 byte: given
func (s *Sequence) append(dst []byte, state sequenceState) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.oid))
	dst = binary.AppendUvarint(dst, s.generation)
	dst = binary.AppendVarint(dst, state.last)
	return append(dst, boolByte(state.called))
}

// replaySequence puts back what append encoded.
func (db *DB) replaySequence(d *decoder) error {
	oid, generation := uint32(d.uvarint()), d.uvarint()
	state := sequenceState{d.varint(), d.byte() == 1}
	if d.err == nil && len(d.b) != 0 {
		d.fail()
	}
	if d.err != nil {
		return d.err
	}
	s := db.sequences.get(db, oid, generation, 0)
	s.now = state
	s.logged.Store(&state)
	db.statuses.raise(generation)
	return nil
}

// captured is a sequence with its state for a checkpoint or a backup.
type captured struct {
	sequence *Sequence
	state    sequenceState
}

// capture returns the states that a replay from this moment on needs, those of sequences that
// transactions have yet to create too. It holds db.applying.
func (ss *sequences) capture() (list []captured) {
	for _, s := range ss.all() {
		if state := s.logged.Load(); state != nil {
			list = append(list, captured{s, *state})
		}
	}
	return list
}

// present returns the present states: nothing given before is given again by one who begins with them.
func (ss *sequences) present(st *state) (list []captured) {
	for _, s := range ss.all() {
		if !st.hasSequence(s) {
			continue
		}
		s.mu.Lock()
		list = append(list, captured{s, s.now})
		s.mu.Unlock()
	}
	return list
}

// hasSequence says whether the catalog names a generation of a sequence.
func (st *state) hasSequence(s *Sequence) bool {
	o, ok := st.catalog.Object(s.oid)
	return ok && o.Sequence != nil && o.Sequence.Generation == s.generation
}

// settleSequences drops, after recovery, the sequences of transactions that never committed.
func (db *DB) settleSequences() {
	for _, s := range db.sequences.all() {
		if !db.state.hasSequence(s) {
			db.sequences.forget(s.generation)
		}
	}
}

// close notes in the log how far the sequences have come, so that an orderly restart skips no value. What fails is
// only that.
func (ss *sequences) close() {
	for _, s := range ss.all() {
		s.mu.Lock()
		if l := s.logged.Load(); l != nil && *l != s.now {
			_ = s.log(s.now)
		}
		s.mu.Unlock()
	}
}

// sequenceRule is the definition of a sequence.
type sequenceRule struct{ *schema.Sequence }

// step returns the value after v; behind the last one the first of the next round, or 2200H.
func (q sequenceRule) step(v int64, name string, mayCycle bool) (int64, error) {
	switch {
	case !q.beyond(v):
		return v + q.Increment, nil
	case q.Cycle && mayCycle && q.Increment > 0:
		return q.Min, nil
	case q.Cycle && mayCycle:
		return q.Max, nil
	case q.Increment > 0:
		return 0, sqlerr.New(sqlerr.SequenceLimit, "nextval: reached maximum value of sequence %q (%d)", name, q.Max)
	}
	return 0, sqlerr.New(sqlerr.SequenceLimit, "nextval: reached minimum value of sequence %q (%d)", name, q.Min)
}
