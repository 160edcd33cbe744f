package copyfmt

import (
	"bytes"
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

// escapedField adds the field at start, which has backslashes, and returns where it ends.
func (d *Decoder) escapedField(line []byte, start int) (end int, err error) {
	if d.o.Null == `\N` && len(line)-start >= 2 && line[start] == '\\' && line[start+1] == 'N' &&
		(len(line)-start == 2 || line[start+2] == d.o.Delimiter) {
		d.fields = append(d.fields, field{null: true})
		return start + 2, nil
	}
	out := d.scratch.start(len(line) - start)
	var checked bool // a byte was made that need not be ASCII
	i := start
	for i < len(line) && line[i] != d.o.Delimiter {
		c := line[i]
		i++
		if c == '\\' {
			if i == len(line) {
				// A backslash at the very end stands for nothing, and is not even part of the raw field.
				end = i - 1
				return len(line), d.addUnescaped(line[start:end], out, checked)
			}
			var made bool
			c, i, made = unescape(line, i)
			checked = checked || made
		}
		out = append(out, c)
	}
	return i, d.addUnescaped(line[start:i], out, checked)
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
	inQuote := false
	i := start
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case !inQuote && c == d.o.Delimiter:
			d.fields = append(d.fields, field{s: d.scratch.keep(out)})
			return i, nil
		case !inQuote && c == d.o.Quote:
			inQuote = true
		case inQuote && c == d.o.Escape && i+1 < len(line) && (line[i+1] == d.o.Escape || line[i+1] == d.o.Quote):
			i++
			out = append(out, line[i])
		case inQuote && c == d.o.Quote:
			inQuote = false
		default:
			out = append(out, c)
		}
	}
	if inQuote {
		return 0, badFormat("unterminated CSV quoted field")
	}
	d.fields = append(d.fields, field{s: d.scratch.keep(out)})
	return i, nil
}
