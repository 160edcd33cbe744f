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
// pgproto3's decoders trust some of what they read: the bodies that would make them
// slice out of range are refused here first.
func decode(msg pgproto3.FrontendMessage, body []byte) error {
	switch msg.(type) {
	case *pgproto3.Query, *pgproto3.CopyFail:
		if len(body) == 0 {
			return protocolError("invalid string in message")
		}
	case *pgproto3.Bind:
		if !bindWellFormed(body) {
			return protocolError("invalid Bind message")
		}
	}
	if err := msg.Decode(body); err != nil {
		return protocolError("invalid message format").WithDetail("%v", err)
	}
	return nil
}

// bindWellFormed says whether a Bind's names, counts and lengths fill its
// body exactly.
func bindWellFormed(b []byte) bool {
	for range 2 { // portal, statement
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return false
		}
		b = b[i+1:]
	}
	count := func() int {
		if len(b) < 2 {
			return -1
		}
		n := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		return n
	}
	codes := func() bool {
		n := count()
		if n < 0 || len(b) < 2*n {
			return false
		}
		b = b[2*n:]
		return true
	}
	if !codes() {
		return false
	}
	n := count()
	for range n {
		if len(b) < 4 {
			return false
		}
		size := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if size == -1 {
			continue
		}
		if size < 0 || len(b) < int(size) {
			return false
		}
		b = b[size:]
	}
	return n >= 0 && codes() && len(b) == 0
}
