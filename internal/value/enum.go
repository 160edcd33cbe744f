package value

import (
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// A value of an enum holds all that is asked of it without its type: eight bytes that order it among the labels, the first four
// of which are the type's OID, then its label. So values of two enums never are equal, whoever compares them.
const enumHead = 8

// NewEnum returns the value of a label: order is its place among those of the type.
func NewEnum(oid, order uint32, label string) Value {
	b := make([]byte, 0, enumHead+len(label))
	b = binary.BigEndian.AppendUint32(b, oid)
	b = binary.BigEndian.AppendUint32(b, order)
	return NewBytes(Enum, string(append(b, label...)))
}

// EnumParts returns the OID of the type of an enum's value, its place, and its label.
func EnumParts(v Value) (oid, order uint32, label string) {
	if len(v.s) < enumHead {
		return 0, 0, v.s
	}
	head := []byte(v.s[:enumHead])
	return binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:]), v.s[enumHead:]
}

// enumLabel is the text of an enum's value.
func enumLabel(v Value) string {
	if len(v.s) < enumHead {
		return v.s
	}
	return v.s[enumHead:]
}

// UserTypes knows the types that users have made. Safe for concurrent use.
type UserTypes interface {
	// EnumValue returns the value of an enum for a label: 22P02 when it has none of that name.
	EnumValue(oid uint32, label string) (Value, error)
	// FindType returns the type of a name in SQL; schema is "" when none was written.
	FindType(schema, name string) (Type, bool)
	// TypeName is a type's name as format_type writes it.
	TypeName(oid uint32) (string, bool)
}

// parseEnum reads a label.
func parseEnum(t Type, s string, st *Style) (Value, error) {
	if st.Types == nil || t.User == 0 {
		return Null(Enum), sqlerr.New(sqlerr.FeatureNotSupported, "cannot accept a value of type anyenum")
	}
	return st.Types.EnumValue(t.User, s)
}

// OID returns the OID that clients know the type by: an enum's own and, one above it, that of its arrays; a domain is its
// base type.
func (t Type) OID() uint32 {
	switch {
	case t.User == 0 || t.Kind.Elem() != Enum:
		return t.Kind.OID()
	case t.Kind.IsArray():
		return t.User + 1
	}
	return t.User
}

// NameOf returns the name of a type in messages, without a modifier.
func (st *Style) NameOf(t Type) string {
	if t.User != 0 && st.Types != nil {
		if name, ok := st.Types.TypeName(t.User); ok {
			if t.Kind.IsArray() {
				name += "[]"
			}
			return name
		}
	}
	return t.Kind.String()
}
