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

// preparedRows is pg_prepared_xacts.
func (e *Engine) preparedRows(*expr.Context) (int, func(int, []value.Value) []value.Value) {
	return 0, nil
}
