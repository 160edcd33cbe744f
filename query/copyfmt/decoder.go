package copyfmt

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Column is one of the columns that are copied, in the order of the fields.
type Column struct {
	Name string
	Type value.Type
}

// Chunk is a batch of decoded rows that knows where each came from. Its
// vectors belong to it and are filled anew by each Next, so that one chunk can
// be used while another is filled. Strings in it stay valid as long as they are held.
type Chunk struct {
	column.Batch
	relation string
	numbers  []uint64
	lines    []string // empty for binary
}

// Line returns the line of row i, from 1 (in binary the number of the row).
func (c *Chunk) Line(i int) uint64 { return c.numbers[i] }

// Where returns the error context of row i: COPY t, line 7: "...".
func (c *Chunk) Where(i int) string {
	if len(c.lines) == 0 {
		return lineContext(c.relation, c.numbers[i])
	}
	return lineContext(c.relation, c.numbers[i]) + ": \"" + shortened(c.lines[i]) + "\""
}

// LineContext returns row i's error context without its text, as PostgreSQL gives it for
// errors that it finds after it has read on (unique indexes): COPY t, line 7.
func (c *Chunk) LineContext(i int) string { return lineContext(c.relation, c.numbers[i]) }

func lineContext(relation string, line uint64) string {
	return fmt.Sprintf("COPY %s, line %d", relation, line)
}

