package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Server speaks the Postgres wire protocol to clients on behalf of an Engine.
// It is safe for concurrent use.
type Server struct {
	cfg Config

	// all waits for the goroutines of sessions and the peer watch.
	all   sync.WaitGroup
	peers peerWatch

	mu       sync.Mutex // guards below
	listener net.Listener
	socket   net.Listener // the Unix socket, if there is one
	draining bool
	conns    map[*session]struct{} // every connection
	sessions map[uint32]*session   // those that were let in, by process id
	lastID   uint32
	stop     chan struct{} // closed when the server stops accepting
	empty    chan struct{} // closed after that, when no connection is left
}

// New returns a server for a config, not yet listening.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Server{
		cfg:      cfg,
		conns:    make(map[*session]struct{}),
		sessions: make(map[uint32]*session),
		stop:     make(chan struct{}),
		empty:    make(chan struct{}),
	}, nil
}

// ErrServerClosed is returned by Listen and Serve after Shutdown.
var ErrServerClosed = errors.New("server: closed")

// Listen binds the config's address and socket. Serve does it when it was not called.
func (s *Server) Listen() error {
	lc := net.ListenConfig{KeepAlive: s.cfg.KeepAlive}
	l, err := lc.Listen(context.Background(), "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		l.Close()
		return ErrServerClosed
	case s.listener != nil:
		l.Close()
		return errors.New("server: already listening")
	}
	if s.cfg.SocketDir != "" {
		s.socket, err = listenSocket(s.cfg.SocketDir, l.Addr().(*net.TCPAddr).Port)
		if err != nil {
			l.Close()
			return err
		}
	}
	s.listener = l
	return nil
}

// Addr returns the address listened on, nil before Listen.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Serve accepts connections until ctx ends or Shutdown is called. When ctx
// ends it ends all sessions at once and returns ctx's error; after Shutdown it returns nil.
func (s *Server) Serve(ctx context.Context) error {
	s.mu.Lock()
	listening, draining := s.listener != nil, s.draining
	s.mu.Unlock()
	if draining {
		return ErrServerClosed
	}
	if !listening {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	stopWatching := context.AfterFunc(ctx, func() { s.drain(true) })
	defer stopWatching()
	s.watchPeers()
	err := s.acceptAll(context.WithoutCancel(ctx))
	if ctx.Err() != nil {
		s.all.Wait()
		return ctx.Err()
	}
	return err
}

// acceptAll accepts on the address and on the socket until they are closed.
func (s *Server) acceptAll(ctx context.Context) error {
	var socketErr error
	var both sync.WaitGroup
	if s.socket != nil {
		both.Go(func() { socketErr = s.accept(ctx, s.socket) })
	}
	err := s.accept(ctx, s.listener)
	both.Wait()
	return errors.Join(err, socketErr)
}

// accept runs the accept loop until the listener is closed.
func (s *Server) accept(ctx context.Context, l net.Listener) error {
	var pause time.Duration
	for {
		conn, err := l.Accept()
		if err == nil {
			pause = 0
			s.serveConn(ctx, conn)
			continue
		}
		if s.isDraining() {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("server: %w", err)
		}
		// Out of file descriptors, most likely: wait for some to come back.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.cfg.Logger.Warn("accept failed", "err", err, "dur", pause)
		select {
		case <-time.After(pause):
		case <-s.stop:
		}
	}
}

// handshakes is how many connections may be on their way to a session, over
// MaxConnections. Those beyond are closed without a word.
const handshakes = 256

// serveConn starts a connection's goroutine.
func (s *Server) serveConn(ctx context.Context, conn net.Conn) {
	ses := newSession(s, conn)
	if s.cfg.UserTimeout > 0 {
		ses.setTCP(TCPOptions{})
	}
	s.mu.Lock()
	if s.draining || len(s.conns) >= s.cfg.MaxConnections+handshakes {
		s.mu.Unlock()
		conn.Close()
		return
	}
	s.conns[ses] = struct{}{}
	s.all.Add(1) // under mu: not after drain has begun
	s.mu.Unlock()
	go func() {
		defer s.all.Done()
		defer s.leave(ses)
		ses.run(ctx)
	}()
}

// enter gives a session its place and its cancel key, or says why there is none.
func (s *Server) enter(ses *session) *sqlerr.Error {
	var key [4]byte
	rand.Read(key[:]) //nolint:errcheck // it never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return sqlerr.New(sqlerr.CannotConnectNow, "the database system is shutting down")
	}
	if len(s.sessions) >= s.cfg.MaxConnections {
		return sqlerr.New(sqlerr.TooManyConnections, "sorry, too many clients already")
	}
	for ses.id == 0 || s.sessions[ses.id] != nil {
		s.lastID = s.lastID%(1<<31-1) + 1 // drivers take it for a positive int32
		ses.id = s.lastID
	}
	ses.secret = binary.BigEndian.Uint32(key[:])
	s.sessions[ses.id] = ses
	return nil
}

// leave gives back what a connection holds.
func (s *Server) leave(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, ses)
	if s.draining && len(s.conns) == 0 {
		close(s.empty)
	}
	if s.sessions[ses.id] == ses {
		delete(s.sessions, ses.id)
	}
}

// cancelRequest cancels what a session is doing, if the key is right. It tells
// nobody whether it was.
func (s *Server) cancelRequest(id, secret uint32) {
	s.mu.Lock()
	ses := s.sessions[id]
	s.mu.Unlock()
	if ses != nil && subtle.ConstantTimeEq(int32(ses.secret), int32(secret)) == 1 {
		ses.cancelStatement(errUserCancel)
	}
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// drain stops accepting and ends the sessions: idle ones at once, busy ones
// after their cycle or, with force, at once too.
func (s *Server) drain(force bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.draining {
		s.draining = true
		close(s.stop)
		if s.listener != nil {
			s.listener.Close()
		}
		if s.socket != nil {
			s.socket.Close() // and its file with it
		}
		if len(s.conns) == 0 {
			close(s.empty)
		}
	}
	for ses := range s.conns {
		ses.terminate(errShutdown, force)
	}
}

// endGrace is how long sessions get to end after they were cancelled.
const endGrace = 10 * time.Second

// Shutdown stops the server: no new connections, idle sessions end with 57P01, busy
// ones end their statement first. When ctx ends the rest are cancelled. It returns nil
// when all sessions have ended by themselves, ctx's error when some were cancelled, and
// another one when they did not end even so.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain(false)
	done := make(chan struct{})
	go func() {
		s.all.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.drain(true)
	select {
	case <-done:
		return ctx.Err()
	case <-time.After(endGrace):
		return fmt.Errorf("server: sessions did not end within %v of being cancelled: %w", endGrace, ctx.Err())
	}
}
