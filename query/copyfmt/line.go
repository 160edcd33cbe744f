package copyfmt

import (
	"bytes"
	"io"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// eolKind is how lines end; the first line decides.
type eolKind uint8

const (
	eolUnknown eolKind = iota
	eolNL
	eolCR
	eolCRNL
)

// lineReader cuts the input of the text formats into lines.
type lineReader struct {
	input
	csv           bool
	quote, escape byte
	quoteBytes    [1]byte // the quote, as bytes.Count wants it
	eol           eolKind
	// number counts lines from 1, those within quotes included.
	number uint64
	// raw is the line that next returned, with what ended it.
	raw []byte
	// marked is set when the end-of-data marker was met.
	marked bool
}

func newLineReader(r io.Reader, o *Options) lineReader {
	return lineReader{input: input{r: r}, csv: o.Format == CSV, quote: o.Quote, escape: o.Escape, quoteBytes: [1]byte{o.Quote}}
}

func badFormat(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.BadCopyFileFormat, format, args...)
}

// next returns the next line without its end; ok is false at the end of the
// data. The line shares its block's bytes.
func (l *lineReader) next() (line []byte, ok bool, err error) {
	l.number++
	l.raw = nil
	if l.marked {
		return nil, false, nil
	}
	if line, ok, err = l.quick(); ok || err != nil {
		return line, ok, err
	}
	return l.slow()
}

// slow is next where the line is looked at byte by byte.
func (l *lineReader) slow() (line []byte, ok bool, err error) {
	n, end, err := l.scan()
	if err != nil {
		return nil, false, err
	}
	line = l.buf[l.pos : l.pos+n : l.pos+n]
	l.raw = l.buf[l.pos : l.pos+end]
	l.pos += end
	if n == 0 && (l.marked || end == 0) {
		return nil, false, nil // end of the data at the start of a line
	}
	return line, true, nil
}

// quick finds the common lines, those that have no carriage return within, with a few searches and
// no loop over bytes. It declines where it is not sure, having read on at most: scan then decides.
func (l *lineReader) quick() (line []byte, ok bool, err error) {
	if l.eol == eolCR {
		return nil, false, nil
	}
	embedded := uint64(0) // newlines within quotes
	n, quotes := 0, 0     // quotes in the n bytes that were looked at
	for {
		b := l.rest()
		i := bytes.IndexByte(b[n:], '\n')
		part := b[n:]
		if i >= 0 {
			part = part[:i]
		}
		if l.csv {
			quotes += bytes.Count(part, l.quoteBytes[:])
		}
		n += len(part)
		switch {
		case i >= 0 && quotes%2 == 0:
			return l.quickEnd(b[:n], embedded)
		case i >= 0:
			embedded++
			n++
		case !l.harmless(part):
			return nil, false, nil // what is there may be an error: the rest need not come
		default:
			if ok, err := l.more(); !ok {
				if err != nil && l.eol == eolNL {
					l.number += embedded // it is told where
				}
				return nil, false, err
			}
		}
	}
}

// quickEnd ends quick with the line up to the next newline.
func (l *lineReader) quickEnd(line []byte, embedded uint64) ([]byte, bool, error) {
	end := len(line) + 1
	if l.eol == eolCRNL {
		// A newline within quotes counts for nothing here, as in PostgreSQL: a carriage return would.
		if len(line) == 0 || line[len(line)-1] != '\r' {
			return nil, false, nil
		}
		line = line[:len(line)-1]
	}
	if l.eol != eolNL {
		embedded = 0
	}
	if !l.harmless(line) || l.csv && len(line) >= 2 && line[0] == '\\' && line[1] == '.' {
		return nil, false, nil
	}
	if l.eol == eolUnknown {
		l.eol = eolNL
	}
	l.number += embedded
	l.raw = l.buf[l.pos : l.pos+end]
	l.pos += end
	return line[:len(line):len(line)], true, nil
}

// harmless says that a part of a line has no byte that could make anything else of it: no carriage return, no
// escape of quotes, and no backslash but those of plainBackslashes.
func (l *lineReader) harmless(part []byte) bool {
	switch {
	case bytes.IndexByte(part, '\r') >= 0:
		return false
	case !l.csv:
		return plainBackslashes(part)
	}
	return l.escape == l.quote || bytes.IndexByte(part, l.escape) < 0
}

