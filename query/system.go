package query

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// The relations of pg_catalog that show what the node does at the moment. Each is computed when it is
// read. Columns are PostgreSQL 15's, their types too where we have them: an oid is shown as int8, and inet, name
// and xid as text.

// What the system relations call the one database and the one role.
const (
	databaseOID = 16384 // PostgreSQL's first of a user's
	roleOID     = 10    // its bootstrap superuser
)

// systemRelations implements plan.SystemRelations.
type systemRelations map[string]*plan.SystemRelation

// newSystemRelations returns the relations of an engine.
func newSystemRelations(e *Engine) systemRelations {
	r := systemRelations{}
	r.add("pg_stat_activity", activityColumns, e.activityRows)
	r.add("pg_locks", lockColumns, e.lockRows)
	r.add("pg_prepared_xacts", preparedColumns, e.preparedRows)
	return r
}

// relationColumn is a column of a system relation.
type relationColumn struct {
	name string
	kind value.Kind
}

// rowsOf computes a system relation: how many rows it has, and the values of one.
type rowsOf func(c *expr.Context) (count int, row func(i int, dst []value.Value) []value.Value)

func (r systemRelations) add(name string, columns []relationColumn, rows rowsOf) {
	f := &plan.SystemRelation{Name: name}
	for i, c := range columns {
		f.Columns = append(f.Columns, plan.Column{Name: c.name, Type: value.Of(c.kind), AttNum: int16(i + 1)})
	}
	f.Rows = func(c *expr.Context) (func(*column.Batch) (bool, error), error) {
		count, row := rows(c)
		i := 0
		var vals []value.Value
		return func(b *column.Batch) (bool, error) {
			for ; i < count && b.N < column.BatchRows; i++ {
				vals = row(i, vals[:0])
				b.AppendRow(vals)
			}
			return b.N > 0, nil
		}, nil
	}
	r[name] = f
}

// Relation implements plan.SystemRelations.
func (r systemRelations) Relation(schema, name string) (*plan.SystemRelation, bool) {
	if schema != "" && schema != "pg_catalog" {
		return nil, false
	}
	f, ok := r[name]
	return f, ok
}

// textOrNull is a text, NULL when it is empty.
func textOrNull(s string) value.Value {
	if s == "" {
		return value.Null(value.Text)
	}
	return value.NewText(s)
}

// timeOrNull is a point in time, NULL for noTime.
func timeOrNull(t int64) value.Value {
	if t == noTime {
		return value.Null(value.Timestamptz)
	}
	return value.NewInt(value.Timestamptz, t)
}
