package history

import (
	"errors"
	"math/rand/v2"
	"net"
)

// cutConn is a client's connection that breaks at a certain write.
type cutConn struct {
	net.Conn
	left int // writes before the last one
	how  cut
}

// cut is how a connection breaks.
type cut int

const (
	before cut = iota // nothing of the last message is sent
	within            // half of it
	after             // all of it, and the answer is not read
	cuts
)

// life is about how many messages a connection that is to be cut lives.
const life = 60

// maybeCut makes some connections break.
func maybeCut(conn net.Conn, random *rand.Rand) net.Conn {
	if random.IntN(3) > 0 {
		return conn
	}
	return &cutConn{Conn: conn, left: 1 + random.IntN(life), how: cut(random.IntN(int(cuts)))}
}

var errCut = errors.New("the connection is cut")

// Write breaks the connection in its time.
func (c *cutConn) Write(b []byte) (int, error) {
	if c.left--; c.left > 0 {
		return c.Conn.Write(b)
	}
	switch c.how {
	case within:
		c.Conn.Write(b[:len(b)/2]) //nolint:errcheck // it breaks anyway
	case after:
		c.Conn.Write(b) //nolint:errcheck // as above
	}
	c.Conn.Close()
	return 0, errCut
}
