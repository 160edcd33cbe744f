package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// The kinds of record, numbered for good. Those that only a cluster writes are
// reserved (CLUSTER.md 4.1).
const (
	recordPut       = 1 // a commit: an atomic batch over any partitions, of operations, schema changes and ends of feeds
	recordPrepare   = 2 // a transaction is prepared (prepared_record.go)
	recordDecide    = 3
	recordResolve   = 4 // and ended, with its operations if it commits
	recordVote      = 5
	recordCeiling   = 6
	recordGCUpTo    = 7
	recordSchema    = 8 // reserved: schema changes are parts of a commit
	recordFeedChunk = 9
	recordFeedEnd   = 10 // the end of a feed that failed
	recordEvict     = 11
	recordSequence  = 12 // values of a sequence are reserved, or it is set (sequence.go)
)

// recordVersion is the format of the records that this build writes.
const recordVersion = 1

// maxRecordBytes bounds a record; what outgrows it becomes a feed.
const maxRecordBytes = 4 << 20

// A record's header, the same for every kind:
//
//	offset  bytes
//	0       1      format version
//	1       8      commit timestamp, little-endian; stamped under the append lock
//	9       1..10  uvarint: catalog version the record was made at
//	..      1..    uvarint length and bytes: client id, room for deduplication
//	..      1..10  uvarint: the client's sequence number
const timestampOffset = 1

// opKind is one of the closed set of operations that Apply knows.
type opKind uint8

const (
	opPut    opKind = 1 // the row becomes the newest version of its key
	opDelete opKind = 2 // the key's newest version ends
	opAdd    opKind = 3 // constants are added to columns of the newest version
)

// op changes one key of one collection.
type op struct {
	kind       opKind
	table      uint32
	generation uint64
	key        []byte
	cond       cond
	row        []value.Value // opPut: every column by number; opAdd: the constants
	cols       []int16       // opAdd: the columns they are added to

	was oldRow // the version that the operation ends; not logged, unknown in replay

	// What Apply finds out before it changes anything.
	part   *Part
	probe  probe
	head   uint32 // the key's newest version of any fate, when linked
	linked bool
	base   current       // the newest committed version
	sum    []value.Value // opAdd: the new row
}

// part is the share of a record that one partition applies. In a cluster it
// is, byte for byte, what a Prepare carries.
type part struct {
	partition int
	ops       []op
}

// feedEnd ends a pending status.
type feedEnd struct {
	status uint64
	commit bool
}

// schemaChange is one change of the catalog: put a table's definition or another object, or drop an OID.
type schemaChange struct {
	put    *schema.Table
	object *schema.Object
	drop   uint32
}

// The kinds of schemaChange in a record.
const (
	changePutTable  = 1
	changeDrop      = 2
	changePutObject = 3
)

// commitRecord is the content of a recordPut.
type commitRecord struct {
	timestamp      uint64
	catalogVersion uint64
	owner          uint64 // of the feeds; 0 without one
	feeds          []feedEnd
	schema         []schemaChange
	parts          []part

	changes committed // of these, for serializable transactions; not logged
}

func appendHeader(dst []byte, catalogVersion uint64) []byte {
	dst = append(dst, recordVersion, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.AppendUvarint(dst, catalogVersion)
	dst = append(dst, 0) // client id
	return append(dst, 0)
}

func (r *commitRecord) append(dst []byte) ([]byte, error) {
	return r.appendBody(appendHeader(dst, r.catalogVersion))
}

// appendBody encodes what follows the header.
func (r *commitRecord) appendBody(dst []byte) ([]byte, error) {
	dst = binary.AppendUvarint(dst, r.owner)
	dst = binary.AppendUvarint(dst, uint64(len(r.feeds)))
	for _, f := range r.feeds {
		dst = binary.AppendUvarint(dst, f.status)
		dst = append(dst, boolByte(f.commit))
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.schema)))
	for _, c := range r.schema {
		var kind byte
		var def any
		switch {
		case c.put != nil:
			kind, def = changePutTable, c.put
		case c.object != nil:
			kind, def = changePutObject, c.object
		default:
			dst = append(dst, changeDrop)
			dst = binary.AppendUvarint(dst, uint64(c.drop))
			continue
		}
		text, err := json.Marshal(def)
		if err != nil {
			return nil, err
		}
		dst = append(dst, kind)
		dst = appendBytes(dst, text)
	}
	return appendParts(dst, r.parts), nil
}

