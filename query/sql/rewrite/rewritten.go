// Package rewrite checks the syntax of a PostgreSQL statement and rewrites it
// into a small subset of MySQL's grammar that TiDB's parser reads.
//
// It is a recursive descent with precedence climbing over the tokens of package
// lex, after PostgreSQL 15's gram.y. What it emits is uniform: names are
// back-quoted, literals and parameters are numbers, and each construct that
// MySQL lacks or reads differently is a call of a marker, a function whose name
// begins with byte 1, which no user's name can hold. Numbers and markers index
// the notes, a table of what the text cannot carry: the leaf itself, or a
// function that makes the PostgreSQL-shaped node from the converted arguments.
// So no user text ever needs escaping, and every node gets its source position.
//
// What stays native, and so is read by TiDB's grammar: the skeletons of SELECT,
// INSERT, UPDATE and DELETE with their lists and clauses, joins, set operations,
// WITH, subqueries, AND, OR, NOT, comparisons, + - * / %, IN, BETWEEN, LIKE,
// ILIKE, CASE and EXISTS. See TestRewrittenText for samples.
//
// Native operators are parenthesised wherever TiDB's precedence could differ
// (see level). Expressions outside the statement's own grammar place (in DDL,
// utility statements, CTEs that change data) are fragments: further statements
// of the same text.
package rewrite

import "github.com/cachalotdb/cachalot/query/sql/ast"

// Marker begins the name of every marker; the number of its note follows.
const Marker = "\x01"

// Note is what the text at one place stands for. Exactly one field is set.
type Note struct {
	Leaf  ast.Expr                       // of a number: the literal or parameter
	Build func(args []ast.Expr) ast.Expr // of a marker call in an expression
	Node  any                            // of a marker at a clause, see below
}

// The kinds of Note.Node besides the ast nodes *ast.SelectStmt (VALUES: marker
// around the first cell), *ast.RangeVar, *ast.RangeSubselect, *ast.RangeFunction
// (alias in FROM), *ast.JoinExpr (marker around ON), *ast.SortItem (marker
// around a sort key), *ast.InsertStmt
// (partition name), *ast.UpdateStmt and *ast.DeleteStmt (alias).
type (
	// Tail is a marker that follows the sort keys and carries what comes after
	// them: LIMIT and OFFSET that are not plain literals, and row locks.
	Tail struct {
		HasLimit, HasOffset bool // its arguments, in this order
		WithTies            bool
		Locking             []*ast.LockingClause
	}
	// CTE is the name of a WITH query. Changes marks an INSERT, UPDATE or DELETE,
	// which is a fragment and sets CTE.Query itself.
	CTE struct {
		With    *ast.WithClause
		CTE     *ast.CTE
		Changes bool
	}
)

// mark ties a place in the rewritten text to a source offset or a note.
type mark struct{ at, val int32 }

// marks are in the order of the rewritten text.
type marks []mark

// exact returns the value of the mark at the place, or -1.
func (m marks) exact(at int) int {
	if i := m.before(at + 1); i >= 0 && int(m[i].at) == at {
		return int(m[i].val)
	}
	return -1
}

// before returns the index of the last mark before the place, or -1.
func (m marks) before(at int) int {
	lo, hi := 0, len(m)
	for lo < hi {
		mid := (lo + hi) / 2
		if int(m[mid].at) < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// Fragment is one statement of the rewritten text, and what to do with its tree.
// Exactly one field is set.
type Fragment struct {
	Expr  func(ast.Expr)   // with the only target of the SELECT
	Exprs func([]ast.Expr) // with its targets
	Stmt  func(ast.Stmt)   // with the statement
}

// Rewritten is the result for one statement.
type Rewritten struct {
	SQL       string
	Notes     []Note
	Fragments []Fragment // one for each statement of SQL, in order

	columns marks // notes of column references
	selects marks // notes of SELECT statements, at their first field
	ops     marks // source offsets of native operators and keywords
}

// Column returns the column reference whose name begins at the place.
func (r *Rewritten) Column(at int) *ast.ColumnRef {
	if i := r.columns.exact(at); i >= 0 {
		return r.Notes[i].Leaf.(*ast.ColumnRef)
	}
	return nil
}

// Select returns the statement whose first field begins at the place.
func (r *Rewritten) Select(at int) *ast.SelectStmt {
	if i := r.selects.exact(at); i >= 0 {
		return r.Notes[i].Node.(*ast.SelectStmt)
	}
	return nil
}

// OperatorBefore returns the source offset of the native operator or keyword
// that precedes the operand at the place.
func (r *Rewritten) OperatorBefore(at int) ast.Offset {
	if i := r.ops.before(at); i >= 0 {
		return ast.Offset(r.ops[i].val)
	}
	return ast.NoPos
}

// OperatorAt returns the source offset of the keyword or parenthesis at the place.
func (r *Rewritten) OperatorAt(at int) ast.Offset { return ast.Offset(r.ops.exact(at)) }

// SourceBefore returns a source offset near the place, for errors.
func (r *Rewritten) SourceBefore(at int) int {
	best := -1
	if i := r.ops.before(at + 1); i >= 0 {
		best = int(r.ops[i].val)
	}
	if i := r.columns.before(at + 1); i >= 0 {
		best = max(best, r.Notes[r.columns[i].val].Leaf.Pos())
	}
	return best
}
