package plan

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// ConstValue returns a literal as a value of the column that it is stored in, without making
// an expression of it where its form is the column's own.
func ConstValue(c *ast.Const, t value.Type, column string, style *value.Style) (value.Value, error) {
	switch {
	case c.Kind == ast.Null:
		return value.Null(t.Kind), nil
	case c.Kind == ast.Int && (t.Kind == value.Int8 || t.Kind == value.Int4 && c.Int == int64(int32(c.Int))):
		return value.NewInt(t.Kind, c.Int), nil
	case c.Kind == ast.String && t.Mod == -1 && t.Kind == value.Text:
		return value.NewText(c.Text), nil
	}
	b := &expr.Binder{Style: style, Clause: "VALUES"}
	x, err := b.Bind(c)
	if err != nil {
		return value.Value{}, err
	}
	if x, err = b.Assign(x, t, column); err != nil {
		return value.Value{}, err
	}
	return expr.EvalConst(&expr.Context{Style: style}, x)
}
