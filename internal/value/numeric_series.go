package value

import (
	"math"
	"math/big"
)

// The exponential and the logarithm in fixed point: a big.Int x with p bits behind the point is
// x / 2^p. Errors are a few units in the last place; callers ask for guard bits.

const seriesGuardBits = 32

// decimalBits returns the bits that hold a number of decimal digits.
func decimalBits(digits int) int { return int(float64(digits)*3.3219280948873626) + 1 }

// toFixed returns d with p bits behind the point, truncated.
func toFixed(d decimal, p int) *big.Int {
	x := new(big.Int).Lsh(d.coef, uint(p))
	return x.Quo(x, bigTenPow(d.scale))
}

// fromFixed returns x * 2^-p rounded to a scale; p may be negative.
func fromFixed(x *big.Int, p, scale int) decimal {
	coef := new(big.Int).Mul(x, bigTenPow(scale))
	if p <= 0 {
		return decimal{coef: coef.Lsh(coef, uint(-p)), scale: scale}
	}
	return decimal{coef: divRound(coef, new(big.Int).Lsh(bigOne, uint(p))), scale: scale}
}

// expFixed returns e^x for |x| of at most about 1. It halves x k times, sums Taylor's series and
// squares k times: about sqrt(p) multiplications of each kind.
func expFixed(x *big.Int, p int) *big.Int {
	k := int(math.Sqrt(float64(p)/2)) + 1
	w := p + 2*k + seriesGuardBits
	r := new(big.Int).Lsh(x, uint(w-p-k))
	sum := new(big.Int).Lsh(bigOne, uint(w))
	term := new(big.Int).Set(sum)
	for i := int64(1); ; i++ {
		term.Mul(term, r)
		term.Rsh(term, uint(w))
		term.Quo(term, big.NewInt(i))
		if term.Sign() == 0 || term.BitLen() == 1 && term.Sign() < 0 { // Rsh rounds down: -1 stays
			break
		}
		sum.Add(sum, term)
	}
	for range k {
		sum.Mul(sum, sum)
		sum.Rsh(sum, uint(w))
	}
	return sum.Rsh(sum, uint(w-p))
}

// ln2Fixed returns ln 2 = 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749).
func ln2Fixed(p int) *big.Int {
	w := p + seriesGuardBits
	sum := atanhInverse(18, 26, w)
	sum.Sub(sum, atanhInverse(2, 4801, w))
	sum.Add(sum, atanhInverse(8, 8749, w))
	return sum.Rsh(sum, seriesGuardBits)
}

// atanhInverse returns n * atanh(1/q).
func atanhInverse(n, q int64, p int) *big.Int {
	power := new(big.Int).Lsh(big.NewInt(n), uint(p))
	power.Quo(power, big.NewInt(q))
	square := big.NewInt(q * q)
	sum, term := new(big.Int), new(big.Int)
	for i := int64(1); power.Sign() != 0; i += 2 {
		sum.Add(sum, term.Quo(power, big.NewInt(i)))
		power.Quo(power, square)
	}
	return sum
}

// lnFixed returns ln y for y from 1/2 to 2. Halley's iteration triples the right bits of what
// float64 begins with, so all but the last step are cheap.
func lnFixed(y *big.Int, p int) *big.Int {
	w := p + seriesGuardBits
	var steps []int
	for n := w; n > 48; n = n/3 + 8 {
		steps = append(steps, n)
	}
	at := 60
	start := new(big.Int).Rsh(y, uint(max(p-at, 0)))
	f, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(start), -min(p, at)).Float64()
	z, _ := new(big.Float).SetMantExp(big.NewFloat(math.Log(f)), at).Int(nil)
	for i := len(steps) - 1; i >= 0; i-- {
		n := steps[i]
		z, at = shift(z, n-at), n
		e := expFixed(z, n)
		yn := shift(new(big.Int).Set(y), n-p)
		num := new(big.Int).Sub(yn, e)
		num.Lsh(num, uint(n+1))
		z.Add(z, num.Quo(num, yn.Add(yn, e)))
	}
	return shift(z, p-at)
}

// shift returns x * 2^n in place.
func shift(x *big.Int, n int) *big.Int {
	if n < 0 {
		return x.Rsh(x, uint(-n))
	}
	return x.Lsh(x, uint(n))
}

// lnDecimal returns the logarithm of a positive finite d with scale digits behind the point, right
// but for the last.
func lnDecimal(d decimal, scale int) decimal {
	// d = y * 2^m with y from 2/3 to 4/3: near 1 nothing cancels.
	m := d.coef.BitLen() - bigTenPow(d.scale).BitLen()
	p := decimalBits(scale) + seriesGuardBits
	y := new(big.Int).Lsh(d.coef, uint(p+max(-m, 0)))
	y.Quo(y, new(big.Int).Lsh(bigTenPow(d.scale), uint(max(m, 0))))
	third := new(big.Int).Quo(new(big.Int).Lsh(bigOne, uint(p+2)), big.NewInt(3)) // 4/3
	for y.Cmp(third) > 0 {
		y.Rsh(y, 1)
		m++
	}
	for third.Rsh(third, 1); y.Cmp(third) < 0; m-- {
		y.Lsh(y, 1)
	}
	z := lnFixed(y, p)
	if m != 0 {
		ln2 := ln2Fixed(p + seriesGuardBits)
		ln2.Mul(ln2, big.NewInt(int64(m)))
		z.Add(z, ln2.Rsh(ln2, seriesGuardBits))
	}
	return fromFixed(z, p, scale)
}

// expDecimal returns e^d with scale digits behind the point; f is d as a float.
func expDecimal(d decimal, f float64, scale int) decimal {
	// e^d = 2^m * e^(d - m ln 2).
	m := int(math.Round(f / math.Ln2))
	p := decimalBits(scale) + max(m, 0) + 2*seriesGuardBits
	w := p + seriesGuardBits // m has fewer bits
	ln2 := ln2Fixed(w)
	r := toFixed(d, w)
	r.Sub(r, ln2.Mul(ln2, big.NewInt(int64(m))))
	return fromFixed(expFixed(r.Rsh(r, seriesGuardBits), p), p-m, scale)
}
