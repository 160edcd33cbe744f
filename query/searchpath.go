package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// The schemas of the system, which are there without being objects of the catalog.
const (
	systemSchema      = "pg_catalog"
	informationSchema = "information_schema"
)

// namespace is what a session's names depend on beside search_path.
type namespace struct {
	user     string // what "$user" stands for
	temp     string // the schema of the session's temporary objects
	tempUsed bool   // something has been made in it
}

// newNamespace returns the namespace of a session: no other of the process has its temporary schema.
func (e *Engine) newNamespace(user string) namespace {
	return namespace{user: user, temp: schema.TempPrefix + strconv.FormatUint(e.temps.Add(1), 10)}
}

// path returns where names are looked for under a search_path.
func (n *namespace) path(list []string) schema.Path {
	p := schema.Path{Temp: n.temp}
	for _, name := range list {
		switch name {
		case "$user":
			name = n.user
		case "pg_temp":
			name = n.temp
		}
		if !slices.Contains(p.Schemas, name) {
			p.Schemas = append(p.Schemas, name)
		}
	}
	if n.tempUsed && !slices.Contains(p.Schemas, n.temp) {
		p.Schemas = slices.Insert(p.Schemas, 0, n.temp)
	}
	return p
}

// path is where the session's names are looked for.
func (s *Session) path() schema.Path { return s.set.vars.path }

// schemaExists says whether a name of a schema stands for one.
func (s *Session) schemaExists(cat *schema.Catalog, name string) bool {
	switch name {
	case systemSchema, informationSchema:
		return true
	case "pg_temp", s.set.namespace.temp:
		return s.set.namespace.tempUsed
	}
	_, ok := cat.Schema(name)
	return ok
}

// undefinedSchema is the 3F000 error.
func undefinedSchema(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidSchemaName, "schema %q does not exist", name)
}

// searchPath is current_schemas: the schemas of the path that exist, with those that are searched
// without being named if implicit is set.
func (s *Session) searchPath(implicit bool) []string {
	cat, ns := s.catalog(), &s.set.namespace
	var list []string
	for i, name := range s.path().Schemas {
		switch {
		case !s.schemaExists(cat, name):
		case name == ns.temp && !implicit && i == 0 && !s.tempNamed():
		default:
			list = append(list, name)
		}
	}
	if implicit && !slices.Contains(list, systemSchema) {
		at := 0
		if len(list) > 0 && list[0] == ns.temp && !s.tempNamed() {
			at = 1
		}
		list = slices.Insert(list, at, systemSchema)
	}
	return list
}

// tempNamed says whether search_path names the temporary schema.
func (s *Session) tempNamed() bool {
	return slices.ContainsFunc(s.set.vars.searchPath, func(name string) bool { return name == "pg_temp" || name == s.set.namespace.temp })
}

// creationSchema returns the schema that a new object of a name goes into.
func (s *Session) creationSchema(cat *schema.Catalog, name ast.QualifiedName, temporary bool) (string, error) {
	ns := &s.set.namespace
	if err := s.checkDatabase(name); err != nil {
		return "", err
	}
	switch {
	case name.Schema == "pg_temp" || name.Schema == ns.temp:
		temporary = true
	case temporary && name.Schema != "":
		return "", sqlerr.New(sqlerr.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema").At(name.Pos())
	case schema.IsTemp(name.Schema):
		return "", sqlerr.New(sqlerr.InvalidTableDefinition, "cannot create relations in temporary schemas of other sessions").At(name.Pos())
	}
	if temporary {
		s.useTemp()
		return ns.temp, nil
	}
	written := name.Schema
	if written == "" {
		for _, p := range s.path().Schemas {
			if p != ns.temp || s.tempNamed() {
				if written = p; s.schemaExists(cat, p) || p == ns.temp {
					break
				}
				written = ""
			}
		}
	}
	switch {
	case written == "":
		return "", sqlerr.New(sqlerr.InvalidSchemaName, "no schema has been selected to create in").At(name.Pos())
	case written == ns.temp:
		s.useTemp()
	case written == systemSchema || written == informationSchema:
		return "", sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for schema %s", written).At(name.Pos())
	case !s.schemaExists(cat, written):
		return "", undefinedSchema(written).At(name.Pos())
	}
	return written, nil
}

// checkDatabase refuses names with another database before the schema.
func (s *Session) checkDatabase(name ast.QualifiedName) error {
	if name.Catalog != "" && name.Catalog != s.cfg.Database {
		return sqlerr.NotSupported("cross-database references are not implemented: \"%s\"", name.String()).At(name.Pos())
	}
	return nil
}

// useTemp makes the session's temporary schema be searched.
func (s *Session) useTemp() {
	if ns := &s.set.namespace; !ns.tempUsed {
		ns.tempUsed = true
		s.set.changed()
	}
}

// key is what plans depend on.
func (n *namespace) key(list []string) string {
	key := strings.Join(list, "\x01")
	if slices.Contains(list, "$user") {
		key += "\x02" + n.user
	}
	if n.tempUsed || slices.Contains(list, "pg_temp") {
		key += "\x02" + n.temp
	}
	return key
}
