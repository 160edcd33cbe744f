package store

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/wal"
)

// A batch in a log record or checkpoint: its columns one after the other,
// compressed together with S2 (klauspost/compress).
//
//	uvarint  length of the compressed bytes; the bytes, which hold:
//	uvarint  rows; uvarint columns; for each column:
//	1 byte   kind
//	1 byte   1 when there are NULLs; then a bitmap of them, least significant bit first
//	values, a zero value at the place of a NULL:
//	  RepInt      zigzag varints of the difference to the value before
//	  RepFloat    8 bytes each
//	  RepNumeric  zigzag varints of the words, then for each wide one uvarint length and bytes
//	  RepBytes    uvarint lengths, then the bytes
//
// maxBatchBytes bounds what a damaged length can make the reader allocate.
const maxBatchBytes = 256 << 20

func appendBatch(dst []byte, b *column.Batch) []byte {
	buf := rawBuffers.Get().(*[]byte)
	defer rawBuffers.Put(buf)
	raw := (*buf)[:0]
	raw = binary.AppendUvarint(raw, uint64(b.N))
	raw = binary.AppendUvarint(raw, uint64(len(b.Vecs)))
	for i := range b.Vecs {
		raw = appendVec(raw, &b.Vecs[i], b.N)
	}
	if cap(raw) <= maxKeptBuffer {
		*buf = raw
	}
	// Encoded in place behind the room for the longest length, which then closes up.
	const lengthBytes = binary.MaxVarintLen32
	dst = slices.Grow(dst, lengthBytes+s2.MaxEncodedLen(len(raw)))
	packed := s2.Encode(dst[len(dst)+lengthBytes:cap(dst)], raw)
	dst = binary.AppendUvarint(dst, uint64(len(packed)))
	return append(dst, packed...)
}

// rawBuffers are what batches are put together in before they are compressed.
var rawBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxKeptBuffer is the largest buffer that is kept for the next batch.
const maxKeptBuffer = 8 << 20

// maxRowBytes bounds a row, by vecBytes: it must fit in a record of the log with
// what else is there.
const maxRowBytes = wal.MaxRecordBytes - 64<<10

// errRowTooBig is the 54000 error for a row of n bytes.
func errRowTooBig(n int) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "row is too big: size %d, maximum size %d", n, maxRowBytes)
}

// pieces yields consecutive ranges [from, to) of a batch's rows, each of about
// maxRecordBytes at most, or of one row.
func pieces(b *column.Batch) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		if b.N > 0 && batchBytes(b) <= maxRecordBytes {
			yield(0, b.N)
			return
		}
		from, size := 0, 0
		for i := range b.N {
			n := rowBytes(b, i)
			if i > from && size+n > maxRecordBytes {
				if !yield(from, i) {
					return
				}
				from, size = i, 0
			}
			size += n
		}
		if from < b.N {
			yield(from, b.N)
		}
	}
}

// batchBytes returns about what a batch takes in a record.
func batchBytes(b *column.Batch) int {
	n := 0
	for c := range b.Vecs {
		v := &b.Vecs[c]
		n += 9 * b.N
		switch {
		case v.Const:
			n += b.N * vecBytes(v, 0)
		case v.Codes != nil:
			for i := range v.Codes {
				n += vecBytes(v, i)
			}
		default:
			for _, s := range v.S {
				n += len(s)
			}
		}
	}
	return n
}

// rowBytes returns about what row i of a batch takes in a record.
func rowBytes(b *column.Batch, i int) int {
	n := 0
	for c := range b.Vecs {
		n += vecBytes(&b.Vecs[c], i)
	}
	return n
}

func vecBytes(v *column.Vec, i int) int {
	if v.Const {
		i = 0
	}
	switch {
	case v.Codes != nil:
		return 9 + len(v.Dict.String(v.Codes[i]))
	case v.S != nil:
		return 9 + len(v.S[i])
	}
	return 9
}

// pickRows sets dst to rows of a batch.
func pickRows(dst, b *column.Batch, rows []uint32) {
	dst.N = len(rows)
	dst.Vecs = make([]column.Vec, len(b.Vecs))
	for c := range b.Vecs {
		dst.Vecs[c].Pick(&b.Vecs[c], rows)
	}
}

// span returns the numbers from, ..., to-1.
func span(from, to int) []uint32 {
	rows := make([]uint32, to-from)
	for i := range rows {
		rows[i] = uint32(from + i)
	}
	return rows
}

