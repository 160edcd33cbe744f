// Package value is one scalar: its type, its comparison, its text and binary forms as PostgreSQL
// defines them, its conversions and arithmetic, and its canonical key encoding.
//
// A Value is 32 bytes and holds no pointer but that of its bytes. Four representations serve every
// type:
//
//	RepInt      n: bool (0/1), int2, int4, int8, date (days since 2000-01-01), timestamp and
//	            timestamptz (microseconds since 2000-01-01 UTC), time (microseconds since midnight),
//	            timetz (packed, timetz.go), oid and its kin, "char" (the byte)
//	RepFloat    n: the bits of a float64; a float4 as the float64 that it equals
//	RepNumeric  n: a packed decimal word (numeric.go); s only when it is wide (decimal.go)
//	RepBytes    s: text, varchar, name, bytea, uuid (16 bytes), jsonb (normalised text), json (as
//	            written), interval (16 bytes, interval.go), arrays (array.go)
//
// Equality of stored bytes is not equality of values (numeric 1.0 and 1.00): compare with Compare,
// and hash or index by the key encoding (key.go), which stands for the equality class. Stored
// bytes and keys are in logs: both are frozen, by testdata/stored.txt and testdata/keys.txt.
//
// The text forms, casts and functions answer as PostgreSQL 15 does, errors included;
// testdata/oracle holds what it said to some 12,000 questions, and oracle_test.go can ask it
// again.
//
// A value's hot path (text to value, value to text or key, for the fixed-width kinds, dates and
// short numerics) allocates nothing: see BenchmarkParseBytes and TestHotPathAllocatesNothing.
// Everything here is safe for concurrent use but the builders that say otherwise.
package value
