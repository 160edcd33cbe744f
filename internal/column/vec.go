package column

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// BatchRows is the most rows a Batch carries.
const BatchRows = 1024

// Vec is one column of a Batch: n values of one kind in the slice that its
// representation names.
//
// A dictionary vec has Codes set: value i is Dict.String(Codes[i]), and S may
// be nil until Strings is called. Operators that can work on codes do so.
// A constant vec (Const) has its one value at index 0 of every slice.
//
// Slices are owned by whoever filled the Vec and valid until its next batch;
// the bytes behind S are immutable and stay valid as long as they are held.
type Vec struct {
	Kind  value.Kind
	Const bool

	I []int64   // RepInt; RepNumeric: packed words
	F []float64 // RepFloat
	S []string  // RepBytes; RepNumeric: bytes of wide words, nil when there are none

	Codes []uint32 // dictionary codes, nil when not encoded
	Dict  *Dict

	// Nulls[i] is true for NULL; nil when no value is NULL. The value slices
	// hold a zero at such a place.
	Nulls []bool
}

// Batch is up to BatchRows rows as vectors.
type Batch struct {
	N    int
	Vecs []Vec
}
