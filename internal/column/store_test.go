package column

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/value"
)

// testKinds has a kind for each form and order.
var testKinds = []value.Kind{
	value.Bool, value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric,
	value.Text, value.Bytea, value.Date, value.Timestamptz, value.UUID,
	value.Float4, value.Time, value.Timetz, value.Interval, value.OID, value.Char, value.Name,
}

// drawValue returns a value of a kind, NULL now and then. spread is about how
// many different ones there are.
func drawValue(rnd *rand.Rand, k value.Kind, spread int, nulls bool) value.Value {
	if nulls && rnd.IntN(5) == 0 {
		return value.Null(k)
	}
	n := int64(rnd.IntN(spread)) - int64(spread/2)
	switch k {
	case value.Bool:
		return value.NewBool(n&1 == 0)
	case value.Int2:
		return value.NewInt(k, int64(int16(n)))
	case value.Int4, value.Date:
		return value.NewInt(k, int64(int32(n*1_000_003)))
	case value.Int8, value.Timestamptz:
		return value.NewInt(k, n*1_000_000_000_039)
	case value.Float4:
		return value.NewFloat4(float32(n) / 8)
	case value.Time:
		return value.NewInt(k, (n&1023)*1_000_003)
	case value.Timetz:
		return value.NewTimetz((n&1023)*1_000_003, n%3*3600)
	case value.Interval: // 1 month is 30 days
		return value.NewInterval(value.Span{Months: int32(n) / 30, Days: int32(n) % 90, Micros: n % 3 * 43_200e6})
	case value.OID:
		return value.NewInt(k, int64(uint32(n)))
	case value.Char:
		return value.NewInt(k, int64(uint8(n)))
	case value.Float8:
		switch rnd.IntN(20) {
		case 0:
			return value.NewFloat(math.NaN())
		case 1:
			return value.NewFloat(math.Copysign(0, -1))
		}
		return value.NewFloat(float64(n) / 8)
	case value.Numeric:
		if rnd.IntN(10) == 0 {
			return wideNumeric(n)
		}
		w, _ := value.PackNumeric(n, rnd.IntN(3))
		return value.NewNumericWord(w, "")
	case value.UUID:
		return value.NewBytes(k, fmt.Sprintf("%016d", n+1<<40))
	}
	switch rnd.IntN(4) {
	case 0:
		return value.NewBytes(k, fmt.Sprint(n))
	case 1:
		return value.NewBytes(k, "")
	}
	return value.NewBytes(k, fmt.Sprint("value ", n, strings.Repeat("-", rnd.IntN(20))))
}

// wideNumeric returns a numeric of more than 56 bits.
func wideNumeric(n int64) value.Value {
	v, err := value.Parse(value.Of(value.Numeric), fmt.Sprintf("%d000000000000000000000.5", n), value.DefaultStyle())
	if err != nil {
		panic(err)
	}
	return v
}

// same says whether two values have the same stored bytes.
func same(a, b value.Value) bool {
	return a.Kind() == b.Kind() && a.IsNull() == b.IsNull() && (a.IsNull() || a.Int() == b.Int() && a.Bytes() == b.Bytes())
}

// model is a Store with a plain slice beside it.
type model struct {
	*Store
	rnd    *rand.Rand
	kind   value.Kind
	spread int
	nulls  bool
	want   []value.Value
}

func newModel(k value.Kind, seed uint64, spread int, nulls bool, late int) *model {
	m := &model{rnd: rand.New(rand.NewPCG(seed, 7)), kind: k, spread: spread, nulls: nulls}
	missing := value.Null(k)
	if seed%2 == 0 {
		missing = drawValue(m.rnd, k, spread, false)
	}
	for range late {
		m.want = append(m.want, missing)
	}
	m.Store = NewStore(value.Of(k), &Account{}, missing, uint32(late))
	return m
}

func (m *model) draw() value.Value { return drawValue(m.rnd, m.kind, m.spread, m.nulls) }

// addOne and addMany append rows, reuse gives a slot to another row.
func (m *model) addOne() {
	v := m.draw()
	m.Set(uint32(len(m.want)), v)
	m.want = append(m.want, v)
}

func (m *model) addMany(n int) {
	src, encode := Vec{}, m.rnd.IntN(2) == 0
	src.Reset(m.kind)
	skip := m.rnd.IntN(3)
	for i := range n + skip {
		v := m.draw()
		src.Append(v)
		if i >= skip {
			m.want = append(m.want, v)
		}
	}
	if encode && src.Kind.Rep() == value.RepBytes && n > 0 {
		src.Dict = NewDict(nil)
		for _, s := range src.S {
			c, _ := src.Dict.Add(s)
			src.Codes = append(src.Codes, c)
		}
		src.S = nil
	}
	m.SetVec(uint32(len(m.want)-n), &src, skip, skip+n)
}

