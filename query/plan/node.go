package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// Plan is a statement ready to be run any number of times.
type Plan struct {
	Root Node
	// Columns are the result's; nil for a statement that returns no rows.
	Columns []Column
	Params  []value.Kind
	// Point is the short path when the statement reads one row by primary key, nil otherwise.
	Point *Point
	// Writes are the tables that the statement writes.
	Writes []*schema.Table
	// Locks are the tables of which a SELECT locks rows, and LockMode how.
	Locks    []*schema.Table
	LockMode store.LockMode

	// Fault is the error that the statement gives when it is run, because of a constant part that cannot be computed.
	Fault error

	tables []*schema.Table // all that it names
	path   schema.Path
	uses   []dependency
	types  *schema.TypeSet
}

// Tables returns the tables that the plan names.
func (p *Plan) Tables() []*schema.Table { return p.tables }

// WritesTempOnly says whether the plan writes nothing but temporary tables, as a read-only transaction may.
func (p *Plan) WritesTempOnly() bool {
	return !slices.ContainsFunc(p.Writes, func(t *schema.Table) bool { return !schema.IsTemp(t.Schema) })
}

// ValidIn says whether everything that the plan names is still the same in a catalog.
func (p *Plan) ValidIn(cat *schema.Catalog) bool {
	if p.types != cat.Types() {
		return false
	}
	for i := range p.uses {
		if !p.uses[i].holds(cat, &p.path) {
			return false
		}
	}
	return true
}

// Column is a column of a result.
type Column struct {
	Name     string
	Type     value.Type
	TableOID uint32 // 0 when it is not a plain column of a table
	AttNum   int16
}

// Node is one relational operation. Its expressions read the columns of its
// input by index. Nodes are immutable once the plan is made.
type Node interface {
	// Types are the types of the columns that it yields.
	Types() []value.Type
	// Inputs are the nodes that it reads, left to right.
	Inputs() []Node
}

// Program is an expression that is compiled when it is first needed; compiled
// forms are reused. Safe for concurrent use.
type Program struct {
	Expr expr.Expr
	// Volatile expressions may have side effects: they are computed on the statement's own goroutine.
	Volatile bool
	pool     programPool
}

// Scan reads the rows of a table for which all of Where is true.
type Scan struct {
	Table *schema.Table
	Alias string  // the name it has in the statement
	Cols  []int16 // the columns it yields
	Where []*Program
	// Order is the order that the node above wants, when an index could give it.
	Order *ScanOrder

	partial []partialIndex
}

// ScanOrder is an order that a B-tree walk can give.
type ScanOrder struct {
	Index   *schema.Index
	Reverse bool
	Keys    []SortKey // over the columns of the scan
	// Bound is the number of leading index columns that equalities fix.
	Bound int
}

// Values yields rows of expressions that read no columns. One row without
// columns is SELECT without FROM.
type Values struct {
	Rows  [][]expr.Expr
	types []value.Type
}

// System yields the rows of a relation that is computed when it is read.
type System struct {
	Relation *SystemRelation
	Alias    string
	types    []value.Type
}

// Functions yields the rows of functions in FROM, side by side: where one has fewer rows than another
// its columns are NULL. Ordinality adds a column that counts the rows.
type Functions struct {
	Calls      []expr.Expr // SetCall, or an expression, which gives one row
	Ordinality bool
	Name       string
	Alias      string
	types      []value.Type
}

// ProjectSet calls set-returning functions for each row of its input and yields the row once for each row that they
// give side by side, their results after the input's columns.
type ProjectSet struct {
	In    Node
	Calls []*expr.SetCall
}

// JoinKind is a kind of join.
type JoinKind uint8

// The kinds.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin // left rows that have a match
	AntiJoin // left rows that have none
)

// Join combines rows of two inputs for which all of On is true. It yields the columns of Left, then those of Right;
// SemiJoin and AntiJoin those of Left only.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []*Program // over left, then right
	// Slots make it lateral: the right side is run for each left row, with Slots set from Args over it.
	Slots []int
	Args  []*Program
	Alt   *Lateral // another way to make the right side; nil mostly
}

// SetOp combines the rows of two inputs with columns of the same types.
type SetOp struct {
	Op          ast.SetOp
	All         bool
	Left, Right Node
}

// CTE is a query of a WITH clause whose rows are kept, so that it runs at most once for each run of the query that it
// belongs to. Its identity is the pointer.
type CTE struct {
	Name string
	Root Node
	// Recursive has the working table of a recursive query, which Root is a Recursion of.
	Recursive *WorkTable
	Types     []value.Type
	// Modifies says that it is an INSERT, UPDATE or DELETE: it runs to its end whether it is read or not.
	Modifies bool
}

