package plan

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
)

// SystemRelation is a relation of the system that is computed when it is read.
type SystemRelation struct {
	Name    string
	Columns []Column
	// Rows starts a computation. next fills b with at most column.BatchRows more rows and
	// returns false when there are none.
	Rows func(c *expr.Context) (next func(b *column.Batch) (bool, error), err error)
}

// SystemRelations finds relations that are not tables of the catalog, such as those of pg_catalog.
type SystemRelations interface {
	// Relation returns the relation of a schema ("" when none was written) and name.
	Relation(schema, name string) (*SystemRelation, bool)
}
