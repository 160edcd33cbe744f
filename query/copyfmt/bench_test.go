package copyfmt_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/bench/homes"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/copyfmt"
)

// benchTable is a home of the booking demo: 15 columns, about 1 KB.
const benchTable = "id int; country text; town text; street text; owner text; price numeric(10,2); rooms int; bathrooms int; surface float8; available date; updated timestamptz; shared boolean; dates date[]; note text; comments text"

func benchInput(tb testing.TB, format string, rows int) ([]byte, []copyfmt.Option, []copyfmt.Column) {
	tb.Helper()
	cols := columnsOf(tb, benchTable)
	var text [][]string
	dates := "{2021-10-01" + strings.Repeat(",2021-10-19", 29) + "}"
	for i := range rows {
		note := "\\N"
		if i%2 == 0 {
			note = "close to the metro"
		}
		text = append(text, []string{fmt.Sprint(i), "France", "Paris", "12 rue de la Paix", "Dan Ionescu", fmt.Sprintf("%d.50", i%1000),
			fmt.Sprint(i % 7), "2", "72.5", "2021-10-19", "2021-10-19 12:34:56.789+00", "f", dates, note, strings.Repeat("a lovely place, ", 26)})
	}
	var opts []copyfmt.Option
	if format != "text" {
		opts = []copyfmt.Option{opt("format", format)}
	}
	var out bytes.Buffer
	for from := 0; from < rows; from += column.BatchRows {
		b := encodeBatch(tb, cols, text[from:min(rows, from+column.BatchRows)])
		if err := encode(&out, b, cols, opts); err != nil {
			tb.Fatal(err)
		}
	}
	return out.Bytes(), opts, cols
}

func BenchmarkDecode(b *testing.B) {
	for _, format := range []string{"text", "csv", "binary"} {
		b.Run(format, func(b *testing.B) {
			const rows = column.BatchRows
			in, opts, cols := benchInput(b, format, rows)
			benchDecode(b, in, rows, opts, cols, func(r io.Reader) io.Reader { return r })
		})
	}
}

// benchDecode decodes rows again and again, each time through a reader of them.
func benchDecode(b *testing.B, in []byte, rows int, opts []copyfmt.Option, cols []copyfmt.Column, through func(io.Reader) io.Reader) {
	b.Helper()
	o, err := copyfmt.ParseOptions(opts, copyfmt.From)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var chunk copyfmt.Chunk
	for b.Loop() {
		d, err := copyfmt.NewDecoder(through(bytes.NewReader(in)), o, "t", cols, style())
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for err = d.Next(&chunk); err == nil; err = d.Next(&chunk) {
			n += chunk.N
		}
		if err != io.EOF || n != rows {
			b.Fatalf("%d rows: %v", n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkEncode(b *testing.B) {
	for _, format := range []string{"text", "csv", "binary"} {
		b.Run(format, func(b *testing.B) {
			const rows = column.BatchRows
			in, opts, cols := benchInput(b, format, rows)
			from, err := copyfmt.ParseOptions(opts, copyfmt.From)
			if err != nil {
				b.Fatal(err)
			}
			d, err := copyfmt.NewDecoder(bytes.NewReader(in), from, "t", cols, style())
			if err != nil {
				b.Fatal(err)
			}
			var chunk copyfmt.Chunk
			if err := d.Next(&chunk); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if err := encode(io.Discard, &chunk.Batch, cols, opts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

// homeTable is the table of the homes of package homes.
const homeTable = "id int; countrycode text; town text; adress text; owner text; owneremail text; ownerphone text; rooms int; bathrooms smallint; surface int; priceineuros numeric(10,2); rating float8; lastupdate timestamptz; availabledates date[]; description text; comments jsonb"

// BenchmarkDecodeHomes decodes what the benchmark of issue 2 feeds, as it comes from a socket: 64 kB a read.
func BenchmarkDecodeHomes(b *testing.B) {
	const rows = 4 * column.BatchRows
	in := homes.Generator{Seed: 1}.CSV(0, rows)
	benchDecode(b, in, rows, []copyfmt.Option{opt("format", "csv")}, columnsOf(b, homeTable),
		func(r io.Reader) io.Reader { return pieces{r} })
}

// pieces gives at most 64 kB a read, as a socket does.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 64<<10)]) }
