package value

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The canonical key encoding. It is frozen (testdata/keys.txt): slots, hashes and logs
// depend on it. By class of kind:
//
//	NULL         FF
//	integers, bool, oids, "char", date, time, timetz, timestamps
//	             n >= 0: 40+k and the k low bytes of n, big-endian, k as few as hold it;
//	             n < 0: 3F-k and the k low bytes of n, k as few as hold ^n
//	float8, float4
//	             01 and 8 bytes: the bits, sign flipped if positive, all flipped if negative;
//	             -0 as 0, NaN as one largest value
//	numeric      key_numeric.go
//	text, name, json, bytea
//	             the bytes, then 00; 00, 01, FE, FF are written 01 01, 01 02, FE 01, FE 02
//	bpchar       as text, without the blanks at the end
//	uuid         01 and 16 bytes
//	jsonb        key_json.go
//	interval     the whole days, then the microseconds left, as two integers (interval.go)
//	arrays       01 and the element's key for each element, then 00; array_shape.go has those of
//	             several dimensions
//
// Small integers take two bytes, so that the first eight bytes of a key, all that a B-tree item
// holds of it, tell as many values apart as they can. The first byte of what is not
// NULL is never FF, so NULL sorts last and its complement first.
const (
	keyNull    = 0xFF
	keyZero    = 0x40 // tag of the integer 0
	keyFixed   = 0x01 // before bytes of a fixed number
	keyElem    = 0x01 // before each element of an array
	keyEnd     = 0x00 // ends a text, an array, a numeric
	keyEscLow  = 0x01
	keyEscHigh = 0xFE
)

// AppendKey appends the canonical key encoding of v, which stands for v's equality
// class: two keys are the same bytes exactly when Compare is 0, and sort as Compare does (of arrays of several dimensions,
// see keyShaped). No
// key is a prefix of another of the same class of kinds, so the key of several columns is their
// keys one after another.
func AppendKey(dst []byte, v Value) []byte {
	if !v.set {
		return append(dst, keyNull)
	}
	switch v.kind {
	case Bool, Int2, Int4, Int8, Date, Timestamp, Timestamptz,
		Time, Timetz, OID, Char, Regclass, Regtype, Regproc, Regnamespace:
		return AppendKeyInt(dst, v.n)
	case Float4, Float8:
		return appendKeyFloat(dst, v.Float())
	case Numeric:
		return appendKeyNumeric(dst, v)
	case UUID:
		return append(append(dst, keyFixed), v.s...)
	case JSONB:
		return appendKeyJSON(dst, v.s)
	case Bpchar:
		return AppendKeyBytes(dst, TrimPad(v.s))
	case Interval:
		return appendKeyInterval(dst, v)
	case Record:
		return appendKeyRecord(dst, v)
	}
	if v.kind.IsArray() {
		return appendKeyArray(dst, v)
	}
	return AppendKeyBytes(dst, v.s)
}

// AppendKeyInt appends the key of a RepInt value that is not NULL.
func AppendKeyInt(dst []byte, n int64) []byte {
	sign := n >> 63                           // 0 or -1
	k := (bits.Len64(uint64(n^sign)) + 7) / 8 // bytes that hold n, or ^n when negative
	tag := keyZero + (k ^ int(sign))          // 40+k or 3F-k
	var buf [9]byte
	binary.BigEndian.PutUint64(buf[1:], uint64(n))
	buf[8-k] = byte(tag)
	return append(dst, buf[8-k:]...)
}

func appendKeyFloat(dst []byte, f float64) []byte {
	u := math.Float64bits(f)
	switch {
	case f != f:
		u = math.MaxUint64
	case f == 0:
		u = 1 << 63
	case u>>63 == 1:
		u = ^u
	default:
		u |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(dst, keyFixed), u)
}

// AppendKeyBytes appends the key of a text or bytea that is not NULL.
func AppendKeyBytes(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c-2 < keyEscHigh-2 { // 02..FD: nearly always
			continue
		}
		dst = append(dst, s[from:i]...)
		if c <= keyEscLow {
			dst = append(dst, keyEscLow, c+1)
		} else {
			dst = append(dst, keyEscHigh, c-keyEscHigh+1)
		}
		from = i + 1
	}
	dst = append(dst, s[from:]...)
	return append(dst, keyEnd)
}

func appendKeyArray(dst []byte, v Value) []byte {
	if plainShape(headOf(v.s)) {
		return AppendArrayOrder(dst, v)
	}
	dst = AppendArrayOrder(append(dst, keyShaped), v)
	return appendKeyShape(dst, ArrayDims(v.s))
}

// AppendKeyDesc appends the key of a descending column: the complement, so NULL comes
// first.
func AppendKeyDesc(dst []byte, v Value) []byte {
	start := len(dst)
	dst = AppendKey(dst, v)
	for i := start; i < len(dst); i++ {
		dst[i] = ^dst[i]
	}
	return dst
}

var errBadKey = sqlerr.New(sqlerr.DataCorrupted, "malformed key encoding")

// DecodeKey reads one ascending key of kind k from the front of b and returns a
// representative of its class, and what follows. XX001 when b does not begin with such a key.
// An integer or timestamp out of the kind's range is such an error too.
func DecodeKey(k Kind, b []byte) (v Value, rest []byte, err error) {
	d := keyDecoder{b: b}
	v = d.value(k)
	if d.bad {
		return Null(k), nil, errBadKey
	}
	return v, d.b, nil
}

