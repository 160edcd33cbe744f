package value

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestKeyVectors reads testdata/keys.txt: kind, text, key, hash, slot. The encoding is frozen:
// logs, hashes and the placement of rows depend on it. Lines are added, never changed.
func TestKeyVectors(t *testing.T) {
	cases, _ := readOracle(t, "testdata/keys.txt")
	for _, c := range cases {
		v, err := parseText(c.args[0], c.args[1], DefaultStyle())
		if err != nil {
			t.Fatal(err)
		}
		key := AppendKey(nil, v)
		got := fmt.Sprintf("%x %016x %d", key, HashKey(key), Slot(key))
		if got != c.answer {
			t.Errorf("keys.txt:%d: %s %q -> %s, frozen is %s", c.line, c.args[0], c.args[1], got, c.answer)
		}
	}
}

// TestStoredVectors reads testdata/stored.txt: kind, text, packed word or number, stored bytes.
// Logs and checkpoints hold these forms, so they are frozen too.
func TestStoredVectors(t *testing.T) {
	cases, _ := readOracle(t, "testdata/stored.txt")
	for _, c := range cases {
		v, err := parseText(c.args[0], c.args[1], DefaultStyle())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(fmt.Sprintf("%016x %x", uint64(v.n), v.s)); got != c.answer {
			t.Errorf("stored.txt:%d: %s %q -> %s, frozen is %s", c.line, c.args[0], c.args[1], got, c.answer)
		}
		if v.Kind().IsArray() && !ValidArray(v.Kind().Elem(), v.Bytes()) {
			t.Errorf("stored.txt:%d: not a valid array", c.line)
		}
	}
}

// keyKinds are the kinds that the property tests run over.
var keyKinds = []Kind{
	Bool, Int2, Int4, Int8, Float8, Numeric, Text, Varchar, Bpchar, Bytea, Date, Timestamp, Timestamptz, UUID, JSONB,
	Float4, Time, Timetz, Interval, JSON, OID, Name, Char, Regclass,
	Interval.Array(), Timetz.Array(), Float4.Array(), OID.Array(), Char.Array(), Name.Array(),
	Int4.Array(), Int8.Array(), Text.Array(), Date.Array(), Numeric.Array(), Float8.Array(), Bool.Array(), UUID.Array(), JSONB.Array(),
}

// randomValue returns a value of a kind, from a small domain often enough that equal ones meet.
func randomValue(r *rand.Rand, k Kind) Value {
	if r.IntN(12) == 0 {
		return Null(k)
	}
	if k.IsArray() {
		elems := make([]Value, r.IntN(4))
		for i := range elems {
			elems[i] = randomValue(r, k.Elem())
		}
		if len(elems) == 0 || r.IntN(3) > 0 {
			return NewArray(k.Elem(), elems)
		}
		return NewShapedArray(k.Elem(), randomShape(r, len(elems)), elems)
	}
	switch k {
	case Bool:
		return NewBool(r.IntN(2) == 0)
	case Int2, Int4, Int8, Date, Timestamp, Timestamptz, Time, OID, Char, Regclass:
		return NewInt(k, randomInt(r, k))
	case Timetz:
		return NewTimetz(randomInt(r, Time), int64(r.IntN(2*maxZoneOffset-1)-maxZoneOffset+1)/int64(1+r.IntN(3600)))
	case Interval:
		return NewInterval(randomSpan(r))
	case Float4:
		if r.IntN(2) == 0 {
			return NewFloat4(math.Float32frombits(r.Uint32()))
		}
		return NewFloat4(float32(randomFloat(r)))
	case JSON:
		return NewBytes(JSON, randomJSON(r, 3))
	case Float8:
		return NewFloat(randomFloat(r))
	case Numeric:
		return randomNumeric(r)
	case UUID:
		b := make([]byte, 16)
		for i := range b {
			b[i] = byte(r.IntN(3) * 127)
		}
		return NewBytes(UUID, string(b))
	case JSONB:
		doc, err := parseJSON(randomJSON(r, 3))
		if err != nil {
			panic(err)
		}
		return NewBytes(JSONB, doc)
	case Bytea:
		b := make([]byte, r.IntN(5))
		for i := range b {
			b[i] = []byte{0, 1, 2, 'a', 0xFD, 0xFE, 0xFF}[r.IntN(7)]
		}
		return NewBytes(Bytea, string(b))
	}
	if k == Bpchar && r.IntN(2) == 0 {
		return NewBytes(k, randomText(r)+strings.Repeat(" ", r.IntN(3)))
	}
	return NewBytes(k, randomText(r))
}

