package value

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The storage form of one value: in log records, checkpoints and the catalog.
// It is exact, unlike a key: 1.0 and 1.00 differ. Frozen.
//
//	1 byte   the kind; storedNull when NULL, followed by the kind
//	RepInt      varint
//	RepFloat    8 bytes, little-endian IEEE 754 bits
//	RepNumeric  varint word; when wide: uvarint length, bytes
//	RepBytes    uvarint length, bytes
const storedNull = 0x7F

// AppendStored appends the storage form of v.
func AppendStored(dst []byte, v Value) []byte {
	if v.IsNull() {
		return append(dst, storedNull, byte(v.kind))
	}
	dst = append(dst, byte(v.kind))
	switch v.kind.Rep() {
	case RepInt:
		return binary.AppendVarint(dst, v.n)
	case RepFloat:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.n))
	case RepNumeric:
		if !IsWide(v.n) {
			return binary.AppendVarint(dst, v.n)
		}
		dst = binary.AppendVarint(dst, WideNumeric)
	}
	dst = binary.AppendUvarint(dst, uint64(len(v.s)))
	return append(dst, v.s...)
}

// DecodeStored reads one value from the front of b and returns the rest. The
// value's bytes are copied.
func DecodeStored(b []byte) (v Value, rest []byte, err error) {
	if len(b) == 0 {
		return Value{}, nil, errStored
	}
	k := Kind(b[0])
	if k == storedNull {
		if len(b) < 2 || !Kind(b[1]).Valid() {
			return Value{}, nil, errStored
		}
		return Null(Kind(b[1])), b[2:], nil
	}
	if !k.Valid() {
		return Value{}, nil, errStored
	}
	b = b[1:]
	switch k.Rep() {
	case RepInt:
		n, w := binary.Varint(b)
		if w <= 0 {
			return Value{}, nil, errStored
		}
		return NewInt(k, n), b[w:], nil
	case RepFloat:
		if len(b) < 8 {
			return Value{}, nil, errStored
		}
		return NewFloatOf(k, math.Float64frombits(binary.LittleEndian.Uint64(b))), b[8:], nil
	case RepNumeric:
		word, w := binary.Varint(b)
		if w <= 0 {
			return Value{}, nil, errStored
		}
		b = b[w:]
		if !IsWide(word) {
			return NewNumericWord(word, ""), b, nil
		}
		s, rest, err := storedBytes(b)
		return NewNumericWord(WideNumeric, s), rest, err
	}
	s, rest, err := storedBytes(b)
	return NewBytes(k, s), rest, err
}

var errStored = fmt.Errorf("stored value is malformed")

func storedBytes(b []byte) (string, []byte, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return "", nil, errStored
	}
	return string(b[w : w+int(n)]), b[w+int(n):], nil
}

// KeySuccessor appends the smallest byte string above every one that begins
// with key, so that [key, KeySuccessor(key)) holds a key and all that extend
// it. It appends nothing and returns nil when there is none.
func KeySuccessor(dst, key []byte) []byte {
	i := len(key)
	for i > 0 && key[i-1] == 0xFF {
		i--
	}
	if i == 0 {
		return nil
	}
	dst = append(dst, key[:i]...)
	dst[len(dst)-1]++
	return dst
}
