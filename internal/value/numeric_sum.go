package value

import (
	"math/big"
	"math/bits"
)

// NumericSum is an exact sum of numerics or of integers, for aggregates. The zero
// NumericSum is empty. Partial sums merge. Not safe for concurrent use.
//
// It adds in 128 bits at the largest scale seen. What does not fit there (a wide value, a
// larger scale) moves to rest, which is exact at any size; scales only grow, so that is rare.
type NumericSum struct {
	count    int64
	hi       int64 // with lo: a 128-bit integer, times 10^-scale; |hi| < 2^61
	lo       uint64
	scale    int
	rest     decimal // coef nil: nothing
	nans     int64
	posInfs  int64
	negInfs  int64
	maxScale int // of all values: the display scale of the sum
}

// Add adds a numeric that is not NULL.
func (s *NumericSum) Add(v Value) {
	if !IsWide(v.n) {
		s.AddWord(v.n)
		return
	}
	s.count++
	s.addDecimal(decodeWide(v.s))
}

// AddWord adds a packed word that is not wide.
func (s *NumericSum) AddWord(word int64) {
	s.count++
	coef, scale := UnpackNumeric(word)
	if scale == s.scale {
		s.add128(coef>>63, uint64(coef))
		return
	}
	s.addScaled(coef, scale)
}

// AddInt adds an integer, as a numeric of scale 0.
func (s *NumericSum) AddInt(n int64) {
	s.count++
	if s.scale == 0 {
		s.add128(n>>63, uint64(n))
		return
	}
	s.addScaled(n, 0)
}

func (s *NumericSum) add128(hi int64, lo uint64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi += hi + int64(carry)
	if uint64(s.hi+1<<61) >= 1<<62 {
		s.spill()
	}
}

// addScaled adds coef * 10^-scale where scale is not s.scale.
func (s *NumericSum) addScaled(coef int64, scale int) {
	if scale > s.scale {
		s.spill()
		s.scale = scale
		s.maxScale = max(s.maxScale, scale)
		s.add128(coef>>63, uint64(coef))
		return
	}
	up := s.scale - scale
	if up > maxPackedTenPow {
		s.addDecimal(decimal{coef: big.NewInt(coef), scale: scale})
		return
	}
	neg := coef < 0
	u := uint64(coef)
	if neg {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(tenPow[up]))
	if neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	s.add128(int64(hi), lo)
}

// spill moves the 128 bits to rest.
func (s *NumericSum) spill() {
	if s.hi == 0 && s.lo == 0 {
		return
	}
	coef := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	coef.Add(coef, new(big.Int).SetUint64(s.lo))
	s.hi, s.lo = 0, 0
	s.addRest(decimal{coef: coef, scale: s.scale})
}

func (s *NumericSum) addRest(d decimal) {
	if s.rest.coef == nil {
		s.rest = d
		return
	}
	s.rest = addDecimal(s.rest, d)
}

// addDecimal adds any numeric, without counting it.
func (s *NumericSum) addDecimal(d decimal) {
	switch d.form {
	case nan:
		s.nans++
	case posInf:
		s.posInfs++
	case negInf:
		s.negInfs++
	default:
		s.maxScale = max(s.maxScale, d.scale)
		s.addRest(d)
	}
}

// Merge adds another sum.
func (s *NumericSum) Merge(o *NumericSum) {
	t := *o // o stays as it is
	t.spill()
	s.spill()
	if t.rest.coef != nil {
		s.addRest(t.rest)
	}
	s.count += t.count
	s.nans += t.nans
	s.posInfs += t.posInfs
	s.negInfs += t.negInfs
	s.maxScale = max(s.maxScale, t.maxScale)
	s.scale = max(s.scale, t.scale)
}

// Count returns how many values were added.
func (s *NumericSum) Count() int64 { return s.count }

// Sum returns the sum as a numeric, 0 when nothing was added; 22003 when it exceeds
// the type.
func (s *NumericSum) Sum() (Value, error) {
	switch {
	case s.nans > 0 || s.posInfs > 0 && s.negInfs > 0:
		return decimal{form: nan}.value(), nil
	case s.posInfs > 0:
		return decimal{form: posInf}.value(), nil
	case s.negInfs > 0:
		return decimal{form: negInf}.value(), nil
	}
	if s.rest.coef == nil && s.hi == int64(s.lo)>>63 {
		if w, ok := PackNumeric(int64(s.lo), s.scale); ok {
			return NewNumericWord(w, ""), nil
		}
	}
	t := *s
	t.spill()
	if t.rest.coef == nil {
		t.rest.coef = new(big.Int)
	}
	return t.rest.roundTo(max(t.maxScale, t.scale)).checked()
}

// Avg returns the sum divided by the count, with the scale of PostgreSQL's avg; NULL
// when nothing was added.
func (s *NumericSum) Avg() (Value, error) {
	if s.count == 0 {
		return Null(Numeric), nil
	}
	sum, err := s.Sum()
	if err != nil {
		return sum, err
	}
	return NumericDiv(sum, NumericFromInt(s.count))
}
