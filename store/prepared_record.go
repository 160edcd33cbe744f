package store

import (
	"encoding/binary"
	"fmt"
)

// prepareRecord is the content of a recordPrepare: everything that COMMIT PREPARED needs, and everything that
// must be kept from others until then. It has no effect on any row. A checkpoint carries the same bytes.
type prepareRecord struct {
	timestamp      uint64 // of the record; the rows get that of the commit
	catalogVersion uint64
	number         uint64 // of the transaction
	owner          uint64 // of its feeds; 0 without one
	gid            string
	user           string
	database       string
	prepared       int64 // when, in microseconds since 2000-01-01 UTC
	flags          uint64
	feeds          []uint64 // statuses of its pending feeds
	locks          []preparedLock
	parts          []part
}

// preparedInternal marks a participant of a transaction over several nodes (CLUSTER.md 5.3): its anchor decides, no user.
const preparedInternal = 1

// preparedFlags are the flags that this build knows.
const preparedFlags = preparedInternal

// append encodes the record:
//
//	header
//	uvarint  number of the transaction; uvarint owner
//	bytes    gid; bytes user; bytes database (each a uvarint length and so many bytes)
//	8        time of PREPARE, little-endian
//	uvarint  flags
//	uvarint  number of feeds; for each: uvarint status
//	uvarint  number of locks; for each: 1 byte mode, bytes name
//	parts
func (r *prepareRecord) append(dst []byte) []byte {
	dst = appendHeader(dst, r.catalogVersion)
	dst = binary.AppendUvarint(dst, r.number)
	dst = binary.AppendUvarint(dst, r.owner)
	dst = appendBytes(dst, []byte(r.gid))
	dst = appendBytes(dst, []byte(r.user))
	dst = appendBytes(dst, []byte(r.database))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.prepared))
	dst = binary.AppendUvarint(dst, r.flags)
	dst = binary.AppendUvarint(dst, uint64(len(r.feeds)))
	for _, id := range r.feeds {
		dst = binary.AppendUvarint(dst, id)
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.locks)))
	for _, l := range r.locks {
		dst = append(dst, byte(l.mode))
		dst = appendBytes(dst, []byte(l.name))
	}
	return appendParts(dst, r.parts)
}

// decodePrepare decodes a recordPrepare, and shares the memory of b.
func decodePrepare(b []byte) (*prepareRecord, error) {
	d := decoder{b: b}
	var r prepareRecord
	r.timestamp, r.catalogVersion = d.header()
	r.number, r.owner = d.uvarint(), d.uvarint()
	r.gid, r.user, r.database = string(d.bytes()), string(d.bytes()), string(d.bytes())
	r.prepared = int64(d.uint64())
	r.flags = d.uvarint()
	if d.err == nil && r.flags&^preparedFlags != 0 {
		return nil, fmt.Errorf("log record of prepared transaction %q has flags %#x, of which this build knows %#x", r.gid, r.flags, preparedFlags)
	}
	r.feeds = make([]uint64, d.count(1))
	for i := range r.feeds {
		r.feeds[i] = d.uvarint()
	}
	r.locks = make([]preparedLock, d.count(2))
	for i := range r.locks {
		r.locks[i] = preparedLock{LockMode(d.byte()), string(d.bytes())}
		if !r.locks[i].valid() {
			d.fail()
		}
	}
	r.parts = d.parts()
	if d.err == nil && (len(d.b) != 0 || r.number == 0) {
		d.fail()
	}
	if d.err != nil {
		return nil, d.err
	}
	return &r, nil
}

// outcome is how a prepared transaction ends.
type outcome uint8

const (
	outcomeCommit   outcome = 1
	outcomeRollback outcome = 2
)

// resolveRecord is the content of a recordResolve: the end of a prepared transaction. One that commits it is a
// commit record besides, with the operations that the prepare record had.
type resolveRecord struct {
	number  uint64
	gid     string
	outcome outcome
	commit  commitRecord // of outcomeCommit
}

// append encodes the record:
//
//	header
//	uvarint  number of the transaction; bytes gid
//	1        1 commit, 2 rollback
//	of a commit, what follows the header of a commit record
func (r *resolveRecord) append(dst []byte) ([]byte, error) {
	dst = appendHeader(dst, r.commit.catalogVersion)
	dst = binary.AppendUvarint(dst, r.number)
	dst = appendBytes(dst, []byte(r.gid))
	dst = append(dst, byte(r.outcome))
	if r.outcome == outcomeRollback {
		return dst, nil
	}
	return r.commit.appendBody(dst)
}

func decodeResolve(b []byte) (*resolveRecord, error) {
	d := decoder{b: b}
	var r resolveRecord
	r.commit.timestamp, r.commit.catalogVersion = d.header()
	r.number, r.gid, r.outcome = d.uvarint(), string(d.bytes()), outcome(d.byte())
	switch r.outcome {
	case outcomeCommit:
		if err := d.commitBody(&r.commit); err != nil {
			return nil, err
		}
	case outcomeRollback:
	default:
		d.fail()
	}
	if d.err == nil && (len(d.b) != 0 || r.number == 0) {
		d.fail()
	}
	if d.err != nil {
		return nil, d.err
	}
	return &r, nil
}
