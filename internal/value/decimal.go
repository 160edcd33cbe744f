package value

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"strconv"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// decimal is a numeric taken apart: coef * 10^-scale, NaN or an infinity. It is what the
// slow paths compute with; a value that fits a packed word never becomes one on a fast path.
// coef is not shared with another decimal that is still being changed.
type decimal struct {
	form  form
	coef  *big.Int // finite only; signed
	scale int      // the display scale, 0..maxScale
}

// form tells finite numerics from the special ones. The numbers of the special ones are
// frozen: they are the first byte of a wide numeric's bytes (1 and 2 are finite by sign).
type form uint8

const (
	finite  form = 0
	formPos form = 1 // in stored bytes only
	formNeg form = 2 // in stored bytes only
	nan     form = 3
	posInf  form = 4
	negInf  form = 5
)

// PostgreSQL's limits of the type: digits before the point, display scale of any
// value, and display scale that a function chooses by itself.
const (
	maxIntDigits     = 131072
	maxScale         = 16383
	maxChosenScale   = 1000
	minSigDigits     = 16
	maxResultScale   = 2000
	decDigits        = 4 // decimal digits in one of PostgreSQL's base-10000 digits
	maxPackedTenPow  = 18
	wideEncodingHead = 1
)

var bigOne = big.NewInt(1)

var errNumericOverflow = sqlerr.New(sqlerr.NumericValueOutOfRange, "value overflows numeric format")

// tenPow holds the powers of ten that fit an int64.
var tenPow = [maxPackedTenPow + 1]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

var bigTenPows = sync.OnceValue(func() []*big.Int {
	pows := make([]*big.Int, 128)
	ten := big.NewInt(10)
	pows[0] = big.NewInt(1)
	for i := 1; i < len(pows); i++ {
		pows[i] = new(big.Int).Mul(pows[i-1], ten)
	}
	return pows
})

// bigTenPow returns 10^n, which the caller must not change.
func bigTenPow(n int) *big.Int {
	if pows := bigTenPows(); n < len(pows) {
		return pows[n]
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// toDecimal takes a numeric apart.
func toDecimal(v Value) decimal {
	if !IsWide(v.n) {
		coef, scale := UnpackNumeric(v.n)
		return decimal{coef: big.NewInt(coef), scale: scale}
	}
	return decodeWide(v.s)
}

// value puts a decimal together again: packed when it fits, so a numeric has one
// representation. The caller has checked the limits of the type (check).
func (d decimal) value() Value {
	if d.form == finite && d.coef.IsInt64() {
		if w, ok := PackNumeric(d.coef.Int64(), d.scale); ok {
			return NewNumericWord(w, "")
		}
	}
	return NewNumericWord(WideNumeric, d.encodeWide())
}

// check returns the overflow error when d exceeds the type's limits.
func (d decimal) check() error {
	if d.form != finite {
		return nil
	}
	if d.scale > maxScale {
		return errNumericOverflow
	}
	// A bit is about 0.30103 digits: only a number near the limit needs an exact count.
	if float64(d.coef.BitLen())*0.30102-float64(d.scale) > maxIntDigits-16 &&
		digitCount(d.coef)-d.scale > maxIntDigits {
		return errNumericOverflow
	}
	return nil
}

// checked is value after check.
func (d decimal) checked() (Value, error) {
	if err := d.check(); err != nil {
		return Null(Numeric), err
	}
	return d.value(), nil
}

// encodeWide returns the stored bytes:
//
//	form (1 positive, 2 negative, 3 NaN, 4 Infinity, 5 -Infinity)
//	scale as a uvarint, then |coef| big-endian (finite only)
func (d decimal) encodeWide() string {
	if d.form != finite {
		return string([]byte{byte(d.form)})
	}
	f := formPos
	if d.coef.Sign() < 0 {
		f = formNeg
	}
	var head [wideEncodingHead + binary.MaxVarintLen32]byte
	head[0] = byte(f)
	n := wideEncodingHead + binary.PutUvarint(head[wideEncodingHead:], uint64(d.scale))
	size := (d.coef.BitLen() + 7) / 8
	buf := make([]byte, n+size)
	copy(buf, head[:n])
	d.coef.FillBytes(buf[n:])
	return string(buf)
}

// decodeWide reads stored bytes, which this process or its log wrote: what is malformed
// reads as NaN.
func decodeWide(s string) decimal {
	if s == "" {
		return decimal{form: nan}
	}
	f := form(s[0])
	if f != formPos && f != formNeg {
		return decimal{form: f}
	}
	scale, n := uvarint(s[wideEncodingHead:])
	if n <= 0 {
		return decimal{form: nan}
	}
	coef := new(big.Int).SetBytes([]byte(s[wideEncodingHead+n:]))
	if f == formNeg {
		coef.Neg(coef)
	}
	return decimal{coef: coef, scale: int(scale)}
}

// validWide says whether s is exactly what encodeWide writes for a numeric that
// does not fit a packed word.
func validWide(s string) bool {
	if s == "" {
		return false
	}
	switch form(s[0]) {
	case nan, posInf, negInf:
		return len(s) == 1
	case formPos, formNeg:
	default:
		return false
	}
	d := decodeWide(s)
	if d.form != finite || d.check() != nil {
		return false
	}
	v := d.value()
	return IsWide(v.n) && v.s == s
}

// uvarint is binary.Uvarint of a string.
func uvarint(s string) (uint64, int) {
	var x uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		b := s[i]
		if b < 0x80 {
			return x | uint64(b)<<(7*i), i + 1
		}
		x |= uint64(b&0x7f) << (7 * i)
	}
	return 0, 0
}

// digitCount returns the decimal digits of |x|, 0 for 0.
func digitCount(x *big.Int) int {
	if x.IsInt64() {
		n := x.Int64()
		if n < 0 {
			n = -n // the least int64 stays negative: as unsigned it is right
		}
		return digitCount64(uint64(n))
	}
	// log10(2) * BitLen is off by at most one: compare with the power in doubt.
	est := int(float64(x.BitLen()-1) * 0.30102999566398119521)
	if x.CmpAbs(bigTenPow(est)) < 0 {
		return est
	}
	if x.CmpAbs(bigTenPow(est+1)) < 0 {
		return est + 1
	}
	return est + 2
}

// digitCount64 returns the decimal digits of n, 0 for 0.
func digitCount64(n uint64) int {
	if n == 0 {
		return 0
	}
	est := bits.Len64(n) * 1233 >> 12
	if est > maxPackedTenPow {
		if n >= 1e19 {
			return 20
		}
		return est
	}
	if n < uint64(tenPow[est]) {
		return est
	}
	return est + 1
}

// rescaleUp returns coef with n more digits behind the point.
func rescaleUp(coef *big.Int, n int) *big.Int {
	if n == 0 {
		return coef
	}
	return new(big.Int).Mul(coef, bigTenPow(n))
}

// divRound returns a / b rounded half away from zero.
func divRound(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if (a.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, bigOne)
		} else {
			q.Add(q, bigOne)
		}
	}
	return q
}

