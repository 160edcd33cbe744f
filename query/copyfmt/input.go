package copyfmt

import (
	"io"
	"unsafe"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// blockBytes is the size of an input block: large enough that a read is worth its
// system call, small enough to stay in the processor's cache until it is parsed.
const blockBytes = 256 << 10

// maxRowBytes is the longest row, as in PostgreSQL.
const maxRowBytes = 1 << 30

// input reads a stream into blocks. A block's bytes are never written again once they
// were read: fields are strings that point into it, and stay valid as long as they are
// held. A full block is replaced by a new one.
type input struct {
	r        io.Reader
	buf      []byte
	pos, end int // buf[pos:end] is read and not consumed
	eof      bool
}

// more reads at least one more byte behind end, moving buf[pos:end] to a new block when the
// old one is full. It returns false at the end of the stream.
func (in *input) more() (bool, error) {
	if in.eof {
		return false, nil
	}
	if in.end == len(in.buf) {
		kept := in.end - in.pos
		if kept > maxRowBytes {
			return false, sqlerr.New(sqlerr.ProgramLimitExceeded, "row is longer than %d bytes", maxRowBytes)
		}
		block := make([]byte, max(blockBytes, 2*kept))
		copy(block, in.buf[in.pos:in.end])
		in.buf, in.pos, in.end = block, 0, kept
	}
	for tries := 0; ; tries++ {
		n, err := in.r.Read(in.buf[in.end:])
		in.end += n
		switch {
		case n > 0:
			return true, nil // an error comes again with the next read
		case err == io.EOF:
			in.eof = true
			return false, nil
		case err != nil:
			return false, err
		case tries > 100:
			return false, io.ErrNoProgress
		}
	}
}

// need reads until n bytes are there; false when the stream ends before.
func (in *input) need(n int) (bool, error) {
	for in.end-in.pos < n {
		if ok, err := in.more(); !ok {
			return false, err
		}
	}
	return true, nil
}

// at returns the byte at an offset from pos, reading on when needed; false at
// the end of the stream.
func (in *input) at(off int) (byte, bool, error) {
	if off < in.end-in.pos {
		return in.buf[in.pos+off], true, nil
	}
	ok, err := in.need(off + 1)
	if !ok {
		return 0, false, err
	}
	return in.buf[in.pos+off], true, nil
}

// rest returns what is read and not consumed.
func (in *input) rest() []byte { return in.buf[in.pos:in.end] }

// text returns bytes of a block as a string that shares them.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// scratch hands out memory for fields that differ from their input. Like
// blocks, what was handed out is never written again.
type scratch struct{ buf []byte }

// start returns an empty slice to append to, with room for n bytes and the 8 that appendBefore
// may write behind them.
func (s *scratch) start(n int) []byte {
	n += 8
	if cap(s.buf)-len(s.buf) < n {
		s.buf = make([]byte, 0, max(16<<10, n))
	}
	return s.buf[len(s.buf):]
}

// keep returns what was appended to a start's slice. Where that had no room for it, it has memory of its own.
func (s *scratch) keep(b []byte) string {
	if end := len(s.buf) + len(b); end <= cap(s.buf) && len(b) > 0 && &b[0] == &s.buf[:end][len(s.buf)] {
		s.buf = s.buf[:end]
	}
	return text(b)
}
