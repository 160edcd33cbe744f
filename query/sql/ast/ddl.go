package ast

// Persistence says how long a table lives.
type Persistence uint8

// The persistences.
const (
	Permanent Persistence = iota
	Temporary
	Unlogged
)

// OptionDef is one name = value of WITH (..), SET (..) or an option list.
// Value is nil when only the name was written; words such as on, none or
// replica are String constants, numbers are Int or Numeric, type names in
// definitions such as CREATE AGGREGATE are String constants of their text.
type OptionDef struct {
	Offset
	Namespace string // "toast" of toast.autovacuum_enabled
	Name      string
	Value     Expr
}

// OnCommit is ON COMMIT of a temporary table.
type OnCommit uint8

// The actions.
const (
	OnCommitNone OnCommit = iota
	OnCommitPreserveRows
	OnCommitDeleteRows
	OnCommitDrop
)

// CreateTableStmt is CREATE TABLE with a list of elements.
type CreateTableStmt struct {
	Offset
	Table       QualifiedName
	Persistence Persistence
	IfNotExists bool
	// Elems is in the order written: ColumnDef, Constraint and LikeClause.
	Elems       []TableElem
	OfType      *TypeName // OF type
	Inherits    []QualifiedName
	PartitionOf *QualifiedName
	Bound       string // the text of FOR VALUES .. or DEFAULT, for PARTITION OF
	PartitionBy *PartitionSpec
	Method      string // USING method
	Options     []*OptionDef
	OnCommit    OnCommit
	Tablespace  string
}

// TableElem is one element of CREATE TABLE: *ColumnDef, *Constraint or *LikeClause.
type TableElem interface {
	Node
	tableElem()
}

// ColumnDef is a column: name type [COLLATE c] constraints.
type ColumnDef struct {
	Offset
	Name        string
	Type        *TypeName // nil in OF type tables
	Collation   []Ident
	Storage     string
	Compression string
	Constraints []*Constraint
}

// ConstraintKind is the kind of a column or table constraint.
type ConstraintKind uint8

// The kinds.
const (
	ConNull ConstraintKind = iota
	ConNotNull
	ConDefault
	ConCheck
	ConPrimaryKey
	ConUnique
	ConForeignKey // also REFERENCES of a column
	ConExclude
	ConGenerated // GENERATED ALWAYS AS (expr) STORED
	ConIdentity  // GENERATED .. AS IDENTITY
)

// Constraint is a constraint of a column or of a table. Which fields are set
// depends on Kind.
type Constraint struct {
	Offset
	Name string // CONSTRAINT name, or ""
	Kind ConstraintKind

	Expr      Expr // ConDefault, ConCheck, ConGenerated
	NoInherit bool // ConCheck
	NotValid  bool

	Columns          []Ident // ConPrimaryKey, ConUnique and ConForeignKey of a table
	Include          []Ident
	NullsNotDistinct bool
	Options          []*OptionDef // WITH (..) of its index
	Tablespace       string
	UsingIndex       string // ADD CONSTRAINT .. USING INDEX name

	RefTable   QualifiedName // ConForeignKey
	RefColumns []Ident
	Match      FKMatch
	OnUpdate   FKAction
	OnDelete   FKAction

	Method   string       // ConExclude: USING method
	Exclude  []*IndexElem // ConExclude, with Operator at the same places
	Operator []string
	Where    Expr // ConExclude

	Always   bool         // ConIdentity: ALWAYS, not BY DEFAULT
	Sequence []*OptionDef // ConIdentity: sequence options

	Deferrable        bool
	InitiallyDeferred bool
}

// FKMatch is MATCH of a foreign key.
type FKMatch uint8

// The matches; simple is the default.
const (
	MatchSimple FKMatch = iota
	MatchFull
	MatchPartial
)

// FKAction is the action of a foreign key.
type FKAction uint8

// The actions; NoAction is the default.
const (
	FKNoAction FKAction = iota
	FKRestrict
	FKCascade
	FKSetNull
	FKSetDefault
)

// LikeClause is LIKE table [INCLUDING|EXCLUDING what ..]. Options holds lower
// case entries such as "including all".
type LikeClause struct {
	Offset
	Table   QualifiedName
	Options []string
}

// PartitionSpec is PARTITION BY strategy (elements).
type PartitionSpec struct {
	Offset
	Strategy string
	Elems    []*IndexElem
}

// CreateTableAsStmt is CREATE TABLE .. AS query, and CREATE MATERIALIZED VIEW.
type CreateTableAsStmt struct {
	Offset
	Table        QualifiedName
	Persistence  Persistence
	Materialized bool // CREATE MATERIALIZED VIEW
	IfNotExists  bool
	Columns      []Ident
	Method       string
	Options      []*OptionDef
	OnCommit     OnCommit
	Tablespace   string
	Query        Stmt   // SelectStmt or ExecuteStmt
	Text         string // of Query
	WithNoData   bool
}