// randomShape returns the dimensions of an array of n elements.
func randomShape(r *rand.Rand, n int) []Dim {
	dims := []Dim{{1, r.IntN(3)}, {n, r.IntN(2) + 1}, {1, -r.IntN(2)}}
	from := r.IntN(2)
	return dims[from : 2+r.IntN(2)]
}

// shaped says whether v is an array of another shape than one dimension from 1.
func shaped(v Value) bool { return v.kind.IsArray() && !plainShape(headOf(v.s)) }

// randomSpan returns parts that carry over into each other often, and extreme ones.
func randomSpan(r *rand.Rand) Span {
	small := func(n int64) int64 {
		return (r.Int64N(5) - 2) * n / int64(1+r.IntN(4)*15)
	}
	p := Span{Months: int32(small(2)), Days: int32(small(60)), Micros: small(2 * microsPerDay)}
	if r.IntN(4) == 0 {
		p = Span{int32(r.Uint32()), int32(r.Uint32()), int64(r.Uint64())}
	}
	if r.IntN(50) == 0 {
		p = Span{math.MaxInt32, math.MaxInt32, math.MaxInt64}
	}
	return p
}

func randomInt(r *rand.Rand, k Kind) int64 {
	for {
		n := int64(r.Uint64()) >> r.IntN(64)
		if r.IntN(3) == 0 {
			n = int64(r.IntN(5) - 2)
		}
		if fitsInt(n, k) {
			return n
		}
	}
}

func randomFloat(r *rand.Rand) float64 {
	switch r.IntN(4) {
	case 0:
		return []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, math.SmallestNonzeroFloat64}[r.IntN(8)]
	case 1:
		return math.Float64frombits(r.Uint64())
	}
	return float64(r.IntN(9)-4) / 4
}

func randomNumeric(r *rand.Rand) Value {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("0012345679990"[r.IntN(13)])
		}
		return b.String()
	}
	text := ""
	switch r.IntN(8) {
	case 0:
		text = []string{"NaN", "Infinity", "-Infinity", "0", "0.000", "1", "1.0", "1.00"}[r.IntN(8)]
	case 1:
		text = "1" + strings.Repeat("0", r.IntN(40)) + "." + strings.Repeat("0", r.IntN(5))
	case 2:
		text = "0." + strings.Repeat("0", r.IntN(40)) + digits(1+r.IntN(3))
	case 3:
		text = digits(1+r.IntN(30)) + "." + digits(r.IntN(30))
	default:
		text = digits(1+r.IntN(3)) + "." + digits(r.IntN(3))
	}
	v, err := parseNumeric(text)
	if err != nil {
		panic(err)
	}
	if r.IntN(3) == 0 {
		v = NumericNeg(v)
	}
	return v
}

func randomText(r *rand.Rand) string {
	words := []string{"", "a", "b", "ab", "\x01", "\x02", "é", "\U0001F600", " ", "aaaaaaaaa"}
	return words[r.IntN(len(words))] + words[r.IntN(len(words))]
}

