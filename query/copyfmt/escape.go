package copyfmt

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// escapeText puts backslashes into the field that is b[start:], which is the end of b.
func (e *Encoder) escapeText(b []byte, start int) []byte {
	delim := e.o.Delimiter
	i := start + clean(b[start:], '\\', delim)
	if i == len(b) {
		return b
	}
	raw := slices.Clone(b[i:]) // rare enough for a copy
	b = b[:i]
	for _, c := range raw {
		switch c {
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\v':
			b = append(b, '\\', 'v')
		case '\\', delim:
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return b
}

// quoteCSV quotes the field that is b[start:], the end of b, if it must be.
func (e *Encoder) quoteCSV(b []byte, start int, force bool) []byte {
	quote, escape := e.o.Quote, e.o.Escape
	s := b[start:]
	if !force && !e.needsQuote(s) {
		return b
	}
	if bytes.IndexByte(s, quote) < 0 && (escape == quote || bytes.IndexByte(s, escape) < 0) {
		b = append(b, 0, quote)
		copy(b[start+1:], b[start:len(b)-2])
		b[start] = quote
		return b
	}
	raw := slices.Clone(s)
	b = append(b[:start], quote)
	for _, c := range raw {
		if c == quote || c == escape {
			b = append(b, escape)
		}
		b = append(b, c)
	}
	return append(b, quote)
}

// needsQuote says whether a field would be read as something else without quotes.
func (e *Encoder) needsQuote(s []byte) bool {
	if string(s) == e.o.Null || len(e.columns) == 1 && string(s) == `\.` {
		return true
	}
	for i := clean(s, e.o.Quote, e.o.Delimiter); i < len(s); i++ {
		switch s[i] {
		case e.o.Quote, e.o.Delimiter, '\n', '\r':
			return true
		}
	}
	return false
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// clean returns how many bytes at the beginning of s are surely none of a, b and the
// control characters below 14. It looks at eight at a time.
func clean(s []byte, a, b byte) int {
	as, bs := uint64(a)*ones, uint64(b)*ones
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		xa, xb := x^as, x^bs
		hit := (x-14*ones)&^x | (xa-ones)&^xa | (xb-ones)&^xb
		if hit&highs != 0 {
			return i
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 14 || c == a || c == b {
			return i
		}
	}
	return i
}
