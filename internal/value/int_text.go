package value

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// fitsInt says whether n is a value of a RepInt kind.
func fitsInt(n int64, k Kind) bool {
	switch k {
	case Bool:
		return n == 0 || n == 1
	case Int2:
		return n == int64(int16(n))
	case Int4:
		return n == int64(int32(n))
	case Date:
		return n == dateInf || n == -dateInf-1 || n >= minDate && n < endDate
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		return n == int64(uint32(n))
	case Char:
		return n == int64(uint8(n))
	case Time:
		return n >= 0 && n <= microsPerDay
	case Timetz:
		return fitsTimetz(n)
	case Timestamp, Timestamptz:
		return n == math.MaxInt64 || n == math.MinInt64 || n >= minTimestamp && n < endTimestamp
	}
	return true
}

func errIntRange(k Kind) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", k)
}

// parseInt reads an integer of kind k: blanks, a sign, digits, blanks.
func parseInt(s string, k Kind) (int64, error) {
	i, neg := 0, false
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	var u uint64
	start := i
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		// After 19 digits one more may overflow: it is out of range anyhow.
		if u > math.MaxUint64/10-1 {
			return 0, errValueRange(k, s)
		}
		u = u*10 + uint64(s[i]-'0')
	}
	if i == start {
		return 0, errSyntax(k.String(), s)
	}
	n := int64(u)
	if neg {
		n = -n
	}
	if (n < 0) != (neg && u != 0) || !fitsInt(n, k) {
		return 0, errValueRange(k, s)
	}
	if i < len(s) && trimSpace(s[i:]) != "" {
		return 0, errSyntax(k.String(), s)
	}
	return n, nil
}

func errValueRange(k Kind, s string) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, `value "%s" is out of range for type %s`, s, k)
}

// digitPairs is "00".."99".
const digitPairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" +
	"30313233343536373839" + "40414243444546474849" + "50515253545556575859" +
	"60616263646566676869" + "70717273747576777879" + "80818283848586878889" + "90919293949596979899"

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		dst = append(dst, '-')
		return appendUint(dst, -uint64(n))
	}
	return appendUint(dst, uint64(n))
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	var buf [20]byte
	i := len(buf)
	for u >= 100 {
		i -= 2
		q := u / 100
		copy(buf[i:], digitPairs[(u-q*100)*2:][:2])
		u = q
	}
	if u >= 10 {
		i -= 2
		copy(buf[i:], digitPairs[u*2:][:2])
	} else {
		i--
		buf[i] = byte('0' + u)
	}
	return append(dst, buf[i:]...)
}

// appendPadded appends u with zeros in front, width digits in all.
func appendPadded(dst []byte, u uint64, width int) []byte {
	for n := max(digitCount64(u), 1); n < width; n++ {
		dst = append(dst, '0')
	}
	return appendUint(dst, u)
}

// append2 appends two digits of n, which is below 100.
func append2(dst []byte, n int) []byte {
	return append(dst, digitPairs[2*n], digitPairs[2*n+1])
}
