package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// parseFloat reads a float8 as C's strtod does: decimal, hexadecimal, inf, nan.
func parseFloat(s string) (float64, error) {
	if f, ok := parseShortFloat(s); ok {
		return f, nil
	}
	return parseFloatBits(s, 64, "double precision")
}

// parseShortFloat reads a sign, at most 15 digits and a point: both the digits and the power of ten that divides them are
// floats then, so that the quotient is the nearest one.
func parseShortFloat(s string) (float64, bool) {
	if len(s) > float8Digits {
		return 0, false
	}
	word, ok := parseNumericWord(s)
	if !ok {
		return 0, false
	}
	coef, scale := UnpackNumeric(word)
	if coef == 0 {
		return 0, s[0] != '-' // else it is -0
	}
	return float64(coef) / float64(tenPow[scale]), true
}

// parseFloat4 reads a float4.
func parseFloat4(s string) (float64, error) { return parseFloatBits(s, 32, "real") }

func parseFloatBits(s string, bits int, typeName string) (float64, error) {
	t := trimSpace(s)
	switch {
	case t == "":
		return 0, errSyntax(typeName, s)
	case floatChars(t):
		if f, err := strconv.ParseFloat(t, bits); err == nil && f != 0 {
			return f, nil
		}
	}
	return parseFloatSlow(s, t, bits, typeName)
}

// floatChars says that s has only what stands in a decimal number: ParseFloat also
// takes words and underscores.
func floatChars(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

func parseFloatSlow(s, t string, bits int, typeName string) (float64, error) {
	sign, body := 1.0, t
	if t[0] == '-' || t[0] == '+' {
		if t[0] == '-' {
			sign = -1
		}
		body = t[1:]
	}
	switch {
	case equalFold(body, "inf"), equalFold(body, "infinity"):
		return math.Inf(int(sign)), nil
	case equalFold(body, "nan"):
		return math.NaN(), nil
	case hasPrefixFold(body, "0x"):
		if !strings.ContainsAny(body, "pP") {
			t += "p0"
		}
	case !floatChars(body):
		return 0, errSyntax(typeName, s)
	}
	if strings.Contains(t, "_") {
		return 0, errSyntax(typeName, s)
	}
	f, err := strconv.ParseFloat(t, bits)
	if ne, ok := err.(*strconv.NumError); ok && ne.Err == strconv.ErrSyntax {
		return 0, errSyntax(typeName, s)
	}
	if err != nil || f == 0 && !zeroMantissa(body) {
		return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, `"%s" is out of range for type %s`, trimRight(s), typeName)
	}
	return f, nil
}

// trimRight is what strtod's end pointer leaves of s for the range error.
func trimRight(s string) string { return trimSpace(s) }

// zeroMantissa says that no digit in front of an exponent differs from zero: a number that
// reads as 0 is 0, and not too small.
func zeroMantissa(body string) bool {
	hex := hasPrefixFold(body, "0x")
	for i := range len(body) {
		c := body[i]
		switch {
		case !hex && c|0x20 == 'e', hex && c|0x20 == 'p':
			return true
		case hexDigit(c) != 0 && hexDigit(c) <= 15:
			return false
		}
	}
	return true
}

// The digits that a decimal keeps through a float: C's DBL_DIG and FLT_DIG.
const (
	float8Digits = 15
	float4Digits = 6
)

// appendFloat appends a float of 64 or 32 bits: the shortest text that reads back the same when
// extraDigits (extra_float_digits) is positive, %.*g with that many digits more than
// float8Digits or float4Digits otherwise.
func appendFloat(dst []byte, f float64, bits, extraDigits int) []byte {
	digits := float8Digits
	if bits == 32 {
		digits = float4Digits
	}
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case extraDigits > 0 && bits == 32:
		return appendShortest4(dst, float32(f))
	case extraDigits > 0:
		return appendShortest(dst, f)
	}
	return appendFloatG(dst, f, max(digits+extraDigits, 1))
}