// WorkTable is what the last step of a recursive query has found. Its identity is the pointer.
type WorkTable struct{ Name string }

// With makes queries available to those below it.
type With struct {
	CTEs []*CTE
	In   Node
}

// CTEScan reads the rows of a CTE.
type CTEScan struct {
	CTE   *CTE
	Alias string
}

// Recursion yields the rows of Init, then those of Step over the rows found last, until there are no more. Unless All,
// a row that was there before is dropped.
type Recursion struct {
	Init, Step Node
	Table      *WorkTable
	All        bool
}

// WorkScan reads a working table.
type WorkScan struct {
	Table *WorkTable
	Alias string
	types []value.Type
}

// Subplan is a query inside an expression; it implements expr.QueryPlan.
type Subplan struct {
	Root     Node
	types    []value.Type
	volatile bool
	outer    []int
	pulled   bool // it has become a join
}

// Volatile implements expr.QueryPlan.
func (p *Subplan) Volatile() bool { return p.volatile }

// Outer implements expr.QueryPlan.
func (p *Subplan) Outer() []int { return p.outer }

// Types implements expr.QueryPlan.
func (p *Subplan) Types() []value.Type { return p.types }

// Filter yields the rows of its input for which all conditions are true.
type Filter struct {
	In    Node
	Where []*Program
}

// Project yields expressions over its input.
type Project struct {
	In    Node
	Exprs []*Program
}

// Aggregate groups its input. It yields the keys, then the aggregates, then for each of
// Groupings the bit mask that GROUPING() returns.
type Aggregate struct {
	In   Node
	Keys []*Program
	// Sets are the grouping sets, each a list of key indexes; the other keys are NULL in its rows. A plain
	// GROUP BY has one set of all keys, an aggregation without GROUP BY one empty set.
	Sets      [][]int
	Aggs      []*expr.AggCall
	Groupings [][]int // each a list of key indexes
}

// SortKey is one key of an order.
type SortKey struct {
	Program    *Program
	Desc       bool
	NullsFirst bool
}

// Sort orders its input; rows with equal keys stay in their order.
type Sort struct {
	In   Node
	Keys []SortKey
	// Narrow is set over a scan that yields more columns than its condition and the keys read: the same
	// sort over a scan of those only. When few rows of the result are wanted the rest is fetched for them alone.
	Narrow *Sort
}

// Distinct drops rows that repeat an earlier one in the columns On; nil means all.
type Distinct struct {
	In Node
	On []*Program
}

// Limit yields Count rows after the first Offset; nil is no limit.
type Limit struct {
	In     Node
	Count  expr.Expr // int8
	Offset expr.Expr // int8
	// WithTies adds the rows after them that are equal to the last in Ties, the keys that the input is sorted by.
	WithTies bool
	Ties     []*Program
}

// Insert adds its input's rows to a table.
type Insert struct {
	Table *schema.Table
	In    Node // nil when Rows has them
	Rows  *InsertRows
	// Sources has an entry for each column of the table: where its value comes from.
	Sources  []ColumnSource
	Conflict *Conflict
	Rules    *RowRules
	// Returning is over the whole row of the table; nil without RETURNING.
	Returning []*Program
}

// ColumnSource is where an inserted column's value comes from: the input's column Input, or, when
// that is negative, Default.
type ColumnSource struct {
	Input   int
	Default expr.Expr // nil is NULL
}

// InsertRows is the rows of INSERT .. VALUES, assigned to the input columns.
type InsertRows struct {
	// Bound rows come first. A nil cell is DEFAULT.
	Bound [][]expr.Expr
	// Plain rows of constants are evaluated from the syntax tree as they are inserted.
	Plain [][]ast.Expr
	// Types are those of the columns that the cells are assigned to.
	Types []value.Type
	Names []string
}

// Conflict is ON CONFLICT.
type Conflict struct {
	// Key and Indexes are the arbiters: the primary key, and unique indexes.
	Key     bool
	Indexes []*schema.Index
	Update  bool // else DO NOTHING
	Set     []Assignment
	Where   expr.Expr // over the row of the table, then the row of excluded; nil for none
}

// Assignment sets a column to an expression.
type Assignment struct {
	Num  int16
	Expr expr.Expr
	Part bool // the statement assigns a part of the column; Expr is the whole all the same
}

// Update changes rows of a table. Expressions are over the whole row, then what Joined adds.
type Update struct {
	Table     *schema.Table
	Scan      *Scan // yields the key columns first; nil with Joined
	Joined    Node  // yields the key columns, then what is read beside the row
	Set       []Assignment
	Where     []expr.Expr // the condition again
	Rules     *RowRules
	Returning []*Program
	Point     []expr.Expr // the primary key's values when the condition fixes them
}

