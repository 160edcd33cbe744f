package schema

// Check is a CHECK constraint.
type Check struct {
	Name string `json:"name"`
	// Expr is its condition as SQL text over the table's columns.
	Expr string `json:"expr"`
	// Columns are those that it reads, ascending.
	Columns   []int16 `json:"columns,omitempty"`
	NoInherit bool    `json:"noInherit,omitempty"`
	NotValid  bool    `json:"notValid,omitempty"` // rows there are have not been tested
}

// Action is what a foreign key does when the row that it refers to goes or changes.
type Action string

// The actions.
const (
	NoAction   Action = "" // refused at the end of the statement
	Restrict   Action = "restrict"
	Cascade    Action = "cascade"
	SetNull    Action = "set null"
	SetDefault Action = "set default"
)

// ForeignKey is a FOREIGN KEY constraint of the referencing table.
type ForeignKey struct {
	OID     uint32  `json:"oid"`
	Name    string  `json:"name"`
	Columns []int16 `json:"columns"`

	// Table is the OID of the referenced table, RefColumns its columns in the order of Columns, and Index
	// the unique index on them; 0 is its primary key.
	Table      uint32  `json:"table"`
	RefColumns []int16 `json:"refColumns"`
	Index      uint32  `json:"index,omitempty"`

	MatchFull bool   `json:"matchFull,omitempty"`
	OnDelete  Action `json:"onDelete,omitempty"`
	OnUpdate  Action `json:"onUpdate,omitempty"`

	Deferrable bool `json:"deferrable,omitempty"`
	Deferred   bool `json:"deferred,omitempty"` // initially
	NotValid   bool `json:"notValid,omitempty"` // rows there are have not been tested
}

// Identity says how a column is GENERATED AS IDENTITY.
type Identity string

// The kinds of identity column.
const (
	NotIdentity       Identity = ""
	IdentityAlways    Identity = "always"
	IdentityByDefault Identity = "by default"
)

// Check returns the CHECK constraint of a name.
func (t *Table) Check(name string) (*Check, bool) {
	for i := range t.Checks {
		if t.Checks[i].Name == name {
			return &t.Checks[i], true
		}
	}
	return nil, false
}

// ForeignKey returns the foreign key of a name.
func (t *Table) ForeignKey(name string) (*ForeignKey, bool) {
	for _, k := range t.ForeignKeys {
		if k.Name == name {
			return k, true
		}
	}
	return nil, false
}

// HasConstraint says whether the table has a constraint of a name: of these kinds, unique or primary key.
func (t *Table) HasConstraint(name string) bool {
	if _, ok := t.Check(name); ok {
		return true
	}
	if _, ok := t.ForeignKey(name); ok {
		return true
	}
	if x, ok := t.Index(name); ok && x.Constraint {
		return true
	}
	return !t.HiddenKey && t.KeyName == name
}

// IndexByOID returns the index of an OID.
func (t *Table) IndexByOID(oid uint32) (*Index, bool) {
	for _, x := range t.Indexes {
		if x.OID == oid {
			return x, true
		}
	}
	return nil, false
}

// UniqueOIDs lists the OIDs of the unique indexes beside the primary key.
func (t *Table) UniqueOIDs() (oids []uint32) {
	for _, x := range t.Indexes {
		if x.Unique {
			oids = append(oids, x.OID)
		}
	}
	return oids
}

// HasUnique says whether the table has a unique index beside its primary key.
func (t *Table) HasUnique() bool {
	for _, x := range t.Indexes {
		if x.Unique {
			return true
		}
	}
	return false
}
