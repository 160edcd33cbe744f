package value

// The exact operations on numeric values. Arguments are not NULL and of kind
// Numeric. Results have PostgreSQL's display scale. Errors are 22003 (overflow),
// 22012 (division by zero) and those of the function.

// AddWords adds two packed words; false when either is wide or the result is:
// use NumericAdd then. SubWords and MulWords are alike.
func AddWords(a, b int64) (int64, bool) { panic("skeleton") }

// SubWords subtracts packed words; see AddWords.
func SubWords(a, b int64) (int64, bool) { panic("skeleton") }

// MulWords multiplies packed words; see AddWords.
func MulWords(a, b int64) (int64, bool) { panic("skeleton") }

// CompareWords compares two packed words that are not wide.
func CompareWords(a, b int64) int { panic("skeleton") }

// NumericFromInt returns n as a numeric of scale 0.
func NumericFromInt(n int64) Value { panic("skeleton") }

// NumericFromFloat returns f with 15 significant digits, as PostgreSQL's cast does.
func NumericFromFloat(f float64) Value { panic("skeleton") }

// NumericToInt returns v rounded half away from zero as an integer of kind k
// (Int2, Int4, Int8); 22003 when it is out of range, 0A000 for NaN and infinity.
func NumericToInt(v Value, k Kind) (int64, error) { panic("skeleton") }

// NumericToFloat returns the float8 nearest to v.
func NumericToFloat(v Value) (float64, error) { panic("skeleton") }

// NumericAdd returns a + b.
func NumericAdd(a, b Value) (Value, error) { panic("skeleton") }

// NumericSub returns a - b.
func NumericSub(a, b Value) (Value, error) { panic("skeleton") }

// NumericMul returns a * b.
func NumericMul(a, b Value) (Value, error) { panic("skeleton") }

// NumericDiv returns a / b, rounded to the scale PostgreSQL selects.
func NumericDiv(a, b Value) (Value, error) { panic("skeleton") }

// NumericDivTrunc returns div(a, b): the quotient truncated to an integer.
func NumericDivTrunc(a, b Value) (Value, error) { panic("skeleton") }

// NumericMod returns a % b, with the sign of a.
func NumericMod(a, b Value) (Value, error) { panic("skeleton") }

// NumericNeg returns -a.
func NumericNeg(a Value) Value { panic("skeleton") }

// NumericAbs returns |a|.
func NumericAbs(a Value) Value { panic("skeleton") }

// NumericSign returns -1, 0, 1 or NaN.
func NumericSign(a Value) Value { panic("skeleton") }

// NumericRound rounds half away from zero to n digits after the point (before it
// for n < 0).
func NumericRound(a Value, n int) (Value, error) { panic("skeleton") }

// NumericTrunc truncates to n digits after the point (before it for n < 0).
func NumericTrunc(a Value, n int) (Value, error) { panic("skeleton") }

// NumericCeil returns the smallest integer not below a.
func NumericCeil(a Value) Value { panic("skeleton") }

// NumericFloor returns the largest integer not above a.
func NumericFloor(a Value) Value { panic("skeleton") }

// NumericScale returns scale(a), false for NaN and infinities.
func NumericScale(a Value) (int, bool) { panic("skeleton") }
