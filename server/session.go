package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// longAgo as a deadline interrupts what is blocked.
var longAgo = time.Unix(1, 0)

// session is one connection after its first packet: it reads messages, has the
// engine answer them, and writes the answers. One goroutine owns it; the methods of
// interrupt.go are for the others.
//
// From the first message of a cycle until its ReadyForQuery is sent the
// session is busy. Only then can a cancel request hit it, and only then does a
// shutdown wait for it.
type session struct {
	srv  *Server
	w    wire
	tcp  *net.TCPConn // nil for a Unix socket
	fe   frontend
	rows rowWriter
	sink sink // of the portal that runs
	eng  Session
	// limits and observed are eng, if it implements them.
	limits   IdleLimiter
	observed Observed

	id     uint32 // process id of BackendKeyData
	secret uint32

	stmts   Statements
	portals portals

	// ctx is that of the busy cycle; it is used again by the next one unless
	// it was cancelled.
	ctx context.Context
	// running is set while a portal runs: a cancelled ctx may then cut input
	// and output short.
	running bool
	// skipping is set after an error in the extended protocol, until Sync.
	skipping bool
	// lostSync is set when COPY met a message that it cannot skip.
	lostSync bool
	// openWork is set when the engine was given work since the last EndImplicit.
	openWork bool
	// params are the parameters that the client knows of, by name; changed those that it
	// is to hear of at the next ReadyForQuery.
	params  map[string]string
	changed []string

	// text and textOffset are what positions of errors and notices refer to.
	text       string
	textOffset int

	writeUntil time.Time // when a write becomes a WriteTimeout, zero for never
	waitUntil  time.Time // when the wait for a message becomes an idle timeout
	clientBy   time.Time // when the wait for a client within a transaction has lasted too long

	waits atomic.Uint32 // a ClientWait
	// attention is set with notes and with ending: while it is not, the session need not look for them under mu.
	attention atomic.Bool

	mu     sync.Mutex // guards below, and the connection's deadlines
	busy   bool       // set by the session's goroutine only, which need not lock to read it
	cancel context.CancelCauseFunc
	notes  []Notification // that the client is to hear of
	ending *sqlerr.Error  // why the session must end; nil while it may go on
	force  bool           // it must end even when busy
}

// fatalError ends the session after it was sent as FATAL.
type fatalError struct{ why *sqlerr.Error }

func (e fatalError) Error() string { return e.why.Error() }
func (e fatalError) Unwrap() error { return e.why }

// errTerminate is returned by serve when the client said good-bye.
var errTerminate = errors.New("client terminated")

func newSession(srv *Server, conn net.Conn) *session {
	s := &session{srv: srv}
	s.tcp, _ = conn.(*net.TCPConn)
	s.w = wire{
		conn:    newPollConn(conn),
		stalled: s.stalled,
		arm:     s.arm,
		waits:   &s.waits,
		limit:   srv.cfg.MaxMessageBytes,
		in:      make([]byte, readBufferBytes),
	}
	return s
}