func appendParts(dst []byte, parts []part) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(parts)))
	for i := range parts {
		p := &parts[i]
		dst = binary.AppendUvarint(dst, uint64(p.partition))
		dst = binary.AppendUvarint(dst, uint64(len(p.ops)))
		for j := range p.ops {
			dst = p.ops[j].append(dst)
		}
	}
	return dst
}

func (o *op) append(dst []byte) []byte {
	dst = append(dst, byte(o.kind))
	dst = binary.AppendUvarint(dst, uint64(o.table))
	dst = binary.AppendUvarint(dst, o.generation)
	dst = appendBytes(dst, o.key)
	dst = o.cond.append(dst)
	if o.kind == opDelete {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(o.row)))
	for i, v := range o.row {
		if o.kind == opAdd {
			dst = binary.AppendUvarint(dst, uint64(o.cols[i]))
		}
		dst = value.AppendStored(dst, v)
	}
	return dst
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

var errRecord = errors.New("log record is malformed")

// decoder reads a record's bytes. After an error every method returns zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() { d.b, d.err = nil, errRecord }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) uint64() uint64 {
	if len(d.b) < 8 {
		d.fail()
		return 0
	}
	n := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return n
}

func (d *decoder) uvarint() uint64 {
	n, w := binary.Uvarint(d.b)
	if w <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[w:]
	return n
}

// count reads the length of a list whose elements take at least size bytes
// each, so that a damaged one cannot ask for more memory than there are bytes.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

// bytes reads a byte string; it shares the record's memory.
func (d *decoder) bytes() []byte {
	n := d.count(1)
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) value() value.Value {
	if d.err != nil {
		return value.Value{}
	}
	v, rest, err := value.DecodeStored(d.b)
	if err != nil {
		d.b, d.err = nil, err
		return value.Value{}
	}
	d.b = rest
	return v
}

func (d *decoder) header() (timestamp, catalogVersion uint64) {
	if v := d.byte(); d.err == nil && v != recordVersion {
		d.b, d.err = nil, fmt.Errorf("log record has format version %d, this build knows %d", v, recordVersion)
	}
	timestamp = d.uint64()
	catalogVersion = d.uvarint()
	d.bytes()
	d.uvarint()
	return timestamp, catalogVersion
}

func decodeCommit(b []byte) (*commitRecord, error) {
	d := decoder{b: b}
	var r commitRecord
	r.timestamp, r.catalogVersion = d.header()
	if err := d.commitBody(&r); err != nil {
		return nil, err
	}
	if d.err == nil && len(d.b) != 0 {
		d.fail()
	}
	if d.err != nil {
		return nil, d.err
	}
	return &r, nil
}

// commitBody reads what follows the header of a commit record.
func (d *decoder) commitBody(r *commitRecord) error {
	r.owner = d.uvarint()
	r.feeds = make([]feedEnd, d.count(2))
	for i := range r.feeds {
		r.feeds[i] = feedEnd{d.uvarint(), d.byte() == 1}
	}
	r.schema = make([]schemaChange, d.count(2))
	for i := range r.schema {
		switch d.byte() {
		case changePutTable:
			t := new(schema.Table)
			if err := json.Unmarshal(d.bytes(), t); err != nil && d.err == nil {
				return fmt.Errorf("%w: table definition: %v", errRecord, err)
			}
			r.schema[i].put = t
		case changePutObject:
			o := new(schema.Object)
			if err := json.Unmarshal(d.bytes(), o); err != nil && d.err == nil {
				return fmt.Errorf("%w: object definition: %v", errRecord, err)
			}
			r.schema[i].object = o
		case changeDrop:
			r.schema[i].drop = uint32(d.uvarint())
		default:
			d.fail()
		}
	}
	r.parts = d.parts()
	return nil
}

