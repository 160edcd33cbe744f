package plan

import (
	"github.com/cachalotdb/cachalot/store"
)

// DistinctValues estimates the number of different values of a column of a table.
func DistinctValues(tv *store.TableView, num int16) float64 {
	return 200
}
