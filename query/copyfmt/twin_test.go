package copyfmt

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cachalotdb/cachalot/internal/value"
)

// twinInputs are what the fast paths and their plain twins are compared on, with variations of the fuzzer.
var twinInputs = []string{
	"1,one\n2,\"two\"\n", "1,\"a\"\"b\"\n2,\"\"\"\"\n3,a\"b,c\"d\n4,\"x\"\"y\"z\n5,\"a,b\"\n", "1,\"a\nb\n\nc\"\n2,x\nz,y\n",
	"1,\"a\r\nb\nc\"\r\n2,x\r\nz,y\r\n", "1,a\r2,\"b\rc\"\rz,y\r", "1,a\n2,b\rc\n", "1,a\n2,\"b\n3,c\n", "1,one\n\\.\n2,two\n", "\\.", "\\.x\n", "x\n\\",
	"\"a\\\"\nb\",c\n\"\\\\\",\"d\ne\"\n\"f\",g\n", "\"long enough for words\"\", of eight \"\"bytes\"\"\",\"x\\\"y\"\n", "a\\\nb\nc\\\\\nd\\", "a\\,\\n\\x41\\101\\N,\\N\n", "\n\n", "",
}

// twinOptions are option sets of the two formats of text.
var twinOptions = []Options{
	{Format: CSV, Delimiter: ',', Quote: '"', Escape: '"'},
	{Format: CSV, Delimiter: ',', Quote: '"', Escape: '\\'},
	{Format: Text, Delimiter: ',', Null: `\N`},
}

func fuzzTwins(f *testing.F, compare func(t *testing.T, in string, o *Options)) {
	for _, in := range twinInputs {
		for i := range twinOptions {
			f.Add(in, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, in string, options uint8) {
		compare(t, in, &twinOptions[int(options)%len(twinOptions)])
	})
}

// FuzzLines compares the lines that quick finds, however the input is cut, with those that scan finds.
func FuzzLines(f *testing.F) {
	fuzzTwins(f, func(t *testing.T, in string, o *Options) {
		want := linesOf(strings.NewReader(in), o, func(l *lineReader) ([]byte, bool, error) {
			l.number, l.raw = l.number+1, nil
			if l.marked {
				return nil, false, nil
			}
			return l.slow()
		})
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.HalfReader(strings.NewReader(in))} {
			if d := cmp.Diff(want, linesOf(r, o, (*lineReader).next)); d != "" {
				t.Fatalf("%q (-scan +quick):\n%s", in, d)
			}
		}
	})
}

// linesOf reads all lines, and prints each with its number and what ended it, and how the data ends.
func linesOf(r io.Reader, o *Options, next func(*lineReader) ([]byte, bool, error)) []string {
	l := newLineReader(r, o)
	for lines := []string(nil); ; {
		line, ok, err := next(&l)
		lines = append(lines, fmt.Sprintf("%d: %q %q, %v, %v", l.number, line, l.raw, ok, err))
		if !ok {
			return lines
		}
	}
}

// FuzzSplit compares the fields of a line with those that a loop over its bytes finds.
func FuzzSplit(f *testing.F) {
	fuzzTwins(f, func(t *testing.T, in string, o *Options) {
		if strings.HasSuffix(in, `\`) && o.Format == Text {
			return // what stands there at the end of the data is a case of TestDecode
		}
		plain := plainText
		if o.Format == CSV {
			plain = plainCSV
		}
		want := plain(in, o)
		d := Decoder{o: o, columns: make([]decodeColumn, 1)}
		if err := d.split([]byte(in)); err != nil {
			if want != nil && !slices.ContainsFunc(want, func(f field) bool { return value.CheckUTF8(f.s) != nil }) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		for i := range d.fields {
			if d.fields[i].null {
				d.fields[i].s = ""
			}
		}
		if diff := cmp.Diff(want, d.fields, cmp.AllowUnexported(field{})); diff != "" {
			t.Fatalf("%q (-plain +split):\n%s", in, diff)
		}
	})
}

// plainCSV splits a line as PostgreSQL's CopyReadAttributesCSV does; nil when a quote is not closed.
func plainCSV(line string, o *Options) []field {
	var fields []field
	out, inQuote, quoted := "", false, false
	end := func() {
		fields = append(fields, field{s: out, null: !quoted && out == o.Null})
		out, quoted = "", false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case !inQuote && c == o.Delimiter:
			end()
		case !inQuote && c == o.Quote:
			inQuote, quoted = true, true
		case inQuote && c == o.Escape && i+1 < len(line) && (line[i+1] == o.Escape || line[i+1] == o.Quote):
			i++
			out += line[i : i+1]
		case inQuote && c == o.Quote:
			inQuote = false
		default:
			out += line[i : i+1]
		}
	}
	if inQuote {
		return nil
	}
	end()
	return fields
}

// plainText splits a line as PostgreSQL's CopyReadAttributesText does.
func plainText(line string, o *Options) []field {
	var fields []field
	out, start := []byte{}, 0
	end := func(i int) {
		f := field{s: string(out), null: line[start:i] == o.Null}
		if f.null {
			f.s = ""
		}
		fields = append(fields, f)
		out, start = nil, i+1
	}
	for i := 0; i < len(line); {
		c := line[i]
		i++
		switch {
		case c == o.Delimiter:
			end(i - 1)
			continue
		case c == '\\':
			c, i, _ = unescape([]byte(line), i)
		}
		out = append(out, c)
	}
	end(len(line))
	return fields
}
