package value

// Parse reads the text form of a type, as PostgreSQL's input function for it does, and
// applies the type modifier. Errors carry PostgreSQL's code and message.
func Parse(t Type, s string, st *Style) (Value, error) { panic("skeleton") }

// ParseBytes is Parse of bytes that the caller may reuse afterwards. It
// allocates nothing for kinds that are not RepBytes.
func ParseBytes(t Type, b []byte, st *Style) (Value, error) { panic("skeleton") }

// AppendText appends the text form of v, which is not NULL.
func AppendText(dst []byte, v Value, st *Style) []byte { panic("skeleton") }
