package ast

import "fmt"

// Inspect calls f for n and, where f returns true, for each of its children in
// the order of the text, and so on down. Nil children are skipped.
func Inspect(n Node, f func(Node) bool) {
	if n == nil || !f(n) {
		return
	}
	Children(n, func(c Node) { Inspect(c, f) })
}

// Children calls f for each child of n, in about the order of the text.
func Children(n Node, f func(Node)) {
	switch n := n.(type) {
	case *SelectStmt:
		selectChildren(n, f)
	case *InsertStmt:
		one(n.With, f)
		one(n.Table, f)
		list(n.Columns, f)
		one(n.Query, f)
		one(n.OnConflict, f)
		list(n.Returning, f)
	case *UpdateStmt:
		one(n.With, f)
		one(n.Table, f)
		list(n.Set, f)
		items(n.From, f)
		expr(n.Where, f)
		list(n.Returning, f)
	case *DeleteStmt:
		one(n.With, f)
		one(n.Table, f)
		items(n.Using, f)
		expr(n.Where, f)
		list(n.Returning, f)
	case *MergeStmt:
		one(n.With, f)
		one(n.Table, f)
		f(n.Source)
		expr(n.On, f)
		list(n.Whens, f)
	case Expr:
		exprChildren(n, f)
	case FromItem:
		fromChildren(n, f)
	case Stmt:
		utilityChildren(n, f)
	default:
		clauseChildren(n, f)
	}
}

func selectChildren(n *SelectStmt, f func(Node)) {
	one(n.With, f)
	exprs(n.DistinctOn, f)
	list(n.Targets, f)
	one(n.Into, f)
	items(n.From, f)
	expr(n.Where, f)
	exprs(n.GroupBy, f)
	expr(n.Having, f)
	list(n.Windows, f)
	one(n.Values, f)
	one(n.Left, f)
	one(n.Right, f)
	list(n.OrderBy, f)
	expr(n.Limit, f)
	expr(n.LimitOffset, f)
	list(n.Locking, f)
}

func exprChildren(n Expr, f func(Node)) {
	switch n := n.(type) {
	case *ColumnRef, *Const, *ParamRef, *SQLValueFunc, *SetToDefault, *CurrentOf:
	case *FuncCall:
		exprs(n.Args, f)
		list(n.OrderBy, f)
		expr(n.Filter, f)
		one(n.Over, f)
	case *NamedArg:
		expr(n.Arg, f)
	case *OpExpr:
		expr(n.Left, f)
		expr(n.Right, f)
	case *AnyAllExpr:
		expr(n.Left, f)
		expr(n.Array, f)
	case *BoolExpr:
		exprs(n.Args, f)
	case *NullTest:
		expr(n.Arg, f)
	case *BooleanTest:
		expr(n.Arg, f)
	case *IsDistinct:
		expr(n.Left, f)
		expr(n.Right, f)
	case *InExpr:
		expr(n.Arg, f)
		exprs(n.List, f)
	case *BetweenExpr:
		expr(n.Arg, f)
		expr(n.Low, f)
		expr(n.High, f)
	case *LikeExpr:
		expr(n.Arg, f)
		expr(n.Pattern, f)
		expr(n.Escape, f)
	case *ContainsExpr:
		expr(n.Arg, f)
		expr(n.Value, f)
	case *TypeCast:
		expr(n.Arg, f)
		one(n.Type, f)
	case *CollateExpr:
		expr(n.Arg, f)
	case *ArrayExpr:
		exprs(n.Elems, f)
	case *RowExpr:
		exprs(n.Args, f)
	case *Indirection:
		expr(n.Arg, f)
		path(n.Path, f)
	case *SubLink:
		expr(n.Test, f)
		one(n.Query, f)
	case *CaseExpr:
		expr(n.Arg, f)
		list(n.Whens, f)
		expr(n.Else, f)
	case *CoalesceExpr:
		exprs(n.Args, f)
	case *MinMaxExpr:
		exprs(n.Args, f)
	case *NullIfExpr:
		expr(n.Left, f)
		expr(n.Right, f)
	case *GroupingSet:
		exprs(n.Items, f)
	case *GroupingFunc:
		exprs(n.Args, f)
	default:
		unknown(n)
	}
}

func fromChildren(n FromItem, f func(Node)) {
	switch n := n.(type) {
	case *RangeVar:
		one(n.Alias, f)
		one(n.Sample, f)
	case *RangeSubselect:
		one(n.Query, f)
		one(n.Alias, f)
	case *RangeFunction:
		list(n.Funcs, f)
		one(n.Alias, f)
		list(n.ColumnDefs, f)
	case *JoinExpr:
		f(n.Left)
		f(n.Right)
		expr(n.On, f)
		one(n.Alias, f)
	default:
		unknown(n)
	}
}