// DecodeKeyDesc is DecodeKey for AppendKeyDesc.
func DecodeKeyDesc(k Kind, b []byte) (v Value, rest []byte, err error) {
	c := make([]byte, len(b))
	for i := range b {
		c[i] = ^b[i]
	}
	v, tail, err := DecodeKey(k, c)
	if err != nil {
		return v, nil, err
	}
	return v, b[len(b)-len(tail):], nil
}

// keyDecoder reads keys from the front of b. After the first malformed byte bad is set, and
// everything that it returns is a zero.
type keyDecoder struct {
	b     []byte
	bad   bool
	depth int
}

func (d *keyDecoder) fail() { d.bad, d.b = true, nil }

// byte returns the next byte, 0 and bad at the end.
func (d *keyDecoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

// take returns the next n bytes, zeros and bad when there are fewer.
func (d *keyDecoder) take(n int) []byte {
	if len(d.b) < n {
		d.fail()
		return make([]byte, n)
	}
	c := d.b[:n]
	d.b = d.b[n:]
	return c
}

func (d *keyDecoder) value(k Kind) Value {
	if !k.Valid() {
		d.fail()
		return Null(k)
	}
	if len(d.b) > 0 && d.b[0] == keyNull {
		d.b = d.b[1:]
		return Null(k)
	}
	switch k {
	case Bool, Int2, Int4, Int8, Date, Timestamp, Timestamptz,
		Time, Timetz, OID, Char, Regclass, Regtype, Regproc, Regnamespace:
		n := d.int()
		if !fitsInt(n, k) {
			d.fail()
		}
		return NewInt(k, n)
	case Float8:
		return d.float()
	case Float4:
		f := d.float().Float()
		if float64(float32(f)) != f && f == f {
			d.fail()
		}
		return NewFloatOf(Float4, f)
	case Numeric:
		return d.numeric()
	case UUID:
		if d.byte() != keyFixed {
			d.fail()
		}
		return NewBytes(k, string(d.take(16)))
	case JSONB:
		return NewBytes(k, string(d.json()))
	case Bpchar:
		s := string(d.bytes())
		if TrimPad(s) != s {
			d.fail() // not the shortest form
		}
		return NewBytes(k, s)
	case Interval:
		return d.interval()
	}
	if k.IsArray() {
		return d.array(k)
	}
	return NewBytes(k, string(d.bytes()))
}

func (d *keyDecoder) int() int64 {
	tag := int(d.byte())
	k, fill := tag-keyZero, byte(0)
	if k < 0 {
		k, fill = -1-k, 0xFF
	}
	if k > 8 {
		d.fail()
		return 0
	}
	var buf [8]byte
	for i := range 8 - k {
		buf[i] = fill
	}
	copy(buf[8-k:], d.take(k))
	n := int64(binary.BigEndian.Uint64(buf[:]))
	if (n < 0) != (fill != 0) || (bits.Len64(uint64(n^n>>63))+7)/8 != k {
		d.fail() // not the shortest form
		return 0
	}
	return n
}

func (d *keyDecoder) float() Value {
	if d.byte() != keyFixed {
		d.fail()
	}
	u := binary.BigEndian.Uint64(d.take(8))
	switch {
	case u == math.MaxUint64:
		return NewFloat(math.NaN())
	case u>>63 == 1:
		u &^= 1 << 63
	default:
		u = ^u
	}
	f := math.Float64frombits(u)
	if f != f || f == 0 && u != 0 {
		d.fail()
		return NewFloat(0)
	}
	return NewFloat(f)
}

func (d *keyDecoder) bytes() []byte {
	var out []byte
	for !d.bad {
		c := d.byte()
		switch c {
		case keyEnd:
			return out
		case keyEscLow, keyEscHigh:
			e := d.byte()
			if e != 1 && e != 2 {
				d.fail()
			}
			if c == keyEscLow {
				c = 0
			}
			c += e - 1
		case keyNull:
			d.fail()
		}
		out = append(out, c)
	}
	return nil
}

func (d *keyDecoder) array(k Kind) Value {
	var b ArrayBuilder
	b.Reset(k.Elem())
	shaped := len(d.b) > 0 && d.b[0] == keyShaped
	if shaped {
		d.byte()
	}
	for !d.bad {
		switch d.byte() {
		case keyEnd:
			if shaped {
				b.Shape(d.shape(b.Len()))
			}
			return b.Value()
		case keyElem:
			b.Append(d.value(k.Elem()))
		default:
			d.fail()
		}
	}
	return Null(k)
}

// KeyPrefix returns the first 8 bytes of a key, big-endian, padded with zeros: keys with
// different prefixes sort as their prefixes.
func KeyPrefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var buf [8]byte
	copy(buf[:], key)
	return binary.BigEndian.Uint64(buf[:])
}

// HashKey returns the xxh3 hash of a key.
func HashKey(key []byte) uint64 { return xxh3.Hash(key) }

// HashText is HashKey of a string's bytes.
func HashText(s string) uint64 { return xxh3.HashString(s) }

// Slots is the number of slots that the hash of a primary key falls in.
const Slots = 1 << 14

// Slot returns the slot of a key, below Slots: the top bits of its hash.
func Slot(key []byte) uint16 { return SlotOfHash(HashKey(key)) }

// SlotOfHash is Slot by the key's hash.
func SlotOfHash(hash uint64) uint16 { return uint16(hash >> 50) }
