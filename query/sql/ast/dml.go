package ast

// Overriding is the OVERRIDING clause of INSERT.
type Overriding uint8

// The clauses.
const (
	OverridingNone Overriding = iota
	OverridingUser
	OverridingSystem
)

// InsertStmt is INSERT. Query is nil for DEFAULT VALUES; its Values is set for
// INSERT .. VALUES.
type InsertStmt struct {
	Offset
	With       *WithClause
	Table      *RangeVar // with the alias of INSERT INTO t AS a
	Columns    []*AssignTarget
	Overriding Overriding
	Query      *SelectStmt
	OnConflict *OnConflict
	Returning  []*Target
}

// AssignTarget is a column to be assigned, with the subscripts or fields after it.
type AssignTarget struct {
	Offset
	Name string
	Path []Step
}

// OnConflict is ON CONFLICT [target] DO NOTHING | DO UPDATE.
type OnConflict struct {
	Offset
	Target *ConflictTarget // nil when not written
	// Update is false for DO NOTHING; then Set and Where are empty.
	Update bool
	Set    []*Assignment
	Where  Expr
}

// ConflictTarget is (elements) [WHERE ..] or ON CONSTRAINT name.
type ConflictTarget struct {
	Offset
	Elems      []*IndexElem
	Where      Expr
	Constraint string
}

// Assignment is one element of SET: one target = value, or (several) = a
// RowExpr or a SubLink of kind ExprSubLink.
type Assignment struct {
	Offset
	Targets []*AssignTarget
	// Multi is set for the form in parentheses, even with one target.
	Multi bool
	Value Expr
}

// UpdateStmt is UPDATE.
type UpdateStmt struct {
	Offset
	With      *WithClause
	Table     *RangeVar
	Set       []*Assignment
	From      []FromItem
	Where     Expr
	Returning []*Target
}

// DeleteStmt is DELETE.
type DeleteStmt struct {
	Offset
	With      *WithClause
	Table     *RangeVar
	Using     []FromItem
	Where     Expr
	Returning []*Target
}

// MergeStmt is MERGE INTO table USING source ON condition with its WHEN clauses.
type MergeStmt struct {
	Offset
	With   *WithClause
	Table  *RangeVar
	Source FromItem
	On     Expr
	Whens  []*MergeWhen
}

// MergeAction is what a WHEN clause of MERGE does.
type MergeAction uint8

// The actions, with the fields of MergeWhen they use.
const (
	MergeDoNothing MergeAction = iota
	MergeUpdate                // Set
	MergeDelete
	MergeInsert // Columns, Overriding, Values
)

// MergeWhen is WHEN [NOT] MATCHED [AND condition] THEN action. Values is nil for
// INSERT DEFAULT VALUES.
type MergeWhen struct {
	Offset
	Matched    bool
	Cond       Expr
	Action     MergeAction
	Set        []*Assignment
	Columns    []*AssignTarget
	Overriding Overriding
	Values     []Expr
}

func (*InsertStmt) stmtNode() {}
func (*UpdateStmt) stmtNode() {}
func (*DeleteStmt) stmtNode() {}
func (*MergeStmt) stmtNode()  {}
