package history

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
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

// drawCut returns how a connection is made, which breaks sooner or later or not at all. pgx makes
// others, to cancel what was under way, in goroutines of its own: those do not break.
func drawCut(random *rand.Rand) pgconn.DialFunc {
	var dialer net.Dialer
	if random.IntN(3) > 0 {
		return dialer.DialContext
	}
	left, how := 1+random.IntN(life), cut(random.IntN(int(cuts)))
	var made atomic.Bool
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err == nil && !made.Swap(true) {
			conn = &cutConn{Conn: conn, left: left, how: how}
		}
		return conn, err
	}
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
