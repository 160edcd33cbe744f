package server

import (
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// A client on the same machine or in the same rack sends its next statement within microseconds of
// the answer to the last one. Putting the session's goroutine to sleep and having the network poller
// wake it takes longer than that. So a session that has the server nearly to itself asks for
// input a while before it sleeps: the kernel's SO_BUSY_POLL, done where Go's scheduler sees it and lets
// other goroutines run. Twice the statements a second of one client, measured over loopback. With as many
// clients as processors it would only take time from them, so it is not done; nor where it does not
// pay because the client thinks for longer.
const (
	// busyPollTime is how long a session asks. A wake-up through the poller costs about so much.
	busyPollTime = 50 * time.Microsecond
	// busyPollTurns waits of a session tell whether others are at work: in fewer they may all be waiting for
	// locks or for the log.
	busyPollTurns = 16
	// After busyPollMisses in a row a session asks only once in busyPollRetry waits.
	busyPollMisses = 4
	busyPollRetry  = 64
)

// turns counts the waits for input of all sessions: by how much it grows while one session waits a few times
// says how many others are at work.
var turns atomic.Uint64

// pollConn is a connection whose reads ask a while before they sleep. As with any connection one
// goroutine reads at a time.
type pollConn struct {
	stream
	raw    syscall.RawConn
	others uint64 // how many turns of others there may be for each of ours
	ours   int    // our turns since first
	first  uint64 // the turn before them
	alone  bool   // in the turns before those
	misses int    // in a row; above busyPollMisses it counts the waits since

	// p, n and err are for try, which is made once so that a read allocates nothing.
	p   []byte
	n   int
	err error
	try func(fd uintptr) bool
}

// stream is what TCP and Unix connections have in common.
type stream interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// newPollConn returns conn with reads that ask first, or conn itself when it has no file descriptor.
func newPollConn(conn net.Conn) net.Conn {
	s, ok := conn.(stream)
	if !ok {
		return conn
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return conn
	}
	c := &pollConn{stream: s, raw: raw, others: uint64(max(0, runtime.GOMAXPROCS(0)/2-1))}
	c.try = func(fd uintptr) bool {
		c.n, c.err = syscall.Read(int(fd), c.p)
		return true
	}
	return c
}

// Read is that of net.Conn.
func (c *pollConn) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
	case c.worthAsking():
		if n := c.ask(p); n > 0 {
			c.misses = 0
			return n, nil
		}
		c.misses++
	case !c.alone:
		// While others have their turns the input may come: two reads of five then need not find out that there
		// is none and sleep.
		runtime.Gosched()
	}
	return c.stream.Read(p) // it finds again what made ask give up: the end, an error, a deadline
}

// worthAsking takes a turn and says whether to ask in it.
func (c *pollConn) worthAsking() bool {
	turn := turns.Add(1)
	if c.ours++; c.ours == busyPollTurns {
		c.alone = turn-c.first <= busyPollTurns*(1+c.others)
		c.ours, c.first = 0, turn
	}
	switch {
	case !c.alone:
		return false
	case c.misses < busyPollMisses:
		return true
	case c.misses < busyPollMisses+busyPollRetry:
		c.misses++
		return false
	}
	c.misses = busyPollMisses - 1
	return true
}

// ask reads without sleeping until there is input or the time is over; 0 means that Read must find out.
func (c *pollConn) ask(p []byte) int {
	c.p = p
	defer func() { c.p = nil }()
	for start := time.Now(); ; {
		if err := c.raw.Read(c.try); err != nil { // closed, or its deadline has passed
			return 0
		}
		if c.n > 0 {
			return c.n
		}
		if c.err != syscall.EAGAIN && c.err != syscall.EINTR {
			return 0
		}
		if time.Since(start) > busyPollTime {
			return 0
		}
		runtime.Gosched()
	}
}
