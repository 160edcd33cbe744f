package server

import (
	"context"
	"io"
	"time"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Engine is what the server serves: one node's query.Engine, or a cluster.
// It is safe for concurrent use.
type Engine interface {
	// NewSession starts a session for an authenticated client.
	NewSession(ctx context.Context, cfg SessionConfig) (Session, error)
}

// SessionConfig is what the server tells the engine about a client.
type SessionConfig struct {
	User            string
	Database        string
	RemoteAddr      string
	ProcessID       uint32
	ApplicationName string
	// Settings are the run-time parameters of the startup message
	// (options, timezone, datestyle, ...), lower-case names.
	Settings map[string]string

	// Statements are the session's prepared statements: Parse messages and SQL's
	// PREPARE, EXECUTE, DEALLOCATE and DISCARD ALL share their names. Never nil.
	Statements *Statements

	// Notice is called for each notice or warning that a statement raises; severity
	// is NOTICE, WARNING, INFO, LOG or DEBUG. Called on the goroutine that runs the statement.
	Notice func(severity string, n *sqlerr.Error)
	// Notify tells the client of a notification, as soon as no transaction is open. It may be called by any
	// goroutine and after the session's end, and does not block.
	Notify func(Notification)
	// ParameterStatus is called when a reported setting changes, and for each
	// reported one while the session starts.
	ParameterStatus func(name, value string)

	// Cancel ends what the session is doing, as a CancelRequest does, and Terminate the session
	// itself, at once, with 57P01. Waits says what a busy session waits for. They may be called by any
	// goroutine and after the session's end. nil in an engine without a server.
	Cancel, Terminate func()
	Waits             func() ClientWait
	// SetTCP changes the options of the session's connection.
	SetTCP func(TCPOptions)
}

// Notification is what NOTIFY sends to those who LISTEN.
type Notification struct {
	Channel, Payload string
	ProcessID        uint32 // of the session that sent it
}

// ClientWait says whether a busy session waits for its client.
type ClientWait uint32

// The waits.
const (
	NoWait     ClientWait = iota
	WaitsRead             // for data of a COPY
	WaitsWrite            // until the client takes output
)

// TCPOptions are those of a session's connection. A zero field means what the server's Config says; a
// Unix socket has none of them.
type TCPOptions struct {
	KeepIdle, KeepInterval time.Duration // before the first keepalive probe, and between probes
	KeepCount              int           // so many unanswered probes end the connection
	// UserTimeout is how long sent bytes may stay unacknowledged, and output may wait for a client that does
	// not read, before the connection ends.
	UserTimeout time.Duration
}

// TxStatus is the transaction status of ReadyForQuery.
type TxStatus byte

// The statuses.
const (
	TxIdle    TxStatus = 'I'
	TxInBlock TxStatus = 'T'
	TxFailed  TxStatus = 'E'
)

// Session is one client's conversation with the engine. One goroutine at a
// time may use it. A call's ctx carries cancellation (CancelRequest,
// shutdown, statement_timeout is the session's own): the call then returns
// context.Cause(ctx), a 57014 or 57P01 error.
//
// Positions of errors: those of Split are in the message's text, those of the
// other calls in Source.Text; the server adds Source.Offset.
//
// After an error the server calls EndImplicit(ctx, true). In a failed block
// Prepare, Bind and Run return 25P02 for all but the statements that end it.
//
// A session may also implement IdleLimiter and Observed.
type Session interface {
	// Split parses the text of a simple Query message: a syntax error
	// anywhere means that nothing runs. An empty text gives no statements.
	Split(text string) ([]Source, error)

	// Prepare analyses one statement. paramTypes are type OIDs that the client fixes, 0
	// or missing where it leaves them open; nil is a statement of a simple Query, where
	// a parameter is 42P02 (there is no parameter $1). An empty statement has Kind Empty.
	Prepare(ctx context.Context, src Source, paramTypes []uint32) (Prepared, error)

	// Bind makes a portal. A statement whose catalog changed since Prepare is
	// analysed again; 0A000 when its result type would change. The server has
	// checked the number of values and formats. The bytes of args are
	// the server's and change after Bind returns: keep no reference.
	Bind(ctx context.Context, p Prepared, args Args) (Portal, error)

	// EndImplicit ends the implicit transaction around the statements of a
	// simple Query or of the messages up to a Sync: it commits it, or rolls it back
	// when failed. Within a BEGIN block it does nothing but, when failed, mark the block so.
	// In a simple Query it is called before the last statement's CommandComplete goes
	// out, so that an error at commit takes its place.
	EndImplicit(ctx context.Context, failed bool) error

	// TxStatus returns the status for ReadyForQuery.
	TxStatus() TxStatus

	// Close rolls back what is open and gives up locks. It never blocks long.
	Close()
}

// IdleLimiter is what a Session with idle timeouts implements. They are asked before each
// wait; 0 is any time.
type IdleLimiter interface {
	// IdleTimeout returns how long the session may wait for its client's next
	// message outside of a transaction (idle_session_timeout).
	IdleTimeout() time.Duration
	// TransactionTimeout returns how long the session may wait for its client within a
	// transaction (idle_in_transaction_session_timeout): for the next message, for more of
	// one, or until the client takes some of its output.
	TransactionTimeout() time.Duration
}

// Observed is what a Session implements that shows others what it does.
type Observed interface {
	// Working is called when the client asks for work, with the text of the Query or of
	// the statement that is parsed or executed.
	Working(text string)
	// Answered is called before each ReadyForQuery: the session waits for its client again.
	Answered()
}

// Source is the text of one statement. Offset is its place in the message's
// text (bytes); error positions are relative to the message. Parsed is the
// engine's own, nil when the server made the Source.
type Source struct {
	Text   string
	Offset int
	Parsed any
}

// Kind says how a statement answers.
type Kind uint8

// The kinds of statement.
const (
	KindCommand Kind = iota // a command tag only
	KindRows                // rows, then a tag
	KindCopyIn              // reads CopyData
	KindCopyOut             // writes CopyData
	KindEmpty               // EmptyQueryResponse
)

// Prepared is an analysed statement. Immutable, but tied to its session.
type Prepared interface {
	Kind() Kind
	ParamTypes() []uint32 // type OIDs
	Columns() []Column    // nil when Kind is not KindRows
	Source() Source       // what Prepare was given
}

// Column describes a result column, as in RowDescription.
type Column struct {
	Name     string
	Type     value.Type
	TableOID uint32 // 0 when not a plain column of a table
	AttNum   int16
}

// Args are the parameters of a Bind message, as they came: read them with Decode.
type Args struct {
	Portal  string   // the name of the portal, for error contexts
	Values  [][]byte // nil for NULL
	Formats []int16  // none, one for all, or one each: 0 text, 1 binary
}

// Portal is a statement ready to run, or suspended.
type Portal interface {
	Columns() []Column

	// TextStyle returns how the session renders values as text now (DateStyle,
	// TimeZone, extra_float_digits, bytea_output, ...).
	TextStyle() *value.Style

	// Run runs the portal, or goes on with it, until at most maxRows rows
	// were given to the sink (0: all).
	Run(ctx context.Context, sink Sink, maxRows int) (Result, error)

	// Close releases what it holds; idempotent.
	Close()
}

// Result says how a Run ended.
type Result struct {
	Suspended bool   // the row limit was reached; Run may be called again
	Tag       string // CommandComplete's tag, when not Suspended; SELECT's counts the rows of this Run
	Empty     bool   // EmptyQueryResponse
	// TxEnded says that the statement ended a transaction block (COMMIT,
	// ROLLBACK, also with AND CHAIN): its portals are closed.
	TxEnded bool
}

// Sink takes what a portal produces. The server implements it.
type Sink interface {
	// Rows takes rows [from, to) of a batch. The batch is the callee's until it returns.
	Rows(b *column.Batch, from, to int) error

	// CopyIn starts a COPY FROM STDIN: the reader gives the CopyData bytes up
	// to CopyDone (io.EOF); CopyFail is a 57014 error.
	CopyIn(h CopyHeader) (io.Reader, error)

	// CopyOut starts a COPY TO STDOUT; one Write makes one CopyData message.
	CopyOut(h CopyHeader) (io.Writer, error)
}

// CopyHeader is what CopyInResponse and CopyOutResponse carry.
type CopyHeader struct {
	Binary  bool
	Columns int
}
