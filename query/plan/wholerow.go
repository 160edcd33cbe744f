package plan

import (
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// wholeRow resolves the name of a relation as a value, its row: t.* inside an expression, and t where no column has
// the name. nil when there is no such relation in this query or in those around it.
func (s *scope) wholeRow(parts []ast.Ident, pos int) (expr.Expr, error) {
	r, err := s.qualifier(parts, pos)
	if err != nil {
		return nil, err
	}
	if r != nil {
		return s.rowOf(r, pos), nil
	}
	for l := s.level; l != nil; l = l.up {
		r, err := l.outer.qualifier(parts, pos)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		return expr.Rewrite(l.outer.rowOf(r, pos), func(e expr.Expr) expr.Expr {
			if _, ok := e.(*expr.Row); ok {
				return e
			}
			return l.capture(e)
		}), nil
	}
	return nil, nil
}

// rowOf is the row of a relation of this query. Where an outer join has none it is NULL, which the key of a table
// tells; of other relations it is then a row of NULLs.
func (s *scope) rowOf(r *relation, pos int) expr.Expr {
	if r.scalar {
		return s.column(r, 0, pos)
	}
	var fields []expr.Expr
	names := []string{}
	for _, n := range r.names() {
		fields = append(fields, s.column(r, n.col, pos))
		names = append(names, n.name)
	}
	var present expr.Expr
	if r.def != nil && len(r.def.Key) > 0 {
		present = s.column(r, int(r.def.Key[0])-1, pos)
	}
	return expr.NewWholeRow(r.alias, fields, names, present, pos)
}
