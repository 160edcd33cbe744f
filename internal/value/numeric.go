package value

// The packed decimal word. A numeric of up to 56 bits of coefficient and a
// display scale of at most maxPackedScale is one int64: coefficient<<8 | scale.
// Words of equal scale compare as integers. The low byte WideNumeric marks a
// value that does not fit, NaN or an infinity: its bytes are in Value.s, and the upper
// 56 bits are free for a column to keep a reference in.
const (
	WideNumeric    = 0xFF
	maxPackedScale = 60
	maxPackedCoef  = 1<<55 - 1
)

// IsWide says whether a numeric's word refers to bytes.
func IsWide(word int64) bool { return word&0xFF == WideNumeric }

// PackNumeric returns the word of coef * 10^-scale, and false when it does
// not fit.
func PackNumeric(coef int64, scale int) (int64, bool) {
	if scale < 0 || scale > maxPackedScale || coef > maxPackedCoef || coef < -maxPackedCoef {
		return 0, false
	}
	return coef<<8 | int64(scale), true
}

// UnpackNumeric returns coefficient and scale of a word that is not wide.
func UnpackNumeric(word int64) (coef int64, scale int) { return word >> 8, int(word & 0xFF) }
