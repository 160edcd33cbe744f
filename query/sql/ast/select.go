package ast

// SetOp combines two queries.
type SetOp uint8

// The set operations; NoSetOp marks a plain SELECT or VALUES.
const (
	NoSetOp SetOp = iota
	Union
	Intersect
	Except
)

// SelectStmt is SELECT, VALUES, TABLE, or a set operation over two queries.
//
//   - A plain SELECT uses Distinct to Windows.
//   - VALUES sets Values and nothing of those.
//   - A set operation sets SetOp, All, Left and Right and nothing of those.
//
// With, OrderBy, Limit, Offset and Locking may be set in all three.
type SelectStmt struct {
	Offset
	With *WithClause

	Distinct   bool
	DistinctOn []Expr // DISTINCT ON (..); Distinct is set too
	Targets    []*Target
	// AllColumns marks SELECT FROM t with an empty list, which selects all columns
	// here: Targets is then one star.
	AllColumns    bool
	Into          *IntoClause
	From          []FromItem
	Where         Expr
	GroupBy       []Expr // may hold GroupingSet
	GroupDistinct bool   // GROUP BY DISTINCT
	Having        Expr
	Windows       []*WindowDef // WINDOW w AS (..)

	Values *ValuesClause

	SetOp SetOp
	All   bool
	Left  *SelectStmt
	Right *SelectStmt

	OrderBy     []*SortItem
	Limit       Expr // nil also for LIMIT ALL; LIMIT NULL is a null Const
	LimitOffset Expr // OFFSET
	WithTies    bool // FETCH FIRST n ROWS WITH TIES
	Locking     []*LockingClause
}

// Target is one entry of a select or RETURNING list.
type Target struct {
	Offset
	Expr  Expr
	Alias *Ident // nil when not written
}

// IntoClause is the target of SELECT INTO.
type IntoClause struct {
	Offset
	Table       QualifiedName
	Persistence Persistence
}

// ValuesClause is the rows of VALUES. Rows of plain literals after the first
// never pass through the grammar and their cells share one block of Const, so
// that a row costs little to parse and to evaluate.
type ValuesClause struct {
	Offset
	// Rows holds all rows in order. Cells are any Expr, SetToDefault included.
	// Rows may differ in length: that is for the binder to refuse.
	Rows [][]Expr
	// PlainFrom is a row from which on every cell of every row is a *Const, a
	// *ParamRef or a *SetToDefault; len(Rows) when none is known. It is at least 1.
	PlainFrom int
}

// SortDir is the direction of a sort key.
type SortDir uint8

// The directions. SortDefault is ascending; SortUsing has its operator in
// SortItem.UsingOp.
const (
	SortDefault SortDir = iota
	SortAsc
	SortDesc
	SortUsing
)

// NullsOrder is the place of nulls in a sort.
type NullsOrder uint8

// NullsDefault is last when ascending, first when descending.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// SortItem is one key of ORDER BY. Its Offset is that of Expr.
type SortItem struct {
	Offset
	Expr    Expr
	Dir     SortDir
	UsingOp string
	Nulls   NullsOrder
}

// WindowDef is a window: OVER name, OVER (..) or WINDOW name AS (..).
type WindowDef struct {
	Offset
	Name        string // WINDOW name AS, and OVER name
	Ref         string // an existing window named inside the parentheses
	NameOnly    bool   // OVER name
	PartitionBy []Expr
	OrderBy     []*SortItem
	Frame       *WindowFrame // nil when not written
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of a frame's end.
type BoundKind uint8

// The ends of a frame.
const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclusion is EXCLUDE ..
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNone FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// WindowFrame is the frame of a window. Without BETWEEN the end is CurrentRow.
type WindowFrame struct {
	Offset
	Mode        FrameMode
	Start       BoundKind
	StartOffset Expr // of OffsetPreceding and OffsetFollowing
	End         BoundKind
	EndOffset   Expr
	Exclude     FrameExclusion
}

// LockStrength is the strength of a row lock.
type LockStrength uint8

// The strengths, from weak to strong.
const (
	ForKeyShare LockStrength = iota
	ForShare
	ForNoKeyUpdate
	ForUpdate
)

// LockWait is what to do when a lock is not free.
type LockWait uint8

// The waits.
const (
	LockBlock LockWait = iota
	LockNoWait
	LockSkipLocked
)

// LockingClause is FOR UPDATE .. [OF tables] [NOWAIT | SKIP LOCKED].
type LockingClause struct {
	Offset
	Strength LockStrength
	Of       []QualifiedName
	Wait     LockWait
}

// WithClause is WITH [RECURSIVE] ..
type WithClause struct {
	Offset
	Recursive bool
	CTEs      []*CTE
}

// Materialize is the hint of a CTE.
type Materialize uint8

// The hints.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// CTE is name [(columns)] AS [[NOT] MATERIALIZED] (query). Query is a
// SelectStmt, InsertStmt, UpdateStmt or DeleteStmt.
type CTE struct {
	Offset
	Name        string
	Columns     []Ident
	Materialize Materialize
	Query       Stmt
}

// Alias is AS name [(columns)].
type Alias struct {
	Offset
	Name    string // "" when only column definitions were written
	Columns []Ident
}

// RangeVar is a table in FROM, or the table of a statement.
type RangeVar struct {
	Offset
	Table  QualifiedName
	Only   bool // ONLY t
	Alias  *Alias
	Sample *TableSample
}

// TableSample is TABLESAMPLE method (args) [REPEATABLE (seed)].
type TableSample struct {
	Offset
	Method     []Ident
	Args       []Expr
	Repeatable Expr
}

// RangeSubselect is [LATERAL] (query) in FROM.
type RangeSubselect struct {
	Offset
	Lateral bool
	Query   *SelectStmt
	Alias   *Alias
}

// RangeFunction is [LATERAL] f(..) or ROWS FROM (f(..), ..) in FROM. A func is
// a FuncCall, or another Expr for the functions with their own syntax.
type RangeFunction struct {
	Offset
	Lateral    bool
	Ordinality bool
	RowsFrom   bool
	Funcs      []*TableFunc
	Alias      *Alias
	ColumnDefs []*ColumnDef // AS a (c int, ..)
}

// TableFunc is one function of a RangeFunction.
type TableFunc struct {
	Offset
	Func       Expr
	ColumnDefs []*ColumnDef // AS (c int, ..) inside ROWS FROM
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// JoinExpr is a join of two FROM items. Offset is the place of the join's
// first word.
type JoinExpr struct {
	Offset
	Kind       JoinKind
	Natural    bool
	Left       FromItem
	Right      FromItem
	Using      []Ident
	UsingAlias *Ident
	On         Expr
	Alias      *Alias // of a join in parentheses
}

func (*SelectStmt) stmtNode() {}

func (*RangeVar) fromNode()       {}
func (*RangeSubselect) fromNode() {}
func (*RangeFunction) fromNode()  {}
func (*JoinExpr) fromNode()       {}
