package expr

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Backends is what the functions about other sessions call.
type Backends interface {
	// Cancel ends the statement of a session, false when there is no session of the id.
	Cancel(pid int32) bool
	// Terminate ends a session; ended is closed when it has. nil when there is none of the id.
	Terminate(pid int32) (ended <-chan struct{})
	// Blocking returns the sessions that one waits for.
	Blocking(pid int32) []int32
	// Warn sends a warning to the client.
	Warn(code, message string, args ...any)
}

// backendFuncs is the functions about other sessions.
func backendFuncs() []Func {
	pid, b := value.Int4, value.Bool
	return []Func{
		{Name: "pg_cancel_backend", Args: kinds(pid), Ret: b, Volatility: Volatile, Strict: true, fn: withBackends(cancelBackend)},
		{Name: "pg_terminate_backend", Args: kinds(pid), Ret: b, Volatility: Volatile, Strict: true, fn: withBackends(terminateBackend)},
		{Name: "pg_terminate_backend", Args: kinds(pid, value.Int8), Ret: b, Volatility: Volatile, Strict: true, fn: withBackends(terminateBackend)},
		{Name: "pg_blocking_pids", Args: kinds(pid), Ret: pid.Array(), Volatility: Volatile, Strict: true, fn: withBackends(blockingPIDs)},
	}
}

func withBackends(f func(c *Context, all Backends, args []value.Value) (value.Value, error)) impl {
	return func(c *Context, args []value.Value) (value.Value, error) {
		all := c.session().Backends
		if all == nil {
			return value.Value{}, sqlerr.NotSupported("functions about other sessions are not supported here")
		}
		return f(c, all, args)
	}
}

// signalled is the answer of a function that has sent a signal: an error when it was to its own session.
func signalled(c *Context) (value.Value, error) {
	if c.Ctx != nil && c.Ctx.Err() != nil {
		return value.Value{}, canceled(c.Ctx)
	}
	return value.NewBool(true), nil
}

// canceled is the error of a statement whose context has ended.
func canceled(ctx context.Context) error {
	if e := sqlerr.As(context.Cause(ctx)); e != nil {
		return e
	}
	return sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")
}

func noBackend(all Backends, pid int64) (value.Value, error) {
	all.Warn(sqlerr.Warning, "PID %d is not a PostgreSQL backend process", pid)
	return value.NewBool(false), nil
}

func cancelBackend(c *Context, all Backends, a []value.Value) (value.Value, error) {
	if !all.Cancel(int32(a[0].Int())) {
		return noBackend(all, a[0].Int())
	}
	return signalled(c)
}

func terminateBackend(c *Context, all Backends, a []value.Value) (value.Value, error) {
	var millis int64
	if len(a) == 2 {
		if millis = a[1].Int(); millis < 0 {
			return value.Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, `"timeout" must not be negative`)
		}
	}
	ended := all.Terminate(int32(a[0].Int()))
	if ended == nil {
		return noBackend(all, a[0].Int())
	}
	if millis == 0 {
		return signalled(c)
	}
	over, err := c.wait(ended, float64(millis)/1000)
	if err == nil && over {
		all.Warn(sqlerr.Warning, "backend with PID %d did not terminate within %d milliseconds", a[0].Int(), millis)
	}
	return value.NewBool(!over), err
}

func blockingPIDs(_ *Context, all Backends, a []value.Value) (value.Value, error) {
	pids := []value.Value{}
	for _, pid := range all.Blocking(int32(a[0].Int())) {
		pids = append(pids, value.NewInt(value.Int4, int64(pid)))
	}
	return value.NewArray(value.Int4, pids), nil
}
