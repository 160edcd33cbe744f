package value

import (
	"encoding/binary"
	"math/bits"
)

// DivWords divides packed words as NumericDiv does; false when one is wide, b is zero or the
// quotient does not fit a packed word.
func DivWords(a, b int64) (int64, bool) {
	q, ok := divide128(a, b)
	if !ok || q.hi != 0 || q.lo > maxPackedCoef {
		return 0, false
	}
	return PackNumeric(q.signed(), q.scale)
}

// quotient128 is a quotient of packed words: a 128-bit coefficient.
type quotient128 struct {
	hi, lo uint64
	neg    bool
	scale  int
}

func (q *quotient128) signed() int64 {
	if q.neg {
		return -int64(q.lo)
	}
	return int64(q.lo)
}

// divide128 divides packed words; false when 128 bits do not suffice. Quotients have 16 digits
// and more, so most do not fit a packed word.
func divide128(a, b int64) (quotient128, bool) {
	if IsWide(a) || IsWide(b) || b>>8 == 0 {
		return quotient128{}, false
	}
	ca, sa := UnpackNumeric(a)
	cb, sb := UnpackNumeric(b)
	q := quotient128{neg: (ca < 0) != (cb < 0)}
	ua, ub := abs64(ca), abs64(cb)
	wa, fa := weight64(ua, sa)
	wb, fb := weight64(ub, sb)
	qweight := wa - wb
	if fa <= fb {
		qweight--
	}
	q.scale = min(max(minSigDigits-qweight*decDigits, sa, sb), maxChosenScale)

	up := q.scale + sb - sa // the dividend is ca * 10^up
	if up < 0 || up > 2*maxPackedTenPow {
		return quotient128{}, false
	}
	hi, lo := bits.Mul64(ua, uint64(tenPow[min(up, maxPackedTenPow)]))
	if up > maxPackedTenPow {
		m := uint64(tenPow[up-maxPackedTenPow])
		over, h := bits.Mul64(hi, m)
		carry, l := bits.Mul64(lo, m)
		var c uint64
		hi, c = bits.Add64(h, carry, 0)
		lo = l
		if over != 0 || c != 0 {
			return quotient128{}, false
		}
	}
	var rem uint64
	q.hi, rem = hi/ub, hi%ub
	q.lo, rem = bits.Div64(rem, lo, ub)
	if rem >= ub-rem { // half away from zero
		var c uint64
		q.lo, c = bits.Add64(q.lo, 1, 0)
		q.hi += c
	}
	return q, true
}

func abs64(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// weight64 is decimal.weight of coef * 10^-scale.
func weight64(coef uint64, scale int) (weight, first int) {
	if coef == 0 {
		return 0, 0
	}
	weight = floorDiv(digitCount64(coef)-1-scale, decDigits)
	shift := scale + weight*decDigits
	if shift < 0 {
		return weight, int(coef * uint64(tenPow[-shift]))
	}
	return weight, int(coef / uint64(tenPow[shift]))
}

// value returns the quotient.
func (q *quotient128) value() Value {
	if q.hi == 0 && q.lo <= maxPackedCoef {
		if w, ok := PackNumeric(q.signed(), q.scale); ok {
			return NewNumericWord(w, "")
		}
	}
	// As encodeWide writes it.
	var buf [wideEncodingHead + binary.MaxVarintLen16 + 16]byte
	buf[0] = byte(formPos)
	if q.neg {
		buf[0] = byte(formNeg)
	}
	n := wideEncodingHead + binary.PutUvarint(buf[wideEncodingHead:], uint64(q.scale))
	var mag [16]byte
	binary.BigEndian.PutUint64(mag[:8], q.hi)
	binary.BigEndian.PutUint64(mag[8:], q.lo)
	from := bits.LeadingZeros64(q.hi) / 8
	if q.hi == 0 {
		from = 8 + bits.LeadingZeros64(q.lo)/8
	}
	n += copy(buf[n:], mag[from:])
	return NewNumericWord(WideNumeric, string(buf[:n]))
}
