// Package sqlgen makes random schemas, data and statements in the dialect of PostgreSQL 15, for tests that
// compare two engines, or one engine with itself under other settings.
//
// Generation is typed, so that nearly all statements succeed, and deterministic: a Generator with the same seed
// and the same Off makes the same statements. The answer of each statement is determined too: rows are
// compared as a multiset unless Query.Ordered, what takes some rows of many (LIMIT, DISTINCT ON, row_number)
// does so by an order over all that it shows, and floats are halves and quarters whose sums are exact.
//
// Statements are trees of Node, which know how they can be made smaller: see Reductions.
package sqlgen
