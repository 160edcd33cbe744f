package tidb

import (
	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (c *converter) insert(n *tast.InsertStmt) ast.Stmt {
	if len(n.PartitionNames) != 1 {
		fail("INSERT without a note")
	}
	s := node[*ast.InsertStmt](c, n.PartitionNames[0].O)
	if len(n.Columns) != len(s.Columns) {
		fail("%d columns for %d", len(n.Columns), len(s.Columns))
	}
	if n.Select != nil {
		s.Query = c.query(n.Select)
	}
	return s
}

func (c *converter) update(n *tast.UpdateStmt) ast.Stmt {
	s := node[*ast.UpdateStmt](c, alias(n.TableRefs))
	if len(n.List) != len(s.Set) {
		fail("%d assignments for %d", len(n.List), len(s.Set))
	}
	for i, a := range n.List {
		s.Set[i].Value = c.expr(a.Expr)
	}
	if n.Where != nil {
		s.Where = c.expr(n.Where)
	}
	return s
}

func (c *converter) delete(n *tast.DeleteStmt) ast.Stmt {
	s := node[*ast.DeleteStmt](c, alias(n.TableRefs))
	if n.Where != nil {
		s.Where = c.expr(n.Where)
	}
	return s
}

// alias returns the alias of the only table.
func alias(refs *tast.TableRefsClause) string {
	if ts, ok := refs.TableRefs.Left.(*tast.TableSource); ok && refs.TableRefs.Right == nil {
		return ts.AsName.O
	}
	fail("no single table")
	return ""
}