func randomJSON(r *rand.Rand, depth int) string {
	n := r.IntN(9)
	if depth == 0 && n > 5 {
		n -= 4
	}
	switch n {
	case 0:
		return "null"
	case 1:
		return "true"
	case 2:
		return "false"
	case 3:
		return []string{"0", "1", "1.0", "-1.50", "1e3", "1000", "0.001"}[r.IntN(7)]
	case 4, 5:
		return string(JSONQuote(nil, randomText(r)))
	case 6, 7:
		parts := make([]string, r.IntN(3))
		for i := range parts {
			parts[i] = randomJSON(r, depth-1)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	parts := make([]string, r.IntN(3))
	for i := range parts {
		parts[i] = string(JSONQuote(nil, randomText(r))) + ":" + randomJSON(r, depth-1)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestKeysSortAsValuesCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, k := range keyKinds {
		for range 20000 {
			a, b := randomValue(r, k), randomValue(r, k)
			ka, kb := AppendKey(nil, a), AppendKey(nil, b)
			want := Compare(a, b)
			if k.IsArray() && !a.IsNull() && !b.IsNull() {
				oa, ob := AppendArrayOrder(nil, a), AppendArrayOrder(nil, b)
				if got := bytes.Compare(oa, ob); got != 0 && got != want {
					t.Fatalf("%s: Compare(%s, %s) is %d, of their orders %x %x it is %d", k, show(a), show(b), want, oa, ob, got)
				}
			}
			if shaped(a) != shaped(b) { // keys are for equality only, see keyShaped
				if bytes.Equal(ka, kb) || want == 0 || bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka) {
					t.Fatalf("%s: %s and %s are equal or have keys %x, %x", k, show(a), show(b), ka, kb)
				}
				continue
			}
			if got := bytes.Compare(ka, kb); got != want {
				t.Fatalf("%s: Compare(%s, %s) is %d, of keys %x %x it is %d", k, show(a), show(b), want, ka, kb, got)
			}
			if Equal(a, b) != (want == 0) || Compare(b, a) != -want {
				t.Fatalf("%s: Equal or Compare is not symmetric for %s, %s", k, show(a), show(b))
			}
			da, db := AppendKeyDesc(nil, a), AppendKeyDesc(nil, b)
			if got := bytes.Compare(da, db); got != -want {
				t.Fatalf("%s: descending keys of %s, %s compare %d", k, show(a), show(b), got)
			}
			if pa, pb := KeyPrefix(ka), KeyPrefix(kb); pa != pb && (pa < pb) != (want < 0) {
				t.Fatalf("%s: prefixes %x %x of %s, %s", k, pa, pb, show(a), show(b))
			}
			if want != 0 && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
				t.Fatalf("%s: one of %x %x is a prefix of the other", k, ka, kb)
			}
		}
	}
}

func TestIntegerKindsShareKeys(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 255, 256, -256, -257, 32767, -32768} {
		a := AppendKey(nil, NewInt(Int2, n))
		for _, k := range []Kind{Int4, Int8} {
			if b := AppendKey(nil, NewInt(k, n)); !bytes.Equal(a, b) {
				t.Errorf("%d: int2 %x, %s %x", n, a, k, b)
			}
		}
		if Compare(NewInt(Int2, n), NewInt(Int8, n+1)) != -1 {
			t.Errorf("int2 %d does not compare with int8", n)
		}
	}
}

func TestKeysDecode(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, k := range keyKinds {
		for range 3000 {
			a, b := randomValue(r, k), randomValue(r, Text)
			key := AppendKey(AppendKey(nil, a), b)
			v, rest, err := DecodeKey(k, key)
			if err != nil || Compare(v, a) != 0 || v.Kind() != k {
				t.Fatalf("%s: %s decodes to %s, %v", k, show(a), show(v), err)
			}
			if w, rest, err := DecodeKey(Text, rest); err != nil || w != b || len(rest) != 0 {
				t.Fatalf("%s: second column %s decodes to %s, %v", k, show(b), show(w), err)
			}
			desc := AppendKeyDesc(AppendKeyDesc(nil, a), b)
			v, rest, err = DecodeKeyDesc(k, desc)
			if err != nil || Compare(v, a) != 0 {
				t.Fatalf("%s: descending %s decodes to %s, %v", k, show(a), show(v), err)
			}
			if w, _, err := DecodeKeyDesc(Text, rest); err != nil || w != b {
				t.Fatalf("%s: second descending column %s decodes to %s, %v", k, show(b), show(w), err)
			}
		}
	}
}

// TestNumericKeyOfWideAndPacked says that the two ways to the same number meet.
func TestNumericKeyOfWideAndPacked(t *testing.T) {
	packed := mustParse(Numeric, "123.45")
	wide := mustParse(Numeric, "123.45"+strings.Repeat("0", 70))
	if IsWide(packed.Int()) || !IsWide(wide.Int()) {
		t.Fatal("the two are not packed and wide")
	}
	if a, b := AppendKey(nil, packed), AppendKey(nil, wide); !bytes.Equal(a, b) {
		t.Errorf("keys %x and %x", a, b)
	}
}

func show(v Value) string {
	if v.IsNull() {
		return "NULL"
	}
	return fmt.Sprintf("%s %q", v.Kind(), AppendText(nil, v, DefaultStyle()))
}

func FuzzDecodeKey(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, k := range keyKinds {
		for range 4 {
			f.Add(uint8(k), AppendKey(nil, randomValue(r, k)))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		k := Kind(kind)
		v, rest, err := DecodeKey(k, b)
		if err != nil {
			return
		}
		if back := append(AppendKey(nil, v), rest...); !bytes.Equal(back, b) {
			t.Errorf("%s: %x decodes to %s, whose key is %x", k, b, show(v), back)
		}
		if v.IsNull() {
			return
		}
		if e := k.Elem(); e == Unknown || isText(e) || e == Name || e == JSON || e == Bytea {
			return // any bytes
		}
		text := string(AppendText(nil, v, DefaultStyle()))
		w, err := Parse(Of(k), text, DefaultStyle())
		if err != nil || Compare(v, w) != 0 {
			t.Errorf("%s: %x decodes to %s, which is no value: %v", k, b, show(v), err)
		}
	})
}
