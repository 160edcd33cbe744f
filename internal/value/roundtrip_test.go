package value

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// allKinds are the kinds and their arrays.
func allKinds() []Kind {
	var list []Kind
	for k := Bool; k <= Void; k++ {
		if !k.Valid() {
			continue
		}
		list = append(list, k, k.Array())
	}
	return list
}

// seedTexts adds the texts of the oracle's files, which are what real inputs look like.
func seedTexts(f *testing.F, add func(k Kind, text string)) {
	files, _ := filepath.Glob("testdata/oracle/*.txt")
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			f.Fatal(err)
		}
		scan := bufio.NewScanner(file)
		scan.Buffer(nil, 1<<20)
		for n := 0; scan.Scan(); n++ {
			line := scan.Text()
			if n%7 != 0 || !strings.HasPrefix(line, "parse ") {
				continue
			}
			if c, err := parseOracleLine(line); err == nil && len(c.args[2]) < 100 {
				add(parseTypeText(c.args[1]).Kind, c.args[2])
			}
		}
		file.Close()
	}
}

// FuzzText says that what is read is written, and read again as the same stored value, that the
// reader keeps nothing of its input, and that the binary form says the same.
func FuzzText(f *testing.F) {
	seedTexts(f, func(k Kind, text string) { f.Add(uint8(k), text) })
	paris, err := LoadZone("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := Kind(kind)
		if !k.Valid() || k == Unknown || CheckUTF8(text) != nil || len(text) > 300 {
			return
		}
		if k.Elem() == Jsonpath {
			return // its text is another one than what was read: see internal/jsonpath
		}
		for _, st := range []*Style{DefaultStyle(), {Location: paris, FloatDigits: 1, ByteaEscape: true, DateOrder: OrderDMY}} {
			v, err := Parse(Of(k), text, st)
			buf := []byte(text)
			w, errBytes := ParseBytes(Of(k), buf, st)
			for i := range buf {
				buf[i] = 'x' // the caller reuses its buffer
			}
			if (err == nil) != (errBytes == nil) {
				t.Fatalf("%s %q: Parse says %v, ParseBytes %v", k, text, err, errBytes)
			}
			if err != nil {
				continue
			}
			if w != v {
				t.Fatalf("%s %q: ParseBytes gives %s, Parse %s", k, text, show(w), show(v))
			}
			checkValid(t, v)
			out := AppendText(nil, v, st)
			back, err := Parse(Of(k), string(out), st)
			if err != nil || back != v {
				t.Fatalf("%s %q is written %q and reads as %s, %v", k, text, out, show(back), err)
			}
			bin := AppendBinary(nil, v)
			back, err = ParseBinary(Of(k), bin)
			if err != nil || back != v {
				t.Fatalf("%s %q has the binary form %x and reads as %s, %v", k, text, bin, show(back), err)
			}
		}
	})
}

// unreadable says that the text of v is one that PostgreSQL does not read either: the least time of an interval, or
// a byte of a "char" that stands for another.
func unreadable(v Value) bool {
	bad := false
	switch {
	case v.IsNull():
	case v.Kind().IsArray():
		ArrayEach(v.Kind().Elem(), v.Bytes(), func(_ int, e Value) bool {
			bad = bad || unreadable(e)
			return true
		})
	case v.Kind() == Interval:
		bad = SpanOf(v).Micros == math.MinInt64
	}
	return bad
}

// checkValid checks that v is represented as every stored value must be.
func checkValid(t *testing.T, v Value) {
	t.Helper()
	if !Valid(v) {
		t.Fatalf("%s %x %q is not valid", v.kind, v.n, v.s)
	}
}

// FuzzParseBinary says that what is read from the wire is written and read again as the same value,
// in text too, and that a numeric is the number that its digits say.
func FuzzParseBinary(f *testing.F) {
	eachTraffic(f, func(k Kind, b []byte) { f.Add(uint8(k), b) })
	seedTexts(f, func(k Kind, text string) {
		if v, err := Parse(Of(k), text, DefaultStyle()); err == nil {
			f.Add(uint8(k), AppendBinary(nil, v))
		}
	})
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		k := Kind(kind)
		if !k.Valid() || k.Elem() == Jsonpath || len(b) > 1000 {
			return
		}
		v, err := ParseBinary(Of(k), b)
		if err != nil {
			return
		}
		checkValid(t, v)
		again := AppendBinary(nil, v)
		back, err := ParseBinary(Of(k), again)
		if err != nil || back != v {
			t.Fatalf("%s %x is %s, written %x, read %s, %v", k, b, show(v), again, show(back), err)
		}
		if len(v.s) > 2*len(b)+100 {
			return // a number of thousands of zeros: its text takes long
		}
		if unreadable(v) {
			return
		}
		text := AppendText(nil, v, DefaultStyle())
		if back, err := Parse(Of(k), string(text), DefaultStyle()); err != nil || back != v {
			t.Fatalf("%s %x is %s, which reads as %s, %v", k, b, text, show(back), err)
		}
		if k != Numeric || len(text) > 1000 {
			return
		}
		if want, ok := naiveWireNumeric(b); ok && ratOfValue(v).Cmp(want) != 0 {
			t.Fatalf("numeric %x is %s, want %s", b, text, want.RatString())
		}
	})
}

