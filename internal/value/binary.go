package value

// AppendBinary appends the binary wire form of v, which is not NULL, without
// the length in front.
func AppendBinary(dst []byte, v Value) []byte { panic("skeleton") }

// ParseBinary reads the binary wire form of a type and applies its modifier; 22P03
// when b is not a value of it. It keeps no reference to b.
func ParseBinary(t Type, b []byte) (Value, error) { panic("skeleton") }
