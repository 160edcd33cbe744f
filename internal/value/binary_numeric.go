package value

import (
	"encoding/binary"
	"math/big"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The signs of a numeric on the wire.
const (
	wirePos    = 0x0000
	wireNeg    = 0x4000
	wireNaN    = 0xC000
	wirePosInf = 0xD000
	wireNegInf = 0xF000

	wireInfScale = 0x20 // the display scale sent with an infinity

	wireBase = 10000
)

// appendBinaryNumeric appends four 16-bit numbers (count of digits, weight of the first, sign,
// display scale) and the base-10000 digits, without zeros at either end.
func appendBinaryNumeric(dst []byte, v Value) []byte {
	if IsWide(v.n) {
		return appendBinaryDecimal(dst, decodeWide(v.s))
	}
	coef, scale := UnpackNumeric(v.n)
	sign := uint16(wirePos)
	u := uint64(coef)
	if coef < 0 {
		sign, u = wireNeg, -u
	}
	// 2^55 times at most 1000 has 20 digits and may pass 2^64: cut the fraction's last
	// digit apart.
	fracDigits := (scale + decDigits - 1) / decDigits
	pad := tenPow[fracDigits*decDigits-scale]
	var digits [24]uint16
	i := len(digits)
	if pad > 1 {
		low := u % uint64(wireBase/pad)
		u /= uint64(wireBase / pad)
		i--
		digits[i] = uint16(low * uint64(pad))
	}
	for ; u > 0; u /= wireBase {
		i--
		digits[i] = uint16(u % wireBase)
	}
	return appendWireNumeric(dst, sign, digits[i:], len(digits)-i-fracDigits, scale)
}

// appendWireNumeric appends digits of which the first intDigits stand before the point; it may be
// negative.
func appendWireNumeric(dst []byte, sign uint16, digits []uint16, intDigits, scale int) []byte {
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
		intDigits--
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	weight := intDigits - 1
	if len(digits) == 0 {
		weight, sign = 0, wirePos
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(digits)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(weight))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for _, d := range digits {
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst
}

func appendBinaryDecimal(dst []byte, d decimal) []byte {
	switch d.form {
	case nan:
		return append(dst, 0, 0, 0, 0, wireNaN>>8, 0, 0, 0)
	case posInf:
		return append(dst, 0, 0, 0, 0, wirePosInf>>8, 0, 0, wireInfScale)
	case negInf:
		return append(dst, 0, 0, 0, 0, wireNegInf>>8, 0, 0, wireInfScale)
	}
	sign := uint16(wirePos)
	if d.coef.Sign() < 0 {
		sign = wireNeg
	}
	text := new(big.Int).Abs(d.coef).Append(nil, 10)
	for n := d.scale; n%decDigits != 0; n++ { // whole digits behind the point
		text = append(text, '0')
	}
	lead := (decDigits - len(text)%decDigits) % decDigits
	text = append([]byte("000")[:lead], text...)
	digits := make([]uint16, len(text)/decDigits)
	for i := range digits {
		for _, c := range text[i*decDigits:][:decDigits] {
			digits[i] = digits[i]*10 + uint16(c-'0')
		}
	}
	return appendWireNumeric(dst, sign, digits, len(digits)-(d.scale+decDigits-1)/decDigits, d.scale)
}

// parseBinaryNumeric reads a numeric without modifier.
func parseBinaryNumeric(b []byte) (Value, error) {
	if len(b) < 8 || len(b)%2 != 0 {
		return Null(Numeric), errBinary("")
	}
	count := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	b = b[8:]
	if len(b) != 2*count {
		return Null(Numeric), errBinary("")
	}
	switch sign {
	case wireNaN:
		return decimal{form: nan}.value(), nil
	case wirePosInf:
		return decimal{form: posInf}.value(), nil
	case wireNegInf:
		return decimal{form: negInf}.value(), nil
	case wirePos, wireNeg:
	default:
		return Null(Numeric), errWireNumeric("sign")
	}
	if scale > maxScale {
		return Null(Numeric), errWireNumeric("scale")
	}
	var u uint64
	wide := count > 4 // four digits fit the packed coefficient with room to spare
	text := make([]byte, 0, 64)
	for ; len(b) > 0; b = b[2:] {
		d := int(binary.BigEndian.Uint16(b))
		if d >= wireBase {
			return Null(Numeric), errWireNumeric("digit")
		}
		if wide {
			text = append2(append2(text, d/100), d%100)
		} else {
			u = u*wireBase + uint64(d)
		}
	}
	coef := new(big.Int).SetUint64(u)
	if wide {
		coef.SetString(string(text), 10)
	}
	if sign == wireNeg {
		coef.Neg(coef)
	}
	return fromWireDigits(coef, decDigits*(count-1-weight), scale)
}

// fromWireDigits returns coef * 10^-exp at a display scale. Digits beyond it are cut, as
// PostgreSQL does.
func fromWireDigits(coef *big.Int, exp, scale int) (Value, error) {
	d := decimal{coef: coef, scale: exp}
	if exp < 0 {
		d = decimal{coef: rescaleUp(coef, -exp)}
	}
	return d.truncTo(scale).checked()
}

func errWireNumeric(what string) error {
	return sqlerr.New(sqlerr.InvalidBinaryRepresentation, `invalid %s in external "numeric" value`, what)
}
