package schema

import "github.com/cachalotdb/cachalot/internal/value"

// Sequence is the definition of a sequence. How far it has come is kept beside the collections, by its
// Generation, and a new generation begins at First (RESTART).
type Sequence struct {
	Generation uint64 `json:"generation"`

	Type      value.Kind `json:"type"` // int2, int4 or int8
	Start     int64      `json:"start"`
	Increment int64      `json:"increment"`
	Min       int64      `json:"min"`
	Max       int64      `json:"max"`
	Cache     int64      `json:"cache"`
	Cycle     bool       `json:"cycle,omitempty"`

	// First is the value that the generation begins with.
	First int64 `json:"first"`

	// Owner is the table whose column OwnerColumn takes the sequence with it when it is dropped: OWNED
	// BY; 0 for none.
	Owner       uint32 `json:"owner,omitempty"`
	OwnerColumn int16  `json:"ownerColumn,omitempty"`
	// Identity marks the sequence of an identity column.
	Identity bool `json:"identity,omitempty"`
}

// OwnedSequences returns the sequences that belong to a table, to one column of it if num is not 0.
func (c *Catalog) OwnedSequences(table uint32, num int16) []*Object {
	var list []*Object
	for _, o := range c.Objects() {
		if s := o.Sequence; s != nil && s.Owner == table && (num == 0 || s.OwnerColumn == num) {
			list = append(list, o)
		}
	}
	return list
}
