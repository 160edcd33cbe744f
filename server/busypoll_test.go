package server

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pollPair returns a connection that polls and its other end.
func pollPair(t testing.TB) (*pollConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	c, ok := newPollConn(near).(*pollConn)
	if !ok {
		t.Fatal("a TCP connection does not poll")
	}
	return c, far
}

// alwaysAsks makes the next read ask, whatever other sessions of the process do.
func (c *pollConn) alwaysAsks() {
	c.misses, c.others, c.alone = 0, 1<<50, true
}

func TestPolledReads(t *testing.T) {
	c, far := pollPair(t)
	buf := make([]byte, 16)
	for i := range 300 { // more than it takes to give up asking, and to try again
		if i%3 != 0 {
			c.alwaysAsks()
		}
		if i%2 == 0 {
			far.Write([]byte{byte(i)}) //nolint:errcheck // Read tells
		} else {
			go func() { far.Write([]byte{byte(i)}) }() //nolint:errcheck // as above
		}
		if n, err := c.Read(buf); n != 1 || err != nil || buf[0] != byte(i) {
			t.Fatalf("read %d: %d bytes, %v, %d", i, n, err, buf[0])
		}
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("an empty read gave %d, %v", n, err)
	}
	far.Write([]byte("last")) //nolint:errcheck // Read tells
	far.Close()
	c.alwaysAsks()
	if n, err := c.Read(buf); n != 4 || err != nil {
		t.Errorf("before the end: %d, %v", n, err)
	}
	c.alwaysAsks()
	if n, err := c.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

// TestPolledReadsAreInterrupted as cancel requests, timeouts and the end of a session do it.
func TestPolledReadsAreInterrupted(t *testing.T) {
	c, far := pollPair(t)
	buf := make([]byte, 16)
	interrupted := func(want error) {
		t.Helper()
		c.alwaysAsks()
		if n, err := c.Read(buf); n != 0 || !errors.Is(err, want) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	c.SetReadDeadline(longAgo)
	interrupted(os.ErrDeadlineExceeded)
	c.SetReadDeadline(time.Now().Add(busyPollTime / 2)) // while it asks
	interrupted(os.ErrDeadlineExceeded)
	c.SetReadDeadline(time.Now().Add(20 * busyPollTime)) // while it sleeps
	interrupted(os.ErrDeadlineExceeded)
	c.SetReadDeadline(time.Time{})
	time.AfterFunc(busyPollTime/2, func() { c.SetReadDeadline(longAgo) })
	interrupted(os.ErrDeadlineExceeded)
	c.SetReadDeadline(time.Time{})
	far.Write([]byte("x")) //nolint:errcheck // Read tells
	if n, err := c.Read(buf); n != 1 || err != nil {
		t.Errorf("after the interruptions: %d bytes, %v", n, err)
	}
	time.AfterFunc(busyPollTime/2, func() { c.Close() })
	interrupted(net.ErrClosed)
}

func TestAPolledReadAllocatesNothing(t *testing.T) {
	c, far := pollPair(t)
	buf, one := make([]byte, 16), []byte{1}
	if n := testing.AllocsPerRun(200, func() {
		c.alwaysAsks()
		far.Write(one) //nolint:errcheck // Read tells
		if n, err := c.Read(buf); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestPollingGivesUp when clients think for long, and while others work.
func TestPollingGivesUp(t *testing.T) {
	asks := func(c *pollConn, waits int, missed bool) (n int) {
		for range waits {
			if c.worthAsking() {
				n++
				if missed {
					c.misses++
				}
			}
		}
		return n
	}
	// Other tests of the process take no turns here: they do not run in parallel.
	alone := &pollConn{first: turns.Load()}
	if n := asks(alone, 100, false); n != 100-busyPollTurns+1 {
		t.Errorf("a lone session with quick clients asked %d times in 100", n)
	}
	if n := asks(alone, 10*(busyPollRetry+busyPollMisses), true); n < 10 || n > 10+busyPollMisses {
		t.Errorf("with slow clients it asked %d times", n)
	}
	crowded := &pollConn{}
	for i := range 10 * busyPollTurns {
		if i%busyPollTurns == 0 {
			turns.Add(1) // of one who waits long between its turns
		}
		if crowded.worthAsking() {
			t.Error("asks though others are at work")
		}
	}
}