func (m *model) reuse() {
	if len(m.want) == 0 {
		return
	}
	row := m.rnd.IntN(len(m.want))
	m.Clear(uint32(row))
	m.want[row] = m.draw()
	m.Set(uint32(row), m.want[row])
}

func (m *model) check(t interface{ Fatalf(string, ...any) }) {
	for i, w := range m.want {
		if got := m.Get(uint32(i)); !same(got, w) {
			t.Fatalf("row %d is %v, want %v", i, got, w)
		}
		if m.IsNull(uint32(i)) != w.IsNull() {
			t.Fatalf("IsNull(%d) is wrong", i)
		}
	}
	if len(m.want) == 0 {
		return
	}
	var v Vec
	for range 5 {
		rows := make([]uint32, m.rnd.IntN(50))
		for i := range rows {
			rows[i] = uint32(m.rnd.IntN(len(m.want)))
		}
		m.Gather(&v, rows)
		m.checkVec(t, &v, rows)
		start := m.rnd.IntN(len(m.want))
		n := min(m.rnd.IntN(1500), len(m.want)-start, SegmentRows-start%SegmentRows)
		rows = rows[:0]
		for i := range n {
			rows = append(rows, uint32(start+i))
		}
		m.Slice(&v, uint32(start), n)
		m.checkVec(t, &v, rows)
		m.checkOrder(t)
	}
}

func (m *model) checkVec(t interface{ Fatalf(string, ...any) }, v *Vec, rows []uint32) {
	if v.Len() != len(rows) || v.Nulls != nil && len(v.Nulls) != len(rows) {
		t.Fatalf("%d values and %d null flags of %d rows", v.Len(), len(v.Nulls), len(rows))
	}
	if m.kind.Rep() == value.RepBytes && len(v.Strings()) != len(rows) {
		t.Fatalf("%d strings of %d rows", len(v.S), len(rows))
	}
	for i, r := range rows {
		if got := v.Value(i); !same(got, m.want[r]) {
			t.Fatalf("element %d, row %d, is %v, want %v", i, r, got, m.want[r])
		}
		if v.IsNull(i) {
			var zero bool
			switch m.kind.Rep() {
			case value.RepFloat:
				zero = v.F[i] == 0
			case value.RepBytes:
				zero = v.S[i] == ""
			default:
				zero = v.I[i] == 0
			}
			if !zero {
				t.Fatalf("row %d is NULL and not zero", r)
			}
		}
	}
}

func (m *model) checkOrder(t interface{ Fatalf(string, ...any) }) {
	a, b := m.rnd.IntN(len(m.want)), m.rnd.IntN(len(m.want))
	want := value.Compare(m.want[a], m.want[b])
	if got := m.Compare(uint32(a), uint32(b)); got != want {
		t.Fatalf("Compare(%v, %v) = %d, want %d", m.want[a], m.want[b], got, want)
	}
	if got := m.CompareValue(uint32(a), m.want[b]); got != want {
		t.Fatalf("CompareValue(%v, %v) = %d, want %d", m.want[a], m.want[b], got, want)
	}
	null := m.want[a].IsNull() || m.want[b].IsNull()
	if got := m.EqualValue(uint32(a), m.want[b]); got != (want == 0 && !null) {
		t.Fatalf("EqualValue(%v, %v) = %v", m.want[a], m.want[b], got)
	}
}

// TestStoreAgreesWithSlice runs random writes on every kind, beside a slice.
func TestStoreAgreesWithSlice(t *testing.T) {
	for _, k := range testKinds {
		t.Run(k.CatalogName(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := newModel(k, rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom([]int{2, 300, 1 << 30}).Draw(t, "spread"),
					rapid.Bool().Draw(t, "nulls"), rapid.SampledFrom([]int{0, 0, 100}).Draw(t, "late"))
				for range rapid.IntRange(0, 60).Draw(t, "steps") {
					switch rapid.IntRange(0, 4).Draw(t, "op") {
					case 0, 1:
						m.addOne()
					case 2:
						m.addMany(rapid.IntRange(0, 300).Draw(t, "n"))
					case 3:
						m.reuse()
					case 4:
						m.Compact()
					}
				}
				m.check(t)
			})
		})
	}
}