// run serves the connection to its end.
func (s *session) run(ctx context.Context) {
	log := s.srv.cfg.Logger
	defer s.w.conn.Close()
	defer func() {
		if p := recover(); p != nil {
			log.Error("session panicked", "session", s.id, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
			s.closeEngine()
			s.sendFatal(errInternal, true)
		}
	}()
	err := s.startup(ctx)
	if err == nil {
		log.Debug("session started", "session", s.id, "remote", s.w.conn.RemoteAddr())
		err = s.serve(ctx)
	}
	s.closeEngine()
	var fatal fatalError
	var broken *sqlerr.Error
	switch {
	case errors.As(err, &fatal):
		s.sendFatal(fatal.why, false)
	case errors.As(err, &broken): // of the framing: wire returns it bare
		s.sendFatal(broken, true)
	}
	log.Debug("session ended", "session", s.id, "err", err)
}

// closeEngine ends the engine's session. It is safe to call twice, and after a panic.
func (s *session) closeEngine() {
	eng := s.eng
	if eng == nil {
		return
	}
	s.eng = nil
	defer func() {
		if p := recover(); p != nil {
			s.srv.cfg.Logger.Error("session panicked while closing", "session", s.id,
				"err", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	s.portals.closeAll()
	eng.Close()
}

const (
	farewellTimeout = time.Second     // for the last message to a client
	lingerTimeout   = time.Second / 2 // for a client to stop sending
	lingerBytes     = 1 << 20
)

// sendFatal sends a last error. With linger it waits a little for what the client
// is still sending: closing a socket with unread input would make the
// system drop the error before the client reads it.
func (s *session) sendFatal(e *sqlerr.Error, linger bool) {
	conn := s.w.conn
	s.w.out = appendError(s.w.out, "FATAL", e, 0)
	s.w.arm = func(bool, bool) {}
	s.w.stalled = func(bool) error { return s.w.fail(errStalled) }
	conn.SetDeadline(time.Now().Add(farewellTimeout))
	if s.w.flush() != nil || !linger {
		return
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		io.CopyN(io.Discard, conn, lingerBytes) //nolint:errcheck // the client is gone or is not
	}
}

// serve handles messages until the connection or the session ends.
func (s *session) serve(ctx context.Context) error {
	s.sendReady()
	if err := s.w.flush(); err != nil {
		return err
	}
	for {
		typ, err := s.nextMessage()
		if err != nil {
			return err
		}
		s.begin(ctx)
		if err := s.handle(typ); err != nil {
			return err
		}
		if invariant.Enabled {
			// An engine that kept a reference to a message's bytes shall notice.
			clear(s.w.in[:s.w.r])
			clear(s.w.large)
		}
	}
}

// nextMessage waits for a message, as long as the session may wait.
func (s *session) nextMessage() (byte, error) {
	if s.attention.Load() {
		if err := s.attend(); err != nil {
			return 0, err
		}
	}
	if s.limits != nil && !s.w.headerBuffered() {
		if d := s.idleLimit(); d > 0 {
			s.startIdleTimer(d)
			defer s.stopIdleTimer()
		}
	}
	return s.w.next()
}

// attend sees to what others want of the session.
func (s *session) attend() error {
	s.mu.Lock()
	end, tell := s.mustEndLocked(), !s.busy && len(s.notes) > 0
	s.attention.Store(s.ending != nil || len(s.notes) > 0)
	s.mu.Unlock()
	if end != nil {
		return fatalError{end}
	}
	if tell { // they came after the last ReadyForQuery was made, when the session was still busy
		s.sendNotifications()
		return s.w.flush()
	}
	return nil
}

// idleLimit returns how long the session may wait for a message.
func (s *session) idleLimit() time.Duration {
	if s.inTransaction() {
		return s.limits.TransactionTimeout()
	}
	return s.limits.IdleTimeout()
}

// inTransaction says whether a transaction is open, be it an implicit one that waits for its Sync.
func (s *session) inTransaction() bool { return s.openWork || s.eng.TxStatus() != TxIdle }

// working tells the engine's session what it works at.
func (s *session) working(text string) {
	if s.observed != nil {
		s.observed.Working(text)
	}
}

// handle answers one message. An error ends the session; errors of statements
// are sent to the client and are none here.
func (s *session) handle(typ byte) error {
	switch typ {
	case msgTerminate:
		return errTerminate
	case msgCopyData, msgCopyDone, msgCopyFail:
		// What a client still sends after its COPY failed. The next wire.next drops it.
		s.idleIfNoCycle()
		return nil
	case msgPassword:
		return protocolError("invalid frontend message type %d", typ)
	}
	if s.skipping && typ != msgSync {
		return nil
	}
	body, err := s.w.readBody()
	if err != nil {
		return err
	}
	switch typ {
	case msgQuery:
		m := &s.fe.query
		if err := decode(m, body); err != nil {
			return err
		}
		return s.simpleQuery(m.String)
	case msgParse:
		m := &s.fe.parse
		if err := decode(m, body); err != nil {
			return err
		}
		return s.extended(s.parse(m))
	case msgBind:
		m := &s.fe.bind
		if err := m.decode(body); err != nil {
			return err
		}
		return s.extended(s.bind(m))
	case msgDescribe:
		m := &s.fe.describe
		if err := m.decode(body); err != nil {
			return err
		}
		return s.extended(s.describe(m))
	case msgExecute:
		m := &s.fe.execute
		if err := m.decode(body); err != nil {
			return err
		}
		return s.extended(s.execute(m))
	case msgClose:
		m := &s.fe.close
		if err := m.decode(body); err != nil {
			return err
		}
		return s.extended(s.closeObject(m))
	case msgFlush:
		return s.w.flush()
	case msgSync:
		return s.sync()
	case msgFunctionCall:
		s.text = ""
		err := s.failed(sqlerr.NotSupported("function call messages are not supported"))
		if err != nil {
			return err
		}
		return s.ready()
	}
	invariant.Violated("message type %q has a length limit but no handler", typ)
	return nil
}

// failed reports the error of a statement and tells the engine. What it returns
// ends the session.
func (s *session) failed(err error) error {
	if s.w.err != nil {
		return s.w.err
	}
	var conn *connError
	if errors.As(err, &conn) {
		return err
	}
	var fatal fatalError
	if errors.As(err, &fatal) {
		return fatal
	}
	e := clientError(s.ctx, err)
	if e == errInternal {
		s.srv.cfg.Logger.Error("statement failed without a SQLSTATE", "session", s.id, "err", err)
	} else {
		s.srv.cfg.Logger.Debug("statement failed", "session", s.id, "err", err)
	}
	if end := s.mustEnd(); end != nil {
		return fatalError{end}
	}
	s.w.out = appendError(s.w.out, "ERROR", e, position(s.text, s.textOffset, e))
	if s.lostSync {
		return fatalError{protocolError("terminating connection because protocol synchronization was lost")}
	}
	s.openWork = false
	if err := s.eng.EndImplicit(context.WithoutCancel(s.ctx), true); err != nil {
		s.srv.cfg.Logger.Error("rollback failed", "session", s.id, "err", err)
		return fatalError{clientError(s.ctx, err)}
	}
	s.afterTransaction()
	return nil
}

// endImplicit ends the implicit transaction of the cycle with success.
func (s *session) endImplicit() error {
	if !s.openWork {
		return nil
	}
	s.openWork = false
	err := s.eng.EndImplicit(s.ctx, false)
	if err == nil {
		s.afterTransaction()
	}
	return err
}

// afterTransaction closes the portals when no transaction is open any more.
func (s *session) afterTransaction() {
	if s.eng.TxStatus() == TxIdle {
		s.portals.closeAll()
	}
}

// parameterStatus notes a setting that is reported to the client.
func (s *session) parameterStatus(name, value string) {
	if s.params == nil {
		s.params = make(map[string]string)
	}
	if old, known := s.params[name]; known && old == value {
		return
	}
	s.params[name] = value
	if !slices.Contains(s.changed, name) {
		s.changed = append(s.changed, name)
	}
}

func (s *session) sendChangedParameters() {
	for _, name := range s.changed {
		s.w.send(&pgproto3.ParameterStatus{Name: name, Value: s.params[name]})
	}
	s.changed = s.changed[:0]
}

// sendReady appends ReadyForQuery, and before it the settings that have changed and the notifications that have come.
func (s *session) sendReady() {
	s.sendChangedParameters()
	s.sendNotifications()
	s.w.out = append(s.w.out, 'Z', 0, 0, 0, 5, byte(s.eng.TxStatus()))
}

// ready ends the cycle: it sends ReadyForQuery and all output.
func (s *session) ready() error {
	if s.observed != nil {
		s.observed.Answered()
	}
	s.sendReady()
	if err := s.w.flush(); err != nil {
		return err
	}
	s.end()
	return nil
}
