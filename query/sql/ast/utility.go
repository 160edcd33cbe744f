package ast

// TransactionKind is the kind of a transaction statement.
type TransactionKind uint8

// The kinds, with the fields of TransactionStmt they use.
const (
	Begin              TransactionKind = iota // Modes
	StartTransaction                          // Modes
	Commit                                    // Chain (END too)
	Rollback                                  // Chain (ABORT too)
	Savepoint                                 // Name
	ReleaseSavepoint                          // Name
	RollbackTo                                // Name
	PrepareTransaction                        // Name is the global id
	CommitPrepared                            // Name
	RollbackPrepared                          // Name
)

// TransactionStmt is BEGIN, COMMIT and their kin.
type TransactionStmt struct {
	Offset
	Kind  TransactionKind
	Modes TransactionModes
	Chain bool // AND CHAIN
	Name  string
}

// IsolationLevel is an isolation level, or IsolationDefault when not written.
type IsolationLevel uint8

// The levels.
const (
	IsolationDefault IsolationLevel = iota
	ReadUncommitted
	ReadCommitted
	RepeatableRead
	Serializable
)

// TransactionModes is a list of transaction modes. A nil pointer means not written.
type TransactionModes struct {
	Isolation  IsolationLevel
	ReadOnly   *bool
	Deferrable *bool
}

// SetScope is LOCAL or SESSION of SET.
type SetScope uint8

// The scopes; SESSION is the default.
const (
	ScopeSession SetScope = iota
	ScopeLocal
)

// SetStmt is SET name = values. Values are Const (words are String constants),
// and an empty list means SET name TO DEFAULT. SET TIME ZONE x sets "timezone"
// (LOCAL and DEFAULT give an empty list; INTERVAL '..' gives a TypeCast), SET
// NAMES x "client_encoding", SET SCHEMA 'x' "search_path", SET ROLE "role", SET
// SESSION AUTHORIZATION "session_authorization", SET XML OPTION "xmloption".
type SetStmt struct {
	Offset
	Scope       SetScope
	Name        string // lower case, with dots for custom settings
	Values      []Expr
	FromCurrent bool // SET x FROM CURRENT
}

// SetTransactionStmt is SET TRANSACTION modes, or, with Session, SET SESSION
// CHARACTERISTICS AS TRANSACTION modes.
type SetTransactionStmt struct {
	Offset
	Session  bool
	Modes    TransactionModes
	Snapshot string // SET TRANSACTION SNAPSHOT 'id'
}

// ResetStmt is RESET name, or RESET ALL.
type ResetStmt struct {
	Offset
	Name string
	All  bool
}

// ShowStmt is SHOW name, or SHOW ALL. SHOW TIME ZONE is "timezone", SHOW
// TRANSACTION ISOLATION LEVEL "transaction_isolation", SHOW SESSION
// AUTHORIZATION "session_authorization".
type ShowStmt struct {
	Offset
	Name string
	All  bool
}

// DiscardKind is what DISCARD drops.
type DiscardKind uint8

// The kinds.
const (
	DiscardAll DiscardKind = iota
	DiscardPlans
	DiscardSequences
	DiscardTemp
)

// DiscardStmt is DISCARD.
type DiscardStmt struct {
	Offset
	Kind DiscardKind
}

// SetConstraintsStmt is SET CONSTRAINTS. No names means ALL.
type SetConstraintsStmt struct {
	Offset
	Names    []QualifiedName
	Deferred bool
}

// CopyStmt is COPY. Exactly one of Table and Query is set. Old and new option
// syntax give the same Options, with new names: "format", "freeze",
// "delimiter", "null", "header", "quote", "escape", "force_quote",
// "force_not_null", "force_null", "encoding". An option's value is a Const;
// force_* lists are an ArrayExpr of String constants, or a star ColumnRef.
// A name written without a value has Value nil.
type CopyStmt struct {
	Offset
	Table   *RangeVar
	Columns []Ident
	Query   Stmt // SelectStmt, InsertStmt, UpdateStmt or DeleteStmt
	From    bool // FROM, not TO
	Program bool
	File    string // "" is STDIN or STDOUT
	Options []*OptionDef
	Where   Expr
}

// ExplainStmt is EXPLAIN. Options are in order, "analyze" and "verbose" of the
// old syntax included.
type ExplainStmt struct {
	Offset
	Options []*OptionDef
	Stmt    Stmt
}

// PrepareStmt is PREPARE name [(types)] AS statement.
type PrepareStmt struct {
	Offset
	Name  string
	Types []*TypeName
	Stmt  Stmt
}

// ExecuteStmt is EXECUTE name [(arguments)].
type ExecuteStmt struct {
	Offset
	Name string
	Args []Expr
}

