package query

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// catalogTypes are the users' types in a catalog. It implements value.UserTypes and what package expr asks of one.
type catalogTypes struct {
	cat  *schema.Catalog
	path schema.Path
}

// namesIn returns what the session's names stand for in a catalog. It is kept for the next statement.
func (s *Session) namesIn(cat *schema.Catalog) *catalogTypes {
	if s.names == nil || s.names.cat != cat || s.namesKey != s.set.vars.planKey {
		s.names, s.namesKey = &catalogTypes{cat, s.path()}, s.set.vars.planKey
	}
	return s.names
}

// nameTypes makes a style know the users' types, if there are any, and the names of regclass and its kin in a catalog.
func (s *Session) nameTypes(style *value.Style, cat *schema.Catalog) {
	names := s.namesIn(cat)
	style.Types, style.Names = nil, names
	if cat.HasTypes() {
		style.Types = names
	}
}

// EnumValue implements value.UserTypes.
func (t catalogTypes) EnumValue(oid uint32, label string) (value.Value, error) {
	o, ok := t.cat.Object(oid)
	if !ok || o.Enum == nil {
		return value.Null(value.Enum), sqlerr.New(sqlerr.UndefinedObject, "type with OID %d does not exist", oid)
	}
	for _, l := range o.Enum.Labels {
		if l.Name == label {
			return value.NewEnum(oid, l.ID, l.Name), nil
		}
	}
	return value.Null(value.Enum), sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", o.Name, label)
}

// EnumLabels lists the values of an enum in order.
func (t catalogTypes) EnumLabels(oid uint32) []value.Value {
	o, ok := t.cat.Object(oid)
	if !ok || o.Enum == nil {
		return nil
	}
	list := make([]value.Value, len(o.Enum.Labels))
	for i, l := range o.Enum.Labels {
		list[i] = value.NewEnum(oid, l.ID, l.Name)
	}
	return list
}

// FindType implements value.UserTypes. A name of the form #16400 is an OID: so expressions that the catalog keeps name types.
func (t catalogTypes) FindType(in, name string) (value.Type, bool) {
	o, ok := t.cat.FindType(t.path, in, name)
	if !ok && in == "" && strings.HasPrefix(name, "#") {
		if oid, err := strconv.ParseUint(name[1:], 10, 32); err == nil {
			o, ok = t.cat.Object(uint32(oid))
		}
	}
	if !ok {
		return value.Type{}, false
	}
	return typeOf(o), true
}

// typeOf is the type of a column of a user's type.
func typeOf(o *schema.Object) value.Type {
	if o.Domain != nil {
		return value.Type{Kind: o.Domain.Type.Kind, Mod: o.Domain.Type.Mod, User: o.OID}
	}
	return value.Type{Kind: value.Enum, Mod: -1, User: o.OID}
}

// TypeName implements value.UserTypes.
func (t catalogTypes) TypeName(oid uint32) (string, bool) {
	o, ok := t.cat.Object(oid)
	if !ok || !o.Kind.IsType() {
		return "", false
	}
	if found, _ := t.cat.FindType(t.path, "", o.Name); found == o {
		return quoteIdent(o.Name), true
	}
	return quoteIdent(o.Schema) + "." + quoteIdent(o.Name), true
}

// Domain returns a domain for package expr.
func (t catalogTypes) Domain(oid uint32) (*expr.Domain, error) {
	o, ok := t.cat.Object(oid)
	if !ok || o.Domain == nil {
		return nil, nil
	}
	d := &expr.Domain{Name: o.Name, Type: o.Domain.Type, NotNull: o.Domain.NotNull}
	var err error
	if o.Domain.Default != "" {
		if d.Default, err = plan.ParseExpr(o.Domain.Default); err != nil {
			return nil, err
		}
	}
	for _, c := range o.Domain.Checks {
		x, err := plan.ParseExpr(c.Expr)
		if err != nil {
			return nil, err
		}
		d.Checks = append(d.Checks, expr.DomainCheck{Name: c.Name, Expr: x})
	}
	return d, nil
}

// sessionTypes are the users' types in the newest catalog of a session, for its own goroutine.
type sessionTypes struct{ session *Session }

func (t sessionTypes) now() catalogTypes {
	s := t.session
	if s.txn == nil {
		return catalogTypes{schema.Empty(), s.path()}
	}
	return catalogTypes{s.catalog(), s.path()}
}

// EnumValue implements value.UserTypes.
func (t sessionTypes) EnumValue(oid uint32, label string) (value.Value, error) {
	return t.now().EnumValue(oid, label)
}

// EnumLabels is that of catalogTypes.
func (t sessionTypes) EnumLabels(oid uint32) []value.Value { return t.now().EnumLabels(oid) }

// FindType implements value.UserTypes.
func (t sessionTypes) FindType(in, name string) (value.Type, bool) { return t.now().FindType(in, name) }

// TypeName implements value.UserTypes.
func (t sessionTypes) TypeName(oid uint32) (string, bool) { return t.now().TypeName(oid) }

// Domain is that of catalogTypes.
func (t sessionTypes) Domain(oid uint32) (*expr.Domain, error) { return t.now().Domain(oid) }

// keptType is a user's type in an expression that was deparsed (package expr), in JSON too.
var keptType = regexp.MustCompile(`\\?"#([0-9]+)\\?"`)

// nameTypesIn gives the types in deparsed expressions their names, for people to read.
func (s *Session) nameTypesIn(lines [][]string) [][]string {
	types := sessionTypes{s}
	for _, l := range lines {
		for i := range l {
			l[i] = keptType.ReplaceAllStringFunc(l[i], func(text string) string {
				oid, err := strconv.ParseUint(strings.Trim(text, `\"#`), 10, 32)
				if name, ok := types.TypeName(uint32(oid)); ok && err == nil {
					return name
				}
				return text
			})
		}
	}
	return lines
}
