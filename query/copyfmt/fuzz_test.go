package copyfmt_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cachalotdb/cachalot/query/copyfmt"
)

// trafficTable is the table that PostgreSQL 15 wrote to testdata/traffic.
const trafficTable = "b bool; s smallint; i int; l bigint; f float8; n numeric; t text; c text; y bytea; d date; p timestamp; z timestamptz; u uuid; j jsonb; ia int[]; ta text[]; da date[]"

// fuzzTables are what FuzzDecode decodes into.
var fuzzTables = []string{trafficTable, "a text", "a int; b text", "a text; b varchar(3); c numeric(10,2)"}

// fuzzOptions are the options with which FuzzDecode reads.
var fuzzOptions = [][]copyfmt.Option{
	nil,
	{opt("format", "csv")},
	{opt("format", "binary")},
	{opt("format", "csv"), opt("header", "true")},
	{opt("format", "csv"), opt("delimiter", ";"), opt("quote", "'"), opt("escape", `\`), opt("null", "NULL")},
	{opt("delimiter", "|"), opt("null", "")},
}

// FuzzDecode: no data panics; however it is cut on its way, it means the same; and rows
// that were read can be written in the same format and read again. Its seeds are files of PostgreSQL 15
// and the cases of TestDecode.
func FuzzDecode(f *testing.F) {
	for options, file := range map[int]string{0: "pg15.txt", 2: "pg15.bin", 3: "pg15.csv"} {
		data, err := os.ReadFile("testdata/traffic/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint8(0), uint8(options))
	}
	for i, c := range decodeCases {
		for n, o := range fuzzOptions {
			if withClause(o) == withClause(c.opts) {
				f.Add([]byte(c.in), uint8(i%len(fuzzTables)), uint8(n))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, table, options uint8) {
		c := decodeCase{name: "fuzz", table: fuzzTables[int(table)%len(fuzzTables)], opts: fuzzOptions[int(options)%len(fuzzOptions)]}
		whole, err := decodeAndPrint(t, c, bytes.NewReader(data))
		for name, r := range map[string]io.Reader{
			"a byte at a time":    iotest.OneByteReader(bytes.NewReader(data)),
			"data with the error": iotest.DataErrReader(bytes.NewReader(data)),
		} {
			cut, cutErr := decodeAndPrint(t, c, r)
			if d := cmp.Diff(answerOf(whole, err), answerOf(cut, cutErr)); d != "" {
				t.Fatalf("%q: %s gives another answer (-whole +cut):\n%s", data, name, d)
			}
		}
		if err != nil {
			if a := answerOf(nil, err); a.Code == "" {
				t.Fatalf("%q: %s", data, a.Error)
			}
			return
		}
		written := recode(t, c, data)
		again, err := decodeAndPrint(t, c, bytes.NewReader(written))
		if err != nil || !bytes.Equal(again, whole) {
			t.Fatalf("%q is written as %q, and read again as\n%q, not\n%q: %v", data, written, again, whole, err)
		}
	})
}

// recode decodes data, which is well formed, and encodes its rows with the same options.
func recode(t *testing.T, c decodeCase, data []byte) []byte {
	t.Helper()
	from, err := copyfmt.ParseOptions(c.opts, copyfmt.From)
	if err != nil {
		t.Fatal(err)
	}
	cols := columnsOf(t, c.table)
	d, err := copyfmt.NewDecoder(bytes.NewReader(data), from, "t", cols, style())
	if err != nil {
		t.Fatal(err)
	}
	to, err := copyfmt.ParseOptions(c.opts, copyfmt.To)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e, err := copyfmt.NewEncoder(&out, to, cols, style())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Begin(); err != nil {
		t.Fatal(err)
	}
	for {
		var chunk copyfmt.Chunk
		err := d.Next(&chunk)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Rows(&chunk.Batch, 0, chunk.N); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTrafficSaysTheSame says that the three files hold the same rows.
func TestTrafficSaysTheSame(t *testing.T) {
	var first []byte
	for options, file := range []string{"pg15.txt", "", "pg15.bin", "pg15.csv"} {
		if file == "" {
			continue
		}
		data, err := os.ReadFile("testdata/traffic/" + file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeAndPrint(t, decodeCase{name: file, table: trafficTable, opts: fuzzOptions[options]}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if d := cmp.Diff(strings.Split(string(first), "\n"), strings.Split(string(got), "\n")); d != "" {
			t.Errorf("%s (-text):\n%s", file, d)
		}
	}
}
