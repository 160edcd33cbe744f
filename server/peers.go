package server

import (
	"time"
)

// A session that is busy does not read, and would not notice that its client has gone: it may wait for
// a lock, sleep or compute for hours, and hold locks all the while. So the kernel is asked to tell
// (peers_linux.go), for all sessions together: one system call a connection, none a statement.

// vanishGrace is how long a statement may still run whose client has closed its connection or the sending half
// of it. Some clients send their last statement and hang up without waiting for the answer.
const vanishGrace = 10 * time.Millisecond

// peerGone is called when the client of a session has closed its connection.
func (s *Server) peerGone(id uint32) {
	s.mu.Lock()
	ses := s.sessions[id]
	s.mu.Unlock()
	if ses != nil {
		// Also when it is idle: it may be about to read a statement that the client left behind.
		time.AfterFunc(vanishGrace, func() { ses.terminate(errClientGone, true) })
	}
}

// watchPeers begins to watch clients, until the server is shut down and the last has gone.
func (s *Server) watchPeers() {
	if err := s.peers.open(); err != nil {
		s.cfg.Logger.Warn("clients that vanish will be noticed late", "err", err)
		return
	}
	s.all.Go(func() { s.peers.run(s.peerGone) })
	s.all.Go(func() {
		<-s.empty
		s.peers.close()
	})
}