// IndexElem is one element of an index: a column or an expression.
type IndexElem struct {
	Offset
	Column     string // "" for an expression
	Expr       Expr
	Collation  []Ident
	OpClass    []Ident
	OpClassOpt []*OptionDef
	Dir        SortDir
	Nulls      NullsOrder
}

// CreateIndexStmt is CREATE INDEX.
type CreateIndexStmt struct {
	Offset
	Name             *Ident // nil: the server chooses
	Table            *RangeVar
	Unique           bool
	Concurrently     bool
	IfNotExists      bool
	Method           string // USING method, "" for the default
	Elems            []*IndexElem
	Include          []*IndexElem
	NullsNotDistinct bool
	Options          []*OptionDef
	Tablespace       string
	Where            Expr
}

// ObjectKind is the kind of a schema object.
type ObjectKind uint8

// The kinds of object.
const (
	ObjTable ObjectKind = iota
	ObjIndex
	ObjSequence
	ObjView
	ObjMaterializedView
	ObjSchema
	ObjDatabase
	ObjType
	ObjDomain
	ObjExtension
	ObjColumn
	ObjConstraint
	ObjFunction
	ObjProcedure
	ObjTrigger
	ObjRole
	ObjOther // see KindText
)

// AlterTableStmt is ALTER TABLE, INDEX, SEQUENCE or VIEW with a list of actions,
// and the forms RENAME and SET SCHEMA.
type AlterTableStmt struct {
	Offset
	Kind     ObjectKind
	Table    *RangeVar
	IfExists bool
	Actions  []*AlterAction
}

// AlterKind is the kind of an action of ALTER TABLE.
type AlterKind uint8

// The kinds of action, with the fields they use.
const (
	AddColumn       AlterKind = iota // Def, IfNotExists
	DropColumn                       // Name, IfExists, Cascade
	ColumnDefault                    // Name, Expr (nil: DROP DEFAULT)
	SetNotNull                       // Name
	DropNotNull                      // Name
	ColumnType                       // Name, Def.Type, Def.Collation, Expr (USING)
	AddConstraint                    // Constraint
	DropConstraint                   // Name, IfExists, Cascade
	AlterConstraint                  // Name, Constraint
	ValidateConstraint
	RenameTable       // NewName
	RenameColumn      // Name, NewName
	RenameConstraint  // Name, NewName
	SetSchema         // NewName
	OwnerTo           // NewName
	SetOptions        // Options
	ResetOptions      // Options
	SetTablespace     // NewName
	ColumnStatistics  // Name, Expr
	ColumnStorage     // Name, Word
	ColumnOptions     // Name, Options
	ColumnCompression // Name, Word
	AddIdentity       // Name, Constraint
	SetIdentity       // Name, Options
	DropIdentity      // Name, IfExists
	DropExpression    // Name, IfExists
	SetLogged         // Word is "logged" or "unlogged"
	AddEnumValue      // Name, IfNotExists; Word is "before", "after" or "", of NewName
	RenameEnumValue   // Name, NewName
	SequenceOptions   // Options
	OtherAction       // Word is its text in lower case
)

// AlterObjectStmt is ALTER SCHEMA, TYPE or DOMAIN with its one action.
type AlterObjectStmt struct {
	Offset
	Kind   ObjectKind // ObjSchema, ObjType or ObjDomain
	Name   QualifiedName
	Action *AlterAction
}

// AlterAction is one action of ALTER TABLE.
type AlterAction struct {
	Offset
	Kind        AlterKind
	Name        string
	NewName     string
	Def         *ColumnDef
	Constraint  *Constraint
	Expr        Expr
	Options     []*OptionDef
	Word        string
	IfExists    bool
	IfNotExists bool
	Cascade     bool
}

// DropStmt is DROP of one or several objects of one kind.
type DropStmt struct {
	Offset
	Kind         ObjectKind
	KindText     string // the kind in upper case: "TABLE", "MATERIALIZED VIEW", "FUNCTION"
	Names        []QualifiedName
	Concurrently bool
	IfExists     bool
	Cascade      bool
}

// TruncateStmt is TRUNCATE.
type TruncateStmt struct {
	Offset
	Tables          []*RangeVar
	RestartIdentity bool
	Cascade         bool
}

// CommentStmt is COMMENT ON. Column is set for ObjColumn, and holds the name of
// the constraint for ObjConstraint. Text is nil for IS NULL.
type CommentStmt struct {
	Offset
	Kind     ObjectKind
	KindText string
	Name     QualifiedName
	Column   string
	Text     *string
}

