package query

import (
	"strconv"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/schema"
)

// maxName is the most bytes of a name, as in PostgreSQL.
const maxName = 63

// objectName makes a name of a table's, a column's ("" for none) and a label, the first two cut so that it is
// not too long, as PostgreSQL's makeObjectName does.
func objectName(table, column, label string) string {
	room := maxName - len(label) - 1
	if column != "" {
		room--
	}
	t, c := len(table), len(column)
	for t+c > room {
		if t > c {
			t--
		} else {
			c--
		}
	}
	name := cut(table, t)
	if column != "" {
		name += "_" + cut(column, c)
	}
	return name + "_" + label
}

// cut returns the whole characters in the first n bytes of s.
func cut(s string, n int) string {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// relationName chooses the name of a relation in a schema that nobody has: of an index or a sequence.
func relationName(cat *schema.Catalog, in, table, column, label string, also ...string) string {
	return firstFree(table, column, label, func(name string) bool {
		for _, a := range also {
			if a == name {
				return true
			}
		}
		return cat.RelationExistsIn(in, name)
	})
}

// constraintName chooses the name of a constraint that no table of the schema has, nor t, which may not be in
// the catalog yet.
func constraintName(cat *schema.Catalog, t *schema.Table, column, label string) string {
	return firstFree(t.Name, column, label, func(name string) bool {
		if t.HasConstraint(name) {
			return true
		}
		for _, o := range cat.Tables() {
			if o.Schema == t.Schema && o.HasConstraint(name) {
				return true
			}
		}
		return false
	})
}

func firstFree(table, column, label string, taken func(name string) bool) string {
	name := objectName(table, column, label)
	for i := 1; taken(name); i++ {
		name = objectName(table, column, label+strconv.Itoa(i))
	}
	return name
}