// roundTo returns d with exactly scale digits behind the point, rounded half away
// from zero. A negative scale rounds before the point and leaves display scale 0.
func (d decimal) roundTo(scale int) decimal {
	return d.setScale(scale, divRound)
}

// truncTo is roundTo that truncates.
func (d decimal) truncTo(scale int) decimal {
	return d.setScale(scale, func(a, b *big.Int) *big.Int { return new(big.Int).Quo(a, b) })
}

func (d decimal) setScale(scale int, div func(a, b *big.Int) *big.Int) decimal {
	if d.form != finite {
		return d
	}
	coef := d.coef
	switch {
	case scale >= d.scale:
		coef = rescaleUp(coef, scale-d.scale)
	case coef.Sign() != 0:
		coef = div(coef, bigTenPow(d.scale-scale))
	}
	if scale < 0 {
		coef = rescaleUp(coef, -scale)
		scale = 0
	}
	return decimal{coef: coef, scale: scale}
}

// sign returns the sign of what is not NaN.
func (d decimal) sign() int {
	switch d.form {
	case posInf:
		return 1
	case negInf:
		return -1
	case nan:
		return 0
	}
	return d.coef.Sign()
}

// isInt says whether d is finite and without fraction.
func (d decimal) isInt() bool {
	if d.form != finite {
		return false
	}
	if d.scale == 0 || d.coef.Sign() == 0 {
		return true
	}
	return new(big.Int).Rem(d.coef, bigTenPow(d.scale)).Sign() == 0
}

// dweight returns the decimal exponent of the leading digit; d is finite, not 0.
func (d decimal) dweight() int { return digitCount(d.coef) - 1 - d.scale }

// weight returns the base-10000 exponent of PostgreSQL's first digit, and that digit: 0 and
// 0 for zero. The scale that functions choose depends on them.
func (d decimal) weight() (weight, first int) {
	if d.coef.Sign() == 0 {
		return 0, 0
	}
	weight = floorDiv(d.dweight(), decDigits)
	return weight, int(d.leading(weight * decDigits))
}

// leading returns |d| / 10^exp truncated, for an exp that leaves few digits.
func (d decimal) leading(exp int) int64 {
	if shift := d.scale + exp; shift > 0 {
		q := new(big.Int).Quo(d.coef, bigTenPow(shift))
		return q.Abs(q).Int64()
	}
	q := rescaleUp(d.coef, -(d.scale + exp))
	return new(big.Int).Abs(q).Int64()
}

// float returns the nearest float64, an infinity when it is out of range.
func (d decimal) float() float64 {
	var buf [64]byte
	f, _ := strconv.ParseFloat(string(appendDecimal(buf[:0], d)), 64)
	return f
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
