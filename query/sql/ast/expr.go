package ast

// ColumnRef is a name that may be a column (a, t.a, s.t.a) or a star (*, t.*).
type ColumnRef struct {
	Offset
	Parts []Ident // without the star; empty for a plain *
	Star  bool
	// MaybeLiteral is set with bare literals on (parse.Options), for a name of one
	// unquoted part: when it names no column, it is the text literal Raw.
	MaybeLiteral bool
	Raw          string // the word in its original case; set with MaybeLiteral, and where folding changed it
}

// ConstKind is the kind of a literal.
type ConstKind uint8

// The kinds of Const.
const (
	Null      ConstKind = iota
	Bool                // Int is 0 or 1
	Int                 // fits int64: Int; its type is int4 when it fits, else int8
	Numeric             // Text is the decimal text, with its sign
	String              // Text is the decoded value; its type is unknown
	BitString           // B'01' or X'1F': Text is "b01" or "x1F"
)

// Const is a literal. It is small so that rows of literals can be kept in one
// slice (ValuesClause).
type Const struct {
	Offset
	Kind ConstKind
	Int  int64  // the value of Int and Bool
	Text string // the value of the other kinds, and the source text of Int
}

// ParamRef is $N, N from 1.
type ParamRef struct {
	Offset
	N int
}

// FuncCall is a call of a function, aggregate or window function.
type FuncCall struct {
	Offset
	Name        []Ident
	Args        []Expr // may hold NamedArg
	Star        bool   // count(*)
	Distinct    bool   // f(DISTINCT x)
	Variadic    bool   // the last argument is VARIADIC
	OrderBy     []*SortItem
	WithinGroup bool // OrderBy is that of WITHIN GROUP (ORDER BY ..)
	Filter      Expr
	Over        *WindowDef // nil without OVER
	SQLSyntax   bool       // came from syntax such as EXTRACT(.. FROM ..), see package doc
}

// FuncName returns the last part of the name.
func (f *FuncCall) FuncName() string { return f.Name[len(f.Name)-1].Name }

// NamedArg is name => value (or name := value) in an argument list.
type NamedArg struct {
	Offset
	Name string
	Arg  Expr
}

// OpExpr is an operator with two operands, or with one at its right. Offset is
// the operator's place.
type OpExpr struct {
	Offset
	Schema []Ident // of OPERATOR(schema.op), usually empty
	Op     string  // "=", "<>" (also for !=), "||", "->>" ...
	Left   Expr    // nil for a prefix operator
	Right  Expr
}

// AnyAllExpr is Left Op ANY (Array) or ALL (Array) over an array value.
type AnyAllExpr struct {
	Offset
	Schema []Ident
	Op     string
	All    bool
	Left   Expr
	Array  Expr
}

// BoolOp is AND, OR or NOT.
type BoolOp uint8

// The operators of BoolExpr.
const (
	And BoolOp = iota
	Or
	Not
)

// BoolExpr is AND or OR over two or more operands (a AND b AND c is one node),
// or NOT over one.
type BoolExpr struct {
	Offset
	Op   BoolOp
	Args []Expr
}

// NullTest is Arg IS [NOT] NULL. For Offset PostgreSQL takes the IS; so do we.
type NullTest struct {
	Offset
	Not bool
	Arg Expr
}

// BoolTestKind says which of IS TRUE ... IS NOT UNKNOWN.
type BoolTestKind uint8

