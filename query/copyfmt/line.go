package copyfmt

import (
	"bytes"

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
	if line, ok := l.quick(); ok {
		return line, true, nil
	}
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

// quick finds the common lines, those that are all there and have no
// carriage return within, with a few searches and no loop over bytes. It declines
// where it is not sure, having changed nothing: scan then decides.
func (l *lineReader) quick() (line []byte, ok bool) {
	if l.eol == eolCR {
		return nil, false
	}
	b := l.rest()
	embedded := uint64(0) // newlines within quotes
	n, quotes := 0, 0
	for {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			return nil, false
		}
		if l.csv {
			quotes += bytes.Count(b[n:n+i], l.quoteBytes[:])
		}
		n += i
		if quotes%2 == 0 {
			break
		}
		embedded++
		n++
	}
	line = b[:n:n]
	cr := bytes.IndexByte(line, '\r')
	switch {
	case l.eol == eolCRNL:
		// A newline within quotes counts for nothing here, as in PostgreSQL: a carriage return would.
		if cr != n-1 || cr < 0 {
			return nil, false
		}
		line = line[:cr:cr]
		embedded = 0
	case cr >= 0:
		return nil, false
	case l.eol == eolUnknown:
		embedded = 0
	}
	if l.csv {
		if l.escape != l.quote && bytes.IndexByte(line, l.escape) >= 0 {
			return nil, false
		}
		if len(line) >= 2 && line[0] == '\\' && line[1] == '.' {
			return nil, false
		}
	} else if !plainBackslashes(line) {
		return nil, false
	}
	if l.eol == eolUnknown {
		l.eol = eolNL
	}
	l.number += embedded
	l.raw = b[:n+1]
	l.pos += n + 1
	return line, true
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
