package server

import (
	"context"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// How other goroutines reach a session: each sets, under mu, what is to happen
// and then moves the connection's deadline to the past. The session's goroutine, if it is
// blocked, comes out of its read or write into stalled, takes the deadline back under
// mu and looks. So no interruption is lost.

// begin marks the session busy, unless it is, and sees to a ctx.
func (s *session) begin(parent context.Context) {
	if s.busy {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = true
	if s.cancel == nil || s.ctx.Err() != nil {
		if s.cancel != nil {
			s.cancel(nil)
		}
		s.ctx, s.cancel = context.WithCancelCause(parent)
	}
	if s.force { // it came between the message and here, and found nothing to cancel
		s.cancel(s.ending)
	}
}

// end marks the session idle.
func (s *session) end() {
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
}

// idleIfNoCycle marks the session idle when nothing is open: after a message
// that was ignored outside of any cycle.
func (s *session) idleIfNoCycle() {
	if !s.skipping && !s.openWork {
		s.end()
	}
}

// cancelStatement cancels what the session is doing; an idle session is left alone.
func (s *session) cancelStatement(cause *sqlerr.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		s.cancel(cause)
		s.kickLocked()
	}
}

// terminate ends the session with an error: at once when it is idle or force is
// set, else after the running cycle.
func (s *session) terminate(cause *sqlerr.Error, force bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil {
		s.ending = cause
	}
	s.attention.Store(true)
	s.force = s.force || force
	switch {
	case !s.busy:
		s.kickLocked()
	case s.force:
		s.cancel(cause)
		s.kickLocked()
	}
}

// kickLocked interrupts a blocked read or write. mu is held.
func (s *session) kickLocked() {
	s.w.conn.SetDeadline(longAgo) //nolint:errcheck // a closed connection needs no kick
}

// mustEnd returns why the session must end now, nil when it may go on.
func (s *session) mustEnd() *sqlerr.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mustEndLocked()
}

func (s *session) mustEndLocked() *sqlerr.Error {
	if s.ending != nil && (!s.busy || s.force) {
		return s.ending
	}
	return nil
}

// stalled is wire.stalled: a read or write met a deadline. nil means go on.
func (s *session) stalled(write bool) error {
	now := time.Now()
	s.mu.Lock()
	s.w.conn.SetDeadline(time.Time{}) //nolint:errcheck // the next read or write tells
	if passed(s.clientBy, now) && s.ending == nil {
		// An error alone might lose its force on its way through the engine.
		s.ending, s.force = errIdleInTx, true
		s.attention.Store(true)
	}
	end := s.mustEndLocked()
	tell := !s.busy && !write && len(s.notes) > 0
	s.mu.Unlock()
	if tell && end == nil {
		s.sendNotifications()
		if err := s.w.flush(); err != nil {
			return err
		}
	}
	switch {
	case end != nil:
		return fatalError{end}
	case s.running && s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	case s.startupTimedOut(now):
		return s.w.fail(errStartupTimeout)
	case write && passed(s.writeUntil, now):
		return s.w.fail(errStalled)
	case write:
		return nil
	case passed(s.waitUntil, now) && s.inTransaction():
		return fatalError{errIdleInTx}
	case passed(s.waitUntil, now):
		return fatalError{errIdle}
	case !s.waitUntil.IsZero():
		s.startIdleTimer(time.Until(s.waitUntil))
	}
	return nil
}

// startIdleTimer lets the wait for a message end after d.
func (s *session) startIdleTimer(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitUntil = time.Now().Add(d)
	if s.mustEndLocked() == nil { // else the deadline is in the past already
		s.w.conn.SetReadDeadline(s.waitUntil) //nolint:errcheck // the read tells
	}
}

func (s *session) stopIdleTimer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitUntil = time.Time{}
	if s.mustEndLocked() == nil {
		s.w.conn.SetReadDeadline(time.Time{}) //nolint:errcheck // the read tells
	}
}

// passed says whether a time that is set is over.
func passed(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// arm is wire.arm: a read or a write of a message begins, or (message false) the wait for one, which has
// timers of its own. Within a transaction a client holds locks, so it may not keep the session waiting for longer
// than it might be idle; PostgreSQL limits only the wait between messages, and leaves the rest to TCP.
func (s *session) arm(write, message bool) {
	s.clientBy, s.writeUntil = time.Time{}, time.Time{}
	if !message {
		return
	}
	var until time.Time
	if d := s.transactionLimit(); d > 0 {
		s.clientBy = time.Now().Add(d)
		until = s.clientBy
	}
	if d := s.srv.cfg.WriteTimeout; d > 0 && write {
		s.writeUntil = time.Now().Add(d)
		if until.IsZero() || s.writeUntil.Before(until) {
			until = s.writeUntil
		}
	}
	if until.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mustEndLocked() != nil || s.running && s.ctx.Err() != nil {
		return // the deadline is in the past already
	}
	if write {
		s.w.conn.SetWriteDeadline(until) //nolint:errcheck // the write tells
	} else {
		s.w.conn.SetReadDeadline(until) //nolint:errcheck // the read tells
	}
}

// transactionLimit returns how long the client may keep its open transaction waiting, 0 for any time.
func (s *session) transactionLimit() time.Duration {
	if s.limits == nil || !s.inTransaction() {
		return 0
	}
	return s.limits.TransactionTimeout()
}
