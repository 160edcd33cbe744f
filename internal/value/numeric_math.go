package value

// NumericSqrt returns the square root; 2201F for a negative argument.
func NumericSqrt(a Value) (Value, error) { panic("skeleton") }

// NumericExp returns e to the power of a.
func NumericExp(a Value) (Value, error) { panic("skeleton") }

// NumericLn returns the natural logarithm; 2201E unless a is positive.
func NumericLn(a Value) (Value, error) { panic("skeleton") }

// NumericLog returns the logarithm of x to a base; 2201E unless both are positive.
func NumericLog(base, x Value) (Value, error) { panic("skeleton") }

// NumericPower returns a to the power of b.
func NumericPower(a, b Value) (Value, error) { panic("skeleton") }
