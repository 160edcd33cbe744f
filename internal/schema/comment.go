package schema

// Comment is the text of COMMENT ON for an object, by the OIDs under which PostgreSQL keeps it.
type Comment struct {
	Object uint32 `json:"object"`           // its OID
	Class  uint32 `json:"class"`            // the OID of the system catalog that the object is in
	Column int16  `json:"column,omitempty"` // of a relation; 0 for the relation itself
	// Constraint is the name of the constraint of the table that the comment is on.
	Constraint string `json:"constraint,omitempty"`
	Text       string `json:"text"`
}
