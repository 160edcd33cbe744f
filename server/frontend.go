package server

import (
	"bytes"
	"encoding/binary"

	"github.com/jackc/pgproto3/v2"
)

// Types of the messages that clients send.
const (
	msgBind         = 'B'
	msgClose        = 'C'
	msgDescribe     = 'D'
	msgExecute      = 'E'
	msgFunctionCall = 'F'
	msgFlush        = 'H'
	msgParse        = 'P'
	msgQuery        = 'Q'
	msgSync         = 'S'
	msgTerminate    = 'X'
	msgCopyData     = 'd'
	msgCopyDone     = 'c'
	msgCopyFail     = 'f'
	msgPassword     = 'p'
)

// messageLimit returns the longest body that a message type may have, given the limit
// for those that carry data; -1 for an unknown type. The split is PostgreSQL's.
func messageLimit(typ byte, data int) int {
	switch typ {
	case msgBind, msgParse, msgQuery, msgFunctionCall, msgCopyData:
		return data
	case msgClose, msgDescribe, msgExecute, msgFlush, msgSync, msgTerminate,
		msgCopyDone, msgCopyFail, msgPassword:
		return min(data, minMessageLimit)
	}
	return -1
}

// frontend decodes messages. Each kind has one message that is used again, so
// a decoded message is valid until the next of its kind.
type frontend struct {
	bind     bindMessage
	describe objectMessage
	close    objectMessage
	execute  executeMessage
	parse    pgproto3.Parse
	query    pgproto3.Query
	copyFail pgproto3.CopyFail
}

// Of the messages that come with every statement the decoded parts are bytes of the body: they are gone with the next
// message.
type (
	bindMessage struct {
		portal, statement []byte
		formats           []int16  // of the parameters
		params            [][]byte // nil for NULL
		resultFormats     []int16
	}
	// objectMessage is a Describe or a Close: kind is 'S' for a statement, 'P' for a portal.
	objectMessage struct {
		kind byte
		name []byte
	}
	executeMessage struct {
		portal  []byte
		maxRows uint32 // 0 for all
	}
)

// decode decodes the body of a message that pgproto3 decodes. An error says that the body is malformed.
//
// pgproto3's decoders trust some of what they read and ignore what is left over: bodies on which
// they would panic, and those that hold more than the message, are refused here.
func decode(msg pgproto3.FrontendMessage, body []byte) error {
	_, parse := msg.(*pgproto3.Parse)
	if !parse && len(body) == 0 {
		return protocolError("invalid string in message")
	}
	if err := msg.Decode(body); err != nil {
		return protocolError("invalid message format").WithDetail("%v", err)
	}
	if !parse { // the others are all of the body
		return nil
	}
	b := bodyReader{b: body}
	b.string() // name
	b.string() // text
	b.take(4 * b.uint16())
	if !b.atEnd() {
		return errMessageFormat
	}
	return nil
}

var (
	errMessageFormat = protocolError("invalid message format")
	errBindFormat    = protocolError("invalid Bind message")
)

// keptParams is how many parameters a Bind may have for its memory to be kept for the next.
const keptParams = 1024

func (m *bindMessage) decode(body []byte) error {
	if cap(m.params) > keptParams {
		m.params = nil
	}
	b := bodyReader{b: body}
	m.portal = b.string()
	m.statement = b.string()
	m.formats = b.formats(m.formats[:0])
	m.params = m.params[:0]
	for n := b.uint16(); n > 0 && !b.bad; n-- {
		size := int32(b.uint32())
		if size == -1 {
			m.params = append(m.params, nil)
			continue
		}
		m.params = append(m.params, b.take(int(size)))
	}
	m.resultFormats = b.formats(m.resultFormats[:0])
	if !b.atEnd() {
		return errBindFormat
	}
	return nil
}

func (m *objectMessage) decode(body []byte) error {
	b := bodyReader{b: body}
	m.kind = b.byte()
	m.name = b.string()
	if !b.atEnd() {
		return errMessageFormat
	}
	return nil
}

func (m *executeMessage) decode(body []byte) error {
	b := bodyReader{b: body}
	m.portal = b.string()
	m.maxRows = b.uint32()
	if !b.atEnd() {
		return errMessageFormat
	}
	return nil
}

// bodyReader takes a body apart. Behind the first part that is not all there, bad is set and
// nothing is left; the parts are then empty or zero.
type bodyReader struct {
	b   []byte
	bad bool
}

// atEnd says whether all parts were there, and nothing else.
func (r *bodyReader) atEnd() bool { return !r.bad && len(r.b) == 0 }

// take takes n bytes; they are not nil unless bad is set.
func (r *bodyReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

// string takes bytes that end with a zero, without that.
func (r *bodyReader) string() []byte {
	n := bytes.IndexByte(r.b, 0)
	if n < 0 {
		n = len(r.b) // one byte too many
	}
	p := r.take(n + 1)
	if r.bad {
		return nil
	}
	return p[:n]
}

func (r *bodyReader) byte() byte {
	if p := r.take(1); !r.bad {
		return p[0]
	}
	return 0
}

func (r *bodyReader) uint16() int {
	if p := r.take(2); !r.bad {
		return int(binary.BigEndian.Uint16(p))
	}
	return 0
}

func (r *bodyReader) uint32() uint32 {
	if p := r.take(4); !r.bad {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

// formats appends a list of format codes.
func (r *bodyReader) formats(dst []int16) []int16 {
	for n := r.uint16(); n > 0 && !r.bad; n-- {
		dst = append(dst, int16(r.uint16()))
	}
	return dst
}