// DeallocateStmt is DEALLOCATE name, or ALL.
type DeallocateStmt struct {
	Offset
	Name string
	All  bool
}

// DeclareCursorStmt is DECLARE name CURSOR FOR query. A nil pointer means that
// neither the word nor its negation was written.
type DeclareCursorStmt struct {
	Offset
	Name        string
	Binary      bool
	Insensitive *bool // INSENSITIVE, or ASENSITIVE (false)
	Scroll      *bool // SCROLL, NO SCROLL
	Hold        bool
	Query       *SelectStmt
}

// FetchDir is the direction of FETCH and MOVE.
type FetchDir uint8

// The directions. NEXT is forward 1, PRIOR backward 1, FIRST absolute 1, LAST
// absolute -1; ALL has FetchStmt.All.
const (
	FetchForward FetchDir = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchStmt is FETCH or MOVE.
type FetchStmt struct {
	Offset
	Move   bool
	Dir    FetchDir
	Count  int64
	All    bool // to the end in the direction
	Cursor string
}

// CloseStmt is CLOSE name, or ALL.
type CloseStmt struct {
	Offset
	Name string
	All  bool
}

// ListenStmt is LISTEN channel.
type ListenStmt struct {
	Offset
	Channel string
}

// UnlistenStmt is UNLISTEN channel, or *.
type UnlistenStmt struct {
	Offset
	Channel string
	All     bool
}

// NotifyStmt is NOTIFY channel [, 'payload'].
type NotifyStmt struct {
	Offset
	Channel string
	Payload string
}

// VacuumStmt is VACUUM, or ANALYZE alone. Options of the old syntax are the
// same options by name: "full", "freeze", "verbose", "analyze".
type VacuumStmt struct {
	Offset
	Analyze bool // the statement is ANALYZE
	Options []*OptionDef
	Tables  []*VacuumTable
}

// VacuumTable is a table of VACUUM or ANALYZE, with its columns.
type VacuumTable struct {
	Offset
	Table   *RangeVar
	Columns []Ident
}

// LockStmt is LOCK TABLE. Mode is in lower case; "access exclusive" when not
// written.
type LockStmt struct {
	Offset
	Tables []*RangeVar
	Mode   string
	NoWait bool
}

// CheckpointStmt is CHECKPOINT.
type CheckpointStmt struct {
	Offset
}

// BackupStmt is BACKUP TO STDOUT, which is Cachalot's own.
type BackupStmt struct {
	Offset
}

// ReindexStmt is REINDEX.
type ReindexStmt struct {
	Offset
	KindText     string // "INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"
	Name         QualifiedName
	Concurrently bool
	Options      []*OptionDef
}

// CallStmt is CALL f(..).
type CallStmt struct {
	Offset
	Call *FuncCall
}

// DoStmt is DO [LANGUAGE l] 'code'.
type DoStmt struct {
	Offset
	Language string
	Code     string
}

// UnsupportedStmt is a statement that was recognised by its first words and
// whose tokens are well formed, but which has no tree of its own. Command is
// the command in upper case ("CREATE TRIGGER", "GRANT"); the engine answers
// 0A000. CREATE FUNCTION is one only with TRANSFORM or BEGIN ATOMIC.
type UnsupportedStmt struct {
	Offset
	Command string
}

func (*TransactionStmt) stmtNode()    {}
func (*SetStmt) stmtNode()            {}
func (*SetTransactionStmt) stmtNode() {}
func (*ResetStmt) stmtNode()          {}
func (*ShowStmt) stmtNode()           {}
func (*DiscardStmt) stmtNode()        {}
func (*SetConstraintsStmt) stmtNode() {}
func (*CopyStmt) stmtNode()           {}
func (*ExplainStmt) stmtNode()        {}
func (*PrepareStmt) stmtNode()        {}
func (*ExecuteStmt) stmtNode()        {}
func (*DeallocateStmt) stmtNode()     {}
func (*DeclareCursorStmt) stmtNode()  {}
func (*FetchStmt) stmtNode()          {}
func (*CloseStmt) stmtNode()          {}
func (*ListenStmt) stmtNode()         {}
func (*UnlistenStmt) stmtNode()       {}
func (*NotifyStmt) stmtNode()         {}
func (*VacuumStmt) stmtNode()         {}
func (*LockStmt) stmtNode()           {}
func (*CheckpointStmt) stmtNode()     {}
func (*BackupStmt) stmtNode()         {}
func (*ReindexStmt) stmtNode()        {}
func (*CallStmt) stmtNode()           {}
func (*DoStmt) stmtNode()             {}
func (*UnsupportedStmt) stmtNode()    {}
