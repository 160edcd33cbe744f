package value

import (
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// arrayParser reads an array literal in PostgreSQL's two passes: the first finds the dimensions from the braces, and
// every fault of syntax; the second reads the elements.
type arrayParser struct {
	in   string
	pos  int
	elem Type
	st   *Style
}

func (p *arrayParser) malformed(detail string, args ...any) error {
	return malformedArray(p.in, detail, args...)
}

func malformedArray(text, detail string, args ...any) error {
	e := sqlerr.New(sqlerr.InvalidTextRepresentation, `malformed array literal: "%s"`, text)
	if detail == "" {
		return e
	}
	return e.WithDetail(detail, args...)
}

func (p *arrayParser) space() {
	for p.pos < len(p.in) && isSpace(p.in[p.pos]) {
		p.pos++
	}
}

// at says whether c is the next byte.
func (p *arrayParser) at(c byte) bool { return p.pos < len(p.in) && p.in[p.pos] == c }

func (p *arrayParser) parse() (Value, error) {
	null := Null(p.elem.Kind.Array())
	dims, err := p.bounds()
	if err != nil {
		return null, err
	}
	if len(dims) == 0 {
		if !p.at('{') {
			return null, p.malformed("Array value must start with \"{\" or dimension information.")
		}
		lens, err := p.measure()
		if err != nil {
			return null, err
		}
		for _, n := range lens {
			dims = append(dims, Dim{n, 1})
		}
	} else if err := p.checkBounds(dims); err != nil {
		return null, err
	}
	n, err := CheckDims(dims)
	if err != nil || n == 0 {
		return NewBytes(null.kind, "\x00"), err
	}
	return p.elements(dims, n)
}

// checkBounds compares the bounds in front of a literal with its braces.
func (p *arrayParser) checkBounds(dims []Dim) error {
	if !p.at('=') {
		return p.malformed("Missing \"%s\" after array dimensions.", "=")
	}
	p.pos++
	p.space()
	if !p.at('{') {
		return p.malformed("Array contents must start with \"{\".")
	}
	lens, err := p.measure()
	if err != nil {
		return err
	}
	same := len(lens) == len(dims)
	for i := range dims {
		same = same && lens[i] == dims[i].Len
	}
	if !same {
		return p.malformed("Specified array dimensions do not match array contents.")
	}
	return nil
}

// bounds reads [lower:upper][lower:upper]..., without the = behind.
func (p *arrayParser) bounds() ([]Dim, error) {
	var dims []Dim
	for {
		p.space()
		if !p.at('[') {
			return dims, nil
		}
		p.pos++
		if len(dims) >= MaxDims {
			return nil, ErrTooManyDims(len(dims) + 1)
		}
		upper, ok := p.int()
		if !ok {
			return nil, p.malformed("\"[\" must introduce explicitly-specified array dimensions.")
		}
		lower := 1
		if p.at(':') {
			p.pos++
			lower = upper
			if upper, ok = p.int(); !ok {
				return nil, p.malformed("Missing array dimension value.")
			}
		}
		if !p.at(']') {
			return nil, p.malformed("Missing \"%s\" after array dimensions.", "]")
		}
		p.pos++
		if upper < lower {
			return nil, sqlerr.New(sqlerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		dims = append(dims, Dim{upper - lower + 1, lower})
	}
}

// int reads a bound as C's atoi does: a sign and digits, what follows them up to the end of the run is passed over.
func (p *arrayParser) int() (int, bool) {
	start := p.pos
	for p.pos < len(p.in) && (p.in[p.pos] == '-' || p.in[p.pos] == '+' || p.in[p.pos] >= '0' && p.in[p.pos] <= '9') {
		p.pos++
	}
	if p.pos == start {
		return 0, false
	}
	end := start
	if p.in[end] == '-' || p.in[end] == '+' {
		end++
	}
	end = skipDigits(p.in, end)
	n, _ := strconv.ParseInt(p.in[start:end], 10, 64) // of one out of range the nearest, as C has it
	return int(int32(n)), true
}

// arrayState is where in a literal the first pass is.
type arrayState uint8

const (
	noLevel arrayState = iota
	levelStarted
	levelCompleted
	levelDelimited
	elemStarted
	quotedStarted
	quotedCompleted
	elemDelimited
)

// measure finds the lengths of the dimensions of the braces at pos, none for an empty array, and checks the syntax of all that
// follows. It keeps pos. It is PostgreSQL's ArrayCount, whose answers for braces of uneven depth are its own.
func (p *arrayParser) measure() ([]int, error) {
	m := arrayMeasure{arrayParser: p, dims: 1}
	for i := range m.elems {
		m.elems[i] = 1
	}
	at := p.pos
	for !m.done {
		for itemDone := false; !itemDone; {
			if m.state == elemStarted || m.state == quotedStarted {
				m.any = true
			}
			if at >= len(p.in) {
				return nil, m.malformed("Unexpected end of input.")
			}
			c := p.in[at]
			if c == '\\' {
				if at++; at >= len(p.in) && m.escapable() {
					return nil, m.malformed("Unexpected end of input.")
				}
			}
			var err error
			if itemDone, err = m.step(c); err != nil {
				return nil, err
			}
			at++
		}
		m.count[m.dims-1]++
	}
	for ; at < len(p.in); at++ {
		if !isSpace(p.in[at]) {
			return nil, m.malformed("Junk after closing right brace.")
		}
	}
	if !m.any {
		return nil, nil
	}
	return m.count[:m.dims], nil
}

// arrayMeasure is the state of measure. A level is the number of open braces.
type arrayMeasure struct {
	*arrayParser
	state arrayState
	level int
	dims  int
	quote bool // within quotes
	done  bool
	any   bool // there is an element

	count [MaxDims]int // of each dimension so far
	elems [MaxDims]int // of each open brace, and what the last closed one of the level had
	last  [MaxDims]int
}

// malformed quotes the literal from its first brace on, as PostgreSQL's first pass does.
func (m *arrayMeasure) malformed(detail string, args ...any) error {
	return malformedArray(m.in[m.pos:], detail, args...)
}

func (m *arrayMeasure) unexpected(c byte) error {
	return m.malformed("Unexpected \"%c\" character.", c)
}

// escapable says whether a backslash may stand here.
func (m *arrayMeasure) escapable() bool {
	switch m.state {
	case levelStarted, elemStarted, quotedStarted, elemDelimited:
		return true
	}
	return false
}

// step takes one byte, or a backslash with what it escapes, and says whether an item ends with it.
func (m *arrayMeasure) step(c byte) (bool, error) {
	switch c {
	case '\\':
		if !m.escapable() {
			return false, m.unexpected(c)
		}
		if m.state != quotedStarted {
			m.state = elemStarted
		}
		return false, nil
	case '"':
		if m.state != levelStarted && m.state != quotedStarted && m.state != elemDelimited {
			return false, m.malformed("Unexpected array element.")
		}
		if m.quote = !m.quote; m.quote {
			m.state = quotedStarted
		} else {
			m.state = quotedCompleted
		}
		return false, nil
	}
	if m.quote {
		return false, nil
	}
	switch c {
	case '{':
		return false, m.open()
	case '}':
		err := m.close()
		return m.done, err
	case ',':
		return m.delimiter()
	}
	if isSpace(c) {
		return false, nil
	}
	if m.state != levelStarted && m.state != elemStarted && m.state != elemDelimited {
		return false, m.malformed("Unexpected array element.")
	}
	m.state = elemStarted
	return false, nil
}

func (m *arrayMeasure) open() error {
	if m.state != noLevel && m.state != levelStarted && m.state != levelDelimited {
		return m.unexpected('{')
	}
	m.state = levelStarted
	if m.level >= MaxDims {
		return ErrTooManyDims(m.level + 1)
	}
	m.count[m.level] = 0
	m.level++
	m.dims = max(m.dims, m.level)
	return nil
}

func (m *arrayMeasure) close() error {
	switch m.state {
	case elemStarted, quotedCompleted, levelCompleted:
	default:
		if m.level != 1 || m.state != levelStarted {
			return m.unexpected('}')
		}
	}
	m.state = levelCompleted
	m.level--
	if m.last[m.level] != 0 && m.elems[m.level] != m.last[m.level] {
		return m.malformed("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	m.last[m.level] = m.elems[m.level]
	m.elems[m.level] = 1
	if m.level == 0 {
		m.done = true
	} else {
		m.count[m.level-1]++
	}
	return nil
}

func (m *arrayMeasure) delimiter() (bool, error) {
	switch m.state {
	case levelCompleted:
		m.state = levelDelimited
	case elemStarted, quotedCompleted:
		m.state = elemDelimited
	default:
		return false, m.unexpected(',')
	}
	m.elems[m.level-1]++
	return true, nil
}

// elements reads the n elements of dimensions dims: the second pass, PostgreSQL's ReadArrayStr.
func (p *arrayParser) elements(dims []Dim, n int) (Value, error) {
	r := arrayReader{arrayParser: p, dims: dims, index: make([]int, len(dims))}
	r.b.Reset(p.elem.Kind)
	if len(dims) > 1 {
		r.values = make([]Value, n)
		for i := range r.values {
			r.values[i] = Null(p.elem.Kind)
		}
	}
	for !r.done {
		if err := r.item(n); err != nil {
			return Null(p.elem.Kind.Array()), err
		}
	}
	if len(dims) > 1 {
		return NewShapedArray(p.elem.Kind, dims, r.values), nil
	}
	r.b.Shape(dims)
	return r.b.Value(), nil
}

// arrayReader is the state of elements.
type arrayReader struct {
	*arrayParser
	dims  []Dim
	index []int // the place of the next element, from 0
	level int
	done  bool
	buf   []byte // an element that is not as it stands in the literal
	// The elements go to b in order, and of several dimensions to values, in the order of places.
	b      ArrayBuilder
	values []Value
}

// offset returns the number of the element at the place of index.
func (r *arrayReader) offset() int {
	at := 0
	for i, d := range r.dims {
		at = at*d.Len + r.index[i]
	}
	return at
}

// item reads up to the end of an element: a comma, or the last brace.
func (r *arrayReader) item(n int) error {
	place := -1
	quote, escaped := false, false
	leading := true
	buf, end := r.buf[:0], 0 // end: behind the last byte that counts
	for done := false; !done; {
		if r.pos >= len(r.in) {
			return r.malformed("")
		}
		c := r.in[r.pos]
		r.pos++
		switch {
		case c == '\\':
			if r.pos >= len(r.in) {
				return r.malformed("")
			}
			buf = append(buf, r.in[r.pos])
			r.pos++
			leading, escaped, end = false, true, len(buf)
		case c == '"':
			if quote = !quote; quote {
				leading = false
			} else {
				end = len(buf)
			}
			escaped = true
		case quote:
			buf = append(buf, c)
		case c == '{':
			if r.level >= len(r.dims) {
				return r.malformed("")
			}
			r.index[r.level] = 0
			r.level++
		case c == '}':
			if place < 0 {
				place = r.offset()
			}
			r.level--
			r.index[r.level] = 0
			if r.level == 0 {
				r.done, done = true, true
			} else {
				r.index[r.level-1]++
			}
		case c == ',':
			if place < 0 {
				place = r.offset()
			}
			done = true
			r.index[len(r.dims)-1]++
		case isSpace(c):
			if !leading {
				buf = append(buf, c)
			}
		default:
			buf = append(buf, c)
			leading, end = false, len(buf)
		}
	}
	r.buf = buf
	if place < 0 || place >= n {
		return r.malformed("")
	}
	text := buf[:end]
	v := Null(r.elem.Kind)
	if escaped || len(text) != 4 || !equalFold(string(text), "null") {
		var err error
		if v, err = Parse(r.elem, string(text), r.st); err != nil {
			return err
		}
	}
	if r.values != nil {
		r.values[place] = v
	} else {
		r.b.Append(v)
	}
	return nil
}
