package query

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/parse"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// Session is one client's conversation with the engine. It implements
// server.Session; one goroutine at a time uses it.
type Session struct {
	engine *Engine
	cfg    server.SessionConfig
	set    *settings

	txn        *store.Txn              // nil when none is open
	status     server.TxStatus         // of the block
	savepoints []savepoint             // of the block
	several    bool                    // the simple Query that was split last has several statements
	txnTime    int64                   // when the transaction began
	stmtTime   int64                   // when the statement began
	portals    map[*rowPortal]struct{} // that have operators and a View
	cursors    map[string]*cursor      // that DECLARE has opened
	signals    signals                 // LISTEN and NOTIFY of the transaction

	reader   exec.PointReader
	writer   exec.PointWriter
	free     freePortals
	literals learner // of the last simple Query
	session  *expr.Session
	names    *catalogTypes // of the last statement
	namesKey string        // the vars.planKey that they are for
	activity *activity
	locker   *store.Locker // holds its locks
	values   sequenceValues
	deferred exec.Deferred // of the transaction
	plain    bool          // plans run as they were bound: for tests
}

var (
	_ server.Session     = (*Session)(nil)
	_ server.IdleLimiter = (*Session)(nil)
)

func newSession(e *Engine, cfg server.SessionConfig) (*Session, error) {
	if cfg.Notice == nil {
		cfg.Notice = func(string, *sqlerr.Error) {}
	}
	if cfg.Notify == nil {
		cfg.Notify = func(server.Notification) {}
	}
	if cfg.Statements == nil {
		cfg.Statements = new(server.Statements)
	}
	s := &Session{engine: e, cfg: cfg, status: server.TxIdle,
		portals: map[*rowPortal]struct{}{}, locker: e.db.NewLocker(int32(cfg.ProcessID))}
	s.set = newSettings(s.reportSetting)
	s.set.setTCP = cfg.SetTCP
	s.set.namespace = e.newNamespace(cfg.User)
	s.set.types, s.set.names = sessionTypes{s}, sessionTypes{s}
	s.set.defaults["session_authorization"] = cfg.User
	s.set.defaults["work_mem"] = strconv.FormatInt(e.cfg.StatementMemory>>10, 10)
	s.set.defaults["max_prepared_transactions"] = strconv.Itoa(e.db.MaxPrepared())
	if cfg.ApplicationName != "" {
		s.set.defaults["application_name"] = cfg.ApplicationName
	}
	if err := s.set.start(cfg.Settings); err != nil {
		return nil, err
	}
	s.session = &expr.Session{
		User: cfg.User, SessionUser: cfg.User, Database: cfg.Database,
		Version: "PostgreSQL " + ServerVersion, BackendPID: int32(cfg.ProcessID),
		SearchPath:     s.searchPath,
		Comment:        s.commentOn,
		Setting:        s.set.show,
		TxnID:          func() (int64, error) { return int64(s.txn.Number()), nil },
		ExportSnapshot: s.exportSnapshot,
		SetConfig: func(name, v string, local bool) (string, error) {
			return s.setConfig(name, v, local)
		},
		Backends: backends{s}, Advisory: advisory{s}, Sequences: sequences{s}, Channels: s,
		Sleeping: func(on bool) { s.activity.sleeping.Store(on) },
	}
	s.enter()
	return s, nil
}

// Split implements server.Session.
func (s *Session) Split(text string) ([]server.Source, error) {
	if list, ok := s.useTemplate(text); ok {
		s.several = false
		return list, nil
	}
	list, err := parse.Parse(text, s.parseOptions())
	if err != nil {
		return nil, err
	}
	s.several = len(list) > 1
	out := make([]server.Source, len(list))
	for i := range list {
		out[i] = server.Source{Text: list[i].Text, Offset: list[i].Start, Parsed: &list[i]}
	}
	return out, nil
}

