// Package differential asks random questions (internal/sqlgen) of this engine and of a PostgreSQL 15, and compares
// rows, column types and names, command tags and SQLSTATEs. What differs is made smaller until a
// short script is left. testdata/differences.txt lists what may differ, with the reason.
//
//	go test ./test/differential -args -queries 200000 -seeds 50     what CACHALOT_FULL=1 does
//	go test ./test/differential -args -seed 7 -only 123             one statement of a seed again
//
// Constructs and functions that one of the two does not have are found first, by a probe for each, and not used;
// the log names them.
package differential
