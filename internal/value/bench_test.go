package value

import (
	"testing"
)

// The hot path of COPY: text to value, value to key and text.

var hotCases = []struct {
	name string
	kind Kind
	text string
}{
	{"int4", Int4, "1234567"},
	{"int8", Int8, "-123456789012"},
	{"numeric", Numeric, "1234.56"},
	{"date", Date, "2021-10-19"},
	{"timestamp", Timestamp, "2021-10-19 13:14:15.123456"},
	{"timestamptz", Timestamptz, "2021-10-19 13:14:15+02"},
	{"float8", Float8, "3.141592653589793"},
	{"short float8", Float8, "3.25"},
	{"bool", Bool, "t"},
}

func BenchmarkParseBytes(b *testing.B) {
	for _, c := range hotCases {
		b.Run(c.name, func(b *testing.B) {
			text, st := []byte(c.text), DefaultStyle()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseBytes(Of(c.kind), text, st); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendText(b *testing.B) {
	for _, c := range hotCases {
		b.Run(c.name, func(b *testing.B) {
			v, st := mustParse(c.kind, c.text), DefaultStyle()
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendText(buf[:0], v, st)
			}
		})
	}
}

func BenchmarkAppendKey(b *testing.B) {
	cases := append(hotCases[:len(hotCases):len(hotCases)], []struct {
		name string
		kind Kind
		text string
	}{{"text", Text, "Paris 75011, rue de la Roquette"}, {"uuid", UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}...)
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			v := mustParse(c.kind, c.text)
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendKey(buf[:0], v)
			}
		})
	}
}

func BenchmarkParseText(b *testing.B) {
	for _, c := range []struct {
		name string
		kind Kind
		text string
	}{
		{"jsonb", JSONB, `{"id": 12, "name": "a house", "tags": ["x", "y"], "price": 12.50, "b": true}`},
		{"jsonb in normal form", JSONB, `[{"text": "view kitchen old lift house terrace a garden", "user": "guest", "price": 12.50}]`},
		{"date[30]", Date.Array(), "{2021-10-01,2021-10-02,2021-10-03,2021-10-04,2021-10-05,2021-10-06,2021-10-07,2021-10-08,2021-10-09,2021-10-10,2021-10-11,2021-10-12,2021-10-13,2021-10-14,2021-10-15,2021-10-16,2021-10-17,2021-10-18,2021-10-19,2021-10-20,2021-10-21,2021-10-22,2021-10-23,2021-10-24,2021-10-25,2021-10-26,2021-10-27,2021-10-28,2021-10-29,2021-10-30}"},
		{"text[]", Text.Array(), `{wifi,"hot tub",parking}`},
		{"uuid", UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"bytea", Bytea, `\x0102030405060708090a0b0c0d0e0f`},
	} {
		b.Run(c.name, func(b *testing.B) {
			text, st := []byte(c.text), DefaultStyle()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseBytes(Of(c.kind), text, st); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNumeric(b *testing.B) {
	x, y := mustParse(Numeric, "1234.56"), mustParse(Numeric, "7.89")
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NumericAdd(x, y)
		}
	})
	b.Run("mul", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NumericMul(x, y)
		}
	})
	b.Run("div", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NumericDiv(x, y)
		}
	})
	b.Run("sum", func(b *testing.B) {
		var s NumericSum
		b.ReportAllocs()
		for b.Loop() {
			s.AddWord(x.Int())
		}
	})
}

// TestHotPathAllocatesNothing guards what the benchmarks show.
func TestHotPathAllocatesNothing(t *testing.T) {
	st := DefaultStyle()
	buf := make([]byte, 0, 64)
	for _, c := range hotCases {
		text := []byte(c.text)
		v := mustParse(c.kind, c.text)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := ParseBytes(Of(c.kind), text, st); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("ParseBytes of %s allocates %v times", c.name, n)
		}
		if n := testing.AllocsPerRun(100, func() { buf = AppendText(buf[:0], v, st) }); n != 0 {
			t.Errorf("AppendText of %s allocates %v times", c.name, n)
		}
		if n := testing.AllocsPerRun(100, func() { buf = AppendKey(buf[:0], v) }); n != 0 {
			t.Errorf("AppendKey of %s allocates %v times", c.name, n)
		}
	}
}
