package copyfmt

import (
	"encoding/binary"
	"io"

	"github.com/cachalotdb/cachalot/internal/value"
)

// The binary format:
//
//	signature  11 bytes
//	flags       4 bytes; the upper 16 are critical, bit 16 was WITH OIDS
//	length      4 bytes of a header extension, which follows and is skipped
//	rows        2 bytes number of fields, then each: 4 bytes length, -1 for NULL, and the
//	            value's binary form
//	trailer     2 bytes, -1
const binarySignature = "PGCOPY\n\xff\r\n\x00"

const oidsFlag = 1 << 16

func (d *Decoder) binaryHeader() error {
	in := &d.lines.input
	take := func(n int) ([]byte, bool, error) {
		ok, err := in.need(n)
		if !ok {
			return nil, false, err
		}
		b := in.rest()[:n]
		in.pos += n
		return b, true, nil
	}
	b, ok, err := take(len(binarySignature))
	switch {
	case err != nil:
		return err
	case !ok || string(b) != binarySignature:
		return badFormat("COPY file signature not recognized")
	}
	if b, ok, err = take(4); err != nil {
		return err
	} else if !ok {
		return badFormat("invalid COPY file header (missing flags)")
	}
	switch flags := binary.BigEndian.Uint32(b); {
	case flags&oidsFlag != 0:
		return badFormat("invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return badFormat("unrecognized critical flags in COPY file header")
	}
	b, ok, err = take(4)
	if err != nil {
		return err
	}
	if !ok || int32(binary.BigEndian.Uint32(b)) < 0 {
		return badFormat("invalid COPY file header (missing length)")
	}
	for n := int(binary.BigEndian.Uint32(b)); n > 0; {
		ok, err := in.need(1)
		if err != nil {
			return err
		}
		if !ok {
			return badFormat("invalid COPY file header (wrong length)")
		}
		k := min(n, in.end-in.pos)
		in.pos += k
		n -= k
	}
	return nil
}

// binaryRow reads a tuple and appends its row.
func (d *Decoder) binaryRow(c *Chunk) error {
	in := &d.lines.input
	d.lines.number++
	ok, err := in.need(2)
	if err != nil {
		return d.inLine(err, nil)
	}
	if !ok {
		return io.EOF // the trailer is optional
	}
	count := int(int16(binary.BigEndian.Uint16(in.rest())))
	in.pos += 2
	if count == -1 {
		ok, err := in.need(1)
		if err != nil {
			return d.inLine(err, nil)
		}
		if ok {
			return d.inLine(badFormat("received copy data after EOF marker"), nil)
		}
		return io.EOF
	}
	if count != len(d.columns) {
		return d.inLine(badFormat("row field count is %d, expected %d", count, len(d.columns)), nil)
	}
	for i := range d.columns {
		col := &d.columns[i]
		x, err := d.binaryField(col)
		if err != nil {
			for i := range c.Vecs {
				truncate(&c.Vecs[i], c.N)
			}
			return withContext(err, lineContext(d.relation, d.lines.number)+", column "+col.Name)
		}
		c.Vecs[i].Append(x)
	}
	c.N++
	c.numbers = append(c.numbers, d.lines.number)
	return nil
}

// binaryField reads a length and a value.
func (d *Decoder) binaryField(col *decodeColumn) (value.Value, error) {
	null := value.Null(col.Type.Kind)
	in := &d.lines.input
	ok, err := in.need(4)
	if err != nil {
		return null, err
	}
	if !ok {
		return null, badFormat("unexpected EOF in COPY data")
	}
	size := int(int32(binary.BigEndian.Uint32(in.rest())))
	in.pos += 4
	if size == -1 {
		return null, nil
	}
	if size < 0 {
		return null, badFormat("invalid field size")
	}
	if ok, err = in.need(size); err != nil {
		return null, err
	}
	if !ok {
		return null, badFormat("unexpected EOF in COPY data")
	}
	b := in.rest()[:size:size]
	in.pos += size
	if col.plainText {
		if err := value.CheckUTF8(text(b)); err != nil {
			return null, err
		}
		return value.NewBytes(col.Type.Kind, text(b)), nil
	}
	return value.ParseBinary(col.Type, b)
}
