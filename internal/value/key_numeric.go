package value

import (
	"encoding/binary"
	"math/big"
)

// The key of a numeric. A value that is not zero is 0.D1D2D3... * 100^E with base-100 digits
// Di, D1 and the last one not 0. Positive:
//
//	84..9C         E from -12 to 12, as 90+E
//	83 or 9D, E    a smaller or larger E, as 3 bytes big-endian of E + 2^23
//	Di + 1, ..., 00
//
// Negative: the complement of all that. Zero is 80, -Infinity 40, Infinity A0, NaN B0.
const (
	keyNumExp0   = 0x90
	keyNumNear   = 12
	keyNumBias   = 1 << 23
	keyNumZero   = 0x80
	keyNumNegInf = 0x40
	keyNumPosInf = 0xA0
	keyNumNaN    = 0xB0
)

func appendKeyNumeric(dst []byte, v Value) []byte {
	if IsWide(v.n) {
		return appendKeyWide(dst, decodeWide(v.s))
	}
	coef, scale := UnpackNumeric(v.n)
	if coef == 0 {
		return append(dst, keyNumZero)
	}
	u := uint64(coef)
	if coef < 0 {
		u = -u
	}
	if scale&1 == 1 { // whole base-100 digits on both sides of the point
		u *= 10
		scale++
	}
	var digits [10]byte // 2^55 * 10 has 18 digits
	i := len(digits)
	for ; u > 0; u /= 100 {
		i--
		digits[i] = byte(u % 100)
	}
	return appendKeyDigits(dst, coef < 0, digits[i:], len(digits)-i-scale/2)
}

// appendKeyDigits appends the key of 0.digits * 100^exp.
func appendKeyDigits(dst []byte, neg bool, digits []byte, exp int) []byte {
	start := len(dst)
	switch {
	case exp > keyNumNear:
		dst = appendKeyExp(append(dst, keyNumExp0+keyNumNear+1), exp)
	case exp < -keyNumNear:
		dst = appendKeyExp(append(dst, keyNumExp0-keyNumNear-1), exp)
	default:
		dst = append(dst, byte(keyNumExp0+exp))
	}
	n := len(digits)
	for digits[n-1] == 0 {
		n--
	}
	for _, d := range digits[:n] {
		dst = append(dst, d+1)
	}
	dst = append(dst, keyEnd)
	if neg {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

func appendKeyExp(dst []byte, exp int) []byte {
	e := uint32(exp + keyNumBias)
	return append(dst, byte(e>>16), byte(e>>8), byte(e))
}

func appendKeyWide(dst []byte, d decimal) []byte {
	switch d.form {
	case nan:
		return append(dst, keyNumNaN)
	case posInf:
		return append(dst, keyNumPosInf)
	case negInf:
		return append(dst, keyNumNegInf)
	}
	if d.coef.Sign() == 0 {
		return append(dst, keyNumZero)
	}
	text := new(big.Int).Abs(d.coef).Append(nil, 10)
	scale := d.scale
	if scale&1 == 1 {
		text = append(text, '0')
		scale++
	}
	if len(text)&1 == 1 {
		text = append([]byte{'0'}, text...)
	}
	digits := make([]byte, len(text)/2)
	for i := range digits {
		digits[i] = (text[2*i]-'0')*10 + text[2*i+1] - '0'
	}
	return appendKeyDigits(dst, d.coef.Sign() < 0, digits, len(digits)-scale/2)
}

// numeric reads a numeric's key. The representative has the least scale.
func (d *keyDecoder) numeric() Value {
	tag := d.byte()
	switch tag {
	case keyNumZero:
		return NumericFromInt(0)
	case keyNumNaN:
		return decimal{form: nan}.value()
	case keyNumPosInf:
		return decimal{form: posInf}.value()
	case keyNumNegInf:
		return decimal{form: negInf}.value()
	}
	flip := byte(0)
	if tag < keyNumZero {
		flip = 0xFF
	}
	exp := d.numericExp(tag^flip, flip)
	var text []byte
	for !d.bad {
		c := d.byte() ^ flip
		if c == keyEnd {
			break
		}
		if c > 100 {
			d.fail()
		}
		text = append(text, (c-1)/10+'0', (c-1)%10+'0')
	}
	n := len(text)
	if d.bad || n == 0 || text[0] == '0' && text[1] == '0' || text[n-1] == '0' && text[n-2] == '0' {
		d.fail()
		return Null(Numeric)
	}
	if text[n-1] == '0' { // half of a base-100 digit that a number of the largest scale has no room for
		n--
	}
	r, err := makeDecimal(flip != 0, text[:n], n-2*exp)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		d.fail()
		return Null(Numeric)
	}
	return r.truncTo(r.minScale()).value()
}

// numericExp reads the exponent behind a positive number's tag.
func (d *keyDecoder) numericExp(tag, flip byte) int {
	exp := int(tag) - keyNumExp0
	if exp >= -keyNumNear && exp <= keyNumNear {
		return exp
	}
	var buf [4]byte
	copy(buf[1:], d.take(3))
	e := int(binary.BigEndian.Uint32(buf[:])^(uint32(flip)*0x010101)) - keyNumBias
	if exp == keyNumNear+1 && e > keyNumNear || exp == -keyNumNear-1 && e < -keyNumNear {
		return e
	}
	d.fail()
	return 0
}
