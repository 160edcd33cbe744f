// Package column keeps collections in memory as typed columns, and has the
// vectors that operators pass to each other.
//
//	Vec, Batch   one column, or all, of about 1,024 rows: what flows through a plan
//	Store        one column of one partition, in segments (segment.go, vector.go)
//	Versions     begin, end and previous version of each row of a partition
//	Dict, Arena  byte strings: of few distinct values, and of many
//	HashTable    hashes to row ids or codes, also under package index
//
// A partition has one writer and any number of readers, which take no lock:
// memory that grows or changes its form is replaced behind an atomic pointer, and
// what a reader holds is never written again.
//
// All memory that holds user data is allocated here and counted by
// collection (Account). The garbage collector sees slices of plain numbers
// and 1 MiB chunks, never an object a row.
package column