// plainBackslashes says whether each backslash escapes a byte of the line itself, and none
// begins an end-of-data marker.
func plainBackslashes(line []byte) bool {
	for {
		i := bytes.IndexByte(line, '\\')
		switch {
		case i < 0:
			return true
		case i+1 == len(line) || line[i+1] == '.':
			return false
		}
		line = line[i+2:]
	}
}

// scan finds the end of the line at pos byte by byte: n bytes of content, end bytes
// with what ends it. It follows PostgreSQL's CopyReadLineText.
func (l *lineReader) scan() (n, end int, err error) {
	inQuote, lastWasEscape := false, false
	escape := l.escape
	oneKind := l.escape == l.quote // then a quote is only a toggle
	for i := 0; ; {
		c, ok, err := l.at(i)
		if err != nil {
			return 0, 0, err
		}
		if !ok {
			return i, i, nil
		}
		start := i
		i++
		if l.csv {
			if inQuote && !oneKind && c == escape {
				lastWasEscape = !lastWasEscape
			}
			if c == l.quote && !lastWasEscape {
				inQuote = !inQuote
			}
			if oneKind || c != escape {
				lastWasEscape = false
			}
			if inQuote && (c == '\n' && l.eol == eolNL || c == '\r' && l.eol != eolNL) {
				l.number++
			}
		}
		switch {
		case c == '\r' && !inQuote:
			i, err = l.carriageReturn(i)
			return start, i, err
		case c == '\n' && !inQuote:
			if l.eol == eolCR || l.eol == eolCRNL {
				return 0, 0, l.strayNewline()
			}
			l.eol = eolNL
			return start, i, nil
		case c == '\\' && (!l.csv || start == 0):
			c2, ok, err := l.at(i)
			switch {
			case err != nil:
				return 0, 0, err
			case !ok:
				return i, i, nil
			case c2 == '.':
				end, found, err := l.endMarker(i + 1)
				if err != nil {
					return 0, 0, err
				}
				if found {
					l.marked = true
					return start, end, nil
				}
			}
			if !l.csv {
				i++ // whatever follows is escaped
			}
		}
	}
}

// carriageReturn ends a line at a carriage return that lies before offset i.
func (l *lineReader) carriageReturn(i int) (end int, err error) {
	switch l.eol {
	case eolUnknown, eolCRNL:
		c, ok, err := l.at(i)
		if err != nil {
			return 0, err
		}
		if ok && c == '\n' {
			l.eol = eolCRNL
			return i + 1, nil
		}
		if l.eol == eolCRNL {
			return 0, l.strayReturn()
		}
		l.eol = eolCR
	case eolNL:
		return 0, l.strayReturn()
	}
	return i, nil
}

func (l *lineReader) strayReturn() error {
	if l.csv {
		return badFormat("unquoted carriage return found in data").
			WithHint("Use quoted CSV field to represent carriage return.")
	}
	return badFormat("literal carriage return found in data").
		WithHint(`Use "\r" to represent carriage return.`)
}

func (l *lineReader) strayNewline() error {
	if l.csv {
		return badFormat("unquoted newline found in data").
			WithHint("Use quoted CSV field to represent newline.")
	}
	return badFormat("literal newline found in data").
		WithHint(`Use "\n" to represent newline.`)
}

// endMarker reads what follows a backslash and a dot, at offset i: the end of a line, or
// in CSV anything else, and then it was data.
func (l *lineReader) endMarker(i int) (end int, found bool, err error) {
	// get returns 0 at the end of the stream, as PostgreSQL's buffer does.
	get := func() (byte, error) {
		c, _, err := l.at(i)
		i++
		return c, err
	}
	corrupt := func() (int, bool, error) {
		if l.csv {
			return 0, false, nil
		}
		return 0, false, badFormat("end-of-copy marker corrupt")
	}
	mismatch := badFormat("end-of-copy marker does not match previous newline style")
	if l.eol == eolCRNL {
		c, err := get()
		switch {
		case err != nil:
			return 0, false, err
		case c == '\n' && l.csv:
			return 0, false, nil
		case c == '\n':
			return 0, false, mismatch
		case c != '\r':
			return corrupt()
		}
	}
	c, err := get()
	switch {
	case err != nil:
		return 0, false, err
	case c != '\r' && c != '\n':
		return corrupt()
	case l.eol == eolNL && c != '\n', l.eol == eolCRNL && c != '\n', l.eol == eolCR && c != '\r':
		return 0, false, mismatch
	}
	return min(i, l.end-l.pos), true, nil
}
