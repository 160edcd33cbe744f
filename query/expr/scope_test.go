package expr

import (
	"fmt"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// vecScope names the vecs of a batch c0, c1, ...
type vecScope struct{ batch *column.Batch }

func (s vecScope) Column(ref *ast.ColumnRef) (Expr, error) {
	var i int
	name := ref.Parts[len(ref.Parts)-1].Name
	if n, err := fmt.Sscanf(name, "c%d", &i); n == 1 && err == nil && i < len(s.batch.Vecs) {
		return NewColumn(i, value.Of(s.batch.Vecs[i].Kind), name, ref.Pos()), nil
	}
	if ref.MaybeLiteral {
		return Literal(ref.Raw, ref.Pos()), nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).At(ref.Pos())
}
