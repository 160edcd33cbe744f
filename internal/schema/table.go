package schema

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// FirstOID is the first OID given to a user's object, as in PostgreSQL.
const FirstOID = 16384

// PublicSchema is the schema of every table, until there are others.
const PublicSchema = "public"

// Table is one collection's definition. Immutable: an ALTER makes a new one.
// The JSON form goes into logs and checkpoints; fields are only ever added.
type Table struct {
	OID    uint32 `json:"oid"`
	Schema string `json:"schema"`
	Name   string `json:"name"`

	// Generation numbers the collection's data. TRUNCATE and a rewriting
	// ALTER swap it; rows of another generation are another collection's.
	Generation uint64 `json:"generation"`

	// Version counts the table's definitions; records name it.
	Version uint64 `json:"version"`

	// Columns are in the order of their numbers: Columns[i].Num == i+1. A
	// number is never used again.
	Columns []Column `json:"columns"`

	// Key lists the column numbers of the primary key. When HiddenKey is
	// set the user declared none and it is the one hidden int8 column.
	Key       []int16 `json:"key"`
	HiddenKey bool    `json:"hiddenKey,omitempty"`
	KeyName   string  `json:"keyName,omitempty"` // the constraint, home_pkey
	KeyOID    uint32  `json:"keyOID,omitempty"`  // of its index

	Indexes []*Index `json:"indexes,omitempty"`
	Layout  Layout   `json:"layout,omitempty"`

	Checks      []Check       `json:"checks,omitempty"`
	ForeignKeys []*ForeignKey `json:"foreignKeys,omitempty"`
	// ReferencedBy are the OIDs of the tables with foreign keys to this one, ascending.
	ReferencedBy []uint32 `json:"referencedBy,omitempty"`

	// View makes the table a materialized view, which holds the rows of its query as of the last REFRESH.
	View *View `json:"view,omitempty"`
	// Unpopulated is set for a materialized view that has been given no rows.
	Unpopulated bool `json:"unpopulated,omitempty"`

	// OnCommit is what the end of a transaction does to a temporary table: "", "delete rows" or "drop".
	OnCommit string `json:"onCommit,omitempty"`
}

// Column is one column's definition.
type Column struct {
	Num     int16      `json:"num"` // from 1, permanent
	Name    string     `json:"name"`
	Type    value.Type `json:"type"`
	NotNull bool       `json:"notNull,omitempty"`

	// Default is the default expression's SQL text, "" for none.
	Default string `json:"default,omitempty"`

	// Missing is what rows hold that were stored before the column was
	// added: a value's key-independent storage form (value.AppendStored), nil for NULL.
	Missing []byte `json:"missing,omitempty"`

	// Generated is the expression, as SQL text, of a column GENERATED ALWAYS AS (..) STORED. It is computed before
	// the log. A hidden generated column serves an index: its expression, or its predicate.
	Generated string `json:"generated,omitempty"`

	// Identity is set for identity columns, and Sequence is then the OID of the sequence.
	Identity Identity `json:"identity,omitempty"`
	Sequence uint32   `json:"sequence,omitempty"`

	// Hidden columns are not part of *, nor can SQL name them.
	Hidden bool `json:"hidden,omitempty"`

	// Dropped columns are hidden; rows go on having a value in their place.
	Dropped bool `json:"dropped,omitempty"`

	// Document marks the JSON document of a table with layout default.
	Document bool `json:"document,omitempty"`
}

// Layout says how a collection keeps its objects, in Cachalot's terms.
type Layout string

// The layouts.
const (
	LayoutFlat    Layout = ""        // every property a column
	LayoutDefault Layout = "default" // columns and a JSON document
)

// IndexKind is a kind of secondary index.
type IndexKind string

// The kinds of index.
const (
	Dictionary IndexKind = "dictionary" // equality, IN, CONTAINS on arrays
	BTree      IndexKind = "btree"      // ranges, order, prefixes
)

// Index is one secondary index's definition.
type Index struct {
	OID     uint32        `json:"oid"`
	Name    string        `json:"name"`
	Kind    IndexKind     `json:"kind"`
	Columns []IndexColumn `json:"columns"`

	// Unique: no two rows have the same values. Constraint: it is that of a UNIQUE constraint of its name.
	Unique           bool `json:"unique,omitempty"`
	Constraint       bool `json:"constraint,omitempty"`
	NullsNotDistinct bool `json:"nullsNotDistinct,omitempty"`

	// Filter is the number of the hidden boolean column that is true for the rows that a partial index holds,
	// 0 for all rows. The predicate is that column's Generated.
	Filter int16 `json:"filter,omitempty"`
}

// IndexColumn is one column of an index.
type IndexColumn struct {
	Num        int16 `json:"num"`
	Desc       bool  `json:"desc,omitempty"`
	NullsFirst bool  `json:"nullsFirst,omitempty"`
}

// Has says whether a column is one of the index's.
func (x *Index) Has(num int16) bool {
	for _, c := range x.Columns {
		if c.Num == num {
			return true
		}
	}
	return false
}

// Nums lists the numbers of the index's columns.
func (x *Index) Nums() []int16 {
	nums := make([]int16, len(x.Columns))
	for i, c := range x.Columns {
		nums[i] = c.Num
	}
	return nums
}

// Column returns the visible column of a name.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name && !c.Hidden {
			return c, true
		}
	}
	return nil, false
}

// ColumnByNum returns the column of a number, which must exist.
func (t *Table) ColumnByNum(num int16) *Column { return &t.Columns[num-1] }

// IsKey says whether a column is part of the primary key.
func (t *Table) IsKey(num int16) bool {
	for _, k := range t.Key {
		if k == num {
			return true
		}
	}
	return false
}

// Index returns the index of a name.
func (t *Table) Index(name string) (*Index, bool) {
	for _, x := range t.Indexes {
		if x.Name == name {
			return x, true
		}
	}
	return nil, false
}

// Clone returns a copy whose slices the caller may change.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns = append([]Column(nil), t.Columns...)
	c.Key = append([]int16(nil), t.Key...)
	c.Indexes = append([]*Index(nil), t.Indexes...)
	c.Checks = append([]Check(nil), t.Checks...)
	c.ForeignKeys = append([]*ForeignKey(nil), t.ForeignKeys...)
	c.ReferencedBy = append([]uint32(nil), t.ReferencedBy...)
	return &c
}

// Covers says whether an index of this kind on these columns answers
// questions about one array column by its elements.
func (x *Index) Covers(num int16) bool {
	return len(x.Columns) == 1 && x.Columns[0].Num == num && x.Filter == 0
}