func (s *Session) parseOptions() parse.Options {
	return parse.Options{BareLiterals: s.set.vars.bareLiterals}
}

// TxStatus implements server.Session.
func (s *Session) TxStatus() server.TxStatus { return s.status }

// Close implements server.Session.
func (s *Session) Close() {
	s.rollback()
	s.endTemp()
	s.engine.channels.unlisten("", s)
	s.leave()
}

// notice sends a notice if the client wants to hear of its severity.
func (s *Session) notice(severity string, n *sqlerr.Error) {
	if level := slices.Index(messageLevels, severity); level >= 0 && level < s.set.vars.minMessages {
		return
	}
	s.cfg.Notice(severity, n)
}

// warn sends a warning.
func (s *Session) warn(code, message string, args ...any) {
	s.notice("WARNING", sqlerr.New(code, message, args...))
}

// setConfig is set_config().
func (s *Session) setConfig(name, v string, local bool) (string, error) {
	if isTransactionSetting(name) {
		if err := s.setCharacteristic(name, v); err != nil {
			return "", err
		}
		shown, _ := s.set.show(name)
		return shown, nil
	}
	if err := s.set.set(name, v, local); err != nil {
		return "", err
	}
	shown, _ := s.set.show(name)
	return shown, nil
}

// evaluation is what the expressions of one statement know.
type evaluation struct {
	expr  expr.Context
	style value.Style
}

// evaluation returns what the expressions of one statement know.
func (s *Session) evaluation(ctx context.Context, params []value.Value) *expr.Context {
	return s.evaluate(new(evaluation), ctx, params)
}

// evaluate is evaluation in memory that nobody uses any more.
func (s *Session) evaluate(e *evaluation, ctx context.Context, params []value.Value) *expr.Context {
	e.style = s.set.vars.style
	e.style.Now = s.stmtTime
	if e.style.Types, e.style.Names = nil, nil; s.txn != nil {
		s.nameTypes(&e.style, s.catalog())
	}
	c := &e.expr
	c.Reset()
	c.Ctx, c.Params, c.Style, c.Session = ctx, params, &e.style, s.session
	c.StmtTime, c.TxnTime, c.Clock = s.stmtTime, s.txnTime, s.engine.cfg.Clock
	return c
}

// errStatementTimeout is the cause of a context that statement_timeout ended.
var errStatementTimeout = sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to statement timeout")

// begin starts a statement: its time, and its transaction if none is open. The context returned ends with
// statement_timeout; cancel releases it.
func (s *Session) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.txn == nil {
		s.open()
	} else {
		s.stmtTime = s.engine.cfg.Clock()
	}
	s.activity.began(s.stmtTime, s.txnTime)
	s.txn.LockTimeout = s.set.vars.lockTimeout
	if d := s.set.vars.statementTimeout; d > 0 {
		return context.WithTimeoutCause(ctx, d, errStatementTimeout)
	}
	return ctx, func() {}
}

// open begins a transaction if none is open.
func (s *Session) open() {
	if s.txn != nil {
		return
	}
	s.stmtTime = s.engine.cfg.Clock()
	s.txnTime = s.stmtTime
	if !s.set.vars.defaults {
		s.characterize()
	}
	s.txn = s.engine.db.Begin(store.TxnOptions{
		AsyncCommit: s.set.vars.asyncCommit, Isolation: s.set.vars.isolation, ReadOnly: s.set.vars.readOnly,
		Locker: s.locker,
	})
}

// failure is an error of a statement as the server wants it: a *sqlerr.Error with its position in the
// statement's own text, which began at byte start of what was parsed.
func failure(ctx context.Context, err error, start int) error {
	if err == nil {
		return nil
	}
	e := sqlerr.As(err)
	if e == nil {
		if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
			return exec.Canceled(ctx)
		}
		return err
	}
	if e.Pos > start && start > 0 {
		c := *e
		c.Pos -= start
		return &c
	}
	return e
}
