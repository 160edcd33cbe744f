package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// isDomain says whether a type is a domain.
func isDomain(t value.Type) bool { return t.User != 0 && t.Kind.Elem() != value.Enum }

// domainDefault is the default of a column that has none of its own: that of its domain, or NULL where the domain has something to
// say about it; nil for plain NULL.
func domainDefault(c *schema.Column, style *value.Style) (expr.Expr, error) {
	d, err := expr.DomainOf(c.Type, style)
	if d == nil || err != nil {
		return nil, err
	}
	switch {
	case d.Default != nil:
		return BindDefault(d.Default, c, style)
	case d.NotNull || len(d.Checks) > 0:
		return BindDefault(&ast.Const{Offset: ast.NoPos, Kind: ast.Null}, c, style)
	}
	return nil, nil
}
