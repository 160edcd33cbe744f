package copyfmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"

	"github.com/cachalotdb/cachalot/internal/value"
)

// split cuts a line into fields, un-escaped.
func (d *Decoder) split(line []byte) error {
	d.fields = d.fields[:0]
	if len(d.columns) == 0 {
		if len(line) > 0 {
			return badFormat("extra data after last expected column")
		}
		return nil
	}
	if d.o.Format == CSV {
		return d.splitCSV(line)
	}
	return d.splitText(line)
}

// splitText cuts a line of the text format.
func (d *Decoder) splitText(line []byte) error {
	delim := d.o.Delimiter
	backslash := indexFrom(line, 0, '\\')
	for start := 0; ; {
		end := indexFrom(line, start, delim)
		if backslash >= end {
			s := text(line[start:end])
			d.fields = append(d.fields, field{s: s, null: s == d.o.Null})
		} else {
			var err error
			if end, err = d.escapedField(line, start); err != nil {
				return err
			}
			backslash = indexFrom(line, end, '\\')
		}
		if end >= len(line) {
			return nil
		}
		start = end + 1
	}
}

// indexFrom returns the place of the first c at or behind start, len(b) when
// there is none.
func indexFrom(b []byte, start int, c byte) int {
	if i := bytes.IndexByte(b[start:], c); i >= 0 {
		return start + i
	}
	return len(b)
}

// bytesBefore returns how many bytes of a little-endian word stand before the first that is a or b, 8 when none is.
func bytesBefore(x uint64, a, b byte) int {
	xa, xb := x^uint64(a)*ones, x^uint64(b)*ones
	// The lowest bit that is set is right; those above it may come from a borrow.
	return bits.TrailingZeros64(((xa-ones)&^xa|(xb-ones)&^xb)&highs) / 8
}

// appendBefore appends what stands at line[i:] before the first byte that is a or b, and returns its place,
// len(line) when there is none. It may write 8 bytes behind what it appends.
func appendBefore(out, line []byte, i int, a, b byte) ([]byte, int) {
	for ; i+8 <= len(line); i += 8 {
		x := binary.LittleEndian.Uint64(line[i:])
		out = binary.LittleEndian.AppendUint64(out, x)
		if n := bytesBefore(x, a, b); n < 8 {
			return out[:len(out)-8+n], i + n
		}
	}
	for ; i < len(line) && line[i] != a && line[i] != b; i++ {
		out = append(out, line[i])
	}
	return out, i
}

// escapedField adds the field at start, which has backslashes, and returns where it ends.
func (d *Decoder) escapedField(line []byte, start int) (end int, err error) {
	if d.o.Null == `\N` && len(line)-start >= 2 && line[start] == '\\' && line[start+1] == 'N' &&
		(len(line)-start == 2 || line[start+2] == d.o.Delimiter) {
		d.fields = append(d.fields, field{null: true})
		return start + 2, nil
	}
	out := d.scratch.start(len(line) - start)
	var checked bool // a byte was made that need not be ASCII
	for i := start; ; {
		out, i = appendBefore(out, line, i, d.o.Delimiter, '\\')
		if i == len(line) || line[i] == d.o.Delimiter {
			return i, d.addUnescaped(line[start:i], out, checked)
		}
		if i+1 == len(line) {
			// A backslash at the very end stands for nothing, and is not even part of the raw field.
			return len(line), d.addUnescaped(line[start:i], out, checked)
		}
		c, next, made := unescape(line, i+1)
		out, i = append(out, c), next
		checked = checked || made
	}
}

// addUnescaped adds a field given as it was and as it is, unless what it was stands for NULL.
func (d *Decoder) addUnescaped(raw, out []byte, check bool) error {
	if string(raw) == d.o.Null {
		d.fields = append(d.fields, field{null: true})
		return nil
	}
	s := d.scratch.keep(out)
	d.fields = append(d.fields, field{s: s})
	if check {
		return value.CheckUTF8(s)
	}
	return nil
}

// unescape returns the byte that the escape sequence whose backslash lies before i stands for,
// where it ends, and whether it is one that may break the encoding.
func unescape(line []byte, i int) (c byte, next int, check bool) {
	c = line[i]
	i++
	switch c {
	case 'b':
		return '\b', i, false
	case 'f':
		return '\f', i, false
	case 'n':
		return '\n', i, false
	case 'r':
		return '\r', i, false
	case 't':
		return '\t', i, false
	case 'v':
		return '\v', i, false
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := int(c - '0')
		for k := 0; k < 2 && i < len(line) && line[i] >= '0' && line[i] <= '7'; k++ {
			n = n<<3 | int(line[i]-'0')
			i++
		}
		c = byte(n)
		return c, i, c == 0 || c >= 0x80
	case 'x':
		n, digits := 0, 0
		for digits < 2 && i < len(line) {
			h := strings.IndexByte("0123456789abcdef", line[i]|0x20)
			if line[i] < '0' || h < 0 {
				break
			}
			n = n<<4 | h
			i++
			digits++
		}
		if digits == 0 {
			return 'x', i, false
		}
		c = byte(n)
		return c, i, c == 0 || c >= 0x80
	}
	return c, i, false
}

// splitCSV cuts a line of the CSV format.
func (d *Decoder) splitCSV(line []byte) error {
	quote := indexFrom(line, 0, d.o.Quote)
	for start := 0; ; {
		end := indexFrom(line, start, d.o.Delimiter)
		if quote >= end {
			s := text(line[start:end])
			d.fields = append(d.fields, field{s: s, null: s == d.o.Null})
		} else {
			var err error
			if end, err = d.quotedField(line, start, quote); err != nil {
				return err
			}
			quote = indexFrom(line, end, d.o.Quote)
		}
		if end >= len(line) {
			return nil
		}
		start = end + 1
	}
}

// quotedField adds the field at start, whose first quote is at quote, and returns where it ends.
func (d *Decoder) quotedField(line []byte, start, quote int) (end int, err error) {
	if quote == start {
		// Most often the whole field is quoted and has no escape within.
		closing := indexFrom(line, start+1, d.o.Quote)
		after := closing + 1
		if closing < len(line) && (after == len(line) || line[after] == d.o.Delimiter) &&
			(d.o.Escape == d.o.Quote || bytes.IndexByte(line[start+1:closing], d.o.Escape) < 0) {
			d.fields = append(d.fields, field{s: text(line[start+1 : closing])})
			return after, nil
		}
	}
	out := d.scratch.start(len(line) - start)
	for i := start; ; i++ {
		out, i = appendBefore(out, line, i, d.o.Delimiter, d.o.Quote)
		if i == len(line) || line[i] == d.o.Delimiter {
			d.fields = append(d.fields, field{s: d.scratch.keep(out)})
			return i, nil
		}
		if out, i = d.appendQuoted(out, line, i+1); i == len(line) {
			return 0, badFormat("unterminated CSV quoted field")
		}
	}
}

// appendQuoted appends what stands at line[i:], within quotes, and returns the place of the closing one, len(line) when
// it is missing.
func (d *Decoder) appendQuoted(out, line []byte, i int) ([]byte, int) {
	quote, escape := d.o.Quote, d.o.Escape
	for {
		out, i = appendBefore(out, line, i, quote, escape)
		switch {
		case i == len(line):
			return out, i
		case line[i] == escape && i+1 < len(line) && (line[i+1] == escape || line[i+1] == quote):
			out = append(out, line[i+1])
			i += 2
		case line[i] == quote:
			return out, i
		default:
			out = append(out, escape) // which escapes nothing
			i++
		}
	}
}
