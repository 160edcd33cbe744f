package value

// Compare orders two values as PostgreSQL's btree operator classes do: -1, 0
// or +1. NULL sorts after every value and equals NULL. The kinds must be the
// same, or both integers, or both texts (text, varchar, unknown); anything else
// is a broken invariant of the caller's type check.
//
// NaN equals itself and is the largest float8 or numeric; -0 equals 0. Texts
// compare bytewise (the C collation).
func Compare(a, b Value) int { panic("skeleton") }

// Equal says whether Compare would return 0.
func Equal(a, b Value) bool { panic("skeleton") }