func (d *decoder) parts() []part {
	parts := make([]part, d.count(2))
	for i := range parts {
		parts[i].partition = int(d.uvarint())
		parts[i].ops = make([]op, d.count(5))
		for j := range parts[i].ops {
			d.op(&parts[i].ops[j])
		}
	}
	return parts
}

func (d *decoder) op(o *op) {
	o.kind = opKind(d.byte())
	o.table = uint32(d.uvarint())
	o.generation = d.uvarint()
	o.key = d.bytes()
	o.cond = d.cond(0)
	switch o.kind {
	case opDelete:
		return
	case opPut, opAdd:
	default:
		d.fail()
		return
	}
	o.row = make([]value.Value, d.count(2))
	if o.kind == opAdd {
		o.cols = make([]int16, len(o.row))
	}
	for i := range o.row {
		if o.kind == opAdd {
			o.cols[i] = int16(d.uvarint())
		}
		o.row[i] = d.value()
	}
}

// append encodes a chunk:
//
//	header
//	uvarint  status; uvarint owner; uvarint table; uvarint generation
//	uvarint  length of the table's definition as JSON, 0 without one; the JSON
//	uvarint  number of partitions with rows; for each: uvarint partition, the batch (columnar.go)
//	parts with operations
func (c *feedChunk) append(dst []byte) ([]byte, error) {
	dst = appendHeader(dst, c.catalogVersion)
	dst = binary.AppendUvarint(dst, c.status)
	dst = binary.AppendUvarint(dst, c.owner)
	dst = binary.AppendUvarint(dst, uint64(c.table))
	dst = binary.AppendUvarint(dst, c.generation)
	var def []byte
	if c.def != nil {
		var err error
		if def, err = json.Marshal(c.def); err != nil {
			return nil, err
		}
	}
	dst = appendBytes(dst, def)
	dst = binary.AppendUvarint(dst, uint64(len(c.rows)))
	for i := range c.rows {
		dst = binary.AppendUvarint(dst, uint64(c.rows[i].partition))
		dst = appendBatch(dst, c.rows[i].batch)
	}
	return appendParts(dst, c.parts), nil
}

func decodeChunk(b []byte) (*feedChunk, error) {
	d := decoder{b: b}
	var c feedChunk
	_, c.catalogVersion = d.header()
	c.status, c.owner = d.uvarint(), d.uvarint()
	c.table, c.generation = uint32(d.uvarint()), d.uvarint()
	if def := d.bytes(); len(def) > 0 {
		c.def = new(schema.Table)
		if err := json.Unmarshal(def, c.def); err != nil {
			return nil, fmt.Errorf("%w: table definition: %v", errRecord, err)
		}
	}
	c.rows = make([]chunkRows, d.count(2))
	for i := range c.rows {
		c.rows[i].partition = int(d.uvarint())
		c.rows[i].batch = d.batch()
	}
	c.parts = d.parts()
	if d.err == nil && len(d.b) != 0 {
		d.fail()
	}
	if d.err != nil {
		return nil, d.err
	}
	return &c, nil
}

// appendFeedEnd encodes, after the header, the end of a feed that failed.
func appendFeedEnd(dst []byte, status uint64) []byte {
	return binary.AppendUvarint(dst, status)
}

func decodeFeedEnd(b []byte) (status uint64, err error) {
	d := decoder{b: b}
	d.header()
	status = d.uvarint()
	return status, d.err
}
