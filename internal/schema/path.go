package schema

import "strings"

// Path says where names without a schema are looked for.
type Path struct {
	// Schemas are searched in order. Those that do not exist are passed over.
	Schemas []string
	// Temp is the schema that pg_temp stands for: the session's own. It is among Schemas, first unless
	// search_path says otherwise, once something is in it.
	Temp string
}

// TempPrefix begins the names of the schemas of temporary objects; each session has one.
const TempPrefix = "pg_temp_"

// PublicPath searches public alone.
var PublicPath = Path{Schemas: []string{PublicSchema}}

// schema returns the schema that a qualifier names.
func (p Path) schema(written string) string {
	if written == "pg_temp" {
		return p.Temp
	}
	return written
}

// IsTemp says whether a schema holds temporary objects of some session.
func IsTemp(schema string) bool { return strings.HasPrefix(schema, TempPrefix) }
