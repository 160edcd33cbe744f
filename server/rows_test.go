package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// rowColumns and rowBatch hold a value and a NULL of the kinds that have a way of their own.
func rowBatch(t testing.TB) ([]Column, *column.Batch) {
	t.Helper()
	kinds := []value.Kind{
		value.Bool, value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric, value.Text, value.Varchar,
		value.Bytea, value.Date, value.Timestamp, value.Timestamptz, value.UUID, value.JSONB, value.Int4.Array(),
	}
	texts := []string{
		"t", "-2", "3", "-4", "1.5", "12.50", "text", "varchar", "\\x00ff", "2021-10-19", "2021-10-19 01:02:03.5",
		"2021-10-19 01:02:03+00", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `{"a": 1}`, "{1,NULL}",
	}
	var columns []Column
	var b column.Batch
	b.Reset(kinds)
	nulls := make([]value.Value, len(kinds))
	vals := make([]value.Value, len(kinds))
	for i, k := range kinds {
		columns = append(columns, Column{Name: k.String(), Type: value.Of(k)})
		v, err := value.Parse(value.Of(k), texts[i], value.DefaultStyle())
		if err != nil {
			t.Fatal(err)
		}
		vals[i], nulls[i] = v, value.Null(k)
	}
	b.AppendRow(vals)
	b.AppendRow(nulls)
	return columns, &b
}

// A row is what pgproto3 makes of the values that package value renders.
func TestAppendRowMatchesThePlainWay(t *testing.T) {
	columns, b := rowBatch(t)
	st := value.DefaultStyle()
	for _, format := range []int16{0, 1} {
		var rw rowWriter
		rw.reset(columns, []int16{format}, st)
		for row := range b.N {
			var want pgproto3.DataRow
			for _, v := range b.Row(nil, row) {
				var field []byte
				switch {
				case v.IsNull():
				case format == 1:
					field = value.AppendBinary([]byte{}, v)
				default:
					field = value.AppendText([]byte{}, v, st)
				}
				want.Values = append(want.Values, field)
			}
			wantBytes, err := want.Encode(nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rw.appendRow(nil, b, row)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(wantBytes, got); d != "" {
				t.Errorf("row %d, format %d (-want +got):\n%s", row, format, d)
			}
		}
	}
}

func TestAppendRowOfConstantsAndCodes(t *testing.T) {
	var b column.Batch
	b.Reset([]value.Kind{value.Text, value.Int4, value.Text})
	b.N = 2
	dict := column.NewDict(nil)
	x, _ := dict.Add("Paris")
	y, _ := dict.Add("Nice")
	b.Vecs[0].Codes, b.Vecs[0].Dict = []uint32{x, y}, dict
	b.Vecs[1].SetConst(value.NewInt(value.Int4, 7))
	b.Vecs[2].SetConst(value.Null(value.Text))
	var rw rowWriter
	rw.reset([]Column{{Type: value.Of(value.Text)}, {Type: value.Of(value.Int4)}, {Type: value.Of(value.Text)}}, nil, value.DefaultStyle())
	got, err := rw.appendRow(nil, &b, 1)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := (&pgproto3.DataRow{Values: [][]byte{[]byte("Nice"), []byte("7"), nil}}).Encode(nil)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestARowAllocatesNothing(t *testing.T) {
	columns, b := rowBatch(t)
	for _, format := range []int16{0, 1} {
		var rw rowWriter
		rw.reset(columns, []int16{format}, value.DefaultStyle())
		dst := make([]byte, 0, 1<<12)
		if n := testing.AllocsPerRun(100, func() {
			var err error
			if dst, err = rw.appendRow(dst[:0], b, 0); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("format %d: %v allocations a row", format, n)
		}
	}
}

// TestParseOptions reads the startup parameter options as PostgreSQL's server does.
func TestParseOptions(t *testing.T) {
	for in, want := range map[string]map[string]string{
		"":                                 {},
		"  ":                               {},
		"-c a=b":                           {"a": "b"},
		"-ca=b -c   c=d":                   {"a": "b", "c": "d"},
		"--geqo=off --Search-Path=x":       {"geqo": "off", "search_path": "x"},
		`-c a=b\ c\\d`:                     {"a": `b c\d`},
		"-c a=b=c":                         {"a": "b=c"},
		"-c a=":                            {"a": ""},
		"-c statement_timeout=5s\t-c\nb=c": {"statement_timeout": "5s", "b": "c"},
	} {
		got, err := parseOptions(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", in, d)
		}
	}
	for _, in := range []string{"-c", "-x", "a=b", "-c a", "--", "-d 5"} {
		if _, err := parseOptions(in); err == nil || err.Code != "42601" {
			t.Errorf("%q: %v", in, err)
		}
	}
}