// TestStoreManySegments crosses segment borders and, for text of many values,
// goes from codes of one byte to four and then to references.
func TestStoreManySegments(t *testing.T) {
	for _, k := range []value.Kind{value.Int4, value.Numeric, value.Text, value.UUID} {
		for _, spread := range []int{200, 30_000, 1 << 40} {
			m := newModel(k, uint64(spread), spread, true, 70_000)
			for len(m.want) < 150_000 {
				m.addMany(5000)
			}
			for range 2000 {
				m.reuse()
			}
			m.check(t)
			if k == value.Text && spread > 1<<30 && !m.plain {
				t.Error("text of very many values is still encoded")
			}
		}
	}
}

// TestStoreKeepsFewValuesEncoded looks at the form and the bytes a row.
func TestStoreKeepsFewValuesEncoded(t *testing.T) {
	s := NewStore(value.Of(value.Text), &Account{}, value.Null(value.Text), 0)
	for i := range uint32(200_000) {
		s.Set(i, value.NewText(fmt.Sprint("a town called number ", i*7919%1000)))
	}
	if per := float64(s.Bytes()) / 200_000; per > 2.7 {
		t.Errorf("%.1f bytes a row", per)
	}
	rows := []uint32{5, 70_000, 199_999}
	var v Vec
	s.Gather(&v, rows)
	if v.Codes == nil || v.Dict.String(v.Codes[1]) != s.Get(70_000).Bytes() {
		t.Error("the column is not encoded")
	}
}

// TestStoreGivesUpDictionary sees to it that a column of unique texts pays for
// a reference and the bytes, and no more for the dictionary it began with.
func TestStoreGivesUpDictionary(t *testing.T) {
	acct := &Account{}
	s := NewStore(value.Of(value.Text), acct, value.Null(value.Text), 0)
	const n = 10 * SegmentRows
	for i := range uint32(n) {
		s.Set(i, value.NewText(fmt.Sprintf("%020d", i)))
	}
	if per := float64(s.Bytes()) / n; per > 8+20*1.07 {
		t.Errorf("%.1f bytes a row", per)
	}
	if s.dict != nil || acct.Bytes() != s.Bytes() {
		t.Error("the dictionary is still there or still counted")
	}
}

// TestStoreCompactsCleared clears most of a column of wide values.
func TestStoreCompactsCleared(t *testing.T) {
	s := NewStore(value.Of(value.JSONB), &Account{}, value.Null(value.JSONB), 0)
	const n = 100_000
	text := func(i uint32) string { return fmt.Sprintf(`{"number": %d, "pad": "%0100d"}`, i, i) }
	for i := range uint32(n) {
		s.Set(i, value.NewBytes(value.JSONB, text(i)))
	}
	full := s.Bytes()
	for i := range uint32(n) {
		if i%20 != 0 {
			s.Clear(i)
		}
	}
	for s.Compact() {
	}
	if s.Bytes() > full/4 {
		t.Errorf("%d bytes of %d are left for a twentieth", s.Bytes(), full)
	}
	for i := uint32(0); i < n; i += 20 {
		if got := s.Get(i).Bytes(); got != text(i) {
			t.Fatalf("row %d is %q", i, got)
		}
	}
}

// TestStoreReadersBesideWriter reads published rows by all ways while the
// writer appends, reuses slots nobody knows, changes the form and compacts.
func TestStoreReadersBesideWriter(t *testing.T) {
	for _, k := range []value.Kind{value.Text, value.Int4, value.Numeric, value.UUID} {
		t.Run(k.CatalogName(), func(t *testing.T) {
			const n = 40_000
			vals := make([]value.Value, n)
			rnd := rand.New(rand.NewPCG(1, 2))
			for i := range vals {
				vals[i] = drawValue(rnd, k, 1<<30, true)
			}
			s := NewStore(value.Of(k), &Account{}, value.Null(k), 0)
			var published atomic.Uint32
			var wg sync.WaitGroup
			for r := range 3 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					rnd := rand.New(rand.NewPCG(uint64(r), 3))
					var v Vec
					for {
						hi := published.Load()
						if hi == n {
							return
						}
						if hi < 2 {
							continue
						}
						rows := make([]uint32, 20)
						for i := range rows {
							rows[i] = rnd.Uint32N(hi/2) * 2 // odd ones come and go
						}
						s.Gather(&v, rows)
						for i, row := range rows {
							if !same(v.Value(i), vals[row]) || !same(s.Get(row), vals[row]) || s.CompareValue(row, vals[row]) != 0 {
								t.Errorf("row %d is wrong", row)
								return
							}
						}
					}
				}()
			}
			for i := range uint32(n) {
				s.Set(i, vals[i])
				if i%2 == 1 {
					s.Clear(i)
					s.Set(i/4*2+1, vals[i])
				}
				if i%50 == 0 {
					s.Compact()
				}
				published.Store(i + 1)
			}
			wg.Wait()
		})
	}
}

