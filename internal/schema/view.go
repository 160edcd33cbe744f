package schema

import "github.com/cachalotdb/cachalot/internal/value"

// View is the definition of a view: the text of its query as it was written, and what each name in it stood for then.
// So it goes on meaning the same when tables and columns are renamed, and * does not come to include
// columns that are added later.
type View struct {
	Columns []ViewColumn `json:"columns"`
	Query   string       `json:"query"`
	// BareLiterals is cachalot.bare_literals when the text was written, TimeZone and DateStyle
	// what its literals of points in time are read with.
	BareLiterals bool   `json:"bareLiterals,omitempty"`
	TimeZone     string `json:"timeZone,omitempty"`
	DateStyle    string `json:"dateStyle,omitempty"`
	// Names are the relations and types that the query names.
	Names []ViewName `json:"names,omitempty"`
	// Uses are the columns of tables and views that the query reads.
	Uses []ViewUse `json:"uses,omitempty"`
	// CheckOption is "", "local" or "cascaded".
	CheckOption string `json:"checkOption,omitempty"`
}

// ViewColumn is a column of a view.
type ViewColumn struct {
	Name string     `json:"name"`
	Type value.Type `json:"type"`
}

// ViewName is a name in a view's query and the OID of what it stands for.
type ViewName struct {
	Schema string `json:"schema,omitempty"` // "" when none was written
	Name   string `json:"name"`
	OID    uint32 `json:"oid"`
	In     string `json:"in,omitempty"` // the schema that it was in then
	// Columns are the names of its columns then, by number from 1; "" where a column cannot be named. For a type
	// there are none.
	Columns []string `json:"columns,omitempty"`
}

// ViewUse is a relation that a view reads, and the numbers of the columns of it.
type ViewUse struct {
	OID     uint32  `json:"oid"`
	Columns []int16 `json:"columns,omitempty"`
}

// DependsOn says whether the view reads a relation or uses a type.
func (v *View) DependsOn(oid uint32) bool {
	for i := range v.Names {
		if v.Names[i].OID == oid {
			return true
		}
	}
	return false
}

// UsesColumn says whether the view reads a column.
func (v *View) UsesColumn(oid uint32, num int16) bool {
	for _, u := range v.Uses {
		if u.OID != oid {
			continue
		}
		for _, c := range u.Columns {
			if c == num {
				return true
			}
		}
	}
	return false
}
