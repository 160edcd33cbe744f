// Package column holds typed vectors: Vec and Batch, which operators pass to
// each other, and Store, which keeps one column of one partition in memory.
//
// All memory that holds user data is allocated here and counted by
// collection (Account). The garbage collector sees slices of plain numbers
// and 1 MiB chunks, never an object a row.
package column
