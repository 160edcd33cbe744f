package server

import "github.com/jackc/pgproto3/v2"

// maxNotes bounds the notifications that wait for a client that does nothing but keep a transaction open; those
// above it are lost, as they are to one that comes too late.
const maxNotes = 1 << 16

// notify is SessionConfig.Notify: an idle session is woken to send it.
func (s *session) notify(n Notification) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notes) < maxNotes {
		s.notes = append(s.notes, n)
	}
	s.attention.Store(true)
	if !s.busy {
		s.kickLocked()
	}
}

// sendNotifications appends those that have come, unless a transaction is open: its client hears of them when it has
// ended.
func (s *session) sendNotifications() {
	if !s.attention.Load() || s.eng == nil || s.eng.TxStatus() != TxIdle || s.openWork {
		return
	}
	s.mu.Lock()
	notes := s.notes
	s.notes = nil
	s.mu.Unlock()
	for _, n := range notes {
		s.w.send(&pgproto3.NotificationResponse{PID: n.ProcessID, Channel: n.Channel, Payload: n.Payload})
	}
}