// clauseChildren handles the nodes that are neither expressions, FROM items nor
// statements.
func clauseChildren(n Node, f func(Node)) {
	switch n := n.(type) {
	case *Target:
		expr(n.Expr, f)
	case *ValuesClause:
		for _, row := range n.Rows {
			exprs(row, f)
		}
	case *SortItem:
		expr(n.Expr, f)
	case *WindowDef:
		exprs(n.PartitionBy, f)
		list(n.OrderBy, f)
		one(n.Frame, f)
	case *WindowFrame:
		expr(n.StartOffset, f)
		expr(n.EndOffset, f)
	case *WithClause:
		list(n.CTEs, f)
	case *CTE:
		stmt(n.Query, f)
	case *TableSample:
		exprs(n.Args, f)
		expr(n.Repeatable, f)
	case *TableFunc:
		expr(n.Func, f)
		list(n.ColumnDefs, f)
	case *CaseWhen:
		expr(n.Cond, f)
		expr(n.Result, f)
	case *AssignTarget:
		path(n.Path, f)
	case *Assignment:
		list(n.Targets, f)
		expr(n.Value, f)
	case *OnConflict:
		one(n.Target, f)
		list(n.Set, f)
		expr(n.Where, f)
	case *ConflictTarget:
		list(n.Elems, f)
		expr(n.Where, f)
	case *IndexElem:
		expr(n.Expr, f)
		list(n.OpClassOpt, f)
	case *TypeName:
		exprs(n.Typmods, f)
	case *OptionDef:
		expr(n.Value, f)
	case *ColumnDef:
		one(n.Type, f)
		list(n.Constraints, f)
	case *Constraint:
		expr(n.Expr, f)
		list(n.Options, f)
		list(n.Exclude, f)
		expr(n.Where, f)
		list(n.Sequence, f)
	case *PartitionSpec:
		list(n.Elems, f)
	case *AlterAction:
		one(n.Def, f)
		one(n.Constraint, f)
		expr(n.Expr, f)
		list(n.Options, f)
	case *VacuumTable:
		one(n.Table, f)
	case *FuncParam:
		one(n.Type, f)
		expr(n.Default, f)
	case *MergeWhen:
		expr(n.Cond, f)
		list(n.Set, f)
		list(n.Columns, f)
		exprs(n.Values, f)
	case *Alias, *IntoClause, *LockingClause, *LikeClause:
	default:
		unknown(n)
	}
}

func utilityChildren(n Stmt, f func(Node)) {
	switch n := n.(type) {
	case *CreateTableStmt:
		for _, e := range n.Elems {
			f(e)
		}
		one(n.OfType, f)
		one(n.PartitionBy, f)
		list(n.Options, f)
	case *CreateTableAsStmt:
		list(n.Options, f)
		stmt(n.Query, f)
	case *CreateIndexStmt:
		one(n.Table, f)
		list(n.Elems, f)
		list(n.Include, f)
		list(n.Options, f)
		expr(n.Where, f)
	case *AlterTableStmt:
		one(n.Table, f)
		list(n.Actions, f)
	case *TruncateStmt:
		list(n.Tables, f)
	case *CreateSequenceStmt:
		list(n.Options, f)
	case *CreateViewStmt:
		list(n.Options, f)
		one(n.Query, f)
	case *CreateTypeStmt:
		list(n.Columns, f)
		list(n.Options, f)
	case *CreateDomainStmt:
		one(n.Type, f)
		list(n.Constraints, f)
	case *AlterObjectStmt:
		one(n.Action, f)
	case *CreateDatabaseStmt:
		list(n.Options, f)
	case *CreateExtensionStmt:
		list(n.Options, f)
	case *CreateFunctionStmt:
		list(n.Params, f)
		one(n.Returns, f)
		list(n.Columns, f)
		list(n.Options, f)
		for _, s := range n.Settings {
			f(s)
		}
		expr(n.Return, f)
	case *SetStmt:
		exprs(n.Values, f)
	case *CopyStmt:
		one(n.Table, f)
		stmt(n.Query, f)
		list(n.Options, f)
		expr(n.Where, f)
	case *ExplainStmt:
		list(n.Options, f)
		stmt(n.Stmt, f)
	case *PrepareStmt:
		list(n.Types, f)
		stmt(n.Stmt, f)
	case *ExecuteStmt:
		exprs(n.Args, f)
	case *DeclareCursorStmt:
		one(n.Query, f)
	case *VacuumStmt:
		list(n.Options, f)
		list(n.Tables, f)
	case *LockStmt:
		list(n.Tables, f)
	case *ReindexStmt:
		list(n.Options, f)
	case *CallStmt:
		one(n.Call, f)
	case *DropStmt, *CommentStmt, *CreateSchemaStmt, *RefreshMatViewStmt, *TransactionStmt,
		*SetTransactionStmt, *ResetStmt, *ShowStmt, *DiscardStmt, *SetConstraintsStmt,
		*DeallocateStmt, *FetchStmt, *CloseStmt, *ListenStmt, *UnlistenStmt, *NotifyStmt,
		*CheckpointStmt, *BackupStmt, *DoStmt, *UnsupportedStmt:
	default:
		unknown(n)
	}
}

// unknown panics: a node type was added without its children here.
func unknown(n Node) { panic(fmt.Sprintf("ast: no children known for %T", n)) }

// one calls f for a child held by pointer, unless it is nil.
func one[T any, P interface {
	*T
	Node
}](n P, f func(Node)) {
	if n != nil {
		f(n)
	}
}

func list[T any, P interface {
	*T
	Node
}](ns []P, f func(Node)) {
	for _, n := range ns {
		f(n)
	}
}

func expr(e Expr, f func(Node)) {
	if e != nil {
		f(e)
	}
}

func exprs(es []Expr, f func(Node)) {
	for _, e := range es {
		if e != nil {
			f(e)
		}
	}
}

func stmt(s Stmt, f func(Node)) {
	if s != nil {
		f(s)
	}
}

func items(fs []FromItem, f func(Node)) {
	for _, i := range fs {
		f(i)
	}
}

// path calls f for the subscripts in steps.
func path(steps []Step, f func(Node)) {
	for i := range steps {
		expr(steps[i].Lower, f)
		expr(steps[i].Upper, f)
	}
}
