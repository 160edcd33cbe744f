package query

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// The OIDs of the schemas of the system, as in PostgreSQL.
const (
	systemSchemaOID = 11 // pg_catalog
)

// OIDOf implements value.OIDNames.
func (t catalogTypes) OIDOf(k value.Kind, name string) (uint32, error) {
	parsed, err := parseName(name)
	if err != nil {
		return 0, err
	}
	in, bare := parsed.Schema, parsed.Name
	switch k {
	case value.Regclass:
		r, ok := t.cat.FindRelation(t.path, in, bare)
		if !ok {
			return 0, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", parsed.String())
		}
		return relationOID(r), nil
	case value.Regnamespace:
		if bare == systemSchema && in == "" {
			return systemSchemaOID, nil
		}
		if o, ok := t.cat.Schema(bare); ok && in == "" {
			return o.OID, nil
		}
		return 0, undefinedSchema(bare)
	}
	return 0, sqlerr.NotSupported("a name as %s is not supported", k)
}

// relationOID is the OID of a table, view, sequence or index.
func relationOID(r schema.Relation) uint32 {
	switch {
	case r.Index != nil:
		return r.Index.OID
	case r.Key:
		return r.Table.KeyOID
	case r.Table != nil:
		return r.Table.OID
	}
	return r.Object.OID
}

// NameOf implements value.OIDNames.
func (t catalogTypes) NameOf(k value.Kind, oid uint32) (string, bool) {
	switch k {
	case value.Regclass:
		in, name, ok := t.relationNamed(oid)
		if !ok {
			return "", false
		}
		found, _ := t.cat.FindRelation(t.path, "", name)
		if exact, _ := t.cat.Relation(in, name); exact == found {
			return quoteIdent(name), true
		}
		return quoteIdent(in) + "." + quoteIdent(name), true
	case value.Regnamespace:
		if oid == systemSchemaOID {
			return systemSchema, true
		}
		if o, ok := t.cat.Object(oid); ok && o.Kind == schema.SchemaObject {
			return quoteIdent(o.Name), true
		}
	}
	return "", false
}

// relationNamed returns the schema and name of the relation of an OID.
func (t catalogTypes) relationNamed(oid uint32) (in, name string, ok bool) {
	if o, ok := t.cat.Object(oid); ok && o.Kind.IsRelation() {
		return o.Schema, o.Name, true
	}
	if tbl, ok := t.cat.TableByOID(oid); ok {
		return tbl.Schema, tbl.Name, true
	}
	for _, tbl := range t.cat.Tables() {
		if tbl.KeyOID == oid && !tbl.HiddenKey {
			return tbl.Schema, tbl.KeyName, true
		}
		if x, ok := tbl.IndexByOID(oid); ok {
			return tbl.Schema, x.Name, true
		}
	}
	return "", "", false
}

// OIDOf implements value.OIDNames.
func (t sessionTypes) OIDOf(k value.Kind, name string) (uint32, error) {
	return t.now().OIDOf(k, strings.TrimSpace(name))
}

// NameOf implements value.OIDNames.
func (t sessionTypes) NameOf(k value.Kind, oid uint32) (string, bool) { return t.now().NameOf(k, oid) }