func appendVec(dst []byte, v *column.Vec, n int) []byte {
	if v.Const {
		v.Expand(n)
	}
	dst = append(dst, byte(v.Kind))
	if v.Nulls == nil {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		at := len(dst)
		dst = append(dst, make([]byte, (n+7)/8)...)
		for i, null := range v.Nulls[:n] {
			if null {
				dst[at+i/8] |= 1 << (i % 8)
			}
		}
	}
	switch v.Kind.Rep() {
	case value.RepInt:
		prev := int64(0)
		for _, x := range v.I[:n] {
			dst = binary.AppendVarint(dst, x-prev)
			prev = x
		}
	case value.RepFloat:
		for _, x := range v.F[:n] {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
		}
	case value.RepNumeric:
		for i, x := range v.I[:n] {
			if !value.IsWide(x) {
				dst = binary.AppendVarint(dst, x)
				continue
			}
			dst = binary.AppendVarint(dst, value.WideNumeric)
			dst = binary.AppendUvarint(dst, uint64(len(v.S[i])))
			dst = append(dst, v.S[i]...)
		}
	case value.RepBytes:
		s := v.Strings()[:n]
		for _, x := range s {
			dst = binary.AppendUvarint(dst, uint64(len(x)))
		}
		for _, x := range s {
			dst = append(dst, x...)
		}
	}
	return dst
}

// batch reads a batch. Its strings share one buffer of their own.
func (d *decoder) batch() *column.Batch {
	packed := d.bytes()
	if d.err != nil {
		return nil
	}
	n, err := s2.DecodedLen(packed)
	if err != nil || n > maxBatchBytes {
		d.fail()
		return nil
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		d.fail()
		return nil
	}
	in := decoder{b: raw}
	rows := in.uvarint()
	if rows > uint64(len(raw)) {
		in.fail()
	}
	b := &column.Batch{N: int(rows), Vecs: make([]column.Vec, in.count(2))}
	for i := range b.Vecs {
		if in.err == nil {
			in.vec(&b.Vecs[i], b.N)
		}
	}
	if in.err != nil || len(in.b) != 0 {
		d.fail()
		return nil
	}
	return b
}

func (d *decoder) vec(v *column.Vec, n int) {
	v.Kind = value.Kind(d.byte())
	if !v.Kind.Valid() {
		d.fail()
		return
	}
	if d.byte() != 0 {
		if len(d.b) < (n+7)/8 {
			d.fail()
			return
		}
		v.Nulls = make([]bool, n)
		for i := range v.Nulls {
			v.Nulls[i] = d.b[i/8]>>(i%8)&1 == 1
		}
		d.b = d.b[(n+7)/8:]
	}
	if len(d.b) < n { // each value takes at least a byte
		d.fail()
		return
	}
	switch v.Kind.Rep() {
	case value.RepInt:
		v.I = make([]int64, n)
		prev := int64(0)
		for i := range v.I {
			prev += d.varint()
			v.I[i] = prev
		}
	case value.RepFloat:
		v.F = make([]float64, n)
		for i := range v.F {
			v.F[i] = math.Float64frombits(d.uint64())
		}
	case value.RepNumeric:
		v.I = make([]int64, n)
		for i := range v.I {
			if v.I[i] = d.varint(); value.IsWide(v.I[i]) {
				if v.S == nil {
					v.S = make([]string, n)
				}
				v.S[i] = string(d.bytes())
			}
		}
	case value.RepBytes:
		d.strings(v, n)
	}
}

func (d *decoder) strings(v *column.Vec, n int) {
	lens := make([]int, n)
	total := 0
	for i := range lens {
		lens[i] = int(min(d.uvarint(), maxBatchBytes))
		total += lens[i]
	}
	if d.err != nil || total > len(d.b) {
		d.fail()
		return
	}
	all := string(d.b[:total])
	d.b = d.b[total:]
	v.S = make([]string, n)
	for i, l := range lens {
		v.S[i], all = all[:l], all[l:]
	}
}

func (d *decoder) varint() int64 {
	n, w := binary.Varint(d.b)
	if w <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[w:]
	return n
}

// fits says whether a batch has the columns of a table, of their kinds.
func fits(cols []schema.Column, b *column.Batch) bool {
	if len(b.Vecs) < len(cols) {
		return false
	}
	for i := range cols {
		if b.Vecs[i].Kind != cols[i].Type.Kind {
			return false
		}
	}
	return true
}