// FuzzDecodeStored says that what is decoded from the storage form is encoded and decoded again as
// the same value, and that what Valid lets pass can be used.
func FuzzDecodeStored(f *testing.F) {
	eachTraffic(f, func(k Kind, b []byte) {
		if v, err := ParseBinary(Of(k), b); err == nil {
			f.Add(AppendStored(nil, v))
		}
	})
	for k := Bool; k <= Void; k++ {
		if !k.Valid() {
			continue
		}
		f.Add(AppendStored(nil, Null(k)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := DecodeStored(b)
		if err != nil {
			return
		}
		again := AppendStored(nil, v)
		if back, tail, err := DecodeStored(append(again, rest...)); err != nil || back != v || string(tail) != string(rest) {
			t.Fatalf("%x is %v and %x, stored as %x, read as %v and %x, %v", b, v, rest, again, back, tail, err)
		}
		if !Valid(v) || v.IsNull() {
			return
		}
		AppendText(nil, v, DefaultStyle())
		AppendBinary(nil, v)
		key := AppendKey(nil, v)
		if w, tail, err := DecodeKey(v.Kind(), key); err != nil || len(tail) > 0 || Compare(v, w) != 0 {
			t.Fatalf("%s has the key %x, which is that of %s, %v", show(v), key, show(w), err)
		}
	})
}

// FuzzValidArray says that bytes that pass ValidArray can be walked.
func FuzzValidArray(f *testing.F) {
	for _, text := range []string{"{}", "{1,NULL,3}", "{1}"} {
		for _, k := range []Kind{Int4, Int8, Text, Numeric, Float8} {
			v, err := Parse(Of(k.Array()), text, DefaultStyle())
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(k), v.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, s string) {
		k := Kind(kind)
		if !k.Valid() || k.IsArray() || k == Unknown || k == JSONB || !ValidArray(k, s) {
			return
		}
		n := 0
		ArrayEach(k, s, func(i int, v Value) bool {
			if i != n || v.IsNull() != ArrayElem(k, s, i).IsNull() || Compare(v, ArrayElem(k, s, i)) != 0 {
				t.Fatalf("element %d of %x: ArrayEach and ArrayElem differ", i, s)
			}
			n++
			return true
		})
		if n != ArrayLen(s) {
			t.Fatalf("%x has %d elements, ArrayEach yields %d", s, ArrayLen(s), n)
		}
		AppendKey(nil, NewBytes(k.Array(), s))
	})
}

// FuzzJSON compares what is accepted with encoding/json, which is looser only where the comments say.
func FuzzJSON(f *testing.F) {
	seedTexts(f, func(k Kind, text string) {
		if k == JSONB {
			f.Add(text)
		}
	})
	f.Fuzz(func(t *testing.T, text string) {
		if CheckUTF8(text) != nil || len(text) > 2000 {
			return
		}
		doc, err := normalizeJSON(text)
		if isNormalJSON(text) && (err != nil || doc != text) {
			t.Fatalf("%q passes as normal, and is normalised to %q, %v", text, doc, err)
		}
		if err == nil && !json.Valid([]byte(text)) {
			t.Fatalf("%q is no JSON, and accepted", text)
		}
		if err != nil {
			lower := strings.ToLower(text)
			// Zero characters, halves of surrogate pairs and huge exponents are refused by jsonb alone.
			if json.Valid([]byte(text)) && !strings.Contains(lower, `\u`) && !strings.Contains(lower, "e") {
				t.Fatalf("%q is JSON, and refused: %v", text, err)
			}
			return
		}
		again, err := normalizeJSON(doc)
		if err != nil || again != doc {
			t.Fatalf("%q is normalised to %q, and that to %q, %v", text, doc, again, err)
		}
		if !JSONContains(doc, doc) {
			t.Fatalf("%q does not contain itself", doc)
		}
	})
}

// TestNormalJSON says which documents need not be normalised.
func TestNormalJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a": 1, "b": [true, false, null], "cc": {"": "é"}}`: true,
		`[]`: true, `{}`: true, `""`: true, `0`: true, `12.50`: true, `-1.5`: true, `[[[]], {}]`: true, `"longer than eight bytes"`: true,
		"": false, " 1": false, "1 ": false, "-0": false, "01": false, "1.": false, ".5": false, "1e2": false, "-": false, "+1": false,
		`[1,2]`: false, `[1, 2`: false, `[1,`: false, `[`: false, `{"a":1}`: false, `{"a": 1`: false, `{"a"`: false, `{"`: false, `{1: 2}`: false,
		`{"b": 1, "a": 2}`: false, `{"a": 1, "a": 2}`: false, `{"bb": 1, "a": 2}`: false, `[1, 2, ]`: false,
		`"\u0041"`: false, `"\/"`: false, "\"\t\"": false, "\"1234567\t\"": false, `"12345678\`: false, `"1234567`: false, `truex`: false, `nul`: false,
		strings.Repeat("[", maxNormalDepth+2) + strings.Repeat("]", maxNormalDepth+2): false,
	} {
		if got := isNormalJSON(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if doc, err := normalizeJSON(text); want && (err != nil || doc != text) {
			t.Errorf("%q is normalised to %q, %v", text, doc, err)
		}
	}
}

