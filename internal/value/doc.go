// Package value is one scalar: its type, its comparison, its text and binary
// forms as PostgreSQL defines them, and its canonical key encoding.
//
// A Value is 32 bytes and holds no pointer but that of its bytes. Four
// representations serve every type:
//
//	RepInt      n: bool (0/1), int2, int4, int8, date (days since 2000-01-01),
//	            timestamp and timestamptz (microseconds since 2000-01-01 UTC)
//	RepFloat    n: the bits of a float64
//	RepNumeric  n: a packed decimal word (numeric.go); s only when it is wide
//	RepBytes    s: text, varchar, bytea, uuid (16 bytes), jsonb (normalised
//	            text), arrays (array.go)
//
// Equality of stored bytes is not equality of values (numeric 1.0 and 1.00):
// compare with Compare, and hash or index by the key encoding (key.go), which
// stands for the equality class.
package value