func appendShortest(dst []byte, f float64) []byte {
	// Integers below 1e15 are the common case, and exact.
	if n := int64(f); float64(n) == f && n < 1e15 && n > -1e15 && (n != 0 || !math.Signbit(f)) {
		return appendInt(dst, n)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if a := math.Abs(f); a >= minMidpoint && a < maxMidpoint && isMidpoint(string(dst[start:]), f) {
		dst = appendInterior(dst[:start], f)
	}
	return reformatG(dst, start, float8Digits)
}

// appendShortest4 is appendShortest of a float4.
func appendShortest4(dst []byte, f float32) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, float64(f), 'e', -1, 32)
	if isMidpoint4(string(dst[start:]), f) {
		for digits := 0; digits < 9; digits++ {
			dst = strconv.AppendFloat(dst[:start], float64(f), 'e', digits, 32)
			text := string(dst[start:])
			if back, err := strconv.ParseFloat(text, 32); err == nil && float32(back) == f && !isMidpoint4(text, f) {
				break
			}
		}
	}
	return reformatG(dst, start, float4Digits)
}

// isMidpoint4 is isMidpoint of float4s. A midpoint of float4s is a float8.
func isMidpoint4(text string, f float32) bool {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x == float64(f) {
		return false
	}
	next := math.Nextafter32(f, float32(math.Inf(1)))
	if x < float64(f) {
		next = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	if x != (float64(f)+float64(next))/2 {
		return false
	}
	exact, ok := new(big.Float).SetPrec(256).SetString(text) // the text may only round to the midpoint
	return ok && exact.Cmp(big.NewFloat(x)) == 0
}

// A decimal may lie exactly between two floats only within these: 2^54 and 2^54 * 10^23.
const (
	minMidpoint = 1 << 54
	maxMidpoint = minMidpoint * 1e23
)

// isMidpoint says that text, which reads as f by rounding to even, lies exactly half way to
// another float. PostgreSQL does not print such a text: 1e23 is 9.999999999999999e+22.
func isMidpoint(text string, f float64) bool {
	x, ok := new(big.Float).SetPrec(256).SetString(text)
	if !ok {
		return false
	}
	diff := x.Sub(x, big.NewFloat(f))
	if diff.Sign() == 0 {
		return false
	}
	next := math.Nextafter(f, math.Inf(diff.Sign()))
	gap := new(big.Float).SetPrec(256).Sub(big.NewFloat(next), big.NewFloat(f))
	return diff.Add(diff, diff).Cmp(gap) == 0
}

// appendInterior appends the shortest "d.ddde±xx" that reads as f and is no midpoint.
func appendInterior(dst []byte, f float64) []byte {
	start := len(dst)
	for digits := 0; digits < 16; digits++ {
		dst = strconv.AppendFloat(dst[:start], f, 'e', digits, 64)
		text := string(dst[start:])
		if back, err := strconv.ParseFloat(text, 64); err == nil && back == f && !isMidpoint(text, f) {
			return dst
		}
	}
	return strconv.AppendFloat(dst[:start], f, 'e', 16, 64)
}

// appendFloatG appends f as printf's %.*g.
func appendFloatG(dst []byte, f float64, digits int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', digits-1, 64)
	return reformatG(dst, start, digits)
}

// reformatG turns the "d.ddde±xx" in dst[start:] into what %g prints: without zeros at the
// end, and without an exponent when it is from -4 to digits-1.
func reformatG(dst []byte, start, digits int) []byte {
	var buf [40]byte
	num := append(buf[:0], dst[start:]...)
	dst = dst[:start]
	if num[0] == '-' {
		dst = append(dst, '-')
		num = num[1:]
	}
	e := len(num) - 1
	for num[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(num[e+1:]))
	var mantissa [32]byte
	m := append(mantissa[:0], num[0])
	if e > 2 {
		m = append(m, num[2:e]...)
	}
	for len(m) > 1 && m[len(m)-1] == '0' {
		m = m[:len(m)-1]
	}
	switch {
	case exp < -4 || exp >= digits:
		dst = append(dst, m[0])
		if len(m) > 1 {
			dst = append(append(dst, '.'), m[1:]...)
		}
		return append(dst, num[e:]...)
	case exp < 0:
		dst = append(dst, '0', '.')
		for range -1 - exp {
			dst = append(dst, '0')
		}
		return append(dst, m...)
	case len(m) <= exp+1:
		dst = append(dst, m...)
		for range exp + 1 - len(m) {
			dst = append(dst, '0')
		}
		return dst
	}
	dst = append(dst, m[:exp+1]...)
	return append(append(dst, '.'), m[exp+1:]...)
}
