package value

import "math"

// Value is one scalar or NULL. The zero Value is an untyped NULL. Values are
// immutable: the bytes behind s are never changed.
type Value struct {
	kind Kind
	set  bool // false: NULL
	n    int64
	s    string
}

// Null returns the NULL of a kind.
func Null(k Kind) Value { return Value{kind: k} }

// NewBool returns a boolean.
func NewBool(b bool) Value {
	v := Value{kind: Bool, set: true}
	if b {
		v.n = 1
	}
	return v
}

// NewInt returns a value of a RepInt kind: an integer or oid that fits the kind, a
// date in days or a timestamp in microseconds since 2000-01-01, a time in microseconds since
// midnight. A timetz comes from NewTimetz.
func NewInt(k Kind, n int64) Value { return Value{kind: k, set: true, n: n} }

// NewFloat4 returns a float4, which is kept as the float8 that it equals.
func NewFloat4(f float32) Value { return NewFloatOf(Float4, float64(f)) }

// NewFloatOf returns a float of kind Float8 or Float4. The caller knows that f is a value of it.
func NewFloatOf(k Kind, f float64) Value { return NewFloat(f).WithKind(k) }

// NewFloat returns a float8. There is one NaN: bits that no reader tells apart are stored alike.
func NewFloat(f float64) Value {
	if f != f {
		return Value{kind: Float8, set: true, n: nanBits}
	}
	return Value{kind: Float8, set: true, n: int64(math.Float64bits(f))}
}

// nanBits are those of C's NAN, which PostgreSQL stores.
const nanBits = 0x7FF8000000000000

// NewBytes returns a value of a RepBytes kind from its stored bytes.
func NewBytes(k Kind, s string) Value { return Value{kind: k, set: true, s: s} }

// NewText returns a text.
func NewText(s string) Value { return Value{kind: Text, set: true, s: s} }

// NewNumericWord returns a numeric from its packed word; wide holds the
// encoded bytes of a word that says it is wide (numeric.go) and is "" otherwise.
func NewNumericWord(word int64, wide string) Value {
	return Value{kind: Numeric, set: true, n: word, s: wide}
}

// Kind returns the kind, of a NULL too.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether v is NULL.
func (v Value) IsNull() bool { return !v.set }

// Bool returns a boolean's truth; false for NULL.
func (v Value) Bool() bool { return v.n != 0 }

// Int returns n of a RepInt value, or the packed word of a numeric.
func (v Value) Int() int64 { return v.n }

// Float returns a float8 or float4.
func (v Value) Float() float64 { return math.Float64frombits(uint64(v.n)) }

// Bytes returns the stored bytes of a RepBytes value, or of a wide numeric.
func (v Value) Bytes() string { return v.s }

// WithKind returns v relabelled as a kind of the same representation
// (varchar as text, say). The caller knows that the bytes suit it.
func (v Value) WithKind(k Kind) Value {
	v.kind = k
	return v
}
