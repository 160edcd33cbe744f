package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// LockRows locks the rows of its input, which is a scan or a sort of one, and yields them as they are then. A row
// that has changed since the snapshot is tested again; a row that has gone is left out.
type LockRows struct {
	In     Node
	Scan   *Scan
	Key    []*Program // the primary key, over the input
	Mode   store.LockMode
	Policy store.WaitPolicy
}

func (n *LockRows) Types() []value.Type { return n.In.Types() }
func (n *LockRows) Inputs() []Node      { return []Node{n.In} }

// lockModes are the modes of row locks by strength, weak to strong.
var lockModes = [...]store.LockMode{
	ast.ForKeyShare: store.ForKeyShare, ast.ForShare: store.ForShare,
	ast.ForNoKeyUpdate: store.ForNoKeyUpdate, ast.ForUpdate: store.ForUpdate,
}

// LockClauseName is a row lock's clause as messages name it.
func LockClauseName(m store.LockMode) string {
	return map[store.LockMode]string{
		store.ForKeyShare: "FOR KEY SHARE", store.ForShare: "FOR SHARE",
		store.ForNoKeyUpdate: "FOR NO KEY UPDATE", store.ForUpdate: "FOR UPDATE",
	}[m]
}

// checkLocking refuses locking clauses where there are no rows of a table to lock.
func (q *query) checkLocking() error {
	if len(q.stmt.Locking) == 0 {
		return nil
	}
	clause := q.stmt.Locking[0]
	name := LockClauseName(lockModes[clause.Strength])
	refuse := func(what string) error {
		return sqlerr.NotSupported("%s %s", name, what).At(clause.Pos())
	}
	switch {
	case q.stmt.Values != nil:
		return refuse("cannot be applied to VALUES")
	case q.stmt.Distinct:
		return refuse("is not allowed with DISTINCT clause")
	case len(q.stmt.GroupBy) > 0:
		return refuse("is not allowed with GROUP BY clause")
	case q.stmt.Having != nil:
		return refuse("is not allowed with HAVING clause")
	case q.group != nil:
		return refuse("is not allowed with aggregate functions")
	case q.hasWindows():
		return refuse("is not allowed with window functions")
	}
	return nil
}

// locked puts the locking of rows over the sorted input.
func (q *query) locked(n Node) (Node, error) {
	if len(q.stmt.Locking) == 0 {
		return n, nil
	}
	scan, ok := q.input.(*Scan)
	if !ok {
		if _, none := q.input.(*Values); none {
			return n, nil // no FROM: nothing to lock
		}
		return nil, sqlerr.NotSupported("row locks of what is not a table are not supported").At(q.stmt.Locking[0].Pos())
	}
	l := &LockRows{In: n, Scan: scan}
	any := false
	for _, c := range q.stmt.Locking {
		if ok, err := q.lockNames(c, scan); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		// As in PostgreSQL the strongest clause counts, and NOWAIT before SKIP LOCKED before waiting.
		if mode := lockModes[c.Strength]; !any || mode > l.Mode {
			l.Mode = mode
		}
		switch {
		case c.Wait == ast.LockNoWait:
			l.Policy = store.WaitError
		case c.Wait == ast.LockSkipLocked && l.Policy == store.WaitBlock:
			l.Policy = store.WaitSkip
		}
		any = true
	}
	if !any {
		return n, nil
	}
	for _, num := range scan.Table.Key {
		c := scan.Table.ColumnByNum(num)
		l.Key = append(l.Key, NewProgram(expr.NewColumn(int(num)-1, c.Type, c.Name, ast.NoPos)))
	}
	q.locks = append(q.locks, scan.Table)
	q.lockMode = l.Mode
	return l, nil
}

// lockNames says whether a clause is about the scan's table.
func (q *query) lockNames(c *ast.LockingClause, scan *Scan) (bool, error) {
	if len(c.Of) == 0 {
		return true, nil
	}
	for _, name := range c.Of {
		if name.Schema != "" {
			return false, sqlerr.New(sqlerr.SyntaxError, "%s must specify unqualified relation names", LockClauseName(lockModes[c.Strength])).At(c.Pos())
		}
		if name.Name != scan.Alias {
			return false, sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause",
				name.Name, LockClauseName(lockModes[c.Strength])).At(c.Pos())
		}
	}
	return true, nil
}
