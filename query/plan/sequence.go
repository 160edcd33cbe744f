package plan

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// sequenceRelation is a sequence in FROM: a row of how far it has come.
func sequenceRelation(o *schema.Object) *SystemRelation {
	return &SystemRelation{
		Name: o.Name,
		Columns: []Column{
			{Name: "last_value", Type: value.Of(value.Int8), TableOID: o.OID, AttNum: 1},
			{Name: "log_cnt", Type: value.Of(value.Int8), TableOID: o.OID, AttNum: 2},
			{Name: "is_called", Type: value.Of(value.Bool), TableOID: o.OID, AttNum: 3},
		},
		Rows: func(c *expr.Context) (func(*column.Batch) (bool, error), error) {
			if c.Session == nil || c.Session.Sequences == nil {
				return nil, sqlerr.NotSupported("sequences are not supported here")
			}
			last, count, called, err := c.Session.Sequences.State(o.OID)
			if err != nil {
				return nil, err
			}
			return func(b *column.Batch) (bool, error) {
				if count < 0 {
					return false, nil
				}
				b.AppendRow([]value.Value{value.NewInt(value.Int8, last), value.NewInt(value.Int8, count), value.NewBool(called)})
				count = -1
				return true, nil
			}, nil
		},
	}
}