// The kinds of BooleanTest.
const (
	IsTrue BoolTestKind = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// BooleanTest is Arg IS [NOT] TRUE, FALSE or UNKNOWN.
type BooleanTest struct {
	Offset
	Kind BoolTestKind
	Arg  Expr
}

// IsDistinct is Left IS [NOT] DISTINCT FROM Right.
type IsDistinct struct {
	Offset
	Not   bool
	Left  Expr
	Right Expr
}

// InExpr is Arg [NOT] IN (List).
type InExpr struct {
	Offset
	Not  bool
	Arg  Expr
	List []Expr
}

// BetweenExpr is Arg [NOT] BETWEEN [SYMMETRIC] Low AND High.
type BetweenExpr struct {
	Offset
	Not       bool
	Symmetric bool
	Arg       Expr
	Low       Expr
	High      Expr
}

// LikeKind is the kind of pattern.
type LikeKind uint8

// The kinds of LikeExpr.
const (
	Like LikeKind = iota
	ILike
	SimilarTo
)

// LikeExpr is Arg [NOT] LIKE|ILIKE|SIMILAR TO Pattern [ESCAPE Escape].
type LikeExpr struct {
	Offset
	Kind    LikeKind
	Not     bool
	Arg     Expr
	Pattern Expr
	Escape  Expr // nil when not written
}

// ContainsExpr is Arg [NOT] CONTAINS Value: the array Arg has the element
// Value. A word of Cachalot's.
type ContainsExpr struct {
	Offset
	Not   bool
	Arg   Expr
	Value Expr
}

// TypeCast is a cast in any of its spellings.
type TypeCast struct {
	Offset
	Arg  Expr
	Type *TypeName
}

// CollateExpr is Arg COLLATE Collation.
type CollateExpr struct {
	Offset
	Arg       Expr
	Collation []Ident
}

// ArrayExpr is ARRAY[..]; inner brackets without ARRAY are ArrayExpr too.
type ArrayExpr struct {
	Offset
	Elems []Expr
}

// RowExpr is ROW(..) (Explicit) or (a, b).
type RowExpr struct {
	Offset
	Explicit bool
	Args     []Expr
}

// Indirection is Arg followed by subscripts and field selections.
type Indirection struct {
	Offset
	Arg  Expr
	Path []Step
}

// Step is one step of an Indirection: .Field, .*, [Upper] or [Lower:Upper].
type Step struct {
	Offset
	Field string // set for .Field
	Star  bool   // .*
	Slice bool   // [Lower:Upper], either may be nil
	Lower Expr
	Upper Expr // the index when Slice is false
}

// SubLinkKind says what is asked of a subquery.
type SubLinkKind uint8

// The kinds of SubLink.
const (
	ExprSubLink   SubLinkKind = iota // (SELECT ..) as a value
	ExistsSubLink                    // EXISTS (SELECT ..)
	AnySubLink                       // Test Op ANY (SELECT ..), and IN
	AllSubLink                       // Test Op ALL (SELECT ..)
	ArraySubLink                     // ARRAY (SELECT ..)
)

// SubLink is a subquery in an expression.
type SubLink struct {
	Offset
	Kind   SubLinkKind
	Test   Expr // AnySubLink and AllSubLink only
	Schema []Ident
	Op     string // likewise; "=" for IN
	In     bool   // written as IN
	Query  *SelectStmt
}

// CaseExpr is CASE [Arg] WHEN .. THEN .. [ELSE ..] END.
type CaseExpr struct {
	Offset
	Arg   Expr // nil for the searched form
	Whens []*CaseWhen
	Else  Expr // nil when not written
}

// CaseWhen is one WHEN Cond THEN Result.
type CaseWhen struct {
	Offset
	Cond   Expr
	Result Expr
}

// CoalesceExpr is COALESCE(Args).
type CoalesceExpr struct {
	Offset
	Args []Expr
}

// MinMaxExpr is GREATEST(Args) or LEAST(Args).
type MinMaxExpr struct {
	Offset
	Least bool
	Args  []Expr
}

// NullIfExpr is NULLIF(Left, Right).
type NullIfExpr struct {
	Offset
	Left  Expr
	Right Expr
}

// SQLValueFunc is a function called without parentheses: Name is
// "current_date", "current_time", "current_timestamp", "localtime",
// "localtimestamp", "current_role", "current_user", "user", "session_user",
// "current_catalog" or "current_schema".
type SQLValueFunc struct {
	Offset
	Name string
	// Precision is that of current_timestamp(3) and its kin, -1 when not written.
	Precision int
}

// SetToDefault is DEFAULT in a VALUES row or at the right of SET c =.
type SetToDefault struct {
	Offset
}

// GroupingSetKind is the kind of a grouping set.
type GroupingSetKind uint8

// The kinds of GroupingSet.
const (
	EmptySet     GroupingSetKind = iota // ()
	Rollup                              // ROLLUP (..)
	Cube                                // CUBE (..)
	GroupingSets                        // GROUPING SETS (..)
)

// GroupingSet is an element of GROUP BY that is not a plain expression. In its
// items (a, b) is a RowExpr.
type GroupingSet struct {
	Offset
	Kind  GroupingSetKind
	Items []Expr
}

// GroupingFunc is GROUPING(Args).
type GroupingFunc struct {
	Offset
	Args []Expr
}

// CurrentOf is WHERE CURRENT OF Cursor.
type CurrentOf struct {
	Offset
	Cursor string
}

func (*ColumnRef) exprNode()    {}
func (*Const) exprNode()        {}
func (*ParamRef) exprNode()     {}
func (*FuncCall) exprNode()     {}
func (*NamedArg) exprNode()     {}
func (*OpExpr) exprNode()       {}
func (*AnyAllExpr) exprNode()   {}
func (*BoolExpr) exprNode()     {}
func (*NullTest) exprNode()     {}
func (*BooleanTest) exprNode()  {}
func (*IsDistinct) exprNode()   {}
func (*InExpr) exprNode()       {}
func (*BetweenExpr) exprNode()  {}
func (*LikeExpr) exprNode()     {}
func (*ContainsExpr) exprNode() {}
func (*TypeCast) exprNode()     {}
func (*CollateExpr) exprNode()  {}
func (*ArrayExpr) exprNode()    {}
func (*RowExpr) exprNode()      {}
func (*Indirection) exprNode()  {}
func (*SubLink) exprNode()      {}
func (*CaseExpr) exprNode()     {}
func (*CoalesceExpr) exprNode() {}
func (*MinMaxExpr) exprNode()   {}
func (*NullIfExpr) exprNode()   {}
func (*SQLValueFunc) exprNode() {}
func (*SetToDefault) exprNode() {}
func (*GroupingSet) exprNode()  {}
func (*GroupingFunc) exprNode() {}
func (*CurrentOf) exprNode()    {}
