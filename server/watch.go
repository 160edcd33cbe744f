package server

import (
	"time"
)

// watchPeers cancels statements whose clients have gone: while a session is
// busy it does not read, and would not notice. It goes on while a shutdown waits
// for them.
func (s *Server) watchPeers() {
	tick := time.NewTicker(s.cfg.PeerCheckInterval)
	defer tick.Stop()
	var suspects []*session
	for {
		select {
		case <-s.empty:
			return
		case <-tick.C:
		}
		suspects = suspects[:0]
		s.mu.Lock()
		for _, ses := range s.sessions {
			if ses.busyTwice() {
				suspects = append(suspects, ses)
			}
		}
		s.mu.Unlock()
		for _, ses := range suspects {
			if peerClosed(ses.w.conn) {
				ses.terminate(errClientGone, true)
			}
		}
	}
}

// busyTwice says whether the session is in the same busy cycle as when it was
// last asked: a short statement is not worth a system call.
func (s *session) busyTwice() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.busy {
		return false
	}
	same := s.watched == s.cycles
	s.watched = s.cycles
	return same
}