func TestReservedDates(t *testing.T) {
	tokyo, err := LoadZone("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	// 2024-02-28 22:30 UTC is the 29th in Tokyo.
	st := &Style{Location: tokyo, Now: mustParse(Timestamptz, "2024-02-28 22:30:00.5+00").Int(), FloatDigits: 1}
	for _, c := range []struct {
		kind       Kind
		text, want string
	}{
		{Date, "now", "2024-02-29"},
		{Date, "today", "2024-02-29"},
		{Date, "TOMORROW", "2024-03-01"},
		{Date, "yesterday", "2024-02-28"},
		{Timestamp, "now", "2024-02-29 07:30:00.5"},
		{Timestamp, "today", "2024-02-29 00:00:00"},
		{Timestamp, "tomorrow 10:00", "2024-03-01 10:00:00"},
		{Timestamptz, "now", "2024-02-29 07:30:00.5+09"},
		{Timestamptz, "yesterday 10:00", "2024-02-28 10:00:00+09"},
		{Timestamptz, "today allballs", "2024-02-29 09:00:00+09"},
	} {
		v, err := Parse(Of(c.kind), c.text, st)
		if err != nil {
			t.Errorf("%s %q: %v", c.kind, c.text, err)
			continue
		}
		if got := string(AppendText(nil, v, st)); got != c.want {
			t.Errorf("%s %q is %s, want %s", c.kind, c.text, got, c.want)
		}
	}
}

func TestClockAndTime(t *testing.T) {
	for _, text := range []string{"2000-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00", "2024-02-29 12:00:00.000001+00", "0001-01-01 00:00:00+00"} {
		n := mustParse(Timestamptz, text).Int()
		at := GoTime(n).UTC()
		if Clock(at) != n {
			t.Errorf("%s: %d becomes %d", text, n, Clock(at))
		}
		if got := at.Format("2006-01-02 15:04:05.999999+00"); got != text {
			t.Errorf("Time gives %s, want %s", got, text)
		}
	}
	if got := Clock(time.Unix(0, 999)); got != -epochUnixSeconds*microsPerSecond {
		t.Errorf("nanoseconds are not cut: %d", got)
	}
}

func TestTypeNames(t *testing.T) {
	for name, want := range map[string]Kind{
		"INTEGER": Int4, "int": Int4, "Double  Precision": Float8, "character varying": Varchar,
		"timestamp with time zone": Timestamptz, "timestamp without time zone": Timestamp, "pg_catalog.bool": Bool,
	} {
		if got, ok := ParseTypeName(name); !ok || got != want {
			t.Errorf("%s is %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"money", "inet", "xml", "", "unknown"} {
		if k, ok := ParseTypeName(name); ok {
			t.Errorf("%s is %v", name, k)
		}
	}
	for want, typ := range map[string]Type{
		"numeric(10,2)":                  {Kind: Numeric, Mod: NumericTypmod(10, 2)},
		"numeric(3,-2)":                  {Kind: Numeric, Mod: NumericTypmod(3, -2)},
		"character varying(7)[]":         {Kind: Varchar.Array(), Mod: CharTypmod(7)},
		"timestamp(3) with time zone":    {Kind: Timestamptz, Mod: 3},
		"timestamp(0) without time zone": {Kind: Timestamp, Mod: 0},
		"integer[]":                      Of(Int4.Array()),
		"jsonb":                          Of(JSONB),
	} {
		if got := FormatType(typ); got != want {
			t.Errorf("FormatType is %s, want %s", got, want)
		}
	}
	for _, k := range allKinds() {
		if back, ok := KindOfOID(k.OID()); !ok || back != k {
			t.Errorf("OID %d of %s is %s", k.OID(), k, back)
		}
	}
}

func TestCheckUTF8(t *testing.T) {
	for s, want := range map[string]string{
		"é\U0001F600":  "",
		"a\xffb":       `invalid byte sequence for encoding "UTF8": 0xff`,
		"a\x00":        `invalid byte sequence for encoding "UTF8": 0x00`,
		"\xc3(":        `invalid byte sequence for encoding "UTF8": 0xc3 0x28`,
		"\xe2\x82":     `invalid byte sequence for encoding "UTF8": 0xe2 0x82`,
		"\xed\xa0\x80": `invalid byte sequence for encoding "UTF8": 0xed 0xa0 0x80`,
	} {
		err := CheckUTF8(s)
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", s, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}

func TestOneNaN(t *testing.T) {
	other := math.Float64frombits(0x7FF8000000000001)
	if NewFloat(other) != NewFloat(math.NaN()) {
		t.Error("two NaNs are stored differently")
	}
	b := AppendBinary(nil, NewFloat(other))
	if v, err := ParseBinary(Of(Float8), b); err != nil || v != NewFloat(math.NaN()) {
		t.Errorf("NaN from the wire is %v, %v", v, err)
	}
}