// Delete removes rows of a table. Fields are as those of Update.
type Delete struct {
	Table     *schema.Table
	Scan      *Scan
	Joined    Node
	Where     []expr.Expr
	Rules     *RowRules
	Returning []*Program
	Point     []expr.Expr
}

// Point reads the row of a primary key, if it meets Where, without an
// operator tree.
type Point struct {
	Table *schema.Table
	Alias string
	Keys  []expr.Expr // constants and parameters, one for each key column
	Cols  []int16
	Where []expr.Expr // what is left of the condition
	Exprs []expr.Expr // the result's columns over Cols
	// Plain has the index in Cols of each result column when all are plain
	// columns; nil otherwise.
	Plain []int
}

func (n *Scan) Types() []value.Type {
	types := make([]value.Type, len(n.Cols))
	for i, c := range n.Cols {
		types[i] = n.Table.ColumnByNum(c).Type
	}
	return types
}

func (n *Values) Types() []value.Type    { return n.types }
func (n *System) Types() []value.Type    { return n.types }
func (n *Functions) Types() []value.Type { return n.types }
func (n *Filter) Types() []value.Type    { return n.In.Types() }
func (n *Project) Types() []value.Type   { return programTypes(n.Exprs) }
func (n *Sort) Types() []value.Type      { return n.In.Types() }
func (n *Distinct) Types() []value.Type  { return n.In.Types() }
func (n *Limit) Types() []value.Type     { return n.In.Types() }
func (n *Insert) Types() []value.Type    { return programTypes(n.Returning) }
func (n *Update) Types() []value.Type    { return programTypes(n.Returning) }
func (n *Delete) Types() []value.Type    { return programTypes(n.Returning) }
func (n *SetOp) Types() []value.Type     { return n.Left.Types() }
func (n *With) Types() []value.Type      { return n.In.Types() }
func (n *CTEScan) Types() []value.Type   { return n.CTE.Types }
func (n *Recursion) Types() []value.Type { return n.Init.Types() }
func (n *WorkScan) Types() []value.Type  { return n.types }

func (n *ProjectSet) Types() []value.Type {
	types := slices.Clone(n.In.Types())
	for _, c := range n.Calls {
		types = append(types, c.Type())
	}
	return types
}

func (n *Join) Types() []value.Type {
	if n.Kind == SemiJoin || n.Kind == AntiJoin {
		return n.Left.Types()
	}
	return append(slices.Clone(n.Left.Types()), n.Right.Types()...)
}

func (n *Aggregate) Types() []value.Type {
	types := programTypes(n.Keys)
	for _, a := range n.Aggs {
		types = append(types, a.Type())
	}
	for range n.Groupings {
		types = append(types, value.Of(value.Int4))
	}
	return types
}

func (n *Scan) Inputs() []Node       { return nil }
func (n *Values) Inputs() []Node     { return nil }
func (n *System) Inputs() []Node     { return nil }
func (n *Functions) Inputs() []Node  { return nil }
func (n *CTEScan) Inputs() []Node    { return nil }
func (n *WorkScan) Inputs() []Node   { return nil }
func (n *Filter) Inputs() []Node     { return []Node{n.In} }
func (n *Project) Inputs() []Node    { return []Node{n.In} }
func (n *ProjectSet) Inputs() []Node { return []Node{n.In} }
func (n *Aggregate) Inputs() []Node  { return []Node{n.In} }
func (n *Sort) Inputs() []Node       { return []Node{n.In} }
func (n *Distinct) Inputs() []Node   { return []Node{n.In} }
func (n *Limit) Inputs() []Node      { return []Node{n.In} }
func (n *Join) Inputs() []Node       { return []Node{n.Left, n.Right} }
func (n *SetOp) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Recursion) Inputs() []Node  { return []Node{n.Init, n.Step} }

// Inputs are the CTEs that are there, then the query.
func (n *With) Inputs() []Node {
	var list []Node
	for _, c := range n.CTEs {
		list = append(list, c.Root)
	}
	return append(list, n.In)
}

func (n *Insert) Inputs() []Node { return present(n.In) }

func (n *Update) Inputs() []Node { return found(n.Scan, n.Joined) }
func (n *Delete) Inputs() []Node { return found(n.Scan, n.Joined) }

// found is what finds the rows of an UPDATE or DELETE.
func found(scan *Scan, joined Node) []Node {
	if scan != nil {
		return []Node{scan}
	}
	return present(joined)
}

func present(n Node) []Node {
	if n == nil {
		return nil
	}
	return []Node{n}
}

func programTypes(list []*Program) []value.Type {
	types := make([]value.Type, len(list))
	for i, p := range list {
		types[i] = p.Expr.Type()
	}
	return types
}
