package copywire

import (
	"encoding/hex"
	"io"
	"testing"
	"time"
)

// The bytes are what Postgres 15's COPY ... TO STDOUT (FORMAT binary) gives for these values.
func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"int4":         {Int4(nil, -2), "00000004fffffffe"},
		"null":         {Null(nil), "ffffffff"},
		"text":         {Text(nil, "ab"), "000000026162"},
		"jsonb":        {JSONB(nil, "[]"), "00000003015b5d"},
		"date":         {Date(nil, Day(time.Date(2021, 10, 19, 0, 0, 0, 0, time.UTC))), "0000000400001f1a"},
		"timestamptz":  {TimestampTZ(nil, time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC)), "0000000800000000000f4240"},
		"0":            {Numeric(nil, 0, 0), "000000080000000000000000"},
		"299":          {Numeric(nil, 299, 0), "0000000a0001000000000000012b"},
		"10000":        {Numeric(nil, 10000, 0), "0000000a00010001000000000001"},
		"12345678":     {Numeric(nil, 12345678, 0), "0000000c000200010000000004d2162e"},
		"0.50":         {Numeric(nil, 50, 2), "0000000a0001ffff000000021388"},
		"1234567.05":   {Numeric(nil, 123456705, 2), "0000000e0003000100000002007b11d701f4"},
		"100.00":       {Numeric(nil, 10000, 2), "0000000a00010000000000020064"},
		"empty date[]": {Dates(nil, nil), "0000000c00000000000000000000043a"},
		"date[]":       {Dates(nil, []int32{7}), "0000001c00000001000000000000043a00000001000000010000000400000007"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestReaderGivesEveryRowOnce(t *testing.T) {
	const rows = 50_000
	steps := 0
	f := Feed{Header: "<", Trailer: ">", Rows: rows, Append: func(b []byte, i int) []byte { return append(b, byte('a'+i%26)) }}
	whole, err := io.ReadAll(f.Reader(10, rows, func(n int) { steps += n }))
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) != rows-10+2 || whole[0] != '<' || whole[len(whole)-1] != '>' || steps != rows-10 {
		t.Fatalf("%d bytes, %d rows", len(whole), steps)
	}
	for i, c := range whole[1 : len(whole)-1] {
		if c != byte('a'+(i+10)%26) {
			t.Fatalf("row %d is %c", i+10, c)
		}
	}
	if empty, _ := io.ReadAll(f.Reader(5, 5, nil)); string(empty) != "<>" {
		t.Errorf("no rows: %q", empty)
	}
}