// shortened cuts a value for an error context as PostgreSQL does.
func shortened(s string) string {
	const limit = 100
	if len(s) <= limit {
		return s
	}
	n := limit
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// Decoder reads rows. One goroutine at a time may use it.
//
// It costs about one pass over the bytes: lines and fields are found by
// vectorised searches and the fields of text columns are not copied at all
// (BenchmarkDecode).
type Decoder struct {
	lines    lineReader
	o        *Options
	relation string
	columns  []decodeColumn
	kinds    []value.Kind
	st       *value.Style
	scratch  scratch

	fields []field // of the current row
	begun  bool    // the header was read
	err    error   // final
}

// decodeColumn is a column and what is special about it.
type decodeColumn struct {
	Column
	plainText    bool // text without a modifier: stored as it comes
	integer      bool
	array        bool
	forced       bool // one of the two below
	forceNotNull bool
	forceNull    bool
}

// field is a field of a line.
type field struct {
	s    string
	null bool
}

// NewDecoder returns a decoder of rows for a relation; the name is for error contexts.
func NewDecoder(r io.Reader, o *Options, relation string, columns []Column, st *value.Style) (*Decoder, error) {
	if err := o.CheckColumns(columns); err != nil {
		return nil, err
	}
	d := &Decoder{lines: newLineReader(r, o), o: o, relation: relation, st: st}
	for _, c := range columns {
		k := c.Type.Kind
		notNull, null := slices.Contains(o.ForceNotNull, c.Name), slices.Contains(o.ForceNull, c.Name)
		d.columns = append(d.columns, decodeColumn{
			Column:       c,
			plainText:    k == value.Text || k == value.Varchar && c.Type.Mod < 0,
			integer:      k == value.Int2 || k == value.Int4 || k == value.Int8,
			array:        k.IsArray(),
			forced:       notNull || null,
			forceNotNull: notNull,
			forceNull:    null,
		})
		d.kinds = append(d.kinds, k)
	}
	return d, nil
}

// Next fills c with the next rows, at most column.BatchRows. It returns
// io.EOF after the last one. An error in a row is returned by the call after the
// one that gave the rows before it, and is final.
func (d *Decoder) Next(c *Chunk) error {
	c.Reset(d.kinds)
	c.relation = d.relation
	c.numbers, c.lines = c.numbers[:0], c.lines[:0]
	if d.err == nil && !d.begun {
		d.begun = true
		d.err = d.begin()
	}
	for d.err == nil && c.N < column.BatchRows {
		if d.o.Format == Binary {
			d.err = d.binaryRow(c)
		} else {
			d.err = d.textRow(c)
		}
	}
	if c.N > 0 {
		return nil
	}
	return d.err
}

// begin reads the header.
func (d *Decoder) begin() error {
	switch {
	case d.o.Format == Binary:
		return d.binaryHeader()
	case d.o.Header == NoHeader:
		return nil
	}
	line, ok, err := d.nextLine()
	if err != nil {
		return d.inLine(err, nil)
	}
	if d.o.Header == MatchHeader {
		if err := d.matchHeader(line); err != nil {
			return d.inLine(err, append([]byte{}, line...)) // not nil, even at the end of the data
		}
	}
	if !ok {
		return io.EOF
	}
	return nil
}

// matchHeader compares the header's names with the columns'.
func (d *Decoder) matchHeader(line []byte) error {
	if err := d.split(line); err != nil {
		return err
	}
	if len(d.fields) != len(d.columns) {
		return badFormat("wrong number of fields in header line: got %d, expected %d", len(d.fields), len(d.columns))
	}
	for i, f := range d.fields {
		switch name := d.columns[i].Name; {
		case f.null:
			return badFormat("column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"", i+1, d.o.Null, name)
		case f.s != name:
			return badFormat("column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f.s, name)
		}
	}
	return nil
}

// nextLine reads a line and checks its encoding.
func (d *Decoder) nextLine() (line []byte, ok bool, err error) {
	line, ok, err = d.lines.next()
	if err == nil {
		err = value.CheckUTF8(text(d.lines.raw))
	}
	return line, ok, err
}

// textRow reads a line and appends its row.
func (d *Decoder) textRow(c *Chunk) error {
	line, ok, err := d.nextLine()
	if err != nil {
		return d.inLine(err, nil)
	}
	if !ok {
		return d.atEnd()
	}
	if err := d.split(line); err != nil {
		return d.inLine(err, line)
	}
	if len(d.fields) > len(d.columns) {
		return d.inLine(badFormat("extra data after last expected column"), line)
	}
	if err := d.appendRow(c, line); err != nil {
		// The columns before the one with the error have a value too many.
		for i := range c.Vecs {
			truncate(&c.Vecs[i], c.N)
		}
		return err
	}
	c.N++
	c.numbers = append(c.numbers, d.lines.number)
	c.lines = append(c.lines, text(line))
	return nil
}

// appendRow parses the fields into the chunk's vectors.
func (d *Decoder) appendRow(c *Chunk, line []byte) error {
	for i := range d.columns {
		col := &d.columns[i]
		if i >= len(d.fields) {
			return d.inLine(badFormat("missing data for column \"%s\"", col.Name), line)
		}
		f := d.fields[i]
		if col.forced {
			f = d.force(f, col)
		}
		v := &c.Vecs[i]
		switch {
		case f.null:
			v.Append(value.Null(col.Type.Kind))
			continue
		case col.plainText:
			v.AppendBytes(f.s)
			continue
		case col.integer:
			if n, ok := smallInt(f.s, col.Type.Kind); ok {
				v.AppendInt(n)
				continue
			}
		case col.array:
			if b, ok := value.AppendPlainArray(d.scratch.start(len(f.s)), col.Type, f.s, d.st); ok {
				v.AppendBytes(d.scratch.keep(b))
				continue
			}
		}
		x, err := value.Parse(col.Type, f.s, d.st)
		if err != nil {
			return withContext(err, lineContext(d.relation, d.lines.number)+
				", column "+col.Name+": \""+shortened(f.s)+"\"")
		}
		v.Append(x)
	}
	return nil
}

// force applies FORCE_NOT_NULL and FORCE_NULL.
func (d *Decoder) force(f field, col *decodeColumn) field {
	switch {
	case f.null && col.forceNotNull:
		return field{s: d.o.Null}
	case !f.null && col.forceNull && f.s == d.o.Null:
		return field{null: true}
	}
	return f
}

// smallInt reads an integer of at most 18 digits that fits its kind; value.Parse
// takes the rest, and the errors.
func smallInt(s string, k value.Kind) (int64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	n := int64(0)
	for i := range len(digits) {
		c := digits[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	if len(digits) < len(s) {
		n = -n
	}
	switch k {
	case value.Int2:
		return n, n == int64(int16(n))
	case value.Int4:
		return n, n == int64(int32(n))
	}
	return n, true
}

// truncate cuts a plain vec to n values.
func truncate(v *column.Vec, n int) {
	cut := func(have int) int { return min(n, have) }
	v.I, v.F, v.S = v.I[:cut(len(v.I))], v.F[:cut(len(v.F))], v.S[:cut(len(v.S))]
	v.Nulls = v.Nulls[:cut(len(v.Nulls))]
}

// atEnd ends the data, reading on behind an end-of-data marker: what follows it
// is dropped, but the stream may have an error to tell.
func (d *Decoder) atEnd() error {
	in := &d.lines.input
	for {
		in.pos = in.end
		ok, err := in.more()
		if err != nil {
			return d.inLine(err, nil)
		}
		if !ok {
			return io.EOF
		}
	}
}

// inLine adds the context of the current line, and its text where that is known.
func (d *Decoder) inLine(err error, line []byte) error {
	where := lineContext(d.relation, d.lines.number)
	if line != nil {
		where += ": \"" + shortened(text(line)) + "\""
	}
	return withContext(err, where)
}

// withContext adds a line to the context of an SQL error; other errors, of
// the connection, are left as they are.
func withContext(err error, where string) error {
	var e *sqlerr.Error
	if err == nil || !errors.As(err, &e) || error(e) != err {
		return err
	}
	if e.Where != "" {
		where = e.Where + "\n" + where
	}
	return e.WithWhere("%s", where)
}
