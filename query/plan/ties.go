package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// checkTies refuses WITH TIES where PostgreSQL's grammar does.
func checkTies(s *ast.SelectStmt) error {
	if !s.WithTies {
		return nil
	}
	if len(s.OrderBy) == 0 {
		return sqlerr.New(sqlerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
	}
	for _, l := range s.Locking {
		if l.Wait == ast.LockSkipLocked {
			return sqlerr.New(sqlerr.SyntaxError, "SKIP LOCKED and WITH TIES options cannot be used together")
		}
	}
	if c, ok := s.Limit.(*ast.Const); ok && c.Kind == ast.Null {
		return sqlerr.New(sqlerr.InvalidRowCountInLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	return nil
}

// tieKeys returns the keys of the order in which a node yields its rows.
func (q *query) tieKeys(n Node) []*Program {
	var keys []*Program
	switch n := n.(type) {
	case *Sort:
		for _, k := range n.Keys {
			keys = append(keys, NewProgram(k.Program.Expr))
		}
	case *LockRows:
		return q.tieKeys(n.In)
	case *Distinct:
		return q.tieKeys(n.In)
	default:
		if !q.inOrder() {
			break // only constants: all rows are equal
		}
		for _, k := range q.keys {
			keys = append(keys, NewProgram(k.expr))
		}
	}
	return keys
}
