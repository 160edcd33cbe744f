package schema

// ObjectKind is a kind of object other than a table.
type ObjectKind string

// The kinds of object. Their names go into logs and checkpoints.
const (
	SchemaObject   ObjectKind = "schema"
	ViewObject     ObjectKind = "view"
	SequenceObject ObjectKind = "sequence"
	EnumObject     ObjectKind = "enum"
	DomainObject   ObjectKind = "domain"
	CommentObject  ObjectKind = "comment"
)

// IsRelation says whether objects of the kind share the name space of tables.
func (k ObjectKind) IsRelation() bool { return k == ViewObject || k == SequenceObject }

// IsType says whether objects of the kind are types.
func (k ObjectKind) IsType() bool { return k == EnumObject || k == DomainObject }

// Object is one entry of the catalog that is no table. Immutable. The field of its kind is set, and no other.
// The JSON form goes into logs and checkpoints; fields are only ever added.
type Object struct {
	OID    uint32     `json:"oid"`
	Kind   ObjectKind `json:"kind"`
	Schema string     `json:"schema,omitempty"` // "" for a schema
	Name   string     `json:"name,omitempty"`

	View     *View     `json:"view,omitempty"`
	Sequence *Sequence `json:"sequence,omitempty"`
	Enum     *Enum     `json:"enum,omitempty"`
	Domain   *Domain   `json:"domain,omitempty"`
	Comment  *Comment  `json:"comment,omitempty"`
}

// publicOID is the OID of the schema public, as in PostgreSQL.
const publicOID = 2200

// lastOID returns the largest OID that the object has, that of its array type included. Those below FirstOID are
// not given by the catalog.
func (o *Object) lastOID() uint32 {
	switch {
	case o.Enum != nil:
		return max(o.OID, o.Enum.ArrayOID)
	case o.Domain != nil:
		return max(o.OID, o.Domain.ArrayOID)
	}
	return o.OID
}
