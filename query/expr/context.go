package expr

import (
	"context"
	"slices"
	"time"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Context is what evaluation knows beside the row: parameters, time and the
// session. One goroutine at a time uses it; Clone makes one for another. The
// zero value serves expressions that ask for none of it.
type Context struct {
	// Ctx ends pg_sleep and other waits; nil means never.
	Ctx context.Context
	// Params are the values of $1, $2, ..., already of the types in ParamTypes.
	Params []value.Value
	// Style is how values are read and written as text; nil means the default.
	Style *value.Style
	// StmtTime and TxnTime are statement_timestamp() and now(), in microseconds
	// since 2000-01-01 UTC.
	StmtTime, TxnTime int64
	// Clock is clock_timestamp(), in the same unit; nil means the system's.
	Clock func() int64
	// Slots are what enclosing queries have set; see Slot.
	Slots []value.Value
	// Queries runs the queries within expressions; nil where there can be none.
	Queries Queries
	// Session answers the session functions; nil fields have defaults.
	Session *Session

	stack []value.Value // arguments of the calls being interpreted
	regex map[regexKey]*are.Regexp
	// path is the last jsonpath that was run, pathText what it was parsed from.
	path     *jsonpath.Path
	pathText string
	memo     map[*Subquery]map[string]any // results by arguments
}

// Session is what the session functions call. Any field may be nil.
type Session struct {
	User, SessionUser string // current_user, session_user
	Database          string
	Version           string // version()
	BackendPID        int32
	// SearchPath is current_schemas(implicit); current_schema is the first of those that are not implicit.
	SearchPath func(implicit bool) []string
	// Setting is current_setting: the value as SHOW prints it.
	Setting func(name string) (string, bool)
	// SetConfig is set_config; it returns the new value as SHOW prints it.
	SetConfig func(name, val string, local bool) (string, error)
	// Comment is the text of COMMENT ON for an object, or a column of it, in a system catalog (0: any).
	Comment func(object, class uint32, column int16) (string, bool)
	// TxnID is txid_current().
	TxnID func() (int64, error)
	// ExportSnapshot is pg_export_snapshot().
	ExportSnapshot func() (string, error)
	// Random is random(), in [0, 1); nil means the process's own generator.
	Random func() float64
	// seed is what setseed made of the generator of random().
	seed seededRandom
	// Entropy fills b for gen_random_uuid; nil means crypto/rand.
	Entropy func(b []byte)
	// Sleeping is told when pg_sleep begins and ends.
	Sleeping func(bool)
	// Backends are the other sessions, Advisory the advisory locks; nil is 0A000.
	Backends Backends
	Advisory Advisory
	// Channels are those of LISTEN and NOTIFY; nil is 0A000.
	Channels Channels
	// Sequences are those of the database; nil is 0A000.
	Sequences Sequences
}

// Reset makes a Context that nobody uses any more the zero value again, but for a little memory that it keeps.
func (c *Context) Reset() {
	stack := c.stack[:cap(c.stack)]
	if len(stack) > 64 {
		stack = nil
	}
	clear(stack) // what it holds may be large
	*c = Context{stack: stack[:0]}
}

// Clone returns a Context for another goroutine of the same statement.
func (c *Context) Clone() *Context {
	d := *c
	d.stack, d.regex, d.memo = nil, nil, nil
	d.Slots = slices.Clone(c.Slots)
	return &d
}

var defaultStyle = value.DefaultStyle()

func (c *Context) style() *value.Style {
	if c.Style == nil {
		return defaultStyle
	}
	return c.Style
}

// foldContext returns the context in which immutable parts are computed.
func foldContext() *Context { return &Context{} }

// epoch2000 is 2000-01-01 UTC in microseconds since 1970.
const epoch2000 = 946684800 * 1000000

// ctx returns what ends a wait.
func (c *Context) ctx() context.Context {
	if c.Ctx == nil {
		return context.Background()
	}
	return c.Ctx
}

func (c *Context) clock() int64 {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now().UnixMicro() - epoch2000
}

// push reserves n places on the argument stack; pop gives them back.
func (c *Context) push(n int) []value.Value {
	top := len(c.stack)
	if top+n > cap(c.stack) {
		// A fresh block: slices handed out before stay valid.
		c.stack = make([]value.Value, 0, max(16, 2*(top+n)))
		top = 0
	}
	c.stack = c.stack[:top+n]
	return c.stack[top : top+n : top+n]
}

func (c *Context) pop(n int) { c.stack = c.stack[:max(0, len(c.stack)-n)] }

// Eval interprets e over one row of values. Column i is row[i].
func Eval(c *Context, e Expr, row []value.Value) (value.Value, error) { return e.eval(c, row) }

// EvalConst interprets an expression that reads no column.
func EvalConst(c *Context, e Expr) (value.Value, error) { return e.eval(c, nil) }
