package server

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

const (
	readBufferBytes = 8 << 10  // of a session; COPY takes copyBufferBytes
	copyBufferBytes = 64 << 10 // fewer reads for a feed
	flushBytes      = 32 << 10 // output is written when it has grown to this
	keepBytes       = 1 << 20  // larger scratch memory is given back after its message

	startupPacketBytes = 10_000 // PostgreSQL's MAX_STARTUP_PACKET_LENGTH
)

// wire is the byte side of one connection: it takes frames off the input and
// collects output messages. It belongs to the session's goroutine.
//
// Another goroutine interrupts a blocked read or write by setting the
// connection's deadline to the past; stalled then decides what to do. The
// framing survives that: a read or a write goes on where it was cut short.
type wire struct {
	conn    net.Conn
	stalled func(write bool) error // nil result: try again
	// arm is called before each write and read, to limit its time; message is false for the read
	// that waits for a message to begin.
	arm func(write, message bool)
	// waits is kept at what a running portal waits for.
	waits   *atomic.Uint32
	running bool
	// limit is the longest body of a message that carries a client's data.
	limit int

	in     []byte // in[r:end] is read and not consumed
	r, end int
	body   int    // bytes of the current message not consumed yet
	large  []byte // the body of a message that is longer than in

	out  []byte
	sent int // out[:sent] was written before a write was cut short

	// err is the failure that made the connection useless.
	err error
}

// connError says that the connection failed: nothing can be told to the client.
type connError struct{ cause error }

func (e *connError) Error() string { return "connection lost: " + e.cause.Error() }
func (e *connError) Unwrap() error { return e.cause }

// fill reads until n bytes are buffered; n is at most len(in).
func (w *wire) fill(n int) error {
	if w.end-w.r >= n {
		return nil
	}
	if w.r == w.end {
		w.r, w.end = 0, 0
	} else if len(w.in)-w.r < n {
		w.end = copy(w.in, w.in[w.r:w.end])
		w.r = 0
	}
	for w.end-w.r < n {
		m, err := w.read(w.in[w.end:])
		w.end += m
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads once, and again as long as stalled wants it to. It returns
// n > 0 or an error.
func (w *wire) read(p []byte) (int, error) {
	if w.running {
		w.waits.Store(uint32(WaitsRead))
		defer w.waits.Store(uint32(NoWait))
	}
	for {
		w.arm(false, w.running || w.body > 0)
		n, err := w.conn.Read(p)
		switch {
		case n > 0:
			return n, nil // an error comes again with the next read
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := w.stalled(false); err != nil {
				return 0, err
			}
		default:
			return 0, w.fail(err)
		}
	}
}

func (w *wire) fail(err error) error {
	if w.err == nil {
		w.err = &connError{err}
	}
	return w.err
}

// growInput makes the input buffer at least n bytes long.
func (w *wire) growInput(n int) {
	if len(w.in) >= n {
		return
	}
	in := make([]byte, n)
	w.end = copy(in, w.in[w.r:w.end])
	w.r = 0
	w.in = in
}

// next takes the header of the next message, dropping what is left of the
// one before, and returns its type. It checks type and length.
func (w *wire) next() (byte, error) {
	if err := w.skipBody(); err != nil {
		return 0, err
	}
	if cap(w.large) > keepBytes {
		w.large = nil
	}
	if err := w.fill(5); err != nil {
		return 0, err
	}
	typ := w.in[w.r]
	n := binary.BigEndian.Uint32(w.in[w.r+1:])
	limit := messageLimit(typ, w.limit)
	if limit < 0 {
		return 0, protocolError("invalid frontend message type %d", typ)
	}
	if n < 4 || int64(n)-4 > int64(limit) {
		return 0, protocolError("invalid message length")
	}
	w.r += 5
	w.body = int(n) - 4
	return typ, nil
}

// readBody returns the rest of the current message. It is valid until next.
// Memory grows with the bytes that have come, not with what the header says.
func (w *wire) readBody() ([]byte, error) {
	n := w.body
	if n <= len(w.in) {
		if err := w.fill(n); err != nil {
			return nil, err
		}
		b := w.in[w.r : w.r+n]
		w.r += n
		w.body = 0
		return b, nil
	}
	buf := append(w.large[:0], w.in[w.r:w.end]...)
	w.r, w.end = 0, 0
	for len(buf) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(n, max(4*len(w.in), 2*cap(buf))))
			copy(grown, buf)
			buf = grown
		}
		m, err := w.read(buf[len(buf):min(cap(buf), n)])
		buf = buf[:len(buf)+m]
		if err != nil {
			return nil, err
		}
	}
	w.large = buf
	w.body = 0
	return buf, nil
}

// skipBody drops the rest of the current message.
func (w *wire) skipBody() error {
	for w.body > 0 {
		if err := w.fill(1); err != nil {
			return err
		}
		n := min(w.body, w.end-w.r)
		w.r += n
		w.body -= n
	}
	return nil
}

// readSome copies bytes of the current message to p: what is buffered, else
// what one read gives. The message is not at its end.
func (w *wire) readSome(p []byte) (int, error) {
	if w.r == w.end && min(w.body, len(p)) >= len(w.in) {
		// Straight to the reader's memory: as much as the buffer would take.
		n, err := w.read(p[:min(w.body, len(p))])
		w.body -= n
		return n, err
	}
	if err := w.fill(1); err != nil {
		return 0, err
	}
	n := copy(p, w.in[w.r:w.r+min(w.body, w.end-w.r)])
	w.r += n
	w.body -= n
	return n, nil
}

// headerBuffered says whether the next message's header can be had without waiting.
func (w *wire) headerBuffered() bool { return w.body == 0 && w.end-w.r >= 5 }

// startupPacket reads the packet that begins a connection, which has no type.
func (w *wire) startupPacket() ([]byte, error) {
	if err := w.fill(4); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(w.in[w.r:])
	if n < 8 || n > startupPacketBytes {
		return nil, protocolError("invalid length of startup packet")
	}
	w.r += 4
	w.growInput(startupPacketBytes)
	if err := w.fill(int(n) - 4); err != nil {
		return nil, err
	}
	b := w.in[w.r : w.r+int(n)-4]
	w.r += len(b)
	return b, nil
}

// flushFull writes the output when there is enough of it.
func (w *wire) flushFull() error {
	if len(w.out) < flushBytes {
		return nil
	}
	return w.flush()
}

// flush writes all output. When it is cut short, the rest stays to be written first.
func (w *wire) flush() error {
	if w.err != nil {
		return w.err
	}
	if w.running && w.sent < len(w.out) {
		w.waits.Store(uint32(WaitsWrite))
		defer w.waits.Store(uint32(NoWait))
	}
	for w.sent < len(w.out) {
		w.arm(true, true)
		n, err := w.conn.Write(w.out[w.sent:])
		w.sent += n
		switch {
		case err == nil && n == 0:
			return w.fail(io.ErrShortWrite)
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if n > 0 { // a slow client is not one that has stopped
				w.arm(true, true)
			}
			if err := w.stalled(true); err != nil {
				return err
			}
		default:
			return w.fail(err)
		}
	}
	w.sent = 0
	if cap(w.out) > keepBytes {
		w.out = nil
	} else {
		w.out = w.out[:0]
	}
	return nil
}

// protocolError is 08P01 for a message that breaks the protocol's framing or
// form. It ends the connection.
func protocolError(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.ProtocolViolation, format, args...)
}
