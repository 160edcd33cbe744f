package query

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

var preparedColumns = []relationColumn{
	{"transaction", value.Text},
	{"gid", value.Text},
	{"prepared", value.Timestamptz},
	{"owner", value.Text},
	{"database", value.Text},
}

// preparedRows is pg_prepared_xacts, the oldest first.
func (e *Engine) preparedRows(*expr.Context) (int, func(int, []value.Value) []value.Value) {
	list := e.db.Prepared()
	return len(list), func(i int, dst []value.Value) []value.Value {
		p := &list[i]
		return append(dst, transactionID(p.XID), value.NewText(p.GID), value.NewInt(value.Timestamptz, p.Prepared),
			value.NewText(p.Owner), value.NewText(p.Database))
	}
}