const benchRows = 1_000_000

func benchVec(k value.Kind, distinct int) *Vec {
	v := &Vec{}
	v.Reset(k)
	for i := range BatchRows {
		n := int64(i * 7919 % distinct)
		switch k.Rep() {
		case value.RepBytes:
			v.Append(value.NewBytes(k, fmt.Sprint("some text, number ", n)))
		default:
			v.Append(value.NewInt(k, n))
		}
	}
	return v
}

func benchStore(v *Vec) *Store {
	s := NewStore(value.Of(v.Kind), &Account{}, value.Null(v.Kind), 0)
	s.plain = v.Kind == value.Bytea
	for row := uint32(0); row < benchRows; row += BatchRows {
		s.SetVec(row, v, 0, BatchRows)
	}
	return s
}

// benchColumns: bytea stands for text that is not encoded.
var benchColumns = []struct {
	name     string
	kind     value.Kind
	distinct int
}{
	{"int4", value.Int4, 1000}, {"int8", value.Int8, 1000}, {"numeric", value.Numeric, 1000},
	{"encoded", value.Text, 200}, {"plain", value.Bytea, 1024},
}

func BenchmarkStoreSetVec(b *testing.B) {
	for _, c := range benchColumns {
		v := benchVec(c.kind, c.distinct)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchStore(v)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/value")
		})
	}
}

func BenchmarkStoreGather(b *testing.B) {
	for _, c := range benchColumns {
		s := benchStore(benchVec(c.kind, c.distinct))
		rows := make([]uint32, BatchRows)
		for _, step := range []uint32{1, 900} {
			for i := range rows {
				rows[i] = 1000 + uint32(i)*step
			}
			b.Run(fmt.Sprintf("%s/step%d", c.name, step), func(b *testing.B) {
				b.ReportAllocs()
				var v Vec
				for b.Loop() {
					s.Gather(&v, rows)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/BatchRows, "ns/value")
			})
		}
		b.Run(c.name+"/slice", func(b *testing.B) {
			var v Vec
			for b.Loop() {
				s.Slice(&v, 1000, BatchRows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/BatchRows, "ns/value")
		})
	}
}

// BenchmarkStoreGC times a full collection with 15 columns of 1M rows.
func BenchmarkStoreGC(b *testing.B) {
	var keep []*Store
	for i := range 15 {
		c := benchColumns[i%len(benchColumns)]
		keep = append(keep, benchStore(benchVec(c.kind, c.distinct)))
	}
	runtime.GC()
	for b.Loop() {
		start := time.Now()
		runtime.GC()
		b.ReportMetric(float64(time.Since(start).Microseconds()), "us/GC")
	}
	runtime.KeepAlive(keep)
}

// TestDropSegment gives up a segment of each kind that is clear, and uses it
// again.
func TestDropSegment(t *testing.T) {
	for _, k := range []value.Kind{value.Int4, value.Float8, value.Numeric, value.Text, value.UUID} {
		s := NewStore(value.Of(k), nil, value.Null(k), 0)
		val := func(row uint32) value.Value {
			switch k {
			case value.Numeric:
				w, _ := value.PackNumeric(int64(row), 2)
				return value.NewNumericWord(w, "")
			case value.Text:
				return value.NewText(fmt.Sprintf("a text of row %d", row)) // too many for a dictionary
			case value.UUID:
				return value.NewBytes(k, fmt.Sprintf("%016d", row))
			case value.Float8:
				return value.NewFloat(float64(row))
			}
			return value.NewInt(k, int64(row))
		}
		const rows = 2*SegmentRows - 5
		fill := func(from, to uint32) {
			for row := from; row < to; row++ {
				if row%11 == 0 {
					s.Set(row, value.Null(k))
				} else {
					s.Set(row, val(row))
				}
			}
		}
		check := func(from, to uint32) {
			t.Helper()
			for row := from; row < to; row++ {
				got := s.Get(row)
				if row%11 == 0 != got.IsNull() || !got.IsNull() && value.Compare(got, val(row)) != 0 {
					t.Fatalf("%s: row %d is %v", k, row, got)
				}
			}
		}
		fill(0, rows)
		full := s.Bytes()
		for row := range uint32(SegmentRows) {
			s.Clear(row)
		}
		s.DropSegment(0)
		s.DropSegment(7)
		for s.Compact() {
		}
		if s.Bytes() > full*3/4 {
			t.Errorf("%s: %d bytes with two segments, %d with one", k, full, s.Bytes())
		}
		check(SegmentRows, rows)
		fill(0, 1000)
		check(0, 1000)
		check(SegmentRows, rows)
	}
}
