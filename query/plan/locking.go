package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// LockRows locks the rows that its input was made of, and yields the input's rows with what the locked ones are then. A row
// that has changed since the snapshot is tested again; one that has gone takes the input's row with it.
type LockRows struct {
	In     Node
	Tables []LockTable
	// Where are the conditions that a changed row must still meet, over the input.
	Where []*Program
}

// LockTable is a table of which LockRows locks rows.
type LockTable struct {
	Table *schema.Table
	Key   []*Program // the primary key, over the input
	// Cols are the columns of the input that are this table's, and Nums which of its columns they are.
	Cols   []*Program
	Nums   []int16
	Mode   store.LockMode
	Policy store.WaitPolicy
}

func (n *LockRows) Types() []value.Type { return n.In.Types() }
func (n *LockRows) Inputs() []Node      { return []Node{n.In} }

// pruneColumns keeps the keys, what the conditions read, and of the tables' other columns those that are used above.
func (n *LockRows) pruneColumns(used []bool) []int {
	used = slices.Clone(used)
	n.mapFixed(func(e expr.Expr) expr.Expr {
		expr.Columns(e, func(i int) { used[i] = true })
		return e
	})
	var place []int
	n.In, place = pruned(n.In, used)
	n.mapFixed(func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
	for i := range n.Tables {
		t := &n.Tables[i]
		cols, nums := t.Cols, t.Nums
		t.Cols, t.Nums = nil, nil
		for k, c := range cols {
			if used[c.Expr.(*expr.Column).Index] {
				t.Cols, t.Nums = append(t.Cols, NewProgram(moveColumns(c.Expr, place))), append(t.Nums, nums[k])
			}
		}
	}
	return place
}

// mapFixed replaces the expressions that are needed whatever is read above.
func (n *LockRows) mapFixed(f func(expr.Expr) expr.Expr) {
	mapPrograms(n.Where, f)
	for i := range n.Tables {
		mapPrograms(n.Tables[i].Key, f)
	}
}

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
	l := &LockRows{In: n}
	leaves := &lockable{}
	leaves.walk(q.input, 0, false)
	for _, c := range q.stmt.Locking {
		if err := leaves.check(c); err != nil {
			return nil, err
		}
	}
	for _, leaf := range leaves.list {
		t, any := LockTable{}, false
		for _, c := range q.stmt.Locking {
			if !names(c, leaf.alias) {
				continue
			}
			switch {
			case leaf.opaque:
				return nil, sqlerr.NotSupported("row locks of what is not a table are not supported").At(c.Pos())
			case leaf.nullable:
				return nil, sqlerr.NotSupported("%s cannot be applied to the nullable side of an outer join", LockClauseName(lockModes[c.Strength])).At(c.Pos())
			}
			// As in PostgreSQL the strongest clause counts, and NOWAIT before SKIP LOCKED before waiting.
			if mode := lockModes[c.Strength]; !any || mode > t.Mode {
				t.Mode = mode
			}
			switch {
			case c.Wait == ast.LockNoWait:
				t.Policy = store.WaitError
			case c.Wait == ast.LockSkipLocked && t.Policy == store.WaitBlock:
				t.Policy = store.WaitSkip
			}
			any = true
		}
		if !any {
			continue
		}
		t.Table = leaf.scan.Table
		column := func(num int16) *Program {
			c := t.Table.ColumnByNum(num)
			return NewProgram(expr.NewColumn(leaf.start+int(num)-1, c.Type, c.Name, ast.NoPos))
		}
		for _, num := range t.Table.Key {
			t.Key = append(t.Key, column(num))
		}
		for _, num := range leaf.scan.Cols {
			t.Cols, t.Nums = append(t.Cols, column(num)), append(t.Nums, num)
		}
		l.Tables = append(l.Tables, t)
		q.locks = append(q.locks, t.Table)
		q.lockMode = max(q.lockMode, t.Mode)
	}
	if len(l.Tables) == 0 {
		return n, nil
	}
	l.Where = programs(leaves.conds)
	return l, nil
}

// lockable is what a FROM list has for locking, and the conditions on its rows. They are over the list's row.
type lockable struct {
	list  []lockLeaf
	conds []expr.Expr
}

// lockLeaf is one item of a FROM list.
type lockLeaf struct {
	alias string
	start int // of its columns
	scan  *Scan
	// opaque is a query, whose tables we do not lock; nullable is on the side of an outer join that may be missing.
	opaque, nullable bool
}

// walk collects what is below n, whose columns begin at start.
func (l *lockable) walk(n Node, start int, nullable bool) {
	note := func(where []*Program) {
		for _, p := range where {
			if !nullable {
				l.conds = append(l.conds, shiftColumns(p.Expr, start))
			}
		}
	}
	switch n := n.(type) {
	case *Scan:
		note(n.Where)
		l.list = append(l.list, lockLeaf{alias: n.Alias, start: start, scan: n, nullable: nullable})
	case *Filter:
		note(n.Where)
		l.walk(n.In, start, nullable)
	case *Join:
		if n.Kind == InnerJoin {
			note(n.On)
		}
		l.walk(n.Left, start, nullable || n.Kind == RightJoin || n.Kind == FullJoin)
		l.walk(n.Right, start+len(n.Left.Types()), nullable || n.Kind == LeftJoin || n.Kind == FullJoin)
	case *Values, *Functions, *System, *CTEScan, *WorkScan: // have no rows to lock
	default:
		l.list = append(l.list, lockLeaf{start: start, opaque: true})
	}
}

// names says whether a clause is about a table of the FROM list.
func names(c *ast.LockingClause, alias string) bool {
	return len(c.Of) == 0 || slices.ContainsFunc(c.Of, func(n ast.QualifiedName) bool { return n.Name == alias })
}

// check looks up the names of a clause.
func (l *lockable) check(c *ast.LockingClause) error {
	for _, name := range c.Of {
		clause := LockClauseName(lockModes[c.Strength])
		if name.Schema != "" {
			return sqlerr.New(sqlerr.SyntaxError, "%s must specify unqualified relation names", clause).At(name.Pos())
		}
		if !slices.ContainsFunc(l.list, func(leaf lockLeaf) bool { return leaf.alias == name.Name }) {
			return sqlerr.New(sqlerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", name.Name, clause).At(name.Pos())
		}
	}
	return nil
}
