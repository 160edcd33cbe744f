package value

import "math/big"

// NumericRound rounds half away from zero to n digits after the point, before it for n < 0.
func NumericRound(a Value, n int) (Value, error) {
	if w, ok := roundWord(a.n, n, roundHalfAway); ok {
		return NewNumericWord(w, ""), nil
	}
	return toDecimal(a).roundTo(clampScale(n)).checked()
}

// NumericTrunc truncates to n digits after the point, before it for n < 0.
func NumericTrunc(a Value, n int) (Value, error) {
	if w, ok := roundWord(a.n, n, roundDown); ok {
		return NewNumericWord(w, ""), nil
	}
	return toDecimal(a).truncTo(clampScale(n)).checked()
}

// NumericCeil returns the smallest integer not below a.
func NumericCeil(a Value) Value {
	if w, ok := roundWord(a.n, 0, roundCeil); ok {
		return NewNumericWord(w, "")
	}
	return toDecimal(a).toInt(1).value()
}

// NumericFloor returns the largest integer not above a.
func NumericFloor(a Value) Value {
	if w, ok := roundWord(a.n, 0, roundFloor); ok {
		return NewNumericWord(w, "")
	}
	return toDecimal(a).toInt(-1).value()
}

func clampScale(n int) int { return min(max(n, -maxIntDigits-1), maxScale) }

// rounding is a way to leave digits out.
type rounding uint8

const (
	roundHalfAway rounding = iota
	roundDown              // toward zero
	roundCeil
	roundFloor
)

// roundWord returns a packed word with n digits after the point, n from 0 on; false when it is wide
// or the result is.
func roundWord(word int64, n int, how rounding) (int64, bool) {
	if IsWide(word) || n < 0 {
		return 0, false
	}
	coef, scale := UnpackNumeric(word)
	cut := scale - n
	if cut <= 0 {
		up, ok := scaleUp64(coef, -cut)
		if !ok {
			return 0, false
		}
		return PackNumeric(up, n)
	}
	if cut > maxPackedTenPow {
		return 0, false
	}
	p := tenPow[cut]
	q, r := coef/p, coef%p
	switch {
	case how == roundHalfAway && r >= p-r, how == roundCeil && r > 0:
		q++
	case how == roundHalfAway && -r >= p+r, how == roundFloor && r < 0:
		q--
	}
	return PackNumeric(q, n)
}

// toInt truncates d, and goes one further when that cut a fraction of the given sign.
func (d decimal) toInt(up int) decimal {
	if d.form != finite {
		return d
	}
	q, r := new(big.Int).QuoRem(d.coef, bigTenPow(d.scale), new(big.Int))
	if r.Sign() == up {
		q.Add(q, big.NewInt(int64(up)))
	}
	return decimal{coef: q}
}
