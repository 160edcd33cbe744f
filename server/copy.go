package server

import (
	"errors"
	"io"
	"slices"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// sink is the Sink of one Run.
type sink struct {
	s       *session
	rows    *rowWriter
	copyIn  *copyReader
	copyOut bool
}

// Rows writes rows as DataRow messages.
func (k *sink) Rows(b *column.Batch, from, to int) error {
	w := &k.s.w
	invariant.Check(len(b.Vecs) == len(k.rows.fields), "batch of %d columns for a portal of %d", len(b.Vecs), len(k.rows.fields))
	for i := from; i < to; i++ {
		var err error
		if w.out, err = k.rows.appendRow(w.out, b, i); err != nil {
			return err
		}
		if err := w.flushFull(); err != nil {
			return err
		}
	}
	return nil
}

// CopyIn tells the client to send data.
func (k *sink) CopyIn(h CopyHeader) (io.Reader, error) {
	s := k.s
	s.w.send(&pgproto3.CopyInResponse{OverallFormat: h.overallFormat(), ColumnFormatCodes: h.formats()})
	if err := s.w.flush(); err != nil {
		return nil, err
	}
	k.copyIn = &copyReader{s: s}
	return k.copyIn, nil
}

// CopyOut tells the client that data comes.
func (k *sink) CopyOut(h CopyHeader) (io.Writer, error) {
	k.copyOut = true
	k.s.w.send(&pgproto3.CopyOutResponse{OverallFormat: h.overallFormat(), ColumnFormatCodes: h.formats()})
	return &copyWriter{w: &k.s.w}, nil
}

// finish ends the copying of a Run that succeeded.
func (k *sink) finish() error {
	if k.copyOut {
		k.s.w.sendFixed(copyDone)
	}
	if k.copyIn == nil {
		return nil
	}
	// What comes after an end-of-data marker is read and dropped, as in PostgreSQL.
	_, err := io.Copy(io.Discard, k.copyIn)
	return err
}

func (h CopyHeader) overallFormat() byte {
	if h.Binary {
		return 1
	}
	return 0
}

func (h CopyHeader) formats() []uint16 {
	codes := make([]uint16, h.Columns)
	for i := range codes {
		codes[i] = uint16(h.overallFormat())
	}
	return codes
}

// copyReader reads the payload of CopyData messages as one stream. The bytes of a long message
// go from the socket to the reader's buffer.
type copyReader struct {
	s   *session
	err error // how the stream ended
}

// Read returns what is there, and waits only when that is nothing.
func (r *copyReader) Read(p []byte) (n int, err error) {
	w := &r.s.w
	w.growInput(copyBufferBytes)
	for r.err == nil && n < len(p) {
		switch {
		case w.body > 0 && w.end == w.r && n > 0:
			return n, nil
		case w.body > 0:
			var m int
			m, r.err = w.readSome(p[n:])
			n += m
		case n > 0 && !w.headerBuffered():
			return n, nil
		default:
			r.err = r.nextData()
		}
	}
	if n > 0 {
		return n, nil
	}
	if len(p) == 0 && r.err == nil {
		return 0, nil
	}
	return 0, r.err
}

// nextData goes on to the next CopyData message; io.EOF at CopyDone.
func (r *copyReader) nextData() error {
	s := r.s
	for {
		typ, err := s.w.next()
		if err != nil {
			return asFatal(err)
		}
		switch typ {
		case msgCopyData:
			return nil
		case msgFlush, msgSync: // ignored within COPY, as in PostgreSQL
		case msgCopyDone:
			return io.EOF
		case msgCopyFail:
			body, err := s.w.readBody()
			if err != nil {
				return asFatal(err)
			}
			if err := decode(&s.fe.copyFail, body); err != nil {
				return asFatal(err)
			}
			return sqlerr.New(sqlerr.QueryCanceled, "COPY from stdin failed: %s", s.fe.copyFail.Message)
		default:
			s.lostSync = true
			return protocolError("unexpected message type 0x%02X during COPY from stdin", typ)
		}
	}
}

// asFatal makes a protocol error one that ends the session, though it goes
// through the engine as the error of a statement.
func asFatal(err error) error {
	var e *sqlerr.Error
	if errors.As(err, &e) && e.Code == sqlerr.ProtocolViolation {
		return fatalError{e}
	}
	return err
}

// copyWriter makes each Write one CopyData message.
type copyWriter struct {
	w    *wire
	last int // bytes of the last Write
}

// headerBytes is what goes before a message's body: type and length.
const headerBytes = 5

// AvailableBuffer returns an empty slice in the output buffer, behind the room
// for a header: what is appended to it and then passed to Write at once is
// not copied again.
func (c *copyWriter) AvailableBuffer() []byte {
	out := slices.Grow(c.w.out, headerBytes+max(512, 2*c.last))
	c.w.out = out
	return out[len(out)+headerBytes : len(out)+headerBytes]
}

// Write sends p as one message.
func (c *copyWriter) Write(p []byte) (int, error) {
	if len(p) > maxRowBytes-4 {
		return 0, sqlerr.New(sqlerr.ProgramLimitExceeded, "row is too long for a message: %d bytes", len(p))
	}
	c.last = len(p)
	w := c.w
	start := len(w.out)
	inPlace := len(p) > 0 && cap(w.out)-start >= headerBytes+len(p) && &p[0] == &w.out[:start+headerBytes+1][start+headerBytes]
	w.out = append(w.out, msgCopyData)
	w.out = appendUint32(w.out, uint32(4+len(p)))
	if inPlace {
		w.out = w.out[:len(w.out)+len(p)]
	} else {
		w.out = append(w.out, p...)
	}
	return len(p), w.flushFull()
}
