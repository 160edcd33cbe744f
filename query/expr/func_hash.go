package expr

import (
	"encoding/binary"
	"math/bits"

	"github.com/cachalotdb/cachalot/internal/value"
)

// hashFuncs is those of PostgreSQL's hash functions that applications call, to divide work or to name advisory locks: Bob
// Jenkins' lookup3 over the bytes of a value.
func hashFuncs() []Func {
	t, bp, i2, i4, i8 := value.Text, value.Bpchar, value.Int2, value.Int4, value.Int8
	return []Func{
		{Name: "hashtext", Args: kinds(t), Ret: i4, Strict: true, fn: hash32(hashedText)},
		{Name: "hashtextextended", Args: kinds(t, i8), Ret: i8, Strict: true, fn: hash64(hashedText)},
		{Name: "hashbpchar", Args: kinds(bp), Ret: i4, Strict: true, fn: hash32(hashedText)},
		{Name: "hashint2", Args: kinds(i2), Ret: i4, Strict: true, fn: hash32(hashedInt)},
		{Name: "hashint4", Args: kinds(i4), Ret: i4, Strict: true, fn: hash32(hashedInt)},
		{Name: "hashint8", Args: kinds(i8), Ret: i4, Strict: true, fn: hash32(hashedInt)},
		{Name: "hashint4extended", Args: kinds(i4, i8), Ret: i8, Strict: true, fn: hash64(hashedInt)},
		{Name: "hashint8extended", Args: kinds(i8, i8), Ret: i8, Strict: true, fn: hash64(hashedInt)},
		{Name: "uuid_hash", Args: kinds(value.UUID), Ret: i4, Strict: true, fn: hash32(hashedText)},
	}
}

func hash32(bytesOf func(value.Value) string) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		_, c := lookup3(bytesOf(a[0]), 0)
		return value.NewInt(value.Int4, int64(int32(c))), nil
	}
}

func hash64(bytesOf func(value.Value) string) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		b, c := lookup3(bytesOf(a[0]), uint64(a[1].Int()))
		return value.NewInt(value.Int8, int64(uint64(b)<<32|uint64(c))), nil
	}
}

// hashedText is what a string hashes by; blanks at the end of a bpchar do not count.
func hashedText(v value.Value) string {
	if v.Kind() == value.Bpchar {
		return value.TrimPad(v.Bytes())
	}
	return v.Bytes()
}

// hashedInt folds the halves of an integer, so that one of a kind hashes as the same of a smaller kind.
func hashedInt(v value.Value) string {
	n := v.Int()
	low, high := uint32(n), uint32(n>>32)
	if n < 0 {
		high = ^high
	}
	return string(binary.LittleEndian.AppendUint32(nil, low^high))
}

// lookup3 returns the last two words of the hash's state.
func lookup3(s string, seed uint64) (uint32, uint32) {
	n := uint32(0x9E3779B9) + uint32(len(s)) + 3923095
	a, b, c := n, n, n
	mix := func() {
		a, c = (a-c)^bits.RotateLeft32(c, 4), c+b
		b, a = (b-a)^bits.RotateLeft32(a, 6), a+c
		c, b = (c-b)^bits.RotateLeft32(b, 8), b+a
		a, c = (a-c)^bits.RotateLeft32(c, 16), c+b
		b, a = (b-a)^bits.RotateLeft32(a, 19), a+c
		c, b = (c-b)^bits.RotateLeft32(b, 4), b+a
	}
	if seed != 0 {
		a += uint32(seed >> 32)
		b += uint32(seed)
		mix()
	}
	for ; len(s) >= 12; s = s[12:] {
		a += word(s)
		b += word(s[4:])
		c += word(s[8:])
		mix()
	}
	a += word(s)
	b += word(s[min(4, len(s)):])
	c += word(s[min(8, len(s)):]) << 8 // the lowest byte is the length's
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	return b, c
}

// word reads the first four bytes, fewer at the end.
func word(s string) uint32 {
	n := uint32(0)
	for i := range min(4, len(s)) {
		n |= uint32(s[i]) << (8 * i)
	}
	return n
}
