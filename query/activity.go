package query

import (
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// activity is what other sessions see of one: a row of pg_stat_activity, and the means to end it. The session
// keeps it up to date at a cost of 88 ns a statement, 51 of them for the clock (BenchmarkActivity, one processor);
// everything else is computed when somebody looks.
type activity struct {
	pid            int32
	user, database string
	clientAddr     string // "" for a Unix socket
	clientPort     int32
	start          int64
	cfg            *server.SessionConfig // its hooks
	locker         *store.Locker
	sleeping       atomic.Bool   // in pg_sleep
	ended          chan struct{} // closed when the session has ended

	mu          sync.Mutex // guards below
	application string
	state       activityState
	query       string // at most maxQueryBytes
	queryStart  int64  // noTime between Working and the statement's begin
	stateChange int64
	xactStart   int64 // noTime outside of a transaction
}

// noTime stands for NULL among the times of an activity.
const noTime = math.MinInt64

// activityState is pg_stat_activity.state.
type activityState uint8

const (
	activeState activityState = iota
	idleState
	idleInTransaction
	idleAborted
)

var stateNames = [...]string{"active", "idle", "idle in transaction", "idle in transaction (aborted)"}

// maxQueryBytes of a statement's text are shown: track_activity_query_size less its final zero, as in PostgreSQL.
const maxQueryBytes = 1023

// activities are the sessions of an engine.
type activities struct {
	mu   sync.Mutex // guards below; before an activity's
	live map[*activity]struct{}
}

// enter shows the session to others.
func (s *Session) enter() {
	now := s.engine.cfg.Clock()
	a := &activity{
		pid: int32(s.cfg.ProcessID), user: s.cfg.User, database: s.cfg.Database, start: now,
		cfg: &s.cfg, locker: s.locker, ended: make(chan struct{}),
		state: idleState, queryStart: now, stateChange: now, xactStart: noTime,
	}
	a.clientAddr, a.clientPort = splitClient(s.cfg.RemoteAddr)
	a.application = s.set.get(settingsByName["application_name"])
	s.activity = a
	all := &s.engine.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.live == nil {
		all.live = map[*activity]struct{}{}
	}
	all.live[a] = struct{}{}
}

// splitClient returns a client's address and port, -1 of a Unix socket.
func splitClient(remote string) (string, int32) {
	host, port, err := net.SplitHostPort(remote)
	if err != nil {
		return "", -1
	}
	n, _ := strconv.Atoi(port)
	return host, int32(n)
}

// leave is the end of enter. Idempotent.
func (s *Session) leave() {
	s.locker.Close()
	all := &s.engine.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	if _, ok := all.live[s.activity]; ok {
		delete(all.live, s.activity)
		close(s.activity.ended)
	}
}

// list returns the sessions of the moment.
func (all *activities) list() []*activity {
	all.mu.Lock()
	defer all.mu.Unlock()
	out := make([]*activity, 0, len(all.live))
	for a := range all.live {
		out = append(out, a)
	}
	return out
}

// find returns the session with a process id.
func (all *activities) find(pid int32) (*activity, bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for a := range all.live {
		if a.pid == pid {
			return a, true
		}
	}
	return nil, false
}

// Working implements server.Observed.
func (s *Session) Working(text string) {
	a := s.activity
	a.mu.Lock()
	if a.state != activeState || a.query != text {
		a.state, a.query, a.queryStart = activeState, shownQuery(text), noTime
	}
	a.mu.Unlock()
}

// shownQuery cuts a text to maxQueryBytes, not inside of a character.
func shownQuery(text string) string {
	if len(text) <= maxQueryBytes {
		return text
	}
	end := maxQueryBytes
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if len(text) <= 4*maxQueryBytes {
		return text[:end]
	}
	return strings.Clone(text[:end]) // a session at rest does not keep what was long
}

// began notes the times of a statement that begins to run.
func (a *activity) began(stmt, txn int64) {
	a.mu.Lock()
	a.state = activeState
	a.queryStart, a.stateChange, a.xactStart = stmt, stmt, txn
	a.mu.Unlock()
}

// Answered implements server.Observed.
func (s *Session) Answered() {
	a := s.activity
	now := s.engine.cfg.Clock()
	a.mu.Lock()
	a.stateChange = now
	if a.queryStart == noTime { // it never got to run
		a.queryStart = now
	}
	switch s.status {
	case server.TxInBlock:
		a.state = idleInTransaction
	case server.TxFailed:
		a.state = idleAborted
	default:
		a.state = idleState
	}
	if s.txn == nil { // also in a failed block, as in PostgreSQL
		a.xactStart = noTime
	}
	a.mu.Unlock()
}

// reportSetting is told of settings that clients hear of.
func (s *Session) reportSetting(name, v string) {
	if a := s.activity; a != nil && name == "application_name" {
		a.mu.Lock()
		a.application = v
		a.mu.Unlock()
	}
	if s.cfg.ParameterStatus != nil {
		s.cfg.ParameterStatus(name, v)
	}
}

// IdleTimeout implements server.IdleLimiter.
func (s *Session) IdleTimeout() time.Duration { return s.set.vars.idle }

// TransactionTimeout implements server.IdleLimiter.
func (s *Session) TransactionTimeout() time.Duration { return s.set.vars.idleInTxn }
