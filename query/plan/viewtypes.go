package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// userTypes is all that planning asks of the types of users.
type userTypes interface {
	value.UserTypes
	Domain(oid uint32) (*expr.Domain, error)
	EnumLabels(oid uint32) []value.Value
}

// notedTypes takes notes of the types that the query of a view names.
type notedTypes struct {
	userTypes
	record *recording
	cat    *schema.Catalog
}

// FindType implements value.UserTypes.
func (t notedTypes) FindType(in, name string) (value.Type, bool) {
	typ, ok := t.userTypes.FindType(in, name)
	if o, known := t.cat.Object(typ.User); ok && known {
		t.record.namedType(in, name, o)
	}
	return typ, ok
}

// pinnedTypes finds the types that the names in a view's query stood for when it was made.
type pinnedTypes struct {
	userTypes
	view *schema.View
	cat  *schema.Catalog
}

// FindType implements value.UserTypes.
func (t pinnedTypes) FindType(in, name string) (value.Type, bool) {
	for i := range t.view.Names {
		n := &t.view.Names[i]
		if n.Schema != in || n.Name != name {
			continue
		}
		switch o, ok := t.cat.Object(n.OID); {
		case !ok:
		case o.Enum != nil:
			return value.Type{Kind: value.Enum, Mod: -1, User: o.OID}, true
		case o.Domain != nil:
			return value.Type{Kind: o.Domain.Type.Kind, Mod: o.Domain.Type.Mod, User: o.OID}, true
		}
	}
	return value.Type{}, false
}

// withTypes returns a style with other types of users.
func withTypes(st *value.Style, wrap func(userTypes) value.UserTypes) *value.Style {
	types, ok := st.Types.(userTypes)
	if !ok {
		return st
	}
	c := *st
	c.Types = wrap(types)
	return &c
}
