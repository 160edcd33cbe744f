package server

import (
	"context"
	"errors"
	"syscall"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Why a statement or a session is ended from outside.
var (
	errUserCancel = sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")
	errShutdown   = sqlerr.New(sqlerr.AdminShutdown, "terminating connection due to administrator command")
	errClientGone = sqlerr.New(sqlerr.ConnectionFailure, "connection to client lost")
	errIdleInTx   = sqlerr.New(sqlerr.IdleInTransactionTimeout, "terminating connection due to idle-in-transaction timeout")
	errIdle       = sqlerr.New(idleSessionTimeout, "terminating connection due to idle-session timeout")
	errStalled    = sqlerr.New(sqlerr.ConnectionFailure, "terminating connection because the client stopped reading")
)

// idleSessionTimeout is idle_session_timeout's SQLSTATE.
const idleSessionTimeout = "57P05"

// sqlStates turns errors that carry no SQLSTATE into ones that do. The first that
// errors.Is finds wins.
var sqlStates = []struct {
	err error
	as  *sqlerr.Error
}{
	{context.Canceled, errUserCancel},
	{context.DeadlineExceeded, sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to statement timeout")},
	{syscall.ENOSPC, sqlerr.New(sqlerr.DiskFull, "no space left on device")},
	{syscall.EIO, sqlerr.New(sqlerr.IOError, "input/output error")},
}

// errInternal is all that a client hears of an error that has no SQLSTATE:
// its text may name what is none of the client's business. The log has it.
var errInternal = sqlerr.New(sqlerr.InternalError, "internal error").
	WithHint("The server's log has the details.")

// clientError returns what a client is told of an error of a statement that ran
// under ctx. A statement that was cancelled says why.
func clientError(ctx context.Context, err error) *sqlerr.Error {
	e := sqlerr.As(err)
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || e != nil && e.Code == sqlerr.QueryCanceled) {
		if cause := sqlerr.As(context.Cause(ctx)); cause != nil && (e == nil || e.Code != cause.Code) {
			return cause
		}
	}
	if e != nil {
		return e
	}
	for _, s := range sqlStates {
		if errors.Is(err, s.err) {
			return s.as
		}
	}
	return errInternal
}
