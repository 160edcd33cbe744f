package query

import (
	"slices"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// channels knows which sessions listen to which channel. Safe for concurrent use.
type channels struct {
	mu        sync.Mutex
	listeners map[string][]*Session
}

// listen adds a session to a channel.
func (c *channels) listen(name string, s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listeners == nil {
		c.listeners = map[string][]*Session{}
	}
	if !slices.Contains(c.listeners[name], s) {
		c.listeners[name] = append(c.listeners[name], s)
	}
}

// unlisten takes a session off a channel, or off all for "".
func (c *channels) unlisten(name string, s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, list := range c.listeners {
		if name != "" && n != name {
			continue
		}
		if list = slices.DeleteFunc(slices.Clone(list), func(o *Session) bool { return o == s }); len(list) == 0 {
			delete(c.listeners, n)
		} else {
			c.listeners[n] = list
		}
	}
}

// of returns the channels that a session listens to, in order.
func (c *channels) of(s *Session) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for n, list := range c.listeners {
		if slices.Contains(list, s) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// send tells all listeners of some notifications, all of one transaction together.
func (c *channels) send(list []server.Notification) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range list {
		for _, s := range c.listeners[n.Channel] {
			s.cfg.Notify(n)
		}
	}
}

// signals are what a transaction does to channels. It takes effect when the transaction commits.
type signals struct {
	actions []signal
	notes   []server.Notification
}

// signal is LISTEN or UNLISTEN.
type signal struct {
	channel string // "" is all
	listen  bool
}

// maxPayload is the length from which on a payload is refused, as in PostgreSQL.
const maxPayload = 8000

// notify queues a notification; the same one twice in a transaction is sent once.
func (s *Session) notify(channel, payload string) error {
	switch {
	case channel == "":
		return sqlerr.New(sqlerr.InvalidParameterValue, "channel name cannot be empty")
	case len(channel) > 63:
		return sqlerr.New(sqlerr.InvalidParameterValue, "channel name too long")
	case len(payload) >= maxPayload:
		return sqlerr.New(sqlerr.InvalidParameterValue, "payload string too long")
	}
	n := server.Notification{Channel: channel, Payload: payload, ProcessID: s.cfg.ProcessID}
	if !slices.Contains(s.signals.notes, n) {
		s.signals.notes = append(s.signals.notes, n)
	}
	return nil
}

// channelStmt runs LISTEN, UNLISTEN and NOTIFY.
func (s *Session) channelStmt(st ast.Stmt) (server.Result, error) {
	switch st := st.(type) {
	case *ast.ListenStmt:
		s.signals.actions = append(s.signals.actions, signal{st.Channel, true})
		return server.Result{Tag: "LISTEN"}, nil
	case *ast.UnlistenStmt:
		if name := st.Channel; name != "" || st.All {
			s.signals.actions = append(s.signals.actions, signal{name, false})
		}
		return server.Result{Tag: "UNLISTEN"}, nil
	}
	n := st.(*ast.NotifyStmt)
	return server.Result{Tag: "NOTIFY"}, s.notify(n.Channel, n.Payload)
}

// signal lets what the transaction did to channels take effect, now that it has committed.
func (s *Session) signal() {
	done := s.signals
	s.signals = signals{}
	for _, a := range done.actions {
		if a.listen {
			s.engine.channels.listen(a.channel, s)
		} else {
			s.engine.channels.unlisten(a.channel, s)
		}
	}
	if len(done.notes) > 0 {
		s.engine.channels.send(done.notes)
	}
}

var _ expr.Channels = (*Session)(nil)

// Notify implements expr.Channels.
func (s *Session) Notify(channel, payload string) error { return s.notify(channel, payload) }

// Listening implements expr.Channels.
func (s *Session) Listening() []string { return s.engine.channels.of(s) }
