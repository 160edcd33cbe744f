package value

// ParseTypeName returns the kind that a SQL type name means ("int", "character varying",
// "timestamp with time zone"), case folded and without modifier or brackets, and false
// for a type that is not supported.
func ParseTypeName(name string) (Kind, bool) { panic("skeleton") }

// FormatType returns the type's SQL name with its modifier, as format_type does.
func FormatType(t Type) string { panic("skeleton") }

// NumericTypmod returns the modifier of numeric(p,s).
func NumericTypmod(precision, scale int) int32 {
	return int32(precision<<16|scale&0x7ff) + 4
}

// VarcharTypmod returns the modifier of varchar(n).
func VarcharTypmod(n int) int32 { return int32(n) + 4 }
