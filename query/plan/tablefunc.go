package plan

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// TableFunction is a function in FROM, or a relation of the system that is computed when it is
// read (then it has no arguments).
type TableFunction struct {
	Name    string
	Args    []value.Kind
	Columns []Column
	// Rows starts a computation. next fills b with at most column.BatchRows more rows and
	// returns false when there are none.
	Rows func(c *expr.Context, args []value.Value) (next func(b *column.Batch) (bool, error), err error)
}

// System finds relations that are not tables of the catalog, such as those of pg_catalog. A nil
// System has none.
type System interface {
	// Relation returns the relation of a schema ("" when none was written) and name.
	Relation(schema, name string) (*TableFunction, bool)
}
