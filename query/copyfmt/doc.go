// Package copyfmt reads and writes the three formats of COPY: text, CSV and
// binary, byte for byte as PostgreSQL 15 does, errors and their context
// included.
//
// A Decoder turns a stream of bytes into chunks of typed column vectors, an
// Encoder turns batches of vectors into rows of bytes. Neither knows tables,
// constraints or the wire: the engine stands on one side, an io.Reader or
// io.Writer on the other.
package copyfmt