// CreateSchemaStmt is CREATE SCHEMA. Elements inside it are refused by the parser.
type CreateSchemaStmt struct {
	Offset
	Name        string
	IfNotExists bool
	Owner       string // AUTHORIZATION
}

// CreateSequenceStmt is CREATE SEQUENCE.
type CreateSequenceStmt struct {
	Offset
	Name        QualifiedName
	Persistence Persistence
	IfNotExists bool
	Options     []*OptionDef
}

// CreateViewStmt is CREATE [OR REPLACE] VIEW.
type CreateViewStmt struct {
	Offset
	Name        QualifiedName
	Persistence Persistence
	OrReplace   bool
	Recursive   bool
	Columns     []Ident
	Options     []*OptionDef
	Query       *SelectStmt
	Text        string // of Query
	CheckOption string // "", "local" or "cascaded"
}

// CreateTypeStmt is CREATE TYPE: composite (Columns), enum (Labels) or with
// definitions (Options). Exactly one of the flags tells which.
type CreateTypeStmt struct {
	Offset
	Name      QualifiedName
	Composite bool
	Enum      bool
	Columns   []*ColumnDef
	Labels    []string
	Options   []*OptionDef
}

// CreateDomainStmt is CREATE DOMAIN.
type CreateDomainStmt struct {
	Offset
	Name        QualifiedName
	Type        *TypeName
	Collation   []Ident
	Constraints []*Constraint
}

// CreateDatabaseStmt is CREATE DATABASE.
type CreateDatabaseStmt struct {
	Offset
	Name    string
	Options []*OptionDef
}

// CreateExtensionStmt is CREATE EXTENSION.
type CreateExtensionStmt struct {
	Offset
	Name        string
	IfNotExists bool
	Options     []*OptionDef
}

// CreateFunctionStmt is CREATE [OR REPLACE] FUNCTION or PROCEDURE. Returns is nil
// for a procedure, when RETURNS was not written, and for RETURNS TABLE, whose
// columns are Columns.
//
// Options are in the order of the text: "as" (an ArrayExpr of one or two
// strings), "language", "volatility", "parallel" (String), "strict", "security"
// (DEFINER is true), "leakproof", "window" (Bool), "cost", "rows" (a number),
// "support" (an ArrayExpr of the parts of a name) and "set" (no value: the first
// "set" is the first of Settings, and so on).
type CreateFunctionStmt struct {
	Offset
	Name      QualifiedName
	OrReplace bool
	Procedure bool
	Params    []*FuncParam
	Returns   *TypeName
	Columns   []*FuncParam // of RETURNS TABLE, with mode ParamTable
	Options   []*OptionDef
	Settings  []Stmt // SET and RESET: *SetStmt, *SetTransactionStmt or *ResetStmt
	Return    Expr   // the body in SQL, RETURN x
}

// ParamMode is the mode of a function's parameter.
type ParamMode uint8

// The modes.
const (
	ParamDefault ParamMode = iota // not written: IN
	ParamIn
	ParamOut
	ParamInOut
	ParamVariadic
	ParamTable // a column of RETURNS TABLE
)

// FuncParam is a parameter of a function, or a column of RETURNS TABLE.
type FuncParam struct {
	Offset
	Mode    ParamMode
	Name    string // "" when not written
	Type    *TypeName
	Default Expr
}

// RefreshMatViewStmt is REFRESH MATERIALIZED VIEW.
type RefreshMatViewStmt struct {
	Offset
	Name         QualifiedName
	Concurrently bool
	WithNoData   bool
}

func (*ColumnDef) tableElem()  {}
func (*Constraint) tableElem() {}
func (*LikeClause) tableElem() {}

func (*CreateTableStmt) stmtNode()     {}
func (*CreateTableAsStmt) stmtNode()   {}
func (*CreateIndexStmt) stmtNode()     {}
func (*AlterTableStmt) stmtNode()      {}
func (*DropStmt) stmtNode()            {}
func (*TruncateStmt) stmtNode()        {}
func (*CommentStmt) stmtNode()         {}
func (*CreateSchemaStmt) stmtNode()    {}
func (*CreateSequenceStmt) stmtNode()  {}
func (*CreateViewStmt) stmtNode()      {}
func (*CreateTypeStmt) stmtNode()      {}
func (*CreateDomainStmt) stmtNode()    {}
func (*AlterObjectStmt) stmtNode()     {}
func (*CreateDatabaseStmt) stmtNode()  {}
func (*CreateExtensionStmt) stmtNode() {}
func (*CreateFunctionStmt) stmtNode()  {}
func (*RefreshMatViewStmt) stmtNode()  {}
