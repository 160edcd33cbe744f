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
	bind     pgproto3.Bind
	close    pgproto3.Close
	describe pgproto3.Describe
	execute  pgproto3.Execute
	parse    pgproto3.Parse
	query    pgproto3.Query
	copyFail pgproto3.CopyFail
}

// decode decodes a body, whose bytes the message may share. An error says that the body
// is malformed.
//
// pgproto3's decoders trust some of what they read and ignore what is left over: bodies on which
// they would panic, and those that hold more than the message, are refused here.
func decode(msg pgproto3.FrontendMessage, body []byte) error {
	if err := refuse(msg, body); err != nil {
		return err
	}
	if err := msg.Decode(body); err != nil {
		return protocolError("invalid message format").WithDetail("%v", err)
	}
	b := bodyReader{b: body}
	switch msg.(type) {
	case *pgproto3.Parse:
		b.string() // name
		b.string() // text
		b.skip(4 * b.count())
	case *pgproto3.Execute:
		b.string()
		b.skip(4)
	case *pgproto3.Describe, *pgproto3.Close:
		b.skip(1)
		b.string()
	default:
		return nil // Query and CopyFail are all of the body, and refuse has seen to Bind
	}
	if b.bad || len(b.b) > 0 {
		return protocolError("invalid message format")
	}
	return nil
}

// refuse refuses the bodies on which pgproto3 would panic.
func refuse(msg pgproto3.FrontendMessage, body []byte) error {
	switch msg.(type) {
	case *pgproto3.Query, *pgproto3.CopyFail:
		if len(body) == 0 {
			return protocolError("invalid string in message")
		}
	case *pgproto3.Bind:
		b := bodyReader{b: body}
		if b.bind(); b.bad || len(b.b) > 0 {
			return protocolError("invalid Bind message")
		}
	}
	return nil
}

// bodyReader walks over the parts of a body. Behind the first that is not all there, bad is set and
// nothing is left.
type bodyReader struct {
	b   []byte
	bad bool
}

// skip passes over n bytes.
func (r *bodyReader) skip(n int) {
	if n < 0 || n > len(r.b) {
		r.b, r.bad = nil, true
		return
	}
	r.b = r.b[n:]
}

// string passes over bytes that end with a zero.
func (r *bodyReader) string() {
	n := bytes.IndexByte(r.b, 0)
	if n < 0 {
		n = len(r.b) // one byte too many
	}
	r.skip(n + 1)
}

// count reads the number of things that follow.
func (r *bodyReader) count() int {
	b := r.b
	if r.skip(2); r.bad {
		return 0
	}
	return int(binary.BigEndian.Uint16(b))
}

// bind passes over a Bind.
func (r *bodyReader) bind() {
	r.string() // portal
	r.string() // statement
	r.skip(2 * r.count())
	for range r.count() {
		b := r.b
		if r.skip(4); r.bad {
			return
		}
		if size := int32(binary.BigEndian.Uint32(b)); size != -1 { // NULL
			r.skip(int(size))
		}
	}
	r.skip(2 * r.count())
}
